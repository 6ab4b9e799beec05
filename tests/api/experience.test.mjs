// What a customer was worth and what went wrong for them: over HTTP and on the command line.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { must, run, serverFor } from '../support/firsthand.mjs';

const at = (day, hour = 10, minute = 0) => `2026-05-${String(day).padStart(2, '0')}T${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}:00Z`;
const order = (userId, day, revenue, currency) => ({ userId, event: 'Order Completed', ts: at(day), properties: { revenue, ...(currency ? { currency } : {}) } });
const lines = [
  order('ann', 1, 0.25, 'NOK'), order('ann', 3, 0.5, 'NOK'), order('ann', 9, 5, 'EUR'), order('ann', 10, 'free', 'NOK'), order('ann', 11, [1, 2]),
  order('bob', 2, 0.5, 'NOK'), order('cid', 2, 900, 'NOK'),
  { userId: 'dan', event: 'Page Viewed', ts: at(1) },
  { userId: 'eve', event: 'Checkout Started', ts: at(1) },
  { userId: 'eve', event: 'Payment Failed', ts: at(1, 10, 5), properties: { error: 'timeout' } },
  { userId: 'eve', event: 'feedback', ts: at(2), channel: 'email', text: '<b>Nine days.</b>' },
  { userId: 'eve', event: 'contacted', ts: at(2, 12), channel: 'email', properties: { purpose: 'survey', outcome: 'allowed' } },
  { userId: 'eve', event: 'contacted', ts: at(3), channel: 'email', properties: { purpose: 'message', outcome: 'skipped' } },
  { userId: 'eve', event: 'contacted', ts: at(11), channel: 'email', properties: { purpose: 'message', outcome: 'allowed' } },
  { userId: 'eve', event: 'feedback', ts: at(12), channel: 'survey', score: 3, scale: 'nps', text: 'Not again.' },
  ...[0, 1, 2, 3, 4].map((n) => ({ userId: 'fay', event: 'Code Entered', ts: `2026-05-01T10:00:0${n}Z` })),
];

async function withLives(t) {
  const server = await serverFor(t);
  const secret = server.key('secret', 'reader');
  const sent = await server.request('/api/v1/events', {
    key: secret, body: lines.map((line) => JSON.stringify(line)).join('\n'), headers: { 'content-type': 'application/x-ndjson' },
  });
  assert.equal(sent.json.stored, lines.length, sent.text);
  const get = async (path) => {
    const answer = await server.request(path, { key: secret });
    assert.equal(answer.status, 200, answer.text);
    return answer.json;
  };
  // Keys give no right to settings: people and the machine's operator do.
  const put = (body) => run(['experience', 'set', '-', '--data', server.data], { input: JSON.stringify(body) });
  return { server, secret, get, put };
}

test('value is added up by currency, exactly, and every number opens to itself', async (t) => {
  const { server, secret, get } = await withLives(t);
  const value = await get('/api/v1/customers/ann/value');
  assert.equal(value.guessed, true);
  assert.deepEqual(value.rule, { event: 'Order Completed', property: 'revenue', currency: 'currency' });
  assert.deepEqual(value.amounts.map((each) => [each.currency, each.sum, each.events, each.average]), [
    ['NOK', 0.75, 3, 0.375], ['EUR', 5, 1, 5], [null, 3, 1, 1.5],
  ]);
  for (const each of value.amounts) {
    const answer = (await server.query(secret, each.question)).json;
    assert.deepEqual(answer.series.map((series) => series.total), [each.sum, each.events, each.average], JSON.stringify(answer));
    const opened = (await server.query(secret, { ...each.question, as_of: answer.as_of, open: { series: 0 } })).json;
    assert.deepEqual(opened.customers.map((row) => [row.id, row.value]), [['ann', each.sum]]);
  }
  assert.deepEqual(value.events.map((each) => [each.ts.slice(0, 10), each.amount, each.currency]), [
    ['2026-05-11', 3, null], ['2026-05-10', null, 'NOK'], ['2026-05-09', 5, 'EUR'], ['2026-05-03', 0.5, 'NOK'], ['2026-05-01', 0.25, 'NOK'],
  ]);
  assert.equal((await get('/api/v1/customers/ann/value?limit=1')).events.length, 1);
});

test('a customer is compared with all who have value in the same currency', async (t) => {
  const { server, secret, get } = await withLives(t);
  const others = async (id) => {
    const { amounts } = await get(`/api/v1/customers/${id}/value`);
    const ask = async (question) => (await server.query(secret, question)).json.total;
    return [await ask(amounts[0].others.below), await ask(amounts[0].others.with_value)];
  };
  assert.deepEqual(await others('bob'), [0, 3]);
  assert.deepEqual(await others('ann'), [1, 3]);
  assert.deepEqual(await others('cid'), [2, 3]);
});

