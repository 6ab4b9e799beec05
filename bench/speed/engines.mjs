// The sides of the benchmark as run.mjs sees them. Each has start(), ask(question, world, n) -> { ms, cpu_ms, answer, ... } or
// { beyond: why it gave none }, and stop(); those that keep data have load(files) -> { NAME: { queryable_s, merged_s, bytes } } too.
import { fork, spawn } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { Server, must, root } from '../../tests/support/firsthand.mjs';
import { Asker } from './asker.mjs';
import { columnBytes } from './columns.mjs';
import { T0, asked, plainCanon } from './questions.mjs';

// ---- firsthand: its server, over HTTP ----

const MAP = {
  customer: 'customer_id', event: 'event', ts: { column: 'ts', format: 'unix_ms' },
  properties: { country: 'country', plan: 'plan', device: 'device', price: { column: 'price', type: 'number' }, page: 'page' },
};

const kilobytes = (status, name) => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1] ?? 0);

// CPU time of all threads in ms, from the scheduler where it keeps count (ns), else in ticks of 10 ms.
function cpuOf(pid) {
  try {
    const threads = readdirSync(`/proc/${pid}/task`).map((thread) => Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]));
    return threads.reduce((sum, ns) => sum + ns, 0) / 1e6;
  } catch {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
    return (Number(fields[11]) + Number(fields[12])) * 10;
  }
}

function sizeOf(path) {
  const status = statSync(path, { throwIfNoEntry: false });
  if (!status) return 0; // a file may go while its folder is read
  return status.isDirectory() ? readdirSync(path).reduce((sum, name) => sum + sizeOf(join(path, name)), 0) : status.size;
}

const MIX = [0xbf58476d1ce4e5b9n, 0x94d049bb133111ebn];
const JOINED_SALT = 0x1d8e4e27c47d124fn;
const WORD = (1n << 64n) - 1n;
const ALIASES_AT_ONCE = 1000;
const EMPTY_CALLS = 21;
const EMPTY_PAUSE_MS = 10;

// As events.c chooses them.
function isJoined(customer) {
  let z = BigInt(customer) + JOINED_SALT;
  z = ((z ^ (z >> 30n)) * MIX[0]) & WORD;
  z = ((z ^ (z >> 27n)) * MIX[1]) & WORD;
  return (z ^ (z >> 31n)) % 20n === 0n;
}

// What is done to load it, in turn: { import: FILE }, { settle: S } (until its segments have become one, or nearly, or so long), { join: CUSTOMERS }
// (one in twenty of that many). `world` is that of its questions, where it is another than that of the run: then its answers are its own.
// With `ids` events have message ids.
export class Firsthand {
  constructor(directory, name, steps, { world = null, ids = false } = {}) {
    Object.assign(this, { data: join(directory, name), steps, world, compares: world === null, map: ids ? { ...MAP, message_id: 'message_id' } : MAP });
  }

  segments() {
    return readdirSync(join(this.data, 'segments')).sort().join(' ');
  }

  async load() {
    rmSync(this.data, { recursive: true, force: true });
    const map = `${this.data}-map.json`;
    writeFileSync(map, JSON.stringify(this.map));
    let queryable = 0;
    for (const { import: file, settle, join: customers } of this.steps) {
      const begin = performance.now();
      if (file !== undefined) {
        const done = JSON.parse(must(['import', file, '--map', map, '--data', this.data, '--source', 'speed', '--json', '--quiet']));
        if (done.stored !== done.received) throw new Error(`firsthand did not store all of ${file}: ${JSON.stringify(done)}`);
        queryable += (performance.now() - begin) / 1000;
        continue;
      }
      await this.start();
      if (settle !== undefined && (await this.settle(settle)) === null) throw new Error(`firsthand's segments did not become one within ${settle} s`);
      if (customers !== undefined) await this.join(customers);
      await this.stop();
    }
    return { queryable_s: queryable, merged_s: null, ...this.sizes() };
  }

  async join(customers) {
    let batch = [];
    const send = async () => {
      const { status, text } = await this.server.request('/v1/batch', { key: this.key, body: { batch } });
      if (status !== 200) throw new Error(`joining: ${status} ${text}`);
      batch = [];
    };
    for (let customer = 0; customer < customers; customer++) {
      if (isJoined(customer)) batch.push({ type: 'alias', userId: `${customer}`, previousId: `a${customer}`, messageId: `join ${customer}` });
      if (batch.length === ALIASES_AT_ONCE) await send();
    }
    if (batch.length > 0) await send();
  }

