// Rows of the quarantine are mended, taken again as they are, or discarded; the ledger moves with them, row by row.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { must, run, Server, serverFor, temporaryDirectory } from '../support/firsthand.mjs';

const NO_TIME = 'no time: expected the instant at which it happened';
const at = '2026-05-01T10:00:00Z';

async function world(t) {
  const server = await serverFor(t);
  const write = server.key('write', 'web');
  const reader = server.key('secret', 'reader');
  // Rights to mend are an operator's or an administrator's: over HTTP that is a session, here the command line.
  const call = (verb, input) => JSON.parse(must(['quarantine', verb, ...input, '--json', '--data', server.data]));
  const ledger = async () => (await server.request('/api/v1/ledger', { key: reader })).json;
  const send = async (events) => {
    const answer = await server.request('/api/v1/events', { key: write, body: events });
    assert.equal(answer.status, 200, answer.text);
    return answer.json;
  };
  const groups = async () => (await server.request('/api/v1/quarantine/groups', { key: reader })).json;
  const rows = async (query = '') => (await server.request(`/api/v1/quarantine${query}`, { key: reader })).json;
  return { server, write, reader, call, ledger, send, groups, rows };
}

const sums = async (ledger) => {
  const { total, balanced } = await ledger();
  assert.ok(balanced);
  return [total.received, total.stored, total.duplicate, total.quarantined, total.refused];
};

test('a fix is shown first, changes nothing then, and afterwards does what it showed', async (t) => {
  const { server, call, ledger, send, rows } = await world(t);
  const before = Date.now();
  await send([{ userId: 'ann', event: 'Visit' }, { userId: 'bob', event: 'Visit' }, { userId: 'cid', event: 'Visit', ts: at }]);
  const after = Date.now();
  assert.deepEqual(await sums(ledger), [3, 1, 0, 2, 0]);
  const shown = call('fix', ['--reason', NO_TIME, '--set', '/ts=@received_at', '--dry-run']);
  assert.equal(shown.dry_run, true);
  assert.deepEqual([shown.rows, shown.stored, shown.quarantined], [2, 2, 0]);
  assert.deepEqual(shown.examples.map(({ id, verdict, before: text }) => [id, verdict, text]), [
    ['q2', 'stored', '{"userId":"bob","event":"Visit"}'], ['q1', 'stored', '{"userId":"ann","event":"Visit"}'],
  ]);
  const ts = JSON.parse(shown.examples[0].after).ts;
  assert.ok(Date.parse(ts) >= before && Date.parse(ts) <= after, ts);
  assert.deepEqual(await sums(ledger), [3, 1, 0, 2, 0]);
  assert.equal((await rows()).total, 2);
  const done = call('fix', ['--reason', NO_TIME, '--set', '/ts=@received_at']);
  assert.deepEqual([done.rows, done.stored], [2, 2]);
  assert.deepEqual(await sums(ledger), [3, 3, 0, 0, 0]);
  assert.equal((await rows()).total, 0);
  const event = JSON.parse(must(['timeline', 'bob', '--json', '--data', server.data]).trim());
  assert.equal(event.ts, ts);
  assert.equal(event.received_at, ts, 'it was received when it came, not when it was mended');
  // Repeated, it finds nothing to do; a row that is gone is said to be.
  assert.equal(call('fix', ['--reason', NO_TIME, '--set', '/ts=@received_at']).rows, 0);
  assert.equal(call('fix', ['q1', '--set', '/ts=@received_at']).absent, 1);
  assert.deepEqual(await sums(ledger), [3, 3, 0, 0, 0]);
});

test('every group carries a fix that was tried, and the fix is good for its rows', async (t) => {
  const { call, ledger, send, groups } = await world(t);
  await send([
    { userId: 'ann', event: 'Visit' },
    { userId: 'bob', event: 'Visit', timestamp: '2026-05-01 10:00:00' },
    { userId: 'cid', event: 'feedback', ts: at, score: '9', scale: 'NPS' },
    { userId: 'dee', event: 'feedback', ts: at, score: 11, scale: 'nps' },
    { userId: 'eve', event: '', ts: at },
  ]);
  const found = await groups();
  assert.equal(found.total, 5);
  assert.equal(found.rest, 0);
  assert.deepEqual(found.groups.map(({ newest, field, suggestion }) => [newest, field, suggestion?.title ?? null]).sort(), [
    ['q1', '/ts', 'Take the time of receipt as its time'],
    ['q2', '/timestamp', 'Take timestamp as ts; Read ts as a time (without an offset in UTC)'],
    ['q3', '/score', 'Read score as a number; Write the scale in small letters'],
    ['q4', '/score', 'Leave score and scale out, keep the rest'],
    ['q5', '/event', null],
  ]);
  const done = call('fix', ['--source', 'web', '--suggested']);
  assert.deepEqual([done.rows, done.stored, done.quarantined], [4, 4, 0]);
  assert.deepEqual(await sums(ledger), [5, 4, 0, 1, 0]);
});

