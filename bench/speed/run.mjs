// firsthand, ClickHouse, DuckDB and a plain scan in C side by side: the same events, the same questions, answers compared.
//   node bench/speed/run.mjs --rows 10000000
//   node bench/speed/run.mjs --rows 1000000 --only q4,q5 --engines firsthand,floor
//     --data DIR        where events and engines are kept and used again (build-speed)
//     --rounds N        timed rounds; medians count (5)
//     --only q1,q4      some of the questions
//     --engines NAMES   firsthand, clickhouse-a, clickhouse-p, clickhouse-count, duckdb, floor (all)
//     --choose-rows N   on how many events the peers' forms of SQL are tried, by customer (2000000)
//     --seconds S       how long a peer may take for an answer; what takes longer is said, and not asked again (120)
//     --variant NAME    late: one event in twenty comes after all others
//     --fresh           load anew
//     --settle S        how long to wait at most until firsthand's segments have become one, as they do in quiet times (0)
//     --idle S          how long to wait before memory is read (60; 0: not at all)
//     --out FILE        the table as Markdown (DIR/speed.md)
// FIRSTHAND is the binary, else build/firsthand. The exit code is 1 where two answers differ. The table is written anew after every
// question, and each single measurement is a line of measured.ndjson beside the data, so that a run that is cut leaves what it has.
import { execFileSync, spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { root } from '../../tests/support/firsthand.mjs';
import { Firsthand, Floor, Layout, Peer, loadedOnce } from './engines.mjs';
import { measure } from './measure.mjs';
import { QUESTIONS, pickOf } from './questions.mjs';
import { markdown, table } from './report.mjs';

const ENGINES = ['firsthand', 'clickhouse-a', 'clickhouse-p', 'clickhouse-count', 'duckdb', 'floor'];
const VARIANTS = ['plain', 'late'];
const DAYS = 180;
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
        idle: { type: 'string', default: '60' }, 'choose-rows': { type: 'string', default: '2000000' }, seconds: { type: 'string', default: '120' }, settle: { type: 'string', default: '0' }, out: { type: 'string' },
      },
    }).values;
  } catch (error) { usage(error.message); }
  const seconds = Number(given.seconds);
  if (!(seconds > 0 && seconds <= 86400)) usage('--seconds is a number above 0, at most 86400');
  const whole = (name, least) => (/^\d{1,10}$/.test(given[name] ?? '') && Number(given[name]) >= least ? Number(given[name]) : usage(`--${name} is a whole number from ${least} on`));
  names(given.variant, VARIANTS, 'variant');
  const rows = whole('rows', 1000);
  return {
    rows, rounds: whole('rounds', 1), chooseRows: whole('choose-rows', 1000), seconds, idle: whole('idle', 0), settle: whole('settle', 0), variant: given.variant, days: DAYS, fresh: given.fresh ?? false,
    directory: join(resolve(given.data), `${rows}-${given.variant}`), out: given.out,
    only: names(given.only, QUESTIONS.map(({ id }) => id), 'question'), engines: names(given.engines, ENGINES, 'engine'),
  };
}

// Built each time: it takes two seconds, and an old one would say old things.
function build(directory) {
  const source = (name) => join(root, 'bench/speed', name);
  execFileSync('cc', ['-O2', '-o', join(directory, 'events'), source('events.c'), '-lm'], { stdio: 'inherit' });
  execFileSync('cc', ['-O3', '-std=c11', '-D_GNU_SOURCE', '-pthread', '-o', join(directory, 'floor'),
    ...['floor.c', 'floor_load.c', 'floor_counts.c', 'floor_walks.c'].map(source)], { stdio: 'inherit' });
}

function generate({ directory, rows, variant, days }, customers) {
  const files = [join(directory, 'events.csv'), ...(variant === 'late' ? [join(directory, 'late.csv')] : [])];
  if (files.every((file) => existsSync(file))) return files;
  console.log(`writing ${rows} events`);
  const unfinished = `${files[0]}.part`;
  const out = openSync(unfinished, 'w');
  const done = spawnSync(join(directory, 'events'), [rows, customers, days, 1, ...files.slice(1)].map(String), { stdio: ['ignore', out, 'inherit'] });
  closeSync(out);
  if (done.status !== 0) throw new Error('no events were written');
  renameSync(unfinished, files[0]);
  return files;
}

// { engines by name, loads by name, what to stop }
async function open(options, files) {
  const { directory, fresh, days } = options;
  const limits = { every: Math.max(1, Math.round(options.rows / options.chooseRows)), seconds: options.seconds };
  const engines = {};
  const loads = {};
  const stops = [];
  const has = (prefix) => options.engines.some((name) => name.startsWith(prefix));
  const peer = async (name, where) => {
    const child = new Peer(`${name}.mjs`, where);
    stops.push(child);
    await child.start();
    Object.assign(loads, await loadedOnce(directory, name, files, fresh, () => { console.log(`loading ${name}`); return child.load(files); }));
    return child;
  };
  try {
    if (has('firsthand')) {
      const firsthand = new Firsthand(directory);
      Object.assign(loads, await loadedOnce(directory, 'firsthand', files, fresh, () => { console.log('loading firsthand'); return firsthand.load(files); }));
      stops.push(firsthand);
      await firsthand.start();
      if (options.settle > 0) {
        const settled = await firsthand.settle(options.settle);
        // While segments are merged, files come and go; the sizes are then those that the import left.
        if (settled !== null) loads.firsthand = { ...loads.firsthand, merged_s: loads.firsthand.queryable_s + settled, ...firsthand.sizes() };
      }
      engines.firsthand = firsthand;
    }
    if (has('clickhouse')) {
      const clickhouse = await peer('clickhouse', join(directory, 'clickhouse'));
      engines['clickhouse-a'] = new Layout(clickhouse, limits, { table: 'a' });
      engines['clickhouse-p'] = new Layout(clickhouse, limits, { table: 'p' });
      engines['clickhouse-count'] = new Layout(clickhouse, limits, { table: 'p', projection: true }, ['count']);
    }
    if (has('duckdb')) engines.duckdb = new Layout(await peer('duckdb', join(directory, 'duckdb.db')), limits);
    if (has('floor')) {
      const floor = new Floor(join(directory, 'floor'), files, days);
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
const files = generate(chosen, customers);
const { engines, loads, stop } = await open(chosen, files);
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
