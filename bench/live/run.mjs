// What a server does while events come in, and when it rests: events a second over HTTP beside the peers' INSERT, one customer's
// timeline and one segment decision meanwhile, start, memory.
//   node bench/live/run.mjs --rows 1000000
//     --rows N          events that are sent (1,000,000); --batch N: in one request (1,000); --connections N (8)
//     --rate N          events a second while timelines and decisions are asked (100,000)
//     --asks N          timelines a second meanwhile (200), for --seconds N (10)
//     --idle S          how long to wait before memory is read (60; 0: not at all)
//     --peers NAMES     clickhouse,duckdb (both), or none
//     --only NAMES      intake, timeline, questions, busy, decision, rest (all)
//     --data DIR        where everything lies (build-live); made anew
// FIRSTHAND is the binary, else build/firsthand. Prints one table; README.md says what each row means.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Server, root } from '../../tests/support/firsthand.mjs';
import { QUESTIONS, asked, pickOf } from '../speed/questions.mjs';

const PARTS = ['intake', 'timeline', 'questions', 'busy', 'decision', 'rest'];
const EVENTS_PER_CUSTOMER = 50;

function options() {
  const text = (name, value) => ({ [name]: { type: 'string', default: value } });
  const given = parseArgs({
    options: { ...text('rows', '1000000'), ...text('batch', '1000'), ...text('connections', '8'), ...text('rate', '100000'), ...text('asks', '200'), ...text('seconds', '10'),
      ...text('idle', '60'), ...text('peers', 'clickhouse,duckdb'), ...text('only', PARTS.join()), ...text('data', join(root, 'build-live')) },
  }).values;
  const numbers = Object.fromEntries(['rows', 'batch', 'connections', 'rate', 'asks', 'seconds', 'idle'].map((name) => [name, Number(given[name])]));
  for (const [name, value] of Object.entries(numbers)) {
    if (!Number.isInteger(value) || value < (name === 'idle' ? 0 : 1)) { console.error(`run.mjs: --${name} is a whole number; its first lines say how it is called`); process.exit(2); }
  }
  return { ...numbers, peers: given.peers === 'none' ? [] : given.peers.split(','), only: given.only.split(','), directory: resolve(given.data) };
}

const chosen = options();
const { directory } = chosen;
const customers = Math.floor(chosen.rows / EVENTS_PER_CUSTOMER) + 1;
const lines = [];
const say = (what, value) => { lines.push([what, value]); console.log(`${what}: ${value}`); };
const inDirectory = (name) => join(directory, name);

function build() {
  execFileSync('cc', ['-O2', '-o', inDirectory('events'), join(root, 'bench/speed/events.c'), '-lm'], { stdio: 'inherit' });
  execFileSync('cc', ['-O2', '-std=c11', '-D_GNU_SOURCE', '-pthread', '-o', inDirectory('client'), ...['client.c', 'batches.c'].map((name) => join(root, 'bench/live', name))], { stdio: 'inherit' });
  const out = openSync(inDirectory('events.csv'), 'w');
  const done = spawnSync(inDirectory('events'), [String(chosen.rows), String(customers)], { stdio: ['ignore', out, 'inherit'] });
  closeSync(out);
  if (done.status !== 0) throw new Error('no events were written');
}

function client(...args) {
  const child = spawn(inDirectory('client'), args.map(String), { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.on('data', (chunk) => { text += chunk; });
  return new Promise((done, fail) => child.on('exit', (code) => (code === 0 ? done(JSON.parse(text)) : fail(new Error(`the client ended with ${code}`)))));
}

// Seconds of the processors, by thread of the server.
function cpuBy(pid) {
  const by = {};
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    try {
      const name = readFileSync(`/proc/${pid}/task/${thread}/comm`, 'utf8').trim();
      const seconds = Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]) / 1e9;
      by[name] = (by[name] ?? 0) + seconds;
    } catch { /* it ended meanwhile */ }
  }
  return by;
}
const less = (after, before) => Object.fromEntries(Object.entries(after).map(([name, value]) => [name, value - (before[name] ?? 0)]));
const sum = (by) => Object.values(by).reduce((all, value) => all + value, 0);
const shares = (by, events) => Object.entries(by).filter(([, value]) => value > 0.01).sort(([, a], [, b]) => b - a).map(([name, value]) => `${name} ${(value / events * 1e6).toFixed(2)}`).join(', ');
const memory = (pid, name) => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;

