// Numbers, dates and durations as they are read. All through Intl, in the reader's locale; the zone
// is the organisation's unless said otherwise.

let zone = "UTC";
let tag: string | undefined;

export function setZone(name: string): void {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    zone = name;
  } catch {
    zone = "UTC";
  }
  dates.clear();
}
export const orgZone = (): string => zone;

/** Tests set the locale; a page takes the reader's. */
export function setLocale(name: string | undefined): void {
  tag = name;
  dates.clear();
  numbers.clear();
}
export const localeTag = (): string | undefined => tag ?? (typeof navigator === "undefined" ? "en" : navigator.language);

const dates = new Map<string, Intl.DateTimeFormat>();
const numbers = new Map<string, Intl.NumberFormat>();

function dateFormat(options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = JSON.stringify(options);
  let format = dates.get(key);
  if (!format) {
    format = new Intl.DateTimeFormat(localeTag(), { timeZone: zone, ...options });
    dates.set(key, format);
  }
  return format;
}

function numberFormat(options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const key = JSON.stringify(options);
  let format = numbers.get(key);
  if (!format) {
    format = new Intl.NumberFormat(localeTag(), options);
    numbers.set(key, format);
  }
  return format;
}

/** A hyphen before a digit is a true minus in running text. */
const minus = (text: string): string => text.replace(/-(?=[\d.,])/g, "−");

export function formatNumber(n: number): string {
  if (!Number.isFinite(n)) return "–";
  const digits = Number.isInteger(n) ? 0 : Math.abs(n) < 10 ? 2 : 1;
  return minus(numberFormat({ maximumFractionDigits: digits }).format(n));
}

export function formatShare(share: number | null, digits = 1): string {
  if (share === null || !Number.isFinite(share)) return "–";
  return minus(numberFormat({ style: "percent", minimumFractionDigits: digits, maximumFractionDigits: digits }).format(share));
}

/** Without the percent sign, for the ends of an interval. */
export function formatPoints(share: number, digits = 1): string {
  return minus(numberFormat({ minimumFractionDigits: digits, maximumFractionDigits: digits }).format(share * 100));
}

export function formatShort(n: number): string {
  return minus(numberFormat({ notation: "compact", maximumFractionDigits: 1 }).format(n));
}

export function formatBytes(n: number): string {
  const units = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"] as const;
  let at = 0;
  let value = n;
  while (value >= 1000 && at < units.length - 1) {
    value /= 1000;
    at += 1;
  }
  const digits = value < 10 && at > 0 ? 1 : 0;
  return numberFormat({ style: "unit", unit: units[at]!, unitDisplay: at === 0 ? "long" : "short", maximumFractionDigits: digits }).format(value);
}

export const DAY_MS = 86_400_000;

/** A local date "2026-05-01" as an instant at noon UTC, to be written in UTC. */
function localDate(label: string): Date {
  return new Date(`${label.slice(0, 10)}T12:00:00Z`);
}

export const isDateLabel = (label: string): boolean => /^\d{4}-\d{2}-\d{2}$/.test(label);

export function formatDay(label: string, options: Intl.DateTimeFormatOptions = { day: "numeric", month: "short" }): string {
  return dateFormat({ ...options, timeZone: "UTC" }).format(localDate(label));
}

export function formatDayRange(from: string, to: string): string {
  const sameYear = from.slice(0, 4) === to.slice(0, 4) && from.slice(0, 4) === todayLabel().slice(0, 4);
  const options: Intl.DateTimeFormatOptions = { day: "numeric", month: "short", timeZone: "UTC", ...(sameYear ? {} : { year: "numeric" }) };
  return dateFormat(options).formatRange(localDate(from), localDate(to)).replace(/\s*–\s*/, "–");
}

