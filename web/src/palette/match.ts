// How well something typed fits a name: 0 not at all, up to 100. Whole names before beginnings of words,
// beginnings before what stands inside, that before letters scattered in order.

const WORD = /[\s·:,/()–-]+/;

function wordScore(typed: string, name: string, words: string[]): number {
  if (name.startsWith(typed)) return 90;
  if (words.some((word) => word.startsWith(typed))) return 75;
  if (typed.length > 1 && name.includes(typed)) return 45;
  if (typed.length > 1 && words.map((word) => word[0] ?? "").join("").startsWith(typed)) return 40;
  return scattered(typed, name) ? 15 : 0;
}

/** Letters in order, the first of them at the beginning of a word, and at least three. */
function scattered(typed: string, name: string): boolean {
  if (typed.length < 3) return false;
  let at = -1;
  for (const [index, letter] of [...typed].entries()) {
    at = name.indexOf(letter, at + 1);
    if (at < 0) return false;
    if (index === 0 && at > 0 && !WORD.test(name[at - 1]!)) return false;
  }
  return at < typed.length * 4;
}

export function score(typed: string, name: string): number {
  const wanted = typed.trim().toLocaleLowerCase();
  const had = name.toLocaleLowerCase();
  if (!wanted) return 1;
  if (had === wanted) return 100;
  const words = had.split(WORD).filter(Boolean);
  if (had.startsWith(wanted)) return 95;
  const each = wanted.split(/\s+/).map((word) => wordScore(word, had, words));
  return Math.min(...each);
}

/** The best of a name and of other words for it, which count a little less. */
export const bestScore = (typed: string, name: string, also = ""): number =>
  Math.max(score(typed, name), also ? score(typed, also) * 0.9 : 0);
