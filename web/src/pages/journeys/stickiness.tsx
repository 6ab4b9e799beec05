// Stickiness: in how many weeks (days, months) of the range people did it.
import { useQuestion } from "../../api/hooks";
import type { StickinessAnswer } from "../../api/types";
import { Columns } from "../../charts/columns";
import type { TableData } from "../../charts/data";
import { pictureNote, tableExports } from "../../charts/export";
import type { Picture } from "../../charts/picture";
import { DataTable } from "../../charts/table";
import { OpenNumber } from "../../evidence/number";
import { formatNumber, formatShare } from "../../format";
import { Empty } from "../../parts/basic";
import type { StickinessQuery } from "../../query/types";
import { comparedName, intervalsWords, matcherWords } from "../../query/words";
import { t } from "../../strings";
import { AnswerSheet, JourneyFrame } from "./frame";
import { HabitBuilder } from "./habit";
import { HABIT_RANGE, habitQuery, useJourney, type HabitState } from "./state";

export function StickinessTab() {
  const [state, set] = useJourney<HabitState>();
  const load = useQuestion<StickinessAnswer, StickinessQuery>(habitQuery("stickiness", state));
  const query = load.query!;
  const answer = load.data;
  const title = query.event === "*" ? t("sticky.title.any") : t("sticky.title", { what: matcherWords(query) });
  const summary = answer ? stickinessSummary(query, answer) : "";
  return (
    <JourneyFrame tab="stickiness" state={state} set={set} title={title} lead={summary} range={HABIT_RANGE} builder={<HabitBuilder state={state} set={set} />}>
      <AnswerSheet
        load={load}
        answer={answer}
        table={state.table === true}
        onTable={() => set({ table: state.table ? undefined : true })}
        exports={answer ? { name: title, ...tableExports(() => stickinessTable(query, answer)), picture: () => stickinessPicture(query, answer, title) } : null}
        head={<h2>{t("sticky.head")}</h2>}
      >
        {answer && answer.counts.length === 0 && <Empty>{t("answer.empty")}</Empty>}
        {answer && answer.counts.length > 0 && (state.table ? (
          <DataTable label={summary} table={stickinessTable(query, answer)} />
        ) : (
          <Columns
            query={query}
            asOf={answer.as_of}
            summary={summary}
            items={answer.counts.map(({ intervals, customers }, at) => ({ key: String(intervals), name: formatNumber(intervals), long: intervalsWords(query.interval, intervals), n: customers, open: { intervals }, ...(answer.previous ? { before: answer.previous.counts[at]?.customers ?? 0 } : {}) }))}
          />
        ))}
        {answer && <p class="small dim chart-note">{t("sticky.note", { unit: intervalsWords(query.interval, 2).replace(/^\S+\s/, "") })}</p>}
      </AnswerSheet>
    </JourneyFrame>
  );
}

/** How many did it in more than half of the intervals. */
export function stickinessSummary(query: StickinessQuery, answer: StickinessAnswer): string {
  const n = answer.counts.reduce((sum, each) => sum + each.customers, 0);
  if (n === 0) return t("answer.empty");
  const of = answer.counts.length;
  const often = answer.counts.filter((each) => each.intervals * 2 > of).reduce((sum, each) => sum + each.customers, 0);
  const once = answer.counts[0]?.customers ?? 0;
  return t("sticky.summary", { n, often: formatNumber(often), share: formatShare(often / n), least: formatNumber(Math.floor(of / 2) + 1), of: intervalsWords(query.interval, of), once: formatNumber(once) });
}

function stickinessTable(query: StickinessQuery, answer: StickinessAnswer): TableData {
  const was = answer.previous;
  const n = answer.counts.reduce((sum, each) => sum + each.customers, 0);
  return {
    columns: [
      { text: t("sticky.intervals"), key: "intervals" },
      { text: t("sticky.customers"), number: true, key: "customers" },
      { text: t("sticky.share"), number: true, key: "share" },
      ...(was ? [{ text: comparedName(query), number: true, key: "customers_before" }] : []),
    ],
    rows: answer.counts.map(({ intervals, customers }, at) => ({
      key: String(intervals),
      cells: [
        { value: intervals, show: intervalsWords(query.interval, intervals) },
        { value: customers, show: <OpenNumber query={query} open={{ intervals }} n={customers} asOf={answer.as_of} /> },
        { value: n ? customers / n : null, show: formatShare(n ? customers / n : null) },
        ...(was ? [{ value: was.counts[at]?.customers ?? null, show: <OpenNumber query={query} open={{ intervals, previous: true }} n={was.counts[at]?.customers} asOf={answer.as_of} /> }] : []),
      ],
    })),
  };
}

function stickinessPicture(query: StickinessQuery, answer: StickinessAnswer, title: string): Picture {
  const was = answer.previous;
  return {
    title,
    summary: stickinessSummary(query, answer),
    note: pictureNote(answer, answer.counts.reduce((sum, each) => sum + each.customers, 0), query.range, query.timezone),
    body: {
      kind: "time",
      look: "columns",
      labels: answer.counts.map(({ intervals }) => intervalsWords(query.interval, intervals)),
      lines: [
        { name: t("chart.now"), values: answer.counts.map((each) => each.customers), index: 0 },
        ...(was ? [{ name: comparedName(query), values: answer.counts.map((_, at) => was.counts[at]?.customers ?? 0), index: 0, compared: true }] : []),
      ],
      partial: [],
    },
  };
}
