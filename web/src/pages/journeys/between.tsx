// Time between: how long it took from one thing to the first of another after it.
import { useQuestion } from "../../api/hooks";
import type { TimeBetweenAnswer } from "../../api/types";
import { Columns } from "../../charts/columns";
import type { Cell, TableData } from "../../charts/data";
import { pictureNote, tableExports, type Exports } from "../../charts/export";
import { DataTable } from "../../charts/table";
import { OpenNumber } from "../../evidence/number";
import { formatLength, formatNumber, formatShare } from "../../format";
import { Empty } from "../../parts/basic";
import { Select } from "../../parts/field";
import { MatcherEditor } from "../../query/matcher-editor";
import { DEFAULT_RANGE } from "../../query/range";
import type { Matcher, TimeBetweenQuery } from "../../query/types";
import { binWords, comparedName, durationWords, edgeWords, matcherWords } from "../../query/words";
import { rich, t } from "../../strings";
import { AnswerSheet, JourneyFrame } from "./frame";
import { betweenQuery, useJourney, type BetweenState } from "./state";

const WINDOWS = ["1h", "1d", "7d", "30d", "90d"];
const EMPTY: Matcher = { event: "" };

export function BetweenTab() {
  const [state, set] = useJourney<BetweenState>();
  const load = useQuestion<TimeBetweenAnswer, TimeBetweenQuery>(betweenQuery(state));
  const { query } = load;
  const answer = query ? load.data : undefined;
  const title = query ? betweenTitle(query) : t("journeys.between");
  const none = "none";
  const windowNow = state.window ?? none;
  return (
    <JourneyFrame
      tab="between"
      state={state}
      set={set}
      title={title}
      lead={answer && query && <Figures query={query} answer={answer} />}
      range={DEFAULT_RANGE}
      builder={
        <div class="builder">
          <MatcherEditor label={t("between.from")} matcher={state.from ?? EMPTY} before={<span class="builder-word">{t("between.from")}</span>} onChange={(from) => set({ from })} />
          <MatcherEditor label={t("between.to")} matcher={state.to ?? EMPTY} before={<span class="builder-word">{t("between.to")}</span>} onChange={(to) => set({ to })} />
          <div class="row wrap">
            <Select
              inline
              label={t("between.window")}
              value={windowNow}
              onChange={(window) => set({ window: window === none ? undefined : window })}
              options={[{ value: none, text: t("between.window.none") }, ...[...new Set([...WINDOWS, ...(state.window ? [state.window] : [])])].map((each) => ({ value: each, text: t("funnel.within", { length: durationWords(each) }) }))]}
            />
          </div>
        </div>
      }
    >
      {query ? (
        <AnswerSheet
          load={load}
          answer={answer}
          table={state.table === true}
          onTable={() => set({ table: state.table ? undefined : true })}
          exports={answer ? betweenExports(query, answer) : null}
          head={<h2>{t("between.head")}</h2>}
        >
          {answer && <Times query={query} answer={answer} table={state.table === true} />}
        </AnswerSheet>
      ) : (
        <section class="sheet" aria-label={t("answer")}>
          <Empty>{t("between.pick")}</Empty>
        </section>
      )}
    </JourneyFrame>
  );
}

export const betweenTitle = (query: TimeBetweenQuery): string => t("between.title", { from: matcherWords(query.from), to: matcherWords(query.to) });

/** The histogram or its table, with what is said of it. */
export function Times({ query, answer, table }: { query: TimeBetweenQuery; answer: TimeBetweenAnswer; table: boolean }) {
  const summary = betweenSummary(query, answer);
  if (answer.count === 0) return <Empty>{t("between.none")}</Empty>;
  return (
    <>
      {table ? (
        <DataTable label={summary} table={betweenTable(query, answer)} />
      ) : (
        <Columns
          query={query}
          asOf={answer.as_of}
          summary={summary}
          items={answer.histogram.map((bin, at) => ({ key: String(at), name: shortBin(bin), long: binWords(at, bin), n: bin.count, open: { bin: at }, ...(answer.previous ? { before: answer.previous.histogram[at]?.count ?? 0 } : {}) }))}
        />
      )}
      <p class="small dim chart-note">{t("between.note")}</p>
    </>
  );
}

