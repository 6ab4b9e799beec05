// What the children that run peers have in common: a peer is loaded, tries its forms of a question, and is asked one of
// them, by messages. A form is { name, sql } or { name, sql, settings }.
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

// What a peer's queries may take of memory, in bytes: beside it there are the other engines and the pages of all their files.
export const PEER_MEMORY = Number(process.argv[3]);

const cpuMs = () => { const { user, system } = process.cpuUsage(); return (user + system) / 1000; };

// Highest resident memory since the last call, in MB.
function peakMb() {
  const peak = Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1]) / 1024;
  try { writeFileSync('/proc/self/clear_refs', '5'); } catch { /* not everywhere may one */ }
  return peak;
}

const overTime = (seconds) => `over ${seconds} s`;

// What a peer may not do is no failure of the benchmark: it takes longer than it may, or more memory than it has.
function limitOf(error, seconds) {
  if (/TIMEOUT_EXCEEDED|interrupt/i.test(error.message)) return overTime(seconds);
  if (/MEMORY_LIMIT_EXCEEDED|out of memory/i.test(error.message)) return 'out of memory';
  return null;
}

// A peer has load(files, { ids }) -> report, sample(every), which makes tables of every so many customers beside its own, forms(question,
// world, n) -> [form], where world.sampled means those tables, and run(form, seconds) -> rows, which fails when it takes longer.
export function serve(peer) {
  // { ms, cpu_ms, rows } or { beyond: why }
  async function timed(form, seconds) {
    const wall = performance.now();
    const cpu = cpuMs();
    try {
      const rows = await peer.run(form, seconds);
      const ms = performance.now() - wall;
      // What ClickHouse had found when its time was over it may give as if it were all.
      return ms >= seconds * 1000 ? { beyond: overTime(seconds) } : { ms, cpu_ms: cpuMs() - cpu, rows };
    } catch (error) {
      const beyond = limitOf(error, seconds);
      if (beyond === null) throw error;
      return { beyond };
    }
  }

  // Each form once cold and then `hot` times. They must agree. [{ name, ms } or { name, beyond }], the fastest first.
  async function race(names, { question, world, n, seconds }, hot) {
    const forms = peer.forms(question, world, n).filter(({ name }) => names === null || names.includes(name));
    const tried = [];
    let first;
    for (const form of forms) {
      const cold = await timed(form, seconds);
      let { ms, beyond } = cold;
      for (let i = 0; i < hot && !beyond; i++) {
        const again = await timed(form, seconds);
        beyond = again.beyond;
        ms = i === 0 ? again.ms : Math.min(ms, again.ms);
      }
      tried.push(beyond ? { name: form.name, beyond } : { name: form.name, ms });
      if (beyond) continue;
      const answer = plainCanon(canon(question, cold.rows, world));
      const found = difference(first ??= answer, answer);
      if (found !== null) throw new Error(`${question.id}: "${forms[0].name}" and "${form.name}" differ: ${found}`);
    }
    return tried.sort((a, b) => (a.ms ?? Infinity) - (b.ms ?? Infinity));
  }

  // [{ name, sample_ms, ms, beyond }], the one to ask first: all forms are tried on the sample, once cold and twice hot, and those that
  // took at most twice as long there as the fastest on everything, once.
  async function choose(asked) {
    const forms = peer.forms(asked.question, asked.world, asked.n);
    if (forms.length === 1) return { tried: [{ name: forms[0].name }] };
    if (asked.every === 1) return { tried: await race(null, asked, 2) };
    await peer.sample(asked.every);
    const sampled = (await race(null, { ...asked, world: { ...asked.world, sampled: true } }, 2)).map(({ ms, ...rest }) => ({ ...rest, sample_ms: ms }));
    const near = sampled.filter(({ sample_ms }) => sample_ms <= 2 * sampled[0].sample_ms).map(({ name }) => name);
    const finals = near.length > 1 ? await race(near, asked, 0) : sampled.slice(0, 1);
    return { tried: [...finals.map((one) => ({ ...sampled.find(({ name }) => name === one.name), ...one })), ...sampled.filter(({ name }) => !finals.some((one) => one.name === name))] };
  }

  async function ask({ question, world, n, form: kept, seconds }) {
    const form = peer.forms(question, world, n).find(({ name }) => name === kept);
    peakMb();
    const { rows, ...times } = await timed(form, seconds);
    return times.beyond ? times : { ...times, peak_mb: peakMb(), answer: canon(question, rows, world) };
  }

  const work = { load: ({ files, what }) => peer.load(files, what), choose, ask };
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
