// How long people take between two steps of a funnel.
import { useQuestion } from "../../api/hooks";
import type { TimeBetweenAnswer } from "../../api/types";
import { ExportMenu } from "../../charts/export";
import { Problem, Skeleton } from "../../parts/basic";
import { Select } from "../../parts/field";
import type { FunnelQuery, TimeBetweenQuery } from "../../query/types";
import { matcherWords } from "../../query/words";
import { t } from "../../strings";
import { betweenExports, Figures, Times } from "./between";

export function FunnelTimes({ query, step, onStep, table }: { query: FunnelQuery; step: number; onStep: (step: number) => void; table: boolean }) {
  const at = Math.max(2, Math.min(query.steps.length, step));
  const wanted: TimeBetweenQuery = {
    kind: "time_between",
    from: query.steps[at - 2]!,
    to: query.steps[at - 1]!,
    window: query.window,
    ...(query.range === undefined ? {} : { range: query.range }),
    ...(query.segment === undefined ? {} : { segment: query.segment }),
    ...(query.compare === undefined ? {} : { compare: query.compare }),
    ...(query.per === undefined ? {} : { per: query.per }),
  };
  const load = useQuestion<TimeBetweenAnswer, TimeBetweenQuery>(wanted);
  const asked = load.query!;
  const answer = load.data;
  return (
    <section class="sheet" aria-label={t("funnel.times")} aria-busy={load.loading}>
      <header class="sheet-head">
        <h2>{t("funnel.times")}</h2>
        <Select inline label={t("funnel.times.step")} value={String(at)} onChange={(next) => onStep(Number(next))} options={query.steps.slice(1).map((each, index) => ({ value: String(index + 2), text: t("funnel.times.to", { from: matcherWords(query.steps[index]!), to: matcherWords(each) }) }))} />
        <span class="push" />
        {answer && <ExportMenu {...betweenExports(asked, answer)} />}
      </header>
      <div class="chart-place">
        {load.error && <Problem error={load.error} retry={load.reload} />}
        {!answer && !load.error && <Skeleton rows={5} height={220} />}
        {answer && answer.count > 0 && (
          <p class="chart-lead">
            <Figures query={asked} answer={answer} />
          </p>
        )}
        {answer && <Times query={asked} answer={answer} table={table} />}
      </div>
    </section>
  );
}