/** Under a column there is room for its upper edge only. */
const shortBin = (bin: { from_ms: number; to_ms: number | null }): string => (bin.to_ms === null ? t("bin.longer") : t("bin.to", { to: edgeWords(bin.to_ms) }));

export function Figures({ query, answer }: { query: TimeBetweenQuery; answer: TimeBetweenAnswer }) {
  const was = answer.previous;
  if (answer.p50 === null || answer.p90 === null) return <>{t("between.none")}</>;
  return (
    <>
      {rich("between.lead", {
        half: formatLength(answer.p50, "long"),
        most: formatLength(answer.p90, "long"),
        number: <OpenNumber query={query} open={{}} n={answer.count} asOf={answer.as_of} />,
        customers: formatNumber(answer.customers),
      })}
      {was && was.p50 !== null && <> {rich("between.before", { compared: comparedName(query, "lead"), half: formatLength(was.p50, "long"), n: <OpenNumber query={query} open={{ previous: true }} n={was.count} asOf={answer.as_of} /> })}</>}
    </>
  );
}

export function betweenSummary(query: TimeBetweenQuery, answer: TimeBetweenAnswer): string {
  if (answer.p50 === null || answer.p90 === null) return t("between.none");
  return t("between.summary", { from: matcherWords(query.from), to: matcherWords(query.to), n: answer.count, half: formatLength(answer.p50, "long"), most: formatLength(answer.p90, "long") });
}

function betweenTable(query: TimeBetweenQuery, answer: TimeBetweenAnswer): TableData {
  const was = answer.previous;
  const length = (ms: number | null): Cell => ({ value: ms, show: ms === null ? "–" : formatLength(ms, "long") });
  const quantile = (name: "p50" | "p75" | "p90" | "p99"): TableData["rows"][number] => ({
    key: name,
    cells: [
      { value: name, show: t(`between.${name}`) },
      { value: null },
      { value: null },
      length(answer[name]),
      ...(was ? [{ value: null }, length(was[name])] : []),
    ],
  });
  return {
    columns: [
      { text: t("between.bin"), key: "bin" },
      { text: t("between.count"), number: true, key: "count" },
      { text: t("between.share"), number: true, key: "share" },
      { text: t("between.length"), number: true, key: "ms" },
      ...(was ? [{ text: t("chart.previous.of", { name: t("between.count"), compared: comparedName(query) }), number: true, key: "count_before" }, { text: t("chart.previous.of", { name: t("between.length"), compared: comparedName(query) }), number: true, key: "ms_before" }] : []),
    ],
    rows: [
      ...answer.histogram.map((bin, at) => ({
        key: String(at),
        cells: [
          { value: binWords(at, bin) },
          { value: bin.count, show: <OpenNumber query={query} open={{ bin: at }} n={bin.count} asOf={answer.as_of} /> },
          { value: answer.count ? bin.count / answer.count : null, show: formatShare(answer.count ? bin.count / answer.count : null) },
          { value: bin.from_ms, show: "" },
          ...(was ? [{ value: was.histogram[at]?.count ?? null, show: <OpenNumber query={query} open={{ bin: at, previous: true }} n={was.histogram[at]?.count} asOf={answer.as_of} /> }, { value: null }] : []),
        ],
      })),
      ...(["p50", "p75", "p90", "p99"] as const).map(quantile),
    ],
  };
}

export function betweenExports(query: TimeBetweenQuery, answer: TimeBetweenAnswer): Exports {
  const title = betweenTitle(query);
  return {
    name: title,
    ...tableExports(() => betweenTable(query, answer)),
    picture: () => ({
      title,
      summary: betweenSummary(query, answer),
      note: pictureNote(answer, answer.count, query.range, query.timezone),
      body: { kind: "time", look: "columns", labels: answer.histogram.map((bin) => shortBin(bin)), lines: [{ name: title, values: answer.histogram.map((bin) => bin.count), index: 0 }, ...(answer.previous ? [{ name: comparedName(query), values: answer.previous.histogram.map((bin) => bin.count), index: 0, compared: true }] : [])], partial: [] },
    }),
  };
}
