// Lines or columns over time. uPlot draws the axes and the lines; points, hollow where an interval
// is not over, and columns are drawn here. The arrow keys walk through the points.
import uPlot from "uplot";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { formatInterval, formatNumber, formatShort } from "../format";
import { t } from "../strings";
import { NoteLane, type ChartNotes } from "../notes/notes";
import type { Mark } from "../notes/place";
import { DASHES, usePalette, type Palette } from "./colours";
import { useWidth } from "./size";

export interface Line {
  name: string;
  values: (number | null)[];
  /** The compared period: grey and dashed, not opened by the keys. */
  compared?: boolean;
  /** Everything that is in no group of its own. */
  rest?: boolean;
  /** Which series of the answer this is; a compared line shares it with its own. */
  index: number;
}

interface Props {
  labels: string[];
  interval: string;
  lines: Line[];
  partial: string[];
  summary: string;
  look: "lines" | "columns";
  onOpen: (index: number, point: number, compared: boolean) => void;
  /** After dragging over points: the first and last of them. */
  onZoom?: (first: number, last: number) => void;
  height?: number;
  /** Labels of the compared intervals, for what is said of a point. */
  comparedLabels?: string[];
  notes?: ChartNotes;
}

const GAP = 3;
/** A drag that is shorter is a press. */
const ZOOM_LEAST_PX = 10;

interface Hue {
  colour: string;
  dash: number[];
}

function hueOf(line: Line, palette: Palette): Hue {
  if (line.compared) return { colour: palette.rest, dash: [4, 4] };
  if (line.rest) return { colour: palette.rest, dash: [] };
  return { colour: palette.series[line.index % 5]!, dash: DASHES[line.index % 5]! };
}

/** A line where something was noted, a band where it lasted. */
function drawMarks(u: uPlot, marks: Mark[], palette: Palette): void {
  const { ctx } = u;
  const { left, top, width, height } = u.bbox;
  const inside = (at: number) => Math.max(left, Math.min(left + width, u.valToPos(at, "x", true)));
  ctx.save();
  ctx.setLineDash([3 * devicePixelRatio, 3 * devicePixelRatio]);
  ctx.lineWidth = devicePixelRatio;
  ctx.strokeStyle = palette.axis;
  ctx.fillStyle = palette.band;
  for (const mark of marks) {
    const x = inside(mark.at);
    if (mark.until !== undefined) ctx.fillRect(x, top, inside(mark.until) - x, height);
    ctx.beginPath();
    ctx.moveTo(x, top);
    ctx.lineTo(x, top + height);
    ctx.stroke();
  }
  ctx.restore();
}

/** At most seven labels on the axis, on whole steps. */
function splits(count: number, width: number): number[] {
  const most = Math.max(2, Math.min(7, Math.floor(width / 80)));
  const step = Math.max(1, Math.ceil(count / most));
  return Array.from({ length: Math.ceil(count / step) }, (_, index) => index * step);
}

function drawPoints(u: uPlot, lines: Line[], palette: Palette, partial: Set<number>, chosen: { line: number; point: number } | null): void {
  const { ctx } = u;
  const ratio = devicePixelRatio;
  const many = u.data[0].length > 45;
  ctx.save();
  ctx.setLineDash([]);
  lines.forEach((line, at) => {
    const { colour } = hueOf(line, palette);
    line.values.forEach((value, point) => {
      if (value === null) return;
      const isChosen = chosen?.line === at && chosen.point === point;
      const hollow = partial.has(point) && !line.compared;
      const last = point === line.values.length - 1;
      if (!isChosen && !hollow && (line.compared || (many && !last))) return;
      const x = u.valToPos(point, "x", true);
      const y = u.valToPos(value, "y", true);
      ctx.beginPath();
      ctx.arc(x, y, (isChosen ? 5 : hollow ? 3.2 : 2.3) * ratio, 0, Math.PI * 2);
      ctx.fillStyle = hollow ? palette.sheet : colour;
      ctx.fill();
      if (hollow || isChosen) {
        ctx.lineWidth = 1.6 * ratio;
        ctx.strokeStyle = isChosen ? palette.ink : colour;
        ctx.stroke();
      }
    });
  });
  ctx.restore();
}

