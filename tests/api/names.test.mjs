// Names that go by another one, hidden names, blocked names.
import assert from 'node:assert/strict';
import test from 'node:test';
import { Server, must, serverFor } from '../support/firsthand.mjs';

const at = (minutes) => new Date(Date.parse('2026-05-01T10:00:00Z') + minutes * 60_000).toISOString();
const range = { from: '2026-05-01', to: '2026-05-01' };
const events = [
  { userId: 'ann', event: 'Signed Up', ts: at(0), properties: { plan: 'pro' } },
  { userId: 'ann', event: 'order_done', ts: at(1), properties: { amount: 10 } },
  { userId: 'ann', event: 'Order Completed', ts: at(2), properties: { price: 20, amount: 1 } },
  { userId: 'bob', event: 'Signed Up', ts: at(3) },
  { userId: 'bob', event: 'orderDone', ts: at(4), properties: { Price: 'five' } },
  { userId: 'cid', event: 'Signed Up', ts: at(5) },
];

async function shop(t) {
  const server = await serverFor(t);
  const key = server.key('secret', 'reader');
  const write = server.key('write', 'web');
  const sent = await server.request('/api/v1/events', { key: write, body: events });
  assert.equal(sent.json.stored, events.length, sent.text);
  const ask = async (question) => {
    const answer = await server.query(key, question);
    assert.equal(answer.status, 200, answer.text);
    const { as_of: _, stats: __, ...rest } = answer.json;
    return rest;
  };
  const set = (...args) => must(['catalogue', 'set', ...args, '--data', server.data]);
  return { server, key, write, ask, set };
}

const trend = (event, more = {}) => ({ kind: 'trend', series: [{ event, ...more }], range, interval: 'day' });
const total = async (ask, event, more) => (await ask(trend(event, more))).series[0].total;

test('events and properties that go by one name are one in every question, by the old names too; undone exactly', async (t) => {
  const { server, key, ask, set } = await shop(t);
  const questions = [
    trend('Order Completed'), trend('order_done', { measure: 'customers' }), { ...trend('*'), breakdown: 'event' },
    trend('Order Completed', { measure: 'sum:price' }), { kind: 'funnel', steps: [{ event: 'Signed Up' }, { event: 'orderDone' }], window: '1h', range },
    { kind: 'retention', start: { event: 'Signed Up' }, return: { event: 'Order Completed' }, interval: 'day', periods: 1, range },
    { kind: 'customers', segment: { did: { event: 'orderDone', where: [['amount', 'set']] } } },
  ];
  const before = await Promise.all(questions.map(ask));
  set('event', 'order_done', '--shown-as', 'Order Completed');
  set('event', 'orderDone', '--shown-as', 'Order Completed');
  set('property', 'amount', '--shown-as', 'price');
  set('property', 'Price', '--shown-as', 'price');
  for (const name of ['Order Completed', 'order_done', 'orderDone']) {
    assert.equal(await total(ask, name), 3, name);
    assert.equal(await total(ask, name, { measure: 'customers' }), 2, name);
  }
  const groups = (await ask({ ...trend('*'), breakdown: 'event' })).series.map(({ group, total: n }) => [group, n]);
  assert.deepEqual(groups, [['Order Completed', 3], ['Signed Up', 3]]);
  // All values of one shown property count, whatever they were stored under.
  for (const name of ['price', 'amount', 'Price']) assert.equal(await total(ask, '*', { measure: `sum:${name}` }), 31, name);
  assert.equal(await total(ask, 'Order Completed', { where: [['price', '=', 'five']] }), 1);
  assert.equal(await total(ask, '*', { where: [['event', '=', 'order_done']] }), 3);
  assert.equal(await total(ask, '*', { where: [['event', 'in', ['orderDone', 'x']]] }), 3);
  assert.equal(await total(ask, '*', { where: [['event', 'starts with', 'order']] }), 0);
  const funnel = await ask({ kind: 'funnel', steps: [{ event: 'Signed Up' }, { event: 'order_done' }], window: '1h', range });
  assert.deepEqual(funnel.steps.map(({ count }) => count), [3, 2]);
  const opened = await ask({ ...trend('Order Completed', { measure: 'count' }), open: { series: 0 } });
  assert.equal(opened.customers.reduce((sum, { value }) => sum + value, 0), 3);
  const segment = await ask({ kind: 'customers', segment: { did: { event: 'Order Completed', where: [['price', 'set']] } } });
  assert.equal(segment.total, 2);
  // Suggestions, values and the timeline show the names that are shown.
  const names = await server.request('/api/v1/names?kind=event', { key });
  assert.deepEqual(names.json.names.map(({ name, count }) => [name, count]), [['Order Completed', 3], ['Signed Up', 3]]);
  const properties = await server.request('/api/v1/names?kind=property&event=order_done', { key });
  assert.deepEqual(properties.json.names.map(({ name }) => name), ['price']);
  const values = await server.request('/api/v1/names/values?property=amount&event=orderDone', { key });
  assert.deepEqual(values.json.values.map(({ value }) => value).sort(), [1, 10, 20, 'five']);
  const timeline = await server.request('/api/v1/customers/bob/timeline', { key });
  assert.deepEqual(timeline.json.events.map(({ event, stored_as, properties: all }) => [event, stored_as, all]), [
    ['Order Completed', 'orderDone', { price: 'five' }], ['Signed Up', undefined, {}],
  ]);
  const entry = (await server.request('/api/v1/catalogue/event/order_done', { key })).json;
  assert.deepEqual([entry.name, entry.count, entry.recent.count <= 3, entry.also.map(({ name, count }) => [name, count])], ['Order Completed', 3, true, [['orderDone', 1], ['order_done', 1]]]);
  for (const name of ['order_done', 'orderDone']) set('event', name, '--shown-as', '');
  for (const name of ['amount', 'Price']) set('property', name, '--shown-as', '');
  assert.deepEqual(await Promise.all(questions.map(ask)), before);
});

