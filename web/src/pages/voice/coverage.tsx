// Whom we do not hear: of those who were here, who said nothing, group by group.
import { useAnswer } from "../../api/hooks";
import type { TrendAnswer } from "../../api/types";
import type { TableData } from "../../charts/data";
import { ExportMenu, tableExports } from "../../charts/export";
import { OpenNumber } from "../../evidence/number";
import { formatShare } from "../../format";
import { Empty, Problem, Sheet, Skeleton } from "../../parts/basic";
import { BreakdownPicker } from "../../query/breakdown";
import { fieldWords, groupWords, rangeIn } from "../../query/words";
import { t } from "../../strings";
import { coverageQuery, silentQuery, useFirstTrait, VOICE_RANGE, type VoiceState } from "./state";

interface Group {
  group: string;
  here: number;
  said: number;
  share: number;
}

const coverageTable = (groups: Group[]): TableData => ({
  columns: [
    { text: t("voice.group"), key: "group" },
    { text: t("coverage.here"), number: true, key: "here" },
    { text: t("coverage.silent"), number: true, key: "silent" },
    { text: t("coverage.heard"), number: true, key: "heard" },
  ],
  rows: groups.map(({ group, here, said }) => ({ key: group, cells: [{ value: group }, { value: here }, { value: here - said }, { value: said }] })),
});

export function Coverage({ state, set }: { state: VoiceState; set: (changes: Partial<VoiceState>) => void }) {
  const first = useFirstTrait();
  const among = state.among ?? first;
  const query = among === undefined ? null : coverageQuery(state, among);
  const load = useAnswer<TrendAnswer>(query);
  const answer = load.data;
  const groups: Group[] = answer
    ? answer.series
        .filter((each) => each.series === 0 && (each.total ?? 0) > 0)
        .map((each) => {
          const here = each.total ?? 0;
          const said = answer.series.find((other) => other.series === 1 && other.group === each.group)?.total ?? 0;
          return { group: each.group ?? "", here, said, share: here ? said / here : 0 };
        })
        .sort((a, b) => a.share - b.share)
    : [];
  return (
    <Sheet
      title={t("coverage.title")}
      aside={
        <>
          <BreakdownPicker breakdown={among} event="*" onChange={(next) => set({ among: typeof next === "string" ? next : undefined })} />
          <ExportMenu name={t("coverage.title")} {...tableExports(() => coverageTable(groups))} disabled={groups.length === 0} />
        </>
      }
      flush
    >
      {load.error && <Problem error={load.error} retry={load.reload} />}
      {!answer && !load.error && <Skeleton rows={5} height={180} />}
      {answer && groups.length === 0 && <Empty>{t("coverage.none")}</Empty>}
      {answer && query && groups.length > 0 && (
        <>
          <p class="small dim coverage-note">{t("coverage.note", { range: rangeIn(state.range ?? VOICE_RANGE), name: fieldWords(among!) })}</p>
          <table class="table coverage">
            <thead>
              <tr>
                <th scope="col">{t("voice.group")}</th>
                <th scope="col" class="num">
                  {t("coverage.here")}
                </th>
                <th scope="col" class="num">
                  {t("coverage.silent")}
                </th>
                <th scope="col" class="col-track">
                  {t("coverage.heard")}
                </th>
              </tr>
            </thead>
            <tbody>
              {groups.map(({ group, here, said, share }) => {
                const silent = silentQuery(query, group);
                return (
                  <tr key={group}>
                    <th scope="row">
                      <bdi>{groupWords(group)}</bdi>
                    </th>
                    <td class="num">
                      <OpenNumber query={query} open={{ series: 0, group }} n={here} asOf={answer.as_of} />
                    </td>
                    <td class="num">{silent ? <OpenNumber query={silent} open={{}} n={here - said} asOf={answer.as_of} /> : here - said}</td>
                    <td class="col-track">
                      <span class="heard-track" aria-hidden="true">
                        <i style={{ width: `${share * 100}%` }} />
                      </span>
                      <OpenNumber query={query} open={{ series: 1, group }} n={said} asOf={answer.as_of} /> <span class="small dim">{formatShare(share)}</span>
                    </td>
                  </tr>
                );
              })}
            </tbody>
          </table>
        </>
      )}
    </Sheet>
  );
}