function drawColumns(u: uPlot, lines: Line[], palette: Palette, partial: Set<number>, chosen: { line: number; point: number } | null): void {
  const { ctx } = u;
  const ratio = devicePixelRatio;
  const slot = Math.abs(u.valToPos(1, "x", true) - u.valToPos(0, "x", true)) * 0.78;
  const each = Math.max(ratio, Math.min(36 * ratio, slot / lines.length - (slot > 16 * ratio ? GAP : 0)));
  const zero = u.valToPos(0, "y", true);
  ctx.save();
  lines.forEach((line, at) => {
    const { colour, dash } = hueOf(line, palette);
    line.values.forEach((value, point) => {
      if (value === null) return;
      const left = u.valToPos(point, "x", true) + (at - lines.length / 2) * each;
      const top = u.valToPos(value, "y", true);
      const isChosen = chosen?.line === at && chosen.point === point;
      ctx.fillStyle = colour;
      ctx.strokeStyle = isChosen ? palette.ink : colour;
      ctx.lineWidth = (isChosen ? 2.4 : 1.3) * ratio;
      const hollow = line.compared || partial.has(point);
      if (!hollow) ctx.fillRect(left, top, each - ratio, zero - top);
      if (hollow || isChosen) {
        ctx.setLineDash(isChosen ? [] : (hollow && !dash.length ? [3, 3] : dash).map((n) => n * ratio));
        ctx.strokeRect(left + ratio / 2, top, each - 2 * ratio, zero - top);
      }
    });
  });
  ctx.restore();
}