let server;
let keys;
const port = () => new URL(server.url).port;
const start = async () => {
  const begin = performance.now();
  server = await Server.start(inDirectory('data'));
  return performance.now() - begin;
};
const send = (first, count, rate, salt) => client('send', port(), keys.write, inDirectory('events.csv'), first, count, chosen.batch, chosen.connections, rate, salt);

async function intake() {
  const before = cpuBy(server.process.pid);
  const sent = await send(0, chosen.rows, 0, 'a');
  const by = less(cpuBy(server.process.pid), before);
  say('firsthand, over HTTP, synced', `${sent.per_s} events/s, ${(sum(by) / sent.count * 1e6).toFixed(2)} us of the processors an event (${shares(by, sent.count)}); a request p50 ${sent.p50} ms, p99 ${sent.p99} ms; told to come again later ${sent.refused}`);
  if (chosen.peers.length === 0) return;
  const batches = inDirectory('batches');
  mkdirSync(batches);
  execFileSync(inDirectory('client'), ['cut', batches, inDirectory('events.csv'), '0', String(chosen.rows), String(chosen.batch), 'a']);
  for (const name of chosen.peers) {
    const { events, seconds, cpu_s: cpu } = JSON.parse(execFileSync('node', [join(root, 'bench/live/insert.mjs'), name, inDirectory(name), batches], { encoding: 'utf8', maxBuffer: 1 << 26 }).trim().split('\n').at(-1));
    if (events !== chosen.rows) throw new Error(`${name} holds ${events} events`);
    say(`${name}, INSERT in its process, synced`, `${(events / seconds).toFixed(0)} events/s, ${(cpu / events * 1e6).toFixed(2)} us of the processors an event`);
  }
}

async function timeline() {
  const ask = () => client('ask', port(), keys.read, '/api/v1/customers/%u/timeline?limit=50', customers, 4, chosen.asks, chosen.seconds);
  const told = ({ p50, p90, p99, per_s: per }) => `p50 ${p50} ms, p90 ${p90} ms, p99 ${p99} ms, ${per} a second`;
  await send(0, chosen.rows, 0, 'a'); // known already, unless intake was left out
  say('one timeline, nothing comes in', told(await ask()));
  const count = Math.min(chosen.rows, chosen.rate * chosen.seconds);
  const sending = send(0, count, chosen.rate, 'b');
  await sleep(500);
  const asked = await ask();
  const sent = await sending;
  say(`one timeline, ${chosen.rate} events/s sent`, `${told(asked)}; ${sent.per_s} events/s were taken`);
}

function decision() {
  execFileSync('ninja', ['-C', join(root, 'build'), 'tests/live_decide'], { stdio: 'ignore' });
  for (const rate of [0, chosen.rate]) {
    const where = inDirectory(`decide-${rate}`);
    mkdirSync(where);
    const done = JSON.parse(execFileSync(join(root, 'build/tests/live_decide'), [where, chosen.rows, customers, rate, chosen.seconds].map(String), { encoding: 'utf8' }));
    say(`one segment decision, ${rate} events/s sent`, `p50 ${done.p50_us} us, p99 ${done.p99_us} us; of the processor p50 ${done.cpu_p50_us} us, p99 ${done.cpu_p99_us} us; ${done.events_per_s} events/s were taken`);
  }
}

