// SQL through the server: the same numbers as the question language, hostile statements, limits, and the child's end.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, readdirSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { instrumented, must, run, Server, serverFor, sleep, temporaryDirectory } from '../support/firsthand.mjs';

const DAY = 86400000;
const FIRST = Date.parse('2026-03-01T00:00:00Z');

// Events of a few customers over March and April, with a change of the clock in the organisation's zone.
function events() {
  const lines = [];
  for (let i = 0; i < 900; i++) {
    const customer = i % 30;
    const ts = new Date(FIRST + ((i * 7919) % 5000) * 17 * 60000).toISOString();
    const name = ['Order Completed', 'Viewed', 'feedback'][i % 3];
    lines.push({
      message_id: `m${i}`, event: name, ts, channel: ['web', 'app', 'store'][i % 4] ?? undefined,
      ...(customer % 3 === 0 && i < 450 ? { anonymousId: `a${customer}` }
        : { userId: `u${customer}`, ...(customer % 3 === 0 ? { anonymousId: `a${customer}` } : {}) }),
      properties: name === 'feedback' ? { kind: 'review' } : { price: (i * 31) % 97 / 2, country: ['NL', 'DE', 'BE'][i % 5] ?? 'FR', tags: ['a', 'b'] },
      ...(name === 'feedback' ? { text: `It is number ${i}`, score: i % 11, scale: 'nps' } : {}),
      traits: { plan: customer % 2 ? 'pro' : 'free' },
    });
  }
  lines.push({ message_id: 'i', event: 'identify', ts: '2026-03-01T00:00:00Z', userId: 'u1', traits: { city: 'Oslo' }, text: 'not theirs' });
  return lines;
}

async function shop(t, options) {
  const server = await serverFor(t, options);
  const key = server.key('secret', 'analyst');
  const all = events();
  const sql = async (statement, more = {}) => server.request('/api/v1/sql', { key, body: { sql: statement, ...more } });
  const rows = async (statement, ...params) => {
    const answer = await sql(statement, { params });
    assert.equal(answer.status, 200, `${statement}: ${answer.text}`);
    return answer.json.rows;
  };
  const give = async (lines) => {
    const answer = await server.request('/api/v1/events', { key, body: lines.map((line) => JSON.stringify(line)).join('\n'), headers: { 'content-type': 'application/x-ndjson' } });
    assert.equal(answer.json.stored, lines.length, answer.text);
  };
  await server.request('/api/v1/settings', { method: 'PUT', key, body: { timezone: 'Europe/Oslo' } });
  must(['config', 'show', '--data', server.data]);
  return { server, key, all, sql, rows, give };
}

// Half of the events lie in a segment, half in memory.
async function fullShop(t, options) {
  const made = await shop(t, options);
  const { Control } = await import('../property/control.mjs');
  const control = await Control.open(made.server.data);
  t.after(() => control.close());
  await control.call('settings.save', JSON.stringify({ timezone: 'Europe/Oslo' }));
  await made.give(made.all.slice(0, 500));
  await control.call('seal');
  await made.give(made.all.slice(500));
  return { ...made, control };
}

