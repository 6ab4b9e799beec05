// Questions and cells in words: for headings, names of buttons and the head of the drawer.
import { formatDay, formatDayRange, formatInterval, formatNumber, formatLength } from "../format";
import { cleanLine, showValue } from "../safe";
import { t, tOr } from "../strings";
import { PRESETS, rangeDays } from "./range";
import type { Breakdown, Cond, Matcher, Open, PathsQuery, Query, Range, ScoreQuery, Segment } from "./types";

export function eventWords(event: string | string[]): string {
  if (event === "*") return t("event.any");
  if (Array.isArray(event)) return event.map(eventWords).join(t("words.or"));
  return cleanLine(event);
}

/** "customer.plan" is "plan" to a reader; a trait says so where it matters. */
export const fieldWords = (name: string): string => tOr(`field.${name}`, cleanLine(name.replace(/^(customer|properties)\./, "")));

export function condWords(cond: Cond): string {
  if (!Array.isArray(cond)) return cond.any.map(condWords).join(t("words.or"));
  const [name, op, value] = cond;
  const shown = value === undefined ? "" : Array.isArray(value) ? value.map(showValue).join(", ") : showValue(value);
  return t("cond.words", { name: fieldWords(name), op: tOr(`op.${op}`, op), value: shown }).trim();
}

export function matcherWords(matcher: Matcher): string {
  const event = eventWords(matcher.event);
  if (!matcher.where?.length) return event;
  return t("matcher.where", { event, where: matcher.where.map(condWords).join(t("words.and")) });
}

export function measureWords(measure: string | undefined): string {
  const [name, property] = (measure ?? "count").split(/:(.*)/s);
  return tOr(`measure.${name}`, name ?? "", { property: property ? fieldWords(property) : "" });
}

export const breakdownWords = (breakdown: Breakdown): string => fieldWords(typeof breakdown === "string" ? breakdown : breakdown.by);

export function groupWords(group: string | null): string {
  if (group === null) return "";
  if (group === "(none)") return t("group.none");
  if (group === "(other)") return t("group.other");
  return cleanLine(group);
}

export function durationWords(text: string): string {
  const hit = /^(\d+)(ms|s|m|h|d|w)$/.exec(text);
  if (!hit) return text;
  const n = Number(hit[1]);
  return t(`duration.${hit[2] as "d"}`, { n });
}

export function rangeWords(range: Range): string {
  if (typeof range === "string") {
    const hit = /^last (\d+) (hour|day|week|month|quarter)s?$/.exec(range);
    if (!hit) return range;
    const n = Number(hit[1]);
    return t(`range.${hit[2] as "day"}`, { n });
  }
  const days = rangeDays(range);
  return days.from === days.to ? formatDay(days.from) : formatDayRange(days.from, days.to);
}

/** In the middle of a sentence: "in the last 30 days". */
export function rangeIn(range: Range): string {
  const hit = typeof range === "string" ? /^last (\d+) (hour|day|week|month|quarter)s?$/.exec(range) : null;
  if (!hit) return t("range.in.dates", { days: daysWords(range) });
  return t(`range.in.${hit[2] as "day"}`, { n: Number(hit[1]) });
}

export function daysWords(range: Range): string {
  const days = rangeDays(range);
  return days.from === days.to ? formatDay(days.from) : formatDayRange(days.from, days.to);
}

export const isPreset = (range: Range): boolean => PRESETS.some((preset) => JSON.stringify(preset) === JSON.stringify(range));

