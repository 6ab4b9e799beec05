// Today: what came in, what changed, what they said, and whether the data can be trusted.
import { useAnswer, useLoad } from "../../api/hooks";
import { api } from "../../api/client";
import type { CustomersAnswer, TrendAnswer } from "../../api/types";
import { OpenNumber } from "../../evidence/number";
import { Page, health } from "../../frame/frame";
import { formatDay, todayLabel } from "../../format";
import { Problem, Sheet, Skeleton } from "../../parts/basic";
import { navigate, usePlace } from "../../router";
import { rich, t } from "../../strings";
import { wholeDays } from "../../query/range";
import { RangePicker } from "../../query/range-picker";
import { SegmentChips } from "../../query/segment-chips";
import type { Range, Segment, TrendQuery } from "../../query/types";
import { fromSearch, toSearch } from "../../query/url";
import { rangeIn } from "../../query/words";
import { useStore } from "../../store";
import { DEMO_COMMAND } from "../settings/sdk";
import { CameIn } from "./came-in";
import { Changes } from "./changes";
import { FirstSteps, useSteps } from "./first-steps";
import { HealthCard } from "./health-card";
import { LatestWords, OneCustomer } from "./voices";

const RANGE = "last 7 days";

/** One question for the head of the page: who was here, how much came in, who said something. */
export function headQuery(range: Range, segment: Segment | undefined): TrendQuery {
  return {
    kind: "trend",
    series: [
      { event: "*", measure: "customers" },
      { event: "*", measure: "count" },
      { event: "feedback", measure: "customers" },
    ],
    interval: "day",
    range,
    compare: "previous",
    ...(segment === undefined ? {} : { segment }),
  };
}

export function TodayPage() {
  const { search } = usePlace();
  const params = fromSearch(search) as { range?: Range; segment?: Segment };
  const range = params.range ?? RANGE;
  const set = (changes: { range?: Range; segment?: Segment }) => {
    const text = toSearch({ range: params.range, segment: params.segment, ...changes });
    navigate(text ? `/?${text}` : "/");
  };
  const now = useStore(health);
  const status = useLoad("status", () => api.status());
  const events = now?.status.events ?? status.data?.events;
  const query = headQuery(range, params.segment);
  const head = useAnswer<TrendAnswer>(events ? query : null);
  const whole = wholeDays(range);
  const fair = useAnswer<TrendAnswer>(events ? headQuery(whole, params.segment) : null);
  const words = useAnswer<CustomersAnswer>(events ? { kind: "trend", series: [{ event: "feedback", measure: "count" }], interval: "day", range: "last 30 days", ...(params.segment === undefined ? {} : { segment: params.segment }), open: { limit: 1 } } : null);
  const steps = useSteps(now);

  if (events === 0) return <FirstRun steps={steps} />;
  const answer = head.data;
  const total = (series: number) => answer?.series[series]?.total ?? 0;
  const before = (series: number) => answer?.previous?.series[series]?.total ?? 0;
  const date = formatDay(todayLabel(), { weekday: "long", day: "numeric", month: "long" });
  return (
    <Page
      title={date}
      lead={answer && rich("today.lead", {
        people: <OpenNumber query={query} open={{ series: 0 }} n={total(0)} asOf={answer.as_of} />,
        n: total(0),
        before: <OpenNumber query={query} open={{ series: 0, previous: true }} n={before(0)} asOf={answer.as_of} />,
        said: <OpenNumber query={query} open={{ series: 2 }} n={total(2)} asOf={answer.as_of} />,
        range: rangeIn(range),
      })}
      bar={
        <>
          <RangePicker range={range} onChange={(next) => set({ range: next })} />
          <SegmentChips segment={params.segment} onChange={(segment) => set({ segment })} />
        </>
      }
    >
      <div class="brief">
        <div class="brief-main">
          {head.error && <Problem error={head.error} retry={head.reload} />}
          {!answer && !head.error && <Skeleton rows={8} height={320} />}
          {answer && <CameIn query={query} answer={answer} range={range} fair={fair.data} />}
          <Changes range={whole} segment={params.segment} />
          <LatestWords load={words} />
        </div>
        <aside class="beside" aria-label={t("today.beside")}>
          {!steps.done && !steps.dismissed && <FirstSteps steps={steps} />}
          <OneCustomer load={words} />
          <HealthCard now={now} />
        </aside>
      </div>
    </Page>
  );
}

function FirstRun({ steps }: { steps: ReturnType<typeof useSteps> }) {
  return (
    <Page title={t("first.title")} lead={t("first.lead")}>
      <div class="brief">
        <div class="brief-main">
          <FirstSteps.Send />
          <Sheet label={t("example")} class="example-sheet">
            <span class="example-tag">{t("example")}</span>
            <FirstSteps.Example />
          </Sheet>
        </div>
        <aside class="beside" aria-label={t("today.beside")}>
          <FirstSteps steps={steps} />
          <Sheet title={t("first.looking")}>
            <p class="dim">{t("first.demo")}</p>
            <pre class="well" tabIndex={0} aria-label={t("first.demo.command")}>
              {DEMO_COMMAND}
            </pre>
          </Sheet>
        </aside>
      </div>
    </Page>
  );
}

