// Funnels: how many go on, where the others stop, and what those said.
import { useLoad, useQuestion } from "../../api/hooks";
import type { CustomersAnswer, FunnelAnswer, NameRow, Verbatim } from "../../api/types";
import { api } from "../../api/client";
import { FunnelChart } from "../../charts/funnel";
import { tableExports } from "../../charts/export";
import { DataTable } from "../../charts/table";
import { OpenNumber } from "../../evidence/number";
import { openEvidence, readEvidence } from "../../evidence/state";
import { channelWords } from "../../evidence/people";
import { formatPoints, formatShare } from "../../format";
import { Button, Empty, Kind, Moment, Quote } from "../../parts/basic";
import { Select } from "../../parts/field";
import { customerHref, faceOf } from "../../parts/person";
import { BreakdownPicker } from "../../query/breakdown";
import { GroupMenu, groupSwatch, withMore } from "../../query/group-menu";
import { MatcherEditor } from "../../query/matcher-editor";
import { DEFAULT_RANGE } from "../../query/range";
import type { FunnelQuery, Matcher } from "../../query/types";
import { breakdownWords, comparedName, durationWords, matcherWords } from "../../query/words";
import { toSearch } from "../../query/url";
import { cleanLine } from "../../safe";
import { usePlace } from "../../router";
import { wilson } from "../../stats";
import { rich, t } from "../../strings";
import { FunnelTimes } from "./funnel-times";
import { guessFunnels } from "./guess";
import { AnswerSheet, JourneyFrame } from "./frame";
import { funnelPicture, funnelSummary, funnelTable } from "./funnel-data";
import { funnelQuery, useJourney, type FunnelState } from "./state";

/** Whom the lane looks at for a voice. */
const LANE_PEOPLE = 40;
const WINDOWS = ["10m", "1h", "1d", "3d", "7d", "14d", "30d", "90d"];

export function FunnelsTab() {
  const [state, set] = useJourney<FunnelState>();
  const { search } = usePlace();
  const steps = state.steps ?? [];
  const load = useQuestion<FunnelAnswer, FunnelQuery>(funnelQuery(state));
  const { query } = load;
  const answer = query ? load.data : undefined;
  const opened = readEvidence(search);
  const setStep = (index: number, step: Matcher) => set({ steps: steps.map((each, at) => (at === index ? step : each)) });
  const first = steps[0]?.event;
  const windowNow = state.window ?? "7d";
  // A group in the legend and in the table: the same menu.
  const menu = (group: string, index: number) => (
    <GroupMenu
      breakdown={query!.breakdown!}
      group={group}
      event={typeof first === "string" ? first : ""}
      swatch={groupSwatch(group, index)}
      onOpen={() => openEvidence({ q: query!, o: { step: 1, outcome: "reached", group }, n: answer?.groups?.[index]?.steps[0]?.count, a: answer?.as_of })}
      onChange={({ conds, breakdown }) => set({ steps: steps.map((step, at) => (at === 0 ? withMore(step, conds) : step)), breakdown })}
    />
  );
  return (
    <JourneyFrame
      tab="funnels"
      state={state}
      set={set}
      title={query ? titleOf(query) : t("journeys.funnels")}
      lead={answer && query && answer.steps.length > 1 && <Lead query={query} answer={answer} />}
      range={DEFAULT_RANGE}
      before={steps.length === 0 && <Starters />}
      builder={
        <ol class="builder plain">
          {steps.map((step, index) => (
            <li key={index}>
              <MatcherEditor
                label={t("funnel.step", { n: index + 1 })}
                matcher={step}
                anyEvent={false}
                before={<b class="step-key">{index + 1}</b>}
                onChange={(next) => setStep(index, next)}
                onRemove={() => set({ steps: steps.filter((_, at) => at !== index) })}
              >
                {index > 0 && <Button look="quiet" icon="up" aria-label={t("funnel.step.up", { n: index + 1 })} onClick={() => set({ steps: swap(steps, index - 1) })} />}
              </MatcherEditor>
            </li>
          ))}
          <li class="row wrap">
            <Button look="quiet" icon="plus" onClick={() => set({ steps: [...steps, { event: "" }] })}>
              {t("funnel.add")}
            </Button>
            <BreakdownPicker breakdown={state.breakdown} event={typeof first === "string" ? first : ""} onChange={(breakdown) => set({ breakdown })} />
            <Select inline label={t("funnel.window")} value={windowNow} onChange={(window) => set({ window })} options={[...new Set([...WINDOWS, windowNow])].map((each) => ({ value: each, text: t("funnel.within", { length: durationWords(each) }) }))} />
            <Select inline label={t("funnel.order")} value={state.order ?? "ordered"} onChange={(order) => set({ order: order === "ordered" ? undefined : order })} options={(["ordered", "strict", "any"] as const).map((each) => ({ value: each, text: t(`order.${each}`) }))} />
          </li>
        </ol>
      }
    >
      {query && (
        <AnswerSheet
          load={load}
          answer={answer}
          table={state.table === true}
          onTable={() => set({ table: state.table ? undefined : true })}
          exports={answer && answer.steps.length > 0 ? { name: titleOf(query), ...tableExports(() => funnelTable(query, answer)), picture: () => funnelPicture(query, answer) } : null}
          head={
            query.breakdown === undefined ? (
              <h2>{t("funnel.people")}</h2>
            ) : (
              <>
                <button type="button" class="chip on" onClick={() => set({ breakdown: undefined })}>
                  {t("breakdown.by", { name: breakdownWords(query.breakdown) })} <span aria-hidden="true">×</span>
                </button>
                <ul class="legend groups">
                  {(answer?.groups ?? []).map(({ group }, index) => (
                    <li key={group}>{menu(group, index)}</li>
                  ))}
                </ul>
              </>
            )
          }
          after={answer && !state.table && query.steps.length > 1 && <Lane query={query} answer={answer} />}
        >
          {answer && answer.steps.length > 0 && (state.table ? (
            <DataTable label={funnelSummary(answer)} table={funnelTable(query, answer, menu)} />
          ) : (
            <FunnelChart query={query} answer={answer} open={opened?.q.kind === "funnel" ? opened.o : null} summary={funnelSummary(answer)} />
          ))}
        </AnswerSheet>
      )}
      {answer && query && query.steps.length > 1 && <FunnelTimes query={query} step={state.times ?? 2} onStep={(times) => set({ times })} table={state.table === true} />}
      {answer?.groups && query && !state.table && (
        <section class="sheet" aria-label={t("funnel.groups", { name: breakdownWords(query.breakdown!) })}>
          <DataTable label={funnelSummary(answer)} table={funnelTable(query, answer, menu)} />
        </section>
      )}
    </JourneyFrame>
  );
}

