// Contacting customers through the server: the decision API, the policy, consents, and who may do what.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import test from 'node:test';
import { Server, must, run, serverFor, temporaryDirectory } from '../support/firsthand.mjs';

const DAY = 86400000;

async function timeline(server, key, customer) {
  const answer = await server.request(`/api/v1/customers/${encodeURIComponent(customer)}/timeline`, { key });
  return answer.json?.events ?? [];
}

test('a customer is contacted once, and both the contact and the skip are on the timeline with their reason', async (t) => {
  const server = await serverFor(t);
  const secret = server.key('secret', 'shop');
  const client = server.key('client', 'page');
  const decide = (body, key = client) => server.request('/api/v1/decide', { key, body });

  const looked = await decide({ anonymousId: 'a1', channel: 'web', dry_run: true });
  assert.equal(looked.status, 200, looked.text);
  assert.deepEqual(looked.json, { contact: { allowed: true, reason: 'allowed', next_at: looked.json.contact.next_at }, survey: { survey: null, reason: 'no-survey' }, dry_run: true });
  assert.deepEqual(await timeline(server, secret, 'a1'), [], 'looking writes nothing');

  const first = await decide({ anonymousId: 'a1', channel: 'web' });
  assert.equal(first.json.contact.allowed, true);
  for (let i = 0; i < 5; i++) {
    const again = await decide({ anonymousId: 'a1', channel: 'email' }, secret);
    assert.equal(again.json.contact.allowed, false);
    // Between 21 and 8 it is the quiet hours that say no first: this test runs at any hour.
    assert.ok(['waiting-time', 'quiet-hours'].includes(again.json.contact.reason));
    assert.ok(Date.parse(again.json.contact.next_at) > Date.now() + 6.9 * DAY);
  }
  const events = await timeline(server, secret, 'a1');
  assert.equal(events.length, 2, 'one contact, and the same skip once in the hour');
  assert.deepEqual(events.map((one) => [one.event, one.channel, one.properties.purpose, one.properties.outcome]),
    [['contacted', 'email', 'survey', 'skipped'], ['contacted', 'web', 'survey', 'allowed']]);

  // The same customer by another name: joined, their contacts are one.
  await server.request('/api/v1/events', { key: secret, body: { userId: 'ann', anonymousId: 'a1', event: 'Signed In', ts: new Date().toISOString() } });
  const joined = await decide({ userId: 'ann', channel: 'web' });
  assert.deepEqual([joined.json.contact.allowed, joined.json.contact.reason], [false, 'waiting-time']);

  const why = await server.request('/api/v1/customers/ann/contact?channel=web', { key: secret });
  assert.equal(why.json.allowed, false);
  assert.equal(why.json.reason, 'waiting-time');
  assert.equal(why.json.contacts.length, 1);
  assert.deepEqual(why.json.rules.filter((rule) => !rule.passed).map((rule) => rule.rule), ['waiting-time']);
});

