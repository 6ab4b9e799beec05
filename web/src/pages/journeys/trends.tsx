// Trends: how many, over time.
import type { ComponentChildren } from "preact";
import { useMemo } from "preact/hooks";
import { useQuestion } from "../../api/hooks";
import type { TrendAnswer, TrendSeries } from "../../api/types";
import type { Cell, TableData } from "../../charts/data";
import { pictureNote, tableExports } from "../../charts/export";
import type { Picture } from "../../charts/picture";
import { DataTable } from "../../charts/table";
import { Totals } from "../../charts/totals";
import { TrendChart, type Line } from "../../charts/trend";
import { OpenNumber } from "../../evidence/number";
import { openEvidence } from "../../evidence/state";
import { formatInterval, formatNumber } from "../../format";
import { Button, Empty } from "../../parts/basic";
import { Select } from "../../parts/field";
import { BreakdownPicker } from "../../query/breakdown";
import { GroupMenu, groupSwatch, withMore } from "../../query/group-menu";
import { MatcherEditor } from "../../query/matcher-editor";
import { MeasurePicker } from "../../query/measure";
import { NoteButton, pictureMarks, useChartNotes, type ChartNotes } from "../../notes/notes";
import { DEFAULT_RANGE, zoomRange } from "../../query/range";
import type { IntervalName, Open, Range, Series, TrendQuery } from "../../query/types";
import { comparedName, groupWords, matcherWords, measureWords, rangeIn } from "../../query/words";
import { rich, t } from "../../strings";
import { AnswerSheet, JourneyFrame } from "./frame";
import { trendQuery, useJourney, type TrendState } from "./state";

const START: Series[] = [{ event: "*", measure: "customers" }];
/** More grey lines than this cannot be told apart. */
const MOST_COMPARED = 2;
const NONE: string[] = [];
const INTERVALS: IntervalName[] = ["hour", "day", "week", "month", "quarter"];

export const seriesName = (query: TrendQuery, each: TrendSeries): string => {
  const series = query.series[each.series];
  const named = series ? matcherWords(series) : each.label;
  if (each.group === null) return query.series.length > 1 || !series ? `${named}, ${measureWords(series?.measure)}` : named;
  return query.series.length > 1 ? `${named}, ${groupWords(each.group)}` : groupWords(each.group);
};

const titleOf = (query: TrendQuery): string =>
  query.series.length === 1 && query.series[0]!.event === "*" ? t("trends.title.any") : t("trends.title", { what: query.series.map((each) => matcherWords(each)).join(", ") });

const groupsOf = (answer: TrendAnswer): string[] => [...new Set(answer.series.flatMap((each) => (each.group === null ? [] : [each.group])))];

const cell = (each: TrendSeries, more: Open = {}): Open => ({ series: each.series, ...(each.group === null ? {} : { group: each.group }), ...more });

