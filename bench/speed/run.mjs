// firsthand, ClickHouse, DuckDB and a plain scan in C side by side: the same events, the same questions, answers compared.
//   node bench/speed/run.mjs --rows 10000000
//   node bench/speed/run.mjs --rows 1000000 --only q4,q5 --engines firsthand,floor
//     --data DIR        where events and engines are kept and used again (build-speed)
//     --rounds N        timed rounds; medians count (5)
//     --only q1,q4      some of the questions
//     --engines NAMES   firsthand, quiet, clickhouse-a, clickhouse-p, clickhouse-z, clickhouse-count, duckdb, floor (all)
//     --choose-rows N   on how many events the peers' forms of SQL are tried, by customer (2000000)
//     --seconds S       how long a peer may take for an answer; what takes longer is said, and not asked again (120)
//     --memory GB       what a peer's query may take (half of the machine's)
//     --variant NAME    late: one event in twenty comes after all others; joined: one customer in twenty was known by another id until
//                       a moment, and is joined after all have come; months22: the events of 22 months. What is late or joined is
//                       not merged; "quiet" is firsthand with the same events, all merged (months22: with those of six months).
//                       ids: events have message ids and times of receipt, which peers store too, and there is ClickHouse
//                       with all columns in ZSTD besides (clickhouse-z); there is no "quiet"
//     --fresh           load anew
//     --settle S        how long to wait at most until firsthand's segments have become one, as they do in quiet times (0; in variants 600, also for 0, but not in ids)
//     --idle S          how long to wait before memory is read (60; 0: not at all)
//     --out FILE        the table as Markdown (DIR/speed.md)
// FIRSTHAND is the binary, else build/firsthand. The exit code is 1 where two answers differ. The table is written anew after every
// question, and each single measurement is a line of measured.ndjson beside the data, so that a run that is cut leaves what it has.
import { execFileSync, spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { totalmem } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { root } from '../../tests/support/firsthand.mjs';
import { Firsthand, Floor, Layout, Peer, loadedOnce } from './engines.mjs';
import { measure } from './measure.mjs';
import { QUESTIONS, pickOf } from './questions.mjs';
import { markdown, table } from './report.mjs';

const ENGINES = ['firsthand', 'quiet', 'clickhouse-a', 'clickhouse-p', 'clickhouse-z', 'clickhouse-count', 'duckdb', 'floor'];
const VARIANTS = ['plain', 'late', 'joined', 'months22', 'ids'];
const WITHOUT_QUIET = ['plain', 'ids'];
const DAYS = 180;
const DAYS_22_MONTHS = 669; // from the first day on as many as are over: events of the future are not taken
const SETTLE_S = 600;
const EVENTS_PER_CUSTOMER = 50;

function usage(message) {
  console.error(`run.mjs: ${message}; its first lines say how it is called`);
  process.exit(2);
}

function names(text, known, what) {
  const chosen = text ? text.split(',') : known;
  for (const name of chosen) if (!known.includes(name)) usage(`no ${what} "${name}"; there are ${known.join(', ')}`);
  return known.filter((name) => chosen.includes(name));
}

function options() {
  let given;
  try {
    given = parseArgs({
      options: {
        rows: { type: 'string' }, data: { type: 'string', default: join(root, 'build-speed') }, rounds: { type: 'string', default: '5' },
        only: { type: 'string' }, engines: { type: 'string' }, variant: { type: 'string', default: 'plain' }, fresh: { type: 'boolean' },
        idle: { type: 'string', default: '60' }, 'choose-rows': { type: 'string', default: '2000000' }, seconds: { type: 'string', default: '120' }, memory: { type: 'string', default: `${Math.floor(totalmem() / 2 ** 31)}` }, settle: { type: 'string' }, out: { type: 'string' },
      },
    }).values;
  } catch (error) { usage(error.message); }
  const seconds = Number(given.seconds);
  if (!(seconds > 0 && seconds <= 86400)) usage('--seconds is a number above 0, at most 86400');
  const whole = (name, least) => (/^\d{1,10}$/.test(given[name] ?? '') && Number(given[name]) >= least ? Number(given[name]) : usage(`--${name} is a whole number from ${least} on`));
  names(given.variant, VARIANTS, 'variant');
  given.settle ??= given.variant === 'plain' ? '0' : `${SETTLE_S}`;
  const known = ENGINES.filter((name) => (name !== 'quiet' || !WITHOUT_QUIET.includes(given.variant)) && (name !== 'clickhouse-z' || given.variant === 'ids'));
  const rows = whole('rows', 1000);
  return {
    rows, rounds: whole('rounds', 1), chooseRows: whole('choose-rows', 1000), seconds, idle: whole('idle', 0), settle: whole('settle', 0), memoryGb: whole('memory', 1), variant: given.variant, days: given.variant === 'months22' ? DAYS_22_MONTHS : DAYS, fresh: given.fresh ?? false,
    directory: join(resolve(given.data), `${rows}-${given.variant}`), out: given.out,
    only: names(given.only, QUESTIONS.map(({ id }) => id), 'question'), engines: names(given.engines, known, 'engine'),
    data: resolve(given.data),
  };
}

// Built each time: it takes two seconds, and an old one would say old things.
function build(directory) {
  const source = (name) => join(root, 'bench/speed', name);
  execFileSync('cc', ['-O2', '-o', join(directory, 'events'), source('events.c'), '-lm'], { stdio: 'inherit' });
  execFileSync('cc', ['-O3', '-std=c11', '-D_GNU_SOURCE', '-pthread', '-o', join(directory, 'floor'),
    ...['floor.c', 'floor_load.c', 'floor_counts.c', 'floor_walks.c'].map(source)], { stdio: 'inherit' });
}

// The files of a variant, beside events.csv: what the arguments of events.c make of it.
const BESIDE = { plain: [], late: ['late.csv'], joined: ['joined.csv'], months22: [], ids: [] };

function generate(directory, { rows, variant, days }, customers) {
  const files = Object.fromEntries(['events.csv', ...BESIDE[variant]].map((name) => [name, join(directory, name)]));
  if (Object.values(files).every((file) => existsSync(file))) return files;
  mkdirSync(directory, { recursive: true });
  console.log(`writing ${rows} events, ${variant}`);
  const unfinished = `${files['events.csv']}.part`;
  const out = openSync(unfinished, 'w');
  const done = spawnSync(join(directory, 'events'), [rows, customers, days, 1, files['late.csv'] ?? '-', files['joined.csv'] ?? '-', ...(variant === 'ids' ? ['ids'] : [])].map(String), { stdio: ['ignore', out, 'inherit'] });
  closeSync(out);
  if (done.status !== 0) throw new Error('no events were written');
  renameSync(unfinished, files['events.csv']);
  return files;
}

// firsthand as the variant has it, and with everything merged.
function firsthands({ directory, variant, settle, rows, data, days }, files, customers) {
  const { 'events.csv': events, 'late.csv': late, 'joined.csv': joined } = files;
  const merged = { settle: settle || SETTLE_S };
  if (variant === 'late') {
    return [new Firsthand(directory, 'firsthand', [{ import: events }, merged, { import: late }]),
      new Firsthand(directory, 'quiet', [{ import: events }, { import: late }, merged])];
  }
  if (variant === 'joined') {
    return [new Firsthand(directory, 'firsthand', [{ import: joined }, merged, { join: customers }]),
      new Firsthand(directory, 'quiet', [{ import: events }, merged])];
  }
  if (variant === 'months22') {
    const world = { days: DAYS, customers, pick: pickOf(customers) };
    const plain = join(data, `${rows}-plain`);
    return [new Firsthand(directory, 'firsthand', [{ import: events }, merged]), new Firsthand(plain, 'quiet', [{ import: join(plain, 'events.csv') }, merged], { world })];
  }
  if (variant === 'ids') return [new Firsthand(directory, 'firsthand', [{ import: events }, ...(settle > 0 ? [merged] : [])], { ids: true })];
  return [new Firsthand(directory, 'firsthand', [{ import: events }])];
}

// { engines by name, loads by name, what to stop }
async function open(options, files, customers) {
  const { directory, fresh, days } = options;
  const limits = { every: Math.max(1, Math.round(options.rows / options.chooseRows)), seconds: options.seconds };
  const engines = {};
  const loads = {};
  const stops = [];
  const has = (prefix) => options.engines.some((name) => name.startsWith(prefix));
  const whole = [files['events.csv'], ...(files['late.csv'] ? [files['late.csv']] : [])]; // what peers and the floor read
  const once = async (name, work, where = directory) => {
    const report = await loadedOnce(where, name, Object.values(files), fresh, () => { console.log(`loading ${name}`); return work(); });
    Object.assign(loads, report);
  };
  const peer = async (name, where) => {
    const child = new Peer(`${name}.mjs`, where, options.memoryGb * 2 ** 30);
    stops.push(child);
    await child.start();
    await once(name, () => child.load(whole, { ids: options.variant === 'ids' }));
    return child;
  };
  try {
    const [asked, quiet] = firsthands(options, files, customers);
    if (has('quiet')) {
      await once('quiet', async () => ({ quiet: await quiet.load() }));
      stops.push(quiet);
      await quiet.start();
      engines.quiet = quiet;
    }
    if (has('firsthand')) {
      await once('firsthand', async () => ({ firsthand: await asked.load() }));
      stops.push(asked);
      await asked.start();
      if (options.settle > 0 && options.variant === 'plain') {
        const settled = await asked.settle(options.settle);
        // While segments are merged, files come and go; the sizes are then those that the import left.
        if (settled !== null) loads.firsthand = { ...loads.firsthand, merged_s: loads.firsthand.queryable_s + settled, ...asked.sizes() };
      }
      engines.firsthand = asked;
    }
    if (has('clickhouse')) {
      const clickhouse = await peer('clickhouse', join(directory, 'clickhouse'));
      engines['clickhouse-a'] = new Layout(clickhouse, limits, { table: 'a' });
      engines['clickhouse-p'] = new Layout(clickhouse, limits, { table: 'p' });
      engines['clickhouse-z'] = new Layout(clickhouse, limits, { table: 'z' }); // asked in ids alone
      engines['clickhouse-count'] = new Layout(clickhouse, limits, { table: 'p', projection: true }, ['count']);
    }
    if (has('duckdb')) engines.duckdb = new Layout(await peer('duckdb', join(directory, 'duckdb.db')), limits);
    if (has('floor')) {
      const floor = new Floor(join(directory, 'floor'), whole, days);
      stops.push(floor);
      await floor.start();
      engines.floor = floor;
    }
  } catch (error) {
    for (const one of stops) await one.stop();
    throw error;
  }
  return { engines: Object.fromEntries(options.engines.map((name) => [name, engines[name]])), loads, stop: async () => { for (const one of stops) await one.stop(); } };
}

const chosen = options();
const customers = Math.floor(chosen.rows / EVENTS_PER_CUSTOMER) + 1;
const world = { days: chosen.days, customers, pick: pickOf(customers) };
const questions = QUESTIONS.filter(({ id }) => chosen.only.includes(id));
if (chosen.fresh) rmSync(chosen.directory, { recursive: true, force: true });
mkdirSync(chosen.directory, { recursive: true });
build(chosen.directory);
const files = generate(chosen.directory, chosen, customers);
if (chosen.variant === 'months22' && chosen.engines.includes('quiet')) {
  const plain = join(chosen.data, `${chosen.rows}-plain`);
  mkdirSync(plain, { recursive: true });
  build(plain);
  generate(plain, { ...chosen, variant: 'plain', days: DAYS }, customers);
}
const { engines, loads, stop } = await open(chosen, files, customers);
const out = chosen.out ?? join(chosen.directory, 'speed.md');
const report = { options: chosen, questions, loads, engines, memory: null, customers, command: process.argv.slice(2).join(' ') };
const write = () => writeFileSync(out, markdown(report));
try {
  await measure({ engines, questions, world, rounds: chosen.rounds, log: join(chosen.directory, 'measured.ndjson'), soFar: (told) => { Object.assign(report, told); write(); } });
  if (engines.firsthand && chosen.idle > 0) {
    await sleep(chosen.idle * 1000);
    report.memory = { ...engines.firsthand.memory(), idle_s: chosen.idle };
    write();
  }
  console.log(table(report));
  console.log(`\n${report.differences === 0 ? 'All answers are equal' : `${report.differences} answers differ`}. The table is in ${out}.`);
  process.exitCode = report.differences === 0 ? 0 : 1;
} finally {
  await stop();
}
