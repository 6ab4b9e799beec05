// The first administrator: what was set from the command line or by the demo stays unless it is given anew.
import assert from 'node:assert/strict';
import test from 'node:test';
import { must, serverFor, sleep } from '../support/firsthand.mjs';

const headers = { 'x-firsthand': '1', 'content-type': 'application/json' };

async function setupToken(server) {
  for (let turn = 0; turn < 100; turn++) {
    const found = /\/setup#(\S+)/.exec(server.stdout);
    if (found) return found[1];
    await sleep(20);
  }
  throw new Error(server.stdout);
}

test('before set-up the session tells what is set already, and set-up leaves what it is not given', async (t) => {
  const server = await serverFor(t);
  let session = await server.request('/api/v1/session');
  assert.equal(session.status, 401);
  assert.deepEqual([session.json.setup, session.json.organisation], [true, { name: null, timezone: null }]);

  must(['config', 'set', 'organisation', 'Tindra "Outdoor"', '--data', server.data]);
  must(['config', 'set', 'timezone', 'Europe/Oslo', '--data', server.data]);
  session = await server.request('/api/v1/session');
  assert.deepEqual(session.json.organisation, { name: 'Tindra "Outdoor"', timezone: 'Europe/Oslo' });

  const who = { token: await setupToken(server), name: 'Ann', email: 'ann@shop.example', password: 'a short sentence is good' };
  const made = await server.request('/api/v1/setup', { body: who, headers });
  assert.equal(made.status, 200, made.text);
  assert.deepEqual(made.json.organisation, { name: 'Tindra "Outdoor"', timezone: 'Europe/Oslo' });
  const after = await server.request('/api/v1/session');
  assert.equal(after.json.setup, false);
  assert.equal(after.json.organisation, undefined, 'nothing about the organisation to strangers');
});

test('set-up wants a name where none is set, refuses an unknown zone, and uses up no token on either', async (t) => {
  const server = await serverFor(t);
  const who = { token: await setupToken(server), name: 'Ann', email: 'ann@shop.example', password: 'a short sentence is good' };
  for (const [more, pointer] of [[{}, '/organisation'], [{ organisation: '  ' }, '/organisation'], [{ organisation: 'Shop', timezone: 'Europe/Olso' }, '/timezone']]) {
    const refused = await server.request('/api/v1/setup', { body: { ...who, ...more }, headers });
    assert.equal(refused.status, 422, refused.text);
    assert.equal(refused.json.pointer, pointer);
  }
  const made = await server.request('/api/v1/setup', { body: { ...who, organisation: ' Shop ', timezone: 'Europe/Oslo' }, headers });
  assert.equal(made.status, 200, made.text);
  assert.deepEqual(made.json.organisation, { name: 'Shop', timezone: 'Europe/Oslo' });
  const again = await server.request('/api/v1/setup', { body: { ...who, organisation: 'Other' }, headers });
  assert.ok([401, 403, 409].includes(again.status), again.text);
});
