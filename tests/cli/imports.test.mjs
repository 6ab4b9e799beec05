// Imports in a list, and taking one back: alone, beside a server, after being interrupted.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { binary, must, run, Server, serverFor, temporaryDirectory } from '../support/firsthand.mjs';

const lines = (count, event, of = (i) => ({})) => Array.from({ length: count }, (_, i) => JSON.stringify({
  userId: `u${i}`, event, ts: '2026-05-01T10:00:00Z', properties: { n: i }, ...of(i) })).join('\n') + '\n';
const list = (data) => JSON.parse(must(['import', 'list', '--json', '--data', data])).imports;
const exported = (data) => must(['export', '--data', data, '--quiet']).split('\n').filter(Boolean).sort();
const ledger = (data) => JSON.parse(must(['ledger', '--json', '--data', data])).total;
const total = (data, event, measure = 'count') => JSON.parse(must(['trend', event, '--measure', measure,
  '--from', '2026-05-01', '--to', '2026-05-31', '--data', data, '--json'])).series[0].total;

function files(t) {
  const dir = temporaryDirectory(t);
  const first = join(dir, 'first.ndjson');
  const second = join(dir, 'second.ndjson');
  writeFileSync(first, lines(500, 'Buy', (i) => ({ anonymousId: `a${i}` })) + '{broken\n');
  writeFileSync(second, lines(50, 'Visit'));
  return { data: join(dir, 'data'), first, second };
}

test('each file is an import in the list, with what came of it; a dry run is none', (t) => {
  const { data, first, second } = files(t);
  must(['import', first, second, '--source', 'shop', '--data', data, '--quiet']);
  run(['import', first, '--dry-run', '--data', data, '--quiet']);
  const imports = list(data);
  assert.deepEqual(imports.map(({ number, source, name, state, received, stored, duplicate, quarantined, refused, may_be_taken_back: may }) =>
    [number, source, name, state, received, stored, duplicate, quarantined, refused, may]), [
    [2, 'shop', 'second.ndjson', 'ended', 50, 50, 0, 0, 0, true],
    [1, 'shop', 'first.ndjson', 'ended', 501, 500, 0, 1, 0, true],
  ]);
  assert.ok(imports[0].begun_at <= imports[0].ended_at);
  assert.equal(imports[0].taken_back_at, null);
  assert.match(must(['import', 'list', '--data', data]), /second\.ndjson +ended/);
});

test('taking an import back leaves what was there without it, and the file can be stored again', (t) => {
  const { data, first, second } = files(t);
  must(['import', second, '--data', data, '--quiet']);
  const before = exported(data);
  must(['import', first, '--data', data, '--quiet']);
  must(['import', first, '--data', data, '--quiet']); // all duplicates: the third import owns nothing
  assert.equal(list(data)[0].duplicate, 500);
  assert.equal(total(data, '*', 'customers'), 500);
  const dry = must(['import', 'undo', '2', '--dry-run', '--data', data]);
  assert.equal(dry, 'import 2 would be taken back: 500 events, 1 row in quarantine and 0 joins\n');
  assert.equal(total(data, 'Buy'), 500);
  assert.equal(must(['import', 'undo', '2', '--yes', '--data', data]),
    'import 2 was taken back: 500 events, 1 row in quarantine and 0 joins\n');
  assert.deepEqual(exported(data), before);
  assert.equal(total(data, '*', 'customers'), 50);
  const { stored, quarantined, refused } = ledger(data);
  assert.deepEqual([stored, quarantined, refused], [550, 1, 1]); // the third one received that record too
  assert.equal(JSON.parse(must(['quarantine', 'list', '--json', '--data', data])).total, 0);
  const [, back] = list(data);
  assert.equal(back.state, 'taken back');
  assert.deepEqual(back.taken_back, { events: 500, quarantined: 1, joins: 0, customers: 450 });
  assert.equal(back.may_be_taken_back, false);
  assert.equal(run(['customer', 'show', 'u400', '--data', data]).code, 3);
  assert.match(must(['verify', '--data', data]), /0 problems/);
  must(['import', first, '--data', data, '--quiet']);
  assert.deepEqual([list(data)[0].number, list(data)[0].stored], [4, 500]);
});

test('what cannot be taken back is refused with its reason', (t) => {
  const { data, second } = files(t);
  must(['import', second, '--data', data, '--quiet']);
  must(['import', 'undo', '1', '--yes', '--data', data]);
  for (const [args, code, message] of [
    [['1', '--yes'], 4, 'import 1 was taken back already'],
    [['7', '--yes'], 3, 'there is no import 7'],
    [['first', '--yes'], 2, '"first" is no number of an import'],
    [['0', '--yes'], 2, '"0" is no number of an import'],
  ]) {
    const answer = run(['import', 'undo', ...args, '--data', data]);
    assert.equal(answer.code, code, answer.stderr);
    assert.ok(answer.stderr.includes(message), answer.stderr);
  }
  must(['import', second, '--data', data, '--quiet']);
  const unasked = run(['import', 'undo', '2', '--data', data], { input: 'yes\n' });
  assert.equal(unasked.code, 2);
  assert.match(unasked.stderr, /add --yes/);
  assert.equal(total(data, 'Visit'), 50);
});

