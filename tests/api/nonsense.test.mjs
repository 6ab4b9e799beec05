// Nonsense at every endpoint: a message that names the place and the fix, and nothing stored is touched.
import assert from 'node:assert/strict';
import { gzipSync } from 'node:zlib';
import test from 'node:test';
import { serverFor } from '../support/firsthand.mjs';

const bodies = [
  '', '{', '[', '[}', 'null', '7', '"text"', '{"a":', '{"batch":[{]}', 'hello', '\u0000', '<xml/>', 'a=b&c=d', 'data=', 'data=%7', 'data=%7B', 'data=aGVsbG8=',
  '{"kind":"trend"}', '{"series":7}', '[[[[[[[[]]]]]]]]', '['.repeat(5000), '{"a":'.repeat(3000), '1e999', '{"a":1e999}',
  Buffer.from([0x1f, 0x8b, 1, 2, 3]), Buffer.from([0xff, 0xfe, 0x00]), gzipSync('not json'),
];

test('every route answers nonsense with a client error and a problem that can be read', async (t) => {
  const server = await serverFor(t);
  const secret = server.key('secret', 'reader');
  const write = server.key('write', 'web');
  const openapi = (await server.request('/openapi.json', { key: secret })).json;
  assert.equal(openapi.openapi, '3.1.0');
  let asked = 0;
  for (const [path, methods] of Object.entries(openapi.paths)) {
    for (const method of Object.keys(methods)) {
      if (!['get', 'post', 'put', 'delete'].includes(method)) continue;
      const concrete = path.replace(/\{[^}]+\}/g, 'no-such-thing');
      for (const body of method === 'get' || method === 'delete' ? [undefined] : bodies) {
        for (const key of [secret, write, 'sk_wrong', undefined]) {
          const answer = await server.request(concrete, { method: method.toUpperCase(), key, body });
          asked++;
          assert.ok(answer.status < 500, `${method} ${concrete}: ${answer.status} for ${String(body).slice(0, 40)}\n${answer.text}`);
          // What a person opens answers a person: a page that says what to do.
          if (answer.status >= 400 && /^text\/html/.test(answer.headers.get('content-type') ?? '')) {
            assert.ok(Object.values(methods).some((one) => one.responses['200']?.content?.['text/html']), `${method} ${concrete} is no page`);
            assert.match(answer.text, /<h1>[^<]+<\/h1>\s*<p>[^<]{20,}/);
          } else if (answer.status >= 400) {
            assert.match(answer.headers.get('content-type') ?? '', /problem\+json/, `${method} ${concrete} ${answer.status}`);
            assert.equal(answer.json.status, answer.status);
            assert.ok(answer.json.detail.length > 8, answer.text);
            assert.ok(answer.json.request_id, answer.text);
          }
        }
      }
    }
  }
  assert.ok(asked > 500, `${asked}`);
  const ledger = (await server.request('/api/v1/ledger', { key: secret })).json;
  assert.equal(ledger.balanced, true);
  assert.equal(ledger.total.stored, 0);
  assert.equal((await server.request('/livez')).status, 200);
});

const questions = [
  [{ kind: 'trnd' }, '/kind', /trend/],
  [{ kind: 'trend', series: [{ evnt: 'A' }] }, '/series/0/evnt', /event/],
  [{ kind: 'trend' }, '/series', /series/],
  [{ kind: 'trend', series: [{ event: 'A' }], range: { from: '2026-02-01', to: '2026-01-01' } }, '/range/to', /./],
  [{ kind: 'trend', series: [{ event: 'A' }], timezone: 'Europe/Londn' }, '/timezone', /Europe\/London/],
  [{ kind: 'trend', series: [{ event: 'A', where: [['price', '>>', 1]] }] }, '/series/0/where/0/1', /./],
  [{ kind: 'trend', series: [{ event: 'A', where: [['p', 'matches', '(']] }] }, '/series/0/where/0/2', /./],
  [{ kind: 'funnel', steps: [{ event: 'A' }] }, '/window', /window/],
  [{ kind: 'funnel', steps: [], window: '7d' }, '/steps', /./],
  [{ kind: 'trend', series: [{ event: 'A' }], segment: 'no such' }, '/segment', /no such/],
];

test('a wrong question is refused at its pointer, with what was meant', async (t) => {
  const server = await serverFor(t);
  const secret = server.key('secret', 'reader');
  for (const [question, pointer, meant] of questions) {
    const answer = await server.query(secret, question);
    assert.equal(answer.status, 422, `${JSON.stringify(question)}: ${answer.text}`);
    assert.equal(answer.json.pointer, pointer, `${JSON.stringify(question)}: ${answer.text}`);
    assert.match(answer.json.detail, meant);
  }
  const unseen = await server.query(secret, { kind: 'trend', series: [{ event: 'Never Seen' }] });
  assert.equal(unseen.status, 200);
  assert.equal(unseen.json.warnings.length, 1);
});

test('limits hold: too large, inflated too far, too many events, one event too large', async (t) => {
  const server = await serverFor(t);
  const secret = server.key('secret', 'writer');
  const event = { userId: 'u', event: 'E', ts: '2026-01-01T00:00:00Z' };
  const large = await server.request('/api/v1/events', { key: secret, body: JSON.stringify([{ ...event, text: 'x'.repeat(11e6) }]) });
  assert.equal(large.status, 413);
  const bomb = gzipSync(Buffer.alloc(200e6, ' '));
  assert.equal((await server.request('/api/v1/events', { key: secret, body: bomb })).status, 413);
  const many = await server.request('/api/v1/events', { key: secret, body: Array.from({ length: 20001 }, () => event) });
  assert.equal(many.status, 413);
  const one = await server.request('/api/v1/events', { key: secret, body: [event, { ...event, text: 'x'.repeat(2e6) }, event] });
  assert.equal(one.status, 200, one.text);
  assert.equal(one.json.stored, 2);
  assert.equal(one.json.quarantined, 1);
  assert.equal(one.json.verdicts[0].index, 1);
  const ledger = (await server.request('/api/v1/ledger', { key: secret })).json;
  assert.equal(ledger.total.received, 3);
  assert.ok(ledger.requests_refused >= 3);
});
