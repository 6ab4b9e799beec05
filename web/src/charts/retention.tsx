// The retention grid: a number in every cell, on one of seven steps. Arrow keys walk the cells.
import { useRef } from "preact/hooks";
import type { RetentionAnswer } from "../api/types";
import { openEvidence } from "../evidence/state";
import { formatDay, formatNumber, formatPoints, formatShare } from "../format";
import { OpenNumber } from "../evidence/number";
import { cellWords } from "../query/words";
import type { RetentionQuery } from "../query/types";
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

export function RetentionGrid({ query, answer, summary }: { query: RetentionQuery; answer: RetentionAnswer; summary: string }) {
  const table = useRef<HTMLTableElement>(null);
  const periods = Math.max(0, ...answer.cohorts.map((cohort) => cohort.returned.length));
  const unit = query.interval ?? "week";
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
      <table class="retention" ref={table} onKeyDown={walk}>
        <thead>
          <tr>
            <th scope="col">{t("retention.cohort")}</th>
            <th scope="col" class="num">
              {t("retention.n")}
            </th>
            {Array.from({ length: periods }, (_, n) => (
              <th scope="col" key={n} class="num">
                {tOr(`retention.${unit}`, String(n), { n })}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {answer.cohorts.map((cohort, row) => (
            <tr key={cohort.start}>
              <th scope="row">{formatDay(cohort.start)}</th>
              <td class="num">
                <OpenNumber query={query} open={{ cohort: cohort.start }} n={cohort.size} asOf={answer.as_of} />
              </td>
              {cohort.returned.map((n, period) => {
                if (n === null) return <td key={period} class="cell future" aria-label={t("retention.future")} />;
                const open = { cohort: cohort.start, period, outcome: "returned" as const };
                const look = cellLook(cohort.size, n);
                return (
                  <td key={period} class={`cell ${look.kind}`}>
                    {cohort.size > 0 && (
                      <button
                        type="button"
                        data-cell={`${row},${period}`}
                        title={t("retention.cell", { share: formatShare(n / cohort.size), n, size: formatNumber(cohort.size) })}
                        aria-label={t("open.name", { what: cellWords(query, open, n) })}
                        onClick={() => openEvidence({ q: query, o: open, n, a: answer.as_of })}
                      >
                        {look.text}
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
