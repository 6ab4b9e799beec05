// A life as steps: what is one step, which belong to one visit, how waits are drawn, what waits for an answer.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { TimelineEvent, Wrong } from "../src/api/types";
import { above, below, isPlace } from "../src/pages/customer/marks";
import { marksOf, notAfter, openRequest, stepAt, stepsOf } from "../src/pages/customer/walk-steps";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
let arrival = 0;
const event = (ms: number, name: string, more: Partial<TimelineEvent> = {}): TimelineEvent => ({
  place: `${ms}.${arrival++}`, event: name, ts: new Date(ms).toISOString(), received_at: new Date(ms).toISOString(), channel: null, source: null,
  message_id: null, properties: {}, text: null, score: null, scale: null, ...more,
});
const wrong = (at: TimelineEvent, kind: Wrong["kind"], answer: string | null = null): Wrong => ({
  kind, place: at.place, ts: at.ts, event: at.event, channel: null, text: null, score: null, scale: null, times: 1, since: at.ts, ms: 1, answer, guessed: false, why: "",
});

test("neighbours of one name in one visit are one step; words and contacts stand alone", () => {
  const events = [
    event(0, "Look"), event(MINUTE, "Look"), event(2 * MINUTE, "Buy"), event(3 * MINUTE, "Look"), event(40 * MINUTE, "Look"),
    event(41 * MINUTE, "feedback", { text: "a" }), event(42 * MINUTE, "feedback", { text: "b" }), event(43 * MINUTE, "contacted"), event(43 * MINUTE, "identify"),
  ];
  const steps = stepsOf(events, true);
  assert.deepEqual(steps.map((step) => [step.events[0]!.event, step.events.length, step.scene]), [
    ["Look", 2, 0], ["Buy", 1, 0], ["Look", 1, 0], ["Look", 1, 1], ["feedback", 1, 1], ["feedback", 1, 1], ["contacted", 1, 1],
  ]);
  assert.deepEqual(steps.map((step) => step.waited), [null, MINUTE, MINUTE, 37 * MINUTE, MINUTE, MINUTE, MINUTE]);
  assert.deepEqual(stepsOf([], true), []);
});

test("a step is found by any place in it, and by a time between", () => {
  const events = [event(0, "A"), event(MINUTE, "A"), event(DAY, "B"), event(2 * DAY, "C")];
  const steps = stepsOf(events, true);
  assert.deepEqual(events.map((each) => stepAt(steps, each.place)), [0, 0, 1, 2]);
  assert.equal(stepAt(steps, `${DAY + 5}.0`), 1);
  assert.equal(stepAt(steps, "-5.0"), 0);
  assert.equal(stepAt([], "5.0"), 0);
});

test("places are ordered by time, then arrival, beyond what a double holds", () => {
  assert.ok(notAfter("5.9007199254740993", "5.9007199254740994"));
  assert.ok(!notAfter("5.9007199254740994", "5.9007199254740993"));
  assert.equal(above("5.9007199254740993"), "5.9007199254740994");
  assert.equal(below("5.9007199254740994"), "5.9007199254740993");
  assert.equal(below("5.0"), "4.18446744073709551615");
  assert.ok(isPlace("1782252401723.957") && isPlace("-5.0") && !isPlace("start") && !isPlace("") && !isPlace("1.2.3"));
});

test("waits are drawn in the finest marks that fit", () => {
  assert.equal(marksOf(59 * MINUTE), null);
  assert.deepEqual(marksOf(HOUR), { unit: "hour", n: 1 });
  assert.deepEqual(marksOf(48 * HOUR), { unit: "hour", n: 48 });
  assert.deepEqual(marksOf(9 * DAY), { unit: "day", n: 9 });
  assert.deepEqual(marksOf(61 * DAY), { unit: "week", n: 9 });
  assert.deepEqual(marksOf(800 * DAY), { unit: "week", n: 114 });
});

test("a request waits from the step after it to the answer", () => {
  const events = [event(0, "feedback", { text: "?" }), event(DAY, "Look"), event(9 * DAY, "contacted"), event(10 * DAY, "Look")];
  const steps = stepsOf(events, true);
  const late = [wrong(events[0]!, "waited", events[2]!.place)];
  assert.deepEqual(steps.map((step) => openRequest(step, late)), [null, { since: 0, answered: false }, { since: 0, answered: true }, null]);
  const never = [wrong(events[0]!, "unanswered")];
  assert.deepEqual(steps.map((step) => openRequest(step, never)?.answered), [undefined, false, false, false]);
  assert.deepEqual(steps.map((step) => openRequest(step, [wrong(events[0]!, "failed")])), [null, null, null, null]);
});
