// The power goes in mid-load, on a real file system: what the image of an ext4 holds at one moment is mounted elsewhere, and there is all that
// was acknowledged until then, once. What the kernel had not written yet is lost, as it would be.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { adminOf, must, Server, sleep } from '../support/firsthand.mjs';

const CUTS = Number(process.env.IMAGE_CUTS ?? 3);
const IMAGE_MB = 192;
const GAP_MS = 1500; // at most, between two cuts: some come before the file system's own turn to write, some after
const definition = { name: 'Ask', questions: [{ id: 'n', type: 'nps', title: 'T', required: true }, { id: 'o', type: 'open', title: 'T' }] };

const does = (...command) => spawnSync(command[0], command.slice(1)).status === 0;

// A small ext4 in a file; undefined where that is not allowed.
function makeImage(t) {
  const folder = mkdtempSync(join(tmpdir(), 'firsthand-image-'));
  const at = { image: join(folder, 'image'), data: join(folder, 'data'), copy: join(folder, 'copy'), found: join(folder, 'found') };
  mkdirSync(at.data);
  mkdirSync(at.found);
  writeFileSync(at.image, '');
  truncateSync(at.image, IMAGE_MB << 20);
  const mounted = does('mkfs.ext4', '-q', '-F', at.image) && does('mount', '-o', 'loop', at.image, at.data);
  const servers = [];
  t.after(async () => {
    for (const server of servers) await server.stop('SIGKILL');
    spawnSync('umount', ['-l', at.found]);
    if (mounted) spawnSync('umount', ['-l', at.data]);
    rmSync(folder, { recursive: true, force: true });
  });
  at.start = async (data) => {
    const server = await Server.start(data);
    servers.push(server);
    return server;
  };
  return mounted ? at : undefined;
}

const stands = (pid) => readdirSync(`/proc/${pid}/task`).every((task) => / T /.test(readFileSync(`/proc/${pid}/task/${task}/stat`, 'utf8')));

// All that people do meanwhile, and what they were told is done.
class Load {
  acked = new Set(); // ids of events
  notes = new Set();
  answers = new Map(); // who: the response's id
  erased = new Set();
  sent = new Set();
  over = false;

  constructor(server, keys, admin) {
    Object.assign(this, { server, keys, admin });
    this.parts = [this.events(0), this.events(1), this.events(2), this.noter(), this.eraser(), this.person(0), this.person(1)];
    for (const part of this.parts) part.catch((error) => { this.failed ??= error; });
  }

  async take(userId, ids) {
    ids.forEach((id) => this.sent.add(id));
    const answer = await this.server.request('/api/v1/events', { key: this.keys.write,
      body: ids.map((id) => ({ userId, event: 'Load', ts: '2026-03-01T00:00:00Z', message_id: id, properties: { id } })) });
    assert.equal(answer.status, 200, answer.text);
    assert.equal(answer.json.stored, ids.length);
  }

  async events(worker) {
    for (let n = 0; !this.over; n++) {
      const ids = Array.from({ length: 20 }, (_, i) => `${worker}-${n}-${i}`);
      await this.take(`u${n % 97}`, ids);
      ids.forEach((id) => this.acked.add(id));
      await sleep(Math.random() * 20);
    }
  }

  async noter() {
    for (let n = 0; !this.over; n++) {
      const text = `note ${n}`;
      assert.equal((await this.server.request('/api/v1/notes', { key: this.keys.secret, body: { at: '2026-03-01', text } })).status, 201);
      this.notes.add(text);
      await sleep(Math.random() * 30);
    }
  }

  async eraser() {
    for (let n = 0; !this.over; n++) {
      await this.take(`gone-${n}.`, [`gone-${n}.`]);
      const answer = await this.admin('/api/v1/erasures', { customer: `gone-${n}.` });
      assert.equal(answer.status, 200, answer.text);
      this.erased.add(`gone-${n}.`);
      await sleep(Math.random() * 300);
    }
  }

  async person(number) {
    const call = async (what, body) => {
      const answer = await this.server.request(`/api/v1/ask/${what}`, { body: { key: this.keys.client, ...body } });
      assert.equal(answer.status, 200, answer.text);
      return answer.json;
    };
    for (let n = 0; !this.over; n++) {
      const userId = `p${number}-${n}`;
      const { response, token } = await call('next', { userId });
      await call('shown', { response, token });
      await call('answer', { response, token, seq: 1, answers: { n: n % 11 } });
      await call('answer', { response, token, seq: 2, answers: { o: `words of ${userId}` }, finished: true });
      this.answers.set(userId, response);
      await sleep(Math.random() * 30);
    }
  }

