// Ranges of time, their intervals, and the range to compare with: section 4.
import { DAY, intervalAfter, intervalsOf, parseDate, parseInstant } from './time.mjs';

const RELATIVE = /^last (\d+) (hour|day|week|month|quarter)s?$/;

function relative(zone, now, count, unit) {
  const current = intervalAfter(zone, unit, now, 0);
  const first = intervalAfter(zone, unit, now, 1 - count);
  const before = intervalAfter(zone, unit, now, 1 - 2 * count);
  return { from: first.begin, to: current.end, previous: { from: before.begin, to: first.begin } };
}

// { from, to, previous: { from, to } }: from <= ts < to.
export function rangeOf(range, zone, now) {
  if (typeof range === 'string') {
    const [, count, unit] = RELATIVE.exec(range);
    return relative(zone, now, Number(count), unit);
  }
  const [fromDate, toDate] = [parseDate(range.from), parseDate(range.to)];
  const from = fromDate === undefined ? parseInstant(range.from) : zone.beginOfDate(fromDate);
  const to = toDate === undefined ? parseInstant(range.to) : zone.beginOfDate(toDate + DAY);
  let before = from - (to - from);
  if (fromDate !== undefined && toDate !== undefined) {
    before = zone.beginOfDate(fromDate - (toDate + DAY - fromDate));
  }
  return { from, to, previous: { from: before, to: from } };
}

// The intervals of a range, and which of them are cut by it or not over yet.
export function cutIntervals(zone, unit, { from, to }, now) {
  const intervals = intervalsOf(zone, unit, from, to);
  const partial = intervals.filter((i) => i.begin < from || i.end > to || i.end > now).map((i) => i.label);
  return { intervals, partial };
}

export const indexIn = (intervals, ts) => intervals.findIndex((i) => ts >= i.begin && ts < i.end);
