// Journeys: where people succeed, get stuck or leave. Every tab is one kind of question in the same frame.
import { useEffect } from "preact/hooks";
import type { ComponentType } from "preact";
import { navigate } from "../../router";
import type { PageProps } from "../../routes";
import { FunnelsTab } from "./funnels";
import { RetentionTab } from "./retention";
import { TABS, type TabName } from "./state";
import { TrendsTab } from "./trends";

const TAB: Record<TabName, ComponentType> = { trends: TrendsTab, funnels: FunnelsTab, retention: RetentionTab };

export function JourneysPage({ rest }: PageProps) {
  const tab = TABS.find((name) => name === rest[0]);
  useEffect(() => {
    if (!tab) navigate("/journeys/trends", true);
  }, [tab]);
  const Tab = tab && TAB[tab];
  return Tab ? <Tab /> : null;
}
