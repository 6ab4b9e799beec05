// PostHog's own libraries, unmodified, against the running server.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { gzipSync } from 'node:zlib';
import { chromium } from 'playwright-core';
import { PostHog } from 'posthog-node';
import { Server, serverFor, sleep } from '../support/firsthand.mjs';

const require = createRequire(import.meta.url);

async function until(what, limitMs, probe) {
  const end = Date.now() + limitMs;
  for (;;) {
    const found = await probe();
    if (found) return found;
    assert.ok(Date.now() < end, `${what} within ${limitMs} ms`);
    await sleep(20);
  }
}

async function customer(server, secret, id) {
  return (await server.request(`/api/v1/customers/${encodeURIComponent(id)}`, { key: secret })).json;
}

async function timeline(server, secret, id) {
  const answer = await server.request(`/api/v1/customers/${encodeURIComponent(id)}/timeline?limit=1000`, { key: secret });
  return answer.json?.events?.reverse() ?? [];
}

async function ledger(server, secret) {
  const found = (await server.request('/api/v1/ledger', { key: secret })).json;
  assert.equal(found.balanced, true);
  return found;
}

const names = (events) => events.map((event) => event.event);

test('the node library: events, person, groups, alias, exception and flags arrive as what they mean', async (t) => {
  const server = await serverFor(t);
  const write = server.key('write', 'shop');
  const secret = server.key('secret', 'reader');
  const failures = [];
  const posthog = new PostHog(write, { host: server.url });
  posthog.on('error', (error) => failures.push(error));
  posthog.capture({ distinctId: 'anna', event: 'Order Completed', properties: { price: 9.5, items: [{ sku: 'a' }, { sku: 'b' }] }, groups: { company: 'acme', project: 'p1' } });
  posthog.identify({ distinctId: 'anna', properties: { plan: 'free', city: 'Bergen', $set_once: { first_plan: 'free' } } });
  posthog.capture({ distinctId: 'anna', event: 'Upgraded', properties: { $set: { plan: 'pro' }, $set_once: { first_plan: 'pro', since: 2024 } } });
  posthog.capture({ distinctId: 'anna', event: 'Moved', properties: { $unset: ['city'] } });
  posthog.alias({ distinctId: 'anna', alias: 'visitor-7' });
  posthog.groupIdentify({ groupType: 'company', groupKey: 'acme', properties: { seats: 4 }, distinctId: 'anna' });
  posthog.groupIdentify({ groupType: 'company', groupKey: 'lonely', properties: { seats: 4 } });
  posthog.captureException(new Error('the basket is torn'), 'anna');
  posthog.capture({ event: 'Passed By' });
  assert.deepEqual(await posthog.getAllFlags('anna'), {});
  await posthog.shutdown();
  assert.deepEqual(failures, []);

  const anna = await customer(server, secret, 'user:anna');
  assert.equal(anna.known, true);
  assert.deepEqual(anna.traits, { plan: 'pro', first_plan: 'free', since: 2024 });
  assert.deepEqual(anna.accounts, ['acme', 'project:p1']);
  assert.equal((await customer(server, secret, 'visitor-7')).id, 'anna');
  const events = await timeline(server, secret, 'anna');
  assert.deepEqual(names(events), ['Order Completed', 'identify', 'Upgraded', 'Moved', 'alias', 'group', '$exception']);
  assert.equal(events[0].properties.price, 9.5);
  assert.deepEqual(events[0].properties['items.sku'], ['a', 'b']);
  assert.equal(events[0].source, 'shop');
  assert.equal(events[5].properties.seats, 4);
  assert.equal(events[6].properties['$exception_list.value'], 'the basket is torn');
  assert.equal(events[6].properties['$exception_list.frames.pre_context'], undefined);
  const found = await ledger(server, secret);
  assert.deepEqual({ ...found.total }, { received: 9, stored: 8, duplicate: 0, quarantined: 1, refused: 0 });
  const quarantine = (await server.request('/api/v1/quarantine', { key: secret })).json;
  assert.match(quarantine.rows[0].reason, /an account is no customer/);
});

