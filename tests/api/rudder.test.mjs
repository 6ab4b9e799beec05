// RudderStack's own libraries, unmodified, against the running server.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import test from 'node:test';
import { serverFor, sleep, Server } from '../support/firsthand.mjs';
import { shop, visitor } from '../support/pages.mjs';

const require = createRequire(import.meta.url);
const RudderAnalytics = require('@rudderstack/rudder-sdk-node');

async function until(what, limitMs, probe) {
  const end = Date.now() + limitMs;
  for (;;) {
    const found = await probe();
    if (found) return found;
    assert.ok(Date.now() < end, `${what} within ${limitMs} ms`);
    await sleep(20);
  }
}

const names = (events) => events.map((event) => event.event);

test('the node library: what it packs and mislabels arrives, with its facts, accounts and aliases', async (t) => {
  const server = await serverFor(t);
  const write = server.key('write', 'shop');
  const secret = server.key('secret', 'reader');
  const failures = [];
  const rudder = new RudderAnalytics(write, { dataPlaneUrl: server.url, flushAt: 20, logLevel: 'none', errorHandler: (error) => failures.push(error) });
  rudder.page({ anonymousId: 'visitor-7', name: 'Home' });
  rudder.identify({ userId: 'anna', anonymousId: 'visitor-7', traits: { plan: 'pro', address: { city: 'Bergen' } } });
  rudder.track({ userId: 'anna', event: 'Order Completed', properties: { price: 9.5 }, timestamp: new Date(Date.now() - 3600e3) });
  rudder.group({ userId: 'anna', groupId: 'acme', traits: { seats: 4 } });
  rudder.alias({ userId: 'anna', previousId: 'anna@old.example' });
  await new Promise((done) => rudder.flush(done));
  const events = await until('five events', 5000, async () => {
    const answer = await server.request('/api/v1/customers/anna/timeline', { key: secret });
    return answer.json?.events?.length === 5 ? answer.json.events.reverse() : null;
  });
  assert.deepEqual(failures, []);
  assert.deepEqual(names(events), ['Order Completed', 'page', 'identify', 'group', 'alias']);
  assert.ok(Math.abs(Date.parse(events[0].ts) - (Date.now() - 3600e3)) < 10000, events[0].ts);
  const anna = (await server.request('/api/v1/customers/anna%40old.example', { key: secret })).json;
  assert.equal(anna.id, 'anna');
  assert.deepEqual(anna.traits, { plan: 'pro', 'address.city': 'Bergen' });
  assert.deepEqual(anna.accounts, ['acme']);
});

test('the node library sends again after a restart, and nothing twice', async (t) => {
  let server = await serverFor(t);
  const write = server.key('write', 'shop');
  const secret = server.key('secret', 'reader');
  const failures = [];
  const rudder = new RudderAnalytics(write, { dataPlaneUrl: server.url, flushAt: 1, logLevel: 'none', errorHandler: (error) => failures.push(error) });
  rudder.track({ userId: 'anna', event: 'Step', properties: { i: 0 } });
  await until('the first', 5000, async () => (await server.request('/api/v1/customers/anna', { key: secret })).status === 200);
  await server.stop('SIGKILL');
  rudder.track({ userId: 'anna', event: 'Step', properties: { i: 1 } });
  server = await Server.start(server.data, { args: ['--listen', `127.0.0.1:${new URL(server.url).port}`] });
  t.after(() => server.stop('SIGKILL'));
  const events = await until('both', 60_000, async () => {
    const answer = await server.request('/api/v1/customers/anna/timeline', { key: secret });
    return answer.json?.events?.length === 2 ? answer.json.events : null;
  });
  assert.deepEqual(events.map((event) => event.properties.i), [1, 0]);
  assert.deepEqual(failures, []);
});

test('the browser library is led here by its configuration, and asks nobody else', async (t) => {
  const server = await serverFor(t);
  const write = server.key('write', 'shop');
  const secret = server.key('secret', 'reader');
  const library = join(dirname(require.resolve('@rudderstack/analytics-js/bundled')), '../umd/index.js');
  const origin = await shop(t, { '/library.js': library }, '<!doctype html><title>Shop</title><script src="/library.js"></script>');
  const { page, foreign } = await visitor(t);
  await page.goto(origin);
  await page.evaluate(async ({ url, key }) => {
    const library = window.rudderanalytics ?? window.RudderAnalytics;
    const Class = library.RudderAnalytics ?? library;
    const analytics = new Class();
    window.analytics = analytics;
    await new Promise((done) => {
      analytics.load(key, url, { configUrl: url, useBeacon: false });
      analytics.ready(done);
    });
    analytics.page('Home');
    analytics.track('Basket Opened', { items: 2 });
    analytics.identify('bo', { plan: 'guest' });
    analytics.group('acme', { seats: 3 });
  }, { url: server.url.replace('127.0.0.1', 'localhost'), key: write });
  const events = await until('four events', 60_000, async () => {
    const answer = await server.request('/api/v1/customers/bo/timeline', { key: secret });
    return answer.json?.events?.length === 4 ? answer.json.events : null;
  });
  assert.deepEqual(names(events).sort(), ['Basket Opened', 'group', 'identify', 'page']);
  assert.ok(events.every((event) => event.channel === 'web'), JSON.stringify(events));
  const bo = (await server.request('/api/v1/customers/bo', { key: secret })).json;
  assert.equal(bo.traits.plan, 'guest');
  assert.deepEqual(bo.accounts, ['acme']);
  assert.deepEqual(foreign, []);
});

test('beacons bear their key in the address; a wrong one is told so', async (t) => {
  const server = await serverFor(t);
  const write = server.key('write', 'shop');
  const message = { type: 'track', event: 'Left', anonymousId: 'v', messageId: 'm1', originalTimestamp: new Date().toISOString() };
  const answer = await server.request(`/beacon/v1/batch?writeKey=${write}`, { body: JSON.stringify({ batch: [message] }), headers: { 'content-type': 'text/plain' } });
  assert.equal(answer.status, 200, answer.text);
  assert.equal((await server.request('/beacon/v1/batch?writeKey=pk_wrong', { body: { batch: [message] } })).status, 401);
  assert.equal((await server.request('/beacon/v1/batch', { body: { batch: [message] } })).status, 401);
  assert.equal((await server.request('/sourceConfig/?writeKey=pk_wrong')).status, 401);
  const config = await server.request(`/sourceConfig/?p=npm&v=3&writeKey=${write}`, { headers: { origin: 'https://shop.example' } });
  assert.equal(config.json.source.writeKey, write);
  assert.equal(config.headers.get('access-control-allow-origin'), 'https://shop.example');
});
