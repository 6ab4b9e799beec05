// The state of a question as it stands in the address.
import { useContext } from "preact/hooks";
import { navigate, usePlace } from "../../router";
import { DEFAULT_RANGE } from "../../query/range";
import { COMPARES, type Breakdown, type Compare, type FunnelQuery, type IntervalName, type Matcher, type PathsQuery, type Range, type RetentionQuery, type ScoreMetric, type Segment, type Series, type TimeBetweenQuery, type TrendQuery } from "../../query/types";
import { fromSearch, toSearch } from "../../query/url";
import { finished } from "../../query/cond-editor";
import { measureReady } from "../../query/measure";
import { TileContext } from "./tile";

export const TABS = ["trends", "funnels", "paths", "retention", "lifecycle", "stickiness", "between", "map"] as const;
export type TabName = (typeof TABS)[number];

const SCALES: ScoreMetric[] = ["nps", "csat", "ces", "stars"];
/** Of paths. */
export const STEPS_USUAL = 4;
/** Habits show over weeks. */
export const HABIT_RANGE = "last 12 weeks";

export interface Shared {
  range?: Range;
  segment?: Segment;
  /** The time before beside it. */
  compare?: Compare;
  /** Accounts are counted, not people. */
  per?: "account";
  /** The table instead of the chart. */
  table?: boolean;
  view?: string | number;
}

export interface TrendState extends Shared {
  series?: Series[];
  interval?: IntervalName;
  breakdown?: Breakdown;
  look?: "lines" | "columns" | "totals";
}

export interface FunnelState extends Shared {
  steps?: Matcher[];
  window?: string;
  order?: "ordered" | "strict" | "any";
  breakdown?: Breakdown;
  /** Up to which step the times are shown. */
  times?: number;
}

export interface RetentionState extends Shared {
  start?: Matcher;
  return?: Matcher;
  interval?: IntervalName;
  periods?: number;
  mode?: "bounded" | "unbounded";
  cohort?: "every";
  breakdown?: Breakdown;
}

export interface HabitState extends Shared {
  what?: Matcher;
  interval?: IntervalName;
}

export interface BetweenState extends Shared {
  from?: Matcher;
  to?: Matcher;
  window?: string;
}

export interface PathsState extends Shared {
  what?: Matcher;
  side?: "start" | "end";
  /** How many steps. */
  depth?: number;
  gap?: string;
  by?: string;
}

/** A stage of a journey: what is done there, and what it is called. */
export interface Stage extends Matcher {
  name?: string;
}

export interface MapState extends Shared {
  stages?: Stage[];
  window?: string;
  /** Which score stands beside the stages. */
  metric?: ScoreMetric;
  /** Whose scores and words: of everybody at a stage, or of those who went no further. */
  whose?: "stopped";
}

const own = (search: string): Record<string, unknown> => {
  const { ev: _, ...state } = fromSearch(search);
  return state;
};

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);
const isMatcher = (value: unknown): value is Matcher => isRecord(value) && (typeof value.event === "string" || Array.isArray(value.event));

/** What somebody wrote into the address by hand may be anything; only what has the right shape counts. */
export function sane<T extends object>(state: Record<string, unknown>): T {
  const out = { ...state };
  for (const name of ["series", "steps", "stages"]) {
    if (name in out) out[name] = Array.isArray(out[name]) ? (out[name] as unknown[]).filter(isMatcher) : undefined;
  }
  for (const name of ["start", "return", "what", "from", "to"]) if (name in out && !isMatcher(out[name])) out[name] = undefined;
  if ("range" in out && typeof out.range !== "string" && !(isRecord(out.range) && typeof out.range.from === "string" && typeof out.range.to === "string")) out.range = undefined;
  if ("compare" in out && !COMPARES.some((how) => how === out.compare)) out.compare = undefined;
  if ("per" in out && out.per !== "account") out.per = undefined;
  if ("segment" in out && typeof out.segment !== "string" && !isRecord(out.segment)) out.segment = String(out.segment);
  if ("breakdown" in out && typeof out.breakdown !== "string" && !(isRecord(out.breakdown) && Array.isArray(out.breakdown.bins))) out.breakdown = out.breakdown === undefined ? undefined : String(out.breakdown);
  if ("whose" in out && out.whose !== "stopped") out.whose = undefined;
  if ("metric" in out && !SCALES.some((metric) => metric === out.metric)) out.metric = undefined;
  if (Array.isArray(out.stages)) out.stages = (out.stages as Stage[]).map(({ name, ...stage }) => (name === undefined ? stage : { ...stage, name: String(name).slice(0, 60) }));
  return out as T;
}

