// Journeys: where people succeed, get stuck or leave. Every tab is one kind of question in the same frame.
import { useEffect } from "preact/hooks";
import type { ComponentType } from "preact";
import { lazy } from "../../parts/lazy";
import { navigate } from "../../router";
import type { PageProps } from "../../routes";
import { BetweenTab } from "./between";
import { FunnelsTab } from "./funnels";
import { LifecycleTab } from "./lifecycle";
import { MapTab } from "./map";
import { PathsTab } from "./paths";
import { RetentionTab } from "./retention";
import { StickinessTab } from "./stickiness";
import { TABS, type TabName } from "./state";
import { SQL_TAB } from "./tabs";
import { TrendsTab } from "./trends";

export const TAB: Record<TabName, ComponentType> = { trends: TrendsTab, funnels: FunnelsTab, map: MapTab, paths: PathsTab, retention: RetentionTab, lifecycle: LifecycleTab, stickiness: StickinessTab, between: BetweenTab };

const SqlPage = lazy(() => import("./sql/page").then((module) => module.SqlPage));

export function JourneysPage({ rest }: PageProps) {
  const tab = TABS.find((name) => name === rest[0]);
  const sql = rest[0] === SQL_TAB;
  useEffect(() => {
    if (!tab && !sql) navigate("/journeys/trends", true);
  }, [tab, sql]);
  if (sql) return <SqlPage />;
  const Tab = tab && TAB[tab];
  return Tab ? <Tab /> : null;
}