test('a name may be shown by one that was never sent, and stays so over a restart', async (t) => {
  const { server, key, ask, set } = await shop(t);
  set('event', 'Signed Up', '--shown-as', 'Registered');
  set('property', 'plan', '--shown-as', 'tier');
  const check = async (asking) => {
    assert.equal(await total(asking, 'Registered'), 3);
    assert.equal(await total(asking, 'Signed Up', { where: [['tier', '=', 'pro']] }), 1);
    const answer = await asking(trend('Registered', { where: [['tier', 'set']] }));
    assert.deepEqual(answer.warnings, []);
    assert.deepEqual((await asking({ ...trend('*'), breakdown: 'event', limit: 1 })).series.map(({ group }) => group).sort(), ['(other)', 'Registered']);
  };
  await check(ask);
  await server.stop();
  const again = await Server.start(server.data);
  t.after(() => again.stop('SIGKILL'));
  await check(async (question) => (await again.query(key, question)).json);
});

test('a rename that would be no plain one is refused', async (t) => {
  const { server, key, set } = await shop(t);
  set('event', 'order_done', '--shown-as', 'Order Completed');
  const put = (path, body) => server.request(`/api/v1/catalogue/${path}`, { key, method: 'PUT', body, headers: { 'content-type': 'application/json' } });
  for (const [path, shown_as, words] of [
    ['event/Order Completed', 'Signed Up', /"order_done" goes by this name: take that back first/],
    ['event/orderDone', 'order_done', /goes by "Order Completed" itself/],
    ['event/orderDone', 'orderDone', /another name/],
    ['event/orderDone', '', /another name/],
    ['event/orderDone', 'feedback', /"feedback" is written and read by the product itself/],
    ['event/contacted', 'Mailed', /"contacted" is written/],
    ['trait/plan', 'tier', /traits keep their names/],
  ]) {
    const answer = await put(path, { shown_as });
    assert.equal(answer.status, 422, answer.text);
    assert.equal(answer.json.pointer, '/shown_as');
    assert.match(answer.json.detail, words);
  }
  assert.equal((await put('event/Signed Up', { blocked: true })).status, 403);
  assert.equal((await put('event/feedback', { hidden: true })).status, 200);
});