test('what is still bad stays where it is, with what is wrong now; a fix that does not fit changes nothing', async (t) => {
  const { server, reader, call, ledger, send } = await world(t);
  await send([{ userId: 'ann', event: 'feedback', score: 11, scale: 'nps' }, '']);
  const done = call('fix', ['q1', '--set', '/ts=2026-05-01T10:00:00Z']);
  assert.deepEqual([done.rows, done.stored, done.quarantined, done.unfit], [1, 0, 1, 0]);
  const row = (await server.request('/api/v1/quarantine/q1', { key: reader })).json;
  assert.equal(row.field, '/score');
  assert.equal(row.raw, '{"userId":"ann","event":"feedback","score":11,"scale":"nps"}', 'the record itself is as it came');
  assert.equal(row.document, row.raw);
  const unfit = call('fix', ['q1', '--remove', '/nothing']);
  assert.deepEqual([unfit.quarantined, unfit.unfit], [1, 1]);
  const text = call('fix', ['q2', '--set', '/ts=2026-05-01T10:00:00Z', '--dry-run']);
  assert.equal(text.examples[0].verdict, 'unfit');
  assert.match(text.examples[0].reason, /no JSON/);
  assert.deepEqual(await sums(ledger), [2, 0, 0, 2, 0]);
});

test('rows are duplicates of what is there, and blocked names refuse them, as if they came now', async (t) => {
  const { server, call, ledger, send } = await world(t);
  await send([
    { userId: 'ann', event: 'Visit', message_id: 'm1', ts: at }, { userId: 'ann', event: 'Visit', message_id: 'm1' },
    { userId: 'ann', event: 'Spam' }, { userId: 'ann', event: 'Visit', message_id: 'm2' },
  ]);
  must(['catalogue', 'set', 'event', 'Spam', '--blocked', 'on', '--data', server.data]);
  const shown = call('fix', ['--source', 'web', '--set', '/ts=@received_at', '--dry-run']);
  assert.deepEqual([shown.stored, shown.duplicate, shown.refused], [1, 1, 1]);
  const done = call('fix', ['--source', 'web', '--set', '/ts=@received_at']);
  assert.deepEqual([done.stored, done.duplicate, done.refused], [1, 1, 1]);
  assert.deepEqual(await sums(ledger), [4, 2, 1, 0, 1]);
  // An id is used up by what is stored, not by what lay in quarantine.
  assert.equal((await send([{ userId: 'ann', event: 'Visit', message_id: 'm2', ts: at }])).duplicate, 1);
});

test('a record that comes again is the same row while it lies there, and a new one after it left', async (t) => {
  const { call, ledger, send, rows } = await world(t);
  const bad = { userId: 'ann', event: 'Visit' };
  await send([bad, bad]);
  assert.equal((await rows()).total, 1);
  assert.deepEqual(await sums(ledger), [2, 0, 0, 2, 0]);
  assert.equal(call('discard', ['q1', '--yes']).refused, 1);
  assert.deepEqual(await sums(ledger), [2, 0, 0, 1, 1]);
  await send([bad]);
  assert.deepEqual((await rows()).rows.map(({ id }) => id), ['q2']);
});

test('what was mended and discarded survives kill -9', async (t) => {
  const { server, call, ledger, send } = await world(t);
  await send([{ userId: 'ann', event: 'Visit' }, { userId: 'bob', event: 'Visit', secret: 'words nobody keeps' }]);
  assert.equal(call('fix', ['q1', '--set', '/ts=@received_at']).stored, 1);
  assert.equal(call('discard', ['q2', '--yes']).refused, 1);
  assert.deepEqual(await sums(ledger), [2, 1, 0, 0, 1]);
  await server.stop('SIGKILL');
  const total = JSON.parse(must(['ledger', '--json', '--data', server.data])).total;
  assert.deepEqual([total.stored, total.quarantined, total.refused], [1, 0, 1]);
  assert.match(must(['quarantine', 'list', '--data', server.data]), /0 rows/);
  assert.match(must(['verify', '--data', server.data]), /0 problems/);
});

