// Ranges of time, their intervals, and the range to compare with: section 4.
import { DAY, formatInstant, intervalAfter, intervalsOf, parseDate, parseInstant } from './time.mjs';

const WEEK = 7 * DAY;

const RELATIVE = /^last (\d+) (hour|day|week|month|quarter)s?$/;

// The same date (and time of day) in the year before; of 29 February the 28th.
function yearBack(reading) {
  const d = new Date(reading);
  const [year, month, day] = [d.getUTCFullYear() - 1, d.getUTCMonth(), d.getUTCDate()];
  const last = new Date(Date.UTC(year, month + 1, 0)).getUTCDate();
  return Date.UTC(year, month, Math.min(day, last)) + (((reading % DAY) + DAY) % DAY);
}

// A range of whole dates, the last included.
const dates = (zone, first, last) => ({ from: zone.beginOfDate(first), to: zone.beginOfDate(last + DAY) });

// Both ends as the clocks show them, moved by `move`; a range that comes out without length keeps the one it had.
function readings(zone, { from, to }, move) {
  const [begin, end] = [from, to].map((ms) => zone.instantOf(move(ms + zone.offset(ms))));
  return { from: begin, to: end > begin ? end : begin + (to - from) };
}

// What a range is compared with. `whole`: its first and last date, where it is whole dates; `unit`, `count`: of "last
// N units".
function compared(how, zone, { from, to, whole, unit, count }) {
  if (how === 'year') {
    if (unit === 'week') return dates(zone, whole[0] - 52 * WEEK, whole[1] - 52 * WEEK);
    if (unit === 'month' || unit === 'quarter') {
      return { from: zone.beginOfDate(yearBack(whole[0])), to: zone.beginOfDate(yearBack(whole[1] + DAY)) };
    }
    return whole ? dates(zone, ...whole.map(yearBack)) : readings(zone, { from, to }, yearBack);
  }
  if (how === 'weekday') {
    for (let back = WEEK; ; back += WEEK) {
      if (whole && whole[1] - back < whole[0]) return dates(zone, whole[0] - back, whole[1] - back);
      if (!whole && zone.instantOf(to + zone.offset(to) - back) <= from) return readings(zone, { from, to }, (ms) => ms - back);
    }
  }
  if (unit) return { from: intervalAfter(zone, unit, from, -count).begin, to: from };
  if (whole) return dates(zone, whole[0] - (whole[1] + DAY - whole[0]), whole[0] - DAY);
  return { from: from - (to - from), to: from };
}

function asked(range, zone, now) {
  if (typeof range === 'string') {
    const [, count, unit] = RELATIVE.exec(range);
    const from = intervalAfter(zone, unit, now, 1 - Number(count)).begin;
    const to = intervalAfter(zone, unit, now, 0).end;
    const whole = unit === 'hour' ? undefined : [zone.date(from), zone.date(to - 1)];
    return { from, to, whole, unit, count: Number(count) };
  }
  const [first, last] = [parseDate(range.from), parseDate(range.to)];
  const from = first === undefined ? parseInstant(range.from) : zone.beginOfDate(first);
  const to = last === undefined ? parseInstant(range.to) : zone.beginOfDate(last + DAY);
  return { from, to, whole: first === undefined || last === undefined ? undefined : [first, last] };
}

// { from, to, previous: { from, to } }: from <= ts < to; `previous` where something is to be compared with.
export function rangeOf(range, zone, now, how) {
  const found = asked(range, zone, now);
  return { from: found.from, to: found.to, previous: how && compared(how, zone, found) };
}

// As answers say which range it is.
export const written = ({ from, to }) => ({ from: formatInstant(from), to: formatInstant(to) });

// The intervals of a range, and which of them are cut by it or not over yet.
export function cutIntervals(zone, unit, { from, to }, now) {
  const intervals = intervalsOf(zone, unit, from, to);
  const partial = intervals.filter((i) => i.begin < from || i.end > to || i.end > now).map((i) => i.label);
  return { intervals, partial };
}

export const indexIn = (intervals, ts) => intervals.findIndex((i) => ts >= i.begin && ts < i.end);
