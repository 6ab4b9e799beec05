// Voice: what they say, in their own words; how they score us, and how sure that is; whom we do not hear.
import { useState } from "preact/hooks";
import { useAnswer } from "../../api/hooks";
import type { TrendAnswer } from "../../api/types";
import { OpenNumber } from "../../evidence/number";
import { Page } from "../../frame/frame";
import { Button, Empty, Sheet } from "../../parts/basic";
import { RangePicker } from "../../query/range-picker";
import { SegmentChips } from "../../query/segment-chips";
import { rangeIn } from "../../query/words";
import { rich, t } from "../../strings";
import { Coverage } from "./coverage";
import { Groups } from "./groups";
import { InterviewDialog } from "./interview";
import { Scores } from "./scores";
import { headQuery, useVoice, VOICE_RANGE } from "./state";
import { Stream } from "./stream";

export function VoicePage() {
  const [state, set] = useVoice();
  const [adding, setAdding] = useState(false);
  const query = headQuery(state);
  const head = useAnswer<TrendAnswer>(query);
  const total = (series: number) => head.data?.series[series]?.total ?? 0;
  const silent = head.data !== undefined && total(1) === 0;
  return (
    <Page
      title={t("voice.title")}
      lead={head.data && rich("voice.lead", {
        people: <OpenNumber query={query} open={{ series: 0 }} n={total(0)} asOf={head.data.as_of} />,
        n: total(0),
        things: <OpenNumber query={query} open={{ series: 1 }} n={total(1)} asOf={head.data.as_of} />,
        m: total(1),
        range: rangeIn(state.range ?? VOICE_RANGE),
      })}
      bar={
        <>
          <RangePicker range={state.range ?? VOICE_RANGE} onChange={(range) => set({ range })} />
          <SegmentChips segment={state.segment} onChange={(segment) => set({ segment })} />
        </>
      }
      tools={
        <Button look="soft" icon="plus" onClick={() => setAdding(true)}>
          {t("interview.add")}
        </Button>
      }
    >
      {adding && <InterviewDialog onClose={() => setAdding(false)} />}
      {silent && state.segment === undefined && (
        <Sheet label={t("voice.empty.title")}>
          <Empty action={<a class="button primary" href="/settings/sources">{t("words.empty.do")}</a>}>{t("voice.empty")}</Empty>
        </Sheet>
      )}
      <Scores state={state} set={set} />
      <div class="voice">
        <div class="voice-side">
          <Groups state={state} set={set} />
          <Coverage state={state} set={set} />
        </div>
        <Stream state={state} set={set} />
      </div>
    </Page>
  );
}
