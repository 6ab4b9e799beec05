// SVG as text: escaped, without a style element, so that it reads the same everywhere.
import { cleanLine } from "../safe";

/** What XML cannot hold or would read as markup. */
export function escapeXml(text: string): string {
  return cleanLine(text)
    .replace(/[\uFFFE\uFFFF]/g, "")
    .replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
}

const round = (n: number): string => String(Math.round(n * 100) / 100);

/** A colour as the browser computed it, in the form that every reader of SVG knows: #rrggbb and an opacity. */
export function paint(property: "fill" | "stroke", colour: string): string {
  const parts = /^rgba?\(([^)]+)\)$/.exec(colour)?.[1]?.split(/[\s,/]+/).filter(Boolean).map(Number);
  if (!parts || parts.length < 3) return `${property}="${escapeXml(colour)}"`;
  const hex = parts.slice(0, 3).map((n) => Math.round(n).toString(16).padStart(2, "0")).join("");
  const alpha = parts[3];
  return `${property}="#${hex}"${alpha === undefined || alpha === 1 ? "" : ` ${property}-opacity="${round(alpha)}"`}`;
}

export const rect = (x: number, y: number, w: number, h: number, more: string): string => `<rect x="${round(x)}" y="${round(y)}" width="${round(Math.max(0, w))}" height="${round(Math.max(0, h))}" ${more}/>`;
export const circle = (x: number, y: number, r: number, more: string): string => `<circle cx="${round(x)}" cy="${round(y)}" r="${round(r)}" ${more}/>`;
export const path = (d: string, more: string): string => `<path d="${d.replace(/-?\d+\.\d{3,}/g, (n) => round(Number(n)))}" ${more}/>`;

interface TextStyle {
  size?: number;
  colour: string;
  anchor?: "start" | "middle" | "end";
  strong?: boolean;
}

export const text = (x: number, y: number, words: string, { size = 11, colour, anchor = "start", strong }: TextStyle): string =>
  `<text x="${round(x)}" y="${round(y)}" font-size="${size}" ${paint("fill", colour)}${anchor === "start" ? "" : ` text-anchor="${anchor}"`}${strong ? ' font-weight="600"' : ""}>${escapeXml(words)}</text>`;

/** About how wide a text is: letters of the east are as wide as high, the others a little over half. */
export function widthOf(words: string, size: number): number {
  let units = 0;
  for (const char of words) units += char.codePointAt(0)! >= 0x1100 ? 1 : 0.55;
  return units * size;
}

/** As much of it as fits, with an ellipsis where something is missing. */
export function fit(words: string, size: number, width: number): string {
  const line = cleanLine(words);
  if (widthOf(line, size) <= width) return line;
  let kept = "";
  for (const char of line) {
    if (widthOf(`${kept}${char}…`, size) > width) break;
    kept += char;
  }
  return `${kept}…`;
}

/** Broken into lines at spaces; a word that is longer than a line is cut. */
export function wrap(words: string, size: number, width: number, most = 4): string[] {
  const lines: string[] = [];
  for (const word of cleanLine(words).split(" ").filter(Boolean)) {
    const last = lines.at(-1);
    if (last !== undefined && widthOf(`${last} ${word}`, size) <= width) lines[lines.length - 1] = `${last} ${word}`;
    else if (lines.length === most) {
      lines[most - 1] = fit(`${last} ${word}${"…"}`, size, width);
      break;
    } else lines.push(fit(word, size, width));
  }
  return lines;
}
