// Who came and who went, interval by interval: those who are there above the line, those who went quiet below it.
// Arrow keys go through the intervals and the states, Enter opens.
import { useRef, useState } from "preact/hooks";
import type { LifecycleAnswer } from "../api/types";
import { formatInterval, formatNumber, formatShort } from "../format";
import { NoteLane, type ChartNotes } from "../notes/notes";
import { LIFE_STATES, type LifecycleQuery, type LifeState } from "../query/types";
import { comparedName } from "../query/words";
import { t } from "../strings";
import { useWidth } from "./size";
import { ticksOf } from "./ticks";

const TOP = 8;
const BOTTOM = 22;
const LEFT = 46;
const RIGHT = 8;
const HEIGHT = 270;
/** Top to bottom as they are drawn: what is below zero last. */
const ABOVE: LifeState[] = ["returning", "resurrected", "new"];

interface Cell {
  at: number;
  state: LifeState;
}

interface Props {
  query: LifecycleQuery;
  answer: LifecycleAnswer;
  interval: string;
  summary: string;
  notes: ChartNotes;
  onOpen: (cell: Cell) => void;
}

export function LifecycleChart({ query, answer, interval, summary, notes, onOpen }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const width = useWidth(box);
  const [chosen, setChosen] = useState<Cell | null>(null);
  const labels = answer.intervals;
  const { previous } = answer;
  // A compared month may have fewer weeks than this one.
  const before = labels.map((_, at) => ({ active: ABOVE.reduce((sum, state) => sum + (previous?.[state][at] ?? 0), 0), dormant: previous?.dormant[at] ?? 0 }));
  const high = Math.max(1, ...labels.map((_, at) => Math.max(before[at]!.active, ABOVE.reduce((sum, state) => sum + answer[state][at]!, 0))));
  const low = Math.max(0, ...answer.dormant, ...before.map((each) => each.dormant));
  const ticks = ticksOf(-low, high);
  const [bottom, top] = [ticks[0]!, ticks.at(-1)!];
  const inner = { w: Math.max(1, width - LEFT - RIGHT), h: HEIGHT - TOP - BOTTOM };
  const slot = inner.w / Math.max(1, labels.length);
  const bar = Math.max(1, Math.min(44, slot * 0.74));
  const x = (at: number): number => LEFT + (at + 0.5) * slot;
  const y = (value: number): number => TOP + inner.h * (1 - (value - bottom) / (top - bottom || 1));
  const every = Math.max(1, Math.ceil(labels.length / Math.max(2, Math.floor(inner.w / 74))));
  const partial = new Set(answer.partial);
  const words = ({ at, state }: Cell): string => t(`life.point.${state}`, { when: formatInterval(labels[at]!, interval, true), n: answer[state][at]! }) + (partial.has(labels[at]!) ? t("chart.partial") : "") + (previous?.[state][at] === undefined ? "" : `, ${t("chart.before", { n: previous[state][at]!, compared: comparedName(query) })}`);

  const onKeyDown = (event: KeyboardEvent) => {
    const last = labels.length - 1;
    const now = chosen ?? { at: -1, state: "new" as LifeState };
    const row = LIFE_STATES.indexOf(now.state);
    const turn = (by: number): Cell => ({ at: Math.max(0, now.at), state: LIFE_STATES[(row + by + LIFE_STATES.length) % LIFE_STATES.length]! });
    const moves: Record<string, () => Cell> = {
      ArrowLeft: () => ({ ...now, at: Math.max(0, chosen ? now.at - 1 : last) }),
      ArrowRight: () => ({ ...now, at: Math.min(last, now.at + 1) }),
      ArrowUp: () => turn(-1),
      ArrowDown: () => turn(1),
      Home: () => ({ ...now, at: 0 }),
      End: () => ({ ...now, at: last }),
    };
    const move = moves[event.key];
    if (move) {
      event.preventDefault();
      setChosen(move());
    } else if (event.key === "n" && chosen) {
      event.preventDefault();
      notes.add(labels[chosen.at]);
    } else if (event.key === "Enter" && chosen) {
      event.preventDefault();
      onOpen(chosen);
    }
  };

  const stack = (at: number) => {
    let from = 0;
    return ABOVE.map((state) => {
      const n = answer[state][at]!;
      const piece = { state, n, top: y(from + n), tall: y(from) - y(from + n) };
      from += n;
      return piece;
    });
  };
  const inAxis = (at: number): number => Math.max(LEFT, Math.min(width - RIGHT, x(at)));
  return (
    <div class="chart-frame">
      {width > 60 && <NoteLane notes={notes} x={inAxis} left={LEFT} right={width} at={(from) => labels[Math.max(0, Math.min(labels.length - 1, Math.floor((from - LEFT) / slot)))]} />}
      <div class="chart-focus" role="application" aria-roledescription={t("chart.role")} aria-label={`${summary} ${t("chart.keys")} ${t("chart.keys.note")}`} tabIndex={0} onKeyDown={onKeyDown} onBlur={() => setChosen(null)}>
        <div ref={box} class="life-chart" aria-hidden="true" style={{ minHeight: `${HEIGHT}px` }} onPointerLeave={() => setChosen(null)}>
          {width > 60 && (
            <svg class="chart" width={width} height={HEIGHT} viewBox={`0 0 ${width} ${HEIGHT}`}>
              <defs>
                <pattern id="gone" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
                  <path d="M0 0V6" class="life-hatch" />
                </pattern>
              </defs>
              {ticks.map((tick) => (
                <g key={tick}>
                  <path d={`M${LEFT} ${y(tick)}H${width - RIGHT}`} class={tick === 0 ? "zero-line" : "grid-line"} />
                  <text x={LEFT - 6} y={y(tick) + 4} text-anchor="end">
                    {Math.abs(tick) >= 10000 ? formatShort(Math.abs(tick)) : formatNumber(Math.abs(tick))}
                  </text>
                </g>
              ))}
              {labels.map((label, at) =>
                at % every === 0 ? (
                  <text key={label} x={x(at)} y={HEIGHT - 5} text-anchor="middle">
                    {formatInterval(label, interval)}
                  </text>
                ) : null,
              )}
              {notes.marks.map((mark) => (
                <path key={mark.note.id} class="note-line" d={`M${inAxis(mark.at)} ${TOP}V${HEIGHT - BOTTOM}`} />
              ))}
              {labels.map((label, at) => (
                <g key={label} class={partial.has(label) ? "life-column partial" : "life-column"}>
                  {[...stack(at), { state: "dormant" as LifeState, n: answer.dormant[at]!, top: y(0), tall: y(-answer.dormant[at]!) - y(0) }].map(({ state, n, top: edge, tall }) => {
                    const here = chosen?.at === at && chosen.state === state;
                    return n > 0 ? (
                      <g key={state} onPointerMove={() => setChosen({ at, state })} onClick={() => onOpen({ at, state })}>
                        <rect x={x(at) - bar / 2} y={edge} width={bar} height={Math.max(1, tall)} class={`life-${state}`} />
                        {state === "dormant" && <rect x={x(at) - bar / 2} y={edge} width={bar} height={Math.max(1, tall)} fill="url(#gone)" />}
                        {here && <rect x={x(at) - bar / 2} y={edge} width={bar} height={Math.max(1, tall)} class="life-chosen" />}
                      </g>
                    ) : null;
                  })}
                  {before[at]!.active + before[at]!.dormant > 0 && (
                    <path class="life-was" d={`M${x(at) - bar / 2 - 3} ${y(before[at]!.active)}h${bar + 6}${before[at]!.dormant > 0 ? `M${x(at) - bar / 2 - 3} ${y(-before[at]!.dormant)}h${bar + 6}` : ""}`} />
                  )}
                </g>
              ))}
            </svg>
          )}
          {chosen && (
            <div class={x(chosen.at) > width / 2 ? "chart-tip right" : "chart-tip"} style={{ left: `${x(chosen.at)}px`, top: "0px" }}>
              {words(chosen)}
            </div>
          )}
        </div>
      </div>
      <p class="away" aria-live="polite">
        {chosen ? words(chosen) : ""}
      </p>
      <ul class="legend" aria-hidden="true">
        {LIFE_STATES.map((state) => (
          <li key={state}>
            <i class={`swatch life-ground-${state}`} />
            {t(`life.${state}`)}
          </li>
        ))}
        {previous && (
          <li>
            <i class="was-key" />
            {comparedName(query)}
          </li>
        )}
      </ul>
    </div>
  );
}
