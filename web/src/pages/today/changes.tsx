// What changed most: each event's customers beside those of the time before.
import { api } from "../../api/client";
import { useAnswer, useLoad } from "../../api/hooks";
import type { TrendAnswer } from "../../api/types";
import { OpenNumber } from "../../evidence/number";
import { Empty, Problem, Sheet, Skeleton } from "../../parts/basic";
import type { Range, Segment, TrendQuery } from "../../query/types";
import { toSearch } from "../../query/url";
import { previousRange } from "../../query/range";
import { daysWords } from "../../query/words";
import { formatDayRange } from "../../format";
import { cleanLine } from "../../safe";
import { changeWeight, countChange, LEAST_FOR_CHANGE } from "../../stats";
import { rich, t } from "../../strings";
import { ChangeTag } from "./came-in";

const NAMES = 16;
const SHOWN = 6;
const NOT_THEIRS = new Set(["identify", "alias", "contacted", "case opened", "case closed", "survey shown", "experiment exposed"]);

export function Changes({ range, segment }: { range: Range; segment: Segment | undefined }) {
  const names = useLoad("names event", (signal) => api.names("event", "", "", signal));
  const list = (names.data?.names ?? []).map((row) => row.name).filter((name) => !NOT_THEIRS.has(name)).slice(0, NAMES);
  const query: TrendQuery | null = list.length
    ? { kind: "trend", series: list.map((event) => ({ event, measure: "customers" })), interval: "day", range, compare: "previous", ...(segment === undefined ? {} : { segment }) }
    : null;
  const load = useAnswer<TrendAnswer>(query);
  const answer = load.data;
  const rows = (answer?.series ?? [])
    .map((series, index) => ({ index, name: list[series.series] ?? series.label, now: series.total ?? 0, before: answer?.previous?.series[index]?.total ?? 0 }))
    .sort((a, b) => changeWeight(b.now, b.before) - changeWeight(a.now, a.before) || b.now - a.now);
  const clear = rows.filter((row) => ["more", "fewer"].includes(countChange(row.now, row.before))).length;
  return (
    <Sheet title={t("changes.title")} aside={t("changes.note", { days: daysWords(range), before: formatDayRange(previousRange(range).from, previousRange(range).to) })} flush>
      {load.error && <Problem error={load.error} retry={load.reload} />}
      {!answer && !load.error && (names.loading || query ? <Skeleton rows={6} height={230} /> : <Empty>{t("changes.empty")}</Empty>)}
      {answer && query && (
        <>
          <p class="changes-lead">{t("changes.lead", { n: clear, of: rows.length })}</p>
          <ul class="plain changes">
            {rows.slice(0, SHOWN).map((row) => (
              <li key={row.name}>
                <a class="clip" href={`/journeys/trends?${toSearch({ series: [{ event: row.name, measure: "customers" }], range, compare: "previous" })}`}>
                  {cleanLine(row.name)}
                </a>
                <Dumbbell now={row.now} before={row.before} most={Math.max(...rows.slice(0, SHOWN).map((each) => Math.max(each.now, each.before)), 1)} />
                <span class="changes-number">
                  {rich("changes.people", {
                    number: <OpenNumber query={query} open={{ series: row.index }} n={row.now} asOf={answer.as_of} />,
                    n: row.now,
                    before: <OpenNumber query={query} open={{ series: row.index, previous: true }} n={row.before} asOf={answer.as_of} />,
                  })}
                </span>
                <ChangeTag now={row.now} before={row.before} />
              </li>
            ))}
          </ul>
          <p class="small dim card-note">{t("changes.rule", { n: LEAST_FOR_CHANGE })}</p>
        </>
      )}
    </Sheet>
  );
}

/** Before and now on one line. */
function Dumbbell({ now, before, most }: { now: number; before: number; most: number }) {
  const at = (n: number): number => 6 + (n / most) * 128;
  return (
    <svg class="dumbbell" width="140" height="14" viewBox="0 0 140 14" aria-hidden="true">
      <path d={`M${at(before)} 7H${at(now)}`} class="dumbbell-line" />
      <circle cx={at(before)} cy="7" r="3.4" class="dumbbell-before" />
      <circle cx={at(now)} cy="7" r="4.2" class="dumbbell-now" />
    </svg>
  );
}
