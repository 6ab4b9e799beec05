// Internal customers: left out of every question by rule, visibly, and back with one word.
import assert from 'node:assert/strict';
import test from 'node:test';
import { must, run, serverFor } from '../support/firsthand.mjs';

const range = { from: '2026-05-01', to: '2026-05-02' };
const at = (minutes) => new Date(Date.parse('2026-05-01T10:00:00Z') + minutes * 60_000).toISOString();
const browser = 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0';
const who = [
  ['ann', { email: 'ann@shop.example' }, browser, '198.51.100.7'],
  ['bob', { email: 'bob@Fjordline.example' }, browser, '198.51.100.8'],
  ['eve@mail.fjordline.example', {}, browser, '198.51.100.9'],
  ['mallory', { email: 'mallory@fjordline.example.evil' }, browser, '198.51.100.10'],
  ['robot', {}, 'Mozilla/5.0 (compatible; Googlebot/2.1)', '198.51.100.11'],
  ['tester', { role: 'staff' }, browser, '192.0.2.44'],
];

async function shop(t) {
  const server = await serverFor(t);
  const key = server.key('secret', 'reader');
  must(['source', 'set', 'web', '--keep-user-agent', 'on', '--keep-address', 'on', '--data', server.data]);
  const batch = who.flatMap(([userId, traits, userAgent, ip], i) => [
    { type: 'identify', userId, traits, timestamp: at(i) },
    { type: 'track', userId, event: 'Visit', timestamp: at(10 + i), context: { userAgent, ip } },
    { type: 'track', userId, event: 'Buy', timestamp: at(20 + i), properties: { price: 10 } },
  ]);
  const sent = await server.request('/v1/batch', { body: { batch }, headers: { authorization: `Basic ${btoa(`${server.key('write', 'web')}:`)}` } });
  assert.equal(sent.status, 200, sent.text);
  const ask = async (question) => {
    const answer = await server.query(key, question);
    assert.equal(answer.status, 200, answer.text);
    return answer.json;
  };
  const ids = async (more = {}) => (await ask({ kind: 'customers', ...more })).customers.map(({ id }) => id).sort();
  const set = (...args) => must(['internal', 'set', ...args, '--data', server.data]);
  return { server, key, ask, ids, set };
}
const everybody = who.map(([id]) => id).sort();
const but = (...names) => everybody.filter((id) => !names.includes(id));

test('without a rule everybody counts, and answers are as they were', async (t) => {
  const { ask, ids, server, key } = await shop(t);
  assert.deepEqual(await ids(), everybody);
  assert.deepEqual(await ids({ internal: 'only' }), []);
  assert.equal('internal' in (await ask({ kind: 'customers' })), false);
  assert.deepEqual((await server.request('/api/v1/internal', { key })).json, { rules: {}, segment: null, customers: 0 });
});

test('each rule names its customers: domains, ids, traits, segments, addresses, bots', async (t) => {
  const { server, ids, set } = await shop(t);
  must(['segment', 'save', 'crew', '-', '--data', server.data], { input: '{"trait":["role","=","staff"]}' });
  for (const [args, left] of [
    [['--email-domain', 'fjordline.example'], ['bob', 'eve@mail.fjordline.example']],
    [['--email-domain', '', '--customer', 'ann, bob'], ['ann', 'bob']],
    [['--customer', '', '--trait', 'role = staff'], ['tester']],
    [['--trait', '', '--segment', 'crew'], ['tester']],
    [['--segment', '', '--address', '192.0.2.0/24'], ['tester']],
    [['--address', '198.51.100.7'], ['ann']],
    [['--address', '', '--bots', 'on'], ['robot']],
    [['--email-domain', 'fjordline.example', '--trait', 'role = staff'], ['bob', 'eve@mail.fjordline.example', 'robot', 'tester']],
    [['--email-domain', '', '--trait', '', '--bots', 'off'], []],
  ]) {
    set(...args);
    assert.deepEqual(await ids(), but(...left), args.join(' '));
    assert.deepEqual(await ids({ internal: 'only' }), [...left].sort());
    assert.deepEqual(await ids({ internal: 'included' }), everybody);
  }
});