export function segmentWords(segment: Segment | undefined): string {
  if (segment === undefined) return t("segment.everyone");
  if (typeof segment === "string") return segment;
  if ("all" in segment) return segment.all.map(segmentWords).join(t("words.and"));
  if ("any" in segment) return t("segment.any", { list: segment.any.map(segmentWords).join(t("words.or")) });
  if ("not" in segment) return t("segment.not", { what: segmentWords(segment.not) });
  if ("in" in segment) return t("segment.in", { name: segment.in });
  if ("trait" in segment) return condWords(segment.trait as Cond);
  if ("first_seen" in segment) {
    const [op, date] = segment.first_seen;
    return t("segment.first_seen", { op: tOr(`op.date.${op}`, op), date: formatDay(date, { day: "numeric", month: "short", year: "numeric" }) });
  }
  if ("score" in segment) return t("segment.score", { scale: t(`scale.${segment.score as "nps"}`), op: tOr(`op.${segment.is[0]}`, segment.is[0]), n: segment.is[1] });
  const within = segment.within ? t("segment.within", { length: durationWords(segment.within) }) : "";
  if ("sequence" in segment) {
    return t("segment.sequence", { list: segment.sequence.map(matcherWords).join(" → "), window: durationWords(segment.window) }) + within;
  }
  const [op, n] = segment.times ?? [">=", 1];
  const what = matcherWords(segment.did);
  if (op === "=" && n === 0) return t("segment.never", { what }) + within;
  if (op === ">=" && n === 1) return t("segment.did", { what }) + within;
  return t("segment.times", { what, op: tOr(`op.times.${op}`, op), n }) + within;
}

/** "3 weeks" */
export const intervalsWords = (interval: string | undefined, n: number): string => tOr(`intervals.${interval ?? "day"}`, String(n), { n });

/** The edges of the histogram of times, as the engine has them. */
const BIN_EDGES_MS = [0, 1_000, 10_000, 60_000, 300_000, 1_800_000, 3_600_000, 21_600_000, 86_400_000, 259_200_000, 604_800_000, 2_592_000_000];

/** "1 to 5 min" of a bin, from its place or from its own edges. */
export function binWords(bin: number, edges?: { from_ms: number; to_ms: number | null }): string {
  const from = edges?.from_ms ?? BIN_EDGES_MS[bin] ?? 0;
  const to = edges ? edges.to_ms : (BIN_EDGES_MS[bin + 1] ?? null);
  if (to === null) return t("bin.over", { from: edgeWords(from) });
  return from === 0 ? t("bin.under", { to: edgeWords(to) }) : t("bin.between", { from: edgeWords(from), to: edgeWords(to) });
}

/** Edges are whole: "1 h" and not "60 min", "7 days" and not "1 week". */
export function edgeWords(ms: number): string {
  const units = [["d", 86_400_000], ["h", 3_600_000], ["m", 60_000], ["s", 1000]] as const;
  const [unit, size] = units.find(([, each]) => ms >= each && ms % each === 0) ?? ["s", 1000];
  return t(`bin.${unit}`, { n: ms / size });
}

/** What a question is compared with: in a heading, or where it ends a sentence ("long") or begins one ("lead"). */
export function comparedName(query: Query, form: "short" | "long" | "lead" = "short"): string {
  const how = (query.kind === "customers" ? undefined : query.compare) ?? "previous";
  return t(form === "long" ? `compare.${how}` : `compare.${form}.${how}`);
}

const at = (query: Query, open: Open): string => {
  const range = query.kind === "customers" ? undefined : (query.range ?? "last 30 days");
  if (open.interval !== undefined && "interval" in query) return formatInterval(open.interval, query.interval ?? "day", true);
  if (open.interval !== undefined) return formatInterval(open.interval, "day", true);
  if (open.previous && range) return comparedName(query, "long");
  return "";
};

function scoreCell(query: ScoreQuery, open: Open, n: number, shown: string): string {
  const scale = t(`scale.${query.metric}`);
  if (open.frame) return t(`open.score.frame.${open.frame}`, { n, shown, scale });
  if (open.funnel) return t(`open.score.${open.funnel}`, { n, shown, scale });
  if (open.part) return t(`open.score.${open.part}`, { n, shown });
  if (open.value !== undefined) return t("open.score.value", { n, shown, scale, value: open.value });
  return t("open.score.answered", { n, shown, scale });
}

