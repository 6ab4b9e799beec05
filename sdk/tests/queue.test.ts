// The queue under thousands of random schedules: tabs that come, go, freeze and die, a network that
// loses requests and answers, a server that is down, slow or full, a storage that is shared and may
// be full. What is checked: every event that could be kept is stored exactly once.
import assert from "node:assert/strict";
import { test } from "node:test";
import { BYTES_MAX, ITEMS_MAX, makeQueue, STALE_MS, TRIED_MAX_MS, type Queue, type QueueEnv } from "../src/queue";

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

interface Timer {
  at: number;
  run: () => void;
  id: number;
  tab: Tab;
}

class Tab {
  alive = true;
  queue!: Queue;
  constructor(
    readonly world: World,
    readonly name: string,
  ) {
    this.queue = makeQueue(this.env(), "fh.q.ck.", name);
  }
  env(): QueueEnv {
    const { world } = this;
    return {
      now: () => world.now,
      random: world.random,
      get: (name) => world.storage.get(name) ?? null,
      set: (name, value) => {
        if (world.full) return false;
        world.storage.set(name, value);
        return true;
      },
      del: (name) => void world.storage.delete(name),
      names: () => [...world.storage.keys()],
      later: (ms, run) => world.later(this, ms, run),
      cancel: (id) => {
        world.timers = world.timers.filter((timer) => timer.id !== id);
      },
      wrap: (events) => `{"events":[${events.join(",")}]}`,
      post: (body, done) => world.post(this, body, done),
      beacon: (body) => {
        assert.ok(body.length < 64 * 1024 || JSON.parse(body).events.length === 1);
        if (world.chance(0.1)) return false;
        if (!world.down && !world.chance(0.3)) world.take(body);
        return true;
      },
    };
  }
}

class World {
  now = 1_700_000_000_000;
  storage = new Map<string, string>();
  timers: Timer[] = [];
  stored = new Map<string, number>(); // message id: when
  doubled = 0;
  down = false;
  full = false;
  status = 200;
  retryS = 0;
  lastPost = -Infinity;
  tooSoon = 0;
  pauseUntil = new Map<Tab, number>();
  tabs: Tab[] = [];
  ids = 0;
  constructor(readonly random: () => number) {}
  chance = (share: number): boolean => this.random() < share;
  pick = <T>(list: T[]): T => list[Math.floor(this.random() * list.length)]!;

  later(tab: Tab, ms: number, run: () => void): number {
    this.timers.push({ at: this.now + ms, run, id: ++this.ids, tab });
    return this.ids;
  }
  // The server: what it has seen within seven days it knows again.
  take(body: string): void {
    for (const event of JSON.parse(body).events as { message_id: string }[]) {
      const before = this.stored.get(event.message_id);
      if (before !== undefined && this.now - before > 7 * 86_400_000) this.doubled++;
      if (before === undefined) this.stored.set(event.message_id, this.now);
    }
  }
  post(tab: Tab, body: string, done: (status: number, retryS: number) => void): void {
    if ((this.pauseUntil.get(tab) ?? 0) > this.now) this.tooSoon++;
    const answer = (status: number, retryS: number): void => void this.later(tab, this.random() * 3000, () => {
      if (status === 429 && retryS) this.pauseUntil.set(tab, this.now + retryS * 1000);
      done(status, retryS);
    });
    if (this.down || this.chance(0.1)) return answer(0, 0); // never arrived
    if (this.status !== 200) return answer(this.status, this.retryS);
    this.take(body);
    if (this.chance(0.1)) return answer(0, 0); // the answer got lost
    answer(200, 0);
  }
  open(): Tab {
    const tab = new Tab(this, `t${++this.ids}`);
    this.tabs.push(tab);
    return tab;
  }
  // Gone without a word: timers and answers with it.
  kill(tab: Tab): void {
    tab.alive = false;
    this.tabs = this.tabs.filter((one) => one !== tab);
    this.timers = this.timers.filter((timer) => timer.tab !== tab);
  }
  run(ms: number): void {
    const until = this.now + ms;
    for (let turn = 0; turn < 20_000; turn++) {
      const next = this.timers.filter((timer) => timer.at <= until).sort((a, b) => a.at - b.at)[0];
      if (!next) break;
      this.timers.splice(this.timers.indexOf(next), 1);
      this.now = Math.max(this.now, next.at);
      next.run();
    }
    this.now = until;
  }
}