test('statements count what questions count, over sealed and fresh rows, joined customers and a change of the clock', async (t) => {
  const { server, key, rows } = await fullShop(t);
  const ask = async (question) => (await server.query(key, question)).json;
  const range = { from: '2026-03-01', to: '2026-05-15' };

  const trend = await ask({ kind: 'trend', series: [{ event: 'Order Completed', measure: 'count' }, { event: '*', measure: 'customers' }], range });
  const days = new Map(await rows("SELECT date(ts, 'localtime'), count(*) FROM events WHERE event = 'Order Completed' GROUP BY 1"));
  assert.ok(days.size > 30);
  assert.deepEqual(trend.intervals.map((day) => days.get(day) ?? 0), trend.series[0].values, 'days are the organisation\'s');
  assert.deepEqual(await rows('SELECT count(DISTINCT customer) FROM events WHERE own = 1'), [[trend.series[1].total]]);

  const sums = await ask({ kind: 'trend', series: [{ event: 'Viewed', measure: 'sum:price' }], range, breakdown: 'country' });
  const byCountry = new Map(await rows(`SELECT "properties.country", sum("properties.price") FROM events WHERE event = 'Viewed' GROUP BY 1`));
  for (const { group, total } of sums.series) assert.equal(byCountry.get(group), total, group);
  assert.equal(byCountry.size, sums.series.length);

  const words = await ask({ kind: 'verbatims', range, sort: 'ts', limit: 500 });
  assert.deepEqual(await rows('SELECT id, customer, text FROM verbatims ORDER BY ts, id'),
    words.verbatims.map(({ id, customer, text }) => [Number(id), customer, text]), 'no word of the bookkeeping is a verbatim');

  const people = await ask({ kind: 'customers', limit: 100, sort: 'id' });
  assert.equal(people.total, 30);
  const customers = await rows('SELECT customer, known, events, first_seen, last_seen FROM customers ORDER BY customer');
  assert.deepEqual(customers.map(([id]) => id), people.customers.map(({ id }) => id).sort());
  for (const [id, known, count, first, last] of customers) {
    const { json } = await server.request(`/api/v1/customers/${id}`, { key });
    assert.deepEqual([known === 1, count, first, last], [json.known, json.events, json.first_seen, json.last_seen], id);
  }
  assert.deepEqual(await rows(`SELECT "traits.plan", count(*) FROM customers GROUP BY 1 ORDER BY 1`), [['free', 15], ['pro', 15]]);
  assert.deepEqual(await rows(`SELECT traits ->> 'city' FROM customers WHERE customer = 'u1'`), [['Oslo']]);
  assert.deepEqual(JSON.parse((await rows(`SELECT identifiers FROM customers WHERE customer = 'u3'`))[0][0]).map(({ kind, value }) => `${kind}:${value}`).sort(),
    ['anonymous:a3', 'user:u3']);
});

test('an event comes back as it went in, column by column', async (t) => {
  const { rows, all } = await fullShop(t);
  const stored = new Map((await rows('SELECT message_id, event, ts, ts_ms, channel, source, text, score, scale, properties, "properties.tags", own FROM events'))
    .map(([id, ...rest]) => [id, rest]));
  assert.equal(stored.size, all.length);
  for (const event of all) {
    const [name, ts, ms, channel, source, text, score, scale, properties, tags, own] = stored.get(event.message_id);
    assert.deepEqual([name, ts, ms, channel, source, text, score, scale, own],
      [event.event, new Date(event.ts).toISOString(), Date.parse(event.ts), event.channel ?? null, 'analyst', event.text ?? null, event.score ?? null, event.scale ?? null,
        event.event === 'identify' ? 0 : 1]);
    assert.deepEqual(JSON.parse(properties), event.properties ?? {});
    assert.equal(tags, event.properties?.tags ? '["a","b"]' : null, 'several values are a JSON array');
  }
  const [[received]] = await rows('SELECT max(received_at) FROM events');
  assert.ok(Math.abs(Date.parse(received) - Date.now()) < 600000, received);
});

test('conditions on customer, event, channel and time are read by no more rows than they leave, and change no answer', async (t) => {
  const { sql, rows } = await fullShop(t);
  const all = await rows('SELECT customer, event, channel, ts, ts_ms FROM events');
  const scanned = async (where, keep, most) => {
    const answer = await sql(`SELECT customer, event, channel, ts, ts_ms FROM events WHERE ${where}`);
    assert.equal(answer.status, 200, answer.text);
    const expected = all.filter(keep).map(String).sort();
    assert.deepEqual(answer.json.rows.map(String).sort(), expected, where);
    assert.ok(answer.json.rows_scanned <= (most ?? expected.length), `${where}: ${answer.json.rows_scanned} rows for ${expected.length}`);
  };
  await scanned("customer = 'u4'", ([c]) => c === 'u4');
  await scanned("customer = 'a3'", () => false);
  await scanned("customer = 'user:u4'", () => false);
  await scanned("customer IN ('u4', 'u5', 'nobody', NULL)", ([c]) => c === 'u4' || c === 'u5');
  await scanned("event = 'Viewed'", ([, e]) => e === 'Viewed');
  await scanned("event IN ('Viewed', 'feedback', 'Never')", ([, e]) => e === 'Viewed' || e === 'feedback');
  await scanned("event = 'Never'", () => false);
  await scanned("channel = 'web'", ([, , c]) => c === 'web');
  await scanned("channel IN ('web', 'app') AND event = 'Viewed'", ([, e, c]) => (c === 'web' || c === 'app') && e === 'Viewed');
  await scanned("ts >= '2026-04-01'", (r) => r[3] >= '2026-04-01');
  await scanned("ts BETWEEN '2026-03-10T12' AND '2026-03-20 13:00'", (r) => r[3] >= '2026-03-10T12' && r[3] <= '2026-03-20 13:00');
  await scanned("ts < '2026-03-05T00:00:00.000Z' AND ts > '2026-03-02T11:20:00.000Z'", (r) => r[3] < '2026-03-05T00:00:00.000Z' && r[3] > '2026-03-02T11:20:00.000Z');
  await scanned(`ts = '${all[0][3]}'`, (r) => r[3] === all[0][3]);
  await scanned("ts > 'zebra'", () => false);
  await scanned("ts < ''", () => false);
  await scanned(`ts_ms >= ${FIRST + 9 * DAY} AND ts_ms < ${FIRST + 12 * DAY}`, (r) => r[4] >= FIRST + 9 * DAY && r[4] < FIRST + 12 * DAY);
  await scanned('ts_ms > 9223372036854775807', () => false);
  // What cannot go with the scan is judged all the same.
  await scanned("event = 'viewed' COLLATE NOCASE", ([, e]) => e === 'Viewed', all.length);
  await scanned("ts_ms > '1'", () => true, all.length);
  await scanned('event = 5', () => false, all.length);
  await scanned("event LIKE 'ord%'", ([, e]) => e === 'Order Completed', all.length);
  await scanned("channel IS NULL", ([, , c]) => c === null, all.length);
  await scanned("event = 'Viewed' OR customer = 'u4'", ([c, e]) => e === 'Viewed' || c === 'u4', 2 * all.length);
});

