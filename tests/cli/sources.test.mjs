// Sources and their settings: set in parts, shown, kept, and in force where events come in.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import test from 'node:test';
import { must, run, serverFor, temporaryDirectory } from '../support/firsthand.mjs';

const shown = (data, name) => JSON.parse(must(['source', 'show', name, '--json', '--data', data]));

test('a source is set in parts: what a call leaves out stays', (t) => {
  const data = temporaryDirectory(t);
  must(['source', 'set', 'till', '--channel', 'store', '--data', data]);
  must(['source', 'set', 'till', '--zone', 'Europe/Oslo', '--keep-address', 'on', '--data', data]);
  must(['source', 'set', 'till', '--keep-address', 'off', '--data', data]);
  const till = shown(data, 'till');
  assert.equal(till.default_channel, 'store');
  assert.deepEqual(till.settings, { zone: 'Europe/Oslo', keep_address: false });
  must(['source', 'set', 'till', '--zone', '', '--channel', '', '--data', data]);
  assert.deepEqual(shown(data, 'till').settings, { keep_address: false });
  assert.equal(shown(data, 'till').default_channel, null);
  assert.match(must(['source', 'list', '--data', data]), /till/);
  assert.match(must(['source', 'show', 'till', '--data', data]), /keep_address +no/);
});

test('what is wrong with a source is said with its place, and changes nothing', (t) => {
  const data = temporaryDirectory(t);
  must(['source', 'set', 'till', '--zone', 'Europe/Oslo', '--data', data]);
  for (const [args, what] of [
    [['--zone', 'Europe/Osslo'], /\/settings\/zone: .*Europe\/Oslo/],
    [['--keep-address', 'maybe'], /--keep-address is on or off/],
  ]) {
    const done = run(['source', 'set', 'till', ...args, '--data', data]);
    assert.equal(done.code, 2, args.join(' '));
    assert.match(done.stderr, what);
  }
  const absent = run(['source', 'show', 'til', '--data', data]);
  assert.equal(absent.code, 3);
  assert.match(absent.stderr, /did you mean till\?/);
  assert.deepEqual(shown(data, 'till').settings, { zone: 'Europe/Oslo' });
});

test('a zone of its own reads the local times of a source, beside a running server too', async (t) => {
  const server = await serverFor(t);
  const key = server.key('secret', 'reader');
  const saved = await server.request('/api/v1/sources', { key, body: { name: 'x', settings: { zonne: 'UTC' } } });
  assert.equal(saved.status, 403);
  must(['source', 'set', 'till', '--zone', 'Asia/Tokyo', '--data', server.data]);
  const map = JSON.stringify({ customer: 'who', event: { const: 'A' }, ts: 'when' });
  writeFileSync(`${server.data}/map.json`, map);
  must(['import', '-', '--map', `${server.data}/map.json`, '--source', 'till', '--quiet', '--data', server.data],
    { input: 'who,when\nann,2026-05-01 09:00:00\n' });
  const event = JSON.parse(must(['timeline', 'ann', '--json', '--data', server.data]).trim());
  assert.equal(event.ts, '2026-05-01T00:00:00.000Z');
});

test('a source over its quota is told when to come again, and nothing of the request is stored', async (t) => {
  const server = await serverFor(t);
  const key = server.key('write', 'web');
  const reader = server.key('secret', 'reader');
  must(['source', 'set', 'web', '--quota-day', '5', '--data', server.data]);
  const events = (n, from) => Array.from({ length: n }, (_, i) => ({ userId: 'ann', event: 'A', ts: '2026-05-01T10:00:00Z', message_id: `m${from + i}` }));
  const send = (n, from) => server.request('/api/v1/events', { key, body: events(n, from) });
  const ledger = async () => (await server.request('/api/v1/ledger', { key: reader })).json;
  assert.equal((await send(3, 0)).json.stored, 3);
  const over = await send(3, 10);
  assert.equal(over.status, 429, over.text);
  const wait = Number(over.headers.get('retry-after'));
  assert.ok(wait >= 1 && wait <= 86_400 + 3600, String(wait));
  assert.match(over.json.detail, /quota/);
  assert.equal((await ledger()).total.received, 3);
  assert.ok((await ledger()).requests_refused >= 1);
  // What still fits goes in, duplicates count, other ways of sending share the quota.
  assert.equal((await send(1, 0)).json.duplicate, 1);
  assert.equal((await server.request('/v1/track', { body: { userId: 'bob', event: 'B' }, headers: { authorization: `Basic ${btoa(`${key}:`)}` } })).status, 200);
  assert.equal((await server.request('/v1/track', { body: { userId: 'bob', event: 'B' }, headers: { authorization: `Basic ${btoa(`${key}:`)}` } })).status, 429);
  // Another source has its own; a quota that is raised or taken back counts at once.
  assert.equal((await server.request('/api/v1/events', { key: server.key('write', 'app'), body: events(9, 0) })).json.stored, 9);
  must(['source', 'set', 'web', '--quota-day', '8', '--data', server.data]);
  assert.equal((await send(3, 20)).json.stored, 3);
  assert.equal((await send(1, 30)).status, 429);
  must(['source', 'set', 'web', '--quota-day', '', '--quota-minute', '1000', '--data', server.data]);
  assert.equal((await send(900, 100)).json.stored, 900);
  for (const [flag, value, words] of [['--quota-day', 'many', /whole number/], ['--quota-minute', '0', /\/settings\/quota_minute: .*1 to/]]) {
    const done = run(['source', 'set', 'web', flag, value, '--data', server.data]);
    assert.equal(done.code, 2);
    assert.match(done.stderr, words);
  }
});
