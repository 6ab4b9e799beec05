// The journey map: the stages of a customer's way side by side, each with how many, who went on, how content, in whose
// words, and with how much effort.
import { api } from "../../api/client";
import { useLoad } from "../../api/hooks";
import type { NameRow } from "../../api/types";
import { tableExports, type Exports } from "../../charts/export";
import { DataTable } from "../../charts/table";
import { OpenNumber } from "../../evidence/number";
import { channelWords } from "../../evidence/people";
import { formatLength, formatNumber, formatShare } from "../../format";
import { Button, Empty, Kind, Moment, Quote } from "../../parts/basic";
import { Select } from "../../parts/field";
import { customerHref, faceOf } from "../../parts/person";
import { takeStyle } from "../../parts/style";
import { MatcherEditor } from "../../query/matcher-editor";
import { DEFAULT_RANGE } from "../../query/range";
import { durationWords } from "../../query/words";
import { toSearch } from "../../query/url";
import { cleanLine } from "../../safe";
import { richOf, t, textsOf } from "../../strings";
import { map as texts } from "../../strings/en/map";
import style from "../../styles/map.later.css";
import { METRICS } from "../voice/state";
import { scoreFigure, scoreRange } from "../voice/score-words";
import { AnswerSheet, JourneyFrame } from "./frame";
import { funnelPicture } from "./funnel-data";
import { HELP, mapQuestions, SAID, STAGES_MOST, stageName, useMap, WINDOW_USUAL, type MapAnswer } from "./map-data";
import { guessStages, type GuessName } from "./map-guess";
import { mapSummary, mapTable } from "./map-table";
import { useJourney, type MapState, type Stage } from "./state";

takeStyle(style);
const x = textsOf(texts);
const richly = richOf(texts);

const WINDOWS = ["1d", "7d", "30d", "90d", "365d"];
const NAME_BYTES_MOST = 60;
const GUESSES: Record<GuessName, () => string> = {
  find: () => x("map.guess.find"),
  join: () => x("map.guess.join"),
  start: () => x("map.guess.start"),
  choose: () => x("map.guess.choose"),
  pay: () => x("map.guess.pay"),
  buy: () => x("map.guess.buy"),
  receive: () => x("map.guess.receive"),
  use: () => x("map.guess.use"),
  return: () => x("map.guess.return"),
};

export function MapTab() {
  const [state, set] = useJourney<MapState>();
  const questions = mapQuestions(state);
  const load = useMap(questions);
  const answer = questions ? load.data : undefined;
  const stages = state.stages ?? [];
  const title = questions && questions.stages.length > 1 ? x("map.title", { from: stageName(questions.stages[0]!), to: stageName(questions.stages.at(-1)!) }) : t("journeys.map");
  return (
    <JourneyFrame
      tab="map"
      state={state}
      set={set}
      title={title}
      lead={answer?.way && <Lead answer={answer} />}
      range={DEFAULT_RANGE}
      before={stages.length === 0 && <Guess />}
      builder={<Stages state={state} set={set} />}
    >
      {questions && (
        <AnswerSheet
          load={load}
          answer={answer}
          table={state.table === true}
          onTable={() => set({ table: state.table ? undefined : true })}
          exports={answer ? mapExports(answer, title) : null}
          head={<h2>{x("map.head")}</h2>}
          height={420}
        >
          {answer && (state.table ? <DataTable label={mapSummary(answer, x)} table={mapTable(answer, x)} /> : <Map answer={answer} />)}
          {answer && <p class="small dim chart-note">{answer.questions.people ? x("map.note", { window: durationWords(answer.questions.way?.window ?? WINDOW_USUAL), whose: x(state.whose === "stopped" ? "map.whose.stopped.long" : "map.whose.all.long") }) : x("map.accounts")}</p>}
        </AnswerSheet>
      )}
    </JourneyFrame>
  );
}

function Lead({ answer }: { answer: MapAnswer }) {
  const { way } = answer;
  const query = answer.questions.way!;
  const first = way!.steps[0]!;
  const last = way!.steps.at(-1)!;
  return (
    <>
      {richly("map.lead", {
        first: <OpenNumber query={query} open={{ step: 1, outcome: "reached" }} n={first.count} asOf={answer.as_of} />,
        last: <OpenNumber query={query} open={{ step: last.step, outcome: "reached" }} n={last.count} asOf={answer.as_of} />,
        from: answer.stages[0]!.name,
        to: answer.stages.at(-1)!.name,
        window: durationWords(query.window),
      })}
    </>
  );
}