/** One way, names in order of time. */
export const pathWords = (names: string[]): string => names.map(groupWords).join(" → ");

function pathCell(query: PathsQuery, open: Open, n: number, shown: string): string {
  const event = matcherWords(query.start ?? query.end ?? { event: "*" });
  if (open.link) return t("open.path", { n, shown, path: pathWords([open.link.from, open.link.to]) });
  if (open.path) return t("open.path", { n, shown, path: pathWords(open.path) });
  const far = open.depth ? t("open.path.depth", { n: open.depth }) : "";
  return t(query.start ? "open.path.from" : "open.path.to", { n, shown, event }) + far;
}

/** What a cell holds: "customers who did Order Completed on Tue 12 May, NL". */
export function cellWords(query: Query, open: Open, n: number | string): string {
  return cellOf(query, open, n) + (query.kind !== "customers" && query.per ? t("open.as.accounts") : "");
}

function cellOf(query: Query, open: Open, n: number | string): string {
  const shown = typeof n === "number" ? formatNumber(n) : n;
  const count = typeof n === "number" ? n : 2;
  const group = open.group === undefined ? "" : t("open.group", { group: groupWords(open.group) });
  const when = at(query, open);
  const tail = (when ? t("open.when", { when }) : "") + group;
  if (query.kind === "customers") return t(query.per ? "open.accounts" : "open.customers", { n: count, shown });
  if (query.kind === "trend") {
    const series = query.series[open.series ?? 0];
    const event = series ? matcherWords(series) : "";
    const measure = series?.measure ?? "count";
    if (measure === "customers") {
      return t(series?.event === "*" ? "open.trend.active" : series?.event === "feedback" ? "open.trend.said" : "open.trend.customers", { n: count, shown, event }) + tail;
    }
    if (measure === "count") return t(series?.event === "*" ? "open.trend.events" : "open.trend.count", { n: count, shown, event }) + tail;
    return t("open.trend.other", { shown, event, measure: measureWords(measure) }) + tail;
  }
  if (query.kind === "funnel") {
    const step = open.step ?? 1;
    const name = query.steps[step - 1] ? matcherWords(query.steps[step - 1]!) : "";
    const before = query.steps[step - 2] ? matcherWords(query.steps[step - 2]!) : "";
    if (open.outcome === "dropped") return t("open.funnel.dropped", { n: count, shown, step: name, before }) + tail;
    return t(step === 1 ? "open.funnel.entered" : "open.funnel.reached", { n: count, shown, step: name }) + tail;
  }
  if (query.kind === "score") return scoreCell(query, open, count, shown) + tail;
  if (query.kind === "lifecycle") return t(`open.life.${open.state ?? "new"}`, { n: count, shown, event: matcherWords(query) }) + tail;
  if (query.kind === "stickiness") return t("open.stickiness", { n: count, shown, event: matcherWords(query), of: intervalsWords(query.interval, open.intervals ?? 0) }) + tail;
  if (query.kind === "time_between") return t("open.between", { n: count, shown, from: matcherWords(query.from), to: matcherWords(query.to) }) + (open.bin === undefined ? "" : t("open.when", { when: binWords(open.bin) })) + tail;
  if (query.kind === "paths") return pathCell(query, open, count, shown) + tail;
  const period = open.period ?? 0;
  const unit = tOr(`unit.${query.interval ?? "week"}`, "", { n: period });
  const cohort = formatDay(open.cohort ?? "");
  const event = matcherWords(open.outcome ? query.return : query.start);
  if (open.outcome === "gone") return t("open.retention.gone", { n: count, shown, cohort, unit, event }) + tail;
  if (open.outcome === "returned") return t("open.retention.returned", { n: count, shown, cohort, unit, event }) + tail;
  return t("open.retention.cohort", { n: count, shown, cohort, event }) + tail;
}

export { formatLength };
