// A life as steps and scenes: what is told one at a time, and which steps belong to one visit.
import type { TimelineEvent, Wrong } from "../../api/types";
import { isBookkeeping, SESSION_PAUSE_MS, sideOf, type Side } from "./fold";

export interface Step {
  /** Where it begins; names the step in the address. */
  place: string;
  side: Side;
  /** One, or several of one name in a row, oldest first. */
  events: TimelineEvent[];
  /** Since what happened before; null for the first of all that is known. */
  waited: number | null;
  /** Which scene it belongs to, counted from the first step held. */
  scene: number;
}

/** Events oldest first in. Bookkeeping is no step. A scene ends with a pause as sessions do; what is said and what we do
 *  within it belongs to it. `first`: the first event is the first of all. */
export function stepsOf(events: TimelineEvent[], first: boolean): Step[] {
  const steps: Step[] = [];
  let before: TimelineEvent | undefined;
  let scene = 0;
  for (const event of events) {
    if (isBookkeeping(event)) continue;
    const pause = before ? Math.max(0, Date.parse(event.ts) - Date.parse(before.ts)) : null;
    const last = steps.at(-1);
    const parts = pause !== null && pause > SESSION_PAUSE_MS;
    if (parts) scene += 1;
    const side = sideOf(event);
    if (last && !parts && side === "did" && last.side === "did" && last.events[0]!.event === event.event) last.events.push(event);
    else steps.push({ place: event.place, side, events: [event], waited: pause, scene });
    before = event;
  }
  if (!first && steps[0]) steps[0].waited = null;
  return steps;
}

const order = (place: string): [number, bigint] => {
  const [ts, arrival] = place.split(".");
  return [Number(ts), BigInt(arrival ?? 0)];
};
/** Is the place no later than the other? */
export function notAfter(a: string, b: string): boolean {
  const [x, i] = order(a);
  const [y, j] = order(b);
  return x < y || (x === y && i <= j);
}

/** The step that holds the place, or else the last before it; 0 where all lie after it. */
export function stepAt(steps: Step[], place: string): number {
  let low = 0;
  let high = steps.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (notAfter(steps[middle]!.place, place)) low = middle + 1;
    else high = middle;
  }
  return Math.max(0, low - 1);
}

/** What was asked and not answered yet when the step came: since when, and whether this step is the answer. */
export function openRequest(step: Step, wrong: Wrong[]): { since: number; answered: boolean } | null {
  for (const each of wrong) {
    if (each.kind !== "waited" && each.kind !== "unanswered") continue;
    if (!notAfter(each.place, step.place) || each.place === step.place) continue;
    if (each.answer !== null && !notAfter(step.place, each.answer)) continue;
    return { since: Date.parse(each.ts), answered: each.answer === step.place };
  }
  return null;
}

export type ScaleUnit = "hour" | "day" | "week";
const UNIT_MS: Record<ScaleUnit, number> = { hour: 3_600_000, day: 86_400_000, week: 7 * 86_400_000 };
/** More than so many marks are not told apart any more. */
const MARKS_MOST = 60;

/** A wait as marks on a line: one an hour, a day or a week, whichever is the finest that fits. */
export function marksOf(ms: number): { unit: ScaleUnit; n: number } | null {
  for (const unit of ["hour", "day", "week"] as const) {
    const n = ms / UNIT_MS[unit];
    if (unit === "hour" && n < 1) return null;
    if (n <= (unit === "hour" ? 48 : MARKS_MOST)) return { unit, n: Math.round(n) };
  }
  return { unit: "week", n: Math.round(ms / UNIT_MS.week) };
}
