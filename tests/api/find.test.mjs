// Customers found while somebody types.
import assert from 'node:assert/strict';
import test from 'node:test';
import { serverFor } from '../support/firsthand.mjs';

const people = [
  { userId: 'u-1', identifiers: { email: 'anna@dahl.example' }, traits: { name: 'Anna Dahl' } },
  { userId: 'u-2', traits: { firstName: 'Élodie', lastName: 'Anders', email: 'elodie@post.example' } },
  { userId: 'u-20', anonymousId: 'browser-9', traits: { name: 'Hanna Berg' } },
].map((person, n) => ({ ...person, event: 'Visit', ts: '2026-05-01T10:00:00Z', message_id: `m${n}` }));

async function shop(t) {
  const server = await serverFor(t);
  const secret = server.key('secret', 'reader');
  const sent = await server.request('/api/v1/events', { key: server.key('write', 'web'), body: people });
  assert.equal(sent.json.stored, people.length, sent.text);
  const find = async (begins, more = {}) => (await server.request(`/api/v1/customers?${new URLSearchParams({ begins, ...more })}`, { key: secret }));
  return { server, find, ids: async (begins, more) => (await find(begins, more)).json.customers.map(({ id }) => id) };
}

test('customers are found by how an identifier of any kind begins, the exact one first', async (t) => {
  const { find, ids } = await shop(t);
  assert.deepEqual(await ids('u-2'), ['u-2', 'u-20']);
  assert.deepEqual((await ids('U-')).sort(), ['u-1', 'u-2', 'u-20']);
  assert.deepEqual(await ids('BROWSER'), ['u-20']);
  assert.deepEqual(await ids('email:anna@dahl.example'), ['u-1']);
  assert.deepEqual(await ids('nna@'), []);
  const found = (await find('anna@')).json;
  assert.deepEqual(found.customers[0], { id: 'u-1', known: true, matched: { kind: 'email', value: 'anna@dahl.example' }, traits: { name: 'Anna Dahl' } });
  assert.equal(found.more, false);
  const page = (await find('u-', { limit: '1' })).json;
  assert.equal(page.customers.length, 1);
  assert.equal(page.more, true);
});

test('customers are found by how the words of their name begin', async (t) => {
  const { ids } = await shop(t);
  assert.deepEqual((await ids('an', { by: 'name' })).sort(), ['u-1', 'u-2']);
  assert.deepEqual(await ids('dahl ann', { by: 'name' }), ['u-1']);
  assert.deepEqual(await ids('éLODIE anders', { by: 'name' }), ['u-2']);
  assert.deepEqual(await ids('nna', { by: 'name' }), []);
  assert.deepEqual(await ids('u-1', { by: 'name' }), []);
  assert.deepEqual(await ids('(', { by: 'name' }), []);
});

test('what cannot be typed is refused at its place', async (t) => {
  const { server, find } = await shop(t);
  for (const [begins, more, pointer] of [
    ['', {}, '/begins'], ['   ', {}, '/begins'], ['x'.repeat(201), {}, '/begins'], ['a', { by: 'shoe size' }, '/by'], ['a', { limit: '51' }, '/limit'], ['a', { limit: '0' }, '/limit'],
  ]) {
    const answer = await find(begins, more);
    assert.equal(answer.status, 422, answer.text);
    assert.equal(answer.json.pointer, pointer, answer.text);
  }
  assert.equal((await find('x'.repeat(200))).status, 200);
  assert.equal((await server.request('/api/v1/customers?begins=a', { key: server.key('write', 'other') })).status, 403);
});
