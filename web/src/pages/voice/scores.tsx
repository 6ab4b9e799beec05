// The scores: one large with its course, who answered, and the others beside it.
import { useAnswer } from "../../api/hooks";
import type { ScoreAnswer, ScoreRow, TrendAnswer } from "../../api/types";
import { ExportMenu, pictureNote, tableExports } from "../../charts/export";
import type { TableData } from "../../charts/data";
import type { Picture } from "../../charts/picture";
import { ScoreChart, scoreTicks } from "../../charts/score";
import { DataTable, TwinButton } from "../../charts/table";
import { pictureMarks, useChartNotes, type ChartNotes } from "../../notes/notes";
import { OpenNumber } from "../../evidence/number";
import { openEvidence } from "../../evidence/state";
import { formatInterval, formatShare } from "../../format";
import { Problem, Skeleton, Tag, Warnings } from "../../parts/basic";
import type { ScoreMetric, ScoreQuery } from "../../query/types";
import { groupWords, rangeIn } from "../../query/words";
import { rich, t, tOr } from "../../strings";
import { changeOf, ENDS, npsParts, scoreFigure, scoreRange } from "./score-words";
import { METRICS, scoreQuery, sparedQuery, VOICE_RANGE, type VoiceState } from "./state";

const NONE: string[] = [];

interface Props {
  state: VoiceState;
  set: (changes: Partial<VoiceState>) => void;
}

export function Scores({ state, set }: Props) {
  const large = state.metric ?? "nps";
  const query = scoreQuery(state, large);
  const load = useAnswer<ScoreAnswer>(query);
  const answer = load.data;
  const total = answer?.series[0]?.total;
  const notes = useChartNotes(query.range ?? VOICE_RANGE, answer?.intervals ?? NONE, query.interval ?? "week");
  return (
    <section class="sheet scores" aria-label={t("voice.scores")} aria-busy={load.loading}>
      <div>
        <header class="row wrap">
          <h2>{t(`score.asks.${large}`)}</h2>
          <Tag tone="line">{t(`scale.${large}`)}</Tag>
          <span class="push" />
          <TwinButton on={state.table === true} toggle={() => set({ table: state.table ? undefined : true })} />
          {answer?.series[0] && <ExportMenu name={t(`scale.${large}`)} {...tableExports(() => scoreTable(query, answer))} picture={() => scorePicture(query, answer, notes)} />}
        </header>
        {load.error && <Problem error={load.error} retry={load.reload} />}
        <Warnings list={answer?.warnings.filter((line) => !line.includes("never seen"))} />
        {!answer && !load.error && <Skeleton rows={5} height={190} />}
        {answer && total && <Large query={query} answer={answer} total={total} table={state.table === true} notes={notes} />}
        {notes.dialog}
      </div>
      <Answered state={state} query={query} answer={answer} total={total} failed={load.error !== undefined} />
      <div>
        <header class="row">
          <h2>{t("voice.others")}</h2>
        </header>
        <ul class="plain small-scores">
          {METRICS.filter((metric) => metric !== large).map((metric) => (
            <Small key={metric} metric={metric} state={state} choose={() => set({ metric: metric === "nps" ? undefined : metric })} />
          ))}
        </ul>
      </div>
    </section>
  );
}

function Figure({ query, answer, total }: { query: ScoreQuery; answer: ScoreAnswer; total: ScoreRow }) {
  const { metric } = query;
  if (total.value === null) {
    return (
      <>
        <p class="figure dim">–</p>
        <p class="interval">{rich("score.few.open", { n: <OpenNumber query={query} open={{}} n={total.n} asOf={answer.as_of} />, least: answer.least })}</p>
      </>
    );
  }
  const change = changeOf(metric, answer.series[0]?.difference);
  const before = answer.previous?.series[0]?.total;
  return (
    <>
      <p class="figure">
        <OpenNumber query={query} open={{}} n={total.n} asOf={answer.as_of}>
          {scoreFigure(metric, total.value)}
        </OpenNumber>
      </p>
      <p class="interval">
        {rich("score.interval", {
          range: scoreRange(metric, total.low ?? total.value, total.high ?? total.value),
          n: <OpenNumber query={query} open={{}} n={total.n} asOf={answer.as_of} />,
        })}
      </p>
      {before && before.value !== null && (
        <p class="interval">
          {rich("score.was", {
            value: (
              <OpenNumber query={query} open={{ previous: true }} n={before.n} asOf={answer.as_of}>
                {scoreFigure(metric, before.value)}
              </OpenNumber>
            ),
          })}
          {change && <span class={change.tone === "none" ? undefined : change.tone}> {change.text}</span>}
        </p>
      )}
    </>
  );
}