// An import that reads from a pipe which stays open: it runs until it is killed.
async function running(t, data) {
  const child = spawn(binary, ['import', '-', '--data', data, '--quiet'], { stdio: ['pipe', 'ignore', 'inherit'] });
  t.after(() => child.kill('SIGKILL'));
  child.stdin.on('error', () => {}); // it is killed before it has read all
  child.stdin.write(lines(9000, 'Pipe'));
  const exited = new Promise((done) => child.on('exit', done));
  return { child, exited };
}

async function until(what) {
  for (;;) {
    const found = what();
    if (found) return found;
    await new Promise((done) => setTimeout(done, 50));
  }
}

test('beside a server an import runs, is refused to be taken back, is interrupted, and taken back', async (t) => {
  const server = await serverFor(t);
  const { data } = server;
  const key = server.key('secret', 'k');
  const { child, exited } = await running(t, data);
  await until(() => list(data)[0]?.stored >= 4000 && list(data)[0]);
  const answer = run(['import', 'undo', '1', '--yes', '--data', data]);
  assert.equal(answer.code, 4);
  assert.match(answer.stderr, /is running/);
  child.kill('SIGKILL');
  await exited;
  const stopped = await until(() => list(data)[0].state === 'stopped' && list(data)[0]);
  assert.ok(stopped.ended_at);
  // A question that is open when its data goes says so.
  const question = { kind: 'trend', series: [{ event: 'Pipe' }], range: { from: '2026-05-01', to: '2026-05-02' } };
  const asked = await server.query(key, question);
  assert.equal(asked.json.series[0].total, stopped.stored);
  must(['import', 'undo', '1', '--yes', '--data', data]);
  const opened = await server.query(key, { ...question, as_of: asked.json.as_of, open: { series: 0, was: stopped.stored } });
  assert.equal(opened.status, 200);
  assert.deepEqual(opened.json.moved, { was: stopped.stored, now: 0 });
  assert.equal(opened.json.total, 0);
  const live = await server.request('/api/v1/imports', { key });
  assert.equal(live.json.imports[0].state, 'taken back');
  assert.equal((await server.request('/api/v1/imports/1', { key })).status, 409);
  assert.equal((await server.request('/api/v1/imports/2', { key })).status, 404);
  assert.equal((await server.request('/api/v1/imports/x', { key })).status, 404);
  assert.equal((await server.request('/api/v1/imports/1/undo', { key, method: 'POST' })).status, 403);
});

test('an import that a killed server was taking in is stopped when it is opened again, and can be taken back', async (t) => {
  const data = temporaryDirectory(t);
  const server = await Server.start(data);
  t.after(() => server.stop('SIGKILL'));
  const { exited, child } = await running(t, data);
  await until(() => list(data)[0]?.stored >= 4000 && list(data)[0]);
  await server.stop('SIGKILL');
  child.stdin.end();
  await exited;
  const [stopped] = list(data);
  assert.equal(stopped.state, 'stopped');
  assert.equal(stopped.ended_at, null);
  assert.equal(total(data, 'Pipe'), stopped.stored);
  must(['import', 'undo', '1', '--yes', '--data', data]);
  assert.equal(total(data, 'Pipe'), 0);
  assert.match(must(['verify', '--data', data]), /0 problems/);
});

test('events keep coming in while an import is taken back, and all of them stay', async (t) => {
  const server = await serverFor(t);
  const { data } = server;
  const key = server.key('write', 'web');
  const file = join(temporaryDirectory(t), 'many.ndjson');
  writeFileSync(file, lines(60000, 'Buy', (i) => ({ userId: `u${i % 20000}` })));
  let sent = 0;
  let stop = false;
  const sending = (async () => {
    while (!stop) {
      const answer = await server.request('/api/v1/events', { key, body: [{ userId: `u${sent % 3000}`, anonymousId: `live${sent}`,
        event: 'Live', ts: '2026-05-02T10:00:00Z', message_id: `live-${sent}` }] });
      assert.equal(answer.status, 200, answer.text);
      sent += answer.json.stored;
    }
  })();
  for (let round = 0; round < 3; round++) {
    must(['import', file, '--data', data, '--quiet']);
    assert.equal(list(data)[0].stored, 60000);
    assert.match(must(['import', 'undo', String(round + 1), '--yes', '--data', data]), /: 60000 events/);
  }
  stop = true;
  await sending;
  assert.ok(sent > 0);
  assert.equal(total(data, 'Buy'), 0);
  assert.equal(total(data, 'Live'), sent);
  await server.stop();
  assert.equal(total(data, 'Live'), sent);
  assert.match(must(['verify', '--data', data]), /0 problems/);
});
