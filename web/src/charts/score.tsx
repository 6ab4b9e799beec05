// A score over time: a line, the interval around it as a band, gaps where there is not enough yet.
import { useRef, useState } from "preact/hooks";
import type { ScoreRow } from "../api/types";
import { formatInterval } from "../format";
import { t } from "../strings";
import { NoteLane, type ChartNotes } from "../notes/notes";
import { useWidth } from "./size";

interface Props {
  labels: string[];
  rows: ScoreRow[];
  interval: string;
  partial: string[];
  /** The ends of the scale that is drawn. */
  ends: [number, number];
  show: (value: number) => string;
  summary: string;
  onOpen: (at: number) => void;
  height?: number;
  notes?: ChartNotes;
}

const TOP = 8;
const BOTTOM = 20;
const LEFT = 34;
const RIGHT = 10;

/** Round steps that hold what is drawn, but no more of the scale than that. */
export function scoreTicks(rows: ScoreRow[], ends: [number, number]): number[] {
  const values = rows.flatMap((row) => (row.value === null ? [] : [row.low ?? row.value, row.high ?? row.value]));
  if (values.length === 0) return [ends[0], ends[1]];
  const span = ends[1] - ends[0];
  const low = Math.max(ends[0], Math.min(...values));
  const high = Math.min(ends[1], Math.max(...values));
  const step = [0.01, 0.02, 0.05, 0.1, 0.2, 0.25].map((share) => share * span).find((each) => (high - low) / each <= 4) ?? span / 2;
  const from = Math.max(ends[0], Math.floor(low / step) * step);
  const ticks: number[] = [];
  for (let at = from; ticks.length < 12; at += step) {
    ticks.push(Number(Math.min(at, ends[1]).toFixed(6)));
    if (at >= high || at >= ends[1]) break;
  }
  return ticks.length > 1 ? ticks : [ticks[0]!, Math.min(ends[1], ticks[0]! + step)];
}

/** Runs of neighbours that have a value: a line is never drawn across what is not known. */
function runs(rows: ScoreRow[]): number[][] {
  const list: number[][] = [];
  rows.forEach((row, at) => {
    if (row.value === null) return;
    const last = list.at(-1);
    if (last && last.at(-1) === at - 1) last.push(at);
    else list.push([at]);
  });
  return list;
}

