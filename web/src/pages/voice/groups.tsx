// A score by group: who is content and who is not, with what is and what is not clear.
import { useAnswer } from "../../api/hooks";
import type { ScoreAnswer } from "../../api/types";
import type { TableData } from "../../charts/data";
import { ExportMenu, tableExports } from "../../charts/export";
import { ScoreBar } from "../../charts/score";
import { OpenNumber } from "../../evidence/number";
import { Empty, Problem, Sheet, Skeleton } from "../../parts/basic";
import { BreakdownPicker } from "../../query/breakdown";
import type { ScoreMetric } from "../../query/types";
import { groupWords } from "../../query/words";
import { rich, t } from "../../strings";
import { ENDS, scoreFigure, scoreRange } from "./score-words";
import { groupsQuery, useFirstTrait, type VoiceState } from "./state";

/** The ends that hold all groups: the whole of an NPS says little about differences. */
function endsOf(metric: ScoreMetric, answer: ScoreAnswer): [number, number] {
  const values = answer.series.flatMap(({ total }) => (total.value === null ? [] : [total.low ?? total.value, total.high ?? total.value]));
  if (values.length === 0) return ENDS[metric];
  const margin = (Math.max(...values) - Math.min(...values)) * 0.08 || (ENDS[metric][1] - ENDS[metric][0]) * 0.05;
  return [Math.max(ENDS[metric][0], Math.min(...values) - margin), Math.min(ENDS[metric][1], Math.max(...values) + margin)];
}

const groupsTable = (groups: ScoreAnswer["series"]): TableData => ({
  columns: [
    { text: t("voice.group"), key: "group" },
    { text: t("score.value"), number: true, key: "value" },
    { text: t("score.low"), number: true, key: "low" },
    { text: t("score.high"), number: true, key: "high" },
    { text: t("score.n"), number: true, key: "n" },
  ],
  rows: groups.map(({ group, total }) => ({
    key: group ?? "",
    cells: [{ value: group }, { value: total.value }, { value: total.low ?? null }, { value: total.high ?? null }, { value: total.n }],
  })),
});

export function Groups({ state, set }: { state: VoiceState; set: (changes: Partial<VoiceState>) => void }) {
  const metric = state.metric ?? "nps";
  const first = useFirstTrait();
  const by = state.by ?? first;
  const query = by === undefined ? null : groupsQuery(state, metric, by);
  const load = useAnswer<ScoreAnswer>(query);
  const answer = load.data;
  const groups = answer?.series.filter((each) => each.total.n > 0) ?? [];
  const ends = answer ? endsOf(metric, answer) : ENDS[metric];
  return (
    <Sheet
      title={t("voice.groups", { scale: t(`scale.${metric}`) })}
      aside={
        <>
          <BreakdownPicker breakdown={by} event="feedback" onChange={(next) => set({ by: next })} />
          <ExportMenu name={t("voice.groups", { scale: t(`scale.${metric}`) })} {...tableExports(() => groupsTable(groups))} disabled={groups.length === 0} />
        </>
      }
      flush
    >
      {load.error && <Problem error={load.error} retry={load.reload} />}
      {!answer && !load.error && <Skeleton rows={5} height={180} />}
      {answer && groups.length === 0 && <Empty>{t("voice.groups.none")}</Empty>}
      {answer && query && groups.length > 0 && (
        <table class="table score-groups">
          <thead>
            <tr>
              <th scope="col">{t("voice.group")}</th>
              <th scope="col" class="num">
                {t("score.value")}
              </th>
              <th scope="col" class="col-track">
                {t("score.between")}
              </th>
              <th scope="col" class="num">
                {t("score.n")}
              </th>
            </tr>
          </thead>
          <tbody>
            {groups.map((each) => (
              <tr key={each.group}>
                <th scope="row">
                  <bdi>{groupWords(each.group)}</bdi>
                </th>
                <td class="num">{each.total.value === null ? <span class="dim">–</span> : scoreFigure(metric, each.total.value)}</td>
                <td class="col-track">
                  <ScoreBar row={each.total} ends={ends} />
                  <span class="small dim">
                    {each.total.value === null
                      ? rich("score.few.open", { n: each.total.n, least: answer.least })
                      : scoreRange(metric, each.total.low ?? each.total.value, each.total.high ?? each.total.value)}
                  </span>
                </td>
                <td class="num">
                  <OpenNumber query={query} open={{ group: each.group ?? undefined }} n={each.total.n} asOf={answer.as_of} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Sheet>
  );
}
