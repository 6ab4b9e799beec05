// What a journey map asks, and what comes of it: questions that exist already, so that every number opens as theirs do.
import { useContext } from "preact/hooks";
import { Asking, useLoad, type Load } from "../../api/hooks";
import type { AnswerBase, FunnelAnswer, ScoreAnswer, Traits, TrendAnswer, VerbatimsAnswer } from "../../api/types";
import { openAsSegment } from "../../query/as-segment";
import type { FunnelQuery, ScoreMetric, ScoreQuery, TrendQuery, VerbatimsQuery } from "../../query/types";
import { matcherWords } from "../../query/words";
import { cleanLine } from "../../safe";
import { shared, stepMatcher, type MapState, type Stage } from "./state";

export const STAGES_MOST = 9;
export const WINDOW_USUAL = "30d";
const VOICES = 20;

/** The questions of a map; of people those that ask what a stage's people said. */
export interface MapQuestions {
  stages: Stage[];
  /** Series 2 i: the people of stage i; 2 i + 1: how often it was done. */
  volume: TrendQuery;
  way: FunnelQuery | null;
  people: { score: ScoreQuery; said: TrendQuery; words: VerbatimsQuery }[] | null;
}

/** Series of `said`. */
export const SAID = 0;
export const HELP = 1;

export function mapQuestions(state: MapState): MapQuestions | null {
  const stages = (state.stages ?? []).filter((stage) => stage.event !== "" && stage.event.length > 0).slice(0, STAGES_MOST);
  if (stages.length === 0) return null;
  const common = shared(state);
  const steps = stages.map(stepMatcher);
  const volume: TrendQuery = {
    kind: "trend",
    series: steps.flatMap((step) => [{ ...step, measure: "customers" }, { ...step, measure: "count" }]),
    interval: "quarter",
    ...common,
  };
  const metric: ScoreMetric = state.metric ?? "nps";
  const { compare: _, segment: __, ...rest } = common;
  const way: FunnelQuery | null = steps.length > 1 ? { kind: "funnel", steps, window: state.window ?? WINDOW_USUAL, ...common } : null;
  const segments = stages.map((___, at) => {
    if (!way || state.whose !== "stopped") return openAsSegment(volume, { series: 2 * at });
    return openAsSegment(way, at + 1 < steps.length ? { step: at + 2, outcome: "dropped" } : { step: at + 1, outcome: "reached" });
  });
  return {
    stages,
    volume,
    way,
    people: segments.some((segment) => segment === null)
      ? null
      : segments.map((segment) => ({
          score: { kind: "score", metric, interval: "quarter", ...rest, segment: segment! },
          said: {
            kind: "trend",
            series: [
              { event: "feedback", measure: "customers", where: [["text", "set"]] },
              { event: "feedback", measure: "customers", where: [["kind", "=", "ticket"]] },
            ],
            interval: "quarter",
            ...rest,
            segment: segment!,
          },
          words: { kind: "verbatims", ...rest, segment: segment!, sort: "-ts", limit: VOICES },
        })),
  };
}

/** One stage, as it is shown. */
export interface StageAnswer {
  name: string;
  people: number;
  times: number;
  before: number | null;
  /** On the way: how many came so far, and how many of them went on; null where there is no next one. */
  here: number | null;
  on: number | null;
  medianMs: number | null;
  score: ScoreAnswer | null;
  said: number | null;
  help: number | null;
  voice: (Voice & { traits?: Traits }) | null;
}

export interface MapAnswer extends AnswerBase {
  questions: MapQuestions;
  stages: StageAnswer[];
  way: FunnelAnswer | null;
}

export const stageName = (stage: Stage): string => (stage.name ? cleanLine(stage.name) : matcherWords(stepMatcher(stage)));

const totalOf = (answer: { series: TrendAnswer["series"] } | undefined, series: number): number | null => answer?.series.find((each) => each.series === series)?.total ?? null;

type Voice = VerbatimsAnswer["verbatims"][number];

/** Not picked for its tone: the newest with more than a few words that no stage before has; people are at many stages. */
function voicesOf(lists: Voice[][]): (Voice | null)[] {
  const taken = new Set<string>();
  return lists.map((list) => {
    const spoken = list.filter((each) => each.text && !taken.has(each.id));
    const voice = spoken.find((each) => each.text!.length > 25) ?? spoken[0] ?? null;
    if (voice) taken.add(voice.id);
    return voice;
  });
}

async function ask(questions: MapQuestions, question: typeof import("../../api/client").api.query, signal: AbortSignal): Promise<MapAnswer> {
  const volume = await question<TrendAnswer>(questions.volume, signal);
  // All of one snapshot: what does not change between two of its numbers cannot contradict itself.
  const at = { as_of: volume.as_of };
  const [way, people] = await Promise.all([
    questions.way && question<FunnelAnswer>({ ...questions.way, ...at }, signal),
    questions.people &&
      Promise.all(
        questions.people.map(async ({ score, said, words }) => ({
          score: await question<ScoreAnswer>({ ...score, ...at }, signal),
          said: await question<TrendAnswer>({ ...said, ...at }, signal),
          words: await question<VerbatimsAnswer>({ ...words, ...at }, signal),
        })),
      ),
  ]);
  const voices = voicesOf((people ?? []).map(({ words }) => words.verbatims));
  const stages = questions.stages.map((stage, index): StageAnswer => {
    const step = way?.steps[index];
    const next = way?.steps[index + 1];
    const own = people?.[index];
    const voice = voices[index];
    return {
      name: stageName(stage),
      people: totalOf(volume, 2 * index) ?? 0,
      times: totalOf(volume, 2 * index + 1) ?? 0,
      before: totalOf(volume.previous, 2 * index),
      here: step?.count ?? null,
      on: next?.count ?? null,
      medianMs: next?.median_ms_from_previous ?? null,
      score: own?.score ?? null,
      said: own ? totalOf(own.said, SAID) : null,
      help: own ? totalOf(own.said, HELP) : null,
      voice: voice ? { ...voice, traits: own?.words.people.find((each) => each.id === voice.customer)?.traits } : null,
    };
  });
  return { ...volume, questions, stages, way };
}

export function useMap(questions: MapQuestions | null): Load<MapAnswer> {
  const question = useContext(Asking);
  return useLoad(questions ? `map ${JSON.stringify(questions)}` : null, (signal) => ask(questions!, question, signal));
}
