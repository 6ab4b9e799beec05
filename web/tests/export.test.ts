// What can be taken along: tables as text, charts as pictures.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { PrintPalette } from "../src/charts/colours";
import { tableCsv, tableNdjson, type TableData } from "../src/charts/data";
import { fileName } from "../src/charts/export";
import { layoutFlow } from "../src/charts/flow-layout";
import type { Picture, PictureBody } from "../src/charts/picture";
import { drawPicture } from "../src/charts/picture-draw";
import { ticksOf } from "../src/charts/ticks";
import { escapeXml, fit, paint, widthOf, wrap } from "../src/charts/svg";
import { customersCsv, wordsCsv } from "../src/evidence/export";
import { setLocale, setZone } from "../src/format";

setLocale("en-GB");
setZone("Europe/Oslo");

const HOSTILE = "=cmd|calc <img src=x onerror=1> & \"q\" 'a' \u202Egnorw \u0000";
const black = "rgb(0, 0, 0)";
const palette: PrintPalette = {
  series: ["rgb(39, 64, 196)", black, black, black, black], rest: black, grid: black, axis: black, ink: black, sheet: "rgb(255, 255, 255)", band: "rgba(39, 64, 196, 0.14)",
  ink2: black, ink3: black, desk: black, line: black, steps: Array(7).fill(black), onDark: black, onSeries: Array(5).fill(black),
};

const table: TableData = {
  columns: [{ text: "Day", key: "interval" }, { text: "Added", number: true }, { text: "Added", number: true }],
  rows: [
    { key: "a", cells: [{ value: "2026-05-01", show: "Fri 1 May" }, { value: 12 }, { value: null }] },
    { key: "b", cells: [{ value: HOSTILE }, { value: -3.5 }, { value: 0 }] },
  ],
};

test("a table is exported with its values, not with what is shown, and no cell is a formula", () => {
  const lines = tableCsv(table).split("\r\n");
  assert.equal(lines[0], "interval,Added,Added 2");
  assert.equal(lines[1], "2026-05-01,12,");
  assert.ok(lines[2]!.startsWith(`"'=cmd|calc`), lines[2]);
  assert.ok(lines[2]!.endsWith(",-3.5,0"), lines[2]);
});

test("NDJSON has one object a row, types kept, columns of the same name told apart", () => {
  const rows = tableNdjson(table).trim().split("\n").map((line) => JSON.parse(line) as Record<string, unknown>);
  assert.deepEqual(rows[0], { interval: "2026-05-01", Added: 12, "Added 2": null });
  assert.equal(rows[1]!.interval, HOSTILE);
});

test("names of files hold letters and digits only", () => {
  assert.equal(fileName("From ../cart to <paid>", "csv"), "from-cart-to-paid.csv");
  assert.equal(fileName("Fra kurv til betalt, 100 %", "png"), "fra-kurv-til-betalt-100.png");
  assert.equal(fileName("../..", "svg"), "firsthand.svg");
  assert.ok(fileName("x".repeat(300), "csv").length <= 64);
});

test("customers are exported with every trait that any of them has", () => {
  const row = (id: string, traits: Record<string, string>) => ({ id, first_seen: null, last_seen: null, events: 1, traits });
  assert.equal(customersCsv([row("=a", { plan: "pro" }), row("b", { city: "Oslo" })]), `id,first_seen,last_seen,events,city,plan\r\n"'=a",,,1,,pro\r\nb,,,1,Oslo,\r\n`);
});

test("words are exported as text that no spreadsheet computes", () => {
  const csv = wordsCsv([{ customer: "u", ts: "2026-05-01T00:00:00Z", channel: null, event: "feedback", text: "+1", score: 4, scale: "nps" }]);
  assert.ok(csv.endsWith(`2026-05-01T00:00:00Z,u,,feedback,nps,4,"'+1"\r\n`), csv);
});

