// Exports: what goes out is what is there, comes in again as it was, and is read by other engines.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { join } from 'node:path';
import test from 'node:test';
import { DuckDBInstance } from '@duckdb/node-api';
import { must, run, Server, serverFor, sleep, temporaryDirectory } from '../support/firsthand.mjs';

const DEMO = ['demo', '--customers', '300', '--days', '60', '--until', '2026-05-01', '--seed', '11'];

// Numbers between 0 and 1 that a seed repeats.
function randomOf(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const ask = (data, question) => {
  const answer = JSON.parse(must(['query', '-', '--json', '--data', data], { input: JSON.stringify(question) }));
  delete answer.stats;
  delete answer.as_of;
  return answer;
};
const lines = (text) => text.split('\n').filter(Boolean).map((line) => JSON.parse(line));

const RANGE = { from: '2026-01-01', to: '2026-05-01' };
const AS_OF = '2026-05-02T00:00:00Z';
const QUESTIONS = [
  { kind: 'trend', series: [{ event: '*' }, { event: '*', measure: 'customers' }, { event: '*', measure: 'sessions' }], interval: 'week' },
  { kind: 'trend', series: [{ event: 'Order Completed', measure: 'sum:revenue' }], breakdown: 'customer.country' },
  { kind: 'trend', series: [{ event: 'Product Viewed' }], breakdown: 'category', interval: 'month' },
  { kind: 'trend', series: [{ event: ['identify', 'contacted', 'survey shown'] }], breakdown: 'source', interval: 'month' },
  { kind: 'funnel', steps: [{ event: 'Product Viewed' }, { event: 'Product Added' }, { event: 'Order Completed' }], window: '7d', breakdown: 'device' },
  { kind: 'retention', start: { event: 'Order Completed' }, return: { event: '*' }, interval: 'week', periods: 6 },
  { kind: 'score', metric: 'nps', interval: 'month', breakdown: 'channel', least: 1 },
  { kind: 'customers', limit: 1000, sort: 'id' },
  { kind: 'customers', limit: 1000, sort: '-events', segment: { did: { event: 'Order Completed' }, within: '60d' } },
  { kind: 'verbatims', limit: 200, sort: 'ts' },
].map((question) => ({ ...question, as_of: AS_OF, ...(question.kind === 'customers' ? {} : { range: RANGE }) }));

const byText = (x, y) => (JSON.stringify(x) < JSON.stringify(y) ? -1 : 1);

// Ids of verbatims are places in one store; what different people said at the same instant has no order of its own.
function comparable(answer) {
  return JSON.parse(JSON.stringify(answer, (name, value) => (name === 'verbatims' ? value.map(({ id, ...rest }) => rest).sort(byText) : value)));
}

function sameAnswers(a, b) {
  for (const question of QUESTIONS) {
    assert.deepEqual(comparable(ask(b, question)), comparable(ask(a, question)), JSON.stringify(question));
  }
}

// Who is who, apart from when something was received. What a join is called depends on the order of joins, where there
// are many.
async function people(t, data, withJoins) {
  const server = await Server.start(data);
  t.after(() => server.stop('SIGKILL'));
  const secret = server.key('secret', 'reader');
  const list = (await server.query(secret, { kind: 'customers', limit: 1000, sort: 'id', as_of: AS_OF })).json.customers;
  const found = [];
  for (const { id } of list) {
    const shown = (await server.request(`/api/v1/customers/${encodeURIComponent(id)}`, { key: secret })).json;
    found.push({
      id, known: shown.known, traits: shown.traits,
      identifiers: [...shown.identifiers].sort(byText), accounts: [...shown.accounts].sort(byText),
      joined: withJoins ? shown.joined.map(({ id: was }) => was).sort() : [],
    });
  }
  await server.stop();
  return found;
}

test('the same demo gives the same export, byte for byte', (t) => {
  const [a, b] = [temporaryDirectory(t), temporaryDirectory(t)];
  must([...DEMO, '--data', a]);
  must([...DEMO, '--data', b]);
  const first = must(['export', '--data', a]);
  assert.ok(lines(first).length > 5000);
  assert.equal(must(['export', '--data', b]), first);
  assert.equal(lines(first).length, JSON.parse(must(['status', '--json', '--data', a])).events);
});

test("the demo's export in an empty directory gives the same answers, the same people, and the same export", async (t) => {
  const [a, b, c] = [temporaryDirectory(t), temporaryDirectory(t), temporaryDirectory(t)];
  must([...DEMO, '--data', a]);
  must(['config', 'set', 'timezone', 'Europe/Oslo', '--data', b]);
  const text = must(['export', '--data', a]);
  const counts = JSON.parse(must(['import', '-', '--json', '--data', b], { input: text }));
  assert.deepEqual(counts, { received: lines(text).length, stored: lines(text).length, duplicate: 0, quarantined: 0, refused: 0 });
  sameAnswers(a, b);
  assert.deepEqual(await people(t, b, true), await people(t, a, true));
  // Events without an id of their own have one now; from here on nothing changes any more.
  const again = must(['export', '--data', b]);
  assert.equal(JSON.parse(must(['import', '-', '--json', '--data', b], { input: again })).duplicate, lines(text).length);
  must(['import', '-', '--data', c], { input: again });
  assert.equal(must(['export', '--data', c]), again);
});

// Events with every kind of identity: anonymous ids, users, aliases, accounts, several e-mails, late events; then joins
// by hand and splits.
function tangled(random, count) {
  const pick = (list) => list[Math.floor(random() * list.length)];
  const id = (kind) => `${kind}${Math.floor(random() * 12)}`;
  return Array.from({ length: count }, (_, n) => {
    const event = {
      event: pick(['Order Completed', 'Product Viewed', 'Page Viewed']),
      ts: new Date(Date.UTC(2026, 1, 1) + Math.floor(random() * 40) * 43200000 + Math.floor(random() * 3)).toISOString(),
      message_id: `m${n}`,
      properties: { n, device: pick(['phone', 'desktop', 5, null, ['a', 'b'], '=1+1']) },
    };
    const way = random();
    if (way < 0.35) event.anonymousId = id('a');
    else if (way < 0.6) event.userId = id('u');
    else if (way < 0.75) Object.assign(event, { userId: id('u'), anonymousId: id('a') });
    else if (way < 0.82) Object.assign(event, { event: 'alias', userId: id('u'), previousId: random() < 0.5 ? id('u') : id('z') });
    else if (way < 0.88) event.identifiers = { email: [`${id('e')}@example.com`, `${id('e')}@example.com`] };
    else if (way < 0.94) Object.assign(event, { userId: id('u'), identifiers: { email: `${id('e')}@example.com`, account: [id('acme'), id('acme')] } });
    else event.identifiers = { 'ext.crm': id('x'), anonymous: id('a') };
    if (random() < 0.3) event.traits = { country: pick(['NL', 'NO', null]), 'address.city': pick(['Oslo', 'Ghent']) };
    if (random() < 0.2) Object.assign(event, { text: pick(['späte Lieferung', '=HYPERLINK("x")', 'ok']), score: 7, scale: 'nps', channel: 'email' });
    return event;
  });
}

for (const seed of [1, 2, 3, 4, 5, 6]) {
  test(`people who were joined in every way come in again as they were (seed ${seed})`, async (t) => {
    const random = randomOf(seed);
    const [a, b] = [temporaryDirectory(t), temporaryDirectory(t)];
    const events = tangled(random, 400);
    must(['import', '-', '--data', a, '--source', 'web'], { input: events.slice(0, 300).map((e) => JSON.stringify(e)).join('\n') });
    for (let i = 0; i < 4; i++) {
      run(['customer', 'join', `u${Math.floor(random() * 12)}`, `u${Math.floor(random() * 12)}`, '--data', a]);
      run(['customer', 'split', `anonymous:a${Math.floor(random() * 12)}`, '--data', a]);
    }
    // The same ids again from another source: no duplicates there, nor when they come back.
    must(['import', '-', '--data', a, '--source', 'app'], { input: events.slice(250).map((e) => JSON.stringify(e)).join('\n') });
    const text = must(['export', '--data', a]);
    const counts = JSON.parse(must(['import', '-', '--json', '--data', b], { input: text }));
    assert.equal(counts.stored, lines(text).length, JSON.stringify(counts));
    sameAnswers(a, b);
    assert.deepEqual(await people(t, b), await people(t, a));
  });
}

test('a join can be undone in the copy as it could before', (t) => {
  const [a, b] = [temporaryDirectory(t), temporaryDirectory(t)];
  const day = (n) => `2026-01-0${n}T00:00:00Z`;
  must(['import', '-', '--data', a], { input: [
    { anonymousId: 'v1', event: 'Looked', ts: day(1) }, { userId: 'ann', event: 'Came', ts: day(2) },
    { userId: 'ann', anonymousId: 'v1', event: 'Signed In', ts: day(3), identifiers: { email: 'ann@example.com', account: 'acme' } },
    { userId: 'old', event: 'Bought', ts: day(2) }, { userId: 'ann', previousId: 'old', event: 'alias', ts: day(4) },
    { userId: 'other', event: 'Bought', ts: day(5) }, { anonymousId: 'w', event: 'Looked', ts: day(6) },
  ].map((event) => JSON.stringify(event)).join('\n') });
  must(['customer', 'join', 'other', 'ann', '--data', a]);
  must(['customer', 'join', 'w', 'ann', '--data', a]);
  must(['import', '-', '--data', b], { input: must(['export', '--data', a]) });
  for (const data of [a, b]) {
    const events = (id) => lines(must(['timeline', id, '--json', '--data', data])).filter(({ event }) => !['identify', 'alias'].includes(event)).length;
    const before = events('ann');
    for (const id of ['anonymous:v1', 'user:old', 'user:other', 'anonymous:w']) must(['customer', 'split', id, '--data', data]);
    assert.equal(before, 6);
    assert.deepEqual(['v1', 'old', 'other', 'w'].map(events), [1, 1, 1, 1], data);
    assert.equal(JSON.parse(must(['customer', 'show', 'email:ann@example.com', '--json', '--data', data])).id, 'ann');
  }
});

test('a customer of hundreds of identifiers comes in again with all of them', async (t) => {
  const [a, b] = [temporaryDirectory(t), temporaryDirectory(t)];
  const list = (kind, n) => Array.from({ length: n }, (_, i) => `${kind}${i}`);
  must(['import', '-', '--data', a], { input: [
    ...list('v', 150).map((anonymousId, i) => ({ anonymousId, event: 'Looked', ts: new Date(Date.UTC(2026, 0, 1) + i).toISOString() })),
    ...[0, 1].map((n) => ({ userId: 'ann', event: 'Came', ts: `2026-01-02T00:00:0${n}Z`, identifiers: { anonymous: list('v', 150).slice(75 * n, 75 * n + 75) } })),
    ...[0, 1, 2].map((n) => ({ userId: 'ann', event: 'Wrote', ts: `2026-01-03T00:00:0${n}Z`, identifiers: { email: list('e', 90).map((name) => `${n}${name}@example.com`) } })),
  ].map((event) => JSON.stringify(event)).join('\n') });
  must(['import', '-', '--data', b], { input: must(['export', '--data', a]) });
  const [before, after] = [await people(t, a, true), await people(t, b, true)];
  assert.equal(before.length, 1);
  assert.equal(before[0].identifiers.length, 1 + 150 + 270);
  assert.deepEqual(after, before);
  const some = lines(must(['export', '--data', a, '--event', 'Came']));
  assert.deepEqual(some.map(({ event, userId }) => [event, userId]), [['Came', 'ann'], ['Came', 'ann']]);
});

test('an export of some time, of some customers, of an event, of a source holds just that', (t) => {
  const data = temporaryDirectory(t);
  must([...DEMO, '--data', data]);
  const all = lines(must(['export', '--data', data]));
  const some = (...args) => lines(must(['export', '--data', data, ...args]));
  const key = ({ ts, event, properties }) => JSON.stringify([ts, event, properties]);
  const keys = (list) => list.map(key).sort();
  const within = all.filter(({ ts }) => ts >= '2026-04-09T22:00:00.000Z' && ts < '2026-04-12T22:00:00.000Z');
  assert.ok(within.length > 100);
  assert.deepEqual(keys(some('--from', '2026-04-10', '--to', '2026-04-12')), keys(within), 'days are those of Oslo');
  assert.deepEqual(keys(some('--from', '2026-04-10', '--to', '2026-04-12', '--timezone', 'UTC')),
    keys(all.filter(({ ts }) => ts >= '2026-04-10' && ts < '2026-04-13')));
  assert.deepEqual(keys(some('--event', 'Order Completed', '--event', 'Order Returned')),
    keys(all.filter(({ event }) => ['Order Completed', 'Order Returned'].includes(event))));
  assert.deepEqual(some('--event', 'Never Seen'), []);
  assert.deepEqual(keys(some('--source', 'app')), keys(all.filter(({ source }) => source === 'app')));

  const segment = { did: { event: 'Order Completed', where: [['price', '>', 200]] }, within: '400d' };
  writeFileSync(join(data, 'segment.json'), JSON.stringify(segment));
  must(['segment', 'save', 'spenders', join(data, 'segment.json'), '--data', data]);
  const members = ask(data, { kind: 'customers', segment, limit: 1000 });
  assert.ok(members.total > 5 && members.total < 290);
  const csv = must(['export', '--data', data, '--segment', 'spenders', '--format', 'csv']);
  const found = new Set(csv.trim().split('\r\n').slice(1).map((line) => line.split(',')[0]));
  assert.deepEqual([...found].sort(), members.customers.map(({ id }) => id).sort());
  assert.equal(must(['export', '--data', data, '--segment', join(data, 'segment.json'), '--format', 'csv']), csv);
});

test('a CSV holds words as words: no cell begins a formula', (t) => {
  const data = temporaryDirectory(t);
  const words = ['=1+1', '+cmd|x', '-2+3', '@SUM(A1)', '\t=1', 'a,"b"\nc', 'plain'];
  must(['import', '-', '--data', data], { input: words.map((text, i) => JSON.stringify({
    userId: `=u${i}`, event: '=e', ts: '2026-01-01T00:00:00Z', text, properties: { delta: -5 - i, note: text } })).join('\n') });
  const csv = must(['export', '--data', data, '--format', 'csv']);
  const cells = csv.match(/(?<=^|,|\n)("(?:[^"]|"")*"|[^,\r\n]*)/gu).map((cell) => cell.replace(/^"|"$/gu, ''));
  for (const cell of cells) assert.ok(!/^[=+@\t\r]/u.test(cell) && (!cell.startsWith('-') || /^-\d+$/u.test(cell)), cell);
  assert.ok(csv.includes('"\'=1+1"') && csv.includes('"a,""b""\nc"') && csv.includes(',-5,'), csv);
});

test('wrong words are refused with their place', async (t) => {
  const server = await serverFor(t);
  const secret = server.key('secret', 'reader');
  const write = server.key('write', 'web');
  const post = (body, key = secret) => server.request('/api/v1/export', { key, body });
  for (const [body, pointer] of [
    [{ format: 'xml' }, '/format'], [{ range: 'last 3 dys' }, '/range'], [{ segment: 'nobody' }, '/segment'],
    [{ segment: { di: 1 } }, '/segment/di'], [{ event: 5 }, '/event'], [{ event: ['a', 5] }, '/event/1'], [{ evnt: 'a' }, '/evnt'],
    [{ from: '2026-01-01' }, '/to'], [{ from: '2026-01-02', to: '2026-01-01' }, '/range/to'],
    [{ range: 'last 2 days', from: '2026-01-02', to: '2026-01-03' }, '/range'], [{ source: 1 }, '/source'], [{ timezone: 'Mars' }, '/timezone'],
  ]) {
    const answer = await post(body);
    assert.equal(answer.status, 422, JSON.stringify(body));
    assert.equal(answer.json.pointer, pointer, answer.text);
  }
  assert.equal((await post({}, write)).status, 403);
  assert.equal((await post({}, null)).status, 401);
  assert.equal((await server.request('/api/v1/export?formt=csv', { key: secret })).status, 422);
  const empty = await server.request('/api/v1/export', { key: secret });
  assert.equal(empty.status, 200);
  assert.equal(empty.text, '');
  assert.match(empty.headers.get('content-disposition'), /^attachment; filename="firsthand-\d{4}-\d\d-\d\d\.ndjson"$/u);
  for (const args of [['--from', '2026-01-01'], ['--format', 'xml'], ['--segment', 'nobody'], ['--last', '3x']]) {
    assert.equal(run(['export', '--data', server.data, ...args]).code, 2, args.join(' '));
  }
});

test('a file appears whole or not at all', (t) => {
  const data = temporaryDirectory(t);
  must([...DEMO, '--data', data]);
  const file = join(data, 'out.ndjson');
  must(['export', '--data', data, '-o', file]);
  assert.equal(readFileSync(file, 'utf8'), must(['export', '--data', data]));
  assert.notEqual(run(['export', '--data', data, '--segment', 'nobody', '-o', join(data, 'none.ndjson')]).code, 0);
  assert.deepEqual(readdirSync(data).filter((name) => /none|part$/u.test(name)), []);
});

test('over HTTP and beside a running server it is the same export', async (t) => {
  const data = temporaryDirectory(t);
  must([...DEMO, '--data', data]);
  const forms = ['ndjson', 'csv', 'parquet'];
  const alone = forms.map((form) => { must(['export', '--data', data, '--format', form, '-o', join(data, form)]); return readFileSync(join(data, form)); });
  const server = await Server.start(data);
  t.after(() => server.stop('SIGKILL'));
  const secret = server.key('secret', 'reader');
  for (const [i, form] of forms.entries()) {
    const answer = await fetch(`${server.url}/api/v1/export?format=${form}`, { headers: { authorization: `Bearer ${secret}` } });
    assert.equal(answer.status, 200);
    assert.ok(alone[i].equals(Buffer.from(await answer.arrayBuffer())), form);
    must(['export', '--data', data, '--format', form, '-o', join(data, 'again')]);
    assert.ok(alone[i].equals(readFileSync(join(data, 'again'))), form);
  }
});

// Takes the head of an answer and reads no further.
function stalled(server, key) {
  return new Promise((done, fail) => {
    const request = http.get(`${server.url}/api/v1/export`, { headers: { authorization: `Bearer ${key}` }, agent: false }, (answer) => {
      answer.pause();
      done({ request, answer });
    });
    request.on('error', fail);
  });
}

test('exports that nobody reads hold their places, hold no worker, and are given up when their readers leave', async (t) => {
  const data = temporaryDirectory(t);
  must([...DEMO, '--customers', '1500', '--data', data]);
  const server = await Server.start(data);
  t.after(() => server.stop('SIGKILL'));
  const secret = server.key('secret', 'reader');
  const readers = [];
  for (let i = 0; i < 4; i++) readers.push(await stalled(server, secret));
  const fifth = await server.request('/api/v1/export', { key: secret });
  assert.equal(fifth.status, 503, 'four run already');
  assert.match(fifth.json.detail, /4 exports/u);
  const question = await server.query(secret, { kind: 'trend', series: [{ event: '*' }] });
  assert.equal(question.status, 200, 'questions are answered meanwhile');
  for (const { request } of readers) { request.on('error', () => {}); request.destroy(); }
  let answer;
  const until = Date.now() + 30000;
  do {
    answer = await server.request('/api/v1/export', { key: secret });
    if (answer.status === 503) await sleep(50);
  } while (answer.status === 503 && Date.now() < until);
  assert.equal(answer.status, 200);
  assert.equal(lines(answer.text).length, JSON.parse(must(['status', '--json', '--data', data])).events);
});

test('Parquet is read by DuckDB: the same rows, sums and values as the NDJSON', async (t) => {
  const data = temporaryDirectory(t);
  must([...DEMO, '--customers', '3000', '--data', data]);
  must(['import', '-', '--data', data, '--source', 'odd'], { input: [
    { kind: true, mixed: 5, many: ['a', 'b'], wide: 9007199254740993, half: 1.5, when: '2026-01-01T00:00:00Z', late: true },
    { kind: false, mixed: '5', many: 'c', wide: -1, half: 2, quote: '"\u00e9\u0000\ud83d\ude00', late: false },
    { mixed: null, huge: 18446744073709551615n, both: 9007199254740993n },
    { both: 0.5 },
  ].map((properties, i) => `{"userId":"odd${i}","event":"Odd","ts":"2026-01-01T00:00:0${i}Z","properties":${JSON.stringify(properties,
    (_, v) => (typeof v === 'bigint' ? `#${v}#` : v)).replace(/"#(\d+)#"/gu, '$1').replace('9007199254740992', '9007199254740993')}}`).join('\n') });
  const file = join(data, 'events.parquet');
  must(['export', '--data', data, '--format', 'parquet', '-o', file]);
  const all = lines(must(['export', '--data', data]));
  const database = await (await DuckDBInstance.create(':memory:')).connect();
  const rows = async (sql) => (await database.runAndReadAll(sql.replace('FILE', `read_parquet('${file}')`))).getRowsJson();
  const [[count, customers, revenue, orders]] = await rows(
    `SELECT count(*), count(DISTINCT customer), sum("properties.revenue"), count("properties.revenue") FROM FILE`);
  const paid = all.filter(({ properties }) => properties?.revenue !== undefined);
  assert.equal(Number(count), all.length);
  assert.ok(all.length > 65536, 'several row groups');
  assert.equal(Number(customers), ask(data, { kind: 'customers', limit: 1 }).total);
  assert.equal(Number(orders), paid.length);
  assert.ok(Math.abs(Number(revenue) - paid.reduce((sum, { properties }) => sum + properties.revenue, 0)) < 1e-6);
  const groups = await rows(`SELECT num_rows FROM (SELECT DISTINCT row_group_id, row_group_num_rows AS num_rows FROM parquet_metadata('${file}'))`);
  assert.equal(groups.reduce((sum, [n]) => sum + Number(n), 0), all.length);
  assert.ok(groups.every(([n]) => Number(n) <= 65536));

  // Every row in order: event, instant, words, score, and what one type holds.
  const read = await rows(`SELECT event, epoch_ms(ts), channel, source, message_id, text, score, scale, "properties.category", "properties.price", "properties.finished" FROM FILE`);
  read.forEach((row, i) => {
    const line = all[i];
    const p = line.properties ?? {};
    assert.deepEqual(row.map((v) => (typeof v === 'string' && /^-?\d+$/u.test(v) ? Number(v) : v)),
      [line.event, Date.parse(line.ts), line.channel, line.source, line.message_id, line.text, line.score, line.scale, p.category, p.price, p.finished]
        .map((v) => v ?? null), `row ${i}`);
  });

  const types = Object.fromEntries((await rows('DESCRIBE SELECT * FROM FILE')).map(([name, type]) => [name, type]));
  assert.equal(types.ts, 'TIMESTAMP WITH TIME ZONE');
  assert.equal(types['properties.half'], 'DOUBLE');
  assert.equal(types['properties.wide'], 'BIGINT');
  for (const name of ['kind', 'mixed', 'many', 'huge', 'both']) assert.equal(types[`properties.${name}`], 'JSON', name);
  const odd = await rows(`SELECT "properties.kind", "properties.mixed", "properties.many", CAST("properties.wide" AS VARCHAR), "properties.half", "properties.quote", "properties.huge", "properties.both" FROM FILE WHERE event = 'Odd' ORDER BY ts`);
  assert.deepEqual(odd[0].slice(1, 5), ['5', '["a","b"]', '9007199254740993', 1.5]);
  assert.deepEqual(odd[1].slice(1, 6), ['"5"', '"c"', '-1', 2, '"\u00e9\u0000\ud83d\ude00']);
  assert.deepEqual([odd[2][6], odd[2][7], odd[3][7]], ['18446744073709551615', '9007199254740993', '0.5']);
});