test('rows are grouped by event and customer as if they had been sorted', async (t) => {
  const { rows } = await fullShop(t);
  const all = await rows('SELECT customer, event, "properties.price" FROM events');
  const count = (key) => [...all.reduce((sum, row) => sum.set(key(row), (sum.get(key(row)) ?? 0) + 1), new Map())].sort();
  const ordered = (list) => list.map(([k, n]) => [k, n]).sort();
  assert.deepEqual(await rows('SELECT event, count(*) FROM events GROUP BY event'), count((r) => r[1]), 'names in order');
  for (const [name, place] of [['event', 1], ['customer', 0]]) {
    assert.deepEqual(await rows(`SELECT ${name}, count(*) FROM events GROUP BY ${name} ORDER BY ${name}`), count((r) => r[place]));
    assert.deepEqual(await rows(`SELECT ${name}, count(*) FROM events GROUP BY ${name} ORDER BY ${name} DESC`), count((r) => r[place]).reverse());
    assert.deepEqual(await rows(`SELECT DISTINCT ${name} FROM events ORDER BY ${name}`), count((r) => r[place]).map(([one]) => [one]));
    assert.deepEqual(await rows(`SELECT ${name}, n FROM (SELECT ${name}, count(*) n FROM events GROUP BY ${name}) ORDER BY ${name}`), count((r) => r[place]));
  }
  assert.deepEqual((await rows('SELECT event FROM events ORDER BY event')).map(([e]) => e), all.map((r) => r[1]).sort());
  assert.deepEqual((await rows('SELECT event FROM events ORDER BY event DESC LIMIT 5')).map(([e]) => e), Array(5).fill('identify', 0, 1).fill('feedback', 1));
  assert.deepEqual(await rows(`SELECT event, sum("properties.price") FROM events GROUP BY event`),
    count((r) => r[1]).map(([name]) => [name, name === 'Order Completed' || name === 'Viewed' ? all.filter((r) => r[1] === name).reduce((s, r) => s + r[2], 0) : null]));
  assert.deepEqual(ordered(await rows('SELECT customer, count(*) FROM events GROUP BY customer')), count((r) => r[0]));
  assert.deepEqual((await rows('SELECT DISTINCT customer FROM events')).length, 30);
  assert.deepEqual(ordered((await rows('SELECT customer, event, count(*) FROM events GROUP BY customer, event')).map(([c, e, n]) => [`${c} ${e}`, n])), count((r) => `${r[0]} ${r[1]}`));
  const web = new Set((await rows("SELECT id FROM events WHERE channel = 'web' AND event = 'Viewed'")).map(([id]) => id));
  const viewed = (await rows('SELECT customer, event, id FROM events')).filter((r) => web.has(r[2])).map(([c]) => c);
  assert.deepEqual(ordered(await rows("SELECT customer, count(*) FROM events WHERE event IN ('Viewed') AND channel = 'web' GROUP BY customer")),
    [...new Set(viewed)].sort().map((c) => [c, viewed.filter((one) => one === c).length]));
  assert.deepEqual(await rows('SELECT count(*) FROM customers c JOIN events e USING (customer) JOIN verbatims v USING (customer)'),
    [[count((r) => r[0]).reduce((sum, [c, n]) => sum + n * all.filter((r) => r[0] === c && r[1] === 'feedback').length, 0)]]);
});

