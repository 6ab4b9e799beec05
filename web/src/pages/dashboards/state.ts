// What a dashboard shows: the filter as it stands in the address over the saved one, and each tile's question under it.
import type { Dashboard, DashboardBody, DashboardDefinition, DashboardTile, SavedView } from "../../api/types";
import { DEFAULT_RANGE } from "../../query/range";
import type { Range, Segment } from "../../query/types";
import { fromSearch } from "../../query/url";
import { sane, type Shared } from "../journeys/state";

/** As the server bounds them. */
export const TILES_MOST = 60;
export const TEXT_BYTES = 4000;

export const dashboardHref = (id: number): string => `/dashboards/${id}`;

export interface Filter {
  range: Range;
  compare?: Shared["compare"];
  segment?: Segment;
}

/** Of the address, where it says something. `all` is everyone, where the dashboard was saved with a segment. */
export function filterOf(definition: DashboardDefinition, search: string): Filter & { changed: boolean; table: boolean } {
  const { ev: _, ...own } = fromSearch(search);
  const address = sane<Shared & { all?: boolean; alone?: boolean }>(own);
  const { tiles: __, ...filter } = definition;
  const saved = sane<Shared>(filter);
  const segment = address.segment ?? (address.all ? undefined : saved.segment);
  const compare = address.compare ?? (address.alone ? undefined : saved.compare);
  return {
    range: address.range ?? saved.range ?? DEFAULT_RANGE,
    ...(compare === undefined ? {} : { compare }),
    ...(segment === undefined ? {} : { segment }),
    table: address.table === true,
    changed: ["range", "compare", "segment", "all", "alone"].some((name) => name in own),
  };
}

/** The segment of the view and that of the dashboard: those who are in both. */
const both = (own: unknown, all: Segment | undefined): Segment | undefined => {
  if (own === undefined) return all;
  const mine = own as Segment;
  if (all === undefined || JSON.stringify(mine) === JSON.stringify(all)) return mine;
  return { all: [mine, all] };
};

/** The state of the view's tab under the filter. */
export function tileState(view: SavedView, filter: Filter, table: boolean): Record<string, unknown> {
  const { tab: _, view: __, ...own } = view.query;
  const { segment: mine, compare: ___, ...rest } = own;
  const segment = both(mine, filter.segment);
  return { ...rest, range: filter.range, ...(filter.compare === undefined ? {} : { compare: filter.compare }), ...(segment === undefined ? {} : { segment }), ...(table ? { table: true } : {}) };
}

export const bodyOf = ({ name, definition, pinned }: Dashboard): DashboardBody => ({ name, definition, pinned });

export const withTiles = (dashboard: Dashboard, tiles: DashboardTile[]): Dashboard => ({ ...dashboard, definition: { ...dashboard.definition, tiles } });

/** One place earlier or later; at the ends nothing moves. */
export function moved<T>(list: T[], from: number, by: -1 | 1): T[] {
  const to = from + by;
  if (to < 0 || to >= list.length) return list;
  const next = [...list];
  [next[from], next[to]] = [next[to]!, next[from]!];
  return next;
}

/** The filter as part of the definition. */
export const kept = (definition: DashboardDefinition, { range, compare, segment }: Filter): DashboardDefinition => ({
  tiles: definition.tiles,
  range,
  ...(compare === undefined ? {} : { compare }),
  ...(segment === undefined ? {} : { segment }),
});
