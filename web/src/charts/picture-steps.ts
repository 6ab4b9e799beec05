// A funnel and a grid of retention as pictures.
import { formatNumber } from "../format";
import type { PrintPalette } from "./colours";
import type { FunnelPicture, GridPicture } from "./picture";
import type { Drawn } from "./picture-draw";
import { fit, paint, path, rect, text } from "./svg";

const TALL = 200;
const HEAD = 46;

export function drawFunnel(body: FunnelPicture, width: number, p: PrintPalette): Drawn {
  const { steps, parts } = body;
  const most = Math.max(1, steps[0]?.count ?? 0);
  const gap = width / Math.max(1, steps.length);
  const bar = Math.min(72, gap * 0.5);
  const high = (n: number): number => (n / most) * TALL;
  const marks = steps.map((step, at) => {
    const x = at * gap;
    const next = steps[at + 1];
    let y = HEAD;
    const slices = parts.map((part, index) => {
      const count = part.counts[at] ?? 0;
      const tall = high(count);
      const top = y;
      y += tall;
      const colour = part.rest ? p.rest : p.series[index % 5]!;
      const label = parts.length > 1 && tall > 15 && !part.rest ? text(x + bar / 2, top + tall / 2 + 4, formatNumber(count), { colour: p.onSeries[index % 5]!, anchor: "middle" }) : "";
      return rect(x, top, bar, Math.max(0, tall - (parts.length > 1 ? 1 : 0)), paint("fill", colour)) + label;
    });
    const flow = next
      ? path(`M${x + bar} ${HEAD}H${x + gap}V${HEAD + high(Math.min(next.count, step.count))}H${x + bar}z`, `${paint("fill", p.series[0]!)} fill-opacity="0.1"`) +
        text(x + gap - 8, HEAD + 18, next.rate, { size: 12, colour: p.series[0]!, anchor: "end", strong: true }) +
        text(x + bar + 8, HEAD + high(step.count) + 18, fit(step.lost, 11, gap - 12), { colour: p.ink2 })
      : "";
    return flow + slices.join("") + text(x, 12, fit(step.name, 11, gap - 8), { colour: p.ink3 }) + text(x, 34, step.text, { size: 18, colour: p.ink, strong: true });
  });
  return { height: HEAD + TALL + 30, marks: marks.join("") };
}

export function drawGrid(body: GridPicture, width: number, p: PrintPalette): Drawn {
  const first = 110;
  const n = 60;
  const wide = Math.min(72, (width - first - n) / Math.max(1, body.head.length));
  const head = body.head.map((words, at) => text(first + n + at * wide + wide / 2, 12, fit(words, 11, wide), { colour: p.ink3, anchor: "middle" }));
  const rows = body.rows.map((row, line) => {
    const y = 22 + line * 28;
    const cells = row.cells.map((cell, at) => {
      const x = first + n + at * wide;
      const ground = cell.step === null ? "" : rect(x + 1, y, wide - 2, 26, paint("fill", cell.step === 0 ? p.desk : p.steps[cell.step - 1]!));
      return ground + text(x + wide / 2, y + 17, cell.text, { colour: cell.step !== null && cell.step >= 6 ? p.onDark : p.ink, anchor: "middle" });
    });
    return text(0, y + 17, fit(row.name, 12, first - 6), { size: 12, colour: p.ink2 }) + text(first + n - 12, y + 17, row.size, { size: 12, colour: p.ink, anchor: "end" }) + cells.join("");
  });
  return { height: 22 + body.rows.length * 28, marks: head.join("") + rows.join("") };
}
