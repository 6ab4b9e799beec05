// Events that wait to be sent: bounded, kept over reloads, sent at least once.
//
// Each document has a queue of its own, under a key of its own in the storage, so that no two tabs
// ever write to one place. A queue whose document is gone (it said so on leaving, or was silent for
// STALE_MS) is taken over by the next document that loads. A line leaves the queue only when the
// server has answered for it; what is sent twice because an answer got lost, or because two tabs took
// over the same queue, bears the same message id and is stored once. So nothing here needs a lock
// to be right: leases only keep double work rare.
//
// A stored queue is lines: "STAMP" (the last sign of its owner; 0 = left), then "TRIED JSON" for each
// event, TRIED being when it was first sent, 0 for never. Both in base 36.

/** What the queue needs of its surroundings; tests bring their own. */
export interface QueueEnv {
  now(): number;
  random(): number;
  get(name: string): string | null;
  set(name: string, value: string): boolean;
  del(name: string): void;
  names(): string[];
  /** Sends a body; `done` hears the status (0: no answer) and the wish of Retry-After in seconds. */
  post(body: string, done: (status: number, retryS: number) => void): void;
  /** Hands a body to the browser, to be sent although the page goes; false where it would not take it. */
  beacon(body: string): boolean;
  later(ms: number, run: () => void): number;
  cancel(timer: number): void;
  /** The request around events that are JSON already. */
  wrap(events: string[]): string;
}

export interface Queue {
  add(json: string): void;
  flush(): void;
  /** The page goes, or may go: what was not sent yet is handed to the browser. */
  leave(): void;
  /** The page came back from the browser's cache. */
  back(): void;
  /** Forgets everything, also of other tabs. */
  clear(): void;
  /** Events that fell out because there was no room; taken: the count begins anew. */
  takeDropped(): number;
  size(): number;
}

export const ITEMS_MAX = 300;
export const BYTES_MAX = 200_000;
const BATCH_ITEMS = 50;
// Browsers let a page that goes send 64 KiB; of UTF-16 units, that is safe at a third.
const BATCH_UNITS = 20_000;
const WAIT_MS = 1000;
const RETRY_MAX_MS = 300_000;
export const STALE_MS = 600_000;
// The server knows a message again for seven days. What was sent longer ago, without an answer, is let go.
export const TRIED_MAX_MS = 6 * 86_400_000;

interface Item {
  tried_: number;
  json_: string;
}

export function makeQueue(env: QueueEnv, prefix: string, tab: string): Queue {
  const own = prefix + tab;
  let items: Item[] = [];
  let bytes = 0;
  let flying = 0; // items at the front that are on their way
  let tries = 0;
  let most = BATCH_ITEMS;
  let timer = 0;
  let waitUntil = 0;
  let dropped = 0;
  let stopped = false;
  let gone = false;
  let epoch = 0; // answers to what was sent before clear() mean nothing

  const write = (stamp: number): void => {
    if (items.length) env.set(own, [stamp.toString(36), ...items.map((item) => `${item.tried_.toString(36)} ${item.json_}`)].join("\n"));
    else env.del(own);
  };
  // A page that went has said its last word; what comes in late only takes away what was sent.
  const save = (): void => {
    if (!gone) write(env.now());
    else if (!items.length) env.del(own);
  };

  const push = (item: Item): void => {
    items.push(item);
    bytes += item.json_.length;
    // What is on its way stays: its answer will take it away.
    while (items.length > flying && (items.length > ITEMS_MAX || bytes > BYTES_MAX)) {
      const gone = items.splice(flying, 1)[0];
      bytes -= gone ? gone.json_.length : 0;
      dropped++;
    }
  };

  const plan = (ms: number): void => {
    env.cancel(timer);
    timer = env.later(ms, flush);
  };

  const batchOf = (from: number): Item[] => {
    let units = 0;
    let end = from;
    while (end < items.length && end - from < most) {
      units += items[end]!.json_.length;
      if (units > BATCH_UNITS && end > from) break;
      end++;
    }
    return items.slice(from, end);
  };

  const mark = (batch: Item[]): string => {
    for (const item of batch) item.tried_ = item.tried_ || env.now();
    return env.wrap(batch.map((item) => item.json_));
  };

  function done(status: number, retryS: number): void {
    const sent = flying;
    flying = 0;
    const final = status >= 400 && status < 500 && status !== 408 && status !== 429;
    if ([401, 403, 404, 405, 421].includes(status)) {
      // Not these events are wrong, but the key, the origin or the way: asking again on this page is of no use.
      stopped = true;
      save();
    } else if (status === 413 && sent > 1) {
      most = sent >> 1;
      flush();
    } else if (final || (status > 199 && status < 300)) {
      for (const item of items.splice(0, sent)) bytes -= item.json_.length;
      tries = waitUntil = 0;
      save();
      if (items.length) flush();
    } else {
      const wait = Math.min(1000 * 2 ** tries++, RETRY_MAX_MS) * (0.5 + env.random());
      const ms = Math.max(wait, Math.min(retryS || 0, 3600) * 1000);
      waitUntil = env.now() + ms;
      save();
      plan(ms);
    }
  }

  function flush(): void {
    if (flying || stopped || !items.length) return;
    const left = waitUntil - env.now();
    if (left > 0) return plan(left);
    const batch = batchOf(0);
    const body = mark(batch);
    flying = batch.length;
    save();
    const sentIn = epoch;
    env.post(body, (status, retryS) => {
      if (sentIn === epoch) done(status, retryS);
    });
  }

  // Takes over the queues of documents that are gone.
  for (const name of env.names()) {
    if (!name.startsWith(prefix) || name === own) continue;
    const [stamp, ...lines] = (env.get(name) || "").split("\n");
    if (env.now() - parseInt(stamp || "0", 36) < STALE_MS) continue;
    for (const line of lines) {
      const space = line.indexOf(" ");
      const tried = parseInt(line, 36) || 0;
      const json = line.slice(space + 1);
      if (space > 0 && json.startsWith("{") && (!tried || env.now() - tried < TRIED_MAX_MS)) push({ tried_: tried, json_: json });
    }
    save();
    env.del(name);
  }
  if (items.length) {
    save(); // again, where there was no room before
    plan(WAIT_MS);
  }

  return {
    add(json) {
      push({ tried_: 0, json_: json });
      write(gone ? 0 : env.now());
      if (!flying && waitUntil <= env.now() && (items.length === 1 || items.length >= BATCH_ITEMS)) plan(items.length === 1 ? WAIT_MS : 0);
    },
    flush() {
      tries = waitUntil = 0;
      flush();
    },
    leave() {
      let from = flying;
      // Not where the server asked for a pause: the next page will send it.
      while (!stopped && waitUntil <= env.now() && from < items.length) {
        const batch = batchOf(from);
        if (!env.beacon(mark(batch))) break;
        from += batch.length;
      }
      gone = true;
      write(0);
    },
    back() {
      gone = false;
      save();
    },
    clear() {
      epoch++;
      env.cancel(timer);
      for (const name of env.names()) if (name.startsWith(prefix)) env.del(name);
      items = [];
      bytes = flying = tries = waitUntil = dropped = 0;
    },
    takeDropped() {
      const count = dropped;
      dropped = 0;
      return count;
    },
    size: () => items.length,
  };
}
