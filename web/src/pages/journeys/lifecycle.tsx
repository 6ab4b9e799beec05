// Lifecycle: who is new, who came again, who came back after a pause, who went quiet.
import { useQuestion } from "../../api/hooks";
import type { LifecycleAnswer } from "../../api/types";
import type { TableData } from "../../charts/data";
import { pictureNote, tableExports } from "../../charts/export";
import { LifecycleChart } from "../../charts/lifecycle";
import type { Picture } from "../../charts/picture";
import { DataTable } from "../../charts/table";
import { OpenNumber } from "../../evidence/number";
import { openEvidence } from "../../evidence/state";
import { formatInterval, formatNumber } from "../../format";
import { NoteButton, pictureMarks, useChartNotes, type ChartNotes } from "../../notes/notes";
import { Empty } from "../../parts/basic";
import { LIFE_STATES, type LifecycleQuery } from "../../query/types";
import { comparedName, matcherWords } from "../../query/words";
import { t, tOr } from "../../strings";
import { AnswerSheet, JourneyFrame } from "./frame";
import { HabitBuilder } from "./habit";
import { HABIT_RANGE, habitQuery, useJourney, type HabitState } from "./state";

const NONE: string[] = [];

export function LifecycleTab() {
  const [state, set] = useJourney<HabitState>();
  const load = useQuestion<LifecycleAnswer, LifecycleQuery>(habitQuery("lifecycle", state));
  const query = load.query!;
  const answer = load.data;
  const interval = query.interval ?? "week";
  const notes = useChartNotes(query.range, answer?.intervals ?? NONE, interval);
  const title = query.event === "*" ? t("life.title.any") : t("life.title", { what: matcherWords(query) });
  const summary = answer ? lifecycleSummary(query, answer) : "";
  return (
    <JourneyFrame tab="lifecycle" state={state} set={set} title={title} lead={summary} range={HABIT_RANGE} builder={<HabitBuilder state={state} set={set} />}>
      <AnswerSheet
        load={load}
        answer={answer}
        table={state.table === true}
        onTable={() => set({ table: state.table ? undefined : true })}
        exports={answer ? { name: title, ...tableExports(() => lifecycleTable(query, answer)), picture: () => lifecyclePicture(query, answer, title, notes) } : null}
        tools={!state.table && <NoteButton notes={notes} />}
        head={<h2>{t("life.head")}</h2>}
      >
        {notes.dialog}
        {answer && answer.intervals.length === 0 && <Empty>{t("answer.empty")}</Empty>}
        {answer && answer.intervals.length > 0 && (state.table ? (
          <DataTable label={summary} table={lifecycleTable(query, answer)} />
        ) : (
          <LifecycleChart
            query={query}
            answer={answer}
            interval={interval}
            summary={summary}
            notes={notes}
            onOpen={({ at, state: life }) => openEvidence({ q: query, o: { interval: answer.intervals[at]!, state: life }, n: answer[life][at]!, a: answer.as_of })}
          />
        ))}
        {answer && <p class="small dim chart-note">{t("life.note")}</p>}
      </AnswerSheet>
    </JourneyFrame>
  );
}

/** Of the last interval that is over. */
export function lifecycleSummary(query: LifecycleQuery, answer: LifecycleAnswer): string {
  const partial = new Set(answer.partial);
  const at = answer.intervals.findLastIndex((label) => !partial.has(label));
  if (at < 0) return t("life.summary.young");
  const of = (state: (typeof LIFE_STATES)[number]): string => formatNumber(answer[state][at]!);
  return t("life.summary", { unit: tOr(`unit.one.${query.interval ?? "week"}`, ""), when: formatInterval(answer.intervals[at]!, query.interval ?? "week", true), new: of("new"), returning: of("returning"), resurrected: of("resurrected"), dormant: of("dormant") });
}

function lifecycleTable(query: LifecycleQuery, answer: LifecycleAnswer): TableData {
  const interval = query.interval ?? "week";
  const partial = new Set(answer.partial);
  const { previous } = answer;
  return {
    columns: [
      { text: t(`interval.${interval}`), key: "interval" },
      ...LIFE_STATES.map((state) => ({ text: t(`life.${state}`), number: true, key: state })),
      ...(previous ? LIFE_STATES.map((state) => ({ text: t("chart.previous.of", { name: t(`life.${state}`), compared: comparedName(query) }), number: true, key: `${state}_before` })) : []),
    ],
    rows: answer.intervals.map((label, at) => ({
      key: label,
      cells: [
        {
          value: label,
          show: (
            <>
              <span class="nowrap">{formatInterval(label, interval, true)}</span>
              {partial.has(label) && <span class="dim small">{t("chart.partial")}</span>}
            </>
          ),
        },
        ...LIFE_STATES.map((state) => ({ value: answer[state][at]!, show: <OpenNumber query={query} open={{ interval: label, state }} n={answer[state][at]} asOf={answer.as_of} /> })),
        ...(previous ? LIFE_STATES.map((state) => ({ value: previous[state][at] ?? null, show: <OpenNumber query={query} open={{ interval: previous.intervals[at], state, previous: true }} n={previous[state][at]} asOf={answer.as_of} /> })) : []),
      ],
    })),
  };
}

function lifecyclePicture(query: LifecycleQuery, answer: LifecycleAnswer, title: string, notes: ChartNotes): Picture {
  const above = ["returning", "resurrected", "new"] as const;
  const colours = { returning: 0, resurrected: 2, new: 1 };
  const active = answer.intervals.map((_, at) => above.reduce((sum, state) => sum + answer[state][at]!, 0));
  return {
    title,
    summary: lifecycleSummary(query, answer),
    note: pictureNote(answer, t("life.n", { low: Math.min(...active), high: Math.max(...active) }), query.range, query.timezone),
    body: {
      kind: "time",
      look: "stacked",
      labels: answer.intervals.map((label) => formatInterval(label, query.interval ?? "week")),
      lines: [
        ...above.map((state) => ({ name: t(`life.${state}`), values: answer[state], index: colours[state] })),
        { name: t("life.dormant"), values: answer.dormant.map((n) => -n), index: 0, rest: true },
      ],
      partial: answer.partial.map((label) => answer.intervals.indexOf(label)),
      marks: pictureMarks(notes),
    },
  };
}
