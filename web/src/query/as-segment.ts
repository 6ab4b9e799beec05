// An opened cell said as a segment, where that says exactly the same customers; else null.
import { addDays, dayStart, isDateLabel } from "../format";
import { intervalEnd, rangeDays } from "./range";
import type { Breakdown, Cond, FunnelQuery, Matcher, Open, Query, Segment, TrendQuery } from "./types";

const instant = (ms: number): string => new Date(ms).toISOString();

/** Conditions on ts that hold inside the opened part of the range. */
function timeConds(query: TrendQuery | FunnelQuery, open: Open): Cond[] | null {
  if (open.previous) return null;
  const range = query.range ?? "last 30 days";
  if (typeof range === "string" && range.includes("hour")) return null;
  if (typeof range === "object" && (!isDateLabel(range.from) || !isDateLabel(range.to))) return null;
  const days = rangeDays(range);
  let from = days.from;
  let end = addDays(days.to, 1);
  if (open.interval !== undefined) {
    if (!isDateLabel(open.interval)) return null;
    const interval = (query as TrendQuery).interval ?? "day";
    if (open.interval > from) from = open.interval;
    const until = intervalEnd(open.interval, interval);
    if (until < end) end = until;
  }
  return [["ts", ">=", instant(dayStart(from))], ["ts", "<", instant(dayStart(end))]];
}

/** What a group of a breakdown holds, as a condition: as text or as the number or truth value that it reads as. Null
 *  where no condition says it: bins, and what is left over. */
export function groupConds(breakdown: Breakdown | undefined, group: string | undefined, leaveOut = false): Cond[] | null {
  if (group === undefined || breakdown === undefined) return [];
  if (typeof breakdown !== "string" || group === "(other)") return null;
  if (group === "(none)") return [[breakdown, leaveOut ? "set" : "not set"]];
  const number = Number(group);
  const read = group.trim() !== "" && Number.isFinite(number) ? number : group === "true" ? true : group === "false" ? false : undefined;
  if (read === undefined) return [[breakdown, leaveOut ? "!=" : "=", group]];
  return [[breakdown, leaveOut ? "not in" : "in", [group, read]]];
}

const and = (parts: (Segment | undefined)[]): Segment => {
  const list = parts.filter((part): part is Segment => part !== undefined);
  const whole = list.map((part): Segment => (typeof part === "string" ? { in: part } : part));
  return whole.length === 1 ? whole[0]! : { all: whole };
};

const withConds = (matcher: Matcher, conds: Cond[]): Matcher => ({
  event: matcher.event,
  ...(matcher.where?.length || conds.length ? { where: [...(matcher.where ?? []), ...conds] } : {}),
});

/** Who reached a step, or came to the one before it and no further: what an ordered funnel counts is a sequence. */
function funnelSegment(query: FunnelQuery, open: Open): Segment | null {
  const { step = 1, outcome = "reached" } = open;
  const times = timeConds(query, open);
  const [first, ...later] = query.steps;
  if (!times || !first || step > query.steps.length || open.group !== undefined) return null;
  const entered = withConds(first, times);
  const reached = (n: number): Segment =>
    n === 1 ? { did: entered } : { sequence: [entered, ...later.slice(0, n - 1)], window: query.window };
  if (step === 1) return outcome === "reached" ? and([query.segment, reached(1)]) : null;
  if ((query.order ?? "ordered") !== "ordered") return null;
  if (outcome === "reached") return and([query.segment, reached(step)]);
  return outcome === "dropped" ? and([query.segment, reached(step - 1), { not: reached(step) }]) : null;
}

export function openAsSegment(query: Query, open: Open): Segment | null {
  if (query.per) return null; // a segment of accounts is none of customers
  if (query.kind === "customers") return query.search ? null : (query.segment ?? null);
  if (query.kind === "funnel") return funnelSegment(query, open);
  if (query.kind !== "trend") return null;
  const series = query.series[open.series ?? 0];
  const measure = series?.measure ?? "count";
  if (!series || (measure !== "count" && measure !== "customers")) return null;
  const times = timeConds(query, open);
  const group = groupConds(query.breakdown, open.group);
  if (!times || !group) return null;
  return and([query.segment, { did: withConds(series, [...group, ...times]) }]);
}
