// A server under a third of the load that fits, for as long as is asked: with seals and merges as they come, erasures, backups and two
// restarts. Every ten seconds its memory, descriptors and latencies are written down; at the end they must be flat.
//   node bench/live/soak.mjs --minutes 60
//     --minutes N       how long (60)
//     --share N         of what fits, in percent (30)
//     --data DIR        where everything lies (build-soak); made anew. The samples are in DIR/samples.ndjson
// Flat: the first quarter, in which the restarts are, is for warming up. The median of the last quarter's samples is held against that of the
// second quarter's: memory of its own at most a tenth and 16 MB more, descriptors at most 8 more, the 99th percentile of sending a batch and of
// reading a timeline at most half and 20 ms more. And all that was acknowledged is there. Ends with 1 where something is not so.
import { execFile } from 'node:child_process';
import { appendFileSync, mkdirSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs, promisify } from 'node:util';
import { Server, binary, must, root } from '../../tests/support/firsthand.mjs';

const given = parseArgs({ options: {
  minutes: { type: 'string', default: '60' }, share: { type: 'string', default: '30' }, data: { type: 'string', default: join(root, 'build-soak') },
} }).values;
const minutes = Number(given.minutes);
const share = Number(given.share) / 100;
if (!(minutes > 0) || !(share > 0)) {
  console.error('soak.mjs: --minutes and --share are numbers above 0; its first lines say how it is called');
  process.exit(2);
}
const directory = resolve(given.data);
const CUSTOMERS = 20_000; // so many that they come again, and their number does not grow
const BATCH = 500;
const SAMPLE_MS = 10_000;
const TIMELINES_PER_S = 5;
// What fits for so long: an empty store takes half as much again for some seconds, until there is something to merge.
const FITS_MS = 60_000;
const JUDGED_MINUTES = 10; // a shorter run is all warming up: what was acknowledged is looked for, and the numbers are only said

rmSync(directory, { recursive: true, force: true });
mkdirSync(join(directory, 'data'), { recursive: true });
const data = join(directory, 'data');
let server = await Server.start(data);
const key = server.key('write', 'soak');
const secret = server.key('secret', 'soak');

let sentRows = 0, refusedRows = 0, erasedRows = 0, number = 0, up = Promise.resolve();
let batchTimes = [], timelineTimes = [];

// A batch, sent again until it was answered: its ids make it stored once.
async function send() {
  const events = Array.from({ length: BATCH }, () => {
    const n = number++;
    return { userId: `u${(n * 7919) % CUSTOMERS}`, event: ['Visit', 'Search', 'Buy'][n % 3], ts: new Date().toISOString(), message_id: `m${n}`, properties: { page: `/p/${n % 500}`, price: n % 97 } };
  });
  for (;;) {
    await up;
    const begin = performance.now();
    let answer;
    try {
      answer = await server.request('/api/v1/events', { key, body: events });
    } catch { // it is being restarted
      await sleep(50);
      continue;
    }
    if (answer.status === 200) {
      batchTimes.push(performance.now() - begin);
      sentRows += answer.json.stored + answer.json.duplicate;
      refusedRows += answer.json.refused + answer.json.quarantined;
      return;
    }
    await sleep(1000 * Number(answer.headers.get('retry-after') ?? 1));
  }
}

async function fits() {
  const begin = performance.now();
  const before = sentRows;
  await Promise.all(Array.from({ length: 4 }, async () => { while (performance.now() - begin < (minutes < JUDGED_MINUTES ? 5000 : FITS_MS)) await send(); }));
  return (sentRows - before) / ((performance.now() - begin) / 1000);
}

async function restart() {
  let ready;
  up = new Promise((done) => { ready = done; });
  const { code } = await server.stop();
  if (code !== 0) throw new Error(`the server ended with ${code}\n${server.stderr}`);
  server = await Server.start(data);
  ready();
}

const command = async (args) => (await promisify(execFile)(binary, [...args, '--data', data])).stdout;
let toErase = 1;
const DUTIES = { // name: [how many in the whole run, what it does]
  erase: [24, async () => {
    const told = JSON.parse(await command(['erase', `u${toErase}`, '--yes', '--json']));
    erasedRows += told.erased?.events ?? told.events ?? 0;
    toErase += 1;
  }],
  backup: [8, () => command(['backup', join(directory, 'backups'), '--keep', '3'])],
};

