// Instants, durations, and calendars. What the clocks of a zone showed comes from Intl, which brings tables and
// code of its own.

export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

const INSTANT =
  /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:([Zz])|([+-])(\d\d):(\d\d))$/;

// Milliseconds since 1970, or undefined where the text is no RFC 3339 instant.
export function parseInstant(text) {
  const found = INSTANT.exec(text);
  if (!found) return undefined;
  const [year, month, day, hour, minute, second] = found.slice(1, 7).map(Number);
  if (hour > 23 || minute > 59 || second > 59) return undefined;
  const midnight = parseDate(`${found[1]}-${found[2]}-${found[3]}`);
  if (midnight === undefined || !month || !day || year === undefined) return undefined;
  const ms = Number((found[7] ?? '').slice(0, 3).padEnd(3, '0'));
  let offset = 0;
  if (!found[8]) {
    if (Number(found[10]) > 23 || Number(found[11]) > 59) return undefined;
    offset = (Number(found[10]) * HOUR + Number(found[11]) * MINUTE) * (found[9] === '-' ? -1 : 1);
  }
  return midnight + hour * HOUR + minute * MINUTE + second * SECOND + ms - offset;
}

// A calendar date as the milliseconds of its midnight in UTC; undefined where it is none.
export function parseDate(text) {
  const found = /^(\d{4})-(\d\d)-(\d\d)$/.exec(text);
  if (!found) return undefined;
  const date = new Date(0);
  date.setUTCFullYear(Number(found[1]), Number(found[2]) - 1, Number(found[3]));
  return formatDate(date.getTime()) === text ? date.getTime() : undefined;
}

export const formatInstant = (ms) => new Date(ms).toISOString();
export const formatDate = (ms) => new Date(ms).toISOString().slice(0, 10);

const UNITS = { ms: 1, s: SECOND, m: MINUTE, h: HOUR, d: DAY, w: 7 * DAY };

export function parseDuration(text) {
  const found = /^(\d+)(ms|s|m|h|d|w)$/.exec(text);
  if (!found) throw new Error(`no duration: ${text}`);
  return Number(found[1]) * UNITS[found[2]];
}

// ---- zones ----------------------------------------------------------------------------------------

const STEP = 6 * HOUR; // no zone changed its clocks twice within it

class Zone {
  constructor(name) {
    this.name = name;
    this.format = new Intl.DateTimeFormat('en-US', {
      timeZone: name, calendar: 'gregory', numberingSystem: 'latn', hourCycle: 'h23', era: 'short',
      year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric',
    });
    this.years = new Map(); // year → [{ from, to, offset }]
  }

  ask(ms) {
    const at = {};
    const second = Math.floor(ms / SECOND) * SECOND;
    for (const { type, value } of this.format.formatToParts(second)) at[type] = Number(value);
    return Date.UTC(at.year, at.month - 1, at.day, at.hour, at.minute, at.second) - second;
  }

  // Pieces of constant offset, cut at the ends of the year in UTC.
  piecesOfYear(year) {
    let pieces = this.years.get(year);
    if (pieces) return pieces;
    pieces = [];
    const end = Date.UTC(year + 1, 0, 1);
    let from = Date.UTC(year, 0, 1);
    let offset = this.ask(from);
    for (let at = from; at < end; at += STEP) {
      const next = Math.min(at + STEP, end - SECOND);
      if (this.ask(next) === offset) continue;
      let [before, after] = [at, next]; // the offset changes within (before, after]
      while (after - before > SECOND) {
        const middle = before + Math.floor((after - before) / 2 / SECOND) * SECOND;
        if (this.ask(middle) === offset) before = middle;
        else after = middle;
      }
      pieces.push({ from, to: after, offset });
      from = after;
      offset = this.ask(after);
    }
    pieces.push({ from, to: end, offset });
    this.years.set(year, pieces);
    return pieces;
  }

  // Pieces that touch [from, to).
  pieces(from, to) {
    const found = [];
    for (let year = new Date(from).getUTCFullYear(); year <= new Date(to).getUTCFullYear(); year++) {
      found.push(...this.piecesOfYear(year).filter((p) => p.to > from && p.from < to));
    }
    return found;
  }

  offset(ms) {
    return this.pieces(ms, ms + 1)[0].offset;
  }