// The most memory of its own during each of the questions of bench/speed, looked at every ms.
async function questions() {
  const world = { days: 180, customers, pick: pickOf(customers) };
  const peaks = [];
  for (const question of QUESTIONS) {
    let peak = memory(server.process.pid, 'RssAnon');
    const before = peak;
    const timer = setInterval(() => { peak = Math.max(peak, memory(server.process.pid, 'RssAnon')); }, 1);
    const { status, text } = await (question.path ? server.request(question.path(world, 0), { key: keys.read }) : server.query(keys.read, asked(question, world)));
    clearInterval(timer);
    if (status !== 200) throw new Error(`${question.id}: ${status} ${text}`);
    peaks.push([question.id, peak, peak - before]);
  }
  peaks.sort(([, a], [, b]) => b - a);
  say('memory of its own during a question, at most', `${peaks[0][1].toFixed(0)} MB (${peaks[0][0]}); grew by at most ${Math.max(...peaks.map(([, , grown]) => grown)).toFixed(0)} MB`);
}

const cpu = () => sum(cpuBy(server.process.pid));

// Asks all questions, one after the other, until `over` says so; at least once. Returns how often each was asked.
async function askAll(over) {
  const world = { days: 180, customers, pick: pickOf(customers) };
  let times = 0;
  for (; times === 0 || !over(); times++) {
    for (const question of QUESTIONS.filter(({ path }) => !path)) {
      const { status, text } = await server.query(keys.read, asked(question, world));
      if (status !== 200) throw new Error(`${question.id}: ${status} ${text}`);
    }
  }
  return times;
}

// What all questions take of the processors while events come in, beside what they take in quiet over what there was before and over
// what there is after, on the mean. What as many events took without questions is taken off.
async function busy() {
  const count = Math.min(chosen.rows, chosen.rate * chosen.seconds);
  const spent = async (work) => { const before = cpu(); const result = await work(); return [cpu() - before, result]; };
  const quiet = async () => {
    const until = performance.now() + chosen.seconds * 500;
    const [seconds, times] = await spent(() => askAll(() => performance.now() > until));
    return seconds / times;
  };
  await send(0, chosen.rows, 0, 'a'); // known already, unless intake was left out
  await askAll(() => true);
  const [alone] = await spent(() => send(0, count, chosen.rate, 'c'));
  const before = await quiet();
  const [both, [sent, times]] = await spent(async () => {
    let over = false;
    const sending = send(0, count, chosen.rate, 'd').then((told) => { over = true; return told; });
    const asks = await askAll(() => over);
    return [await sending, asks];
  });
  const rested = (before + (await quiet())) / 2;
  const meanwhile = (both - alone) / times;
  say(`all questions, ${chosen.rate} events/s sent`, `${(rested * 1000).toFixed(0)} ms of the processors in quiet, ${(meanwhile * 1000).toFixed(0)} ms meanwhile: ${(meanwhile / rested).toFixed(2)} times; ${sent.per_s} events/s were taken; asked ${times} times`);
}

async function rest() {
  const own = () => `${memory(server.process.pid, 'RssAnon').toFixed(0)} MB of its own, ${memory(server.process.pid, 'VmRSS').toFixed(0)} MB with pages of files`;
  if (chosen.idle > 0) {
    await client('ask', port(), keys.read, '/api/v1/customers/%u/timeline?limit=50', customers, 4, 0, 2);
    say('memory right after the last request', own());
    await sleep(chosen.idle * 1000);
    say(`memory ${chosen.idle} s after it`, own());
  }
  await server.stop();
  say('start after a clean stop', `${(await start()).toFixed(0)} ms`);
}

rmSync(directory, { recursive: true, force: true });
mkdirSync(inDirectory('data'), { recursive: true });
build();
await start();
try {
  keys = { write: server.key('write', 'live'), read: server.key('secret', 'live') };
  if (chosen.only.includes('intake')) await intake();
  if (chosen.only.includes('timeline')) await timeline();
  if (chosen.only.includes('questions')) await questions();
  if (chosen.only.includes('busy')) await busy();
  if (chosen.only.includes('rest')) await rest();
  if (chosen.only.includes('decision')) decision();
} finally {
  await server.stop();
}
console.log(`\n| what | |\n|---|---|\n${lines.map(([what, value]) => `| ${what} | ${value} |`).join('\n')}\n\nload average ${readFileSync('/proc/loadavg', 'utf8').split(' ').slice(0, 3).join(', ')}`);