  // What must be there if the power went now.
  told() {
    return { acked: new Set(this.acked), notes: new Set(this.notes), answers: new Map(this.answers), erased: new Set(this.erased) };
  }

  async end() {
    this.over = true;
    await Promise.allSettled(this.parts);
    if (this.failed) throw this.failed;
  }
}

// The image as it is at one moment: nobody writes while it is copied but the kernel, and where that did it is copied again.
async function cut(at, load) {
  load.server.process.kill('SIGSTOP');
  while (!stands(load.server.process.pid)) await sleep(1);
  const told = load.told();
  do rmSync(at.copy, { force: true });
  while (!does('cp', '--sparse=always', at.image, at.copy) || !does('cmp', '-s', at.image, at.copy));
  load.server.process.kill('SIGCONT');
  return told;
}

async function responsesOf(server, key) {
  const all = new Map();
  for (let cursor; ;) {
    const page = (await server.request(`/api/v1/surveys/ask/responses?limit=500${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ''}`, { key })).json;
    for (const response of page.responses) {
      assert.ok(!all.has(response.customer), `${response.customer} has two responses`);
      all.set(response.customer, response);
    }
    cursor = page.cursor;
    if (!cursor) return all;
  }
}

async function lookAt(server, told, load) {
  const rows = must(['export', '--data', server.data]).trim().split('\n').map((line) => JSON.parse(line));
  const ids = rows.map((row) => row.message_id);
  assert.equal(new Set(ids).size, ids.length, 'an event is there twice');
  const loaded = new Set(rows.filter((row) => row.event === 'Load').map((row) => row.message_id));
  for (const id of told.acked) assert.ok(loaded.has(id), `${id} was acknowledged, and is lost`);
  for (const id of loaded) assert.ok(load.sent.has(id), `${id} was never sent`);
  for (const id of told.erased) assert.ok(!loaded.has(id), `${id} was erased, and is back`);
  assert.equal((await server.request('/api/v1/ledger', { key: load.keys.secret })).json.balanced, true);
  const { notes } = (await server.request('/api/v1/notes', { key: load.keys.secret })).json;
  const texts = notes.map((note) => note.text);
  assert.equal(new Set(texts).size, texts.length, 'a note is there twice');
  if (texts.length < 1000) for (const text of told.notes) assert.ok(texts.includes(text), `${text} is lost`);
  // An answer lies in state.db and on the timeline: what was told is in both, and both agree on all others.
  const responses = await responsesOf(server, load.keys.secret);
  const said = new Map(rows.filter((row) => row.event === 'feedback' && row.text).map((row) => [row.text, row]));
  for (const [who, id] of told.answers) {
    assert.equal(responses.get(who)?.response, id, `the response of ${who} is lost`);
    assert.equal(responses.get(who).answers.o, `words of ${who}`);
  }
  for (const [who, response] of responses) {
    assert.equal(said.has(`words of ${who}`), response.answers.o !== undefined, `${who}: state and timeline differ`);
  }
}

test(`${CUTS} times cut off in mid-load on a real ext4, all that was acknowledged is there once`, async (t) => {
  const at = makeImage(t);
  if (!at) return t.skip('no ext4 can be mounted here'); // that needs a loop device and the right to mount it
  const data = join(at.data, 'data');
  mkdirSync(data);
  writeFileSync(join(data, 'firsthand.conf'), 'disk_low = 12MB\ndisk_full = 6MB\nballast = 2MB\n');
  const server = await at.start(data);
  const keys = { write: server.key('write', 'load'), secret: server.key('secret', 'reader'), client: server.key('client', 'page') };
  const admin = await adminOf(t, server);
  await server.request('/api/v1/surveys', { key: keys.secret, body: { id: 'ask', definition } });
  await server.request('/api/v1/surveys/ask/publish', { method: 'POST', key: keys.secret });
  const load = new Load(server, keys, admin);
  for (let n = 0; n < CUTS; n++) {
    await sleep(50 + Math.random() * GAP_MS);
    if (load.failed) throw load.failed;
    const told = await cut(at, load);
    assert.ok(does('mount', '-o', 'loop', at.copy, at.found), 'the copy is no file system any more');
    const found = join(at.found, 'data');
    const again = await at.start(found);
    await lookAt(again, told, load);
    assert.deepEqual(await again.stop(), { code: 0, signal: null });
    assert.match(must(['verify', '--data', found]), / 0 problems/);
    assert.ok(does('umount', at.found));
  }
  await load.end();
  assert.ok(load.acked.size > 0 && load.notes.size > 0 && load.answers.size > 0 && load.erased.size > 0);
});
