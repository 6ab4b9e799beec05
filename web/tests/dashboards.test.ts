// Dashboards: the filter of the address over the saved one, the question of a tile, turns.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { SavedView } from "../src/api/types";
import { filterOf, kept, moved, tileState } from "../src/pages/dashboards/state";
import { inTurns } from "../src/pages/dashboards/turns";

const view = (query: Record<string, unknown>): SavedView => ({ id: 1, name: "v", page: "journeys", query, owner: "a", updated: "", pinned: false });

test("the address stands over what the dashboard keeps, and can say nobody is left out", () => {
  const saved = { tiles: [], range: "last 7 days", compare: "year", segment: "pro" };
  assert.deepEqual(filterOf({ tiles: [] }, ""), { range: "last 30 days", table: false, changed: false });
  const asSaved = filterOf(saved, "");
  assert.deepEqual([asSaved.range, asSaved.segment, asSaved.changed], ["last 7 days", "pro", false]);
  assert.deepEqual([filterOf(saved, "?range=today").range, filterOf(saved, "?range=today").changed], ["today", true]);
  assert.equal(filterOf(saved, "?all=true").segment, undefined);
  assert.equal(filterOf(saved, "?alone=true").compare, undefined);
  assert.equal(filterOf(saved, "?ev=x&table=true&arrange=true").changed, false);
  assert.deepEqual(filterOf({ tiles: [], range: 5 as unknown as string }, "").range, "last 30 days");
});

test("a tile asks its view's question under the filter; two segments are both asked", () => {
  const filter = { range: "today", segment: "pro" };
  assert.deepEqual(tileState(view({ tab: "funnels", view: 3, steps: [], range: "last 90 days", compare: "previous" }), filter, false), { steps: [], range: "today", segment: "pro" });
  assert.deepEqual(tileState(view({ segment: "oslo" }), filter, true), { range: "today", segment: { all: ["oslo", "pro"] }, table: true });
  assert.deepEqual(tileState(view({ segment: "oslo" }), { range: "today" }, false).segment, "oslo");
  assert.deepEqual(tileState(view({ segment: "pro" }), filter, false).segment, "pro");
  assert.deepEqual(kept({ tiles: [{ view: 1 }], segment: "pro" }, { range: "today" }), { tiles: [{ view: 1 }], range: "today" });
});

test("tiles change places with their neighbours, and stay at the ends", () => {
  assert.deepEqual(moved([1, 2, 3], 0, 1), [2, 1, 3]);
  assert.deepEqual(moved([1, 2, 3], 2, -1), [1, 3, 2]);
  assert.deepEqual(moved([1, 2, 3], 0, -1), [1, 2, 3]);
  assert.deepEqual(moved([1, 2, 3], 2, 1), [1, 2, 3]);
});

test("so many questions are on their way at once; one that fails makes room, one given up is never asked", async () => {
  const waiting: { body: unknown; done: (value: unknown) => void; fail: (why: Error) => void }[] = [];
  const ask = inTurns(<T,>(body: unknown) => new Promise<T>((done, fail) => waiting.push({ body, done: done as (value: unknown) => void, fail })), 2);
  const settle = () => new Promise((done) => setTimeout(done));
  const abort = new AbortController();
  const answers = [ask(1), ask(2)];
  void ask(3, abort.signal).catch(() => undefined);
  answers.push(ask(4));
  await settle();
  assert.deepEqual(waiting.map((each) => each.body), [1, 2]);
  abort.abort();
  waiting[0]!.fail(new Error("no"));
  await assert.rejects(answers[0]!);
  await settle();
  assert.deepEqual(waiting.map((each) => each.body), [1, 2, 4]);
  waiting[1]!.done("b");
  waiting[2]!.done("d");
  assert.deepEqual(await Promise.all(answers.slice(1)), ["b", "d"]);
});
