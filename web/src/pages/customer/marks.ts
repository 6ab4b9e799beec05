// What went wrong, by place on the timeline: the list beside the timeline finds it, the timeline marks it.
import type { Wrong } from "../../api/types";
import { makeStore } from "../../store";

export const marks = makeStore<{ customer: string; found: Map<string, Wrong[]> }>({ customer: "", found: new Map() });

export function setMarks(customer: string, list: Wrong[]): void {
  const found = new Map<string, Wrong[]>();
  for (const each of list) found.set(each.place, [...(found.get(each.place) ?? []), each]);
  marks.set({ customer, found });
}

/** The cursor above a place: a page from there, newest first, begins with it. */
export const above = (place: string): string => {
  const [ts, arrival] = place.split(".");
  return `${ts}.${BigInt(arrival ?? 0) + 1n}`;
};
/** The cursor below a place: a page from there, oldest first, begins with it. */
export const below = (place: string): string => {
  const [ts, arrival] = place.split(".");
  return arrival === "0" ? `${BigInt(ts!) - 1n}.${2n ** 64n - 1n}` : `${ts}.${BigInt(arrival ?? 0) - 1n}`;
};
export const isPlace = (text: string): boolean => /^-?\d{1,17}\.\d{1,19}$/.test(text);