export function TrendChart({ labels, interval, lines, partial, summary, look, onOpen, onZoom, height = 240, comparedLabels, notes }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>();
  const width = useWidth(box);
  const palette = usePalette();
  const [chosen, setChosen] = useState<{ line: number; point: number } | null>(null);
  const chosenRef = useRef(chosen);
  chosenRef.current = chosen;
  const [area, setArea] = useState<{ left: number; width: number } | null>(null);
  const marks = notes?.marks;
  const marksRef = useRef(marks);
  marksRef.current = marks;
  const openRef = useRef(onOpen);
  openRef.current = onOpen;
  const zoomRef = useRef(onZoom);
  zoomRef.current = onZoom;
  const partialAt = useMemo(() => new Set(partial.map((label) => labels.indexOf(label))), [partial, labels]);
  // Room at the right for the names at the ends of the lines.
  const ends = width > 480 && look === "lines";
  const room = ends ? Math.min(150, Math.max(...lines.map((line) => [...endText(line)].length)) * 6.6 + 14) : 26;

  useEffect(() => {
    if (!box.current || width < 40 || labels.length === 0) return undefined;
    const draw = look === "lines" ? drawPoints : drawColumns;
    let dragged = false;
    const zoom = (self: uPlot) => {
      const { left, width: wide } = self.select;
      if (wide < ZOOM_LEAST_PX) return;
      dragged = true;
      setTimeout(() => (dragged = false), 0);
      const at = (px: number) => Math.max(0, Math.min(labels.length - 1, Math.round(self.posToVal(px, "x"))));
      self.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
      zoomRef.current?.(at(left), at(left + wide));
    };
    const u = new uPlot(
      {
        width,
        height,
        padding: [10, Math.max(room, 26), 0, 0],
        legend: { show: false },
        cursor: { drag: { x: onZoom !== undefined, y: false, setScale: false }, points: { show: false }, y: false },
        scales: {
          x: { time: false, range: () => (look === "lines" && labels.length > 1 ? [0, labels.length - 1] : [-0.6, labels.length - 0.4]) },
          y: { range: (_u, min, max) => [Math.min(0, min ?? 0), (max ?? 0) > 0 ? max! * 1.06 : 1] },
        },
        axes: [
          {
            stroke: palette.axis,
            font: "11px Inter, system-ui, sans-serif",
            grid: { show: false },
            ticks: { show: false },
            border: { show: true, stroke: palette.grid, width: 1 },
            size: 28,
            splits: () => splits(labels.length, width),
            values: (_u, at) => at.map((index) => (labels[index] ? formatInterval(labels[index]!, interval) : "")),
          },
          {
            stroke: palette.axis,
            font: "11px Inter, system-ui, sans-serif",
            grid: { stroke: palette.grid, width: 1 },
            ticks: { show: false },
            size: 46,
            values: (_u, at) => at.map((value) => (value >= 10000 ? formatShort(value) : formatNumber(value))),
          },
        ],
        series: [
          {},
          ...lines.map((line) => {
            const { colour, dash } = hueOf(line, palette);
            return { stroke: colour, width: line.compared ? 1.4 : 1.8, dash, points: { show: false }, ...(look === "columns" ? { paths: () => null } : {}) };
          }),
        ],
        hooks: {
          setSelect: [(self) => zoom(self)],
          drawClear: [(self) => drawMarks(self, marksRef.current ?? [], palette)],
          draw: [(self) => draw(self, lines, palette, partialAt, chosenRef.current)],
          ready: [(self) => setArea({ left: self.over.offsetLeft, width: self.over.clientWidth })],
        },
      },
      [labels.map((_, index) => index), ...lines.map((line) => line.values)] as uPlot.AlignedData,
      box.current,
    );
    plot.current = u;
    const nearest = (event: PointerEvent | MouseEvent) => {
      const area = u.over.getBoundingClientRect();
      const point = Math.max(0, Math.min(labels.length - 1, Math.round(u.posToVal(event.clientX - area.left, "x"))));
      const y = event.clientY - area.top;
      let best = 0;
      let distance = Infinity;
      lines.forEach((line, index) => {
        const value = line.values[point];
        if (value === null || value === undefined) return;
        const away = Math.abs(u.valToPos(value, "y") - y);
        if (away < distance) [best, distance] = [index, away];
      });
      return { line: best, point };
    };
    const move = (event: PointerEvent) => {
      const next = nearest(event);
      const now = chosenRef.current;
      if (!now || now.line !== next.line || now.point !== next.point) setChosen(next);
    };
    const leave = () => setChosen(null);
    const click = (event: MouseEvent) => {
      // The end of a drag is no press on a point.
      if (dragged) return;
      const hit = nearest(event);
      const line = lines[hit.line];
      if (line && line.values[hit.point] !== null) openRef.current(line.index, hit.point, line.compared ?? false);
    };
    u.over.addEventListener("pointermove", move);
    u.over.addEventListener("pointerleave", leave);
    u.over.addEventListener("click", click);
    return () => {
      u.destroy();
      plot.current = undefined;
    };
  }, [width, palette, labels, lines, look, height, partialAt, room]);

  useEffect(() => plot.current?.redraw(false), [chosen, marks]);

  const line = chosen ? lines[chosen.line] : undefined;
  const said = chosen && line ? pointWords(line, chosen.point, line.compared && comparedLabels ? comparedLabels : labels, interval, partialAt) : "";

  const onKeyDown = (event: KeyboardEvent) => {
    const now = chosen ?? { line: 0, point: labels.length };
    const moves: Record<string, () => { line: number; point: number }> = {
      ArrowLeft: () => ({ ...now, point: Math.max(0, now.point - 1) }),
      ArrowRight: () => ({ ...now, point: Math.min(labels.length - 1, chosen ? now.point + 1 : 0) }),
      ArrowUp: () => ({ point: Math.min(now.point, labels.length - 1), line: (now.line + lines.length - 1) % lines.length }),
      ArrowDown: () => ({ point: Math.min(now.point, labels.length - 1), line: (now.line + 1) % lines.length }),
      Home: () => ({ ...now, point: 0 }),
      End: () => ({ ...now, point: labels.length - 1 }),
    };
    const move = moves[event.key];
    if (move) {
      event.preventDefault();
      setChosen(move());
    } else if (event.key === "n" && notes && chosen) {
      event.preventDefault();
      notes.add(labels[chosen.point]);
    } else if (event.key === "Enter" && chosen && line && line.values[chosen.point] !== null) {
      event.preventDefault();
      onOpen(line.index, chosen.point, line.compared ?? false);
    }
  };

  const [low, high] = look === "lines" && labels.length > 1 ? [0, labels.length - 1] : [-0.6, labels.length - 0.4];
  const xOf = (at: number) => (area ? area.left + ((Math.max(low, Math.min(high, at)) - low) / (high - low)) * area.width : 0);
  const labelAt = (x: number) => (area ? labels[Math.max(0, Math.min(labels.length - 1, Math.round(low + ((x - area.left) / area.width) * (high - low))))] : undefined);
  return (
    <div class="chart-frame">
      {notes && area && <NoteLane notes={notes} x={xOf} left={area.left} right={width} at={labelAt} />}
      <div class="chart-focus" role="application" aria-roledescription={t("chart.role")} aria-label={`${summary} ${t("chart.keys")}${notes ? ` ${t("chart.keys.note")}` : ""}`} tabIndex={0} onKeyDown={onKeyDown} onBlur={() => setChosen(null)}>
        <div class="chart-box" ref={box} style={{ minHeight: `${height}px` }} aria-hidden="true" />
        {ends && plotReady(width) && <Ends lines={lines} palette={palette} width={width} height={height} room={room} />}
        {chosen && line && <PointTip u={plot.current} text={said} point={chosen.point} value={line.values[chosen.point] ?? 0} />}
      </div>
      <p class="away" aria-live="polite">
        {said}
      </p>
      {(!ends || lines.length > 5) && lines.length > 1 && <Legend lines={lines} palette={palette} />}
    </div>
  );
}

