// The state of Voice as it stands in the address, and the questions that follow from it.
import { api } from "../../api/client";
import { useLoad } from "../../api/hooks";
import { navigate, usePlace } from "../../router";
import type { Breakdown, Cond, CustomersQuery, Range, ScoreMetric, ScoreQuery, Segment, TrendQuery, VerbatimsQuery } from "../../query/types";
import { openAsSegment } from "../../query/as-segment";
import { fromSearch, toSearch } from "../../query/url";
import { rangeDays } from "../../query/range";
import { sane } from "../journeys/state";

export const VOICE_RANGE: Range = "last 12 weeks";
export const METRICS: ScoreMetric[] = ["nps", "csat", "ces", "stars"];

export interface VoiceState {
  range?: Range;
  segment?: Segment;
  /** Which score is large. */
  metric?: ScoreMetric;
  /** The words looked for. */
  text?: string;
  kind?: string;
  channel?: string;
  side?: string;
  /** Only the answers to one survey. */
  survey?: string;
  sort?: string;
  by?: Breakdown;
  /** For whom the silent are counted. */
  among?: string;
  table?: boolean;
}

export function useVoice(): [VoiceState, (changes: Partial<VoiceState>) => void] {
  const { path, search } = usePlace();
  const { ev: _, ...own } = fromSearch(search);
  const state = sane<VoiceState>(own);
  for (const name of ["text", "kind", "channel", "side", "survey", "sort", "among"] as const) if (state[name] !== undefined) state[name] = String(state[name]);
  if (state.metric !== undefined && !METRICS.includes(state.metric)) state.metric = undefined;
  const set = (changes: Partial<VoiceState>) => {
    const text = toSearch({ ...state, ...changes });
    navigate(text ? `${path}?${text}` : path, true);
  };
  return [state, set];
}

const LIKED = ["region", "country", "plan", "segment", "city"];

/** The trait to begin with: one that divides customers into a few groups. */
export function useFirstTrait(): string | undefined {
  const names = useLoad("names trait", (signal) => api.names("trait", "", "", signal));
  if (!names.data) return undefined;
  const known = names.data.names.map((row) => row.name);
  const found = LIKED.find((name) => known.includes(name));
  return found ? `customer.${found}` : "customer.known";
}

const shared = (state: VoiceState): { range: Range; segment?: Segment } => ({
  range: state.range ?? VOICE_RANGE,
  ...(state.segment === undefined ? {} : { segment: state.segment }),
});

const DAY = 86_400_000;
/** Weeks where there are some of them, months over long ranges, days over short ones. */
export function scoreInterval(range: Range): "day" | "week" | "month" {
  const { from, to } = rangeDays(range);
  const days = (Date.parse(to) - Date.parse(from)) / DAY + 1;
  return days <= 21 ? "day" : days <= 200 ? "week" : "month";
}

export const scoreQuery = (state: VoiceState, metric: ScoreMetric): ScoreQuery => ({
  kind: "score",
  metric,
  interval: scoreInterval(state.range ?? VOICE_RANGE),
  ...shared(state),
  compare: "previous",
});

export const groupsQuery = (state: VoiceState, metric: ScoreMetric, by: Breakdown): ScoreQuery => ({
  kind: "score",
  metric,
  interval: "quarter",
  ...shared(state),
  breakdown: by,
  ...(typeof by === "string" ? { limit: 8 } : {}),
});

/** Who said something, how much, in how many ways. */
export const headQuery = (state: VoiceState): TrendQuery => ({
  kind: "trend",
  series: [
    { event: "feedback", measure: "customers" },
    { event: "feedback", measure: "count" },
  ],
  interval: "quarter",
  ...shared(state),
});

export const sparedQuery = (state: VoiceState): TrendQuery => ({
  kind: "trend",
  series: [{ event: "contacted", measure: "count", where: [["purpose", "=", "survey"], ["outcome", "=", "skipped"]] }],
  interval: "quarter",
  ...shared(state),
  breakdown: "reason",
  limit: 6,
});

/** Sides of a score that a reader asks for: each is one scale. */
export const SIDES: Record<string, Cond[]> = {
  detractors: [["scale", "=", "nps"], ["score", "<=", 6]],
  promoters: [["scale", "=", "nps"], ["score", ">=", 9]],
  unhappy: [["scale", "=", "csat"], ["score", "<=", 2]],
  hard: [["scale", "=", "ces"], ["score", "<=", 3]],
  poor: [["scale", "=", "stars"], ["score", "<=", 2]],
  rich: [["scale", "=", "stars"], ["score", ">=", 4]],
};

export function wordsQuery(state: VoiceState): VerbatimsQuery {
  const where: Cond[] = [
    ...(state.kind ? ([["kind", "=", state.kind]] as Cond[]) : []),
    ...(state.channel ? ([["channel", "=", state.channel]] as Cond[]) : []),
    ...(state.survey ? ([["survey", "=", state.survey]] as Cond[]) : []),
    ...(state.side && SIDES[state.side] ? SIDES[state.side]! : []),
  ];
  const text = state.text?.trim();
  return {
    kind: "verbatims",
    ...shared(state),
    ...(where.length ? { where } : {}),
    ...(text ? { text } : {}),
    sort: state.sort ?? (text ? "relevance" : "-ts"),
  };
}

/** Of those who were here: who said something, by a trait. */
export const coverageQuery = (state: VoiceState, among: string): TrendQuery => ({
  kind: "trend",
  series: [
    { event: "*", measure: "customers" },
    { event: "feedback", measure: "customers" },
  ],
  interval: "quarter",
  ...shared(state),
  breakdown: among,
  limit: 8,
});

/** Those of a group who were here and said nothing; null where no segment says exactly that. */
export function silentQuery(query: TrendQuery, group: string): CustomersQuery | null {
  const here = openAsSegment(query, { series: 0, group });
  const said = openAsSegment({ ...query, segment: undefined }, { series: 1, group });
  return here === null || said === null ? null : { kind: "customers", segment: { all: [here, { not: said }] as Segment[] } };
}