test('every kind of question leaves them out, says so, and opens to exactly the rest', async (t) => {
  const { server, ask, set } = await shop(t);
  set('--email-domain', 'fjordline.example', '--bots', 'on', '--trait', 'role = staff');
  const buys = { kind: 'trend', series: [{ event: 'Buy', measure: 'customers' }], range };
  const answer = await ask(buys);
  assert.equal(answer.internal, 'left out');
  assert.deepEqual(answer.warnings, []);
  assert.equal(answer.series[0].total, 2);
  const opened = await ask({ ...buys, open: { series: 0 } });
  assert.deepEqual(opened.customers.map(({ id }) => id).sort(), ['ann', 'mallory']);
  assert.equal((await ask({ ...buys, internal: 'included' })).series[0].total, 6);
  assert.equal((await ask({ ...buys, internal: 'included' })).internal, 'included');
  const only = await ask({ ...buys, internal: 'only' });
  assert.equal(only.series[0].total, 4);
  // With a segment of the question's own, both hold.
  assert.equal((await ask({ ...buys, segment: { trait: ['id', 'in', ['ann', 'bob']] } })).series[0].total, 1);
  for (const question of [
    { kind: 'funnel', steps: [{ event: 'Visit' }, { event: 'Buy' }], window: '1h' },
    { kind: 'retention', start: { event: 'Visit' }, return: { event: 'Buy' }, interval: 'day', periods: 1 },
    { kind: 'lifecycle', event: 'Buy', interval: 'day' }, { kind: 'stickiness', event: 'Buy', interval: 'day' },
    { kind: 'time_between', from: { event: 'Visit' }, to: { event: 'Buy' } }, { kind: 'paths', start: { event: 'Visit' } },
    { kind: 'verbatims' }, { kind: 'score', metric: 'nps' },
  ]) {
    const left = await ask({ ...question, range });
    assert.equal(left.internal, 'left out', question.kind);
    const same = await ask({ ...question, range, internal: 'included', segment: { trait: ['id', 'in', ['ann', 'mallory']] } });
    for (const one of [left, same]) for (const name of ['as_of', 'stats', 'internal']) delete one[name];
    assert.deepEqual(left, same, question.kind);
  }
  // Somebody who is looked for is found, whoever it is.
  assert.equal((await ask({ kind: 'customers', search: 'bob' })).total, 1);
  assert.equal((await ask({ kind: 'customers', search: 'bob', internal: 'left out' })).total, 0);
  const told = JSON.parse(must(['internal', 'show', '--json', '--data', server.data]));
  assert.equal(told.customers, 4);
  assert.match(must(['internal', 'show', '--data', server.data]), /customers left out +4/);
  assert.match(must(['trend', 'Buy', '--measure', 'customers', '--from', '2026-05-01', '--to', '2026-05-02', '--internal', 'included', '--format', 'csv', '--data', server.data]), /6/);
  // The catalogue counts what is stored, and surveys decide about everybody.
  assert.equal(JSON.parse(must(['catalogue', 'show', 'event', 'Buy', '--json', '--data', server.data])).count, 6);
});

test('a rule whose segment is gone leaves nobody out by it, and one that is wrong is refused with its place', async (t) => {
  const { server, ids, set } = await shop(t);
  must(['segment', 'save', 'crew', '-', '--data', server.data], { input: '{"trait":["role","=","staff"]}' });
  set('--segment', 'crew', '--customer', 'ann');
  must(['segment', 'delete', 'crew', '--data', server.data]);
  assert.deepEqual(await ids(), but('ann'));
  const data = ['--data', server.data];
  for (const [args, words] of [
    [['--segment', 'crew'], /\/segments\/0: there is no saved segment "crew"/],
    [['--address', '10.0.0.0/9'], /\/addresses\/0: expected an address, or a range that ends at a dot/],
    [['--address', 'office'], /\/addresses\/0/],
    [['--email-domain', 'ann@shop.example'], /\/email_domains\/0: expected a domain/],
    [['--trait', 'role matches ['], /\/traits: /],
    [['--bots', 'perhaps'], /--bots is on or off/],
  ]) {
    const done = run(['internal', 'set', ...args, ...data]);
    assert.equal(done.code, 2, args.join(' '));
    assert.match(done.stderr, words);
  }
  assert.deepEqual(await ids(), but('ann'));
  const answer = await server.request('/api/v1/query', { key: server.key('secret', 'two'), body: { kind: 'customers', internal: 'out' } });
  assert.equal(answer.status, 422);
  assert.equal(answer.json.pointer, '/internal');
});