function Stages({ state, set }: { state: MapState; set: (changes: Partial<MapState>) => void }) {
  const stages = state.stages ?? [];
  const change = (index: number, stage: Stage) => set({ stages: stages.map((each, at) => (at === index ? stage : each)) });
  const up = (index: number) => {
    const next = [...stages];
    [next[index - 1], next[index]] = [next[index]!, next[index - 1]!];
    set({ stages: next });
  };
  const window = state.window ?? WINDOW_USUAL;
  return (
    <ol class="builder plain">
      {stages.map((stage, index) => (
        <li key={index}>
          <MatcherEditor
            label={x("map.stage", { n: index + 1 })}
            matcher={stage}
            anyEvent={false}
            before={
              <>
                <b class="step-key">{index + 1}</b>
                <input
                  class="input stage-name"
                  type="text"
                  aria-label={x("map.stage.name", { n: index + 1 })}
                  placeholder={x("map.stage.name.hint")}
                  maxLength={NAME_BYTES_MOST}
                  value={stage.name ?? ""}
                  onChange={(event) => change(index, { ...stage, name: event.currentTarget.value.trim() || undefined })}
                />
              </>
            }
            onChange={(matcher) => change(index, { ...matcher, ...(stage.name ? { name: stage.name } : {}) })}
            onRemove={() => set({ stages: stages.filter((_, at) => at !== index) })}
          >
            {index > 0 && <Button look="quiet" icon="up" aria-label={x("map.stage.up", { n: index + 1 })} onClick={() => up(index)} />}
          </MatcherEditor>
        </li>
      ))}
      <li class="row wrap">
        <Button look="quiet" icon="plus" disabled={stages.length >= STAGES_MOST} title={stages.length >= STAGES_MOST ? x("map.stage.most", { n: STAGES_MOST }) : undefined} onClick={() => set({ stages: [...stages, { event: "" }] })}>
          {x("map.stage.add")}
        </Button>
        <Select inline label={x("map.window")} value={window} onChange={(next) => set({ window: next === WINDOW_USUAL ? undefined : next })} options={[...new Set([...WINDOWS, window])].map((each) => ({ value: each, text: t("funnel.within", { length: durationWords(each) }) }))} />
        <Select inline label={x("map.metric")} value={state.metric ?? "nps"} onChange={(metric) => set({ metric: METRICS.find((each) => each === metric && each !== "nps") })} options={METRICS.map((each) => ({ value: each, text: t(`scale.${each}`) }))} />
        <Select inline label={x("map.whose")} value={state.whose ?? "all"} onChange={(whose) => set({ whose: whose === "stopped" ? whose : undefined })} options={[{ value: "all", text: x("map.whose.all") }, { value: "stopped", text: x("map.whose.stopped") }]} />
      </li>
    </ol>
  );
}

function Guess() {
  const names = useLoad("names event", (signal) => api.names("event", "", "", signal));
  if (!names.data) return null;
  const stages = guessStages(names.data.names as NameRow[], (stage) => GUESSES[stage]());
  if (stages.length === 0) return <Empty>{x("map.empty")}</Empty>;
  return (
    <section class="sheet" aria-label={x("map.guess")}>
      <header class="sheet-head">
        <h2>{x("map.guess")}</h2>
        <span class="push small dim">{x("map.guess.note")}</span>
      </header>
      <ul class="plain guesses">
        <li>
          <a class="guess" href={`/journeys/map?${toSearch({ stages })}`}>
            {stages.map((stage, index) => (
              <span key={index}>
                {index > 0 && <i aria-hidden="true">→ </i>}
                {stage.name} <small class="dim">{cleanLine(stage.event as string)}</small>
              </span>
            ))}
          </a>
        </li>
      </ul>
    </section>
  );
}

function Map({ answer }: { answer: MapAnswer }) {
  return (
    <div class="map-scroll" tabIndex={0} role="region" aria-label={mapSummary(answer, x)}>
      <ol class="map plain" style={{ "--stages": String(answer.stages.length) }}>
        {answer.stages.map((stage, index) => (
          <li key={index} class="map-stage">
            <h3>
              <span class="step-key" aria-hidden="true">
                {index + 1}
              </span>
              <span class="clip" title={stage.name}>
                {stage.name}
              </span>
            </h3>
            <Volume answer={answer} index={index} />
            <Way answer={answer} index={index} />
            {answer.questions.people && <People answer={answer} index={index} />}
          </li>
        ))}
      </ol>
    </div>
  );
}

