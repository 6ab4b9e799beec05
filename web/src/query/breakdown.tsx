// By what the answer is broken down.
import { Button } from "../parts/basic";
import { Combo } from "../parts/combo";
import { Icon } from "../parts/icon";
import { Popover } from "../parts/popover";
import { TextField } from "../parts/field";
import { useState } from "preact/hooks";
import { t } from "../strings";
import { fieldChoices } from "./names";
import type { Breakdown } from "./types";
import { breakdownWords, fieldWords } from "./words";

export function BreakdownPicker({ breakdown, event, onChange }: { breakdown: Breakdown | undefined; event: string; onChange: (breakdown: Breakdown | undefined) => void }) {
  return (
    <Popover
      label={t("breakdown.pick")}
      button={(props) => (
        <button type="button" class={breakdown === undefined ? "chip add" : "chip on"} {...props}>
          {breakdown === undefined ? (
            <>
              <Icon name="plus" small />
              {t("breakdown.add")}
            </>
          ) : (
            t("breakdown.by", { name: breakdownWords(breakdown) })
          )}
        </button>
      )}
    >
      {(close) => <Panel breakdown={breakdown} event={event} onChange={onChange} close={close} />}
    </Popover>
  );
}

function Panel({ breakdown, event, onChange, close }: { breakdown: Breakdown | undefined; event: string; onChange: (breakdown: Breakdown | undefined) => void; close: () => void }) {
  const by = breakdown === undefined ? "" : typeof breakdown === "string" ? breakdown : breakdown.by;
  const [edges, setEdges] = useState(typeof breakdown === "object" ? breakdown.bins.join(", ") : "");
  const numbers = edges.split(/[,;\s]+/).filter(Boolean).map(Number);
  const rising = numbers.every((n, index) => Number.isFinite(n) && (index === 0 || n > numbers[index - 1]!));
  return (
    <div class="stack">
      <Combo
        first
        label={t("breakdown.pick")}
        value={by}
        show={fieldWords}
        load={(prefix, signal) => fieldChoices(prefix, event, signal)}
        onChange={(next) => {
          onChange(next);
          close();
        }}
      />
      {by && (
        <form
          class="row end"
          onSubmit={(submit) => {
            submit.preventDefault();
            if (!rising) return;
            onChange(numbers.length ? { by, bins: numbers } : by);
            close();
          }}
        >
          <TextField label={t("breakdown.bins")} value={edges} onInput={setEdges} placeholder={t("breakdown.bins.example")} error={rising ? undefined : t("breakdown.bins.wrong")} />
          <Button type="submit">{t("range.apply")}</Button>
        </form>
      )}
      {by && (
        <Button
          look="quiet"
          onClick={() => {
            onChange(undefined);
            close();
          }}
        >
          {t("breakdown.none")}
        </Button>
      )}
    </div>
  );
}
