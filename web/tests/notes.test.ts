// Where notes lie on an axis.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Note } from "../src/api/types";
import { setLocale, setZone } from "../src/format";
import { clusters, edgesOf, marksOf, placeOf } from "../src/notes/place";

setLocale("en-GB");
setZone("Europe/Oslo");

const note = (at: string, until: string | null = null): Note => ({ id: 1, at, until, kind: "other", text: "x", owner: "a", updated: at });
const DAYS = ["2026-03-28", "2026-03-29", "2026-03-30"];

test("a note lies in the interval that holds it, also on a day of 23 hours", () => {
  const edges = edgesOf(DAYS, "day");
  assert.equal(edges.length, 4);
  assert.equal(edges[2]! - edges[1]!, 23 * 3_600_000);
  assert.equal(placeOf(edges[0]!, edges), -0.5);
  assert.equal(placeOf(edges[1]! + 11.5 * 3_600_000, edges), 1);
  assert.equal(placeOf(edges[3]!, edges), null);
  assert.equal(placeOf(edges[0]! - 1, edges), null);
  assert.equal(placeOf(0, []), null);
});

test("hours, weeks and months end where the next begins", () => {
  assert.equal(edgesOf(["2026-03-29T01:00:00+01:00", "2026-03-29T03:00:00+02:00"], "hour")[2]! - edgesOf(["2026-03-29T01:00:00+01:00"], "hour")[0]!, 7_200_000);
  assert.deepEqual(edgesOf(["2026-03-23"], "week").map((ms) => new Date(ms).toISOString()), ["2026-03-22T23:00:00.000Z", "2026-03-29T22:00:00.000Z"]);
  assert.deepEqual(edgesOf(["2026-02-01"], "month").map((ms) => new Date(ms).toISOString()), ["2026-01-31T23:00:00.000Z", "2026-02-28T23:00:00.000Z"]);
});

test("what lasted is cut at the ends of the axis, and what lies beside it is left out", () => {
  const [whole] = marksOf([note("2026-03-01T00:00:00Z", "2026-05-01T00:00:00Z")], DAYS, "day");
  assert.deepEqual([whole!.at, whole!.until], [-0.5, 2.5]);
  assert.deepEqual(marksOf([note("2026-03-01T00:00:00Z"), note("2026-03-01T00:00:00Z", "2026-03-27T23:00:00Z"), note("2026-04-02T00:00:00Z")], DAYS, "day"), []);
  assert.deepEqual(marksOf([note("2026-03-29T00:00:00Z")], [], "day"), []);
});

test("flags that would lie on each other are one", () => {
  const at = (n: number) => ({ note: note("2026-03-29T00:00:00Z"), at: n });
  const list = clusters([at(2), at(0), at(0.1), at(1)], (n) => n * 100, 26);
  assert.deepEqual(list.map((each) => each.marks.length), [2, 1, 1]);
});
