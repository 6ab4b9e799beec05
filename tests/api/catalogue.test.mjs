// The catalogue: what was seen of a name, what people say of it, and values that nobody expected.
import assert from 'node:assert/strict';
import test from 'node:test';
import { must, run, serverFor } from '../support/firsthand.mjs';

const at = (days, minutes = 0) => new Date(Date.now() - days * 86_400_000 - minutes * 60_000).toISOString();
const events = () => [
  { userId: 'ann', event: 'Order', ts: at(1), properties: { price: 10, currency: 'EUR' }, traits: { plan: 'pro' } },
  { userId: 'ann', event: 'Order', ts: at(2), properties: { price: '12,50', currency: 'EUR' } },
  { userId: 'bob', event: 'Order', ts: at(3), properties: { price: 'n/a', currency: 'eur', gift: true }, traits: { plan: 'Pro' } },
  { userId: 'bob', event: 'Refund', ts: at(4), properties: { price: 7 } },
  { userId: 'cid', event: 'Order', ts: at(80), properties: { price: 'long ago', currency: 'EUR' }, traits: { plan: 3 } },
];

async function shop(t) {
  const server = await serverFor(t);
  const key = server.key('secret', 'reader');
  const sent = await server.request('/api/v1/events', { key: server.key('write', 'web'), body: events() });
  assert.equal(sent.json.stored, 5, sent.text);
  const get = async (path) => {
    const answer = await server.request(`/api/v1/catalogue${path}`, { key });
    assert.equal(answer.status, 200, answer.text);
    return answer.json;
  };
  const put = (path, body) => server.request(`/api/v1/catalogue/${path}`, { key, method: 'PUT', body, headers: { 'content-type': 'application/json' } });
  return { server, key, get, put };
}

test('entries tell how often a name came, ever and in the last 30 days, by whom and with which types', async (t) => {
  const { get } = await shop(t);
  const { entries, total, recent, unmeasured } = await get('');
  assert.equal(total, 2);
  assert.equal(unmeasured, null);
  assert.equal(recent.rows, 4);
  assert.deepEqual(entries.map(({ name, count, recent: { count: lately, customers } }) => [name, count, lately, customers]), [['Order', 4, 3, 2], ['Refund', 1, 1, 1]]);
  assert.equal(entries[0].recent.share, 0.75);
  const properties = (await get('?kind=property')).entries;
  assert.deepEqual(properties.map(({ name, count, recent: { types } }) => [name, count, types]), [
    ['price', 5, { string: 2, number: 2 }], ['currency', 4, { string: 3 }], ['gift', 1, { boolean: 1 }],
  ]);
  const traits = (await get('?kind=trait')).entries;
  assert.deepEqual(traits.map(({ name, recent: { count, types } }) => [name, count, types]), [['plan', 3, { string: 2, number: 1 }]]);
  const price = await get('/property/price');
  assert.deepEqual(price.events.map(({ name, count, share }) => [name, count, share]), [['Order', 4, 1], ['Refund', 1, 1]]);
  const order = await get('/event/Order');
  assert.deepEqual(order.properties.map(({ name, share }) => [name, share]), [['currency', 1], ['price', 1], ['gift', 0.25]]);
});

test('what is not expected is counted, and opens to exactly those customers', async (t) => {
  const { server, key, get, put } = await shop(t);
  assert.equal((await put('property/price', { expected: { type: 'number' }, owner: 'Shop team', description: 'With tax.' })).status, 200);
  assert.equal((await put('property/currency', { expected: { values: ['EUR', 'NOK'] } })).status, 200);
  assert.equal((await put('trait/plan', { expected: { values: ['free', 'pro'] } })).status, 200);
  const price = await get('/property/price');
  assert.equal(price.unexpected.count, 2);
  assert.deepEqual(price.unexpected.examples, [{ value: '12,50', count: 1 }, { value: 'n/a', count: 1 }]);
  for (const [question, open, number, who] of [
    [price.unexpected.question, { series: 0 }, 2, ['ann', 'bob']],
    [price.unexpected.by_value, { series: 0, group: 'n/a' }, 1, ['bob']],
    [(await get('/property/currency')).unexpected.question, { series: 0 }, 1, ['bob']],
  ]) {
    const opened = await server.query(key, { ...question, open });
    assert.equal(opened.status, 200, opened.text);
    assert.equal(opened.json.customers.reduce((sum, { value }) => sum + value, 0), number);
    assert.deepEqual(opened.json.customers.map(({ id }) => id).sort(), who);
  }
  const plan = await get('/trait/plan');
  const listed = await server.query(key, plan.unexpected.question);
  assert.equal(plan.unexpected.count, 2);
  assert.deepEqual(listed.json.customers.map(({ id }) => id).sort(), ['bob', 'cid']);
  const report = await get('/unexpected');
  assert.deepEqual(report.entries.map(({ name, unexpected }) => [name, unexpected.count]), [['price', 2], ['currency', 1], ['plan', 2]]);
  // What is fixed at the source is no longer reported once the wrong values are as they should be.
  await put('property/currency', { expected: { values: ['EUR', 'eur'] } });
  assert.deepEqual((await get('/unexpected')).entries.map(({ name }) => name), ['price', 'plan']);
});