  sizes() {
    const bytes = Object.fromEntries(readdirSync(this.data).map((name) => [name, sizeOf(join(this.data, name))]));
    return { segments: this.segments().split(' ').length, bytes, columns: columnBytes(join(this.data, 'segments')) };
  }

  async start(env = {}) {
    const begin = performance.now();
    this.server = await Server.start(this.data, { env });
    this.startMs = performance.now() - begin;
    this.key = this.server.key('secret', `speed ${process.pid} ${Date.now()}`);
    this.asker = new Asker(this.server.url, this.key);
    this.emptyMs = await this.emptyCall();
  }

  // What a call takes that asks for nothing: the client's share, the way, and waking up.
  async emptyCall() {
    const times = [];
    for (let i = 0; i < EMPTY_CALLS; i++) {
      await sleep(EMPTY_PAUSE_MS);
      times.push((await this.asker.ask('/health')).ms);
    }
    return times.sort((a, b) => a - b)[EMPTY_CALLS >> 1];
  }

  // Is no more than an eighth of the bytes outside of the largest segment? Then nothing more is merged (decision 26).
  isMerged() {
    const bytes = readdirSync(join(this.data, 'segments')).map((name) => sizeOf(join(this.data, 'segments', name)));
    const largest = Math.max(0, ...bytes); // few events wait in the journal
    return (bytes.reduce((sum, one) => sum + one, 0) - largest) * 8 <= largest;
  }

  // Seconds until all segments were one, or nearly, waiting for quiet included; null where that took too long.
  async settle(most) {
    const begin = performance.now();
    while (!this.isMerged()) {
      if (performance.now() - begin > most * 1000) return null;
      await sleep(500);
    }
    return (performance.now() - begin) / 1000;
  }

  get pid() { return this.server.process.pid; }

  status() { return readFileSync(`/proc/${this.pid}/status`, 'utf8'); }

  // Memory in MB: of its own, and with pages of files.
  memory() {
    const status = this.status();
    return { own_mb: kilobytes(status, 'RssAnon') / 1024, all_mb: kilobytes(status, 'VmRSS') / 1024 };
  }

  async ask(question, runs, n) {
    const world = this.world ?? runs;
    try { writeFileSync(`/proc/${this.pid}/clear_refs`, '5'); } catch { /* not everywhere may one */ }
    const cpu = cpuOf(this.pid);
    const body = question.path ? undefined : JSON.stringify(asked(question, world));
    const { status, text, ms: called } = await this.asker.ask(question.path ? question.path(world, n) : '/api/v1/query', body);
    const absent = status === 404 && question.kind === 'timeline'; // some customers come so rarely that they have not come yet
    if (status !== 200 && !absent) throw new Error(`${question.id}: ${status} ${text}`);
    const parsing = performance.now();
    const json = JSON.parse(text);
    const ms = called + performance.now() - parsing;
    return { ms, cpu_ms: cpuOf(this.pid) - cpu, peak_mb: kilobytes(this.status(), 'VmHWM') / 1024, elapsed_ms: json.stats?.elapsed_ms, scanned: json.stats?.events_scanned, answer: question.canon(absent ? { events: [] } : json) };
  }

  async stop() {
    this.asker?.stop();
    await this.server?.stop();
  }
}

// ---- the floor: a plain scan in C, which speaks in lines ----

export class Floor {
  constructor(binary, files, days) {
    Object.assign(this, { binary, files, days });
  }