test('the node library sends again what was turned away, and nothing twice', async (t) => {
  const server = await serverFor(t);
  const write = server.key('write', 'shop');
  const secret = server.key('secret', 'reader');
  // In between stands a proxy that swallows answers and refuses at times, as networks do.
  let calls = 0;
  const proxy = createServer((request, response) => {
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', async () => {
      const call = calls++;
      if (call === 0) { response.writeHead(429, { 'retry-after': '1' }).end(); return; }
      if (call === 1) { response.writeHead(503).end(); return; }
      const answer = await fetch(server.url + request.url, { method: 'POST', headers: { 'content-type': request.headers['content-type'] }, body: Buffer.concat(chunks) });
      if (call === 2) { response.destroy(); return; } // stored, and nobody hears of it
      response.writeHead(answer.status).end(await answer.text());
    });
  });
  await new Promise((done) => proxy.listen(0, '127.0.0.1', done));
  t.after(() => proxy.close());
  const posthog = new PostHog(write, { host: `http://127.0.0.1:${proxy.address().port}`, fetchRetryDelay: 50 });
  for (let i = 0; i < 5; i++) posthog.capture({ distinctId: 'anna', event: 'Step', properties: { i } });
  await posthog.shutdown();
  assert.equal(calls, 4);
  assert.equal((await timeline(server, secret, 'anna')).length, 5);
  const found = await ledger(server, secret);
  assert.deepEqual({ ...found.total }, { received: 10, stored: 5, duplicate: 5, quarantined: 0, refused: 0 });
});

test('a server that restarts in the middle loses nothing of what the node library sends', async (t) => {
  let server = await serverFor(t);
  const write = server.key('write', 'shop');
  const secret = server.key('secret', 'reader');
  const port = new URL(server.url).port;
  const posthog = new PostHog(write, { host: server.url, fetchRetryDelay: 300, fetchRetryCount: 30, flushAt: 7 });
  for (let i = 0; i < 40; i++) posthog.capture({ distinctId: `u${i % 4}`, event: 'Step', properties: { i } });
  await sleep(30);
  await server.stop('SIGKILL');
  for (let i = 40; i < 60; i++) posthog.capture({ distinctId: `u${i % 4}`, event: 'Step', properties: { i } });
  server = await Server.start(server.data, { args: ['--listen', `127.0.0.1:${port}`] });
  t.after(() => server.stop('SIGKILL'));
  await posthog.shutdown(30000);
  const trend = await server.query(secret, { kind: 'trend', series: [{ event: 'Step' }, { event: 'Step', measure: 'sum:i' }], range: 'last 2 days' });
  assert.equal(trend.json.series[0].total, 60);
  assert.equal(trend.json.series[1].total, (59 * 60) / 2);
});

test('a batch that is too large is sent again in halves, and one bad event keeps no other out', async (t) => {
  const server = await serverFor(t, { env: { FIRSTHAND_BODY_MB: '1', FIRSTHAND_INFLATED_MB: '1' } });
  const write = server.key('write', 'shop');
  const secret = server.key('secret', 'reader');
  const posthog = new PostHog(write, { host: server.url, flushAt: 100, disableCompression: true });
  for (let i = 0; i < 12; i++) posthog.capture({ distinctId: 'anna', event: 'Large', properties: { i, text: 'x'.repeat(200e3) } });
  await posthog.shutdown(20000);
  assert.equal((await timeline(server, secret, 'anna')).length, 12);
  assert.ok((await ledger(server, secret)).requests_refused >= 1);

  const body = { api_key: write, batch: [
    { event: 'A', distinct_id: 'bo', uuid: 'm1' },
    { event: 'B', uuid: 'm2' },
    { distinct_id: 'bo', uuid: 'm3' },
    17,
    { event: 'C', distinct_id: 'bo', uuid: 'm4', properties: [1] },
    { event: 'D', distinct_id: 'bo', uuid: 'm5', timestamp: 'yesterday' },
    { event: 'E', distinct_id: 'bo', uuid: 'm6' },
  ] };
  const answer = await server.request('/batch/', { body });
  assert.equal(answer.status, 200, answer.text);
  assert.deepEqual(answer.json, { status: 1 });
  assert.deepEqual(names(await timeline(server, secret, 'bo')), ['A', 'E']);
  const reasons = (await server.request('/api/v1/quarantine', { key: secret })).json.rows.map((row) => row.field);
  assert.deepEqual(reasons.reverse(), ['/distinct_id', '/event', '', '/properties', '/timestamp']);
});