test('who never paid has no value, and who is not there is not found', async (t) => {
  const { server, secret, get } = await withLives(t);
  const value = await get('/api/v1/customers/dan/value');
  assert.deepEqual([value.total, value.amounts, value.events], [0, [], []]);
  const wrong = await get('/api/v1/customers/dan/wrong');
  assert.deepEqual([wrong.total, wrong.found], [0, []]);
  for (const what of ['value', 'wrong']) {
    assert.equal((await server.request(`/api/v1/customers/nobody/${what}`, { key: secret })).status, 404);
    assert.equal((await server.request(`/api/v1/customers/dan/${what}?limit=1001`, { key: secret })).status, 422);
    assert.equal((await server.request(`/api/v1/customers/dan/${what}`)).status, 401);
  }
});

test('what went wrong stands newest first, each at its place in the timeline, with its reason', async (t) => {
  const { get } = await withLives(t);
  const wrong = await get('/api/v1/customers/eve/wrong');
  assert.deepEqual(wrong.found.map((each) => [each.kind, each.ts.slice(0, 10), each.guessed]), [
    ['low score', '2026-05-12', false], ['waited', '2026-05-02', false], ['failed', '2026-05-01', true], ['abandoned', '2026-05-01', true],
  ]);
  assert.deepEqual(wrong.counts, { 'low score': 1, failed: 1, repeated: 0, abandoned: 1, unanswered: 0, waited: 1 });
  const { events } = await get('/api/v1/customers/eve/timeline');
  const places = new Map(events.map((event) => [event.place, event]));
  for (const each of wrong.found) {
    assert.equal(places.get(each.place).event, each.event);
    assert.equal(places.get(each.place).ts, each.ts);
    assert.ok(each.why.endsWith('.'), each.why);
  }
  const waited = wrong.found[1];
  assert.equal(waited.why, 'Wrote to us and had an answer after 9 days; more than 3 days is long.');
  assert.equal(places.get(waited.answer).ts, '2026-05-11T10:00:00.000Z');
  assert.equal(waited.text, '<b>Nine days.</b>');
  const newest = await get('/api/v1/customers/eve/wrong?limit=1');
  assert.deepEqual([newest.total, newest.found.length, newest.found[0].kind], [4, 1, 'low score']);
});

test('the same thing many times in a short time went wrong, if nothing finished', async (t) => {
  const { get } = await withLives(t);
  const [found] = (await get('/api/v1/customers/fay/wrong')).found;
  assert.deepEqual([found.kind, found.times, found.since, found.ts], ['repeated', 5, '2026-05-01T10:00:00.000Z', '2026-05-01T10:00:04.000Z']);
});

test('a page of the timeline begins below a place', async (t) => {
  const { get } = await withLives(t);
  const { events } = await get('/api/v1/customers/eve/timeline');
  const from = await get(`/api/v1/customers/eve/timeline?cursor=${events[2].place}`);
  assert.deepEqual(from.events, events.slice(3));
  const up = await get(`/api/v1/customers/eve/timeline?order=oldest&cursor=${events[2].place}`);
  assert.deepEqual(up.events, events.slice(0, 2).reverse());
});

test('the rules are the organisation\'s: kept, merged, taken back, and shown as they hold', async (t) => {
  const { get, put } = await withLives(t);
  const before = await get('/api/v1/experience');
  assert.deepEqual(before.set, {});
  assert.equal(before.in_force.value.guessed, true);
  assert.deepEqual(before.in_force.failures, { guessed: true, matchers: [{ event: 'Payment Failed' }] });
  assert.deepEqual(before.in_force.begin, { guessed: true, matcher: { event: 'Checkout Started' } });
  const value = { event: 'Order Completed', where: [['revenue', '>', 0.3]], property: 'revenue', currency: { is: 'SEK' } };
  assert.equal(put({ value }).code, 0);
  const wrong = { failures: [{ event: 'Payment Failed', where: [['error', '=', 'card']] }], steps: false, answers: { within: '10d' }, scores: { nps: 2 } };
  assert.equal(put({ wrong }).code, 0);
  const after = await get('/api/v1/experience');
  assert.deepEqual(after.set, { value, wrong });
  assert.equal(after.in_force.value.guessed, false);
  const ann = await get('/api/v1/customers/ann/value');
  assert.equal(ann.guessed, false);
  assert.deepEqual(ann.amounts.map((each) => [each.currency, each.sum, each.events]), [['SEK', 8.5, 3]]);
  assert.equal((await get('/api/v1/customers/eve/wrong')).total, 0);
  assert.equal(put({ value: null, wrong: null }).code, 0);
  assert.deepEqual(await get('/api/v1/experience'), before);
});

