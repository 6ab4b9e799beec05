// The survey that is open, and its answers on their way to the server.
//
// All of it lies in the storage under one name, so that a reload, another tab or a lost network changes
// nothing: the response was minted by the server before the first question, each answer bears a number that
// only grows, and for each question the highest number wins. So it is with the question on show and what is
// being typed. Tabs see each other's writes a moment late and write over them: each keeps what it knows of and
// puts it back, which ends, as numbers only grow. What was not acknowledged is sent again, by whichever tab
// comes first. One answer a request, in order of their numbers: an old one never rides on a new one's number.
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
  /** The question on show, and the number of the step to it. */
  at?: string;
  step?: number;
  /** What is being typed: [question, words, number]. */
  draft?: [string, string, number];
}

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

/** The number of the answer to a question; 0: none. */
const numberOf = (open: Open, question: string): number => (open.pending[question] || [open.acked[question] || 0])[0];

/** What `from` knows of the same response that `open` does not. */
function merge(open: Open, from: Open): void {
  for (const question of Object.keys({ ...from.acked, ...from.pending })) {
    const number = numberOf(from, question);
    if (number > numberOf(open, question)) open.pending[question] = [number, (open.answers[question] = from.answers[question]!)];
    const acked = Math.max(open.acked[question] || 0, from.acked[question] || 0);
    if (acked) open.acked[question] = acked;
    if (open.pending[question] && open.pending[question]![0] <= acked) delete open.pending[question];
  }
  if ((from.step || 0) > (open.step || 0)) {
    open.step = from.step;
    open.at = from.at;
  }
  if (from.draft && !(open.draft && open.draft[2] >= from.draft[2])) open.draft = from.draft;
  if (open.draft && !(open.draft[2] > numberOf(open, open.draft[0]))) delete open.draft; // said since
  for (const mark of ["shown", "finished", "told", "closed"] as const) if (from[mark]) open[mark] = true;
  open.seq = Math.max(open.seq, from.seq);
}

export function makeOutbox(env: OutboxEnv): Outbox {
  let kept = true; // the storage takes what we give
  let last: Open | null = null; // what this tab knows
  let mine: Record<string, true> = bare(); // questions that were answered in it
  let busy = false;
  let tries = 0;
  let waitUntil = 0;
  let timer = 0;

  const read = (): Open | null => {
    if (!kept) return last;
    const text = env.get();
    let found: Open | null = null;
    try {
      const value = JSON.parse(text || "null") as Open | null;
      if (value && value.response && Array.isArray(value.survey?.questions) && value.pending && value.acked && value.answers)
        found = { ...value, answers: bare(value.answers), pending: bare(value.pending), acked: bare(value.acked) };
    } catch {
      // Not ours: as if there were none.
    }
    if (found) {
      if (last && last.response === found.response) merge(found, last);
      else mine = bare();
      last = found;
      if (JSON.stringify(found) !== text) save(found);
    } else if (last) {
      // Ended by another tab; but we may have answers.
      const { pending } = last;
      const left: Open["pending"] = bare();
      for (const question of Object.keys(mine)) if (pending[question]) left[question] = pending[question]!;
      found = last = Object.keys(left).length ? { ...last, closed: true, pending: left } : null;
    }
    return found;
  };

  const save = (open: Open): void => {
    last = open;
    kept = env.set(JSON.stringify(open));
  };

  const drop = (): void => {
    last = null;
    env.del();
  };

  /** `run` is given the number of what it changes. */
  const change = (run: (open: Open, number: number) => void): void => {
    const open = read();
    if (!open) return;
    open.seq = Math.max(open.seq + 1, Math.floor((env.now() + env.random()) * 1000));
    run(open, open.seq);
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
    const [seq, value] = (question !== undefined && waiting[question]) || [open.seq, null];
    const { shown } = open;
    const finished = !!open.finished && order.length < 2;
    let path = "/api/v1/ask/answer";
    if (!shown) path = "/api/v1/ask/shown";
    else if (question !== undefined || (finished && !open.told)) Object.assign(body, { seq, answers: question === undefined ? {} : { [question]: value }, finished });
    else {
      if (open.closed || open.told) drop();
      return;
    }
    busy = true;
    void env.post(path, body).then(({ status, retryS }) => {
      busy = false;
      // An answer that the server will not have is let go by itself; a response that it does not know, as a whole.
      const taken = (status > 199 && status < 300) || (question !== undefined && shown && (status === 400 || status === 422));
      const now = read();
      if (!taken && status > 399 && status < 500 && status !== 408 && status !== 429) {
        if (now && now.response === open.response) drop();
        return;
      }
      if (taken) {
        tries = waitUntil = 0;
        if (now && now.response === open.response) {
          if (!shown) now.shown = true;
          else {
            if (question !== undefined) {
              now.acked[question] = Math.max(now.acked[question] || 0, seq);
              if (now.pending[question] && now.pending[question]![0] <= seq) delete now.pending[question];
            }
            if (finished) now.told = true;
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
      save(open);
      flush();
    },
    read,
    answer(question, value) {
      change((open, number) => {
        mine[question] = true;
        open.pending[question] = [number, (open.answers[question] = value)];
        if (open.draft?.[0] === question) delete open.draft;
      });
      flush();
    },
    go: (question) => change((open, number) => Object.assign(open, { at: question, step: number })),
    draft: (question, text) => change((open, number) => void (open.draft = [question, text, number])),
    finish() {
      change((open) => void (open.finished = true));
      flush();
    },
    close() {
      change((open) => void (open.closed = true));
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
