// Does a funnel walk a timeline in linear time, whatever the timeline? Single customers, each made to hurt, are asked
// funnels of 20 steps in every order and with every option, over so many events and over an eighth of them.
//   node bench/funnel-walk.mjs [EVENTS]     of the longer timeline (1000000)
//   FIRSTHAND=BINARY                        instead of build/firsthand
// Counted is the time of the processor, so that a busy machine does not show, with that of starting the command.
// The exit code is 1 where eight times the events take more than 24 times as long (squared they would take 64 times).
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { binary, must } from '../tests/support/firsthand.mjs';

const longest = Number(process.argv[2] ?? 1000000);
const STEPS = 20;
const REPEATS = 3; // the fastest counts
const NOISE_MS = 20; // below it a ratio says nothing
const TIMES = 8;
const MOST = 3 * TIMES;
const BEGIN = Date.parse('2026-05-01T00:00:00Z');
const letters = Array.from({ length: STEPS }, (_, i) => String.fromCharCode(65 + i));

// The event at place i of n, and its instant: a second apart, or all at once.
const TIMELINES = {
  'only A': (i) => ['A', i],
  'A to T in turn': (i) => [letters[i % STEPS], i],
  'T to A in turn': (i) => [letters[STEPS - 1 - (i % STEPS)], i],
  'all but the last step': (i) => [letters[i % (STEPS - 1)], i],
  'half A, then B to S': (i, n) => [i < n / 2 ? 'A' : letters[1 + (i % (STEPS - 2))], i],
  'half A, then R to B': (i, n) => [i < n / 2 ? 'A' : letters[STEPS - 3 - (i % (STEPS - 3))], i],
  'all at one instant': (i) => [letters[(i * 7) % (STEPS - 1)], 0],
};

const steps = letters.map((event) => ({ event }));
const optional = steps.map((step, i) => (i > 0 && i < STEPS - 1 ? { ...step, optional: true } : step));
const alike = Array.from({ length: STEPS }, (_, i) => (i === STEPS - 1 ? { event: 'never' } : { event: '*' }));
const exclusions = Array.from({ length: STEPS }, (_, i) => ({ event: 'A', where: [['x', '=', i]] }));
const between = Array.from({ length: STEPS - 1 }, (_, i) => ({ event: letters[(i + 9) % STEPS], between: [i + 1, i + 2] }));
const QUESTIONS = {
  ordered: { steps },
  'ordered, 30 s': { steps, window: '30s' },
  strict: { steps, order: 'strict' },
  any: { steps, order: 'any' },
  'any, alike': { steps: alike, order: 'any' },
  optional: { steps: optional },
  'optional, alike': { steps: alike.map((step, i) => (i > 0 && i < STEPS - 1 ? { ...step, optional: true } : step)) },
  'strict, optional': { steps: optional, order: 'strict' },
  'exclude, never met': { steps, exclude: exclusions },
  'exclude, all steps': { steps, exclude: between },
  entries: { steps, count: 'entries' },
  'entries, any': { steps, count: 'entries', order: 'any' },
  'entries, optional': { steps: optional, count: 'entries' },
  'entries, first value': { steps, count: 'entries', breakdown: 'x', attribution: 'first' },
  'entries, last value': { steps, count: 'entries', breakdown: 'x', attribution: 'last' },
};

function fill(directory, timeline, n) {
  const lines = [];
  for (let i = 0; i < n; i++) {
    const [event, second] = timeline(i, n);
    lines.push(JSON.stringify({ userId: 'c', event, ts: new Date(BEGIN + second * 1000).toISOString() }));
  }
  must(['import', '-', '--data', directory, '--quiet', '--json'], { input: `${lines.join('\n')}\n` });
}

// Milliseconds of the fastest of some runs; Infinity where it was given up.
function time(directory, question) {
  const input = JSON.stringify({
    kind: 'funnel', window: '365d', range: { from: '2026-05-01', to: '2027-05-01' }, as_of: '2027-06-01T00:00:00Z', ...question,
  });
  const timed = 'TIMEFORMAT="%U"; time "$0" query - --json --data "$1" >/dev/null 2>&1';
  let best = Infinity;
  for (let i = 0; i < REPEATS; i++) {
    const done = spawnSync('bash', ['-c', timed, binary, directory], { input, encoding: 'utf8' });
    if (done.status !== 0) return Infinity;
    best = Math.min(best, Math.round(Number(done.stderr.trim()) * 1000));
    if (best > 2000) break;
  }
  return best;
}

const sizes = [Math.round(longest / TIMES), longest];
let bad = 0;
console.log(`${'timeline'.padEnd(22)} ${'question'.padEnd(21)} ${sizes.map((n) => `${n} events`.padStart(15)).join('')}   times`);
for (const [name, timeline] of Object.entries(TIMELINES)) {
  const work = mkdtempSync(join(tmpdir(), 'firsthand-walk-'));
  try {
    const directories = sizes.map((n) => join(work, String(n)));
    sizes.forEach((n, i) => fill(directories[i], timeline, n));
    for (const [what, question] of Object.entries(QUESTIONS)) {
      const times = directories.map((directory) => time(directory, question));
      const growth = Math.max(times[1], NOISE_MS) / Math.max(times[0], NOISE_MS);
      const slow = !(growth <= MOST);
      bad += slow ? 1 : 0;
      const cells = times.map((ms) => (ms === Infinity ? 'given up' : `${ms} ms`).padStart(15)).join('');
      console.log(`${name.padEnd(22)} ${what.padEnd(21)} ${cells} ${growth.toFixed(1).padStart(7)}${slow ? '   not linear' : ''}`);
    }
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
if (bad > 0) console.log(`${bad} of them are not linear`);
process.exitCode = bad > 0 ? 1 : 0;
