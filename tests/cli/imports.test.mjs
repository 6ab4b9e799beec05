// Imports in a list, and taking one back: alone, beside a server, after being interrupted.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
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

// ---- large files, which go past the journal --------------------------------------------------------------------------------

// 30,000 rows about 3,000 customers: plain ones, equal ones, ones that name two ids and so join, bad ones in between.
function largeFile(t) {
  const file = join(temporaryDirectory(t), 'large.ndjson');
  const rows = Array.from({ length: 30000 }, (_, i) => {
    if (i % 997 === 0) return `{broken ${i}`;
    if (i % 991 === 0) return JSON.stringify({ userId: 'u1', event: 'Same', ts: '2026-05-01T10:00:00Z' }); // many times
    if (i % 500 === 3) return JSON.stringify({ userId: `u${i % 3000}`, anonymousId: `a${i % 700}`, event: 'Login', ts: '2026-05-02T10:00:00Z' });
    if (i % 61 === 5) return JSON.stringify({ anonymousId: `a${i % 700}`, event: 'Look', ts: new Date(Date.UTC(2026, 4, 1 + i % 20, i % 24)).toISOString() });
    return JSON.stringify({ userId: `u${i * 7 % 3000}`, event: ['Visit', 'Buy', 'Search'][i % 3], channel: i % 5 === 0 ? 'app' : undefined,
      ts: new Date(Date.UTC(2026, 4, 1 + i % 20, i % 24, i % 60)).toISOString(), message_id: i % 40 === 9 ? `m${i % 4000}` : undefined,
      properties: { plan: i % 3 ? 'free' : 'pro', n: i, price: i % 4 ? i / 8 : undefined, tags: i % 9 ? [] : ['x', `t${i % 7}`] },
      traits: i % 100 === 1 ? { city: i % 200 === 1 ? 'Bergen' : null } : undefined });
  });
  writeFileSync(file, rows.join('\n') + '\n');
  return file;
}
const questions = [
  ['trend', 'Buy', '--measure', 'customers', '--by', 'plan'],
  ['trend', '*', '--measure', 'count', '--by', 'channel'],
  ['funnel', 'Visit', 'Search', 'Buy'],
];
const answers = (data) => questions.map((question) => must([...question, '--from', '2026-05-01', '--to', '2026-05-31',
  '--data', data, '--json']).replace(/"(as_of|elapsed_ms)":("[^"]*"|[0-9]+)/g, ''));

test('a large file leaves the same as beside a server, which takes it in through the journal', async (t) => {
  const file = largeFile(t);
  const alone = join(temporaryDirectory(t), 'alone');
  const server = await serverFor(t);
  assert.equal(must(['import', file, '--data', alone, '--quiet']), must(['import', file, '--data', server.data, '--quiet']));
  await server.stop();
  const data = server.data;
  assert.deepEqual(ledger(alone), ledger(data));
  const without = (rows) => rows.map((row) => row.replace(/"received_at":"[^"]*"/, ''));
  assert.deepEqual(without(exported(alone)), without(exported(data)));
  assert.deepEqual(answers(alone), answers(data));
  assert.equal(JSON.parse(must(['quarantine', 'list', '--json', '--data', alone])).total,
    JSON.parse(must(['quarantine', 'list', '--json', '--data', data])).total);
  assert.match(must(['verify', '--data', alone]), /0 problems/);
});

test('a large file brought again stores nothing, and taken back it leaves nothing', (t) => {
  const file = largeFile(t);
  const data = join(temporaryDirectory(t), 'data');
  const other = join(temporaryDirectory(t), 'other.ndjson');
  writeFileSync(other, lines(100, 'Other'));
  must(['import', other, '--data', data, '--quiet']);
  const before = exported(data);
  must(['import', file, '--data', data, '--quiet']);
  const after = exported(data);
  must(['import', file, '--data', data, '--quiet']);
  const [again, first] = list(data);
  assert.equal(first.received, 30000);
  assert.equal(first.received, first.stored + first.duplicate + first.quarantined + first.refused);
  assert.equal(again.stored, 0);
  assert.equal(again.duplicate, first.stored + first.duplicate);
  assert.equal(again.quarantined, first.quarantined);
  assert.deepEqual(exported(data), after);
  must(['import', 'undo', String(first.number), '--yes', '--data', data]);
  assert.deepEqual(exported(data), before);
  must(['import', file, '--data', data, '--quiet']);
  assert.equal(list(data)[0].stored, first.stored);
  assert.match(must(['verify', '--data', data]), /0 problems/);
});

test('a large import that is killed leaves a beginning, and run again each record is there once', async (t) => {
  const file = largeFile(t);
  const whole = join(temporaryDirectory(t), 'whole');
  const data = join(temporaryDirectory(t), 'data');
  must(['import', file, '--data', whole, '--quiet']);
  for (let round = 0; round < 3; round++) {
    const child = spawn(binary, ['import', '-', '--data', data, '--quiet'], { stdio: ['pipe', 'ignore', 'inherit'] });
    child.stdin.on('error', () => {});
    const text = readFileSync(file);
    const exited = new Promise((done) => child.on('exit', done));
    child.stdin.write(text.subarray(0, Math.floor(text.length * (0.75 + round / 10))));
    await until(() => existsSync(join(data, 'MANIFEST')));
    await new Promise((done) => setTimeout(done, 60 * round)); // wherever it is by then
    child.kill('SIGKILL');
    await exited;
    assert.match(must(['verify', '--data', data]), /0 problems/);
  }
  must(['import', file, '--data', data, '--quiet']);
  assert.equal(ledger(data).stored, ledger(whole).stored);
  const without = (rows) => rows.map((row) => row.replace(/"received_at":"[^"]*"/, ''));
  assert.deepEqual(without(exported(data)), without(exported(whole)));
});