export function TrendsTab() {
  const [state, set] = useJourney<TrendState>();
  const full = { ...state, series: state.series?.length ? state.series : START };
  const load = useQuestion<TrendAnswer, TrendQuery>(trendQuery(full));
  const { query } = load;
  const answer = load.data;
  const notes = useChartNotes(query?.range ?? full.range, answer?.intervals ?? NONE, query?.interval ?? "day");
  const setSeries = (series: Series[]) => set({ series });
  const firstEvent = full.series[0]?.event ?? "*";
  // A group above the chart, in the table and beside its total: the same menu.
  const menu = (each: TrendSeries) => (
    <GroupMenu
      breakdown={query!.breakdown!}
      group={each.group!}
      event={typeof firstEvent === "string" ? firstEvent : ""}
      swatch={groupSwatch(each.group!, groupsOf(answer!).indexOf(each.group!))}
      onOpen={() => openEvidence({ q: query!, o: cell(each), n: each.total ?? undefined, a: answer!.as_of })}
      onChange={({ conds, breakdown }) => set({ series: full.series.map((series) => withMore(series, conds)), breakdown })}
    />
  );
  return (
    <JourneyFrame
      tab="trends"
      state={state}
      set={set}
      title={query ? titleOf(query) : t("journeys.trends")}
      lead={answer && query && <Lead query={query} answer={answer} />}
      range={DEFAULT_RANGE}
      builder={
        <div class="builder">
          {full.series.map((each, index) => (
            <MatcherEditor
              key={index}
              label={t("trends.series", { n: index + 1 })}
              matcher={each}
              before={<b class={`series-key ground-${(index % 5) + 1}`}>{String.fromCharCode(65 + index)}</b>}
              onChange={(matcher) => setSeries(full.series.map((other, at) => (at === index ? { ...matcher, measure: each.measure } : other)))}
              onRemove={full.series.length > 1 ? () => setSeries(full.series.filter((_, at) => at !== index)) : undefined}
            >
              <MeasurePicker measure={each.measure} event={typeof each.event === "string" ? each.event : ""} onChange={(measure) => setSeries(full.series.map((other, at) => (at === index ? { ...other, measure } : other)))} />
            </MatcherEditor>
          ))}
          <div class="row wrap">
            {full.series.length < 5 && (
              <Button look="quiet" icon="plus" onClick={() => setSeries([...full.series, { event: "", measure: "customers" }])}>
                {t("trends.add")}
              </Button>
            )}
            <BreakdownPicker breakdown={state.breakdown} event={typeof firstEvent === "string" ? firstEvent : ""} onChange={(breakdown) => set({ breakdown })} />
            <Select inline label={t("interval")} value={state.interval ?? "day"} onChange={(interval) => set({ interval })} options={INTERVALS.map((each) => ({ value: each, text: t(`interval.${each}`) }))} />
          </div>
        </div>
      }
    >
      <AnswerSheet
        load={load}
        answer={answer}
        table={state.table === true}
        onTable={() => set({ table: state.table ? undefined : true })}
        exports={answer && query ? { name: titleOf(query), ...tableExports(() => trendTable(query, answer)), picture: () => trendPicture(query, answer, state, notes) } : null}
        tools={state.look !== "totals" && !state.table && <NoteButton notes={notes} />}
        head={
          <Select
            inline
            label={t("trends.look")}
            value={state.look ?? "lines"}
            onChange={(look) => set({ look: look === "lines" ? undefined : look })}
            options={(["lines", "columns", "totals"] as const).map((each) => ({ value: each, text: t(`look.${each}`) }))}
          />
        }
      >
        {!query && <Empty>{t("trends.pick")}</Empty>}
        {notes.dialog}
        {query?.breakdown !== undefined && answer && (
          <ul class="legend groups">
            {answer.series
              .filter((each) => each.series === 0 && each.group !== null)
              .map((each) => (
                <li key={each.group}>{menu(each)}</li>
              ))}
          </ul>
        )}
        {query && answer && <Result key={String(state.look)} query={query} answer={answer} state={state} notes={notes} menu={menu} onZoom={(range) => set({ range })} />}
      </AnswerSheet>
    </JourneyFrame>
  );
}

function Lead({ query, answer }: { query: TrendQuery; answer: TrendAnswer }) {
  const first = answer.series[0];
  if (!first || first.total === null) return null;
  const groups = answer.series.length > 1 && first.group !== null;
  const before = answer.previous?.series[0];
  const range = rangeIn(query.range ?? DEFAULT_RANGE);
  return (
    <>
      {rich(groups ? "trends.lead.group" : "trends.lead", {
        number: <OpenNumber query={query} open={cell(first)} n={first.total} asOf={answer.as_of} />,
        measure: measureWords(query.series[first.series]?.measure),
        name: seriesName(query, first),
        range,
      })}
      {before && before.total !== null && (
        <> {rich("trends.lead.before", { compared: comparedName(query, "lead"), number: <OpenNumber query={query} open={cell(before, { previous: true })} n={before.total} asOf={answer.as_of} /> })}</>
      )}
    </>
  );
}

function trendLines(query: TrendQuery, answer: TrendAnswer): Line[] {
  const list: Line[] = answer.series.slice(0, 6).map((each, index) => ({ name: seriesName(query, each), values: each.values, rest: each.group === "(other)", index }));
  const compared: Line[] = (answer.series.length > MOST_COMPARED ? [] : (answer.previous?.series ?? [])).map((each, index) => ({
    name: answer.series.length === 1 ? comparedName(query) : t("chart.previous.of", { name: seriesName(query, each), compared: comparedName(query) }),
    // A compared month may be longer or shorter; beyond the axis there is nothing to draw on.
    values: answer.intervals.map((_, at) => each.values[at] ?? null),
    compared: true,
    index,
  }));
  return [...list, ...compared];
}

function trendPicture(query: TrendQuery, answer: TrendAnswer, state: TrendState, notes: ChartNotes): Picture {
  const interval = query.interval ?? "day";
  const totals = answer.series.length === 1 ? answer.series[0]!.total : answer.series.map((each) => `${each.total === null ? "–" : formatNumber(each.total)} ${seriesName(query, each)}`).join(", ");
  return {
    title: titleOf(query),
    summary: trendSummary(query, answer),
    note: pictureNote(answer, totals, query.range, query.timezone),
    body:
      state.look === "totals"
        ? { kind: "bars", rows: answer.series.map((each, index) => ({ name: seriesName(query, each), value: each.total, text: each.total === null ? "–" : formatNumber(each.total), before: answer.previous?.series[index]?.total ?? null })) }
        : { kind: "time", look: state.look ?? "lines", labels: answer.intervals.map((label) => formatInterval(label, interval)), lines: trendLines(query, answer), partial: answer.partial.map((label) => answer.intervals.indexOf(label)), marks: pictureMarks(notes) },
  };
}