test('every form of body is taken at every address, and a key is found where libraries put it', async (t) => {
  const server = await serverFor(t);
  const write = server.key('write', 'shop');
  const secret = server.key('secret', 'reader');
  let n = 0;
  const event = (more = {}) => ({ event: 'Form', distinct_id: 'anna', uuid: `form-${n++}`, properties: { n }, ...more });
  const form = (value) => `data=${encodeURIComponent(Buffer.from(JSON.stringify(value)).toString('base64'))}`;
  const bodies = () => [
    ['batch', JSON.stringify({ api_key: write, batch: [event(), event()], sent_at: new Date().toISOString() }), 2],
    ['batch with token', JSON.stringify({ token: write, batch: [event()] }), 1],
    ['array', JSON.stringify([event({ properties: { token: write } }), event()]), 2],
    ['one event', JSON.stringify(event({ api_key: write })), 1],
    ['one event, token', JSON.stringify(event({ token: write })), 1],
    ['gzip', gzipSync(JSON.stringify({ api_key: write, batch: [event()] })), 1],
    ['base64 form', form({ api_key: write, batch: [event()] }), 1],
    ['base64 form of one', form(event({ properties: { token: write, words: 'æøå?>' } })), 1],
    ['base64 alone', Buffer.from(JSON.stringify(event({ token: write }))).toString('base64'), 1],
    ['JSON in a form', `data=${encodeURIComponent(JSON.stringify(event({ token: write })))}&compression=`, 1],
    ['form, unescaped', `data=${Buffer.from(JSON.stringify(event({ token: write, x: '~~~>>>???' }))).toString('base64')}`, 1],
    ['base64 of gzip', Buffer.from(gzipSync(JSON.stringify(event({ token: write })))).toString('base64'), 1],
    ['nothing', JSON.stringify({ api_key: write, batch: [] }), 0],
  ];
  let expected = 0;
  for (const path of ['/batch/', '/batch', '/e/', '/e', '/i/v0/e/', '/i/v0/e', '/capture/', '/capture', '/e/?compression=gzip-js&ver=1', '/e/?ip=0&_=1']) {
    for (const [what, body, events] of bodies()) {
      const answer = await server.request(path, { method: 'POST', body, headers: { 'content-type': 'text/plain', origin: 'https://shop.example' } });
      assert.equal(answer.status, 200, `${path} ${what}: ${answer.text}`);
      assert.deepEqual(answer.json, { status: 1 });
      assert.equal(answer.headers.get('access-control-allow-origin'), 'https://shop.example');
      expected += events;
    }
  }
  const bare = await server.request(`/e/?token=${write}`, { body: event() });
  assert.equal(bare.status, 200, bare.text);
  assert.equal((await ledger(server, secret)).total.stored, expected + 1);
});

