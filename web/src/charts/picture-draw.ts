// Draws a described chart as SVG: title and sentence above, who and when below, the chart between.
import { formatNumber, formatShort } from "../format";
import { DASHES, type PrintPalette } from "./colours";
import { drawFunnel, drawGrid } from "./picture-steps";
import { drawFlow } from "./picture-flow";
import type { BarsPicture, Picture, PictureBody, PictureLine, ScorePicture, TimePicture } from "./picture";
import { ticksOf } from "./ticks";
import { circle, fit, paint, path, rect, text, widthOf, wrap } from "./svg";

export const WIDTH = 960;
const PAD = 32;
const INNER = WIDTH - PAD * 2;
const PLOT = 320;
const FONT = "Inter, 'Segoe UI', Roboto, 'Noto Sans', 'Liberation Sans', sans-serif";

/** Marks within a box that begins at 0, 0, and how high it is. */
export interface Drawn {
  height: number;
  marks: string;
}

interface Plot {
  left: number;
  right: number;
  top: number;
  bottom: number;
  x: (at: number) => number;
  y: (value: number) => number;
}

function axes(plot: Plot, ticks: { value: number; text: string }[], labels: string[], p: PrintPalette): string {
  const every = Math.max(1, Math.ceil(labels.length / 9));
  const rows = ticks.map(({ value, text: words }) => path(`M${plot.left} ${plot.y(value)}H${plot.right}`, `fill="none" ${paint("stroke", p.grid)}`) + text(plot.left - 8, plot.y(value) + 4, words, { colour: p.axis, anchor: "end" }));
  const below = labels.map((label, at) => (at % every ? "" : text(plot.x(at), plot.bottom + 20, label, { colour: p.axis, anchor: "middle" })));
  return rows.join("") + below.join("");
}

function drawMarks(marks: { at: number; text: string }[] | undefined, plot: Plot, p: PrintPalette): string {
  return (marks ?? [])
    .map((mark, index) => {
      const x = plot.x(mark.at);
      const end = x > (plot.left + plot.right) / 2;
      const y = plot.top + 11 + (index % 4) * 15;
      return path(`M${x} ${plot.top}V${plot.bottom}`, `fill="none" ${paint("stroke", p.ink2)} stroke-dasharray="2 3"`) + text(x + (end ? -5 : 5), y, fit(mark.text, 11, 240), { colour: p.ink2, anchor: end ? "end" : "start" });
    })
    .join("");
}

const hue = (line: PictureLine, p: PrintPalette): string => (line.compared || line.rest ? p.rest : p.series[line.index % 5]!);
const dash = (line: PictureLine): string => {
  const list = line.compared ? [4, 4] : DASHES[line.index % 5]!;
  return list.length ? ` stroke-dasharray="${list.join(" ")}"` : "";
};

function lineMarks(line: PictureLine, plot: Plot, partial: Set<number>, p: PrintPalette): string {
  const colour = hue(line, p);
  let d = "";
  let pen = false;
  line.values.forEach((value, at) => {
    if (value === null) pen = false;
    else {
      d += `${pen ? "L" : "M"}${plot.x(at)} ${plot.y(value)}`;
      pen = true;
    }
  });
  const dots = line.values.map((value, at) => {
    if (value === null || line.compared || (line.values.length > 45 && !partial.has(at))) return "";
    return circle(plot.x(at), plot.y(value), partial.has(at) ? 3.4 : 2.6, partial.has(at) ? `${paint("fill", p.sheet)} ${paint("stroke", colour)} stroke-width="1.6"` : paint("fill", colour));
  });
  return path(d, `fill="none" ${paint("stroke", colour)} stroke-width="2"${dash(line)}`) + dots.join("");
}

function columnMarks(lines: PictureLine[], plot: Plot, partial: Set<number>, p: PrintPalette): string {
  const slot = Math.abs(plot.x(1) - plot.x(0)) * 0.8;
  const each = Math.min(48, slot / lines.length);
  return lines
    .map((line, index) =>
      line.values
        .map((value, at) => {
          if (value === null) return "";
          const x = plot.x(at) + (index - lines.length / 2) * each;
          const top = Math.min(plot.y(value), plot.y(0));
          const tall = Math.abs(plot.y(0) - plot.y(value));
          const hollow = line.compared || partial.has(at);
          return rect(x, top, each - 1.5, tall, hollow ? `fill="none" ${paint("stroke", hue(line, p))} stroke-dasharray="3 3"` : paint("fill", hue(line, p)));
        })
        .join(""),
    )
    .join("");
}

