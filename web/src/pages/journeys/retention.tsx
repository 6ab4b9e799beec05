// Retention: of those who began in one week, how many came back in the weeks after.
import { useAnswer } from "../../api/hooks";
import type { RetentionAnswer } from "../../api/types";
import { LEAST_COHORT, RetentionGrid } from "../../charts/retention";
import { DataTable, TwinButton } from "../../charts/table";
import { OpenNumber } from "../../evidence/number";
import { Page } from "../../frame/frame";
import { formatDay, formatNumber, formatShare } from "../../format";
import { Empty, Problem, Skeleton, Warnings } from "../../parts/basic";
import { Select } from "../../parts/field";
import { MatcherEditor } from "../../query/matcher-editor";
import { RangePicker } from "../../query/range-picker";
import { SegmentChips } from "../../query/segment-chips";
import type { IntervalName, Matcher, RetentionQuery } from "../../query/types";
import { matcherWords } from "../../query/words";
import { t, tOr } from "../../strings";
import { JourneyTabs } from "./page";
import { retentionQuery, useJourney, type RetentionState } from "./state";
import { useViews, ViewTools } from "./views";

const ANY: Matcher = { event: "*" };
const RANGE = "last 12 weeks";

export function RetentionTab() {
  const [state, set] = useJourney<RetentionState>();
  const full = { ...state, start: state.start ?? ANY, return: state.return ?? ANY };
  const query = retentionQuery(full);
  const load = useAnswer<RetentionAnswer>(query);
  const views = useViews();
  const list = views.data?.views ?? [];
  const view = list.find((each) => String(each.id) === String(state.view));
  const answer = query ? load.data : undefined;
  const interval = state.interval ?? "week";
  const summary = answer && query ? retentionSummary(query, answer) : "";
  return (
    <Page
      above={<JourneyTabs here="retention" />}
      title={view?.name ?? (full.start.event === "*" && full.return.event === "*" ? t("retention.title.any") : t("retention.title", { start: matcherWords(full.start), back: matcherWords(full.return) }))}
      lead={summary}
      bar={
        <>
          <RangePicker range={state.range ?? RANGE} onChange={(range) => set({ range })} />
          <SegmentChips segment={state.segment} onChange={(segment) => set({ segment })} />
        </>
      }
      tools={<ViewTools tab="retention" state={state} views={list} reload={views.reload} />}
    >
      <section class="sheet" aria-label={t("builder")}>
        <div class="builder">
          <MatcherEditor label={t("retention.start")} matcher={full.start} before={<span class="builder-word">{t("retention.start")}</span>} onChange={(start) => set({ start })} />
          <MatcherEditor label={t("retention.back")} matcher={full.return} before={<span class="builder-word">{t("retention.back")}</span>} onChange={(back) => set({ return: back })} />
          <div class="row wrap">
            <Select inline label={t("interval")} value={interval} onChange={(next: IntervalName) => set({ interval: next })} options={(["day", "week", "month"] as const).map((each) => ({ value: each as IntervalName, text: t(`interval.${each}`) }))} />
            <Select inline label={t("retention.periods")} value={String(state.periods ?? 9)} onChange={(periods) => set({ periods: Number(periods) })} options={[5, 9, 12, 16].map((n) => ({ value: String(n), text: t("retention.periods.n", { n }) }))} />
            <Select inline label={t("retention.mode")} value={state.mode ?? "bounded"} onChange={(mode) => set({ mode: mode === "bounded" ? undefined : mode })} options={(["bounded", "unbounded"] as const).map((each) => ({ value: each, text: t(`retention.mode.${each}`) }))} />
          </div>
        </div>
      </section>
      <section class="sheet" aria-label={t("answer")} aria-busy={load.loading}>
        <header class="sheet-head">
          <h2>{t("retention.grid", { unit: tOr(`unit.one.${interval}`, interval) })}</h2>
          <span class="push" />
          <TwinButton on={state.table === true} toggle={() => set({ table: state.table ? undefined : true })} />
        </header>
        <div class="chart-place">
          {load.error && <Problem error={load.error} retry={load.reload} />}
          <Warnings list={answer?.warnings} />
          {!answer && !load.error && <Skeleton rows={8} height={320} />}
          {answer && query && answer.cohorts.length === 0 && <Empty>{t("answer.empty")}</Empty>}
          {answer && query && answer.cohorts.length > 0 && (state.table ? <Twin query={query} answer={answer} summary={summary} /> : <RetentionGrid query={query} answer={answer} summary={summary} />)}
          {answer && <p class="small dim chart-note">{t("retention.note", { n: LEAST_COHORT })}</p>}
        </div>
      </section>
    </Page>
  );
}

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

function Twin({ query, answer, summary }: { query: RetentionQuery; answer: RetentionAnswer; summary: string }) {
  const periods = Math.max(0, ...answer.cohorts.map((cohort) => cohort.returned.length));
  return (
    <DataTable
      label={summary}
      columns={[{ text: t("retention.cohort") }, { text: t("retention.n"), number: true }, ...Array.from({ length: periods }, (_, n) => ({ text: tOr(`retention.${query.interval ?? "week"}`, String(n), { n }), number: true }))]}
      rows={answer.cohorts.map((cohort) => ({
        key: cohort.start,
        cells: [
          formatDay(cohort.start),
          <OpenNumber key="size" query={query} open={{ cohort: cohort.start }} n={cohort.size} asOf={answer.as_of} />,
          ...cohort.returned.map((n, period) => (n === null ? "" : <OpenNumber key={period} query={query} open={{ cohort: cohort.start, period, outcome: "returned" }} n={n} asOf={answer.as_of} />)),
        ],
      }))}
    />
  );
}
