// The tabs of Journeys: the kinds of questions, and SQL for what they do not say.
import { TabLinks } from "../../parts/basic";
import { t } from "../../strings";
import { TABS, type TabName } from "./state";

export const SQL_TAB = "sql";

export function JourneyTabs({ here }: { here: TabName | typeof SQL_TAB }) {
  return <TabLinks label={t("nav.journeys")} tabs={[...TABS, SQL_TAB].map((name) => ({ href: `/journeys/${name}`, text: t(`journeys.${name as TabName | typeof SQL_TAB}`), here: name === here }))} />;
}