/** Above the line what came, below it what went: negative values stand under zero. */
function stackMarks(lines: PictureLine[], plot: Plot, partial: Set<number>, p: PrintPalette): string {
  const slot = Math.min(48, Math.abs(plot.x(1) - plot.x(0)) * 0.8);
  const count = lines[0]?.values.length ?? 0;
  let out = "";
  for (let at = 0; at < count; at += 1) {
    let up = 0;
    let down = 0;
    for (const line of lines) {
      const value = line.values[at] ?? 0;
      const from = value < 0 ? down : up;
      const to = from + value;
      const top = Math.min(plot.y(from), plot.y(to));
      out += rect(plot.x(at) - slot / 2, top, slot, Math.abs(plot.y(from) - plot.y(to)), `${paint("fill", hue(line, p))}${partial.has(at) ? ' fill-opacity="0.5"' : ""}`);
      if (value < 0) down = to;
      else up = to;
    }
  }
  return out;
}

function extent(body: TimePicture): [number, number] {
  const values = body.lines.flatMap((line) => line.values.map((value) => value ?? 0));
  if (body.look !== "stacked") return [Math.min(0, ...values), Math.max(0, ...values)];
  let [low, high] = [0, 0];
  body.labels.forEach((_, at) => {
    const list = body.lines.map((line) => line.values[at] ?? 0);
    high = Math.max(high, list.reduce((sum, n) => sum + Math.max(0, n), 0));
    low = Math.min(low, list.reduce((sum, n) => sum + Math.min(0, n), 0));
  });
  return [low, high];
}

function plotOf(count: number, low: number, high: number, bands: boolean): Plot {
  const box = { left: 56, right: INNER - 20, top: 8, bottom: PLOT - 30 };
  const wide = box.right - box.left;
  return {
    ...box,
    x: (at) => (bands || count < 2 ? box.left + (wide * (at + 0.5)) / Math.max(1, count) : box.left + (wide * at) / (count - 1)),
    y: (value) => box.bottom - ((value - low) / (high - low || 1)) * (box.bottom - box.top),
  };
}

function drawTime(body: TimePicture, p: PrintPalette): Drawn {
  const [low, high] = extent(body);
  const ticks = ticksOf(low, high);
  const plot = plotOf(body.labels.length, ticks[0]!, ticks.at(-1)!, body.look !== "lines");
  const partial = new Set(body.partial);
  const words = ticks.map((value) => ({ value, text: Math.abs(value) >= 10000 ? formatShort(Math.abs(value)) : formatNumber(body.look === "stacked" ? Math.abs(value) : value) }));
  const lines = body.look === "lines" ? body.lines.map((line) => lineMarks(line, plot, partial, p)).join("") : (body.look === "columns" ? columnMarks : stackMarks)(body.lines, plot, partial, p);
  return { height: PLOT, marks: axes(plot, words, body.labels, p) + lines + drawMarks(body.marks, plot, p) };
}

function drawScore(body: ScorePicture, p: PrintPalette): Drawn {
  const plot = plotOf(body.labels.length, body.ticks[0]?.value ?? 0, body.ticks.at(-1)?.value ?? 1, false);
  const runs: number[][] = [];
  body.rows.forEach((row, at) => {
    if (row.value === null) return;
    if (runs.at(-1)?.at(-1) === at - 1) runs.at(-1)!.push(at);
    else runs.push([at]);
  });
  const end = (at: number, name: "low" | "high") => `${plot.x(at)} ${plot.y(body.rows[at]![name] ?? body.rows[at]!.value!)}`;
  const marks = runs.map(
    (run) =>
      path(`M${run.map((at) => end(at, "high")).join("L")}L${[...run].reverse().map((at) => end(at, "low")).join("L")}Z`, paint("fill", p.band)) +
      path(`M${run.map((at) => `${plot.x(at)} ${plot.y(body.rows[at]!.value!)}`).join("L")}`, `fill="none" ${paint("stroke", p.series[0]!)} stroke-width="2"`) +
      run.map((at) => circle(plot.x(at), plot.y(body.rows[at]!.value!), 2.8, paint("fill", p.series[0]!))).join(""),
  );
  return { height: PLOT, marks: axes(plot, body.ticks, body.labels, p) + marks.join("") + drawMarks(body.marks, plot, p) };
}

