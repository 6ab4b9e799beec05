// Small things that both scripts need. Nothing here throws, and nothing keeps a reference to what it is given.

/** An own function that must never throw into a page that is not ours. */
export const guard =
  <A extends unknown[], R>(run: (...args: A) => R): ((...args: A) => R | undefined) =>
  (...args) => {
    try {
      return run(...args);
    } catch {
      return undefined;
    }
  };

export const quietly = guard((run: () => unknown) => run());

/** 128 bits of chance, as text. */
export const uid = (): string => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => (byte + 256).toString(16).slice(1)).join("");

export const listen = (target: EventTarget, names: string, run: (event: Event) => void, capture = true): void => {
  for (const name of names.split(" ")) target.addEventListener(name, guard(run), { capture, passive: true });
};

/** Words that name a thing of the page, without what may belong to a person: digits are 0, no quotes, no addresses. */
export const clean = (text: unknown, most: number): string =>
  String(text)
    .slice(0, 500)
    .replace(/[^\s"'`]*@[^\s"'`]*/g, "@")
    .replace(/(["'`]).*?\1/g, "…")
    .replace(/\?[^\s]*/g, "")
    .replace(/\d+/g, "0")
    .slice(0, most);
