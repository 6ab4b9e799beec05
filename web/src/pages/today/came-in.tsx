// What came in: the lead card. How many were here, and each day beside the same day before.
import { useMemo, useState } from "preact/hooks";
import type { TrendAnswer } from "../../api/types";
import { pictureMarks, useChartNotes } from "../../notes/notes";
import { ExportMenu, pictureNote, tableExports } from "../../charts/export";
import type { TableData } from "../../charts/data";
import { DataTable, TwinButton } from "../../charts/table";
import { TrendChart, type Line } from "../../charts/trend";
import { OpenNumber } from "../../evidence/number";
import { openEvidence } from "../../evidence/state";
import { formatDayRange, formatInterval, formatNumber } from "../../format";
import { Tag } from "../../parts/basic";
import { Icon } from "../../parts/icon";
import { previousRange } from "../../query/range";
import type { Range, TrendQuery } from "../../query/types";
import { comparedName } from "../../query/words";
import { toSearch } from "../../query/url";
import { countChange } from "../../stats";
import { rich, t } from "../../strings";

export function ChangeTag({ now, before }: { now: number; before: number }) {
  const verdict = countChange(now, before);
  if (verdict === "few") return <Tag tone="line">{t("change.few")}</Tag>;
  if (verdict === "none") return <Tag tone="line">{t("change.none")}</Tag>;
  return <Tag tone="pen">{verdict === "more" ? t("change.more") : t("change.fewer")}</Tag>;
}

export function CameIn({ query, answer, range, fair }: { query: TrendQuery; answer: TrendAnswer; range: Range; fair: TrendAnswer | undefined }) {
  const [table, setTable] = useState(false);
  const people = answer.series[0];
  const beforePeople = answer.previous?.series[0];
  const before = previousRange(range);
  const notes = useChartNotes(range, answer.intervals, "day");
  const lines = useMemo((): Line[] => [
    { name: t("chart.now"), values: people?.values ?? [], index: 0 },
    { name: comparedName(query), values: answer.intervals.map((_, at) => beforePeople?.values[at] ?? null), compared: true, index: 0 },
  ], [answer]);
  if (!people) return null;
  const summary = t("today.chart", { n: people.total ?? 0, before: formatNumber(beforePeople?.total ?? 0), days: formatDayRange(before.from, before.to) });
  const today = people.values.at(-1) ?? 0;
  const label = answer.intervals.at(-1);
  const rows = (): TableData => ({
    columns: [{ text: t("interval.day"), key: "interval" }, { text: t("chart.now"), number: true }, { text: comparedName(query), number: true }],
    rows: answer.intervals.map((day, at) => {
      const earlier = answer.previous?.intervals[at];
      return {
        key: day,
        cells: [
          { value: day, show: formatInterval(day, "day", true) },
          { value: people.values[at] ?? null, show: <OpenNumber query={query} open={{ series: 0, interval: day }} n={people.values[at]} asOf={answer.as_of} /> },
          { value: beforePeople?.values[at] ?? null, show: <OpenNumber query={query} open={{ series: 0, interval: earlier, previous: true }} n={beforePeople?.values[at]} asOf={answer.as_of} /> },
        ],
      };
    }),
  });
  const sameDay = beforePeople?.values[answer.intervals.length - 1];
  return (
    <section class="sheet card-lead" aria-labelledby="came-in">
      <div class="card-lead-text">
        <p class="kick">
          <Icon name="customers" small />
          <b>{t("nav.customers")}</b> {t("today.against", { days: formatDayRange(before.from, before.to) })}
          <span class="push">
            {fair && <ChangeTag now={fair.series[0]?.total ?? 0} before={fair.previous?.series[0]?.total ?? 0} />}
          </span>
        </p>
        <h2 id="came-in">
          {rich("today.people", {
            now: <OpenNumber query={query} open={{ series: 0 }} n={people.total} asOf={answer.as_of} />,
            n: people.total ?? 0,
            before: <OpenNumber query={query} open={{ series: 0, previous: true }} n={beforePeople?.total ?? 0} asOf={answer.as_of} />,
          })}
        </h2>
        <dl class="figures">
          <div>
            <dt>{t("today.today")}</dt>
            <dd>
              <OpenNumber query={query} open={{ series: 0, interval: label }} n={today} asOf={answer.as_of} />
              {sameDay !== undefined && sameDay !== null && <span class="dim small"> {t("today.same.day", { n: formatNumber(sameDay) })}</span>}
            </dd>
          </div>
          <div>
            <dt>{t("today.events")}</dt>
            <dd>
              <OpenNumber query={query} open={{ series: 1 }} n={answer.series[1]?.total} asOf={answer.as_of} />
              <span class="dim small">
                {" "}
                {rich("chart.was", { number: <OpenNumber query={query} open={{ series: 1, previous: true }} n={answer.previous?.series[1]?.total} asOf={answer.as_of} /> })}
              </span>
            </dd>
          </div>
          <div>
            <dt>{t("today.said")}</dt>
            <dd>
              <OpenNumber query={query} open={{ series: 2 }} n={answer.series[2]?.total} asOf={answer.as_of} />
              <span class="dim small">
                {" "}
                {rich("chart.was", { number: <OpenNumber query={query} open={{ series: 2, previous: true }} n={answer.previous?.series[2]?.total} asOf={answer.as_of} /> })}
              </span>
            </dd>
          </div>
        </dl>
        <p class="card-foot">
          <a class="button" href={`/journeys/trends?${toSearch({ series: [{ event: "*", measure: "customers" }], range, compare: "previous" })}`}>
            {t("today.look")}
          </a>
          <TwinButton on={table} toggle={() => setTable(!table)} />
          <ExportMenu
            name={t("nav.customers")}
            {...tableExports(rows)}
            picture={() => ({
              title: t("nav.customers"),
              summary,
              note: pictureNote(answer, people.total, query.range, query.timezone),
              body: { kind: "time", look: "lines", labels: answer.intervals.map((day) => formatInterval(day, "day")), lines, partial: answer.partial.map((day) => answer.intervals.indexOf(day)), marks: pictureMarks(notes) },
            })}
          />
        </p>
      </div>
      {notes.dialog}
      <div class="card-lead-chart">
        {table ? (
          <DataTable label={summary} table={rows()} />
        ) : (
          <TrendChart
            labels={answer.intervals}
            comparedLabels={answer.previous?.intervals}
            interval="day"
            lines={lines}
            partial={answer.partial}
            summary={summary}
            notes={notes}
            look="lines"
            height={218}
            onOpen={(_index, point, compared) => {
              const interval = compared ? answer.previous?.intervals[point] : answer.intervals[point];
              const value = (compared ? beforePeople : people)?.values[point];
              if (interval !== undefined && typeof value === "number") openEvidence({ q: query, o: { series: 0, interval, ...(compared ? { previous: true } : {}) }, n: value, a: answer.as_of });
            }}
          />
        )}
      </div>
    </section>
  );
}