test('an unknown key is refused, on every page of every origin', async (t) => {
  const server = await serverFor(t);
  const write = server.key('write', 'shop');
  for (const path of ['/batch/', '/e/', '/i/v0/e/', '/capture/', '/flags/?v=2', '/decide/?v=3']) {
    for (const body of [{ api_key: 'pk_wrong', batch: [] }, { event: 'A', distinct_id: 'u' }, [], '{}']) {
      const answer = await server.request(path, { body, headers: { origin: 'https://shop.example' } });
      assert.equal(answer.status, 401, `${path} ${JSON.stringify(body)}: ${answer.text}`);
      assert.equal(answer.headers.get('access-control-allow-origin'), 'https://shop.example');
      assert.match(answer.headers.get('content-type'), /problem\+json/);
    }
    const broken = await server.request(path, { body: 'data=%%%', headers: { origin: 'https://shop.example' } });
    assert.equal(broken.status, 400);
    assert.equal(broken.headers.get('access-control-allow-origin'), 'https://shop.example');
    const preflight = await server.request(path, { method: 'OPTIONS', headers: { origin: 'https://shop.example', 'access-control-request-headers': 'content-type,x-any' } });
    assert.equal(preflight.status, 204);
    assert.equal(preflight.headers.get('access-control-allow-headers'), 'content-type,x-any');
  }
  assert.equal((await server.request('/api/surveys/?token=pk_wrong')).status, 401);
  assert.equal((await server.request('/array/pk_wrong/config')).status, 404);
  for (const path of [`/array/${write}/config.js`, '/static/surveys.js?v=1', '/static/1.2.3/surveys.js', '/flags/definitions?token=x']) {
    const answer = await server.request(path);
    assert.equal(answer.status, 404, path);
    assert.match(answer.headers.get('content-type'), /problem\+json/, path);
  }
});

test('flags are answered with none, for libraries of all ages', async (t) => {
  const server = await serverFor(t);
  const write = server.key('write', 'shop');
  const body = { token: write, distinct_id: 'anna', groups: {} };
  const now = (await server.request('/flags/?v=2', { body })).json;
  assert.deepEqual(now.flags, {});
  assert.equal(now.errorsWhileComputingFlags, false);
  assert.ok(now.requestId.length > 4 && now.evaluatedAt > 1.7e12);
  const full = (await server.request('/flags/?v=2&config=true', { body: gzipSync(JSON.stringify(body)) })).json;
  assert.deepEqual(full.supportedCompression, ['gzip', 'gzip-js']);
  const older = (await server.request('/decide/?v=3', { body: `data=${Buffer.from(JSON.stringify(body)).toString('base64')}` })).json;
  assert.deepEqual(older.featureFlags, {});
  assert.deepEqual(older.featureFlagPayloads, {});
  assert.equal(older.sessionRecording, false);
  assert.deepEqual((await server.request('/decide/?v=1', { body })).json.featureFlags, []);
  const config = (await server.request(`/array/${write}/config`)).json;
  assert.equal(config.token, write);
  assert.equal(config.analytics.endpoint, '/i/v0/e/');
  const surveys = (await server.request(`/api/surveys/?token=${write}&_=1`)).json;
  assert.deepEqual(surveys, { surveys: [] });
});

test('limits hold in every form: nothing of a request over them is stored, and one event over them alone is kept apart', async (t) => {
  const server = await serverFor(t);
  const write = server.key('write', 'shop');
  const secret = server.key('secret', 'reader');
  const event = { event: 'A', distinct_id: 'anna' };
  const send = async (body) => (await server.request('/batch/', { method: 'POST', body: typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body) })).status;
  assert.equal(await send({ api_key: write, batch: Array.from({ length: 20001 }, () => event) }), 413);
  const bomb = gzipSync(`{"api_key":"${write}","batch":[${' '.repeat(20e6)}]}`);
  assert.equal(await send(bomb), 413);
  assert.equal(await send(bomb.toString('base64')), 413);
  assert.equal(await send(`data=${encodeURIComponent(bomb.toString('base64'))}`), 413);
  assert.equal(await send(gzipSync(bomb)), 400); // no library packs twice
  assert.equal(await send({ api_key: write, batch: [{ ...event, x: 'x'.repeat(11e6) }] }), 413);
  assert.equal((await ledger(server, secret)).total.received, 0);
  assert.equal(await send({ api_key: write, batch: [event, { ...event, properties: { x: 'x'.repeat(2e6) } }, { ...event, distinct_id: 'x'.repeat(513) }, { ...event, properties: { list: Array.from({ length: 2001 }, () => 1) } }, event] }), 200);
  assert.deepEqual({ ...(await ledger(server, secret)).total }, { received: 5, stored: 2, duplicate: 0, quarantined: 3, refused: 0 });
});

