// A disk that fills up: events are refused before anything fails, all else goes on, and room that comes back is seen.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { closeSync, fsyncSync, mkdtempSync, openSync, readdirSync, rmSync, statfsSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { must, run, Server, sleep, temporaryDirectory } from '../support/firsthand.mjs';

const CYCLES = Number(process.env.FULL_CYCLES ?? 5);
const MB = 1e6;
const servers = []; // stopped before their disk goes

// A small file system of its own; undefined where that is not allowed.
function smallDisk(t, size) {
  const folder = mkdtempSync(join(tmpdir(), 'firsthand-disk-'));
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${size},mode=0700`, 'tmpfs', folder]).status === 0;
  t.after(async () => {
    for (const server of servers.splice(0)) await server.stop('SIGKILL');
    if (mounted) spawnSync('umount', ['-l', folder]);
    rmSync(folder, { recursive: true, force: true });
  });
  return mounted ? folder : undefined;
}

const free = (folder) => { const now = statfsSync(folder); return now.bavail * now.bsize; };

// Takes room until so much is left; gives back how to free it.
function fillTo(folder, left) {
  const path = join(folder, 'filler');
  const file = openSync(path, 'w');
  const block = Buffer.alloc(64 << 10, 1);
  try {
    while (free(folder) > left) writeSync(file, block, 0, Math.min(block.length, Math.max(1, free(folder) - left)));
    fsyncSync(file);
  } catch (error) {
    if (error.code !== 'ENOSPC') throw error;
  }
  closeSync(file);
  return () => rmSync(path);
}

let number = 0;
const batch = () => Array.from({ length: 100 }, () => ({
  userId: `u${number % 53}`, event: 'Load', ts: '2026-03-01T00:00:00Z', message_id: `m${number++}`, properties: { text: 'x'.repeat(200) },
}));

async function start(data) {
  writeFileSync(join(data, 'firsthand.conf'), 'disk_low = 12MB\ndisk_full = 6MB\nballast = 2MB\n');
  const server = await Server.start(data);
  servers.push(server);
  return server;
}

async function until(what, within, condition) {
  const begin = Date.now();
  while (!(await condition())) {
    assert.ok(Date.now() - begin < within, `${what} after ${within} ms`);
    await sleep(20);
  }
  return Date.now() - begin;
}

const question = { kind: 'trend', series: [{ event: 'Load' }], range: { from: '2026-03-01', to: '2026-03-01' } };
const status = (server) => JSON.parse(must(['status', '--json', '--data', server.data]));

// Mounting needs root and a kernel that lets it. Where that is refused these are skipped: what they ask of a real disk is asked of the
// simulated one everywhere (tests/unit/app/test_app_room.c, the failing calls of tests/crash).
test(`${CYCLES} times full and free again: refused in time, nothing acknowledged lost, reading goes on, no restart`, async (t) => {
  const folder = smallDisk(t, '40m');
  if (!folder) return t.skip('no small file system can be mounted here');
  const server = await start(folder);
  const key = server.key('write', 'load');
  const secret = server.key('secret', 'reader');
  let acknowledged = 0;
  const send = async () => {
    const answer = await server.request('/api/v1/events', { key, body: batch() });
    assert.ok(answer.status === 200 || answer.status === 503, answer.text);
    if (answer.status === 200) acknowledged += answer.json.stored;
    else assert.equal(answer.headers.get('retry-after'), '5');
    return answer.status;
  };
  assert.equal(status(server).disk, 'good');
  assert.equal(status(server).ballast_bytes, 2 * MB);
  for (let cycle = 0; cycle < CYCLES; cycle++) {
    assert.equal(await send(), 200);
    // To the second watermark, then to nothing at all.
    const giveBack = fillTo(folder, cycle % 2 ? 0 : 5 * MB);
    await sleep(110); // room is measured anew after a tenth of a second
    for (let i = 0; i < 20; i++) assert.equal(await send(), 503);
    assert.equal(status(server).disk, 'full');
    const ready = await server.request('/readyz');
    assert.equal(ready.status, 503);
    assert.match(ready.text, /no room on the disk/);
    assert.match((await server.request('/metrics', { key: secret })).text, /^firsthand_disk_state 2$/m);
    const asked = await server.query(secret, question);
    assert.equal(asked.status, 200, asked.text);
    assert.equal(asked.json.series[0].total, acknowledged);
    assert.equal((await server.request('/api/v1/ledger', { key: secret })).json.balanced, true);
    assert.equal(must(['export', '--data', folder]).trim().split('\n').length, acknowledged);
    giveBack();
    await until('events are taken again', 5000, async () => await send() === 200);
    assert.equal((await server.request('/readyz')).status, 200);
  }
  const total = (await server.query(secret, question)).json.series[0].total;
  assert.equal(total, acknowledged);
  assert.deepEqual(await server.stop(), { code: 0, signal: null });
  assert.match(must(['verify', '--data', folder]), / 0 problems/);
});

test('below the first watermark backups to the same disk wait, and people are told', async (t) => {
  const folder = smallDisk(t, '40m');
  if (!folder) return t.skip('no small file system can be mounted here');
  const data = join(folder, 'data');
  must(['keys', 'list', '--data', data]);
  const server = await start(data);
  const key = server.key('write', 'load');
  const elsewhere = join(temporaryDirectory(t), 'target');
  assert.equal((await server.request('/api/v1/events', { key, body: batch() })).status, 200);
  must(['backup', join(folder, 'target'), '--data', data]);
  const giveBack = fillTo(folder, 10 * MB);
  await sleep(110);
  assert.equal(status(server).disk, 'low');
  assert.equal((await server.request('/api/v1/events', { key, body: batch() })).status, 200);
  const refused = run(['backup', join(folder, 'target'), '--data', data]);
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /little room on the disk/);
  must(['backup', elsewhere, '--data', data]);
  giveBack();
  await until('there is room', 5000, () => run(['backup', join(folder, 'target'), '--data', data]).code === 0);
  assert.match(must(['verify', '--backup', join(folder, 'target')]), / 0 problems/);
});

test('on a disk without any room an import is taken back with the help of the ballast', async (t) => {
  const folder = smallDisk(t, '40m');
  if (!folder) return t.skip('no small file system can be mounted here');
  const server = await start(folder);
  const lines = Array.from({ length: 3000 }, (_, i) => JSON.stringify({
    userId: `i${i % 40}`, event: 'Imported', ts: '2026-03-01T00:00:00Z', properties: { i } }));
  must(['import', '-', '--data', folder, '--quiet', '--source', 'old'], { input: lines.join('\n') });
  const giveBack = fillTo(folder, 0);
  assert.equal(free(folder), 0);
  assert.match(must(['import', 'undo', '1', '--yes', '--data', folder]), /3000 events/);
  assert.ok(!readdirSync(folder).includes('ballast'));
  assert.equal(status(server).events, 0);
  giveBack();
  await server.stop();
  assert.match(must(['verify', '--data', folder]), / 0 problems/);
  servers.push(await Server.start(folder));
  assert.ok(readdirSync(folder).includes('ballast'));
});

test('a size that is none is refused with its setting', (t) => {
  const data = temporaryDirectory(t);
  writeFileSync(join(data, 'firsthand.conf'), 'disk_full = much\n');
  const done = run(['status', '--data', data]);
  assert.equal(done.code, 2);
  assert.match(done.stderr, /disk_full is "much", expected a size like 512MB or 5%/);
});