test('mending is for who may, and only the rows that are asked for', async (t) => {
  const { server, reader, write, send } = await world(t);
  await send([{ userId: 'ann', event: 'Visit' }]);
  for (const verb of ['fix', 'replay', 'discard']) {
    const denied = await server.request(`/api/v1/quarantine/${verb}`, { key: write, body: { ids: ['q1'] } });
    assert.equal(denied.status, 403, `${verb}: ${denied.text}`);
    assert.equal((await server.request(`/api/v1/quarantine/${verb}`, { body: { ids: ['q1'] } })).status, 401);
  }
  const post = async (verb, body) => server.request(`/api/v1/quarantine/${verb}`, { key: reader, body });
  for (const [verb, body, pointer] of [
    ['fix', { ids: ['q1'] }, undefined], ['fix', { ids: ['q1'], patch: [{ op: 'drop' }] }, '/patch/0/op'], ['fix', { ids: ['q1'], pach: [] }, '/pach'],
    ['replay', {}, undefined], ['replay', { ids: [] }, '/ids'], ['replay', { ids: ['q1'], limit: 10_001 }, '/limit'],
    ['discard', { ids: ['q1'], patch: [] }, '/patch'], ['discard', { source: 'web', cursor: 'last' }, '/cursor'],
    ['fix', { ids: ['q1'], text: 'x'.repeat((512 << 10) + 1) }, '/text'], ['replay', { ids: ['q1'], map: [] }, '/map'],
  ]) {
    const refused = await post(verb, body);
    assert.equal(refused.status, 422, refused.text);
    assert.equal(refused.json.pointer ?? undefined, pointer, refused.text);
  }
  const page = await post('fix', { source: 'web', patch: [{ op: 'add', path: '/ts', row: 'received_at' }], limit: 1 });
  assert.deepEqual([page.json.stored, page.json.cursor], [1, 'q1'], page.text);
});

test('what is wrong with a request is said with its place', async (t) => {
  const { server } = await world(t);
  for (const [args, what] of [
    [['fix', 'q1'], /what is to be done with them/],
    [['fix', '--set', '/a=1'], /which rows\?/],
    [['fix', 'x1', '--set', '/a=1'], /\/ids\/0: an id is like q17/],
    [['fix', 'q1', '--reason', 'x', '--set', '/a=1'], /\/ids: either/],
    [['fix', 'q1', '--set', 'a=1'], /expected a pointer and a value/],
    [['fix', 'q1', '--remove', 'a'], /\/patch\/0\/path: expected a JSON pointer/],
    [['fix', 'q1', '--suggested'], /--suggested is for whole groups/],
    [['fix', '--source', 'web', '--text', '/dev/null'], /\/text: "text" stands for one record/],
    [['discard', 'q1'], /--yes says so where nobody can be asked/],
    [['replay', '--field', '/ts'], /which rows\?/],
  ]) {
    const done = run(['quarantine', ...args, '--data', server.data]);
    assert.equal(done.code, 2, `${args.join(' ')}: ${done.stderr}`);
    assert.match(done.stderr, what);
  }
});

test('a quarantine that is full refuses what cannot be stored, says so, and the ledger adds up', async (t) => {
  const data = temporaryDirectory(t);
  writeFileSync(join(data, 'firsthand.conf'), 'quarantine_mb = 1\n');
  const server = await Server.start(data);
  t.after(() => server.stop('SIGKILL'));
  const key = server.key('write', 'web');
  const bad = (i) => ({ userId: 'u', event: 7, message_id: `m${i}`, properties: { long: String(i).padEnd(100_000, 'x') } });
  const answers = [];
  for (let i = 0; i < 15; i++) answers.push((await server.request('/api/v1/events', { key, body: [bad(i)] })).json);
  const refused = answers.filter((one) => one.refused === 1);
  assert.ok(refused.length >= 5 && refused.length < 15, `${refused.length} refused`);
  assert.match(refused[0].verdicts[0].reason, /the quarantine is full \(quarantine_mb\)/);
  assert.equal(answers.at(-1).refused, 1);
  // What can be stored is.
  assert.equal((await server.request('/api/v1/events', { key, body: [{ userId: 'u', event: 'Visit', ts: new Date().toISOString() }] })).json.stored, 1);
  const ledger = JSON.parse(must(['ledger', '--json', '--data', data]));
  assert.equal(ledger.balanced, true);
  assert.deepEqual([ledger.total.received, ledger.total.quarantined, ledger.total.refused], [16, 15 - refused.length, refused.length]);
  const status = JSON.parse(must(['status', '--json', '--data', data]));
  assert.ok(status.quarantine_bytes <= status.quarantine_bytes_max && status.quarantine_bytes_max === 1_000_000);
  const { findings } = JSON.parse(run(['doctor', '--json', '--data', data]).stdout);
  assert.equal(findings.find((one) => one.check === 'quarantine').level, 'warn');
});