  // The local date as the milliseconds of its midnight in UTC.
  date(ms) {
    return Math.floor((ms + this.offset(ms)) / DAY) * DAY;
  }

  // The instant of a clock reading (written as if in UTC): of one that comes twice the first, of one that the clocks
  // left out what it would have been before they were moved.
  instantOf(reading) {
    const pieces = this.pieces(reading - 2 * DAY, reading + 2 * DAY);
    const shown = pieces.find(({ from, to, offset }) => reading - offset >= from && reading - offset < to);
    const left = pieces.find(({ to, offset }, i) => reading - offset >= to && reading - pieces[i + 1]?.offset < to);
    return reading - (shown ?? left).offset;
  }

  // The first instant at which the local clock shows this date or a later one.
  beginOfDate(date) {
    for (const { from, to, offset } of this.pieces(date - 2 * DAY, date + 3 * DAY)) {
      const begin = Math.max(from, date - offset);
      if (begin < to) return begin;
    }
    throw new Error(`no begin of ${formatDate(date)} in ${this.name}`);
  }
}

const zones = new Map();

export function zoneOf(name) {
  if (!zones.has(name)) zones.set(name, new Zone(name));
  return zones.get(name);
}

// ---- intervals ------------------------------------------------------------------------------------

// The first date of the unit that `date` lies in, and of the unit `n` after.
function unitBegin(unit, date, n = 0) {
  const d = new Date(date);
  const [year, month] = [d.getUTCFullYear(), d.getUTCMonth()];
  if (unit === 'day') return date + n * DAY;
  if (unit === 'week') return date - ((d.getUTCDay() + 6) % 7) * DAY + n * 7 * DAY;
  if (unit === 'month') return Date.UTC(year, month + n, 1);
  if (unit === 'quarter') return Date.UTC(year, month - (month % 3) + 3 * n, 1);
  throw new Error(`no unit: ${unit}`);
}

function hourLabel(ms, offset) {
  const size = Math.abs(offset) / MINUTE;
  const two = (n) => String(n).padStart(2, '0');
  const sign = offset < 0 ? '-' : '+';
  return `${formatInstant(ms + offset).slice(0, 19)}${sign}${two(Math.floor(size / 60))}:${two(size % 60)}`;
}

// An hour begins whenever the clock shows a whole one.
function hoursAround(zone, from, to) {
  const begins = [];
  for (const piece of zone.pieces(from - DAY, to + DAY)) {
    const first = Math.max(piece.from, from - DAY);
    let at = Math.ceil((first + piece.offset) / HOUR) * HOUR - piece.offset;
    for (; at < Math.min(piece.to, to + DAY); at += HOUR) begins.push({ begin: at, offset: piece.offset });
  }
  return begins.slice(0, -1).map(({ begin, offset }, i) => (
    { begin, end: begins[i + 1].begin, label: hourLabel(begin, offset) }));
}

function datesAround(zone, unit, from, to) {
  const found = [];
  let date = unitBegin(unit, zone.date(from), -2);
  for (let begin = zone.beginOfDate(date); begin < to + 2 * DAY;) {
    const next = unitBegin(unit, date, 1);
    const end = zone.beginOfDate(next);
    // A date that the zone skipped lasts for no time at all and is no interval.
    if (end > begin) found.push({ begin, end, label: formatDate(zone.date(begin)) });
    [date, begin] = [next, end];
  }
  return found;
}

// The calendar intervals that [from, to) touches, in order: { begin, end, label }.
export function intervalsOf(zone, unit, from, to) {
  const around = unit === 'hour' ? hoursAround(zone, from, to) : datesAround(zone, unit, from, to);
  return around.filter((i) => i.end > from && i.begin < to);
}

// The interval at `n` places after (or before) the one that begins at `begin`.
export function intervalAfter(zone, unit, begin, n) {
  const length = { hour: 2 * HOUR, day: DAY, week: 7 * DAY, month: 31 * DAY, quarter: 92 * DAY }[unit];
  const room = (Math.abs(n) + 4) * length;
  const all = intervalsOf(zone, unit, n < 0 ? begin - room : begin, n < 0 ? begin + 1 : begin + room);
  return all[all.findIndex((i) => i.end > begin) + n];
}
