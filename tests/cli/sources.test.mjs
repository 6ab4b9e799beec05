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

