// A funnel as a sentence, as a table and as a picture.
import type { ComponentChildren } from "preact";
import type { FunnelAnswer } from "../../api/types";
import type { Cell, TableData } from "../../charts/data";
import { pictureNote } from "../../charts/export";
import type { Picture } from "../../charts/picture";
import { OpenNumber } from "../../evidence/number";
import { formatLength, formatNumber, formatPoints, formatShare } from "../../format";
import type { FunnelQuery } from "../../query/types";
import { breakdownWords, comparedName, groupWords, matcherWords } from "../../query/words";
import { cleanLine } from "../../safe";
import { wilson } from "../../stats";
import { t } from "../../strings";

export function funnelSummary(answer: FunnelAnswer): string {
  const [first, ...rest] = answer.steps;
  if (!first) return t("answer.empty");
  return t("funnel.summary", {
    n: first.count,
    first: cleanLine(first.label),
    rest: rest.map((step) => t("funnel.summary.step", { n: step.count, step: cleanLine(step.label) })).join(", "),
  });
}

/** What one step came to in the time compared with. */
function earlier(query: FunnelQuery, answer: FunnelAnswer, steps: FunnelAnswer["steps"], index: number): Cell[] {
  const step = steps[index]!;
  const lost = index > 0 ? steps[index - 1]!.count - step.count : null;
  return [
    { value: step.count, show: <OpenNumber query={query} open={{ step: step.step, outcome: "reached", previous: true }} n={step.count} asOf={answer.as_of} /> },
    index > 0 ? share(step.count, steps[index - 1]!.count) : { value: step.rate_from_previous, show: formatShare(step.rate_from_previous) },
    { value: lost, show: lost === null ? "–" : <OpenNumber query={query} open={{ step: step.step, outcome: "dropped", previous: true }} n={lost} asOf={answer.as_of} /> },
  ];
}

/** A share with its interval, as far as there is one. */
function share(part: number, whole: number): Cell {
  const range = wilson(part, whole);
  return {
    value: whole ? part / whole : null,
    show: (
      <>
        {formatShare(whole ? part / whole : null)} {range && <span class="dim small">{`${formatPoints(range.low)}–${formatPoints(range.high)}`}</span>}
      </>
    ),
  };
}

/** Of a group what can be done with it. */
export type GroupCell = (group: string, index: number) => ComponentChildren;

function groupsTable(query: FunnelQuery, answer: FunnelAnswer, menu?: GroupCell): TableData {
  const { previous } = answer;
  return {
    columns: [
      { text: breakdownWords(query.breakdown!), key: "group" },
      ...answer.steps.map((step) => ({ text: cleanLine(step.label), number: true, key: `step_${step.step}` })),
      { text: t("funnel.all.the.way"), number: true, key: "rate_from_start" },
      ...(previous ? [{ text: t("chart.previous.of", { name: t("funnel.all.the.way"), compared: comparedName(query) }), number: true, key: "rate_from_start_before" }] : []),
    ],
    rows: (answer.groups ?? []).map((group, index) => ({
      key: group.group,
      cells: [
        { value: group.group, show: menu ? menu(group.group, index) : groupWords(group.group) },
        ...group.steps.map((step) => ({ value: step.count, show: <OpenNumber query={query} open={{ step: step.step, outcome: "reached", group: group.group }} n={step.count} asOf={answer.as_of} /> })),
        share(group.steps.at(-1)?.count ?? 0, group.steps[0]?.count ?? 0),
        ...(previous ? [share(previous.groups?.[index]?.steps.at(-1)?.count ?? 0, previous.groups?.[index]?.steps[0]?.count ?? 0)] : []),
      ],
    })),
  };
}

export function funnelTable(query: FunnelQuery, answer: FunnelAnswer, menu?: GroupCell): TableData {
  if (answer.groups) return groupsTable(query, answer, menu);
  const before = answer.previous?.steps;
  const named = (name: string): string => t("chart.previous.of", { name, compared: comparedName(query) });
  return {
    columns: [
      { text: t("funnel.step.name"), key: "step" },
      { text: t("funnel.reached"), number: true, key: "count" },
      { text: t("funnel.of.start"), number: true, key: "rate_from_start" },
      { text: t("funnel.of.previous"), number: true, key: "rate_from_previous" },
      { text: t("funnel.stopped.before"), number: true, key: "dropped" },
      { text: t("funnel.median"), number: true, key: "median_ms_from_previous" },
      ...(before
        ? [
            { text: named(t("funnel.reached")), number: true, key: "count_before" },
            { text: named(t("funnel.of.previous")), number: true, key: "rate_from_previous_before" },
            { text: named(t("funnel.stopped.before")), number: true, key: "dropped_before" },
          ]
        : []),
    ],
    rows: answer.steps.map((step, index) => {
      const previous = answer.steps[index - 1];
      const lost = previous ? previous.count - step.count : null;
      const median = step.median_ms_from_previous;
      return {
        key: String(step.step),
        cells: [
          { value: step.label, show: `${step.step} ${cleanLine(step.label)}` },
          { value: step.count, show: <OpenNumber query={query} open={{ step: step.step, outcome: "reached" }} n={step.count} asOf={answer.as_of} /> },
          { value: step.rate_from_start, show: formatShare(step.rate_from_start) },
          previous ? share(step.count, previous.count) : { value: step.rate_from_previous, show: formatShare(step.rate_from_previous) },
          { value: lost, show: lost === null ? "–" : <OpenNumber query={query} open={{ step: step.step, outcome: "dropped" }} n={lost} asOf={answer.as_of} /> },
          { value: median, show: median === null ? "–" : formatLength(median) },
          ...(before ? earlier(query, answer, before, index) : []),
        ],
      };
    }),
  };
}

export function funnelPicture(query: FunnelQuery, answer: FunnelAnswer): Picture {
  const { steps } = answer;
  const parts = answer.groups?.length
    ? answer.groups.map((group) => ({ name: groupWords(group.group), counts: group.steps.map((step) => step.count), rest: group.group === "(other)" }))
    : [{ name: "", counts: steps.map((step) => step.count), rest: false }];
  return {
    title: t("funnel.title", { from: matcherWords(query.steps[0]!), to: matcherWords(query.steps.at(-1)!) }),
    summary: funnelSummary(answer),
    note: pictureNote(answer, steps[0]?.count ?? null, query.range, query.timezone),
    body: {
      kind: "funnel",
      steps: steps.map((step, at) => ({
        name: `${step.step} ${cleanLine(step.label)}`,
        count: step.count,
        text: formatNumber(step.count),
        rate: formatShare(step.rate_from_previous),
        lost: at + 1 < steps.length ? t("funnel.stopped", { n: step.count - steps[at + 1]!.count }) : "",
      })),
      parts,
    },
  };
}
