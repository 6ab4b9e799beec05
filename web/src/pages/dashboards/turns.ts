// Questions of one page, a few at a time: the server answers each sooner, and a page of sixty tiles does not hold up
// the drawer that is opened meanwhile.
export type Ask = <T>(body: unknown, signal?: AbortSignal) => Promise<T>;

/** `ask`, of which at most `most` are on their way; what was given up while it waited is never asked. */
export function inTurns(ask: Ask, most: number): Ask {
  let running = 0;
  const waiting: (() => void)[] = [];
  const next = () => {
    running--;
    waiting.shift()?.();
  };
  return async <T>(body: unknown, signal?: AbortSignal): Promise<T> => {
    if (running >= most) {
      await new Promise<void>((done) => {
        waiting.push(done);
        signal?.addEventListener("abort", () => {
          const at = waiting.indexOf(done);
          if (at >= 0) waiting.splice(at, 1);
        });
      });
    }
    running++;
    try {
      signal?.throwIfAborted();
      return await ask<T>(body, signal);
    } finally {
      next();
    }
  };
}