test('a hidden name is not suggested, and still answers', async (t) => {
  const { server, key, ask, set } = await shop(t);
  set('event', 'orderDone', '--hidden', 'on');
  const names = async (more = '') => (await server.request(`/api/v1/names?kind=event${more}`, { key })).json.names.map(({ name }) => name);
  assert.ok(!(await names()).includes('orderDone'));
  assert.ok((await names('&hidden=1')).includes('orderDone'));
  assert.equal(await total(ask, 'orderDone'), 1);
  assert.equal((await server.request('/api/v1/catalogue/event/orderDone', { key })).json.hidden, true);
  set('event', 'orderDone', '--hidden', 'off');
  assert.ok((await names()).includes('orderDone'));
});

test('blocked events are refused with their reason, blocked properties and traits are left out; the ledger adds up', async (t) => {
  const { server, key, write, ask, set } = await shop(t);
  set('event', 'orderDone', '--blocked', 'on');
  set('property', 'password', '--blocked', 'on');
  set('trait', 'ssn', '--blocked', 'on');
  const body = [
    { userId: 'dan', event: 'orderDone', ts: at(10) },
    { userId: 'dan', event: 'Signed Up', ts: at(11), properties: { password: ['a', 'b'], plan: 'free' }, traits: { ssn: '1', city: 'Oslo' } },
    { userId: 'dan', ts: at(12) },
  ];
  const sent = await server.request('/api/v1/events', { key: write, body });
  assert.deepEqual([sent.json.received, sent.json.stored, sent.json.quarantined, sent.json.refused], [3, 1, 1, 1]);
  assert.deepEqual(sent.json.verdicts[0], { index: 0, verdict: 'refused', reason: 'events of this name are blocked in the catalogue', field: '/event' });
  const dan = await server.request('/api/v1/customers/dan/timeline', { key });
  assert.deepEqual(dan.json.events.map(({ properties, traits }) => [properties, traits]), [[{ plan: 'free' }, { city: 'Oslo' }]]);
  const ledger = (await server.request('/api/v1/ledger', { key })).json;
  assert.equal(ledger.balanced, true);
  assert.equal(ledger.total.refused, 1);
  for (const path of ['event/orderDone', 'property/password', 'trait/ssn']) {
    const { blocked } = (await server.request(`/api/v1/catalogue/${path}`, { key })).json;
    assert.equal(blocked.turned_away, 1, path);
    assert.ok(Date.parse(blocked.since) > Date.now() - 600_000);
  }
  // What was stored before stays, and another way in is no way round.
  assert.equal(await total(ask, 'orderDone'), 1);
  const done = JSON.parse(must(['import', '-', '--json', '--quiet', '--data', server.data], { input: `${JSON.stringify(body[0])}\n` }));
  assert.deepEqual([done.refused, done.stored], [1, 0]);
  set('event', 'orderDone', '--blocked', 'off');
  assert.equal((await server.request('/api/v1/events', { key: write, body: body[0] })).json.stored, 1);
});