const HOSTILE = [
  ['INSERT INTO events VALUES (1)', /may not be modified|nothing can be changed/],
  ["UPDATE events SET event = 'x'", /may not be modified|nothing can be changed/],
  ['DELETE FROM customers', /may not be modified|nothing can be changed/],
  ['DROP TABLE events', /nothing can be changed|no such table/],
  ['CREATE TABLE t (a)', /nothing can be changed/],
  ['CREATE TEMP TABLE t (a)', /nothing can be changed/],
  ['CREATE VIRTUAL TABLE t USING events', /nothing can be changed/],
  ['CREATE TEMP VIEW v AS SELECT 1', /nothing can be changed/],
  ["ATTACH DATABASE '/etc/passwd' AS p", /nothing can be changed|too many attached/],
  ["ATTACH ':memory:' AS p", /nothing can be changed|too many attached/],
  ["VACUUM INTO '/tmp/firsthand-stolen'", /nothing can be changed|too many|attached/],
  ['PRAGMA writable_schema = 1', /nothing can be changed/],
  ['PRAGMA database_list', /nothing can be changed/],
  ['SELECT * FROM pragma_database_list', /may not be read|nothing can be changed/],
  ["SELECT * FROM pragma_table_info('events')", /may not be read|nothing can be changed/],
  ['SELECT * FROM sqlite_master', /may not be read/],
  ['SELECT name FROM sqlite_temp_schema', /may not be read/],
  ["SELECT load_extension('/lib/x86_64-linux-gnu/libc.so.6')", /not allowed|not authorized/],
  ["SELECT readfile('/etc/passwd')", /no such function/],
  ["SELECT writefile('/tmp/firsthand-stolen', 'x')", /no such function/],
  ["SELECT edit('x')", /no such function/],
  ['BEGIN', /nothing can be changed/],
  ['SAVEPOINT x', /nothing can be changed/],
  ['REINDEX', /nothing can be changed/],
  ['ANALYZE', /nothing can be changed/],
  ['DETACH main', /nothing can be changed/],
  ['SELECT 1; SELECT 2', /line 1, column 10: a second statement/],
  ['SELECT 1; DROP TABLE events', /nothing can be changed|second statement/],
  ['', /no statement/],
  ['-- only a word', /no statement/],
  [';;', /no statement/],
  ['SELEC 1', /line 1, column 1: near "SELEC": syntax error/],
  ['SELECT event\nFROM events\nWHERE ñ = évent', /line 3, column 7: no such column/],
  ['SELECT evnt FROM events', /line 1, column 8: no such column: evnt; did you mean event\?/],
  ['SELECT country FROM events', /did you mean "properties\.country"\?/],
  ['SELECT plan FROM customers', /did you mean "traits\.plan"\?/],
  ['SELECT 1 FROM evnts', /no such table: evnts; did you mean events\?/],
  ['SELECT "properties.nothing" FROM events', /no such column/],
  ['SELECT "event" || "nothing" FROM events', /no such column/],
  ['SELECT ? + ?', /2 parameters, 0 were given/],
  [`SELECT ${'('.repeat(300)}1${')'.repeat(300)}`, /./],
  [`SELECT ${Array(5000).fill('1').join('+')}`, /too large|depth|too many/],
  [`SELECT 1 ${'UNION ALL SELECT 1 '.repeat(60)}`, /too many terms/],
  ["SELECT json_extract('{', '$')", /malformed JSON/],
  ['SELECT abs(-9223372036854775808)', /integer overflow/],
];