// Until everything that lies in the storage has been taken over and sent.
function settle(world: World): void {
  world.down = world.full = false;
  world.status = 200;
  for (const tab of [...world.tabs]) world.kill(tab);
  world.run(STALE_MS + 1);
  world.open();
  world.run(50_000_000);
  assert.deepEqual([...world.storage.keys()], [], "nothing is left behind");
}

test(`events survive tabs, crashes and networks, and are stored once (${CASES} schedules, seed ${SEED})`, () => {
  for (let n = 0; n < CASES; n++) {
    const random = dice(SEED + n);
    const world = new World(random);
    const kept = new Set<string>();
    let count = 0;
    for (let turn = 0, turns = 5 + Math.floor(random() * 40); turn < turns; turn++) {
      const tab = world.tabs.length && !world.chance(0.15) ? world.pick(world.tabs) : world.open();
      const what = random();
      if (what < 0.55) {
        const id = `m${n}-${count++}`;
        tab.queue.add(JSON.stringify({ message_id: id, text: "x\n\"é ".repeat(Math.floor(random() * 30)) }));
        // Kept from the moment that add() returns: whatever happens to the tab.
        kept.add(id);
      } else if (what < 0.65) {
        tab.queue.leave();
        if (world.chance(0.7)) world.kill(tab);
        else tab.queue.back(); // out of the browser's cache
      } else if (what < 0.72) world.kill(tab);
      else if (what < 0.8) world.down = !world.down;
      else if (what < 0.86) {
        world.status = world.pick([200, 200, 429, 500, 503, 408, 413]);
        world.retryS = world.pick([0, 1, 30]);
        if (world.status === 413) world.status = 503; // 413 has its own test: it may end an event
      } else if (what < 0.9) tab.queue.flush();
      world.run(random() < 0.2 ? random() * 2 * STALE_MS : random() * 4000);
    }
    settle(world);
    const lost = [...kept].filter((id) => !world.stored.has(id));
    assert.deepEqual(lost, [], `seed ${SEED + n}: lost`);
    assert.equal(world.doubled, 0, `seed ${SEED + n}: doubled`);
  }
});

test("a full storage costs nothing while the page lives", () => {
  for (let n = 0; n < 300; n++) {
    const world = new World(dice(SEED + n));
    const tab = world.open();
    world.full = true;
    for (let i = 0; i < 20; i++) tab.queue.add(`{"message_id":"m${i}"}`);
    world.run(3_600_000);
    assert.equal(world.stored.size, 20);
  }
});

test("the queue is bounded, oldest first, and counts what fell out", () => {
  const world = new World(dice(1));
  world.down = true;
  const tab = world.open();
  for (let i = 0; i < ITEMS_MAX + 50; i++) tab.queue.add(`{"message_id":"m${i}"}`);
  assert.equal(tab.queue.size(), ITEMS_MAX);
  assert.equal(tab.queue.takeDropped(), 50);
  assert.equal(tab.queue.takeDropped(), 0);
  for (let i = 0; i < 100; i++) tab.queue.add(`{"message_id":"b${i}","text":"${"y".repeat(10_000)}"}`);
  assert.ok((world.storage.get(`fh.q.ck.${tab.name}`) ?? "").length < BYTES_MAX + ITEMS_MAX * 20);
  world.down = false;
  world.run(3_600_000);
  assert.equal(tab.queue.size(), 0);
  assert.ok(world.stored.has("b99") && !world.stored.has("m0"));
});