test('a key reads the rules and does not change them', async (t) => {
  const { server, secret, get } = await withLives(t);
  const answer = await server.request('/api/v1/experience', { key: secret, method: 'PUT', body: { value: null } });
  assert.equal(answer.status, 403);
  assert.deepEqual((await get('/api/v1/experience')).set, {});
});

test('rules that cannot be read are refused at their place, and nothing is saved', async (t) => {
  const { get, put } = await withLives(t);
  const cases = [
    [{ valeu: {} }, '/valeu', /did you mean "value"/],
    [{ value: 5 }, '/value', /an object/],
    [{ value: { property: 'revenue' } }, '/value/event', /name of an event/],
    [{ value: { event: 'A' } }, '/value/property', /name of a property/],
    [{ value: { event: 'A', property: '' } }, '/value/property', /1 to 200 bytes/],
    [{ value: { event: 'A', property: 'x', currency: { code: 'EUR' } } }, '/value/currency', /\{"is": "EUR"\}/],
    [{ value: { event: 'A', property: 'x', evnt: 1 } }, '/value/evnt', /did you mean "event"/],
    [{ value: { event: 'A', property: 'x', where: [['x', '~', 1]] } }, '/value/where/0/1', /./],
    [{ wrong: { scores: { nps: 11 } } }, '/wrong/scores/nps', /0 to 10/],
    [{ wrong: { failures: [{ event: 'A' }, { evnt: 'B' }] } }, '/wrong/failures/1/evnt', /did you mean/],
    [{ wrong: { steps: { begin: { event: 5 } } } }, '/wrong/steps/begin/event', /name of an event/],
    [{ wrong: { steps: { done: { event: 'A', where: 'x' } } } }, '/wrong/steps/done/where', /./],
  ];
  for (const [body, pointer, words] of cases) {
    const { code, stderr } = put(body);
    assert.equal(code, 2, JSON.stringify(body));
    assert.ok(stderr.includes(pointer), `${pointer}: ${stderr}`);
    assert.match(stderr, words);
  }
  assert.deepEqual((await get('/api/v1/experience')).set, {});
});

test('the command line shows value and troubles, and sets the rules', async (t) => {
  const { server } = await withLives(t);
  const data = ['--data', server.data];
  const shown = must(['customer', 'show', 'eve', ...data]);
  assert.match(shown, /low score +feedback +Scored 3 \(nps\); 6 or less counts as low\./);
  assert.match(shown, /4 times something went wrong/);
  assert.match(must(['customer', 'show', 'ann', ...data]), /NOK +0\.75 +3 +0\.375 [^]*guess/);
  assert.match(must(['customer', 'value', 'ann', '--format', 'csv', ...data]), /^currency,sum,events,average,first\r?\nNOK,0\.75,3,0\.375,/);
  assert.equal(must(['customer', 'wrong', 'eve', '--limit', '2', '--format', 'csv', ...data]).trim().split('\n').length, 3);
  assert.equal(JSON.parse(must(['customer', 'wrong', 'eve', '--json', ...data])).total, 4);
  const file = join(server.data, 'rules.json');
  writeFileSync(file, '{"wrong": {"scores": false}}');
  must(['experience', 'set', file, ...data]);
  assert.deepEqual(JSON.parse(must(['experience', 'show', ...data])).set, { wrong: { scores: false } });
  must(['experience', 'set', '-', ...data], { input: '{"wrong": null}' });
  const bad = run(['experience', 'set', '-', ...data], { input: '{"wrong": {"scores": 1}}' });
  assert.equal(bad.code, 2);
  assert.match(bad.stderr, /\/wrong\/scores/);
  assert.equal(run(['customer', 'wrong', 'nobody', ...data]).code, 3);
  assert.equal(run(['customer', 'wrong', 'eve', '--limit', 'x', ...data]).code, 2);
});

test('a renamed event is the same value and the same trouble', async (t) => {
  const { server, secret, get } = await withLives(t);
  const renamed = await server.request('/api/v1/catalogue/event/Order%20Completed', { key: secret, method: 'PUT', body: { shown_as: 'Bought' } });
  assert.equal(renamed.status, 200, renamed.text);
  const value = await get('/api/v1/customers/ann/value');
  assert.equal(value.rule.event, 'Bought');
  assert.deepEqual(value.amounts.map((each) => each.sum), [0.75, 5, 3]);
});