test('nothing but reading is possible, and each refusal says what and where', async (t) => {
  const { server, sql, rows } = await fullShop(t);
  for (const [statement, words] of HOSTILE) {
    const answer = await sql(statement);
    assert.equal(answer.status, 422, `${statement.slice(0, 80)}: ${answer.text}`);
    assert.match(answer.json.detail, words, statement.slice(0, 80));
    assert.equal(answer.json.pointer, '/sql', answer.text);
  }
  assert.throws(() => readFileSync('/tmp/firsthand-stolen'), 'nothing was written');
  const problem = async (body, pointer) => {
    const answer = await server.request('/api/v1/sql', { key: server.analyst ??= server.key('secret', 'other'), body });
    assert.equal(answer.status, 422, answer.text);
    assert.equal(answer.json.pointer ?? '', pointer, answer.text);
  };
  await problem({}, '');
  await problem({ sql: 7 }, '/sql');
  await problem({ sql: 'SELECT 1', parms: [] }, '/parms');
  await problem({ sql: 'SELECT 1', params: {} }, '/params');
  await problem({ sql: 'SELECT ?', params: [[1]] }, '/params/0');
  await problem({ sql: 'SELECT 1', params: Array(101).fill(1) }, '/params');
  await problem({ sql: 'SELECT 1', limit: 0 }, '/limit');
  await problem({ sql: `SELECT '${'x'.repeat(100001)}'` }, '/sql');
  await problem({ sql: 'SELECT 1 \u0000' }, '/sql');
  assert.deepEqual(await rows('SELECT ?, ?, ?, ?, ?', 1, 'two', 2.5, null, true), [[1, 'two', 2.5, null, 1]]);
  assert.deepEqual(await rows('SELECT count(*) FROM events WHERE event = ?', "'; DROP TABLE events; --"), [[0]]);
  assert.deepEqual(await rows("SELECT x'00ff', 9223372036854775807, 1e999, '<script>', CAST(x'ff' AS TEXT)"), [['00ff', 9223372036854775807, null, '<script>', '\ufffd']]);
  assert.deepEqual(await rows('VALUES (1), (2)'), [[1], [2]]);
  assert.deepEqual(await rows('WITH x AS (SELECT customer FROM events LIMIT 3) SELECT count(*) FROM x'), [[3]]);
  assert.deepEqual(await rows("SELECT value FROM json_each('[4,5]')"), [[4], [5]]);
  assert.equal((await rows('SELECT count(*) FROM events'))[0][0], 901, 'all is as it was');
});

test('a statement that asks for too much is ended or cut, and says at what', async (t) => {
  const data = temporaryDirectory(t);
  writeFileSync(join(data, 'firsthand.conf'), 'query_time_ms = 1500\nsql_memory_mb = 16\nsql_rows = 1000\nsql_result_mb = 1\n');
  const server = await Server.start(data);
  t.after(() => server.stop('SIGKILL'));
  const key = server.key('secret', 'analyst');
  const sql = (statement, more) => server.request('/api/v1/sql', { key, body: { sql: statement, ...more } });
  await server.request('/api/v1/events', { key, body: events().slice(0, 200), headers: { 'content-type': 'application/json' } });
  const endless = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)';

  for (const statement of [
    `${endless} SELECT max(i) FROM n`,
    'SELECT count(*) FROM events a, events b, events c, events d, events e',
    `${endless} SELECT i FROM n WHERE i < 0`,
  ]) {
    const began = Date.now();
    const answer = await sql(statement);
    assert.equal(answer.status, 422, answer.text);
    assert.match(answer.json.detail, /took longer than it may/, statement);
    assert.ok(Date.now() - began < 15000, `ended after ${Date.now() - began} ms`);
  }
  for (const statement of [
    `${endless} SELECT hex(randomblob(500)) x FROM n ORDER BY x`,
    `${endless} SELECT group_concat(hex(randomblob(100000))) FROM (SELECT i FROM n LIMIT 10000)`,
    'SELECT length(zeroblob(1000000000))',
    "SELECT length(printf('%.*c', 2000000000, 'x'))",
    `${endless} SELECT DISTINCT hex(randomblob(2000)) FROM n`,
  ]) {
    const answer = await sql(statement);
    assert.ok(answer.status === 422 || answer.json.truncated, `${statement}: ${answer.text.slice(0, 300)}`);
    if (answer.status === 422) assert.match(answer.json.detail, /memory|more than|too big|longer than it may/, statement);
  }
  const many = await sql(`${endless} SELECT i FROM n`);
  assert.deepEqual([many.status, many.json.truncated, many.json.row_count, many.json.rows.length], [200, true, 1000, 1000]);
  const exact = await sql(`${endless} SELECT i FROM n LIMIT 1000`);
  assert.deepEqual([exact.json.truncated, exact.json.row_count], [false, 1000], 'as many as are allowed are not too many');
  const few = await sql(`${endless} SELECT i FROM n`, { limit: 7 });
  assert.deepEqual([few.json.truncated, few.json.rows.length], [true, 7]);
  const wide = await sql(`${endless} SELECT hex(randomblob(50000)) FROM n`);
  assert.deepEqual([wide.status, wide.json.truncated], [200, true]);
  assert.ok(wide.text.length < 2 << 20, `${wide.text.length} bytes`);
  const columns = await sql(`SELECT ${Array(501).fill('1').join(', ')}`);
  assert.match(columns.json.detail, /501 columns, at most 500/);
  const cursors = await sql(`SELECT ${Array(70).fill('(SELECT count(*) FROM events)').join(' + ')}`);
  assert.equal(cursors.status, 200, cursors.text);
  assert.deepEqual((await sql('SELECT count(*) FROM events')).json.rows, [[200]]);
});