test('where surveys are live, the contact is the survey, counted once, and nothing is counted where none is shown', async (t) => {
  const server = await serverFor(t);
  const secret = server.key('secret', 'shop');
  const client = server.key('client', 'page');
  const { json: { templates } } = await server.request('/api/v1/surveys/templates', { key: secret });
  const { definition } = templates.find(({ id }) => id === 'nps');
  // Only those who ordered are asked.
  await server.request('/api/v1/surveys', { key: secret, body: { id: 'ask', definition: { ...definition, whom: { did: { event: 'Order Completed' } } } } });
  assert.equal((await server.request('/api/v1/surveys/ask/publish', { method: 'POST', key: secret })).status, 200);
  const decide = (userId, more = {}) => server.request('/api/v1/decide', { key: client, body: { userId, channel: 'web', ...more } });
  const contacts = async (customer) => (await timeline(server, secret, customer)).filter((one) => one.event === 'contacted' && one.properties.outcome === 'allowed');
  for (const userId of ['ann', 'bea']) {
    await server.request('/api/v1/events', { key: secret, body: { userId, event: userId === 'ann' ? 'Order Completed' : 'Visit', ts: new Date().toISOString() } });
  }
  const looked = await decide('ann', { dry_run: true });
  assert.deepEqual([looked.json.contact.allowed, (await contacts('ann')).length], [true, 0]);
  const shown = await decide('ann');
  assert.equal(shown.json.contact.allowed, true, shown.text);
  assert.equal(shown.json.survey.survey.id, 'ask');
  const [contact, ...more] = await contacts('ann');
  assert.deepEqual([contact.properties.survey, more.length], ['ask', 0], 'one contact, the survey’s own');
  // Nothing to ask: not allowed, with the survey's reason, and nothing is used up.
  const passed = await decide('bea');
  assert.equal(passed.json.contact.allowed, false);
  assert.equal(passed.json.contact.reason, passed.json.survey.reason);
  assert.equal((await contacts('bea')).length, 0);
  // A message is a contact like any other; so soon after a survey there is none.
  assert.equal((await decide('ann', { purpose: 'message' })).json.contact.allowed, false);
  // The policy speaks first where it forbids: muted is muted.
  await server.request('/api/v1/consents', { key: secret, body: { userId: 'bea', purpose: '*', state: 'withdrawn', how: 'by phone' } });
  assert.equal((await decide('bea')).json.contact.reason, 'muted');
});

test('a retry with the message_id of the contact gets the same answer and no second contact', async (t) => {
  const server = await serverFor(t);
  const secret = server.key('secret', 'shop');
  const ask = (message_id) => server.request('/api/v1/decide', { key: secret, body: { userId: 'ann', channel: 'web', message_id } });
  assert.equal((await ask('mail-7')).json.contact.allowed, true);
  assert.equal((await ask('mail-7')).json.contact.allowed, true);
  assert.equal((await ask('mail-8')).json.contact.allowed, false);
  const contacts = (await timeline(server, secret, 'ann')).filter((one) => one.properties.outcome === 'allowed');
  assert.equal(contacts.length, 1);
});

test('many at once never exceed the cap', async (t) => {
  const server = await serverFor(t);
  const secret = server.key('secret', 'shop');
  must(['policy', 'set', '-', '--data', server.data], { input: '{"waiting_days":0,"caps":[[30,3]],"quiet_hours":null}' });
  const answers = await Promise.all(Array.from({ length: 60 }, (_, i) =>
    server.request('/api/v1/decide', { key: secret, body: { userId: `u${i % 3}`, channel: 'email' } })));
  for (const answer of answers) assert.equal(answer.status, 200, answer.text);
  assert.equal(answers.filter((answer) => answer.json.contact.allowed).length, 9);
  for (const user of ['u0', 'u1', 'u2']) {
    const contacts = (await timeline(server, secret, user)).filter((one) => one.properties.outcome === 'allowed');
    assert.equal(contacts.length, 3);
  }
});

