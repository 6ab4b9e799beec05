// Segment's own libraries, unmodified, against the running server.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { Analytics } from '@segment/analytics-node';
import { chromium } from 'playwright-core';
import { must, serverFor, sleep } from '../support/firsthand.mjs';

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

test('an event of the node library is on its timeline and in a trend within a second', async (t) => {
  const server = await serverFor(t);
  const write = server.key('write', 'web');
  const secret = server.key('secret', 'reader');
  const failures = [];
  const analytics = new Analytics({ writeKey: write, host: server.url, flushAt: 1, maxRetries: 0 });
  analytics.on('error', (error) => failures.push(error));
  analytics.identify({ userId: 'ann', anonymousId: 'visitor-7', traits: { plan: 'pro', address: { city: 'Bergen' } } });
  analytics.track({ userId: 'ann', event: 'Order Completed', properties: { revenue: 9.5, currency: 'NOK', products: [{ sku: 'a' }, { sku: 'b' }] } });
  analytics.page({ anonymousId: 'visitor-7', name: 'Home', properties: { url: 'https://shop.example/' } });
  analytics.screen({ userId: 'ann', name: 'Basket' });
  analytics.group({ userId: 'ann', groupId: 'acme', traits: { seats: 4 } });
  const begin = Date.now();
  await analytics.closeAndFlush({ timeout: 5000 });
  const flushed = Date.now();
  const timeline = await until('five events', 1000, async () => {
    const answer = await server.request('/api/v1/customers/ann/timeline', { key: secret });
    return answer.json?.events?.length === 5 ? answer.json : null;
  });
  assert.ok(Date.now() - flushed < 1000, `seen ${Date.now() - flushed} ms after the flush (${flushed - begin} ms)`);
  assert.deepEqual(failures, []);
  const order = timeline.events.find((event) => event.event === 'Order Completed');
  assert.equal(order.properties.revenue, 9.5);
  assert.deepEqual(order.properties['products.sku'], ['a', 'b']);
  assert.equal(order.source, 'web');

  const trend = await server.query(secret, { kind: 'trend', series: [{ event: 'Order Completed', measure: 'sum:revenue' }] });
  assert.equal(trend.status, 200, trend.text);
  assert.equal(trend.json.series[0].total, 9.5);

  const customer = (await server.request('/api/v1/customers/anonymous%3Avisitor-7', { key: secret })).json;
  assert.equal(customer.id, 'ann');
  assert.equal(customer.traits.plan, 'pro');
  assert.equal(customer.traits['address.city'], 'Bergen');
  assert.deepEqual(customer.accounts, ['acme']);
});

test('a retried batch stores nothing twice, a batch with one bad event stores the others', async (t) => {
  const server = await serverFor(t);
  const write = server.key('write', 'web');
  const secret = server.key('secret', 'reader');
  const auth = { authorization: 'Basic ' + Buffer.from(write + ':').toString('base64') };
  const batch = {
    batch: [
      { type: 'track', event: 'A', userId: 'u1', messageId: 'm1', timestamp: '2026-01-02T03:04:05.000Z' },
      { type: 'track', userId: 'u1', messageId: 'm2', timestamp: '2026-01-02T03:04:05.000Z' },
      { type: 'track', event: 'B', anonymousId: 'x', messageId: 'm3', timestamp: '2026-01-02T03:04:05.000Z' },
    ],
  };
  for (let i = 0; i < 3; i++) {
    const answer = await server.request('/v1/batch', { body: batch, headers: auth });
    assert.equal(answer.status, 200, answer.text);
    assert.equal(answer.json.success, true);
  }
  const ledger = (await server.request('/api/v1/ledger', { key: secret })).json;
  assert.equal(ledger.balanced, true);
  assert.deepEqual(
    { ...ledger.total },
    { received: 9, stored: 2, duplicate: 4, quarantined: 3, refused: 0 });
  const quarantine = (await server.request('/api/v1/quarantine', { key: secret })).json;
  assert.equal(quarantine.total, 1);
  assert.match(quarantine.rows[0].reason, /event/);
  const row = (await server.request(`/api/v1/quarantine/${quarantine.rows[0].id}`, { key: secret })).json;
  assert.deepEqual(JSON.parse(row.raw), batch.batch[1]);
  assert.match(must(['quarantine', 'list', '--data', server.data]), /q\d+/);
});

test('the browser library works from another origin, with the settings of this server alone', async (t) => {
  const server = await serverFor(t);
  const write = server.key('write', 'shop');
  const secret = server.key('secret', 'reader');
  const library = readFileSync(join(dirname(require.resolve('@segment/analytics-next/package.json')), 'dist/umd/index.js'));
  const pages = createServer((request, response) => {
    if (request.url === '/library.js') {
      response.writeHead(200, { 'content-type': 'text/javascript' }).end(library);
    } else {
      response.writeHead(200, { 'content-type': 'text/html' })
        .end('<!doctype html><title>Shop</title><script src="/library.js"></script>');
    }
  });
  await new Promise((done) => pages.listen(0, '127.0.0.1', done));
  t.after(() => pages.close());
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox'] });
  t.after(() => browser.close());
  const page = await browser.newPage();
  const foreign = [];
  page.on('request', (request) => {
    const host = new URL(request.url()).hostname;
    if (host !== '127.0.0.1' && host !== 'localhost') foreign.push(request.url());
  });
  await page.goto(`http://127.0.0.1:${pages.address().port}/`);
  await page.evaluate(async ({ url, key }) => {
    const [analytics] = await window.AnalyticsNext.AnalyticsBrowser.load({ writeKey: key, cdnURL: url });
    await analytics.page('Home');
    await analytics.track('Basket Opened', { items: 2 });
    await analytics.identify('bo', { plan: 'guest' });
  }, { url: server.url.replace('127.0.0.1', 'localhost'), key: write }).catch(async () => {
    // Settings name the host that was asked: both names of the loopback address must work.
    throw new Error('the library failed: ' + (await page.evaluate(() => document.title)));
  });
  const events = await until('three events', 5000, async () => {
    const answer = await server.request('/api/v1/customers/bo/timeline', { key: secret });
    return answer.json?.events?.length === 3 ? answer.json.events : null;
  });
  assert.deepEqual(events.map((event) => event.event).sort(), ['Basket Opened', 'identify', 'page']);
  assert.ok(events.every((event) => event.channel === 'web'), JSON.stringify(events.map((event) => event.channel)));
  assert.deepEqual(foreign, []);
});
