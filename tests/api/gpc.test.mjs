// Global Privacy Control: a browser that asks not to be tracked, and a source that heeds it.
import assert from 'node:assert/strict';
import test from 'node:test';
import { must, serverFor } from '../support/firsthand.mjs';

const ts = new Date(Date.now() - 60_000).toISOString();
const gpc = { 'sec-gpc': '1' };

test('a source that heeds it refuses events, takes what is said on purpose, and the ledger adds up', async (t) => {
  const server = await serverFor(t);
  const key = server.key('write', 'web');
  const events = [
    { userId: 'u1', event: 'Visit', ts },
    { userId: 'u1', event: 'feedback', ts, text: 'late again', properties: { kind: 'feedback' } },
    { userId: 'u1', event: 'feedback', ts, score: 3, scale: 'nps', properties: { kind: 'survey' } },
    { userId: 'u1', event: 'consent', ts, properties: { purpose: 'news', state: 'withdrawn' } },
    { userId: 'u1', event: 7, ts },
  ];
  const send = async (body, headers = {}) => (await server.request('/api/v1/events', { key, body, headers })).json;
  assert.equal((await send([events[0]], gpc)).stored, 1); // not heeded as long as nobody said so
  must(['source', 'set', 'web', '--heed-gpc', 'on', '--data', server.data]);
  const answer = await send(events, gpc);
  assert.deepEqual([answer.received, answer.stored, answer.refused, answer.quarantined], [5, 3, 2, 0]);
  assert.deepEqual(answer.verdicts.map((one) => one.index), [0, 4]);
  assert.match(answer.verdicts[0].reason, /asks not to be tracked \(Sec-GPC\)/);
  assert.equal((await send([{ ...events[0], message_id: 'other' }], { 'sec-gpc': '0' })).stored, 1);
  assert.equal((await send([{ ...events[0], message_id: 'third' }])).stored, 1);
  const ledger = JSON.parse(must(['ledger', '--json', '--data', server.data]));
  assert.equal(ledger.balanced, true);
  assert.deepEqual([ledger.total.received, ledger.total.stored, ledger.total.refused], [8, 6, 2]);
  // Nothing of what was refused is kept.
  assert.equal(JSON.parse(must(['quarantine', 'list', '--json', '--data', server.data])).total, 0);
  must(['source', 'set', 'web', '--heed-gpc', 'off', '--data', server.data]);
  assert.equal((await send([{ ...events[0], message_id: 'fourth' }], gpc)).stored, 1);
});

test('it is heeded whatever library the page uses', async (t) => {
  const server = await serverFor(t);
  const key = server.key('write', 'web');
  must(['source', 'set', 'web', '--heed-gpc', 'on', '--data', server.data]);
  const segment = await server.request('/v1/track', { body: { userId: 'u1', event: 'Visit', timestamp: ts },
    headers: { ...gpc, authorization: `Basic ${btoa(`${key}:`)}` } });
  assert.equal(segment.status, 200, segment.text);
  const posthog = await server.request('/capture/', { body: { api_key: key, event: 'Visit', distinct_id: 'u1', timestamp: ts }, headers: gpc });
  assert.equal(posthog.status, 200, posthog.text);
  const { total } = JSON.parse(must(['ledger', '--json', '--data', server.data]));
  assert.deepEqual([total.received, total.stored, total.refused], [2, 0, 2]);
});
