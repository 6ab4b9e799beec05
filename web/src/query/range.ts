// Ranges: presets, what may be typed, stepping, and which days they are.
import { addDays, dayLabel, isDateLabel, localeTag, orgZone } from "../format";
import type { Compare, IntervalName, Range } from "./types";

export const DEFAULT_RANGE = "last 30 days";
export const PRESETS: Range[] = ["last 1 day", "last 7 days", "last 28 days", "last 30 days", "last 90 days", "last 1 month", "last 1 quarter", "last 12 months"];

export interface Days {
  from: string;
  to: string;
}

/** The day on which an interval that is labelled by its first day has ended. */
export function intervalEnd(label: string, interval: IntervalName): string {
  if (interval === "week") return addDays(label, 7);
  if (interval === "day") return addDays(label, 1);
  const at = new Date(`${label.slice(0, 7)}-01T00:00:00Z`);
  at.setUTCMonth(at.getUTCMonth() + (interval === "month" ? 1 : 3));
  return at.toISOString().slice(0, 10);
}

const UNIT = /^last (\d+) (hour|day|week|month|quarter)s?$/;

function monthStart(label: string, back: number): string {
  const at = new Date(`${label.slice(0, 7)}-01T00:00:00Z`);
  at.setUTCMonth(at.getUTCMonth() - back);
  return at.toISOString().slice(0, 10);
}

function weekStart(label: string): string {
  const day = new Date(`${label}T00:00:00Z`).getUTCDay();
  return addDays(label, -((day + 6) % 7));
}

/** First and last day of a range, both included. `today` is the local date of now. */
export function rangeDays(range: Range, today = dayLabel(Date.now(), orgZone())): Days {
  if (typeof range === "object") {
    const label = (text: string) => (text.length === 10 ? text : dayLabel(text));
    return { from: label(range.from), to: label(range.to) };
  }
  const hit = UNIT.exec(range);
  if (!hit) return { from: addDays(today, -29), to: today };
  const n = Number(hit[1]);
  switch (hit[2]) {
    case "hour": {
      const from = dayLabel(Date.now() - (n - 1) * 3_600_000);
      return { from: from < today ? from : today, to: today };
    }
    case "day":
      return { from: addDays(today, 1 - n), to: today };
    case "week": {
      const from = addDays(weekStart(today), -7 * (n - 1));
      return { from, to: addDays(weekStart(today), 6) };
    }
    case "month":
      return { from: monthStart(today, n - 1), to: addDays(monthStart(today, -1), -1) };
    default: {
      const into = (Number(today.slice(5, 7)) - 1) % 3;
      return { from: monthStart(today, into + 3 * (n - 1)), to: addDays(monthStart(today, into - 3), -1) };
    }
  }
}

const length = (days: Days): number => Math.round((Date.parse(days.to) - Date.parse(days.from)) / 86_400_000) + 1;

/** The range before, as the server compares: the N units before, or as many days. */
export function previousRange(range: Range, today?: string): Days {
  const days = rangeDays(range, today);
  const hit = typeof range === "string" ? UNIT.exec(range) : null;
  const to = addDays(days.from, -1);
  if (hit && (hit[2] === "month" || hit[2] === "quarter")) {
    return { from: monthStart(days.from, Number(hit[1]) * (hit[2] === "month" ? 1 : 3)), to };
  }
  return { from: addDays(days.from, -length(days)), to };
}

const yearBack = (label: string): string => {
  const back = `${Number(label.slice(0, 4)) - 1}`.padStart(4, "0") + label.slice(4);
  return back.endsWith("-02-29") ? `${back.slice(0, 8)}28` : back;
};

/** The days that a range is compared with, as the server finds them. */
export function comparedDays(range: Range, how: Compare, today?: string): Days {
  if (how === "previous") return previousRange(range, today);
  const days = rangeDays(range, today);
  if (how === "weekday") {
    const back = 7 * Math.ceil(length(days) / 7);
    return { from: addDays(days.from, -back), to: addDays(days.to, -back) };
  }
  const unit = typeof range === "string" ? UNIT.exec(range)?.[2] : undefined;
  if (unit === "week") return { from: addDays(days.from, -364), to: addDays(days.to, -364) };
  // Months stay whole: the day after the last, a year before.
  if (unit === "month" || unit === "quarter") return { from: yearBack(days.from), to: addDays(yearBack(addDays(days.to, 1)), -1) };
  return { from: yearBack(days.from), to: yearBack(days.to) };
}

/** One step back or forward by the range's own length; null where it would lie in the future. */
export function stepRange(range: Range, direction: -1 | 1, today = dayLabel(Date.now(), orgZone())): Range | null {
  if (direction < 0) return previousRange(range, today);
  const days = rangeDays(range, today);
  const n = length(days);
  const next = { from: addDays(days.from, n), to: addDays(days.to, n) };
  return next.from > today ? null : next;
}