function Volume({ answer, index }: { answer: MapAnswer; index: number }) {
  const { people, times, before } = answer.stages[index]!;
  const { volume } = answer.questions;
  const most = Math.max(1, ...answer.stages.map((stage) => stage.people));
  return (
    <div class="map-part">
      <p>
        <OpenNumber class="map-figure" query={volume} open={{ series: 2 * index }} n={people} asOf={answer.as_of} /> {x("map.people", { n: people })}
      </p>
      <span class="map-bar" aria-hidden="true">
        <i style={{ width: `${(people / most) * 100}%` }} />
      </span>
      <p class="small dim">
        <OpenNumber query={volume} open={{ series: 2 * index + 1 }} n={times} asOf={answer.as_of}>
          {x("map.times", { n: times, each: people ? formatNumber(Math.round((10 * times) / people) / 10) : "–" })}
        </OpenNumber>
        {before !== null && (
          <>
            {" · "}
            <OpenNumber query={volume} open={{ series: 2 * index, previous: true }} n={before} asOf={answer.as_of}>
              {x("map.was", { n: formatNumber(before) })}
            </OpenNumber>
          </>
        )}
      </p>
    </div>
  );
}

function Way({ answer, index }: { answer: MapAnswer; index: number }) {
  const { here, on, medianMs } = answer.stages[index]!;
  const query = answer.questions.way;
  if (!query || here === null) return null;
  if (on === null) return <p class="map-part small dim">{x("map.way.end")}</p>;
  const step = index + 2;
  return (
    <div class="map-part">
      <h4>{x("map.conversion")}</h4>
      <p>
        <b class="map-rate">{formatShare(here ? on / here : null)}</b> {x("map.on")}
      </p>
      <p class="small dim">
        <OpenNumber query={query} open={{ step, outcome: "reached" }} n={on} asOf={answer.as_of}>
          {x("map.on.of", { on: formatNumber(on), here: formatNumber(here) })}
        </OpenNumber>
        {" · "}
        <OpenNumber query={query} open={{ step, outcome: "dropped" }} n={here - on} asOf={answer.as_of}>
          {x("map.left", { n: formatNumber(here - on) })}
        </OpenNumber>
      </p>
      {medianMs !== null && <p class="small dim">{x("map.median", { length: formatLength(medianMs, "long") })}</p>}
    </div>
  );
}

/** How content the people of the stage were, what they said, and whether they needed help. */
function People({ answer, index }: { answer: MapAnswer; index: number }) {
  const { score, said, help, voice } = answer.stages[index]!;
  const own = answer.questions.people![index]!;
  const row = score?.series[0]?.total;
  const { metric } = own.score;
  return (
    <>
      <div class="map-part">
        <h4>{t(`scale.${metric}`)}</h4>
        {!row || row.n === 0 ? (
          <p class="small dim">{x("map.score.none", { scale: t(`scale.${metric}`) })}</p>
        ) : (
          <>
            <p>
              {row.value === null ? <span class="dim">{x("map.score.few")}</span> : <b class="map-rate">{scoreFigure(metric, row.value)}</b>}
              {row.value !== null && row.low !== null && row.high !== null && <span class="small dim"> {scoreRange(metric, row.low, row.high)}</span>}
            </p>
            <p class="small dim">
              <OpenNumber query={own.score} open={{}} n={row.n} asOf={answer.as_of}>
                {x("map.score.n", { n: row.n })}
              </OpenNumber>
            </p>
          </>
        )}
      </div>
      <div class="map-part">
        <h4>
          <Kind kind="said" />
          {x("map.words")}
        </h4>
        {said ? (
          <p class="small">
            <OpenNumber query={own.said} open={{ series: SAID }} n={said} asOf={answer.as_of} /> {x("map.said", { n: said })}
          </p>
        ) : (
          <p class="small dim">{x("map.said.none")}</p>
        )}
        {voice && (
          <>
            <Quote text={voice.text!} size="s" />
            <p class="byline">
              <a class="strong" href={customerHref(voice.customer)} dir="auto">
                {faceOf(voice.customer, voice.traits).name}
              </a>
              {" · "}
              {channelWords(voice.channel)} · <Moment at={voice.ts} />
            </p>
          </>
        )}
      </div>
      <div class="map-part">
        <h4>{x("map.effort")}</h4>
        <p class="small">
          <OpenNumber query={own.said} open={{ series: HELP }} n={help} asOf={answer.as_of} /> {x("map.help", { n: help ?? 0 })}
        </p>
      </div>
    </>
  );
}

function mapExports(answer: MapAnswer, title: string): Exports {
  return {
    name: title,
    ...tableExports(() => mapTable(answer, x)),
    ...(answer.way ? { picture: () => ({ ...funnelPicture(answer.questions.way!, answer.way!), title, summary: mapSummary(answer, x) }) } : {}),
  };
}