// The same timelines twice: stored under many names and renamed, and stored under the shown names.
test('every kind of question over renamed names equals the same over events that were stored so', async (t) => {
  const shown = { a1: 'A', a2: 'A', b1: 'Bought' }, fields = { p1: 'price', p2: 'price' };
  let seed = 7;
  const random = (n) => (seed = (seed * 1103515245 + 12345) % 2147483648) % n;
  const pick = (...list) => list[random(list.length)];
  const sent = Array.from({ length: 600 }, (_, i) => ({
    message_id: `m${i}`, userId: `u${random(40)}`, event: pick('A', 'a1', 'a2', 'b1', 'C', 'feedback'), ts: at(random(4000)),
    channel: pick('web', 'app'), properties: { [pick('p1', 'p2', 'price', 'other')]: pick(1, 2, 2.5, 'x', '2', true) },
  }));
  const renamed = sent.map((event) => ({ ...event, event: shown[event.event] ?? event.event,
    properties: Object.fromEntries(Object.entries(event.properties).map(([name, value]) => [fields[name] ?? name, value])) }));
  const answers = [];
  const all = { from: '2026-05-01', to: '2026-05-05' };
  const names = ['A', 'a2', 'b1', 'Bought', 'C', '*'], properties = ['price', 'p1', 'other'];
  const matcher = () => pick({ event: pick(...names) }, { event: [pick(...names), pick(...names)] }, { event: pick(...names), where: [[pick(...properties), pick('=', '!=', '>'), pick(2, 'x', true)]] },
    { event: '*', where: [['event', pick('=', '!='), pick('A', 'a1', 'Bought', 'C')]] });
  const segment = () => pick({}, { segment: { did: matcher(), times: ['>=', 1 + random(3)] } }, { segment: { not: { did: matcher() } } });
  const breakdown = () => pick({}, { breakdown: pick('event', 'price', 'p2', 'channel') });
  const questions = Array.from({ length: 120 }, () => pick(
    () => ({ kind: 'trend', series: [{ ...matcher(), measure: pick('count', 'customers', 'sum:p1', 'p50:price', 'sessions') }], ...breakdown(), ...segment() }),
    () => ({ kind: 'funnel', steps: [matcher(), matcher(), matcher()], window: '1d', order: pick('ordered', 'strict', 'any'), ...breakdown(), ...segment() }),
    () => ({ kind: 'retention', start: matcher(), return: matcher(), interval: 'day', periods: 3, ...segment() }),
    () => ({ kind: 'lifecycle', event: pick(...names), interval: 'day', ...segment() }),
    () => ({ kind: 'stickiness', event: pick(...names), interval: 'day', ...segment() }),
    () => ({ kind: 'paths', [pick('start', 'end')]: matcher(), steps: 1 + random(4), gap: '1d', by: pick('event', 'price', 'p2'), ...segment() }),
    () => ({ kind: 'time_between', from: matcher(), to: matcher(), window: '1d', ...segment() }),
  )()).map((question) => ({ ...question, range: all }));
  for (const events of [sent, renamed]) {
    const server = await serverFor(t);
    const key = server.key('secret', 'reader');
    assert.equal((await server.request('/api/v1/events', { key: server.key('write', 'web'), body: events })).json.stored, 600);
    if (events === sent) {
      for (const [from, to] of Object.entries(shown)) must(['catalogue', 'set', 'event', from, '--shown-as', to, '--data', server.data]);
      for (const [from, to] of Object.entries(fields)) must(['catalogue', 'set', 'property', from, '--shown-as', to, '--data', server.data]);
    }
    answers.push(await Promise.all(questions.map(async (question) => {
      // Over the events as they are shown old names are names never seen: they are asked by what they mean.
      const text = events === sent ? JSON.stringify(question) : JSON.stringify(question).replace(/"(sum:|p50:)?(a1|a2|b1|p1|p2)"/g, (_, measure = '', name) => `"${measure}${shown[name] ?? fields[name]}"`);
      const { status, json } = await server.query(key, JSON.parse(text));
      assert.equal(status, 200, `${text}: ${JSON.stringify(json)}`);
      const { as_of: _, stats: __, ...rest } = json;
      return JSON.stringify(rest).replace(/"label":"[^"]*"/g, '"label"');
    })));
  }
  for (const [i, question] of questions.entries()) assert.equal(answers[0][i], answers[1][i], JSON.stringify(question));
});
