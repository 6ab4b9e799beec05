// The survey that is open, and its answers on their way to the server.
//
// All of it lies in the storage under one name, so that a reload, another tab or a lost network changes
// nothing: the response was minted by the server before the first question, each answer bears a number that
// only grows, and for each question the highest number wins. What was not acknowledged is sent again, by
// whichever tab comes first; an answer that this tab has given is kept here too until then, in case two tabs
// wrote at the same instant. One answer a request, in order of their numbers: an old one never rides on a
// new one's number.
import type { Answered, Bag, Json } from "./types";
import type { Survey } from "./logic";

export interface Open {
  response: string;
  token: string;
  survey: Survey;
  answers: Record<string, Json>;
  /** Not acknowledged yet: question -> [number, value]. */
  pending: Record<string, [number, Json]>;
  /** The highest number of each question that the server has. */
  acked: Record<string, number>;
  seq: number;
  /** The server knows that it was shown. */
  shown?: boolean;
  finished?: boolean;
  /** The server knows that it is finished. */
  told?: boolean;
  /** Dismissed: never shown again, only sent. */
  closed?: boolean;
  /** The question on show. */
  at?: string;
  /** What is being typed. */
  draft?: [string, string];
}

type Mark = "shown" | "finished" | "told" | "closed";

export interface OutboxEnv {
  now(): number;
  random(): number;
  get(): string | null;
  set(value: string): boolean;
  del(): void;
  post(path: string, body: Bag): Promise<Answered>;
  later(ms: number, run: () => void): number;
  cancel(timer: number): void;
}

export interface Outbox {
  begin(open: Open): void;
  read(): Open | null;
  answer(question: string, value: Json): void;
  draft(question: string, text: string): void;
  go(question: string | undefined): void;
  finish(): void;
  close(): void;
  flush(): void;
  /** The network is back, or another tab wrote. */
  wake(): void;
  /** Forgets all of it. */
  drop(): void;
}

/** A map that inherits nothing: questions may be named as members of every object are. */
export const bare = <T extends object>(from?: T): T => Object.assign(Object.create(null), from) as T;

const RETRY_MAX_MS = 300_000;

export function makeOutbox(env: OutboxEnv): Outbox {
  let kept = true; // the storage takes what we give
  let last: Open | null = null;
  // What this tab knows by itself, in case another one writes over it: tabs see each other's writes a moment late.
  let mine: Open["pending"] = bare();
  let marks: Partial<Record<Mark, true>> = {};
  let busy = false;
  let tries = 0;
  let waitUntil = 0;
  let timer = 0;

  const read = (): Open | null => {
    if (!kept) return last;
    let found: Open | null = null;
    try {
      const value = JSON.parse(env.get() || "null") as Open | null;
      if (value && value.response && Array.isArray(value.survey?.questions) && value.pending && value.acked && value.answers)
        found = { ...value, answers: bare(value.answers), pending: bare(value.pending), acked: bare(value.acked) };
    } catch {
      // Not ours: as if there were none.
    }
    if (found) {
      if (last && last.response !== found.response) {
        mine = bare();
        marks = {};
      }
      last = found;
      // Written over: what only this tab still knows is put back at once.
      if (merge(found)) kept = env.set(JSON.stringify(found));
    } else if (last && Object.keys(mine).length) {
      found = last = { ...last, closed: true, pending: bare() }; // ended by another tab, but we have answers
      merge(found);
    } else {
      last = null;
      marks = {};
    }
    return found;
  };

  const merge = (open: Open): boolean => {
    let changed = false;
    for (const question of Object.keys(mine)) {
      const own = mine[question]!;
      if ((open.acked[question] || 0) >= own[0]) delete mine[question];
      else if ((open.pending[question] || [0])[0] < own[0]) {
        open.pending[question] = own;
        open.answers[question] = own[1];
        changed = true;
      }
    }
    for (const mark of Object.keys(marks) as Mark[]) {
      changed ||= !open[mark];
      open[mark] = true;
    }
    return changed;
  };

  const save = (open: Open): void => {
    merge(open);
    last = open;
    kept = env.set(JSON.stringify(open));
  };

  const drop = (): void => {
    mine = bare();
    marks = {};
    last = null;
    env.del();
  };

  const change = (run: (open: Open) => void): void => {
    const open = read();
    if (!open) return;
    run(open);
    save(open);
  };

  const flush = (): void => {
    const open = read();
    if (!open || busy) return;
    env.cancel(timer);
    if (waitUntil > env.now()) {
      timer = env.later(waitUntil - env.now(), flush);
      return;
    }
    const body: Bag = { response: open.response, token: open.token };
    const waiting = open.pending;
    const order = Object.keys(waiting).sort((a, b) => waiting[a]![0] - waiting[b]![0]);
    const question = order[0];
    const finished = !!open.finished && order.length < 2;
    let path = "/api/v1/ask/answer";
    if (!open.shown) path = "/api/v1/ask/shown";
    else if (question !== undefined) Object.assign(body, { seq: waiting[question]![0], answers: { [question]: waiting[question]![1] }, finished });
    else if (finished && !open.told) Object.assign(body, { seq: open.seq, answers: {}, finished });
    else {
      if (open.closed || open.told) drop();
      return;
    }
    busy = true;
    void env.post(path, body).then(({ status, retryS }) => {
      busy = false;
      // An answer that the server will not have is let go by itself; a response that it does not know, as a whole.
      const taken = (status > 199 && status < 300) || (question !== undefined && open.shown && (status === 400 || status === 422));
      const now = read();
      if (!taken && status > 399 && status < 500 && status !== 408 && status !== 429) {
        if (now && now.response === open.response) drop();
        return;
      }
      if (taken) {
        tries = waitUntil = 0;
        if (now && now.response === open.response) {
          if (!open.shown) marks.shown = true;
          else {
            if (question !== undefined) {
              const [seq] = waiting[question]!;
              now.acked[question] = Math.max(now.acked[question] || 0, seq);
              if (now.pending[question] && now.pending[question]![0] <= seq) delete now.pending[question];
            }
            if (finished) marks.told = true;
          }
          save(now);
        }
      } else {
        waitUntil = env.now() + Math.max(Math.min(1000 * 2 ** tries++, RETRY_MAX_MS) * (0.5 + env.random()), Math.min(retryS || 0, 3600) * 1000);
      }
      flush();
    });
  };

  return {
    begin(open) {
      mine = bare();
      marks = {};
      save(open);
      flush();
    },
    read,
    answer(question, value) {
      change((open) => {
        open.seq = Math.max(open.seq + 1, Math.floor((env.now() + env.random()) * 1000));
        mine[question] = [open.seq, value];
        delete open.draft;
      });
      flush();
    },
    go: (question) => change((open) => void (open.at = question)),
    draft: (question, text) => change((open) => void (open.draft = [question, text])),
    finish() {
      change((open) => void (marks.finished = open.finished = true));
      flush();
    },
    close() {
      change((open) => void (marks.closed = open.closed = true));
      flush();
    },
    flush,
    wake() {
      tries = waitUntil = 0;
      flush();
    },
    drop,
  };
}
