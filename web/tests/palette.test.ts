// What fits what was typed, and which keys are whose.
import assert from "node:assert/strict";
import { test } from "node:test";
import { clashes, SINGLE_KEYS } from "../src/keys";
import { bestScore, score } from "../src/palette/match";

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
