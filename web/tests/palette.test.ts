// What fits what was typed, and which keys are whose.
import assert from "node:assert/strict";
import { test } from "node:test";
import { clashes, SINGLE_KEYS } from "../src/keys";
import { bestScore, score } from "../src/palette/match";
import { parseRange, zoomRange } from "../src/query/range";

test("whole names come before beginnings, beginnings before what stands inside, that before scattered letters", () => {
  const order = ["Settings", "Settings: Keys", "New settings", "Resettings", "Some others"];
  const scores = order.map((name) => score("settings", name));
  assert.deepEqual(scores.slice(0, 4), [...scores.slice(0, 4)].sort((a, b) => b - a));
  assert.equal(new Set(scores.slice(0, 4)).size, 4);
  assert.equal(score("settings", "Some others"), 0);
  assert.ok(score("stng", "Settings") > 0);
  assert.equal(score("zq", "Settings"), 0);
});

test("every word typed must fit, in any order", () => {
  assert.ok(score("channel add", "Add a channel: webhook") > 0);
  assert.equal(score("channel lion", "Add a channel: webhook"), 0);
});

test("other words for a thing find it, a little later than its name", () => {
  assert.ok(bestScore("appearance", "Dark theme", "Appearance") > 0);
  assert.ok(bestScore("dark", "Dark theme", "Appearance") > bestScore("appearance", "Dark theme", "Appearance"));
});

test("a key that two share is noticed on both", () => {
  assert.deepEqual([...clashes({})], []);
  assert.deepEqual([...clashes({ j: "k" })].sort(), ["j", "k"]);
  assert.deepEqual([...clashes({ j: "k", k: "j" })], []);
  assert.equal(new Set(SINGLE_KEYS.map(({ key }) => key)).size, SINGLE_KEYS.length);
});

test("months, quarters and years are typed as people write them", () => {
  const today = "2026-11-28";
  assert.deepEqual(parseRange("may 2026", today), { from: "2026-05-01", to: "2026-05-31" });
  assert.deepEqual(parseRange("Feb 2024", today), { from: "2024-02-01", to: "2024-02-29" });
  assert.deepEqual(parseRange("december", today), { from: "2025-12-01", to: "2025-12-31" });
  assert.deepEqual(parseRange("november", today), { from: "2026-11-01", to: "2026-11-30" });
  assert.deepEqual(parseRange("2026-05", today), { from: "2026-05-01", to: "2026-05-31" });
  assert.deepEqual(parseRange("q2 2026", today), { from: "2026-04-01", to: "2026-06-30" });
  assert.deepEqual(parseRange("2025", today), { from: "2025-01-01", to: "2025-12-31" });
  assert.deepEqual(parseRange("last year", today), { from: "2025-01-01", to: "2025-12-31" });
  assert.deepEqual(parseRange("2026-05-01..2026-05-31", today), { from: "2026-05-01", to: "2026-05-31" });
  for (const nothing of ["mayday 2026", "q5", "2026-13", "anna", "0007", "u17"]) assert.equal(parseRange(nothing, today), null, nothing);
});

test("dragging over intervals shows them whole", () => {
  assert.deepEqual(zoomRange("2026-05-04", "2026-05-06", "day"), { from: "2026-05-04", to: "2026-05-06" });
  assert.deepEqual(zoomRange("2026-05-04", "2026-05-11", "week"), { from: "2026-05-04", to: "2026-05-17" });
  assert.deepEqual(zoomRange("2026-02-01", "2026-02-01", "month"), { from: "2026-02-01", to: "2026-02-28" });
  assert.deepEqual(zoomRange("2026-04-01", "2026-04-01", "quarter"), { from: "2026-04-01", to: "2026-06-30" });
  assert.deepEqual(zoomRange("2026-05-04T10:00:00+02:00", "2026-05-04T12:00:00+02:00", "hour"), { from: "2026-05-04T08:00:00.000Z", to: "2026-05-04T11:00:00.000Z" });
});