const titleOf = (query: FunnelQuery): string =>
  query.steps.length > 1 ? t("funnel.title", { from: matcherWords(query.steps[0]!), to: matcherWords(query.steps.at(-1)!) }) : t("journeys.funnels");

const swap = (steps: Matcher[], at: number): Matcher[] => {
  const next = [...steps];
  [next[at], next[at + 1]] = [next[at + 1]!, next[at]!];
  return next;
};

function Lead({ query, answer }: { query: FunnelQuery; answer: FunnelAnswer }) {
  const before = answer.previous;
  const first = answer.steps[0]!;
  const last = answer.steps.at(-1)!;
  const range = wilson(last.count, first.count);
  return (
    <>
      {rich("funnel.lead", {
        last: <OpenNumber query={query} open={{ step: last.step, outcome: "reached" }} n={last.count} asOf={answer.as_of} />,
        first: <OpenNumber query={query} open={{ step: 1, outcome: "reached" }} n={first.count} asOf={answer.as_of} />,
        window: durationWords(query.window),
        order: t(`order.words.${query.order ?? "ordered"}`),
        share: formatShare(last.rate_from_start),
        interval: range ? `${formatPoints(range.low)}–${formatPoints(range.high)}` : "–",
      })}
      {before && before.steps.length > 0 && <> {t("funnel.lead.before", { compared: comparedName(query, "lead"), share: formatShare(before.steps.at(-1)!.rate_from_start) })}</>}
    </>
  );
}

/** What those who stopped said around it: one voice for each of the three largest losses. */
function Lane({ query, answer }: { query: FunnelQuery; answer: FunnelAnswer }) {
  const losses = answer.steps
    .slice(1)
    .map((step, index) => ({ step: step.step, label: step.label, lost: answer.steps[index]!.count - step.count }))
    .filter((loss) => loss.lost > 0)
    .sort((a, b) => b.lost - a.lost)
    .slice(0, 3)
    .sort((a, b) => a.step - b.step);
  const key = losses.length ? JSON.stringify([query, answer.as_of, "lane"]) : null;
  const voices = useLoad(key, async (signal) => {
    const answers = await Promise.all(losses.map((loss) => api.query<CustomersAnswer>({ ...query, as_of: answer.as_of, open: { step: loss.step, outcome: "dropped", limit: LANE_PEOPLE } }, signal)));
    return answers.map((each, index) => ({ ...losses[index]!, said: representative(each.verbatims ?? []), traits: new Map(each.customers.map((row) => [row.id, row.traits])) }));
  });
  const found = (voices.data ?? []).filter((each) => each.said);
  if (found.length === 0) return null;
  return (
    <div class="lane">
      <h2>
        <Kind kind="said" />
        {t("funnel.lane")}
      </h2>
      {found.map(({ step, label, said, traits }) => (
        <div key={step}>
          <p class="small dim">{t("funnel.lane.before", { step: cleanLine(label) })}</p>
          <Quote text={said!.text!} size="s" />
          <p class="byline">
            <a class="strong" href={customerHref(said!.customer)} dir="auto">
              {faceOf(said!.customer, traits.get(said!.customer)).name}
            </a>
            {" · "}
            {channelWords(said!.channel)} · <Moment at={said!.ts} />
          </p>
        </div>
      ))}
    </div>
  );
}

/** Not picked for its tone: the newest with more than a few words. */
function representative(list: Verbatim[]): Verbatim | undefined {
  const spoken = list.filter((verbatim) => verbatim.text).sort((a, b) => (a.ts < b.ts ? 1 : -1));
  return spoken.find((verbatim) => verbatim.text!.length > 25) ?? spoken[0];
}

function Starters() {
  const names = useLoad("names event", (signal) => api.names("event", "", "", signal));
  const guesses = guessFunnels((names.data?.names ?? []) as NameRow[]);
  if (!names.data) return null;
  if (guesses.length === 0) return <Empty>{t("funnel.empty")}</Empty>;
  return (
    <section class="sheet" aria-label={t("funnel.guesses")}>
      <header class="sheet-head">
        <h2>{t("funnel.guesses")}</h2>
        <span class="push small dim">{t("funnel.guesses.note")}</span>
      </header>
      <ul class="plain guesses">
        {guesses.map((steps) => (
          <li key={steps.join()}>
            <a class="guess" href={`/journeys/funnels?${toSearch({ steps: steps.map((event) => ({ event })) })}`}>
              {steps.map((step, index) => (
                <span key={step}>
                  {index > 0 && <i aria-hidden="true">→ </i>}
                  {cleanLine(step)}
                </span>
              ))}
            </a>
          </li>
        ))}
      </ul>
    </section>
  );
}