const picture = (body: PictureBody): Picture => ({ title: HOSTILE, summary: `${HOSTILE} `.repeat(40), note: "n = 12", body });
const label = HOSTILE;
const BODIES: PictureBody[] = [
  { kind: "time", look: "lines", labels: [label, "b"], lines: [{ name: label, values: [1, null], index: 0 }, { name: "b", values: [2, 3], index: 1, compared: true }], partial: [1], marks: [{ at: 0.5, text: label }] },
  { kind: "time", look: "columns", labels: [label], lines: [{ name: label, values: [0], index: 0 }], partial: [] },
  { kind: "time", look: "stacked", labels: ["a", "b"], lines: [{ name: "in", values: [5, 6], index: 0 }, { name: "out", values: [-2, -9], index: 1 }], partial: [1] },
  { kind: "time", look: "lines", labels: [], lines: [], partial: [] },
  { kind: "score", labels: ["a", "b", "c"], rows: [{ value: 1, low: 0, high: 2 }, { value: null, low: null, high: null }, { value: 3, low: 2, high: 4 }], ticks: [{ value: 0, text: "0" }, { value: 5, text: "5" }] },
  { kind: "bars", rows: [{ name: label, value: 3, text: "3", before: 4 }, { name: "b", value: null, text: "–" }] },
  { kind: "grid", head: ["0", "1"], rows: [{ name: label, size: "40", cells: [{ text: "10", step: 3 }, { text: "", step: null }] }] },
  { kind: "funnel", steps: [{ name: label, count: 0, text: "0", rate: "–", lost: "" }, { name: "b", count: 0, text: "0", rate: "–", lost: "" }], parts: [{ name: label, counts: [0, 0], rest: false }, { name: "r", counts: [0, 0], rest: true }] },
  { kind: "flow", columns: ["1", "2"], nodes: [{ column: 0, name: label, text: "3", size: 3 }, { column: 1, name: "b", text: "3", size: 3 }], links: [{ from: 0, to: 1, size: 3 }] },
];

test("every kind of chart is drawn as SVG without markup of its words and without a number that is none", () => {
  for (const body of BODIES) {
    const { svg, height } = drawPicture(picture(body), palette);
    assert.ok(height > 100, body.kind);
    assert.ok(!/NaN|Infinity|undefined|null/.test(svg), `${body.kind}: ${/.{40}(NaN|Infinity|undefined|null).{20}/.exec(svg)?.[0]}`);
    assert.ok(!/<img|<script|<style|\sstyle=|url\(|href=|[\u0000\u202E]/.test(svg), body.kind);
    assert.ok(svg.includes("n = 12"), body.kind);
    // Every tag that is opened is closed: the only names are those that the drawing knows.
    assert.deepEqual([...new Set([...svg.matchAll(/<\/?([a-z]+)/g)].map((hit) => hit[1]))].filter((name) => !["svg", "g", "rect", "circle", "path", "text", "title"].includes(name!)), []);
    assert.equal((svg.match(/<text/g) ?? []).length, (svg.match(/<\/text>/g) ?? []).length);
  }
});

test("colours are written in the form that every reader of SVG knows", () => {
  assert.equal(paint("fill", "rgba(39, 64, 196, 0.14)"), `fill="#2740c4" fill-opacity="0.14"`);
  assert.equal(paint("stroke", "rgb(0, 0, 0)"), `stroke="#000000"`);
});

test("text that is too long is cut, broken and counted by the width of its letters", () => {
  assert.equal(fit("short", 11, 200), "short");
  assert.ok(widthOf(fit("a".repeat(400), 11, 100), 11) <= 100);
  assert.ok(widthOf("配送", 10) > widthOf("ab", 10));
  assert.equal(wrap("one two three four five", 10, 60, 2).length, 2);
  assert.equal(escapeXml(`<a b="c">&`), "&#60;a b=&#34;c&#34;&#62;&#38;");
});

test("an axis has whole steps that hold what is drawn", () => {
  assert.deepEqual(ticksOf(0, 37), [0, 10, 20, 30, 40]);
  assert.deepEqual(ticksOf(-12, 30), [-20, 0, 20, 40]);
  assert.deepEqual(ticksOf(0, 0), [0]);
});

test("names in a column of a flow never lie on each other, and bands stay within their names", () => {
  const nodes = [{ column: 0, size: 50 }, ...Array.from({ length: 50 }, () => ({ column: 1, size: 1 }))];
  const layout = layoutFlow({ columns: ["a", "b"], nodes, links: nodes.slice(1).map((_, at) => ({ from: 0, to: at + 1, size: 1 })) }, 320, 20);
  for (let at = 2; at < nodes.length; at += 1) assert.ok(layout.nodes[at]!.y >= layout.nodes[at - 1]!.y + 24);
  const last = Math.max(...layout.links.map((link) => link.y1 + link.thick));
  assert.ok(last <= layout.nodes[0]!.y + layout.nodes[0]!.height + 1, `${last}`);
});
