// Dashboards: the list of them, and one of them.
import type { PageProps } from "../../routes";
import { DashboardList } from "./list";
import { DashboardView } from "./one";

export function DashboardsPage({ rest }: PageProps) {
  return rest[0] ? <DashboardView key={rest[0]} id={rest[0]} /> : <DashboardList />;
}