/** The label of an interval as it stands on an axis or in a table. */
export function formatInterval(label: string, interval: string, long = false): string {
  if (!isDateLabel(label)) {
    return dateFormat({ day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" }).format(new Date(label));
  }
  if (interval === "month") return formatDay(label, { month: long ? "long" : "short", year: "numeric" });
  if (interval === "quarter") return `Q${Math.floor((Number(label.slice(5, 7)) - 1) / 3) + 1} ${label.slice(0, 4)}`;
  return formatDay(label, long ? { weekday: "short", day: "numeric", month: "short" } : undefined);
}

export function formatClock(instant: string | number, seconds = false): string {
  return dateFormat({ hour: "2-digit", minute: "2-digit", hourCycle: "h23", ...(seconds ? { second: "2-digit" } : {}) }).format(new Date(instant));
}

/** Clock time with thousandths, for streams. */
export function formatStamp(instant: string): string {
  return dateFormat({ hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3, hourCycle: "h23" }).format(new Date(instant));
}

export function formatDate(instant: string | number, options: Intl.DateTimeFormatOptions = { day: "numeric", month: "short", year: "numeric" }): string {
  return dateFormat(options).format(new Date(instant));
}

/** A day and the time on it, for what is yet to come. */
export function formatTime(instant: string | number): string {
  return dateFormat({ day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(new Date(instant));
}

/** Both zones, for the title of a time. */
export function formatBoth(instant: string): string {
  const at = new Date(instant);
  if (Number.isNaN(at.getTime())) return instant;
  const local = dateFormat({ dateStyle: "medium", timeStyle: "long" }).format(at);
  return `${at.toISOString()} · ${local}`;
}

const labelFormats = new Map<string, Intl.DateTimeFormat>();

/** The local date in the organisation's zone, as a label. */
export function dayLabel(instant: number | string | Date, timeZone = zone): string {
  let format = labelFormats.get(timeZone);
  if (!format) {
    format = new Intl.DateTimeFormat("en-CA", { timeZone, year: "numeric", month: "2-digit", day: "2-digit" });
    labelFormats.set(timeZone, format);
  }
  return format.format(new Date(instant));
}

export const todayLabel = (): string => dayLabel(Date.now());

export function addDays(label: string, days: number): string {
  const at = new Date(`${label}T00:00:00Z`);
  at.setUTCDate(at.getUTCDate() + days);
  return at.toISOString().slice(0, 10);
}

/** The instant at which a local date begins in a zone. */
export function dayStart(label: string, timeZone = zone): number {
  const guess = Date.parse(`${label}T00:00:00Z`);
  // Zones lie within 15 hours of UTC and their shifts on whole quarters of an hour: the first
  // quarter whose local date is the label or later is the beginning of the day.
  let at = guess - 15 * 3_600_000;
  const step = 900_000;
  let low = 0;
  let high = (30 * 3_600_000) / step;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (dayLabel(at + middle * step, timeZone) < label) low = middle + 1;
    else high = middle;
  }
  at += low * step;
  return at;
}

const UNITS: [Intl.RelativeTimeFormatUnit, number][] = [
  ["year", 365 * DAY_MS],
  ["month", 30 * DAY_MS],
  ["week", 7 * DAY_MS],
  ["day", DAY_MS],
  ["hour", 3_600_000],
  ["minute", 60_000],
  ["second", 1000],
];

export function formatAgo(instant: string | number, now = Date.now()): string {
  const distance = new Date(instant).getTime() - now;
  const format = new Intl.RelativeTimeFormat(localeTag(), { numeric: "auto", style: "short" });
  for (const [unit, size] of UNITS) {
    if (Math.abs(distance) >= size) return format.format(Math.trunc(distance / size), unit);
  }
  return format.format(0, "second");
}

/** A length of time in its largest fitting unit: "11 weeks", "4 min". */
export function formatLength(ms: number, style: "long" | "short" = "short"): string {
  const units: [string, number][] = [["week", 14 * DAY_MS], ["day", 2 * DAY_MS], ["hour", 2 * 3_600_000], ["minute", 60_000], ["second", 1000]];
  const sizes: Record<string, number> = { week: 7 * DAY_MS, day: DAY_MS, hour: 3_600_000, minute: 60_000, second: 1000 };
  for (const [unit, from] of units) {
    if (ms >= from) return numberFormat({ style: "unit", unit, unitDisplay: style, maximumFractionDigits: 0 }).format(Math.round(ms / sizes[unit]!));
  }
  return numberFormat({ style: "unit", unit: "millisecond", unitDisplay: style, maximumFractionDigits: 0 }).format(Math.max(0, ms));
}
