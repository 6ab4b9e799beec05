// Journeys: where people succeed, get stuck or leave. Trends, funnels and retention share a frame.
import { useEffect } from "preact/hooks";
import { TabLinks } from "../../parts/basic";
import { navigate } from "../../router";
import type { PageProps } from "../../routes";
import { t } from "../../strings";
import { FunnelsTab } from "./funnels";
import { RetentionTab } from "./retention";
import { TrendsTab } from "./trends";

export const TABS = ["trends", "funnels", "retention"] as const;
export type TabName = (typeof TABS)[number];

export function JourneysPage({ rest }: PageProps) {
  const tab = TABS.find((name) => name === rest[0]);
  useEffect(() => {
    if (!tab) navigate("/journeys/trends", true);
  }, [tab]);
  if (tab === "funnels") return <FunnelsTab />;
  if (tab === "retention") return <RetentionTab />;
  return tab ? <TrendsTab /> : null;
}

export function JourneyTabs({ here }: { here: TabName }) {
  return <TabLinks label={t("nav.journeys")} tabs={TABS.map((name) => ({ href: `/journeys/${name}`, text: t(`journeys.${name}`), here: name === here }))} />;
}
