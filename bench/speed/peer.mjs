// What the children that run peers have in common: a peer is loaded, tries its forms of a question, keeps the fastest, and
// is asked, by messages. A form is { name, sql } or { name, sql, settings }.
import { createRequire } from 'node:module';
import { readFileSync, writeFileSync } from 'node:fs';
import { join, dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DAY, T0, WEEKS, difference, plainCanon } from './questions.mjs';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const require = createRequire(join(root, 'tests/peers/package.json'));
export const peerPackage = (name) => require(name);

// ---- rows of a peer in the form that is compared ----

// Daily numbers by place or date; days without one are 0.
function daily(rows, days, day = (row) => row[0], value = (row) => row[1]) {
  const values = new Array(days).fill(0);
  for (const row of rows) values[typeof day(row) === 'number' ? day(row) : (Date.parse(day(row)) - T0) / DAY] = Number(value(row));
  return values;
}

function canon(question, rows, { days }) {
  switch (question.kind) {
    case 'count': return { values: daily(rows, days) };
    case 'customers': {
      const total = rows.find(([day]) => day === null || day === '');
      return { values: daily(rows.filter((row) => row !== total), days), total: total[1] };
    }
    case 'breakdown': {
      const names = [...new Map(rows.map((row) => [row[0], row[0] === '(other)' ? Infinity : row[3]]))].sort(([, a], [, b]) => a - b);
      return { groups: names.map(([group]) => ({ group, values: daily(rows.filter((row) => row[0] === group), days, (row) => row[1], (row) => row[2]) })) };
    }
    case 'funnel': return { counts: rows[0] };
    case 'devices': return { groups: Object.fromEntries(rows.map(([device, ...counts]) => [device, counts])) };
    case 'retention': {
      const cohorts = Array.from({ length: WEEKS }, () => ({ size: 0, returned: new Array(WEEKS).fill(0) }));
      for (const [cohort, k, n] of rows) if (k < 0) cohorts[cohort].size = n; else cohorts[cohort].returned[k] = n;
      return { cohorts };
    }
    case 'paths': return { paths: rows.map(([a, b, c, n, customers]) => [['add_to_cart', a, b, c].filter((name) => name !== ''), n, customers]) };
    case 'timeline': return { events: rows.map(([at, event]) => [at, event]) };
    case 'segment': return { total: rows[0][0] };
    default: {
      const [count, customers, p50, p75, p90, p99, ...histogram] = rows[0];
      return { count, customers, p50, p75, p90, p99, histogram: histogram.flat() };
    }
  }
}

// ---- the child ----

const cpuMs = () => { const { user, system } = process.cpuUsage(); return (user + system) / 1000; };

// Highest resident memory since the last call, in MB.
function peakMb() {
  const peak = Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1]) / 1024;
  try { writeFileSync('/proc/self/clear_refs', '5'); } catch { /* not everywhere may one */ }
  return peak;
}

// A peer has load(files) -> report, forms(question, world, n) -> [form] and run(form) -> rows.
export function serve(peer) {
  const kept = new Map();
  async function timed(form) {
    const wall = performance.now();
    const cpu = cpuMs();
    const rows = await peer.run(form);
    return { ms: performance.now() - wall, cpu_ms: cpuMs() - cpu, rows };
  }

  // Every form, once cold and twice hot; they must agree, and the one that was hot the fastest is kept.
  async function choose({ question, world, n }) {
    const forms = peer.forms(question, world, n);
    const tried = [];
    let first;
    for (const form of forms) {
      const answer = plainCanon(canon(question, (await timed(form)).rows, world));
      const found = difference(first ??= answer, answer);
      if (found !== null) throw new Error(`${question.id}: "${forms[0].name}" and "${form.name}" differ: ${found}`);
      tried.push({ name: form.name, ms: Math.min((await timed(form)).ms, (await timed(form)).ms) });
    }
    tried.sort((a, b) => a.ms - b.ms);
    kept.set(question.key, tried[0].name);
    return { tried };
  }

  async function ask({ question, world, n }) {
    const form = peer.forms(question, world, n).find(({ name }) => name === kept.get(question.key));
    peakMb();
    const { ms, cpu_ms, rows } = await timed(form);
    return { ms, cpu_ms, peak_mb: peakMb(), answer: canon(question, rows, world) };
  }

  const work = { load: ({ files }) => peer.load(files), choose, ask };
  process.on('message', async ({ id, verb, ...rest }) => {
    try {
      const world = rest.world && { ...rest.world, pick: () => rest.customer };
      process.send({ id, done: await work[verb]({ ...rest, world }) });
    } catch (error) {
      process.send({ id, error: `${error.message}`.slice(0, 4000) });
    }
  });
  process.on('disconnect', () => process.exit(0));
}