test("a pause that the server asks for is kept, and doubled by itself where it asks for none", () => {
  for (let n = 0; n < 300; n++) {
    const world = new World(dice(SEED + n));
    const tab = world.open();
    world.status = 429;
    world.retryS = 60;
    tab.queue.add('{"message_id":"m"}');
    world.run(600_000);
    assert.equal(world.tooSoon, 0);
    world.status = 503;
    world.retryS = 0;
    world.run(3_600_000);
    assert.equal(tab.queue.size(), 1);
    world.status = 200;
    world.run(50_000_000);
    assert.equal(world.stored.size, 1);
  }
});

test("a request that is too large is halved, down to one event, which is let go", () => {
  const world = new World(dice(2));
  const sizes: number[] = [];
  const stored: string[] = [];
  const tab = new Tab(world, "t");
  const env = { ...tab.env(), post: (body: string, done: (status: number, retryS: number) => void): void => {
    const { events } = JSON.parse(body) as { events: { message_id: string }[] };
    sizes.push(events.length);
    if (events.some((event) => event.message_id === "m3")) return done(413, 0);
    stored.push(...events.map((event) => event.message_id));
    done(200, 0);
  } };
  const queue = makeQueue(env, "fh.h.", "own");
  for (let i = 0; i < 8; i++) queue.add(`{"message_id":"m${i}"}`);
  world.run(10_000);
  assert.deepEqual(stored.sort(), ["m0", "m1", "m2", "m4", "m5", "m6", "m7"]);
  assert.equal(queue.size(), 0);
  assert.equal(sizes[0], 8);
});

test("a key that is refused ends the sending for this page, and keeps the events for the next", () => {
  for (const status of [401, 403, 404]) {
    const world = new World(dice(3));
    let posts = 0;
    const tab = new Tab(world, "t");
    const queue = makeQueue({ ...tab.env(), post: (_body, done) => (posts++, done(status, 0)) }, "fh.k.", "own");
    queue.add('{"message_id":"m"}');
    world.run(86_400_000);
    queue.add('{"message_id":"n"}');
    world.run(86_400_000);
    assert.equal(posts, 1);
    assert.match(world.storage.get("fh.k.own") ?? "", /"m"[\s\S]*"n"/);
  }
});

test("what was sent without an answer is let go before the server forgets it", () => {
  const world = new World(dice(4));
  const line = (tried: number, id: string): string => `${tried.toString(36)} {"message_id":"${id}"}`;
  world.storage.set("fh.q.ck.gone", ["0", line(world.now - TRIED_MAX_MS - 1, "old"), line(world.now - 1000, "young"), line(0, "never"), "nonsense", "0 not json", ""].join("\n"));
  world.open();
  world.run(600_000);
  assert.deepEqual([...world.stored.keys()].sort(), ["never", "young"]);
});

test("a queue of a tab that lives is left alone, and one of another key", () => {
  const world = new World(dice(5));
  world.storage.set("fh.q.ck.busy", `${world.now.toString(36)}\n0 {"message_id":"theirs"}`);
  world.storage.set("fh.q.other.gone", `0\n0 {"message_id":"other"}`);
  world.open();
  world.run(60_000);
  assert.equal(world.stored.size, 0);
  world.now += STALE_MS;
  world.open();
  world.run(60_000);
  assert.deepEqual([...world.stored.keys()], ["theirs"]);
  assert.ok(world.storage.has("fh.q.other.gone"));
});

test("after clear nothing is left, and late answers take nothing away", () => {
  const world = new World(dice(6));
  const tab = world.open();
  world.open().queue.add('{"message_id":"other"}');
  tab.queue.add('{"message_id":"m"}');
  tab.queue.flush();
  tab.queue.clear();
  assert.equal(tab.queue.size(), 0);
  assert.equal(world.storage.size, 0);
  tab.queue.add('{"message_id":"after"}');
  world.run(600_000);
  assert.equal(tab.queue.size(), 0);
  assert.ok(world.stored.has("after"));
});
