// A range that was typed: set on the page that is open if it has one, else asked of trends.
import type { Range } from "../query/types";
import { toSearch, fromSearch } from "../query/url";
import { currentPlace, navigate } from "../router";

export const rangeApplies = (path: string): boolean => path === "/" || /^\/(journeys|voice)(\/|$)|^\/dashboards\/\d/.test(path);

export function applyRange(range: Range): void {
  const { path, search } = currentPlace();
  if (!rangeApplies(path)) return navigate(`/journeys/trends?${toSearch({ range })}`);
  const { ev: _, ...state } = fromSearch(search);
  navigate(`${path}?${toSearch({ ...state, range })}`);
}
