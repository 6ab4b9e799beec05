// The question of lifecycle and stickiness: which event, in which intervals.
import { Select } from "../../parts/field";
import { MatcherEditor } from "../../query/matcher-editor";
import type { IntervalName } from "../../query/types";
import { t } from "../../strings";
import type { HabitState } from "./state";

const INTERVALS: IntervalName[] = ["day", "week", "month", "quarter"];

export function HabitBuilder({ state, set }: { state: HabitState; set: (changes: Partial<HabitState>) => void }) {
  return (
    <div class="builder">
      <MatcherEditor label={t("habit.what")} matcher={state.what ?? { event: "*" }} before={<span class="builder-word">{t("habit.what")}</span>} onChange={(what) => set({ what })} />
      <div class="row wrap">
        <Select inline label={t("interval")} value={state.interval ?? "week"} onChange={(interval: IntervalName) => set({ interval })} options={INTERVALS.map((each) => ({ value: each, text: t(`interval.${each}`) }))} />
      </div>
    </div>
  );
}