const children = (pid) => {
  const done = spawnSync('pgrep', ['-P', String(pid)], { encoding: 'utf8' });
  return done.stdout.split('\n').filter(Boolean).map(Number);
};

async function childOf(server) {
  for (let i = 0; i < 1000; i++) {
    const [child] = children(server.process.pid);
    if (child !== undefined) return child;
    await sleep(10);
  }
  throw new Error('no child was started');
}

async function childless(server) {
  for (let i = 0; i < 1000 && children(server.process.pid).length > 0; i++) await sleep(10);
  assert.deepEqual(children(server.process.pid), [], 'no child is left');
}

const FOREVER = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n';

test('a child that is killed costs its own statement and nothing else', async (t) => {
  const { server, sql, rows } = await fullShop(t);
  for (const signal of ['SIGKILL', 'SIGSEGV', 'SIGTERM']) {
    const asked = sql(FOREVER);
    process.kill(await childOf(server), signal);
    const answer = await asked;
    assert.equal(answer.status, 500, answer.text);
    await childless(server);
    assert.deepEqual(await rows('SELECT count(*) FROM events'), [[901]]);
  }
  assert.equal((await server.request('/livez')).status, 200);
});

test('a statement whose asker has left is ended at once', async (t) => {
  const { server, key, rows } = await fullShop(t);
  for (let i = 0; i < 3; i++) {
    const leaving = new AbortController();
    const asked = fetch(`${server.url}/api/v1/sql`, {
      method: 'POST', headers: { authorization: `Bearer ${key}` }, body: JSON.stringify({ sql: FOREVER }), signal: leaving.signal,
    });
    await childOf(server);
    leaving.abort();
    await assert.rejects(asked);
    await childless(server);
  }
  assert.deepEqual(await rows('SELECT 1'), [[1]]);
});

test('a server that is killed leaves no child behind', async (t) => {
  const { server, sql } = await fullShop(t);
  const asked = sql(FOREVER).catch(() => {});
  const child = await childOf(server);
  await server.stop('SIGKILL');
  await asked;
  for (let i = 0; i < 1000; i++) {
    try { process.kill(child, 0); } catch { return; }
    await sleep(10);
  }
  assert.fail(`the child ${child} lives on`);
});

test('the child holds one socket, no file, no word of the environment, and may open nothing', { skip: instrumented }, async (t) => {
  const { server, sql } = await fullShop(t, { env: { FIRSTHAND_CANARY: 'secret-7c1' } });
  const leaving = sql(FOREVER);
  const child = await childOf(server);
  let status = '';
  // The server's filters come along; the child's own is one more.
  const filters = (text) => Number(/Seccomp_filters:\s*(\d+)/.exec(text)?.[1]);
  const wanted = filters(readFileSync(`/proc/${server.process.pid}/status`, 'utf8')) + 1;
  for (let i = 0; i < 1000 && filters(status) !== wanted; i++) {
    status = readFileSync(`/proc/${child}/status`, 'utf8');
    await sleep(10);
  }
  assert.match(status, /NoNewPrivs:\s*1/);
  assert.match(status, /Seccomp:\s*2/, 'system calls are filtered');
  assert.equal(filters(status), wanted, 'by a filter of its own');
  assert.match(status, /Threads:\s*1\n/);
  if (process.getuid() === 0) { // others may not look into a process that is not dumpable, nor may its owner
    const files = readdirSync(`/proc/${child}/fd`).map((fd) => [Number(fd), readlinkSync(`/proc/${child}/fd/${fd}`)]);
    assert.deepEqual(files.map(([fd]) => fd).sort(), [0, 1, 2]);
    assert.match(files[0][1], /^socket:/);
    assert.ok(!files.some(([, path]) => path.startsWith(server.data)), JSON.stringify(files));
    assert.equal(readFileSync(`/proc/${child}/environ`, 'utf8'), 'TZ=Europe/Oslo\0');
    const limits = readFileSync(`/proc/${child}/limits`, 'utf8');
    assert.match(limits, /Max open files\s+3\s+3/);
    assert.match(limits, /Max file size\s+0\s+0/);
    assert.match(limits, /Max core file size\s+0\s+0/);
  }
  process.kill(child, 'SIGKILL');
  await leaving;
});