/** What the score would be if those who kept silent had answered: asked for by itself, since it takes longer. */
function Adjusted({ query }: { query: ScoreQuery }) {
  const { compare: _, ...rest } = query;
  const asked: ScoreQuery = { ...rest, interval: "quarter", adjusted: true };
  const load = useAnswer<ScoreAnswer>(asked);
  const adjusted = load.data?.series[0]?.total.adjusted;
  if (!load.data || !adjusted) return null;
  const { metric } = query;
  return (
    <p class="interval adjusted">
      {rich("score.adjusted", {
        value: scoreFigure(metric, adjusted.value),
        range: scoreRange(metric, adjusted.low, adjusted.high),
        silent: adjusted.silent ? <OpenNumber query={asked} open={{ frame: "silent" }} n={adjusted.silent.n} asOf={load.data.as_of} /> : "0",
      })}
      <br />
      <span class="small dim">{t("score.worst", { range: scoreRange(metric, adjusted.worst_low, adjusted.worst_high), n: Math.round(adjusted.n_effective) })}</span>
    </p>
  );
}

function Large({ query, answer, total, table, notes }: { query: ScoreQuery; answer: ScoreAnswer; total: ScoreRow; table: boolean; notes: ChartNotes }) {
  const { metric } = query;
  const rows = answer.series[0]!.values;
  const summary = scoreSummary(query, answer);
  if (table) return <DataTable label={summary} table={scoreTable(query, answer)} />;
  return (
    <>
      <div class="score-large">
        <div>
          <Figure query={query} answer={answer} total={total} />
          {total.value !== null && <Adjusted query={query} />}
        </div>
        <ScoreChart
          labels={answer.intervals}
          rows={rows}
          interval={query.interval ?? "week"}
          partial={answer.partial}
          ends={ENDS[metric]}
          show={(value) => scoreFigure(metric, value)}
          summary={summary}
          notes={notes}
          onOpen={(at) => openEvidence({ q: query, o: { interval: answer.intervals[at]! }, n: rows[at]!.n, a: answer.as_of })}
        />
      </div>
      {total.n > 0 && (metric === "nps" ? <Parts query={query} answer={answer} total={total} /> : <Bars query={query} answer={answer} total={total} />)}
    </>
  );
}

/** Would not, perhaps, would: one bar in three parts, each of which opens. */
function Parts({ query, answer, total }: { query: ScoreQuery; answer: ScoreAnswer; total: ScoreRow }) {
  const parts = npsParts(total);
  return (
    <div class="score-parts">
      <div class="split" aria-hidden="true">
        {parts.map(({ part, n }) => (n > 0 ? <i key={part} class={`part-${part}`} style={{ flexGrow: n }} /> : null))}
      </div>
      <p class="split-words">
        {parts.map(({ part, n }) => (
          <span key={part}>
            {rich(`score.part.${part}`, { n: <OpenNumber query={query} open={{ part }} n={n} asOf={answer.as_of} /> })} <span class="dim small">{formatShare(n / total.n, 0)}</span>
          </span>
        ))}
      </p>
    </div>
  );
}

/** The distribution, answer by answer. */
function Bars({ query, answer, total }: { query: ScoreQuery; answer: ScoreAnswer; total: ScoreRow }) {
  const list = Object.entries(total.distribution);
  const most = Math.max(1, ...list.map(([, n]) => n));
  return (
    <ul class="plain score-bars" aria-label={t("score.distribution")}>
      {list.map(([value, n]) => (
        <li key={value}>
          <i aria-hidden="true" style={{ height: `${(n / most) * 40}px` }} />
          <OpenNumber query={query} open={{ value: Number(value) }} n={n} asOf={answer.as_of} />
          <span class="small dim">{value}</span>
        </li>
      ))}
    </ul>
  );
}

function scoreTable(query: ScoreQuery, answer: ScoreAnswer): TableData {
  const rows = answer.series[0]!.values;
  return {
    columns: [
      { text: t(`interval.${query.interval ?? "week"}`), key: "interval" },
      { text: t("score.value"), number: true, key: "value" },
      { text: t("score.low"), number: true, key: "low" },
      { text: t("score.high"), number: true, key: "high" },
      { text: t("score.n"), number: true, key: "n" },
    ],
    rows: answer.intervals.map((label, at) => {
      const row = rows[at]!;
      const figure = (value: number | null) => ({ value, show: value === null ? "" : scoreFigure(query.metric, value) });
      return {
        key: label,
        cells: [
          {
            value: label,
            show: (
              <>
                {formatInterval(label, query.interval ?? "week", true)}
                {answer.partial.includes(label) && <span class="dim small">{t("chart.partial")}</span>}
              </>
            ),
          },
          row.value === null ? { value: null, show: <span class="dim">{t("score.not.yet")}</span> } : figure(row.value),
          figure(row.value === null ? null : row.low),
          figure(row.value === null ? null : row.high),
          { value: row.n, show: <OpenNumber query={query} open={{ interval: label }} n={row.n} asOf={answer.as_of} /> },
        ],
      };
    }),
  };
}