function drawBars(body: BarsPicture, p: PrintPalette): Drawn {
  const most = Math.max(1, ...body.rows.flatMap((row) => [row.value ?? 0, row.before ?? 0]));
  const left = 220;
  const wide = INNER - left - 120;
  const marks = body.rows.map((row, at) => {
    const y = at * 30;
    const before = row.before === null || row.before === undefined ? "" : path(`M${left + (row.before / most) * wide} ${y + 1}v24`, `fill="none" ${paint("stroke", p.ink)} stroke-width="2" stroke-dasharray="3 2"`);
    return (
      text(left - 12, y + 17, fit(row.name, 12, left - 16), { size: 12, colour: p.ink2, anchor: "end" }) +
      rect(left, y + 4, wide, 18, paint("fill", p.desk)) +
      rect(left, y + 4, ((row.value ?? 0) / most) * wide, 18, paint("fill", p.series[0]!)) +
      before +
      text(INNER, y + 17, row.text, { size: 12, colour: p.ink, anchor: "end", strong: true })
    );
  });
  return { height: body.rows.length * 30, marks: marks.join("") };
}

function drawBody(body: PictureBody, p: PrintPalette): Drawn {
  switch (body.kind) {
    case "time":
      return drawTime(body, p);
    case "score":
      return drawScore(body, p);
    case "bars":
      return drawBars(body, p);
    case "grid":
      return drawGrid(body, INNER, p);
    case "funnel":
      return drawFunnel(body, INNER, p);
    default:
      return drawFlow(body, INNER, p);
  }
}

function legendOf(body: PictureBody, p: PrintPalette): Drawn {
  const items =
    body.kind === "time"
      ? body.lines.map((line) => ({ name: line.name, colour: hue(line, p), extra: dash(line) }))
      : body.kind === "funnel" && body.parts.length > 1
        ? body.parts.map((part, at) => ({ name: part.name, colour: part.rest ? p.rest : p.series[at % 5]!, extra: "" }))
        : [];
  if (items.length < 2) return { height: 0, marks: "" };
  let [x, y] = [0, 14];
  const marks = items.map(({ name, colour, extra }) => {
    const words = fit(name, 12, 220);
    const wide = 26 + widthOf(words, 12) + 20;
    if (x > 0 && x + wide > INNER) [x, y] = [0, y + 20];
    const mark = path(`M${x} ${y - 4}h18`, `fill="none" ${paint("stroke", colour)} stroke-width="3"${extra}`) + text(x + 25, y, words, { size: 12, colour: p.ink2 });
    x += wide;
    return mark;
  });
  return { height: y + 14, marks: marks.join("") };
}

export function drawPicture(picture: Picture, p: PrintPalette): { svg: string; width: number; height: number } {
  const titles = wrap(picture.title, 20, INNER, 2);
  const sentences = wrap(picture.summary, 13, INNER, 4);
  const notes = wrap(picture.note, 11, INNER, 3);
  const parts: string[] = [];
  let y = PAD + 14;
  for (const line of titles) {
    parts.push(text(PAD, y, line, { size: 20, colour: p.ink, strong: true }));
    y += 26;
  }
  for (const line of sentences) {
    parts.push(text(PAD, y, line, { size: 13, colour: p.ink2 }));
    y += 19;
  }
  y += 8;
  for (const drawn of [legendOf(picture.body, p), drawBody(picture.body, p)]) {
    if (drawn.marks) parts.push(`<g transform="translate(${PAD} ${y})">${drawn.marks}</g>`);
    y += drawn.height;
  }
  y += 26;
  for (const line of notes) {
    parts.push(text(PAD, y, line, { size: 11, colour: p.ink3 }));
    y += 16;
  }
  const height = Math.ceil(y + PAD - 20);
  const said = `<title>${wrap(picture.title, 1, 1e6, 1).map((line) => line.replace(/[&<>]/g, (c) => `&#${c.charCodeAt(0)};`)).join("")}</title>`;
  return {
    svg: `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" font-family="${FONT}" role="img">${said}${rect(0, 0, WIDTH, height, paint("fill", p.sheet))}${parts.join("")}</svg>\n`,
    width: WIDTH,
    height,
  };
}
