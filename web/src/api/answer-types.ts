// The answers to questions, kind by kind.
import type { CustomerRow, Traits, Verbatim } from "./types";

export interface AnswerBase {
  partial: string[];
  warnings: string[];
  as_of: string;
  stats: { events_scanned: number; customers: number; elapsed_ms: number };
}

/** The same of the range that was compared with; `to` is not in it. */
export type Previous<T extends AnswerBase> = Omit<T, keyof AnswerBase | "kind" | "previous"> & { partial: string[]; range: { from: string; to: string } };

export interface TrendSeries {
  series: number;
  label: string;
  group: string | null;
  values: (number | null)[];
  total: number | null;
}

export interface TrendAnswer extends AnswerBase {
  kind: "trend";
  intervals: string[];
  series: TrendSeries[];
  previous?: Previous<TrendAnswer>;
}

export interface FunnelStep {
  step: number;
  label: string;
  count: number;
  rate_from_start: number | null;
  rate_from_previous: number | null;
  median_ms_from_previous: number | null;
}

export interface FunnelAnswer extends AnswerBase {
  kind: "funnel";
  steps: FunnelStep[];
  groups?: { group: string; steps: FunnelStep[] }[];
  previous?: Previous<FunnelAnswer>;
}

export interface Cohort {
  start: string;
  size: number;
  returned: (number | null)[];
}

export interface RetentionAnswer extends AnswerBase {
  kind: "retention";
  cohorts: Cohort[];
  groups?: { group: string; cohorts: Cohort[] }[];
  previous?: Previous<RetentionAnswer>;
}

export interface LifecycleAnswer extends AnswerBase {
  kind: "lifecycle";
  intervals: string[];
  new: number[];
  returning: number[];
  resurrected: number[];
  dormant: number[];
  previous?: Previous<LifecycleAnswer>;
}

export interface StickinessAnswer extends AnswerBase {
  kind: "stickiness";
  counts: { intervals: number; customers: number }[];
  previous?: Previous<StickinessAnswer>;
}

export interface TimeBetweenAnswer extends AnswerBase {
  kind: "time_between";
  count: number;
  customers: number;
  p50: number | null;
  p75: number | null;
  p90: number | null;
  p99: number | null;
  histogram: { from_ms: number; to_ms: number | null; count: number }[];
  previous?: Previous<TimeBetweenAnswer>;
}

export interface PathLink {
  depth: number;
  from: string;
  to: string;
  count: number;
  customers: number;
}

export interface PathsAnswer extends AnswerBase {
  kind: "paths";
  links: PathLink[];
  paths: { events: string[]; count: number; customers: number }[];
  /** All paths of so many steps, whatever the limit leaves out of the lists. */
  depths: { depth: number; count: number; customers: number }[];
  previous?: Previous<PathsAnswer>;
}

export interface CustomersAnswer extends AnswerBase {
  kind: "customers";
  total: number;
  customers: CustomerRow[];
  cursor: string | null;
  verbatims?: Verbatim[];
  /** How much was said in all, of which `verbatims` are the newest. */
  verbatims_total?: number;
  moved?: { was: number; now: number };
}

export interface VerbatimsAnswer extends AnswerBase {
  kind: "verbatims";
  total: number;
  verbatims: (Verbatim & { id: string })[];
  /** Who speaks on this page, once each. */
  people: { id: string; traits: Traits }[];
  cursor: string | null;
}

/** A score of one interval or of all: null under the stated n. */
export interface ScoreRow {
  value: number | null;
  n: number;
  low: number | null;
  high: number | null;
  distribution: Record<string, number>;
  asked: number;
  shown: number;
  started: number;
  finished: number;
  /** Corrected for who did not answer; null where that cannot be said. */
  adjusted?: { value: number; low: number; high: number; n_effective: number; worst_low: number; worst_high: number; silent: { value: number; n: number } | null } | null;
}

/** Against the time before: `clear` however often it is looked at. */
export interface ScoreDifference {
  value: number | null;
  low: number | null;
  high: number | null;
  p: number | null;
  clear: boolean;
}

export interface ScoreSeries {
  group: string | null;
  values: ScoreRow[];
  total: ScoreRow;
  difference?: ScoreDifference | null;
}

export interface ScoreAnswer extends AnswerBase {
  kind: "score";
  least: number;
  intervals: string[];
  series: ScoreSeries[];
  previous?: { intervals: string[]; series: ScoreSeries[]; partial: string[]; range: { from: string; to: string } };
}