const streamed = (server, key, statement, type, more) => server.request('/api/v1/sql', { key, body: { sql: statement, ...more }, headers: { accept: type, 'content-type': 'application/json' } });

test('NDJSON and CSV come as they are made, whole, however many rows there are', async (t) => {
  const { server, key, rows } = await fullShop(t);
  const statement = 'SELECT customer, event, ts, score, text, properties AS "=p", customer FROM events ORDER BY ts, id';
  const all = await rows(statement);
  const lines = await streamed(server, key, statement, 'application/x-ndjson');
  assert.equal(lines.status, 200, lines.text);
  assert.match(lines.headers.get('content-type'), /^application\/x-ndjson/);
  assert.deepEqual(lines.text.trimEnd().split('\n').map((line) => Object.values(JSON.parse(line))), all);
  assert.deepEqual(Object.keys(JSON.parse(lines.text.split('\n')[0])), ['customer', 'event', 'ts', 'score', 'text', '=p', 'customer 2']);
  const csv = await streamed(server, key, "SELECT '=1+1' AS \"=a\", -5 AS b, NULL AS c, 'x,\"y' AS d, x'00ff' AS e, 0.5 AS f", 'text/html, text/csv;q=0.9');
  assert.match(csv.headers.get('content-type'), /^text\/csv/);
  assert.equal(csv.text, `"'=a",b,c,d,e,f\r\n"'=1+1",-5,,"x,""y",00ff,0.5\r\n`);
  assert.equal((await streamed(server, key, 'SELECT 1 AS a WHERE 0', 'text/csv')).text, 'a\r\n', 'no row is an answer too');
  assert.equal((await streamed(server, key, 'SELECT 1 AS a WHERE 0', 'application/x-ndjson')).text, '');
  // More than the settings let an answer hold that is given as a whole.
  const many = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 150000) SELECT i, hex(zeroblob(100)) AS pad FROM n';
  const long = await streamed(server, key, many, 'text/csv');
  assert.equal(long.text.trimEnd().split('\r\n').length, 150001);
  assert.match(long.text.slice(-220), /\r\n150000,0+\r\n$/);
  assert.equal((await streamed(server, key, many, 'text/csv', { limit: 7 })).text.trimEnd().split('\r\n').length, 8);
  const wrong = await streamed(server, key, 'SELECT evnt FROM events', 'text/csv');
  assert.deepEqual([wrong.status, wrong.json.pointer], [422, '/sql'], 'what is wrong is a problem, not a cut file');
  assert.equal((await streamed(server, server.key('write', 'w'), 'SELECT 1', 'text/csv')).status, 403);
  await childless(server);
});

test('a streamed answer that breaks off is seen to be broken, and its end ends the child', async (t) => {
  const { server, key, rows } = await fullShop(t);
  const endless = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i, hex(zeroblob(1000)) FROM n';
  const begin = (signal) => fetch(`${server.url}/api/v1/sql`, {
    method: 'POST', headers: { authorization: `Bearer ${key}`, accept: 'application/x-ndjson' }, body: JSON.stringify({ sql: endless }), signal,
  });
  // A place is given back a moment after its child has ended.
  const begun = async (signal) => {
    for (let i = 0; i < 1000; i++) {
      const answer = await begin(signal);
      if (answer.status === 200) return answer;
      assert.equal(answer.status, 503, await answer.text());
      await sleep(20);
    }
    throw new Error('no place was given back');
  };
  const broken = await begun();
  process.kill(await childOf(server), 'SIGKILL');
  await assert.rejects(broken.text());
  await childless(server);

  // The answers are kept: one that nobody holds any more is given up by the client itself.
  const held = [];
  for (let i = 0; i < 4; i++) {
    const abort = new AbortController();
    held.push({ abort, answer: await begun(abort.signal) });
  }
  assert.equal((await begin()).status, 503, 'so many at a time');
  assert.deepEqual(await rows('SELECT count(*) FROM events'), [[901]], 'streams take no place of a question');
  for (const { abort, answer } of held) {
    assert.equal(answer.status, 200);
    abort.abort();
  }
  await childless(server);
  const again = new AbortController();
  await begun(again.signal);
  again.abort();
});