export function useJourney<T extends Shared>(): [T, (changes: Partial<T>) => void] {
  const tile = useContext(TileContext);
  const { path, search } = usePlace();
  const state = sane<T>(tile ? { ...tile.state } : own(search));
  const set = (changes: Partial<T>) => {
    if (tile) return tile.set(changes as Record<string, unknown>);
    const text = toSearch({ ...state, ...changes });
    navigate(text ? `${path}?${text}` : path);
  };
  return [state, set];
}

const matcher = (m: Matcher): Matcher => {
  const where = finished(m.where);
  return { event: m.event, ...(where.length ? { where } : {}) };
};

/** What is asked of a stage or a step: without its name and without half-written conditions. */
export const stepMatcher = matcher;

export const shared = (state: Shared): { range: Range; segment?: Segment; compare?: Compare; per?: "account" } => ({
  range: state.range ?? DEFAULT_RANGE,
  ...(state.compare ? { compare: state.compare } : {}),
  ...(state.per ? { per: state.per } : {}),
  ...(state.segment === undefined ? {} : { segment: state.segment }),
});

/** More than five cannot be told apart in a chart. */
const grouped = (breakdown: Breakdown | undefined): { breakdown?: Breakdown; limit?: number } =>
  breakdown === undefined ? {} : { breakdown, ...(typeof breakdown === "string" ? { limit: 5 } : {}) };

const asked = (m: Matcher | undefined): m is Matcher => m !== undefined && m.event !== "" && m.event.length > 0;

export function trendQuery(state: TrendState): TrendQuery | null {
  const series = (state.series ?? []).filter((each) => asked(each) && measureReady(each.measure));
  if (series.length === 0) return null;
  return {
    kind: "trend",
    series: series.map((each) => ({ ...matcher(each), measure: each.measure ?? "count" })),
    interval: state.interval ?? "day",
    ...shared(state),
    ...grouped(state.breakdown),
  };
}

export function funnelQuery(state: FunnelState): FunnelQuery | null {
  const steps = (state.steps ?? []).filter(asked);
  if (steps.length === 0) return null;
  return {
    kind: "funnel",
    steps: steps.map(matcher),
    window: state.window ?? "7d",
    ...(state.order && state.order !== "ordered" ? { order: state.order } : {}),
    ...shared(state),
    ...grouped(state.breakdown),
  };
}

export function retentionQuery(state: RetentionState): RetentionQuery | null {
  if (!asked(state.start) || !asked(state.return)) return null;
  return {
    kind: "retention",
    start: matcher(state.start),
    return: matcher(state.return),
    interval: state.interval ?? "week",
    periods: state.periods ?? 9,
    ...(state.mode && state.mode !== "bounded" ? { mode: state.mode } : {}),
    ...(state.cohort === "every" ? { cohort: state.cohort } : {}),
    ...grouped(state.breakdown),
    ...shared(state),
    range: state.range ?? "last 12 weeks",
  };
}

/** Lifecycle and stickiness ask of one event, the matcher beside the kind. */
export function habitQuery<K extends "lifecycle" | "stickiness">(kind: K, state: HabitState): { kind: K } & Matcher & { interval: IntervalName } & ReturnType<typeof shared> {
  return {
    kind,
    ...matcher(asked(state.what) ? state.what : { event: "*" }),
    interval: state.interval ?? "week",
    ...shared(state),
    range: state.range ?? HABIT_RANGE,
  };
}

export function betweenQuery(state: BetweenState): TimeBetweenQuery | null {
  if (!asked(state.from) || !asked(state.to)) return null;
  return { kind: "time_between", from: matcher(state.from), to: matcher(state.to), ...(state.window === undefined ? {} : { window: state.window }), ...shared(state) };
}

export function pathsQuery(state: PathsState): PathsQuery | null {
  if (!asked(state.what)) return null;
  return {
    kind: "paths",
    [state.side === "end" ? "end" : "start"]: matcher(state.what),
    steps: typeof state.depth === "number" ? state.depth : STEPS_USUAL,
    ...(state.gap === undefined ? {} : { gap: state.gap }),
    ...(state.by === undefined || state.by === "event" ? {} : { by: state.by }),
    ...shared(state),
  };
}
