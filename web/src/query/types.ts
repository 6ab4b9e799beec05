// The query language, as far as the interface builds it.
import type { Scalar } from "../api/types";

export type Cond = [name: string, op: string, ...value: (Scalar | Scalar[])[]] | { any: Cond[] };

export interface Matcher {
  event: string | string[];
  where?: Cond[];
}

export type Range = string | { from: string; to: string };
export type Breakdown = string | { by: string; bins: number[] };
/** With what time a question is compared. */
export const COMPARES = ["previous", "year", "weekday"] as const;
export type Compare = (typeof COMPARES)[number];
export type IntervalName = "hour" | "day" | "week" | "month" | "quarter";

export interface Did {
  did: Matcher;
  times?: [string, number];
  within?: string;
}
/** One after the other, others may lie between; all of it within the window of the first. */
export interface Sequence {
  sequence: Matcher[];
  window: string;
  within?: string;
}
export type Predicate =
  | Did
  | Sequence
  | { not: Segment }
  | { all: Segment[] }
  | { any: Segment[] }
  | { trait: [string, string, ...(Scalar | Scalar[])[]] }
  | { first_seen: [string, string] }
  | { score: string; is: [string, number]; which?: string; within?: string }
  | { in: string };
export type Segment = string | Predicate;

interface Common {
  range?: Range;
  compare?: Compare;
  timezone?: string;
  segment?: Segment;
  /** Accounts are counted, not customers. */
  per?: "account";
  internal?: "left out" | "included" | "only";
  as_of?: string;
}

export interface Series extends Matcher {
  measure?: string;
}

export interface TrendQuery extends Common {
  kind: "trend";
  series: Series[];
  interval?: IntervalName;
  breakdown?: Breakdown;
  limit?: number;
}

export interface FunnelQuery extends Common {
  kind: "funnel";
  steps: Matcher[];
  window: string;
  order?: "ordered" | "strict" | "any";
  breakdown?: Breakdown;
  limit?: number;
}

export interface RetentionQuery extends Common {
  kind: "retention";
  start: Matcher;
  return: Matcher;
  interval?: IntervalName;
  periods?: number;
  mode?: "bounded" | "unbounded";
  /** A customer's first beginning alone, or one in each interval. */
  cohort?: "first" | "every";
  breakdown?: Breakdown;
  limit?: number;
}

export const LIFE_STATES = ["new", "returning", "resurrected", "dormant"] as const;
export type LifeState = (typeof LIFE_STATES)[number];

/** Of one event: the matcher stands beside `kind`. */
export interface LifecycleQuery extends Common, Matcher {
  kind: "lifecycle";
  interval?: IntervalName;
}

export interface StickinessQuery extends Common, Matcher {
  kind: "stickiness";
  interval?: IntervalName;
}

export interface TimeBetweenQuery extends Common {
  kind: "time_between";
  from: Matcher;
  to: Matcher;
  window?: string;
}

/** From `start`, or towards `end`; never both. */
export interface PathsQuery extends Common {
  kind: "paths";
  start?: Matcher;
  end?: Matcher;
  steps?: number;
  gap?: string;
  collapse?: boolean;
  by?: string;
  limit?: number;
}

export interface CustomersQuery {
  kind: "customers";
  per?: "account";
  segment?: Segment;
  internal?: "left out" | "included" | "only";
  search?: string;
  sort?: string;
  limit?: number;
  cursor?: string;
  as_of?: string;
}

export type ScoreMetric = "nps" | "csat" | "ces" | "stars";

export interface ScoreQuery extends Common {
  kind: "score";
  metric: ScoreMetric;
  interval?: IntervalName;
  where?: Cond[];
  breakdown?: Breakdown;
  limit?: number;
  adjusted?: boolean;
}

/** Words are read, not counted: a list of them opens to no cell. */
export interface VerbatimsQuery extends Omit<Common, "compare"> {
  kind: "verbatims";
  where?: Cond[];
  text?: string;
  sort?: string;
  limit?: number;
  cursor?: string;
}

export type Query = TrendQuery | FunnelQuery | RetentionQuery | LifecycleQuery | StickinessQuery | TimeBetweenQuery | PathsQuery | CustomersQuery | ScoreQuery;

/** The cell of an answer that is opened to its people. */
export interface Open {
  series?: number;
  interval?: string;
  group?: string;
  step?: number;
  outcome?: "dropped" | "reached" | "returned" | "gone";
  cohort?: string;
  period?: number;
  /** Of a lifecycle. */
  state?: LifeState;
  /** Of stickiness: in how many intervals. */
  intervals?: number;
  /** Of times between: which bin of the histogram. */
  bin?: number;
  /** Of paths: one way, one step of it, or all that go so far. */
  path?: string[];
  link?: { depth: number; from: string; to: string };
  depth?: number;
  previous?: boolean;
  /** Of a score: a side of it, one answer, a stage on the way to it. */
  part?: "promoters" | "passives" | "detractors";
  value?: number;
  funnel?: "asked" | "shown" | "started" | "finished" | "silent";
  /** Of an adjusted score: whom it is made of. */
  frame?: "all" | "answered" | "silent";
}