const percentile = (values, part) => [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * part))];
const median = (values) => percentile(values, 0.5);
function sample(since) {
  const status = readFileSync(`/proc/${server.process.pid}/status`, 'utf8');
  const line = {
    second: Math.round(since / 1000), memory_mb: Number(/^RssAnon:\s+(\d+)/m.exec(status)[1]) / 1024, descriptors: readdirSync(`/proc/${server.process.pid}/fd`).length,
    batch_p99_ms: percentile(batchTimes, 0.99), timeline_p99_ms: percentile(timelineTimes, 0.99), rows: sentRows,
  };
  batchTimes = [];
  timelineTimes = [];
  appendFileSync(join(directory, 'samples.ndjson'), `${JSON.stringify(line)}\n`);
  const shown = Object.entries(line).map(([name, value]) => `${name} ${value === undefined ? '-' : Math.round(value * 10) / 10}`).join(', ');
  console.log(shown);
  return line;
}

const most = await fits();
const rate = most * share;
console.log(`${most.toFixed(0)} events a second fit, ${rate.toFixed(0)} are sent`);
const whole = minutes * 60_000;
const begin = performance.now();
const since = () => performance.now() - begin;
const samples = [];
const done = { batches: 0, timelines: 0, samples: 0, restarts: 0, erase: 0, backup: 0 };
const pending = new Set();
let busy = false; // with a duty: one at a time, and no restart meanwhile
const go = (work) => { const one = work().finally(() => pending.delete(one)); pending.add(one); };
while (since() < whole) {
  const now = since();
  while (done.batches * BATCH < rate * (now / 1000) && pending.size < 64) { done.batches++; go(send); }
  while (done.timelines < TIMELINES_PER_S * (now / 1000) && pending.size < 64) {
    const n = done.timelines++;
    go(async () => {
      await up;
      const asked = performance.now();
      const answer = await server.request(`/api/v1/customers/u${(n * 104_729) % CUSTOMERS}/timeline?limit=50`, { key: secret }).catch(() => undefined);
      if (answer?.status === 200) timelineTimes.push(performance.now() - asked);
    });
  }
  if (done.samples < Math.floor(now / SAMPLE_MS)) { done.samples++; samples.push(sample(now)); }
  for (const [name, [times, work]] of Object.entries(DUTIES)) {
    if (done[name] < Math.floor((now / whole) * times) && !busy) {
      done[name]++;
      busy = true;
      go(async () => { try { await work(); } finally { busy = false; } });
    }
  }
  if (!busy && done.restarts < 2 && now > (whole / 8) * (done.restarts + 0.75)) { done.restarts++; await restart(); }
  await sleep(5);
}
await Promise.all(pending);

const problems = [];
const quarter = (n) => samples.filter((one) => one.second * 1000 >= (whole / 4) * n && one.second * 1000 < (whole / 4) * (n + 1));
function flat(name, allowed) {
  const [early, late] = [quarter(1), quarter(3)].map((part) => median(part.map((one) => one[name]).filter((value) => value !== undefined)));
  console.log(`${name}: ${early?.toFixed(1)} in the second quarter, ${late?.toFixed(1)} in the last`);
  if (minutes < JUDGED_MINUTES) return;
  if (early === undefined || late === undefined) problems.push(`${name}: too few samples`);
  else if (late > allowed(early)) problems.push(`${name} went from ${early.toFixed(1)} to ${late.toFixed(1)}, at most ${allowed(early).toFixed(1)}`);
}
flat('memory_mb', (early) => early * 1.1 + 16);
flat('descriptors', (early) => early + 8);
flat('batch_p99_ms', (early) => early * 1.5 + 20);
flat('timeline_p99_ms', (early) => early * 1.5 + 20);

const ledger = (await server.request('/api/v1/ledger', { key: secret })).json;
if (!ledger.balanced) problems.push('the ledger does not add up');
if (ledger.total.stored !== number || sentRows !== number || refusedRows !== 0) problems.push(`${number} events were sent, ${sentRows} acknowledged, ${ledger.total.stored} stored`);
const { events } = JSON.parse(must(['status', '--json', '--data', data]));
if (events !== number - erasedRows) problems.push(`${events} events are there of ${number} without ${erasedRows} erased ones`);
const { code } = await server.stop();
if (code !== 0) problems.push(`the server ended with ${code}`);
if (!/ 0 problems/.test(must(['verify', '--data', data])) || !/ 0 problems/.test(must(['verify', '--backup', join(directory, 'backups')]))) problems.push('verify finds problems');
console.log(`${number} events, ${done.erase} erasures of ${erasedRows} events, ${done.backup} backups, ${done.restarts} restarts`);
console.log(problems.length ? `NOT GOOD: ${problems.join('; ')}` : minutes < JUDGED_MINUTES ? `all is there; whether it is flat is judged of ${JUDGED_MINUTES} minutes and more` : 'all is there, and flat');
process.exitCode = problems.length ? 1 : 0;