export function ScoreChart({ labels, rows, interval, partial, ends, show, summary, onOpen, height = 132, notes }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const width = useWidth(box);
  const [chosen, setChosen] = useState<number | null>(null);
  const ticks = scoreTicks(rows, ends);
  const [low, high] = [ticks[0]!, ticks.at(-1)!];
  const inner = { w: Math.max(1, width - LEFT - RIGHT), h: height - TOP - BOTTOM };
  const x = (at: number) => LEFT + (labels.length < 2 ? inner.w / 2 : (inner.w * at) / (labels.length - 1));
  const y = (value: number) => TOP + inner.h * (1 - (Math.min(high, Math.max(low, value)) - low) / (high - low || 1));
  const known = rows.map((row, at) => (row.value === null ? -1 : at)).filter((at) => at >= 0);
  const words = (at: number): string => {
    const row = rows[at];
    const when = formatInterval(labels[at] ?? "", interval, true);
    if (!row) return "";
    const part = partial.includes(labels[at] ?? "") ? t("chart.partial") : "";
    if (row.value === null) return t("score.point.few", { when, n: row.n }) + part;
    return t("score.point", { when, value: show(row.value), low: show(row.low ?? row.value), high: show(row.high ?? row.value), n: row.n }) + part;
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const last = labels.length - 1;
    const moves: Record<string, number> = {
      ArrowLeft: Math.max(0, (chosen ?? labels.length) - 1),
      ArrowRight: chosen === null ? 0 : Math.min(last, chosen + 1),
      Home: 0,
      End: last,
    };
    const move = moves[event.key];
    if (move !== undefined) {
      event.preventDefault();
      setChosen(move);
    } else if (event.key === "n" && notes && chosen !== null) {
      event.preventDefault();
      notes.add(labels[chosen]);
    } else if (event.key === "Enter" && chosen !== null && (rows[chosen]?.n ?? 0) > 0) {
      event.preventDefault();
      onOpen(chosen);
    }
  };
  const pointAt = (from: number): number => Math.max(0, Math.min(labels.length - 1, Math.round(((from - LEFT) / inner.w) * (labels.length - 1))));
  const nearest = (event: MouseEvent): number => pointAt(event.clientX - (box.current?.getBoundingClientRect().left ?? 0));
  const inAxis = (at: number): number => x(Math.max(0, Math.min(labels.length - 1, at)));
  const every = Math.max(1, Math.ceil(labels.length / Math.max(2, Math.floor(inner.w / 74))));
  return (
    <div class="chart-frame">
      {notes && width > 60 && <NoteLane notes={notes} x={inAxis} left={LEFT} right={width} at={(from) => labels[pointAt(from)]} />}
      <div class="chart-focus" role="application" aria-roledescription={t("chart.role")} aria-label={`${summary} ${t("chart.keys")}${notes ? ` ${t("chart.keys.note")}` : ""}`} tabIndex={0} onKeyDown={onKeyDown} onBlur={() => setChosen(null)}>
        <div
          ref={box}
          class="score-chart"
          aria-hidden="true"
          style={{ minHeight: `${height}px` }}
          onPointerMove={(event) => setChosen(nearest(event))}
          onPointerLeave={() => setChosen(null)}
          onClick={(event) => {
            const at = nearest(event);
            if ((rows[at]?.n ?? 0) > 0) onOpen(at);
          }}
        >
          {width > 60 && (
            <svg class="chart" width={width} height={height} viewBox={`0 0 ${width} ${height}`}>
              {ticks.map((tick) => (
                <g key={tick}>
                  <path d={`M${LEFT} ${y(tick)}H${width - RIGHT}`} class="grid-line" />
                  <text x={LEFT - 6} y={y(tick) + 4} text-anchor="end">
                    {show(tick)}
                  </text>
                </g>
              ))}
              {labels.map((label, at) =>
                at % every === 0 ? (
                  <text key={label} x={x(at)} y={height - 4} text-anchor={at === 0 ? "start" : at === labels.length - 1 ? "end" : "middle"}>
                    {formatInterval(label, interval)}
                  </text>
                ) : null,
              )}
              {notes?.marks.map((mark) => (
                <g key={mark.note.id}>
                  {mark.until !== undefined && <rect class="note-band" x={inAxis(mark.at)} y={TOP} width={Math.max(0, inAxis(mark.until) - inAxis(mark.at))} height={inner.h} />}
                  <path class="note-line" d={`M${inAxis(mark.at)} ${TOP}V${height - BOTTOM}`} />
                </g>
              ))}
              {runs(rows).map((run) => (
                <g key={run[0]}>
                  <path class="score-band" d={`M${run.map((at) => `${x(at)} ${y(rows[at]!.high ?? rows[at]!.value!)}`).join("L")}L${[...run].reverse().map((at) => `${x(at)} ${y(rows[at]!.low ?? rows[at]!.value!)}`).join("L")}Z`} />
                  <path class="score-line" d={`M${run.map((at) => `${x(at)} ${y(rows[at]!.value!)}`).join("L")}`} />
                </g>
              ))}
              {known.map((at) => (
                <circle key={at} class={partial.includes(labels[at]!) ? "score-point hollow" : "score-point"} cx={x(at)} cy={y(rows[at]!.value!)} r={at === chosen ? 4.5 : at === known.at(-1) || partial.includes(labels[at]!) ? 3.4 : 2} />
              ))}
            </svg>
          )}
          {chosen !== null && (
            <div class={x(chosen) > width / 2 ? "chart-tip right" : "chart-tip"} style={{ left: `${x(chosen)}px`, top: "0px" }}>
              {words(chosen)}
            </div>
          )}
        </div>
      </div>
      <p class="away" aria-live="polite">
        {chosen === null ? "" : words(chosen)}
      </p>
    </div>
  );
}

/** A score as a dot on its scale, with its interval as a bar: for comparing groups beside each other. */
export function ScoreBar({ row, ends, all }: { row: ScoreRow; ends: [number, number]; all?: number | null }) {
  const at = (value: number): string => `${((Math.min(ends[1], Math.max(ends[0], value)) - ends[0]) / (ends[1] - ends[0])) * 100}%`;
  return (
    <span class="score-track" aria-hidden="true">
      {all !== null && all !== undefined && <i class="score-all" style={{ left: at(all) }} />}
      {row.value !== null && (
        <>
          <i class="score-range" style={{ left: at(row.low ?? row.value), right: `calc(100% - ${at(row.high ?? row.value)})` }} />
          <i class="score-dot" style={{ left: at(row.value) }} />
        </>
      )}
    </span>
  );
}
