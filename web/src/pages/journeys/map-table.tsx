// The map as a table: what is shown, exported and read aloud are the same cells.
import type { Cell, TableData } from "../../charts/data";
import { OpenNumber } from "../../evidence/number";
import { formatLength, formatNumber, formatShare } from "../../format";
import type { Query, Open } from "../../query/types";
import type { map } from "../../strings/en/map";
import { scoreFigure } from "../voice/score-words";
import { HELP, SAID, type MapAnswer } from "./map-data";

type Texts = (key: keyof typeof map, values?: Record<string, string | number>) => string;

export const mapSummary = (answer: MapAnswer, x: Texts): string =>
  x("map.summary", { n: answer.stages.length, list: answer.stages.map((stage) => x("map.summary.stage", { name: stage.name, people: formatNumber(stage.people) })).join(", ") });

export function mapTable(answer: MapAnswer, x: Texts): TableData {
  const { volume, way, people } = answer.questions;
  const opens = (query: Query | null | undefined, open: Open, n: number | null): Cell => ({ value: n, show: query && n !== null ? <OpenNumber query={query} open={open} n={n} asOf={answer.as_of} /> : "–" });
  const compared = volume.compare !== undefined;
  return {
    columns: [
      { text: x("map.table.stage"), key: "stage" },
      { text: x("map.table.people"), number: true, key: "people" },
      ...(compared ? [{ text: x("map.table.before"), number: true, key: "people_before" }] : []),
      { text: x("map.table.times"), number: true, key: "times" },
      { text: x("map.table.way"), number: true, key: "on_the_way" },
      { text: x("map.table.rate"), number: true, key: "went_on" },
      { text: x("map.table.median"), number: true, key: "median_ms" },
      ...(people
        ? [
            { text: x("map.table.score"), number: true, key: "score" },
            { text: x("map.table.low"), number: true, key: "score_low" },
            { text: x("map.table.high"), number: true, key: "score_high" },
            { text: x("map.table.answers"), number: true, key: "answers" },
            { text: x("map.table.said"), number: true, key: "said" },
            { text: x("map.table.help"), number: true, key: "wrote_to_support" },
          ]
        : []),
    ],
    rows: answer.stages.map((stage, index) => {
      const row = stage.score?.series[0]?.total;
      const own = people?.[index];
      const figure = (value: number | null | undefined): Cell => ({ value: value ?? null, show: own && value !== null && value !== undefined ? scoreFigure(own.score.metric, value) : "–" });
      const rate = stage.here && stage.on !== null ? stage.on / stage.here : null;
      return {
        key: String(index),
        cells: [
          { value: stage.name },
          opens(volume, { series: 2 * index }, stage.people),
          ...(compared ? [opens(volume, { series: 2 * index, previous: true }, stage.before)] : []),
          opens(volume, { series: 2 * index + 1 }, stage.times),
          opens(way, { step: index + 1, outcome: "reached" }, stage.here),
          { value: rate, show: formatShare(rate) },
          { value: stage.medianMs, show: stage.medianMs === null ? "–" : formatLength(stage.medianMs, "long") },
          ...(own ? [figure(row?.value), figure(row?.low), figure(row?.high), opens(own.score, {}, row?.n ?? 0), opens(own.said, { series: SAID }, stage.said), opens(own.said, { series: HELP }, stage.help)] : []),
        ],
      };
    }),
  };
}