/** The same number of whole days, ending yesterday, when the range takes in a day that is not over;
 *  two times are compared fairly only when both are whole. */
export function wholeDays(range: Range, today = dayLabel(Date.now(), orgZone())): Range {
  const days = rangeDays(range, today);
  if (days.to < today || days.from === days.to) return range;
  const n = Math.round((Date.parse(today) - Date.parse(days.from)) / 86_400_000) + 1;
  return { from: addDays(today, -n), to: addDays(today, -1) };
}

/** From the first of some intervals of a chart to the end of the last: what dragging over them shows. */
export function zoomRange(first: string, last: string, interval: IntervalName): Range {
  if (isDateLabel(first) && isDateLabel(last)) return { from: first, to: addDays(intervalEnd(last, interval), -1) };
  // Hours are instants, and the end of a range of instants is not in it.
  return { from: new Date(first).toISOString(), to: new Date(Date.parse(last) + 3_600_000).toISOString() };
}

const monthDays = (label: string): Days => ({ from: label, to: addDays(intervalEnd(label, "month"), -1) });

/** "may", "may 2026", also in the reader's own language; without a year the last one that has begun. */
function namedMonth(typed: string, today: string): Days | null {
  const hit = /^([\p{L}.]+)(?: (\d{4}))?$/u.exec(typed);
  if (!hit) return null;
  const wanted = hit[1]!.replace(/\.$/, "");
  for (let month = 1; month <= 12; month += 1) {
    const first = `2026-${String(month).padStart(2, "0")}-01`;
    const written = (tag: string | undefined, length: "long" | "short"): string =>
      new Intl.DateTimeFormat(tag, { month: length, timeZone: "UTC" }).format(new Date(`${first}T00:00:00Z`)).toLowerCase().replace(/\.$/, "");
    if (!["en", localeTag()].some((tag) => written(tag, "long") === wanted || written(tag, "short") === wanted)) continue;
    const year = hit[2] ?? (first.slice(5, 7) <= today.slice(5, 7) ? today.slice(0, 4) : String(Number(today.slice(0, 4)) - 1));
    return monthDays(`${year}${first.slice(4)}`);
  }
  return null;
}

/** A month, a quarter or a year by its name or number: "2026-05", "may 2026", "q2 2026", "2026", "last year". */
function calendarDays(typed: string, today: string): Days | null {
  const thisYear = Number(today.slice(0, 4));
  const year = /^([12]\d{3})$/.exec(typed)?.[1] ?? (typed === "this year" ? String(thisYear) : typed === "last year" ? String(thisYear - 1) : undefined);
  if (year) return { from: `${year}-01-01`, to: `${year}-12-31` };
  if (/^\d{4}-(0[1-9]|1[0-2])$/.test(typed)) return monthDays(`${typed}-01`);
  const quarter = /^q([1-4])(?: (\d{4}))?$/.exec(typed);
  if (!quarter) return namedMonth(typed, today);
  const first = `${quarter[2] ?? thisYear}-${String(Number(quarter[1]) * 3 - 2).padStart(2, "0")}-01`;
  return { from: first, to: addDays(intervalEnd(first, "quarter"), -1) };
}

const ISO = /^\d{4}-\d{2}-\d{2}$/;
const SHORT: Record<string, string> = { h: "hours", d: "days", w: "weeks", m: "months", q: "quarters" };

/** Reads what somebody typed: "last 7 days", "7d", "now-7d", "yesterday", "this month", "may 2026", "q2", "2026", two dates. */
export function parseRange(text: string, today = dayLabel(Date.now(), orgZone())): Range | null {
  const typed = text.trim().toLowerCase().replace(/\s+/g, " ");
  const unit = UNIT.exec(typed);
  if (unit && Number(unit[1]) > 0) return typed;
  const short = /^(?:now-)?(\d+) ?([hdwmq])$/.exec(typed);
  if (short && Number(short[1]) > 0) return `last ${Number(short[1])} ${SHORT[short[2]!]}`;
  if (typed === "today") return "last 1 day";
  if (typed === "yesterday") return { from: addDays(today, -1), to: addDays(today, -1) };
  const named = /^(this|last) (day|week|month|quarter)$/.exec(typed);
  if (named) return named[1] === "this" ? `last 1 ${named[2]}` : previousRange(`last 1 ${named[2]}`, today);
  const calendar = calendarDays(typed, today);
  if (calendar) return calendar;
  const two = typed.split(/ (?:to|until|[-–]) |\.\.|[–,;]/).map((part) => part.trim());
  const [from, to] = [two[0] ?? "", two[1] ?? two[0] ?? ""];
  if (two.length > 2 || !ISO.test(from) || !ISO.test(to) || to < from) return null;
  if (Number.isNaN(Date.parse(from)) || Number.isNaN(Date.parse(to))) return null;
  return { from, to };
}