const plotReady = (width: number): boolean => width > 40;
const lastValue = (line: Line): number | null => line.values.findLast((value) => value !== null) ?? null;
const endText = (line: Line): string => {
  const name = line.name.length > 22 ? `${line.name.slice(0, 21)}…` : line.name;
  return name;
};

function pointWords(line: Line, point: number, labels: string[], interval: string, partial: Set<number>): string {
  const value = line.values[point];
  const when = labels[point] ? formatInterval(labels[point]!, interval, true) : "";
  const words = t("chart.point", { when, name: line.name, value: value === null || value === undefined ? t("chart.nothing") : formatNumber(value) });
  return partial.has(point) && !line.compared ? `${words}${t("chart.partial")}` : words;
}

/** Names at the ends of the lines, moved apart where they would lie on each other. */
function Ends({ lines, palette, width, height, room }: { lines: Line[]; palette: Palette; width: number; height: number; room: number }) {
  const most = Math.max(1, ...lines.flatMap((line) => line.values.map((value) => value ?? 0))) * 1.06;
  const low = Math.min(0, ...lines.flatMap((line) => line.values.map((value) => value ?? 0)));
  const inner = height - 10 - 28;
  const places = lines
    .map((line) => ({ line, y: 10 + inner * (1 - ((lastValue(line) ?? 0) - low) / (most - low)) }))
    .sort((a, b) => a.y - b.y);
  for (let i = 1; i < places.length; i += 1) places[i]!.y = Math.max(places[i]!.y, places[i - 1]!.y + 14);
  for (let i = places.length - 1, limit = height - 30; i >= 0; i -= 1) {
    places[i]!.y = Math.min(places[i]!.y, limit);
    limit = places[i]!.y - 14;
  }
  return (
    <div class="chart-ends" aria-hidden="true">
      {places.map(({ line, y }) => (
        <span key={`${line.index}${line.compared}`} style={{ left: `${width - room + 7}px`, top: `${y - 8}px`, maxWidth: `${Math.max(0, room - 8)}px`, color: hueOf(line, palette).colour }}>
          {endText(line)}
        </span>
      ))}
    </div>
  );
}

export function Legend({ lines, palette }: { lines: Line[]; palette: Palette }) {
  return (
    <ul class="legend" aria-hidden="true">
      {lines.map((line) => {
        const { colour, dash } = hueOf(line, palette);
        return (
          <li key={`${line.index}${line.compared}`}>
            <svg width="18" height="8" viewBox="0 0 18 8">
              <path d="M0 4h18" stroke={colour} stroke-width="2" stroke-dasharray={dash.join(" ") || undefined} />
            </svg>
            {line.name}
          </li>
        );
      })}
    </ul>
  );
}

function PointTip({ u, text, point, value }: { u: uPlot | undefined; text: string; point: number; value: number }) {
  if (!u) return null;
  const left = u.valToPos(point, "x") + u.over.offsetLeft;
  const top = u.valToPos(value, "y") + u.over.offsetTop;
  const right = left > u.width / 2;
  return (
    <div class={right ? "chart-tip right" : "chart-tip"} style={{ left: `${left}px`, top: `${Math.max(0, top - 34)}px` }} aria-hidden="true">
      {text}
    </div>
  );
}