test('the key may stand in the body, as plain text, from a page of another origin', async (t) => {
  const server = await serverFor(t);
  const client = server.key('client', 'page', ['--origin', 'https://shop.example']);
  const send = (body, headers = {}) => server.request('/api/v1/decide', { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'text/plain', origin: 'https://shop.example', ...headers } });
  const answer = await send({ key: client, anonymousId: 'a1', channel: 'web', dry_run: true });
  assert.equal(answer.status, 200, answer.text);
  assert.equal(answer.headers.get('access-control-allow-origin'), 'https://shop.example');
  assert.equal((await send({ key: client, anonymousId: 'a1', channel: 'web' }, { origin: 'https://evil.example' })).status, 403);
  assert.equal((await send({ anonymousId: 'a1', channel: 'web' })).status, 401);
  assert.equal((await send({ key: server.key('write', 'w'), anonymousId: 'a1', channel: 'web' })).status, 403);
  assert.equal((await server.request('/api/v1/decide', { key: client, body: '[' })).status, 400);
  for (const [body, pointer] of [
    [{ anonymousId: 'a1' }, ''], [{ channel: 'web' }, ''], [{ channel: '', userId: 'u' }, '/channel'],
    [{ channel: 'web', userId: 'u', dryrun: true }, '/dryrun'], [{ channel: 'web', userId: 'u', customer: 'u' }, '/customer'],
    [{ channel: 'web', userId: 'u', purpose: '' }, '/purpose'], [{ channel: 'web', userId: 'u', dry_run: 1 }, '/dry_run'],
    [{ channel: 'x'.repeat(300), userId: 'u' }, '/channel'], [{ channel: 'web', userId: 'u'.repeat(600) }, undefined],
  ]) {
    const wrong = await server.request('/api/v1/decide', { key: client, body });
    assert.equal(wrong.status, 422, JSON.stringify(body));
    assert.equal(wrong.json.pointer ?? undefined, pointer === '' ? wrong.json.pointer : pointer, wrong.text);
  }
  // A secret key asks about those who are known; a public one must not learn who is.
  const named = { customer: 'email:nobody@shop.example', channel: 'web', dry_run: true };
  assert.equal((await server.request('/api/v1/decide', { key: server.key('secret', 'known'), body: named })).status, 404);
  const unseen = await server.request('/api/v1/decide', { key: client, body: named });
  assert.deepEqual([unseen.status, unseen.json.contact.allowed], [200, true]);
  const refused = (await server.request('/metrics', { key: server.key('secret', 's') })).text.match(/firsthand_requests_refused_total (\d+)/);
  assert.ok(refused === null || refused[1] === '0', 'a decision is no intake');
});

test('consents are recorded with their proof, read with their history, and decide', async (t) => {
  const server = await serverFor(t);
  const secret = server.key('secret', 'shop');
  const record = (body) => server.request('/api/v1/consents', { key: secret, body });
  const decide = async () => (await server.request('/api/v1/decide', { key: secret, body: { userId: 'ann', channel: 'web', purpose: 'message', dry_run: true } })).json.contact;

  assert.equal((await decide()).reason, 'no-consent');
  assert.equal((await decide()).next_at, null);
  for (const [body, pointer] of [
    [{ userId: 'ann', purpose: 'message', state: 'yes', how: 'h' }, '/state'],
    [{ userId: 'ann', purpose: 'message', state: 'granted', how: 'h' }, ''],
    [{ userId: 'ann', purpose: 'message', state: 'granted', wording: 'w' }, ''],
    [{ userId: 'ann', purpose: 'message', state: 'withdrawn', how: 'h', until: 'soon' }, '/until'],
    [{ userId: 'ann', purpose: '', state: 'withdrawn', how: 'h' }, '/purpose'],
  ]) {
    const wrong = await record(body);
    assert.equal(wrong.status, 422, wrong.text);
    assert.equal(wrong.json.pointer ?? '', pointer, wrong.text);
  }
  assert.equal((await record({ userId: 'ann', purpose: 'message', state: 'granted', wording: 'You may send me news.', how: 'sign-up form, box ticked' })).status, 201);
  assert.equal((await decide()).allowed, true);
  // From any source, as a plain event.
  await server.request('/api/v1/events', { key: secret, body: { userId: 'ann', event: 'consent', ts: new Date().toISOString(),
    properties: { purpose: '*', state: 'withdrawn', how: 'call centre', until: new Date(Date.now() + 30 * DAY).toISOString() } } });
  assert.equal((await decide()).reason, 'muted');
  assert.ok(Date.parse((await decide()).next_at) > Date.now() + 29 * DAY);

  const read = (await server.request('/api/v1/customers/ann/consents', { key: secret })).json;
  assert.equal(read.muted, true);
  const message = read.consents.find((one) => one.purpose === 'message');
  assert.deepEqual([message.state, message.needed, message.wording, message.how, message.source],
    ['granted', true, 'You may send me news.', 'sign-up form, box ticked', 'preferences']);
  assert.deepEqual(read.history.map((one) => [one.purpose, one.state]), [['*', 'withdrawn'], ['message', 'granted']]);
  const shown = (await server.request('/api/v1/customers/ann', { key: secret })).json;
  assert.equal(shown.consents.find((one) => one.purpose === 'message').state, 'granted');

  // A segment asks for it like for any event.
  const segment = { kind: 'customers', segment: { did: { event: 'consent', where: [['purpose', '=', 'message'], ['state', '=', 'granted']] } } };
  const found = await server.query(secret, segment);
  assert.equal(found.json.total ?? found.json.customers?.length, 1, found.text);
});

