// Accounts: counted by questions, opened, shown with their customers, over HTTP and on the command line.
import assert from 'node:assert/strict';
import test from 'node:test';
import { must, run, serverFor } from '../support/firsthand.mjs';

const at = (minute) => `2026-05-01T10:${String(minute).padStart(2, '0')}:00Z`;
const lines = [
  { userId: 'ann', identifiers: { account: ['acme', 'Ümlaut & Co/1'] }, event: 'Invite', ts: at(0), traits: { plan: 'pro', name: 'Ann' } },
  { userId: 'bob', identifiers: { account: 'acme' }, event: 'Accept', ts: at(5) },
  { userId: 'cid', identifiers: { account: 'Ümlaut & Co/1' }, event: 'Invite', ts: at(1), traits: { plan: 'free' } },
  { userId: 'dan', event: 'Invite', ts: at(1) },
  { userId: 'dan', event: 'Accept', ts: at(2) },
  { userId: 'bob', event: 'identify', ts: at(9), traits: { seats: 7 } },
];
const range = { from: '2026-05-01', to: '2026-05-01' };

async function withAccounts(t) {
  const server = await serverFor(t);
  const secret = server.key('secret', 'reader');
  const sent = await server.request('/api/v1/events', {
    key: secret, body: lines.map((line) => JSON.stringify(line)).join('\n'), headers: { 'content-type': 'application/x-ndjson' },
  });
  assert.equal(sent.json.stored, lines.length, sent.text);
  return { server, secret, get: (path) => server.request(path, { key: secret }) };
}

test('a funnel counts accounts, and opens to them', async (t) => {
  const { server, secret } = await withAccounts(t);
  const funnel = { kind: 'funnel', steps: [{ event: 'Invite' }, { event: 'Accept' }], window: '1d', range };
  const people = (await server.query(secret, funnel)).json;
  assert.deepEqual(people.steps.map((step) => step.count), [3, 1]);
  const accounts = (await server.query(secret, { ...funnel, per: 'account' })).json;
  assert.deepEqual(accounts.steps.map((step) => step.count), [2, 1]);
  const open = { step: 2, outcome: 'dropped' };
  const opened = (await server.query(secret, { ...funnel, per: 'account', as_of: accounts.as_of, open })).json;
  assert.equal(opened.total, 1);
  assert.deepEqual(opened.customers.map((each) => [each.id, each.events, each.traits.plan]), [['Ümlaut & Co/1', 2, 'free']]);
});

test('an account is shown with its customers, those seen last first', async (t) => {
  const { server, get } = await withAccounts(t);
  const acme = (await get('/api/v1/accounts/acme')).json;
  assert.deepEqual({ ...acme, members: acme.members.map((each) => each.id) }, {
    id: 'acme', customers: 2, first_seen: '2026-05-01T10:00:00.000Z', last_seen: '2026-05-01T10:05:00.000Z', events: 2,
    traits: { name: 'Ann', plan: 'pro', seats: 7 }, members: ['bob', 'ann'],
  });
  assert.deepEqual(acme.members[1], {
    id: 'ann', known: true, first_seen: '2026-05-01T10:00:00.000Z', last_seen: '2026-05-01T10:00:00.000Z', events: 1,
    traits: { name: 'Ann', plan: 'pro' },
  });
  const odd = (await get(`/api/v1/accounts/${encodeURIComponent('Ümlaut & Co/1')}?limit=1`)).json;
  assert.equal(odd.customers, 2);
  assert.deepEqual(odd.members.map((each) => each.id), ['cid']);
  const table = must(['account', 'show', 'acme', '--data', server.data]);
  assert.match(table, /customers +2/);
  assert.match(table, /trait seats +7/);
  assert.match(table, /bob +yes +1 /);
  assert.match(must(['account', 'show', 'acme', '--limit', '1', '--format', 'csv', '--data', server.data]), /^id,known,events,first_seen,last_seen\r?\nbob,[^\n]*\n$/);
});

test('what is no account, and no limit, is said', async (t) => {
  const { server, get } = await withAccounts(t);
  const absent = await get('/api/v1/accounts/acmee');
  assert.equal(absent.status, 404);
  assert.match(absent.text, /no account/);
  const many = await get('/api/v1/accounts/acme?limit=1001');
  assert.equal(many.status, 422);
  assert.match(many.text, /1000/);
  const done = run(['account', 'show', 'nobody', '--data', server.data]);
  assert.equal(done.code, 3);
  assert.match(done.stderr, /there is no account "nobody"/);
  assert.equal((await server.request('/api/v1/accounts/acme')).status, 401);
});

test('one-line questions count accounts with --per', async (t) => {
  const { server } = await withAccounts(t);
  const trend = (...more) => JSON.parse(must(['trend', 'Invite', '--measure', 'customers', '--from', range.from, '--to', range.to, '--json', ...more,
    '--data', server.data])).series[0].total;
  assert.equal(trend(), 3);
  assert.equal(trend('--per', 'account'), 2);
  assert.match(must(['funnel', 'Invite', 'Accept', '--from', range.from, '--to', range.to, '--per', 'account', '--data', server.data]), /Accept +1 /);
  const wrong = run(['trend', 'Invite', '--per', 'company', '--data', server.data]);
  assert.equal(wrong.code, 2);
  assert.match(wrong.stderr, /account/);
});
