// A customer's events as rows of a timeline: grouped by day, sessions folded, silences named.
import type { TimelineEvent } from "../../api/types";
import { DAY_MS, dayLabel } from "../../format";

/** A session ends with a pause longer than this, as everywhere in the product. */
export const SESSION_PAUSE_MS = 30 * 60_000;
/** A pause from this length on is drawn as silence. */
export const SILENCE_MS = 7 * DAY_MS;
/** Fewer events in a row than this are not folded. */
const FOLD_LEAST = 3;

export type Side = "did" | "said" | "we";

const OURS = new Set(["contacted", "case opened", "case closed", "survey shown", "experiment exposed"]);
const BOOKKEEPING = new Set(["identify", "alias"]);

export function sideOf(event: TimelineEvent): Side {
  if (OURS.has(event.event)) return "we";
  if (event.event === "feedback" || (event.text !== null && event.text !== undefined) || event.score !== null) return "said";
  return "did";
}

export const isBookkeeping = (event: TimelineEvent): boolean => BOOKKEEPING.has(event.event);

export type Row =
  | { kind: "day"; key: string; label: string }
  | { kind: "event"; key: string; side: Side; event: TimelineEvent }
  | { kind: "session"; key: string; events: TimelineEvent[]; trail: { name: string; times: number }[] }
  | { kind: "silence"; key: string; ms: number };

/** A key that stays with an event when newer ones come in above it. */
export const eventKey = (event: TimelineEvent, at: number): string => `${event.ts}|${event.event}|${event.message_id ?? ""}|${at}`;

/** "Cart → Delivery ×3 → left": neighbours of one name together, oldest first. */
export function trailOf(events: TimelineEvent[]): { name: string; times: number }[] {
  const trail: { name: string; times: number }[] = [];
  for (const event of [...events].reverse()) {
    const last = trail.at(-1);
    if (last?.name === event.event) last.times += 1;
    else trail.push({ name: event.event, times: 1 });
  }
  return trail;
}

/** Events newest first in, rows newest first out. `folded` says whether sessions are folded. */
export function foldTimeline(events: TimelineEvent[], folded = true, zone?: string): Row[] {
  const rows: Row[] = [];
  const seen = new Map<string, number>();
  const keyOf = (event: TimelineEvent): string => {
    const base = eventKey(event, 0);
    const n = seen.get(base) ?? 0;
    seen.set(base, n + 1);
    return eventKey(event, n);
  };
  let day = "";
  let before: TimelineEvent | undefined;
  const open = (event: TimelineEvent) => {
    const pause = before ? Date.parse(before.ts) - Date.parse(event.ts) : 0;
    if (pause >= SILENCE_MS) rows.push({ kind: "silence", key: `silence ${event.ts}`, ms: pause });
    const label = dayLabel(event.ts, zone);
    if (label !== day) {
      day = label;
      rows.push({ kind: "day", key: `day ${label}`, label });
    }
  };
  let at = 0;
  while (at < events.length) {
    const first = events[at]!;
    open(first);
    let end = at;
    if (folded && sideOf(first) === "did") {
      while (
        end + 1 < events.length &&
        sideOf(events[end + 1]!) === "did" &&
        Date.parse(events[end]!.ts) - Date.parse(events[end + 1]!.ts) <= SESSION_PAUSE_MS &&
        dayLabel(events[end + 1]!.ts, zone) === day
      ) {
        end += 1;
      }
    }
    if (end - at + 1 >= FOLD_LEAST) {
      const run = events.slice(at, end + 1);
      rows.push({ kind: "session", key: `session ${keyOf(run.at(-1)!)}`, events: run, trail: trailOf(run) });
      before = run.at(-1);
    } else {
      for (const event of events.slice(at, end + 1)) rows.push({ kind: "event", key: keyOf(event), side: sideOf(event), event });
      before = events[end];
    }
    at = end + 1;
  }
  return rows;
}

const same = (a: TimelineEvent, b: TimelineEvent): boolean =>
  a.ts === b.ts && a.event === b.event && a.message_id === b.message_id && a.received_at === b.received_at && a.text === b.text;

/** Puts a page of the newest events on top of those already there. Null when the two do not meet,
 *  so that events between them may be missing. */
export function mergeNewest(newest: TimelineEvent[], held: TimelineEvent[]): TimelineEvent[] | null {
  if (held.length === 0 || newest.length === 0) return newest;
  const last = newest.at(-1)!;
  const from = held.findLastIndex((event) => same(event, last));
  if (from < 0) return null;
  return [...newest, ...held.slice(from + 1)];
}