test('only who may ask questions may run statements', async (t) => {
  const server = await serverFor(t);
  for (const kind of ['write', 'client']) {
    const answer = await server.request('/api/v1/sql', { key: server.key(kind, kind), body: { sql: 'SELECT 1' } });
    assert.equal(answer.status, 403, answer.text);
  }
  assert.equal((await server.request('/api/v1/sql', { body: { sql: 'SELECT 1' } })).status, 401);
  assert.equal((await server.request('/api/v1/sql/schema')).status, 401);
  const key = server.key('secret', 's');
  const empty = await server.request('/api/v1/sql', { key, body: { sql: 'SELECT * FROM events, customers, verbatims' } });
  assert.deepEqual([empty.status, empty.json.rows, empty.json.columns.length], [200, [], 37], 'an empty house has its tables');
  const schema = await server.request('/api/v1/sql/schema', { key });
  assert.deepEqual(schema.json.tables.map(({ name }) => name), ['events', 'customers', 'verbatims']);
});

test('many statements run beside each other and beside intake', async (t) => {
  const { give, rows, all } = await fullShop(t);
  const asked = Array.from({ length: 12 }, (_, i) => rows('SELECT count(*), ? FROM events WHERE message_id IS NOT NULL', i));
  await give(all.map((event, i) => ({ ...event, message_id: `again-${i}` })));
  for (const [i, [[count, place]]] of (await Promise.all(asked)).entries()) {
    assert.ok(count === 901 || count === 1802, `${count}: a statement sees a whole commit or nothing of it`);
    assert.equal(place, i);
  }
  assert.deepEqual(await rows('SELECT count(*) FROM events'), [[1802]]);
});

test('names that differ in case only, bear quotes or look like other columns are all reachable', async (t) => {
  const { give, rows } = await shop(t);
  await give([{ userId: 'u', event: 'A', ts: '2026-05-01T10:00:00Z', properties: { Size: 1, size: 2, 'a"b': 3, 'x y': { z: 4 }, text: 'p', event: 'q', big: 18446744073709551615, yes: true, no: null } },
    { userId: 'u', event: 'A', ts: '2026-05-01T10:00:01Z', properties: { size: 5 } }]);
  assert.deepEqual(await rows(`SELECT "properties.size", properties ->> 'Size', properties ->> 'size', "properties.a""b", "properties.x y.z", "properties.text", "properties.event", event, "properties.yes" FROM events ORDER BY ts`),
    [[2, 1, 2, 3, 4, 'p', 'q', 'A', 1], [5, null, 5, null, null, null, null, 'A', null]]);
});

test('the command line prints tables, JSON and CSV, beside a server and without one', async (t) => {
  const { server, give, all } = await shop(t);
  await give(all);
  const args = ['--data', server.data];
  assert.match(must(['sql', 'SELECT event, count(*) AS n FROM events GROUP BY event', ...args]), /event +n\nOrder Completed +300\n/);
  assert.equal(must(['sql', '-', '--format', 'csv', ...args], { input: "SELECT '=1+1' AS a, -5 AS b, NULL AS c, 'x,\"y' AS d" }), `a,b,c,d\r\n"'=1+1",-5,,"x,""y"\r\n`);
  assert.deepEqual(JSON.parse(must(['sql', 'SELECT ?, ?', '--param', '5', '--param', 'ann', '--json', ...args])).rows, [[5, 'ann']]);
  assert.match(must(['sql', '--schema', ...args]), /customers +known +INTEGER[^\n]*\n[^]*"traits\.plan"/);
  assert.match(must(['sql', "SELECT char(27) || '[31mred' AS a", ...args]), /^a\n\[31mred\n$/, 'no terminal obeys');
  const cut = run(['sql', 'SELECT 1 FROM events', '--limit', '3', ...args]);
  assert.match(cut.stderr, /there is more: these are the first 3 rows/);
  for (const [wrong, code, words] of [
    [['sql'], 2, /firsthand sql 'SELECT/], [['sql', 'SELEC'], 2, /line 1, column 1/], [['sql', 'DELETE FROM events'], 2, /may not be modified|nothing can be changed/],
    [['sql', 'SELECT 1', '--limit', 'x'], 2, /whole number/], [['sql', 'SELECT 1', '--format', 'xml'], 2, /table, json or csv/], [['sql', 'SELECT ?'], 2, /1 parameters, 0/],
  ]) {
    const done = run([...wrong, ...args]);
    assert.equal(done.code, code, done.stderr);
    assert.match(done.stderr, words);
  }
  await server.stop();
  assert.match(must(['sql', 'SELECT count(*) FROM events', ...args]), /901/);
});
