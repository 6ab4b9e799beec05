// The retention grid: a number in every cell, on one of seven steps, and by how much that is more than in the time compared
// with. Arrow keys walk the cells.
import { useRef } from "preact/hooks";
import type { Cohort } from "../api/types";
import { openEvidence } from "../evidence/state";
import { dayLabel, formatDay, formatNumber, formatPoints, formatShare, orgZone } from "../format";
import { OpenNumber } from "../evidence/number";
import { intervalEnd } from "../query/range";
import { cellWords, comparedName } from "../query/words";
import type { IntervalName, Open, RetentionQuery } from "../query/types";
import { t, tOr } from "../strings";

/** Fewer people than this say nothing as a share. */
export const LEAST_COHORT = 30;

const stepOf = (share: number): number => Math.min(7, 1 + Math.floor(Math.sqrt(share) * 6.999));

/** What a cell says and which of the seven grounds it has: none where it has not begun, 0 where it is too few. */
export function cellLook(size: number, n: number | null): { text: string; step: number | null; kind: string } {
  if (n === null || size === 0) return { text: "", step: null, kind: n === null ? "future" : "none" };
  if (size < LEAST_COHORT) return { text: formatNumber(n), step: 0, kind: "few" };
  const step = stepOf(n / size);
  return { text: formatPoints(n / size, 0), step, kind: `q${step}` };
}

/** Whether a period of a cohort is over: the one under way has fewer than it will have. */
function isOver(start: string, interval: IntervalName, period: number, asOf: string): boolean {
  let end = start;
  for (let n = 0; n <= period; n += 1) end = intervalEnd(end, interval);
  return end <= dayLabel(asOf, orgZone());
}

/** Of all cohorts together, how many came back in each period; of those alone for whom it is over. */
export function returnShares(query: RetentionQuery, cohorts: Cohort[], asOf: string): (number | null)[] {
  const interval = query.interval ?? "week";
  const periods = Math.max(0, ...cohorts.map((cohort) => cohort.returned.length));
  return Array.from({ length: periods }, (_, period) => {
    let [size, back] = [0, 0];
    for (const cohort of cohorts) {
      const n = cohort.returned[period];
      if (typeof n !== "number" || cohort.size === 0 || !isOver(cohort.start, interval, period, asOf)) continue;
      size += cohort.size;
      back += n;
    }
    return size < LEAST_COHORT ? null : back / size;
  });
}

/** "+3": points more than in the time compared with. */
export function pointsMore(now: number | null | undefined, before: number | null | undefined): string {
  if (typeof now !== "number" || typeof before !== "number") return "";
  const points = Math.round(now * 100) - Math.round(before * 100);
  return points > 0 ? `+${formatNumber(points)}` : formatPoints(points / 100, 0);
}

const shareOf = (cohort: Cohort | undefined, period: number): number | null => {
  const n = cohort?.returned[period];
  return cohort && cohort.size >= LEAST_COHORT && typeof n === "number" ? n / cohort.size : null;
};

interface Props {
  query: RetentionQuery;
  cohorts: Cohort[];
  /** Those of the time compared with, one for one. */
  previous?: Cohort[] | undefined;
  group?: string;
  asOf: string;
  summary: string;
}

export function RetentionGrid({ query, cohorts, previous, group, asOf, summary }: Props) {
  const table = useRef<HTMLTableElement>(null);
  const all = returnShares(query, cohorts, asOf);
  const allBefore = previous && returnShares(query, previous, asOf);
  const unit = query.interval ?? "week";
  const inGroup: Open = group === undefined ? {} : { group };
  const walk = (event: KeyboardEvent) => {
    const step: Record<string, [number, number]> = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
    const by = step[event.key];
    const from = (event.target as HTMLElement).closest<HTMLElement>("[data-cell]")?.dataset.cell?.split(",").map(Number);
    if (!by || !from) return;
    event.preventDefault();
    table.current?.querySelector<HTMLElement>(`[data-cell="${from[0]! + by[0]},${from[1]! + by[1]}"]`)?.focus();
  };
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={summary}>
      <table class={previous ? "retention compared" : "retention"} ref={table} onKeyDown={walk}>
        <thead>
          <tr>
            <th scope="col">{t("retention.cohort")}</th>
            <th scope="col" class="num">
              {t("retention.n")}
            </th>
            {all.map((_, n) => (
              <th scope="col" key={n} class="num">
                {tOr(`retention.${unit}`, String(n), { n })}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          <tr class="retention-all">
            <th scope="row">{t("retention.all")}</th>
            <td class="num">{formatNumber(cohorts.reduce((sum, cohort) => sum + cohort.size, 0))}</td>
            {all.map((share, period) => (
              <td key={period} class="cell">
                {share === null ? "" : formatPoints(share, 0)}
                <More now={share} before={allBefore?.[period]} />
              </td>
            ))}
          </tr>
          {cohorts.map((cohort, row) => (
            <tr key={cohort.start}>
              <th scope="row">{formatDay(cohort.start)}</th>
              <td class="num">
                <OpenNumber query={query} open={{ cohort: cohort.start, ...inGroup }} n={cohort.size} asOf={asOf} />
              </td>
              {cohort.returned.map((n, period) => {
                if (n === null) return <td key={period} class="cell future" aria-label={t("retention.future")} />;
                const open = { cohort: cohort.start, period, outcome: "returned" as const, ...inGroup };
                const look = cellLook(cohort.size, n);
                const before = shareOf(previous?.[row], period);
                const said = t("retention.cell", { share: formatShare(n / cohort.size), n, size: formatNumber(cohort.size) });
                return (
                  <td key={period} class={`cell ${look.kind}`}>
                    {cohort.size > 0 && (
                      <button
                        type="button"
                        data-cell={`${row},${period}`}
                        title={before === null ? said : `${said}; ${t("chart.before", { n: formatShare(before), compared: comparedName(query) })}`}
                        aria-label={t("open.name", { what: cellWords(query, open, n) })}
                        onClick={() => openEvidence({ q: query, o: open, n, a: asOf })}
                      >
                        {look.text}
                        <More now={shareOf(cohort, period)} before={before} />
                      </button>
                    )}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function More({ now, before }: { now: number | null; before: number | null | undefined }) {
  const text = pointsMore(now, before);
  return text ? <small>{text}</small> : null;
}
