// The table of pages. It is made to carry ten; an entry is added when its page exists.
import type { ComponentType } from "preact";
import type { IconName } from "./parts/icon";
import type { Key } from "./strings";
import { lazy } from "./parts/lazy";
import { CustomersPage } from "./pages/customers/page";
import { SettingsPage } from "./pages/settings/page";
import { TodayPage } from "./pages/today/page";
import { VoicePage } from "./pages/voice/page";

export interface PageProps {
  /** What follows the page's own path, decoded: ["trends"]. */
  rest: string[];
}

export interface PageEntry {
  key: string;
  path: string;
  label: Key;
  icon: IconName;
  /** The letter after G. */
  jump: string;
  page: ComponentType<PageProps>;
  /** Has a place in the bar of five on phones. */
  phone: boolean;
  /** Stands apart at the end of the rail. */
  last?: boolean;
}

const CustomerPage = lazy<{ id: string }>(() => import("./pages/customer/page").then((module) => module.CustomerPage));
const AccountPage = lazy<{ id: string }>(() => import("./pages/account/page").then((module) => module.AccountPage));
const JourneysPage = lazy<PageProps>(() => import("./pages/journeys/page").then((module) => module.JourneysPage));
const DashboardsPage = lazy<PageProps>(() => import("./pages/dashboards/page").then((module) => module.DashboardsPage));
const SurveysRoute = lazy<PageProps>(() => import("./pages/surveys/route").then((module) => module.SurveysRoute));

export const PAGES: PageEntry[] = [
  { key: "today", path: "/", label: "nav.today", icon: "today", jump: "t", page: TodayPage, phone: true },
  { key: "customers", path: "/customers", label: "nav.customers", icon: "customers", jump: "c", page: CustomersRoute, phone: true },
  { key: "voice", path: "/voice", label: "nav.voice", icon: "voice", jump: "v", page: VoicePage, phone: true },
  { key: "journeys", path: "/journeys", label: "nav.journeys", icon: "journeys", jump: "j", page: JourneysPage, phone: true },
  { key: "surveys", path: "/surveys", label: "nav.surveys", icon: "survey", jump: "s", page: SurveysRoute, phone: false },
  { key: "dashboards", path: "/dashboards", label: "nav.dashboards", icon: "dashboard", jump: "o", page: DashboardsPage, phone: false },
  { key: "settings", path: "/settings", label: "nav.settings", icon: "settings", jump: ",", page: SettingsPage, phone: true, last: true },
];

function CustomersRoute({ rest }: PageProps) {
  // An id never holds a slash here: what follows "accounts/" is no customer.
  if (rest[0] === "accounts" && rest[1]) return <AccountPage key={rest[1]} id={rest[1]} />;
  return rest[0] ? <CustomerPage key={rest[0]} id={rest[0]} /> : <CustomersPage />;
}


const decode = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};

export function pageAt(path: string): { entry: PageEntry; rest: string[] } | undefined {
  if (path === "/") return { entry: PAGES[0]!, rest: [] };
  const entry = PAGES.find((each) => each.path !== "/" && (path === each.path || path.startsWith(`${each.path}/`)));
  return entry && { entry, rest: path.slice(entry.path.length + 1).split("/").filter(Boolean).map(decode) };
}