test('the policy is shown to those who ask, changed by those who may, and its change is in the trail', async (t) => {
  const server = await serverFor(t);
  const secret = server.key('secret', 'shop');
  const shown = await server.request('/api/v1/policy', { key: secret });
  assert.deepEqual([shown.json.waiting_days, shown.json.caps, shown.json.quiet_hours],
    [7, [[365, 4]], { from: '21:00', to: '08:00', except: ['web', 'app'] }]);
  assert.equal((await server.request('/api/v1/policy', { method: 'PUT', key: secret, body: {} })).status, 403, 'that takes a person');
  must(['policy', 'set', '-', '--data', server.data], { input: '{"waiting_days":14,"channels":{"email":{"caps":[[30,1]]}}}' });
  const changed = JSON.parse(must(['policy', 'show', '--data', server.data]));
  assert.deepEqual([changed.waiting_days, changed.caps, changed.channels], [14, [[365, 4]], { email: { waiting_days: 0, caps: [[30, 1]] } }]);
  const trail = spawnSync('sqlite3', [join(server.data, 'state.db'), "SELECT detail FROM audit WHERE action = 'policy.save'"], { encoding: 'utf8' });
  const { before, after } = JSON.parse(trail.stdout);
  assert.deepEqual([before.waiting_days, after.waiting_days], [7, 14]);
  const wrong = run(['policy', 'set', '-', '--data', server.data], { input: '{"caps":[[365,4],[30]]}' });
  assert.equal(wrong.code, 2);
  assert.match(wrong.stderr, /\/caps\/1: a cap is a list of two/);
});

test('a kill in mid-load loses no contact that was allowed, and makes none twice', async (t) => {
  const data = temporaryDirectory(t);
  let server = await Server.start(data);
  t.after(() => server.stop('SIGKILL'));
  const key = server.key('secret', 'shop');
  const allowed = new Set();
  for (let turn = 0; turn < 3; turn++) {
    const asking = Array.from({ length: 8 }, async () => {
      for (let i = 0; i < 400; i++) {
        const userId = `u${turn * 1000 + Math.floor(Math.random() * 200)}`;
        try {
          const answer = await server.request('/api/v1/decide', { key, body: { userId, channel: 'web' } });
          if (answer.json?.contact?.allowed) {
            assert.ok(!allowed.has(userId), `${userId} was contacted twice`);
            allowed.add(userId);
          }
        } catch (error) {
          if (error instanceof assert.AssertionError) throw error;
          return; // the server is gone
        }
      }
    });
    await new Promise((done) => setTimeout(done, 120 + turn * 60));
    server.process.kill('SIGKILL');
    await Promise.all([server.exited, ...asking]);
    server = await Server.start(data);
    for (const userId of allowed) {
      const contacts = (await timeline(server, key, userId)).filter((one) => one.properties.outcome === 'allowed');
      assert.equal(contacts.length, 1, userId);
    }
  }
  assert.ok(allowed.size > 10, `${allowed.size} contacts`);
});