interface ResultProps {
  query: TrendQuery;
  answer: TrendAnswer;
  state: TrendState;
  notes: ChartNotes;
  menu: GroupCell;
  onZoom: (range: Range) => void;
}

type GroupCell = (each: TrendSeries) => ComponentChildren;

function Result({ query, answer, state, notes, menu, onZoom }: ResultProps) {
  const lines = useMemo(() => trendLines(query, answer), [answer]);
  const summary = trendSummary(query, answer);
  if (answer.intervals.length === 0 || answer.series.length === 0) return <Empty>{t("answer.empty")}</Empty>;
  if (state.table) return <DataTable label={summary} table={trendTable(query, answer, menu)} />;
  if (state.look === "totals") {
    return (
      <Totals
        summary={summary}
        compared={comparedName(query)}
        list={answer.series.map((each, index) => {
          const before = answer.previous?.series[index];
          return {
            key: String(index),
            name: each.group !== null && query.series.length === 1 ? menu(each) : seriesName(query, each),
            value: each.total,
            before: before?.total,
            number: <OpenNumber query={query} open={cell(each)} n={each.total} asOf={answer.as_of} />,
            beforeNumber: before && rich("chart.was", { number: <OpenNumber query={query} open={cell(before, { previous: true })} n={before.total} asOf={answer.as_of} /> }),
          };
        })}
      />
    );
  }
  return (
    <>
    <TrendChart
      labels={answer.intervals}
      comparedLabels={answer.previous?.intervals}
      interval={query.interval ?? "day"}
      lines={lines}
      partial={answer.partial}
      summary={summary}
      notes={notes}
      look={state.look === "columns" ? "columns" : "lines"}
      onZoom={(first, last) => onZoom(zoomRange(answer.intervals[first]!, answer.intervals[last]!, query.interval ?? "day"))}
      onOpen={(index, point, compared) => {
        const each = compared ? answer.previous?.series[index] : answer.series[index];
        const label = compared ? answer.previous?.intervals[point] : answer.intervals[point];
        const value = each?.values[point];
        if (!each || label === undefined || value === null || value === undefined) return;
        openEvidence({ q: query, o: cell(each, { interval: label, ...(compared ? { previous: true } : {}) }), n: value, a: answer.as_of });
      }}
    />
    {answer.previous && answer.series.length > MOST_COMPARED && <p class="small dim chart-note">{t("trends.compare.note")}</p>}
    </>
  );
}

export function trendSummary(query: TrendQuery, answer: TrendAnswer): string {
  const first = answer.series[0];
  if (!first) return t("answer.empty");
  let high = 0;
  first.values.forEach((value, index) => {
    if ((value ?? -Infinity) > (first.values[high] ?? -Infinity)) high = index;
  });
  const label = answer.intervals[high];
  return t("trends.summary", {
    name: seriesName(query, first),
    measure: measureWords(query.series[first.series]?.measure),
    total: formatNumber(first.total ?? 0),
    range: rangeIn(query.range ?? DEFAULT_RANGE),
    most: formatNumber(first.values[high] ?? 0),
    when: label ? formatInterval(label, query.interval ?? "day", true) : "",
    more: answer.series.length - 1,
  });
}

function trendTable(query: TrendQuery, answer: TrendAnswer, menu?: GroupCell): TableData {
  const partial = new Set(answer.partial);
  const interval = query.interval ?? "day";
  const all = [...answer.series.map((each) => ({ each, previous: false })), ...(answer.previous?.series ?? []).map((each) => ({ each, previous: true }))];
  const number = (each: TrendSeries, previous: boolean, label: string | undefined, value: number | null | undefined): Cell => ({
    value: value ?? null,
    show: <OpenNumber query={query} open={cell(each, { ...(label === undefined ? {} : { interval: label }), ...(previous ? { previous: true } : {}) })} n={value ?? null} asOf={answer.as_of} />,
  });
  return {
    columns: [
      { text: t(`interval.${interval}`), key: "interval" },
      ...all.map(({ each, previous }) => ({
        text: previous ? t("chart.previous.of", { name: seriesName(query, each), compared: comparedName(query) }) : seriesName(query, each),
        number: true,
        ...(menu && !previous && each.group !== null && query.series.length === 1 ? { show: menu(each) } : {}),
      })),
    ],
    rows: [
      { key: "total", cells: [{ value: "total", show: <b>{t("total")}</b> }, ...all.map(({ each, previous }) => number(each, previous, undefined, each.total))] },
      ...answer.intervals.map((label, at) => ({
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
          ...all.map(({ each, previous }) => number(each, previous, previous ? answer.previous?.intervals[at] : label, each.values[at])),
        ],
      })),
    ],
  };
}
