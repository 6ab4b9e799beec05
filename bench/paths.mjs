// Are paths of a year answered while one waits, and is a timeline made to hurt walked in linear time? The demo
// organisation (2.2 million events) is asked paths of many kinds; single customers are asked paths and sequences whose
// starts are all of their events, over so many events and over an eighth of them.
//   node bench/paths.mjs [EVENTS]     of the longer timeline (1000000)
//   FIRSTHAND=BINARY                  instead of build/firsthand
// Counted is the time of the processors, so that a busy machine does not show, with that of starting the command; the
// fastest of three. Over the demo the engine's own time, start to end, stands beside it. The exit code is 1 where an
// answer over the demo takes more than 5 s of the processors, or eight times the events more than 24 times as long.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { binary, must } from '../tests/support/firsthand.mjs';

const longest = Number(process.argv[2] ?? 1000000);
const REPEATS = 3; // the fastest counts
const MOST_MS = 5000;
const NOISE_MS = 20; // below it a ratio says nothing
const TIMES = 8;
const MOST = 3 * TIMES;
const BEGIN = Date.parse('2026-05-01T00:00:00Z');

const year = { from: '2025-07-01', to: '2026-06-30' };
const OF_DEMO = {
  'from a view, 30 days': { start: { event: 'Product Viewed' }, range: { from: '2026-06-01', to: '2026-06-30' } },
  'from a view': { start: { event: 'Product Viewed' } },
  'to an order, 1 d': { end: { event: 'Order Completed' }, gap: '1d' },
  'to an order, opened': { end: { event: 'Order Completed' }, gap: '1d', open: { depth: 1 } },
  'from everything': { start: { event: '*' } },
  '10 steps, 7 d': { start: { event: '*' }, steps: 10, gap: '7d' },
  '20 steps, repeats': { start: { event: '*' }, steps: 20, gap: '1d', collapse: false },
  'by channel': { start: { event: '*' }, by: 'channel', gap: '7d' },
  'by sku, 5 steps': { start: { event: '*' }, by: 'sku', steps: 5, gap: '1d' },
};

// The event at place i of n; a second lies between two.
const TIMELINES = {
  'only A': () => 'A',
  'A and B in turn': (i) => 'AB'[i % 2],
  'half A, then B': (i, n) => (i < n / 2 ? 'A' : 'B'),
};
const ALL = { from: '2026-05-01', to: '2027-05-01' };
const steps = (...events) => events.map((event) => ({ event }));
const OF_ONE = {
  'paths': { kind: 'paths', start: { event: '*' } },
  'paths, 20 steps': { kind: 'paths', start: { event: '*' }, steps: 20, gap: '365d' },
  'paths, repeats': { kind: 'paths', start: { event: '*' }, steps: 20, collapse: false },
  'paths to an end': { kind: 'paths', end: { event: '*' }, steps: 20 },
  'sequence A B': { kind: 'customers', segment: { sequence: steps('A', 'B', 'never'), window: '365d' } },
  'sequence of 20': { kind: 'customers', segment: { sequence: steps(...'AAAAAAAAAAAAAAAAAAA', 'never'), window: '1d' } },
};

// { ms, elapsed, answer } of the fastest of some runs; Infinity where it was given up.
function asked(directory, question) {
  const timed = 'TIMEFORMAT="%U"; time "$0" query - --json --data "$1" 2>/dev/null';
  let best = { ms: Infinity, elapsed: Infinity };
  for (let i = 0; i < REPEATS; i++) {
    const done = spawnSync('bash', ['-c', timed, binary, directory], { input: JSON.stringify(question), encoding: 'utf8', maxBuffer: 1 << 28 });
    if (done.status !== 0) return best;
    const answer = JSON.parse(done.stdout);
    const ms = Math.round(Number(done.stderr.trim()) * 1000);
    best = { ms: Math.min(best.ms, ms), elapsed: Math.min(best.elapsed, answer.stats.elapsed_ms), answer };
  }
  return best;
}

function demo(work) {
  const directory = join(work, 'demo');
  must(['demo', '--data', directory, '--until', year.to, '--quiet']);
  let slow = 0;
  console.log(`${'of the demo'.padEnd(22)} ${'processors'.padStart(11)} ${'elapsed'.padStart(9)}`);
  for (const [name, question] of Object.entries(OF_DEMO)) {
    const { ms, elapsed, answer } = asked(directory, { kind: 'paths', range: year, as_of: '2026-07-01T00:00:00Z', ...question });
    const found = answer?.depths ? `${answer.depths[0].count} paths` : `${answer?.total} customers`;
    slow += ms > MOST_MS ? 1 : 0;
    console.log(`${name.padEnd(22)} ${`${ms} ms`.padStart(11)} ${`${elapsed} ms`.padStart(9)}   ${found.padEnd(16)} ${answer?.stats.events_scanned} events`);
  }
  return slow;
}

function fill(directory, timeline, n) {
  const lines = Array.from({ length: n }, (_, i) => (
    JSON.stringify({ userId: 'c', event: timeline(i, n), ts: new Date(BEGIN + i * 1000).toISOString() })));
  must(['import', '-', '--data', directory, '--quiet', '--json'], { input: `${lines.join('\n')}\n` });
}

function timelines(work) {
  const sizes = [Math.round(longest / TIMES), longest];
  let bad = 0;
  console.log(`\n${'timeline'.padEnd(16)} ${'question'.padEnd(16)} ${sizes.map((n) => `${n} events`.padStart(15)).join('')}   times`);
  for (const [name, timeline] of Object.entries(TIMELINES)) {
    const directories = sizes.map((n) => join(work, `${name} ${n}`));
    sizes.forEach((n, i) => fill(directories[i], timeline, n));
    for (const [what, question] of Object.entries(OF_ONE)) {
      const times = directories.map((directory) => asked(directory, { range: ALL, as_of: '2027-06-01T00:00:00Z', ...question }).ms);
      const growth = Math.max(times[1], NOISE_MS) / Math.max(times[0], NOISE_MS);
      bad += growth <= MOST ? 0 : 1;
      const cells = times.map((ms) => (ms === Infinity ? 'given up' : `${ms} ms`).padStart(15)).join('');
      console.log(`${name.padEnd(16)} ${what.padEnd(16)} ${cells} ${growth.toFixed(1).padStart(7)}${growth <= MOST ? '' : '   not linear'}`);
    }
  }
  return bad;
}

const work = mkdtempSync(join(tmpdir(), 'firsthand-paths-'));
try {
  const slow = demo(work);
  const bad = timelines(work);
  if (slow > 0) console.log(`${slow} took longer than ${MOST_MS} ms`);
  if (bad > 0) console.log(`${bad} are not linear`);
  process.exitCode = slow + bad > 0 ? 1 : 0;
} finally {
  rmSync(work, { recursive: true, force: true });
}
