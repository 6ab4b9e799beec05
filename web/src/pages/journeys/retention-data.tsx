// Retention as a sentence, as tables, as lines and as a picture.
import type { ComponentChildren } from "preact";
import type { Cohort, RetentionAnswer } from "../../api/types";
import type { CurveLine } from "../../charts/curve";
import type { Cell, TableData } from "../../charts/data";
import { pictureNote } from "../../charts/export";
import type { Picture } from "../../charts/picture";
import { cellLook, returnShares } from "../../charts/retention";
import { OpenNumber } from "../../evidence/number";
import { formatDay, formatNumber, formatShare } from "../../format";
import type { RetentionQuery } from "../../query/types";
import { breakdownWords, comparedName, groupWords, matcherWords } from "../../query/words";
import { t, tOr } from "../../strings";

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

const periodsOf = (cohorts: Cohort[]): number => Math.max(0, ...cohorts.map((cohort) => cohort.returned.length));
export const periodWords = (query: RetentionQuery, n: number): string => tOr(`retention.${query.interval ?? "week"}`, String(n), { n });

/** All together, or each group; and all together in the time compared with. */
export function retentionLines(query: RetentionQuery, answer: RetentionAnswer): CurveLine[] {
  const shares = (cohorts: Cohort[]) => returnShares(query, cohorts, answer.as_of);
  if (answer.groups?.length) return answer.groups.map(({ group, cohorts }, index) => ({ name: groupWords(group), values: shares(cohorts), index, rest: group === "(other)" }));
  const now = { name: t("chart.now"), values: shares(answer.cohorts), index: 0 };
  return answer.previous ? [now, { name: comparedName(query), values: shares(answer.previous.cohorts), index: 0, compared: true }] : [now];
}

export function retentionTable(query: RetentionQuery, answer: RetentionAnswer): TableData {
  const periods = Array.from({ length: periodsOf(answer.cohorts) }, (_, n) => n);
  const { previous } = answer;
  const numbers = (cohort: Cohort | undefined, before: boolean): Cell[] => {
    const open = { cohort: cohort?.start ?? "", ...(before ? { previous: true } : {}) };
    return [
      { value: cohort?.size ?? null, show: <OpenNumber query={query} open={open} n={cohort?.size} asOf={answer.as_of} /> },
      ...periods.map((period) => {
        const n = cohort?.returned[period] ?? null;
        return { value: n, show: n === null ? "" : <OpenNumber query={query} open={{ ...open, period, outcome: "returned" }} n={n} asOf={answer.as_of} /> };
      }),
    ];
  };
  const named = (name: string): string => t("chart.previous.of", { name, compared: comparedName(query) });
  return {
    columns: [
      { text: t("retention.cohort"), key: "cohort" },
      { text: t("retention.n"), number: true, key: "size" },
      ...periods.map((n) => ({ text: periodWords(query, n), number: true, key: `period_${n}` })),
      ...(previous
        ? [
            { text: named(t("retention.cohort")), key: "cohort_before" },
            { text: named(t("retention.n")), number: true, key: "size_before" },
            ...periods.map((n) => ({ text: named(periodWords(query, n)), number: true, key: `period_${n}_before` })),
          ]
        : []),
    ],
    rows: answer.cohorts.map((cohort, at) => {
      const before = previous?.cohorts[at];
      return {
        key: cohort.start,
        cells: [
          { value: cohort.start, show: formatDay(cohort.start) },
          ...numbers(cohort, false),
          ...(previous ? [{ value: before?.start ?? null, show: before ? formatDay(before.start) : "" }, ...numbers(before, true)] : []),
        ],
      };
    }),
  };
}

/** A row for each group: how many began, and which share of them came back. */
export function retentionGroupsTable(
  query: RetentionQuery,
  answer: RetentionAnswer,
  groups: { group: string; cohorts: Cohort[] }[],
  menu?: (group: string, cohorts: Cohort[], index: number) => ComponentChildren,
): TableData {
  return {
    columns: [
      { text: breakdownWords(query.breakdown!), key: "group" },
      { text: t("retention.n"), number: true, key: "size" },
      ...Array.from({ length: periodsOf(answer.cohorts) }, (_, n) => ({ text: periodWords(query, n), number: true, key: `share_${n}` })),
    ],
    rows: groups.map(({ group, cohorts }, index) => {
      const size = cohorts.reduce((sum, cohort) => sum + cohort.size, 0);
      return {
        key: group,
        cells: [
          { value: group, show: menu ? menu(group, cohorts, index) : groupWords(group) },
          { value: size, show: formatNumber(size) },
          ...returnShares(query, cohorts, answer.as_of).map((share) => ({ value: share, show: share === null ? "–" : formatShare(share) })),
        ],
      };
    }),
  };
}

export function retentionPicture(query: RetentionQuery, answer: RetentionAnswer, title: string): Picture {
  return {
    title,
    summary: retentionSummary(query, answer),
    note: pictureNote(answer, answer.cohorts.reduce((sum, cohort) => sum + cohort.size, 0), query.range, query.timezone),
    body: {
      kind: "grid",
      head: Array.from({ length: periodsOf(answer.cohorts) }, (_, n) => periodWords(query, n)),
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
