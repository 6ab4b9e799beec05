// Retention: of those who began in one week, how many came back in the weeks after.
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { useQuestion } from "../../api/hooks";
import type { Cohort, RetentionAnswer } from "../../api/types";
import { Curve } from "../../charts/curve";
import { ExportMenu, tableExports } from "../../charts/export";
import { LEAST_COHORT, RetentionGrid } from "../../charts/retention";
import { DataTable } from "../../charts/table";
import { openEvidence } from "../../evidence/state";
import { formatDay } from "../../format";
import { Empty } from "../../parts/basic";
import { Select } from "../../parts/field";
import { BreakdownPicker } from "../../query/breakdown";
import { GroupMenu, groupSwatch, withMore } from "../../query/group-menu";
import { MatcherEditor } from "../../query/matcher-editor";
import type { IntervalName, Matcher, RetentionQuery } from "../../query/types";
import { breakdownWords, groupWords, matcherWords } from "../../query/words";
import { t, tOr } from "../../strings";
import { AnswerSheet, JourneyFrame } from "./frame";
import { periodWords, retentionGroupsTable, retentionLines, retentionPicture, retentionSummary, retentionTable } from "./retention-data";
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
  const event = typeof full.start.event === "string" ? full.start.event : "";
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
            <BreakdownPicker breakdown={state.breakdown} event={event} onChange={(breakdown) => set({ breakdown })} />
            <Select inline label={t("interval")} value={interval} onChange={(next: IntervalName) => set({ interval: next })} options={(["day", "week", "month"] as const).map((each) => ({ value: each as IntervalName, text: t(`interval.${each}`) }))} />
            <Select inline label={t("retention.periods")} value={String(state.periods ?? 9)} onChange={(periods) => set({ periods: Number(periods) })} options={[5, 9, 12, 16].map((n) => ({ value: String(n), text: t("retention.periods.n", { n }) }))} />
            <Select inline label={t("retention.cohorts")} value={state.cohort ?? "first"} onChange={(cohort) => set({ cohort: cohort === "every" ? cohort : undefined })} options={(["first", "every"] as const).map((each) => ({ value: each, text: t(`retention.cohorts.${each}`) }))} />
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
        {answer && query && answer.cohorts.length > 0 && (state.table ? (
          <DataTable label={summary} table={retentionTable(query, answer)} />
        ) : (
          <div class="retention-two">
            <RetentionGrid query={query} cohorts={answer.cohorts} previous={answer.previous?.cohorts} asOf={answer.as_of} summary={summary} />
            <Curve labels={labelsOf(query, answer.cohorts)} lines={retentionLines(query, answer)} summary={t("retention.curve")} />
          </div>
        ))}
        {answer && (
          <p class="small dim chart-note">
            {t("retention.note", { n: LEAST_COHORT })} {answer.previous && t("retention.note.compared")}
          </p>
        )}
      </AnswerSheet>
      {answer?.groups && query && (
        <Groups query={query} answer={answer} groups={answer.groups} event={event} onChange={({ conds, breakdown }) => set({ start: withMore(full.start, conds), breakdown })} />
      )}
    </JourneyFrame>
  );
}

const titleOf = (asked: { start: Matcher; return: Matcher }): string =>
  asked.start.event === "*" && asked.return.event === "*" ? t("retention.title.any") : t("retention.title", { start: matcherWords(asked.start), back: matcherWords(asked.return) });

const labelsOf = (query: RetentionQuery, cohorts: Cohort[]): string[] => Array.from({ length: cohorts[0]?.returned.length ?? 0 }, (_, n) => periodWords(query, n));

interface GroupsProps {
  query: RetentionQuery;
  answer: RetentionAnswer;
  groups: NonNullable<RetentionAnswer["groups"]>;
  event: string;
  onChange: Parameters<typeof GroupMenu>[0]["onChange"];
}

/** A row for each group, and its own grid where somebody wants it. */
function Groups({ query, answer, groups, event, onChange }: GroupsProps) {
  const title = t("funnel.groups", { name: breakdownWords(query.breakdown!) });
  const newest = (cohorts: Cohort[]): Cohort | undefined => cohorts.findLast((cohort) => cohort.size > 0);
  const menu = (group: string, cohorts: Cohort[], index: number) => {
    const cohort = newest(cohorts);
    return (
      <GroupMenu
        breakdown={query.breakdown!}
        group={group}
        event={event}
        swatch={groupSwatch(group, index)}
        openText={cohort && t("retention.group.open", { when: formatDay(cohort.start) })}
        onOpen={() => cohort && openEvidence({ q: query, o: { cohort: cohort.start, group }, n: cohort.size, a: answer.as_of })}
        onChange={onChange}
      />
    );
  };
  return (
    <section class="sheet" aria-label={title}>
      <header class="sheet-head">
        <h2>{title}</h2>
        <span class="push" />
        <ExportMenu name={title} {...tableExports(() => retentionGroupsTable(query, answer, groups))} />
      </header>
      <div class="chart-place">
        <DataTable label={t("retention.groups.table", { name: breakdownWords(query.breakdown!) })} table={retentionGroupsTable(query, answer, groups, menu)} />
      </div>
      <div class="retention-groups">
        {groups.map(({ group, cohorts }) => (
          <Group key={group} name={groupWords(group)}>
            <RetentionGrid
              query={query}
              cohorts={cohorts}
              previous={answer.previous?.groups?.find((each) => each.group === group)?.cohorts}
              group={group}
              asOf={answer.as_of}
              summary={groupWords(group)}
            />
          </Group>
        ))}
      </div>
    </section>
  );
}

/** Made only once it is opened: a grid is some hundred cells. */
function Group({ name, children }: { name: string; children: ComponentChildren }) {
  const [open, setOpen] = useState(false);
  return (
    <details class="retention-group" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <bdi>{name}</bdi>
      </summary>
      {open && children}
    </details>
  );
}
