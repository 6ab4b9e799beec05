// Expected against got: equal values, exact numbers, no member more or less.
import { canonical, isNumber } from './reference/number.mjs';
import { Near } from './reference/score.mjs';

// Infinite is written null, like a number that is none.
const plain = (x) => (typeof x === 'number' && !Number.isFinite(x) ? null : isNumber(x) ? canonical(x) : x);

// Lines that say where the two differ; none when they are equal.
export function differences(expected, got, at = '', found = []) {
  const [a, b] = [plain(expected), plain(got)];
  if (found.length >= 8) return found;
  if (expected instanceof Near) {
    const size = Math.max(1, Math.abs(expected.value));
    if (!isNumber(got) || !(Math.abs(Number(got) - expected.value) <= expected.tolerance * size)) {
      found.push(`${at}: expected about ${expected.value}, got ${show(b)}`);
    }
    return found;
  }
  if (Array.isArray(a) && Array.isArray(b)) {
    if (a.length !== b.length) found.push(`${at}: ${a.length} elements expected, got ${b.length}`);
    for (let i = 0; i < Math.min(a.length, b.length); i++) differences(a[i], b[i], `${at}/${i}`, found);
  } else if (a !== null && b !== null && typeof a === 'object' && typeof b === 'object'
    && !Array.isArray(a) && !Array.isArray(b)) {
    for (const name of new Set([...Object.keys(a), ...Object.keys(b)])) {
      if (!Object.hasOwn(a, name)) found.push(`${at}/${name}: not expected`);
      else if (!Object.hasOwn(b, name)) found.push(`${at}/${name}: missing`);
      else differences(a[name], b[name], `${at}/${name}`, found);
    }
  } else if (a !== b || typeof a !== typeof b) {
    found.push(`${at}: expected ${show(a)}, got ${show(b)}`);
  }
  return found;
}

function show(value) {
  const text = JSON.stringify(value, (_, v) => (typeof v === 'bigint' ? `${v}` : v));
  return text.length > 200 ? `${text.slice(0, 200)}...` : text;
}

// Warnings are sentences of the engine's own; what they are about is not.
export function warningDifferences(about, warnings) {
  const found = [];
  const left = [...warnings];
  const take = (name, words) => {
    const place = left.findIndex((line) => words.every((word) => line.includes(word)));
    if (place < 0) found.push(`/warnings: none about ${name}`);
    else left.splice(place, 1);
  };
  for (const member of about.idle) take(member, [`"${member}"`]);
  for (const { kind, name } of about.unknown) take(`${kind} ${name}`, [`${kind} "${name}"`]);
  if (about.several) take('several groups', ['groups']);
  if (about.currencies) take('currencies', ['currenc']);
  for (const line of left) found.push(`/warnings: unexpected: ${line}`);
  return found;
}

// Expected: what evaluate() gave. Got: the parsed answer.
export function compareAnswer({ answer, about }, got) {
  const { stats, warnings, ...rest } = got;
  const found = [];
  if (stats === undefined) found.push('/stats: missing');
  if (!Array.isArray(warnings)) found.push('/warnings: missing');
  else found.push(...warningDifferences(about, warnings));
  const cursor = answer.cursor === undefined ? {} : { cursor: answer.cursor };
  if (cursor.cursor !== undefined) rest.cursor = rest.cursor !== null && rest.cursor !== undefined;
  return [...differences(answer, rest), ...found];
}
