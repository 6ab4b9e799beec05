// Makes a failing case small: fewer events, fewer pieces, a simpler question, and the same sort of failure.
import { write } from './reference/json.mjs';
import { Mismatch, playCase } from './play.mjs';

// How a case fails ('differs', 'refused', ...), or undefined where it does not, or where the reference itself cannot
// make sense of the question any more.
async function failureOf(candidate) {
  try {
    await playCase(candidate);
    return undefined;
  } catch (error) {
    return error instanceof Mismatch ? error : undefined;
  }
}

// Every value that is `value` with one member or element less, at any depth.
function* simpler(value) {
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) yield [...value.slice(0, i), ...value.slice(i + 1)];
    for (let i = 0; i < value.length; i++) {
      for (const inner of simpler(value[i])) yield [...value.slice(0, i), inner, ...value.slice(i + 1)];
    }
  } else if (value !== null && typeof value === 'object') {
    for (const name of Object.keys(value)) {
      const { [name]: dropped, ...rest } = value;
      yield rest;
      for (const inner of simpler(dropped)) yield { ...value, [name]: inner };
    }
  }
}

// `deadline` in ms of Date.now(). Answers the smallest case found, and its failure.
export async function shrink(start, deadline) {
  let best = start;
  let failure = await failureOf(start);
  if (failure === undefined) return { case: start, failure };
  const same = (found) => found !== undefined && found.sort === failure.sort
    && (failure.sort !== 'refused' || found.lines[0].slice(4) === failure.lines[0].slice(4));
  const attempt = async (candidate) => {
    if (Date.now() > deadline) return false;
    const found = await failureOf(candidate);
    if (!same(found)) return false;
    [best, failure] = [candidate, found];
    return true;
  };

  const withLines = (keep) => ({
    ...best,
    batches: best.batches.map((batch, b) => ({ ...batch, lines: batch.lines.filter((_, i) => keep(b, i)) })),
  });
  const dropLines = async () => {
    const all = () => best.batches.flatMap((batch, b) => batch.lines.map((_, i) => `${b}/${i}`));
    for (let size = Math.ceil(all().length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
      for (let at = 0; at < all().length;) {
        const drop = new Set(all().slice(at, at + size));
        if (!await attempt(withLines((b, i) => !drop.has(`${b}/${i}`)))) at += size;
        if (Date.now() > deadline) return;
      }
    }
  };
  const dropBatches = async () => {
    for (let b = best.batches.length - 1; b >= 0; b--) {
      const others = best.batches.filter((_, i) => i !== b);
      if (best.batches[b].lines.length === 0 && await attempt({ ...best, batches: others })) continue;
      if (best.batches[b]?.then?.length > 0) {
        await attempt({ ...best, batches: best.batches.map((batch, i) => (i === b ? { ...batch, then: [] } : batch)) });
      }
    }
  };
  const simplifyLines = async () => {
    for (let b = 0; b < best.batches.length; b++) {
      for (let i = 0; i < best.batches[b].lines.length; i++) {
        for (let again = true; again && Date.now() <= deadline;) {
          again = false;
          const line = JSON.parse(best.batches[b].lines[i]); // big numbers lose digits: attempts decide
          for (const name of Object.keys(line)) {
            const { [name]: dropped, ...rest } = line;
            const variants = [rest];
            if (name === 'properties' || name === 'traits') {
              for (const inner of Object.keys(dropped)) {
                const { [inner]: _, ...less } = dropped;
                variants.push({ ...line, [name]: less });
              }
            }
            for (const variant of variants) {
              const lines = best.batches[b].lines.map((l, at) => (at === i ? write(variant) : l));
              const batches = best.batches.map((batch, at) => (at === b ? { ...batch, lines } : batch));
              if (await attempt({ ...best, batches })) { again = true; break; }
            }
            if (again) break;
          }
        }
      }
    }
  };
  const simplifyQuestion = async () => {
    for (let again = best.question !== undefined; again && Date.now() <= deadline;) {
      again = false;
      for (const question of simpler(best.question)) {
        if (await attempt({ ...best, question })) { again = true; break; }
        if (Date.now() > deadline) return;
      }
    }
  };

  for (let before = ''; before !== write(best) && Date.now() <= deadline;) {
    before = write(best);
    await dropLines();
    await simplifyQuestion();
    await dropLines();
    await dropBatches();
    await simplifyLines();
  }
  return { case: best, failure };
}