// ---- journeys ---------------------------------------------------------------------------------------

const browserId = (n) => `0190b5a0-0000-7000-8000-${String(n).padStart(12, '0')}`;
const web = (id, event, more = {}, top = {}) => ({ event, properties: { distinct_id: id, $device_id: browserId(1), $lib: 'web', $is_identified: id !== browserId(1), ...more }, ...top });

test('who is who: visitors, people who sign in, servers that were given a browser\'s id, shared devices', async (t) => {
  const server = await serverFor(t);
  const write = server.key('write', 'shop');
  const secret = server.key('secret', 'reader');
  const send = async (event, key = write) => {
    const answer = await server.request('/e/', { body: { api_key: key, batch: [event] } });
    assert.deepEqual(answer.json, { status: 1 }, answer.text);
  };
  const visitor = browserId(1);
  await send({ event: 'Rendered', distinct_id: visitor, properties: { $lib: 'posthog-node' } }); // before the browser says a word
  await send(web(visitor, '$pageview'));
  let found = await customer(server, secret, visitor);
  assert.equal(found.known, false);
  assert.deepEqual(found.identifiers, [{ kind: 'anonymous', value: visitor }]);
  await send(web('anna', '$identify', { $anon_distinct_id: visitor }, { $set: { name: 'Anna' }, $set_once: { $initial_referrer: 'ad' } }));
  await send(web('anna', '$pageview'));
  await send({ event: 'Order Completed', distinct_id: 'anna', properties: { $lib: 'posthog-node' } });
  await send({ event: 'Delivered', distinct_id: visitor, properties: { $lib: 'posthog-node' } });
  found = await customer(server, secret, visitor);
  assert.equal(found.id, 'anna');
  assert.equal(found.known, true);
  assert.deepEqual(found.traits, { name: 'Anna', $initial_referrer: 'ad' });
  assert.deepEqual(names(await timeline(server, secret, 'anna')), ['Rendered', '$pageview', 'identify', '$pageview', 'Order Completed', 'Delivered']);
  assert.equal((await timeline(server, secret, 'anna'))[1].channel, 'web');

  // The device goes to another person: what was hers stays hers.
  await send(web('bo', '$identify', { $anon_distinct_id: visitor }));
  assert.deepEqual(names(await timeline(server, secret, 'bo')), ['identify']);
  assert.equal((await customer(server, secret, visitor)).id, 'anna');

  // People whose ids look like those of browsers.
  const long = browserId(2);
  await send({ event: 'Signed Up', distinct_id: long, properties: { $lib: 'posthog-node' } });
  assert.equal((await customer(server, secret, long)).known, false);
  await send(web(long, '$pageview'));
  assert.equal((await customer(server, secret, `user:${long}`)).known, true);
  assert.equal((await timeline(server, secret, long)).length, 2);

  // Two people are joined by who may, and else kept for someone to decide.
  await send(web('anna', '$create_alias', { alias: 'bo' }));
  assert.equal((await customer(server, secret, 'bo')).id, 'bo');
  const quarantine = (await server.request('/api/v1/quarantine', { key: secret })).json;
  assert.equal(quarantine.total, 1);
  assert.match(quarantine.rows[0].reason, /two known users/);
  await send(web('anna', '$create_alias', { alias: 'undefined' }));
  await send(web('null', '$identify', { $anon_distinct_id: browserId(3) }));
  assert.equal((await server.request('/api/v1/quarantine', { key: secret })).json.total, 3);
  await send(web('anna', '$create_alias', { alias: 'bo' }), secret);
  assert.equal((await customer(server, secret, 'bo')).id, 'anna');

  // A name taken before anyone signed in, in the direction that old pages use.
  await send({ event: '$create_alias', properties: { distinct_id: browserId(4), alias: 'carl', $device_id: browserId(4) } });
  await send({ event: 'Later', distinct_id: 'carl' });
  assert.equal((await customer(server, secret, browserId(4))).id, 'carl');
});

