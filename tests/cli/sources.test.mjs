// Sources and their settings: set in parts, shown, kept, and in force where events come in.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import test from 'node:test';
import { must, run, Server, serverFor, temporaryDirectory } from '../support/firsthand.mjs';

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

test('pages of other origins send nothing; who says no origin is not asked', async (t) => {
  const server = await serverFor(t);
  const key = server.key('write', 'web');
  const reader = server.key('secret', 'reader');
  const event = { userId: 'ann', event: 'A', ts: '2026-05-01T10:00:00Z' };
  const send = (origin, path = '/api/v1/events', body = event) => server.request(path, { key, body, headers: origin ? { origin } : {} });
  assert.equal((await send('https://anywhere.example')).status, 200);
  must(['source', 'set', 'web', '--origin', 'https://shop.example', '--origin', 'http://localhost:8080', '--data', server.data]);
  assert.deepEqual(shown(server.data, 'web').settings.origins, ['https://shop.example', 'http://localhost:8080']);
  for (const origin of ['https://shop.example', 'http://localhost:8080', undefined]) assert.equal((await send(origin)).json.stored, 1, origin);
  const before = (await server.request('/api/v1/ledger', { key: reader })).json;
  for (const origin of ['https://anywhere.example', 'https://shop.example.evil.example', 'http://shop.example', 'https://shop.example:8443', 'null']) {
    const refused = await send(origin);
    assert.equal(refused.status, 403, origin);
    assert.match(refused.json.detail, /takes no events from pages of this origin/);
    assert.equal(refused.headers.get('access-control-allow-origin'), origin, 'a page may read why');
  }
  for (const [path, body] of [['/v1/track', { userId: 'ann', event: 'B', writeKey: key }], ['/batch', { api_key: key, batch: [{ event: 'C', distinct_id: 'ann' }] }]]) {
    assert.equal((await send('https://anywhere.example', path, body)).status, 403, path);
    assert.equal((await send('https://shop.example', path, body)).status, 200, path);
  }
  const after = (await server.request('/api/v1/ledger', { key: reader })).json;
  assert.equal(after.total.received, before.total.received + 2);
  assert.ok(after.requests_refused >= before.requests_refused + 7);
  for (const [origin, what] of [['shop.example', /\/settings\/origins\/0: /], ['https://shop.example/path', /scheme and host in lower case/]]) {
    const done = run(['source', 'set', 'web', '--origin', origin, '--data', server.data]);
    assert.equal(done.code, 2);
    assert.match(done.stderr, what);
  }
  must(['source', 'set', 'web', '--origin', '', '--data', server.data]);
  assert.equal((await send('https://anywhere.example')).status, 200);
});

test('over HTTP times without an offset are read in the zone of the source, as far as the form has such', async (t) => {
  const server = await serverFor(t);
  const key = server.key('write', 'web');
  const timeOf = (who) => JSON.parse(must(['timeline', who, '--json', '--data', server.data]).trim()).ts;
  const track = (userId) => server.request('/v1/track', { key, body: { userId, event: 'A', timestamp: '2026-05-01 09:00:00', writeKey: key } });
  const capture = (who, more = {}) => server.request('/batch', { body: { api_key: key, batch: [{ event: 'A', distinct_id: who, timestamp: '2026-05-01 09:00:00' }], ...more } });
  assert.equal((await track('a1')).status, 200);
  assert.equal(timeOf('a1'), '2026-05-01T09:00:00.000Z');
  must(['source', 'set', 'web', '--zone', 'Asia/Tokyo', '--data', server.data]);
  assert.equal((await track('a2')).status, 200);
  assert.equal((await capture('a3')).status, 200);
  const clock = new Date(Date.now() + 9 * 3_600_000).toISOString().slice(0, 19).replace('T', ' ');
  assert.equal((await capture('a4', { sent_at: clock })).status, 200, 'its clock is right, read in its zone');
  for (const who of ['a2', 'a3', 'a4']) assert.equal(timeOf(who), '2026-05-01T00:00:00.000Z', who);
  const own = await server.request('/api/v1/events', { key, body: { userId: 'a5', event: 'A', ts: '2026-05-01 09:00:00' } });
  assert.equal(own.json.quarantined, 1, 'the own form always says the offset');
});

test('a quota survives a restart, and as good as survives a crash', async (t) => {
  const data = temporaryDirectory(t);
  let server = await Server.start(data);
  t.after(() => server.stop('SIGKILL'));
  const key = server.key('write', 'web');
  must(['source', 'set', 'web', '--quota-day', '5', '--data', data]);
  const send = (n) => server.request('/api/v1/events', { key, body: Array.from({ length: n }, () => ({ userId: 'ann', event: 'A', ts: '2026-05-01T10:00:00Z' })) });
  assert.equal((await send(2)).status, 200); // written down at once: nothing was for a while
  assert.equal((await send(1)).status, 200);
  assert.equal((await server.stop('SIGTERM')).code, 0);
  server = await Server.start(data);
  assert.equal((await send(3)).status, 429);
  assert.equal((await send(1)).status, 200); // written down at once
  await server.stop('SIGKILL');
  server = await Server.start(data);
  assert.equal((await send(2)).status, 429);
  assert.equal((await send(1)).status, 200);
  assert.equal((await send(1)).status, 429);
});
