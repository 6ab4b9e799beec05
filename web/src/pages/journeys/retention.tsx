// Retention: of those who began in one week, how many came back in the weeks after.
import { useQuestion } from "../../api/hooks";
import type { RetentionAnswer } from "../../api/types";
import type { TableData } from "../../charts/data";
import { pictureNote, tableExports } from "../../charts/export";
import type { Picture } from "../../charts/picture";
import { cellLook, LEAST_COHORT, RetentionGrid } from "../../charts/retention";
import { DataTable } from "../../charts/table";
import { OpenNumber } from "../../evidence/number";
import { formatDay, formatNumber, formatShare } from "../../format";
import { Empty } from "../../parts/basic";
import { Select } from "../../parts/field";
import { MatcherEditor } from "../../query/matcher-editor";
import type { IntervalName, Matcher, RetentionQuery } from "../../query/types";
import { matcherWords } from "../../query/words";
import { t, tOr } from "../../strings";
import { AnswerSheet, JourneyFrame } from "./frame";
import { retentionQuery, useJourney, type RetentionState } from "./state";

const ANY: Matcher = { event: "*" };
const RANGE = "last 12 weeks";

export function RetentionTab() {
  const [state, set] = useJourney<RetentionState>();
  const full = { ...state, start: state.start ?? ANY, return: state.return ?? ANY };
  const load = useQuestion<RetentionAnswer, RetentionQuery>(retentionQuery(full));
  const { query } = load;
  const answer = query ? load.data : undefined;
  const interval = state.interval ?? "week";
  const summary = answer && query ? retentionSummary(query, answer) : "";
  return (
    <JourneyFrame
      tab="retention"
      state={state}
      set={set}
      title={titleOf(full)}
      lead={summary}
      range={RANGE}
      builder={
        <div class="builder">
          <MatcherEditor label={t("retention.start")} matcher={full.start} before={<span class="builder-word">{t("retention.start")}</span>} onChange={(start) => set({ start })} />
          <MatcherEditor label={t("retention.back")} matcher={full.return} before={<span class="builder-word">{t("retention.back")}</span>} onChange={(back) => set({ return: back })} />
          <div class="row wrap">
            <Select inline label={t("interval")} value={interval} onChange={(next: IntervalName) => set({ interval: next })} options={(["day", "week", "month"] as const).map((each) => ({ value: each as IntervalName, text: t(`interval.${each}`) }))} />
            <Select inline label={t("retention.periods")} value={String(state.periods ?? 9)} onChange={(periods) => set({ periods: Number(periods) })} options={[5, 9, 12, 16].map((n) => ({ value: String(n), text: t("retention.periods.n", { n }) }))} />
            <Select inline label={t("retention.mode")} value={state.mode ?? "bounded"} onChange={(mode) => set({ mode: mode === "bounded" ? undefined : mode })} options={(["bounded", "unbounded"] as const).map((each) => ({ value: each, text: t(`retention.mode.${each}`) }))} />
          </div>
        </div>
      }
    >
      <AnswerSheet
        load={load}
        answer={answer}
        table={state.table === true}
        onTable={() => set({ table: state.table ? undefined : true })}
        exports={answer && query ? { name: titleOf(full), ...tableExports(() => retentionTable(query, answer)), picture: () => retentionPicture(query, answer, titleOf(full)) } : null}
        head={<h2>{t("retention.grid", { unit: tOr(`unit.one.${interval}`, interval) })}</h2>}
        height={320}
      >
        {answer && query && answer.cohorts.length === 0 && <Empty>{t("answer.empty")}</Empty>}
        {answer && query && answer.cohorts.length > 0 && (state.table ? <DataTable label={summary} table={retentionTable(query, answer)} /> : <RetentionGrid query={query} answer={answer} summary={summary} />)}
        {answer && <p class="small dim chart-note">{t("retention.note", { n: LEAST_COHORT })}</p>}
      </AnswerSheet>
    </JourneyFrame>
  );
}

const titleOf = (asked: { start: Matcher; return: Matcher }): string =>
  asked.start.event === "*" && asked.return.event === "*" ? t("retention.title.any") : t("retention.title", { start: matcherWords(asked.start), back: matcherWords(asked.return) });

/** Of all whole cohorts that are old enough, how many came back in period 1. */
export function retentionSummary(query: RetentionQuery, answer: RetentionAnswer): string {
  const partial = new Set(answer.partial);
  const whole = answer.cohorts.filter((cohort) => cohort.size > 0 && !partial.has(cohort.start) && typeof cohort.returned[1] === "number");
  // The period after may be under way; its cohort is the last of them and is left out.
  const done = whole.filter((_, index) => index < whole.length - 1 || answer.cohorts.at(-1) !== whole.at(-1));
  const size = done.reduce((sum, cohort) => sum + cohort.size, 0);
  const back = done.reduce((sum, cohort) => sum + (cohort.returned[1] ?? 0), 0);
  if (size === 0) return t("retention.too.young");
  const unit = tOr(`unit.one.${query.interval ?? "week"}`, "");
  return t("retention.summary", { n: size, back: formatNumber(back), share: formatShare(back / size), unit, event: matcherWords(query.return) });
}

const periodsOf = (answer: RetentionAnswer): number => Math.max(0, ...answer.cohorts.map((cohort) => cohort.returned.length));
const periodWords = (query: RetentionQuery, n: number): string => tOr(`retention.${query.interval ?? "week"}`, String(n), { n });

function retentionTable(query: RetentionQuery, answer: RetentionAnswer): TableData {
  return {
    columns: [
      { text: t("retention.cohort"), key: "cohort" },
      { text: t("retention.n"), number: true, key: "size" },
      ...Array.from({ length: periodsOf(answer) }, (_, n) => ({ text: periodWords(query, n), number: true, key: `period_${n}` })),
    ],
    rows: answer.cohorts.map((cohort) => ({
      key: cohort.start,
      cells: [
        { value: cohort.start, show: formatDay(cohort.start) },
        { value: cohort.size, show: <OpenNumber query={query} open={{ cohort: cohort.start }} n={cohort.size} asOf={answer.as_of} /> },
        ...cohort.returned.map((n, period) => ({ value: n, show: n === null ? "" : <OpenNumber query={query} open={{ cohort: cohort.start, period, outcome: "returned" }} n={n} asOf={answer.as_of} /> })),
      ],
    })),
  };
}

function retentionPicture(query: RetentionQuery, answer: RetentionAnswer, title: string): Picture {
  return {
    title,
    summary: retentionSummary(query, answer),
    note: pictureNote(answer, answer.cohorts.reduce((sum, cohort) => sum + cohort.size, 0), query.range, query.timezone),
    body: {
      kind: "grid",
      head: Array.from({ length: periodsOf(answer) }, (_, n) => periodWords(query, n)),
      rows: answer.cohorts.map((cohort) => ({
        name: formatDay(cohort.start),
        size: formatNumber(cohort.size),
        cells: cohort.returned.map((n) => {
          const look = cellLook(cohort.size, n);
          return { text: look.text, step: look.step };
        }),
      })),
    },
  };
}
