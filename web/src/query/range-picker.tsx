// The date range: step back and forward, presets, typed, two dates, and against what.
import { useRef, useState } from "preact/hooks";
import { useChord, useKey } from "../keys";
import { Button } from "../parts/basic";
import { Select, TextField } from "../parts/field";
import { Icon } from "../parts/icon";
import { Popover } from "../parts/popover";
import { formatDayRange, orgZone } from "../format";
import { t } from "../strings";
import { comparedDays, PRESETS, parseRange, rangeDays, stepRange } from "./range";
import { COMPARES, type Compare, type Range } from "./types";
import { daysWords, rangeWords } from "./words";

interface Props {
  range: Range;
  onChange: (range: Range) => void;
  compare?: Compare | undefined;
  onCompare?: (how: Compare | undefined) => void;
}

/** What a range can be laid beside; the first is nothing. */
const NONE = "none";
const CHOICES = [undefined, ...COMPARES] as const;

export function RangePicker({ range, onChange, compare, onCompare }: Props) {
  const later = stepRange(range, 1);
  const back = useRangeBack(range, onChange);
  useKey("[", () => onChange(stepRange(range, -1)!));
  useKey("]", () => later && onChange(later));
  useChord("mod+z", back.run, back.some);
  return (
    <span class="range" role="group" aria-label={t("range.label")}>
      <button type="button" class="range-step" aria-label={t("range.back")} onClick={() => onChange(stepRange(range, -1)!)}>
        <Icon name="left" small />
      </button>
      <Popover
        label={t("range.pick")}
        button={(props) => (
          <button type="button" class="range-main" title={rangeWords(range)} {...props}>
            {daysWords(range)}
          </button>
        )}
      >
        {(close) => (
          <RangePanel
            range={range}
            onChange={(next) => {
              onChange(next);
              close();
            }}
            compare={compare}
            onCompare={onCompare}
          />
        )}
      </Popover>
      {onCompare && (
        <Popover
          label={t("range.compare.title")}
          button={(props) => (
            <button type="button" class="range-compare" title={t("range.compare.title")} {...props}>
              {compare ? t("range.against", { days: comparedDates(range, compare) }) : t("range.compare")}
            </button>
          )}
        >
          {(close) => (
            <ul class="plain menu">
              {CHOICES.map((how) => (
                <li key={String(how)}>
                  <button
                    type="button"
                    class="menu-item compare-item"
                    aria-pressed={how === compare}
                    onClick={() => {
                      onCompare(how);
                      close();
                    }}
                  >
                    {t(how ? `compare.${how}` : "compare.none")}
                    {how && <span class="small dim">{comparedDates(range, how)}</span>}
                  </button>
                </li>
              ))}
            </ul>
          )}
        </Popover>
      )}
      <button type="button" class="range-step" aria-label={t("range.forward")} disabled={!later} onClick={() => later && onChange(later)}>
        <Icon name="right" small />
      </button>
    </span>
  );
}

function comparedDates(range: Range, how: Compare): string {
  const days = comparedDays(range, how);
  return formatDayRange(days.from, days.to);
}

const MOST_BACK = 50;

/** The ranges shown before, since the page was opened; the last of them comes back. */
function useRangeBack(range: Range, onChange: (range: Range) => void): { some: boolean; run: () => void } {
  const before = useRef<Range[]>([]);
  const now = useRef(range);
  const returning = useRef(false);
  if (JSON.stringify(now.current) !== JSON.stringify(range)) {
    if (!returning.current) before.current = [...before.current, now.current].slice(-MOST_BACK);
    returning.current = false;
    now.current = range;
  }
  return {
    some: before.current.length > 0,
    run: () => {
      const last = before.current.pop();
      if (last === undefined) return;
      returning.current = true;
      onChange(last);
    },
  };
}

function RangePanel({ range, onChange, compare, onCompare }: Props) {
  const days = rangeDays(range);
  const [typed, setTyped] = useState("");
  const [from, setFrom] = useState(days.from);
  const [to, setTo] = useState(days.to);
  const [wrong, setWrong] = useState(false);
  const now = JSON.stringify(range);
  const submit = (event: Event) => {
    event.preventDefault();
    const parsed = parseRange(typed);
    if (parsed) onChange(parsed);
    else setWrong(true);
  };
  return (
    <div class="range-panel">
      <ul class="plain menu">
        {PRESETS.map((preset) => (
          <li key={String(preset)}>
            <button type="button" class="menu-item" aria-pressed={JSON.stringify(preset) === now} onClick={() => onChange(preset)}>
              {rangeWords(preset)}
            </button>
          </li>
        ))}
      </ul>
      <div class="stack">
        <form onSubmit={submit}>
          <TextField label={t("range.type")} value={typed} onInput={setTyped} placeholder={t("range.type.example")} hint={t("range.type.hint")} error={wrong ? t("range.type.wrong") : undefined} />
        </form>
        <form
          class="range-dates"
          onSubmit={(event) => {
            event.preventDefault();
            if (from && to && from <= to) onChange({ from, to });
          }}
        >
          <TextField type="date" label={t("range.from")} value={from} onInput={setFrom} />
          <TextField type="date" label={t("range.to")} value={to} onInput={setTo} error={from > to ? t("range.order") : undefined} />
          <Button type="submit" disabled={!from || !to || from > to}>
            {t("range.apply")}
          </Button>
        </form>
        <p class="small dim">{t("range.zone", { zone: orgZone() })}</p>
        {onCompare && (
          <Select
            label={t("range.compare.title")}
            value={compare ?? NONE}
            onChange={(how) => onCompare(how === NONE ? undefined : how)}
            options={[{ value: NONE, text: t("compare.none") }, ...COMPARES.map((how) => ({ value: how, text: `${t(`compare.${how}`)}, ${comparedDates(range, how)}` }))]}
          />
        )}
      </div>
    </div>
  );
}