test('thirty expectations are counted, each for itself', async (t) => {
  const { server, get, put } = await shop(t);
  const properties = Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`p${i}`, i % 2 ? i : String(i)]));
  await server.request('/api/v1/events', { key: server.key('write', 'more'), body: { userId: 'dan', event: 'Wide', ts: at(0, 1), properties } });
  for (let i = 0; i < 30; i++) assert.equal((await put(`property/p${i}`, { expected: { type: 'number' } })).status, 200);
  const { entries } = await get('?kind=property&search=p&limit=40');
  for (const { name, unexpected } of entries.filter((entry) => /^p\d/.test(entry.name))) {
    assert.equal(unexpected.count, Number(name.slice(1)) % 2 ? 0 : 1, name);
  }
});

test('a description is found, changed in parts and taken back; a name may be described before it is seen', async (t) => {
  const { get, put } = await shop(t);
  await put('event/Order', { owner: 'Shop team', description: 'Paid.' });
  await put('event/Order', { description: 'Paid and CONFIRMED.' });
  assert.deepEqual((await get('?search=confirmed')).entries.map(({ name, owner }) => [name, owner]), [['Order', 'Shop team']]);
  assert.equal((await get('/event/Order')).updated_by, 'reader');
  await put('event/Planned', { description: 'Comes in June.' });
  const planned = await get('/event/Planned');
  assert.deepEqual([planned.count, planned.first_seen, planned.recent.count], [0, null, 0]);
  await put('event/Planned', { description: null });
  await put('event/Order', { owner: '', description: '' });
  assert.equal((await get('')).total, 2);
  assert.equal((await get('/event/Order')).updated, null);
  // A page at a time.
  const first = await get('?kind=property&limit=2');
  assert.deepEqual(first.entries.map(({ name }) => name), ['price', 'currency']);
  const rest = await get(`?kind=property&limit=2&cursor=${first.cursor}`);
  assert.deepEqual([rest.entries.map(({ name }) => name), rest.cursor], [['gift'], null]);
});

test('what is wrong is refused with its place, and changes nothing', async (t) => {
  const { server, key, get, put } = await shop(t);
  for (const [path, body, pointer, words] of [
    ['event/Order', { expected: { type: 'number' } }, '/expected', /its properties have/],
    ['property/price', { expected: {} }, '/expected', /"type", "values" or both/],
    ['property/price', { expected: { typ: 'number' } }, '/expected/typ', /unknown member/],
    ['property/price', { expected: { type: 'text' } }, '/expected/type', /string, number or boolean/],
    ['property/price', { expected: { values: [] } }, '/expected/values', /1 to 200 values/],
    ['property/price', { expected: { values: ['a', null] } }, '/expected/values/1', /got null/],
    ['property/price', { expected: { type: 'number', values: ['5'] } }, '/expected/values/0', /a number/],
    ['property/price', { expected: { values: ['x'.repeat(201)] } }, '/expected/values/0', /200 bytes/],
    ['property/price', { owner: 'x'.repeat(201) }, '/owner', /at most 200 bytes/],
    ['property/price', { description: 'x'.repeat(2001) }, '/description', /at most 2000 bytes/],
    ['property/price', { color: 1 }, '/color', /unknown member/],
    ['source/web', {}, '/kind', /event, property or trait/],
  ]) {
    const answer = await put(path, body);
    assert.equal(answer.status, 422, `${JSON.stringify(body)}: ${answer.text}`);
    assert.equal(answer.json.pointer, pointer);
    assert.match(answer.json.detail, words);
  }
  assert.equal((await get('/property/price')).updated, null);
  const absent = await server.request('/api/v1/catalogue/property/pice', { key });
  assert.equal(absent.status, 404);
  assert.match(absent.json.detail, /did you mean "price"\?/);
  const writer = server.key('write', 'other');
  assert.equal((await server.request('/api/v1/catalogue', { key: writer })).status, 403);
});

test('the command line lists, shows, says and reports the same', async (t) => {
  const { server } = await shop(t);
  const data = ['--data', server.data];
  must(['catalogue', 'set', 'property', 'price', '--type', 'number', '--owner', 'Shop team', ...data]);
  must(['catalogue', 'set', 'property', 'currency', '--values', 'EUR, NOK', ...data]);
  must(['catalogue', 'set', 'trait', 'plan', '--values', 'pro,3', ...data]);
  assert.match(must(['catalogue', 'list', ...data]), /^event +Order +4 +3 +75\.0 %/m);
  assert.match(must(['catalogue', 'list', '--kind', 'property', '--search', 'SHOP', ...data]), /^property +price +5 +4 +100\.0 % +string, number .*Shop team +2$/m);
  const shown = must(['catalogue', 'show', 'property', 'price', ...data]);
  assert.match(shown, /^unexpected +2$/m);
  assert.match(shown, /^n\/a +1$/m);
  assert.match(shown, /^Order +4 +100\.0 %/m);
  assert.deepEqual(JSON.parse(must(['catalogue', 'show', 'trait', 'plan', '--json', ...data])).expected, { values: ['pro', 3] });
  assert.deepEqual(JSON.parse(must(['catalogue', 'unexpected', '--json', ...data])).entries.map(({ name }) => name), ['price', 'currency', 'plan']);
  for (const name of ['price', 'currency']) must(['catalogue', 'set', 'property', name, '--any', ...data]);
  must(['catalogue', 'set', 'trait', 'plan', '--any', ...data]);
  assert.equal(must(['catalogue', 'unexpected', ...data]), 'all values are as expected\n');
  const both = run(['catalogue', 'set', 'property', 'price', '--any', '--type', 'number', ...data]);
  assert.equal(both.code, 2);
  assert.match(both.stderr, /leave out --type/);
  assert.equal(run(['catalogue', 'show', 'event', 'Ordr', ...data]).code, 3);
});