  async start() {
    this.process = spawn(this.binary, [String(T0), String(this.days), ...this.files], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.ended = new Promise((done) => this.process.on('exit', (code) => { this.reject?.(new Error(`the floor ended with ${code}`)); done(); }));
    createInterface({ input: this.process.stdout }).on('line', (line) => this.resolve(JSON.parse(line)));
    Object.assign(this, await this.next());
  }

  next() {
    return new Promise((resolve, reject) => Object.assign(this, { resolve, reject }));
  }

  async ask(question, world, n) {
    const next = this.next();
    this.process.stdin.write(`${question.floor(world, n)}\n`);
    const { answer, ...times } = await next;
    return { ...times, answer: plainCanon(answer) };
  }

  async stop() {
    this.reject = undefined;
    this.process?.stdin.end();
    await this.ended;
  }
}

// ---- peers: a child for each, since each keeps what it holds ----

// A peer that says nothing for this long beyond what it may take is ended, and started anew.
const GRACE_S = 30;
const FORMS_AT_MOST = 20; // that are run of a question, on all and on the sample together

export class Peer {
  constructor(program, where, memoryBytes) {
    Object.assign(this, { program, where, memoryBytes, waiting: new Map(), sent: 0 });
  }

  async start() {
    this.child = fork(join(root, 'bench/speed', this.program), [this.where, `${this.memoryBytes}`], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    this.child.on('message', ({ id, done, error }) => {
      const { resolve, reject } = this.waiting.get(id);
      this.waiting.delete(id);
      if (error) reject(new Error(`${this.program}: ${error}`)); else resolve(done);
    });
    this.ended = new Promise((done) => this.child.on('exit', (code, signal) => {
      for (const { reject } of this.waiting.values()) reject(new Error(`${this.program} ended: ${code ?? signal}`));
      this.waiting.clear();
      done();
    }));
  }

  send(verb, rest) {
    return new Promise((resolve, reject) => {
      this.waiting.set(++this.sent, { resolve, reject });
      this.child.send({ id: this.sent, verb, ...rest });
    });
  }

  // The same, but a peer that keeps no time is ended: then the answer is { beyond }.
  async sendWithin(seconds, verb, rest) {
    let late = false;
    const alarm = setTimeout(() => { late = true; this.child.kill('SIGKILL'); }, (seconds + GRACE_S) * 1000);
    try {
      return await this.send(verb, rest);
    } catch (error) {
      if (!late) throw error;
      await this.ended;
      await this.start();
      return { beyond: `over ${seconds} s` };
    } finally {
      clearTimeout(alarm);
    }
  }

  // `what` is { ids }: are there message ids and times of receipt to be stored?
  load(files, what) { return this.send('load', { files, what }); }

  async stop() {
    if (this.child?.connected) this.child.disconnect();
    await this.ended;
  }
}

// One layout of a peer: which table of its child is asked. `limits` is { every, seconds }: forms are chosen on every so many
// customers, and a question may take that long.
export class Layout {
  constructor(peer, limits, options = {}, kinds = null) {
    Object.assign(this, { peer, limits, options, kinds, forms: {}, beyond: {} });
  }

  // As for all engines, but null where this one does not answer the question, and { beyond: why } where it does not within its limits.
  async ask(question, world, n) {
    const { id } = question;
    if (this.kinds && !this.kinds.includes(question.kind)) return null;
    const { ask, floor, canon, path, ...plain } = question; // functions do not travel
    const sent = { question: plain, world: { days: world.days, ...this.options }, customer: world.pick(n), n, ...this.limits };
    if (!this.forms[id]) await this.choose(id, sent);
    if (!this.beyond[id]) {
      const { answer, beyond, ...times } = await this.peer.sendWithin(this.limits.seconds, 'ask', { ...sent, form: this.forms[id][0].name });
      if (!beyond) return { ...times, answer: plainCanon(answer) };
      this.beyond[id] = beyond;
    }
    return { beyond: this.beyond[id] };
  }

  async choose(id, sent) {
    const chosen = await this.peer.sendWithin(FORMS_AT_MOST * this.limits.seconds, 'choose', sent);
    this.forms[id] = chosen.tried ?? [];
    this.beyond[id] = chosen.beyond ?? this.forms[id][0].beyond;
  }
}

// Loads once: what was measured then lies beside the data, and is given again.
export async function loadedOnce(directory, name, files, fresh, load) {
  const note = join(directory, `${name}.json`);
  const key = files.map((file) => `${file} ${statSync(file).size}`).join(', ');
  if (!fresh && existsSync(note)) {
    const kept = JSON.parse(readFileSync(note, 'utf8'));
    if (kept.key === key) return kept.report;
  }
  rmSync(note, { force: true });
  const report = await load();
  writeFileSync(note, JSON.stringify({ key, report }, null, 2));
  return report;
}

