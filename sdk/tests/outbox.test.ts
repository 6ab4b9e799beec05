// Answers under thousands of random schedules: reloads, two tabs, requests and answers that get lost, a
// server that is away. Against a server that keeps the contract: for each question the highest number wins.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Survey } from "../src/logic";
import { makeOutbox, type Open, type Outbox } from "../src/outbox";
import type { Answered, Bag, Json } from "../src/types";

const CASES = Number(process.env.FIRSTHAND_CASES ?? 3000);
const SEED = Number(process.env.FIRSTHAND_SEED ?? Math.floor(Math.random() * 2 ** 31));

function dice(seed: number): () => number {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const survey: Survey = { id: "s", version: 1, questions: ["q1", "q2", "q3", "q4"].map((id) => ({ id, type: "nps", title: id })) };

class World {
  now = 1_700_000_000_000;
  stored: string | null = null;
  views = new Map<number, string | null>();
  boxes = new Map<number, Outbox>();
  arrived = new Map<number, number>();
  lag = 0;
  full = false;
  down = false;
  refuse = 0;
  timers: { at: number; run: () => void; id: number; tab: number; from?: number }[] = [];
  ids = 0;
  shown = new Set<string>();
  got: Record<string, [number, Json]> = {};
  finished = 0;
  constructor(readonly random: () => number) {}

  serve(path: string, body: Bag): number {
    assert.equal(body.response, "r_1");
    assert.equal(body.token, "tok");
    if (path.endsWith("/shown")) {
      this.shown.add("r_1");
      return 200;
    }
    assert.ok(this.shown.has("r_1"), "shown comes first");
    const seq = body.seq as number;
    assert.ok(Number.isSafeInteger(seq));
    for (const [question, value] of Object.entries(body.answers as Record<string, Json>)) if (!this.got[question] || this.got[question]![0] < seq) this.got[question] = [seq, value];
    if (body.finished) this.finished++;
    return 200;
  }
  // Browsers show a tab's writes to another tab a moment later, and the last one to arrive wins.
  write(tab: number, value: string | null): void {
    this.views.set(tab, value);
    // Writes of one tab keep their order.
    const at = Math.max(this.arrived.get(tab) ?? 0, this.now + this.lag * this.random());
    this.arrived.set(tab, at);
    const arrive = (): void => {
      this.stored = value;
      // It is the last to arrive for whoever wrote it too, who may have seen an older one of another tab since.
      const last = !this.timers.some((timer) => timer.from === tab);
      for (const view of this.views.keys()) if (view !== tab || last) this.views.set(view, value);
      // As the page does when it hears of it.
      for (const [other, outbox] of this.boxes) {
        if (other === tab) continue;
        outbox.read();
        outbox.flush();
      }
    };
    if (this.lag) this.timers.push({ at, run: arrive, id: ++this.ids, tab: -1, from: tab });
    else arrive();
  }
  tab(): { outbox: Outbox; id: number } {
    const id = ++this.ids;
    this.views.set(id, this.stored);
    const later = (ms: number, run: () => void): number => {
      this.timers.push({ at: this.now + ms, run, id: ++this.ids, tab: id });
      return this.ids;
    };
    const outbox = makeOutbox({
      now: () => this.now,
      random: this.random,
      get: () => this.views.get(id) ?? null,
      set: (value) => {
        if (!this.full) this.write(id, value);
        return !this.full;
      },
      del: () => this.write(id, null),
      later,
      cancel: (timer) => {
        this.timers = this.timers.filter((one) => one.id !== timer);
      },
      // The answer comes later, and may get lost, as may the request.
      post: (path, body) =>
        ({
          then: (done: (answer: Answered) => void) => {
            const lost = this.random();
            const answer = (status: number): void => void later(this.random() * 2000, () => done({ status, retryS: 0, json: null }));
            if (this.down || lost < 0.15) return answer(0);
            if (this.refuse) return answer(this.refuse);
            const status = this.serve(path, JSON.parse(JSON.stringify(body)) as Bag);
            return answer(lost > 0.85 ? 0 : status);
          },
        }) as unknown as Promise<Answered>,
    });
    this.boxes.set(id, outbox);
    return { outbox, id };
  }
  run(ms: number): void {
    const until = this.now + ms;
    for (;;) {
      const next = this.timers.filter((timer) => timer.at <= until).sort((a, b) => a.at - b.at)[0];
      if (!next) break;
      this.timers.splice(this.timers.indexOf(next), 1);
      this.now = Math.max(this.now, next.at);
      next.run();
    }
    this.now = until;
  }
  kill(tab: { id: number }): void {
    this.boxes.delete(tab.id);
    this.timers = this.timers.filter((timer) => timer.tab !== tab.id);
  }
}

const fresh = (): Open => ({ response: "r_1", token: "tok", survey: structuredClone(survey), answers: {}, pending: {}, acked: {}, seq: 0 });

test(`the last answer to each question arrives and all tabs are at one place, whatever happens (${CASES} schedules, seed ${SEED})`, () => {
  for (let n = 0; n < CASES; n++) {
    const random = dice(SEED + n);
    const world = new World(random);
    const said: Record<string, Json> = {};
    let place: string | undefined;
    let draft: string | undefined;
    world.lag = n % 2 ? 30 : 0;
    let tabs = [world.tab()];
    tabs[0]!.outbox.begin(fresh());
    let finished = false;
    for (let turn = 0, turns = 3 + Math.floor(random() * 25); turn < turns && !finished; turn++) {
      const what = random();
      const tab = tabs[Math.floor(random() * tabs.length)]!;
      if (what < 0.5) {
        const question = `q${1 + Math.floor(random() * 4)}`;
        const value = turn;
        world.run(1 + 2 * world.lag); // nobody answers in two tabs within a moment
        if (!tab.outbox.read()) break;
        tab.outbox.answer(question, value);
        said[question] = value;
        if (question === "q1") draft = undefined;
        if (random() < 0.7) tab.outbox.go((place = `q${1 + Math.floor(random() * 4)}`));
      } else if (what < 0.6) {
        world.kill(tab); // a reload: the storage is all that is left
        tabs = tabs.filter((one) => one !== tab);
        tabs.push(world.tab());
        tabs[tabs.length - 1]!.outbox.flush();
      } else if (what < 0.7 && tabs.length < 3) tabs.push(world.tab());
      else if (what < 0.8) world.down = !world.down;
      else if (what < 0.85) {
        world.run(1 + 2 * world.lag);
        tab.outbox.draft("q1", (draft = `half a w${turn}`));
      } else if (what < 0.9) tab.outbox.wake();
      else if (turn > 3) {
        tab.outbox.finish();
        finished = true;
      }
      world.run(random() * 3000);
    }
    // Nothing that anybody said or did was written over for good.
    world.run(1 + 3 * world.lag);
    for (const { outbox } of tabs) {
      const open = outbox.read();
      if (!open) continue; // all of it is done
      assert.deepEqual({ ...open.answers }, said, `seed ${SEED + n}: answers`);
      assert.equal(open.at, place, `seed ${SEED + n}: place`);
      assert.equal(open.draft?.[1], draft, `seed ${SEED + n}: draft`);
    }
    if (!finished) tabs[0]!.outbox.close();
    world.run(2 * world.lag + random() * 2000);
    for (const tab of tabs) world.kill(tab);
    world.down = false;
    world.run(100); // writes that were on their way between tabs
    world.lag = 0;
    const after = world.tab();
    after.outbox.flush();
    world.run(50_000_000);
    assert.deepEqual(Object.fromEntries(Object.entries(world.got).map(([question, [, value]]) => [question, value])), said, `seed ${SEED + n}`);
    assert.equal(world.finished > 0, finished, `seed ${SEED + n}: finished`);
    assert.equal(world.stored, null, `seed ${SEED + n}: left behind`);
  }
});

test("without a storage everything arrives while the page lives", () => {
  for (let n = 0; n < 300; n++) {
    const world = new World(dice(SEED + n));
    world.full = true;
    const { outbox } = world.tab();
    outbox.begin(fresh());
    outbox.answer("q1", 7);
    outbox.answer("q2", 8);
    outbox.finish();
    world.run(50_000_000);
    assert.deepEqual([world.got.q1![1], world.got.q2![1]], [7, 8]);
    assert.ok(world.finished > 0);
    assert.equal(outbox.read(), null);
  }
});

test("an answer that is changed while it is on its way is sent again", () => {
  for (const full of [false, true]) {
    const world = new World(() => 0.5);
    world.full = full;
    const { outbox } = world.tab();
    outbox.begin(fresh());
    world.run(10_000);
    outbox.answer("q1", 1);
    outbox.answer("q1", 2); // the first is at the server, its acknowledgement is not here yet
    world.run(10_000);
    assert.equal(world.got.q1![1], 2, full ? "without a storage" : "");
  }
});

test("an answer that is refused goes alone; a response that is unknown goes whole", () => {
  const world = new World(() => 0.5);
  const { outbox } = world.tab();
  outbox.begin(fresh());
  world.run(10_000);
  world.refuse = 422;
  outbox.answer("q1", "nonsense");
  world.run(10_000);
  world.refuse = 0;
  outbox.answer("q2", 3);
  outbox.finish();
  world.run(10_000);
  assert.deepEqual(Object.keys(world.got), ["q2"]);
  assert.ok(world.finished > 0);

  const other = new World(() => 0.5);
  const tab = other.tab();
  tab.outbox.begin(fresh());
  other.refuse = 404;
  other.run(600_000);
  tab.outbox.answer("q1", 1);
  other.run(600_000);
  assert.equal(other.stored, null);
  assert.equal(tab.outbox.read(), null);
});

test("what lies in the storage and is not ours is passed over", () => {
  for (const text of ["", "null", "1", "{", "[]", '{"response":"r"}', '{"response":"r","survey":{"questions":1},"pending":{},"answers":{}}']) {
    const world = new World(() => 0.5);
    world.stored = text;
    const { outbox } = world.tab();
    assert.equal(outbox.read(), null);
    outbox.answer("q1", 1);
    outbox.flush();
    world.run(10_000);
    assert.deepEqual(world.got, {});
  }
});