test('what is set once is set once, by whomever and however often at the same time', async (t) => {
  const server = await serverFor(t);
  const write = server.key('write', 'shop');
  const secret = server.key('secret', 'reader');
  const send = (batch) => server.request('/e/', { body: { api_key: write, batch } });
  const once = (id, value) => ({ event: 'Seen', distinct_id: id, $set_once: { first: value } });
  const answers = await Promise.all(Array.from({ length: 60 }, (_, i) => send([once('anna', i), once('anna', i + 1000)])));
  assert.ok(answers.every((answer) => answer.status === 200));
  const value = (await customer(server, secret, 'anna')).traits.first;
  assert.ok(value < 60, `${value}`);
  const events = await timeline(server, secret, 'anna');
  assert.equal(events.length, 120);
  const setting = events.filter((event) => event.traits && 'first' in event.traits);
  assert.equal(setting.length, 1, JSON.stringify(setting));
  assert.equal(setting[0].traits.first, value);
  // Also from the past of the browser that she signs in with, and again once it was taken away.
  await send([{ event: 'Seen', properties: { distinct_id: browserId(9), $device_id: browserId(9), $set_once: { second: 1 } } }]);
  await send([web('anna', '$identify', { $anon_distinct_id: browserId(9), $set_once: { second: 2, third: 3 } })]);
  await send([{ event: 'Seen', distinct_id: 'anna', $set_once: { second: 4, third: 5, first: null } }]);
  let traits = (await customer(server, secret, 'anna')).traits;
  assert.deepEqual(traits, { first: value, second: 1, third: 3 });
  await send([{ event: '$set', distinct_id: 'anna', properties: { $unset: ['third'] } }, { event: '$set', distinct_id: 'anna', $set_once: { third: 6 }, $set: { second: 7 } }]);
  traits = (await customer(server, secret, 'anna')).traits;
  assert.deepEqual(traits, { first: value, second: 7, third: 6 });
});

test('a clock that is off is put right, and events without a time have that of their receipt', async (t) => {
  const server = await serverFor(t);
  const write = server.key('write', 'shop');
  const secret = server.key('secret', 'reader');
  const now = Date.now();
  const iso = (ms) => new Date(ms).toISOString();
  const hour = 3600e3;
  await server.request('/e/', { body: { api_key: write, sent_at: iso(now - 5 * hour), batch: [{ event: 'Skewed', distinct_id: 'a', timestamp: iso(now - 5 * hour - 60e3) }] } });
  await server.request('/e/', { body: { api_key: write, sent_at: iso(now), batch: [{ event: 'Right', distinct_id: 'b', timestamp: iso(now - hour) }] } });
  await server.request('/e/', { body: { api_key: write, event: 'Offset', distinct_id: 'c', offset: 7000 } });
  await server.request('/e/', { body: { api_key: write, event: 'Bare', distinct_id: 'd' } });
  await server.request(`/e/?_=${now - 5 * hour}`, { body: { api_key: write, event: 'Beacon', distinct_id: 'e', timestamp: iso(now - 5 * hour - 60e3) } });
  for (const [id, expected] of [['a', now - 60e3], ['b', now - hour], ['c', now - 7000], ['d', now], ['e', now - 60e3]]) {
    const [event] = await timeline(server, secret, id);
    assert.ok(Math.abs(Date.parse(event.ts) - expected) < 3000, `${id}: ${event.ts} ${iso(expected)}`);
  }
});