function scorePicture(query: ScoreQuery, answer: ScoreAnswer, notes: ChartNotes): Picture {
  const rows = answer.series[0]!.values;
  return {
    title: t(`score.asks.${query.metric}`),
    summary: scoreSummary(query, answer),
    note: pictureNote(answer, answer.series[0]!.total.n, query.range ?? VOICE_RANGE, query.timezone),
    body: {
      kind: "score",
      labels: answer.intervals.map((label) => formatInterval(label, query.interval ?? "week")),
      rows,
      ticks: scoreTicks(rows, ENDS[query.metric]).map((value) => ({ value, text: scoreFigure(query.metric, value) })),
      marks: pictureMarks(notes),
    },
  };
}

function scoreSummary(query: ScoreQuery, answer: ScoreAnswer): string {
  const total = answer.series[0]?.total;
  const scale = t(`scale.${query.metric}`);
  if (!total || total.value === null) return t("score.summary.few", { scale, n: total?.n ?? 0, least: answer.least });
  return t("score.summary", {
    scale,
    value: scoreFigure(query.metric, total.value),
    range: scoreRange(query.metric, total.low ?? total.value, total.high ?? total.value),
    n: total.n,
    when: rangeIn(query.range ?? VOICE_RANGE),
  });
}

/** From asked to answered, with whom the contact policy spared. */
function Answered({ state, query, answer, total, failed }: { state: VoiceState; query: ScoreQuery; answer: ScoreAnswer | undefined; total: ScoreRow | undefined; failed: boolean }) {
  const spared = sparedQuery(state);
  const skipped = useAnswer<TrendAnswer>(spared);
  const steps = total ? (["asked", "shown", "started", "finished"] as const).map((step) => ({ step, n: total[step] })) : [];
  const most = Math.max(1, ...steps.map(({ n }) => n));
  const first = steps.find(({ n }) => n > 0)?.n ?? 0;
  const reasons = (skipped.data?.series ?? []).filter((each) => (each.total ?? 0) > 0);
  return (
    <div>
      <header class="row">
        <h2>{t("voice.answered")}</h2>
        {total && total.shown > 0 && <span class="push small dim">{t("voice.answered.rate", { share: formatShare(total.finished / total.shown) })}</span>}
      </header>
      {!total && !failed && <Skeleton rows={4} height={120} />}
      {total && most === 1 && first === 0 && <p class="dim small">{t("voice.answered.none")}</p>}
      {total && first > 0 && (
        <ul class="plain funnel-small">
          {steps.map(({ step, n }) => (
            <li key={step}>
              <span>{t(`voice.step.${step}`)}</span>
              <span class="funnel-small-track" aria-hidden="true">
                <i style={{ width: `${(n / most) * 100}%` }} />
              </span>
              <OpenNumber query={query} open={{ funnel: step }} n={n} asOf={answer?.as_of} />
              <span class="small dim">{formatShare(n / first, 0)}</span>
            </li>
          ))}
        </ul>
      )}
      {skipped.data && reasons.length > 0 && (
        <p class="small dim spared">
          {t("voice.spared")}{" "}
          {reasons.map((each, index) => (
            <span key={each.group}>
              {index > 0 && t("words.comma")}
              <OpenNumber query={spared} open={{ group: each.group ?? undefined }} n={each.total} asOf={skipped.data!.as_of} /> {tOr(`reason.${each.group}`, groupWords(each.group))}
            </span>
          ))}
          {t("words.stop")}
        </p>
      )}
    </div>
  );
}

function Small({ metric, state, choose }: { metric: ScoreMetric; state: VoiceState; choose: () => void }) {
  const query = scoreQuery(state, metric);
  const load = useAnswer<ScoreAnswer>(query);
  const total = load.data?.series[0]?.total;
  const change = changeOf(metric, load.data?.series[0]?.difference);
  return (
    <li>
      <button type="button" class="small-score-name" onClick={choose} aria-label={t("score.choose", { scale: t(`scale.${metric}`) })}>
        {t(`score.short.${metric}`)}
        <Tag tone="line">{t(`scale.${metric}`)}</Tag>
      </button>
      {!load.data || !total ? (
        <span class="dim">–</span>
      ) : total.value === null ? (
        <>
          <span class="dim">–</span>
          <span class="small dim">
            {total.n === 0 ? t("score.nobody") : rich("score.few.open", { n: <OpenNumber query={query} open={{}} n={total.n} asOf={load.data.as_of} />, least: load.data.least })}
          </span>
        </>
      ) : (
        <>
          <b>
            <OpenNumber query={query} open={{}} n={total.n} asOf={load.data.as_of}>
              {scoreFigure(metric, total.value)}
            </OpenNumber>
          </b>
          <span class="small dim">
            {rich("score.interval.of", {
              range: scoreRange(metric, total.low ?? total.value, total.high ?? total.value),
              n: <OpenNumber query={query} open={{}} n={total.n} asOf={load.data.as_of} />,
            })}
            {change && (
              <>
                <br />
                <span class={change.tone === "none" ? undefined : change.tone}>{change.text}</span>
              </>
            )}
          </span>
        </>
      )}
      {load.error && <span class="small dim">{t("score.failed")}</span>}
    </li>
  );
}
