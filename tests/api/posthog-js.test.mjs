// posthog-js, unmodified, in a browser on a page of another origin.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import test from 'node:test';
import { Server, serverFor, sleep } from '../support/firsthand.mjs';
import { shop, visitor } from '../support/pages.mjs';

const require = createRequire(import.meta.url);
const library = join(dirname(require.resolve('posthog-js/package.json')), 'dist/module.full.no-external.js');
const html = '<!doctype html><title>Shop</title><h1>Shop</h1><button id="buy">Buy</button><script type="module">import posthog from "/posthog.js"; window.posthog = posthog;</script>';

async function until(what, limitMs, probe, said = () => '') {
  const end = Date.now() + limitMs;
  for (;;) {
    const found = await probe();
    if (found) return found;
    assert.ok(Date.now() < end, `${what} within ${limitMs} ms${await said()}`);
    await sleep(30);
  }
}

const names = (events) => events.map((event) => event.event);

async function timeline(server, secret, id) {
  const answer = await server.request(`/api/v1/customers/${encodeURIComponent(id)}/timeline?limit=1000`, { key: secret });
  return answer.json?.events?.reverse() ?? [];
}

async function open(t, server, key, options = {}) {
  const origin = await shop(t, { '/posthog.js': library }, html);
  const { page, foreign, browser } = await visitor(t);
  await page.goto(origin);
  await page.waitForFunction(() => window.posthog);
  await page.evaluate(({ url, key, options }) => new Promise((done) => {
    window.posthog.init(key, { api_host: url, opt_out_useragent_filter: true, request_batching: true, ...options });
    window.posthog.onFeatureFlags((flags) => { window.flags = flags; done(); });
  }), { url: server.url.replace('127.0.0.1', 'localhost'), key, options });
  return { origin, page, foreign, browser };
}

test('a visit: page view, clicks, signing in, facts, groups, and leaving the page', async (t) => {
  const server = await serverFor(t);
  const write = server.key('write', 'shop');
  const secret = server.key('secret', 'reader');
  const { page, foreign } = await open(t, server, write);
  assert.deepEqual(await page.evaluate(() => window.flags), []);
  const device = await page.evaluate(() => window.posthog.get_distinct_id());
  await page.click('#buy');
  await page.evaluate(() => {
    window.posthog.capture('Basket Opened', { items: 2 });
    window.posthog.identify('anna', { name: 'Anna', plan: 'free' }, { first_plan: 'free' });
    window.posthog.group('company', 'acme', { seats: 3 });
    window.posthog.setPersonProperties({ plan: 'pro' }, { first_plan: 'pro' });
    window.posthog.capture('Order Completed', { price: 9.5 });
    window.posthog.alias('anna@shop.example');
    window.posthog.captureException(new Error('the basket is torn'));
  });
  await until('the exception', 60_000, async () => names(await timeline(server, secret, 'anna')).includes('$exception'));
  await page.evaluate(() => window.posthog.capture('Last Look'));
  await page.goto('about:blank'); // a page that is closed may take what it still sends with it, where processors are scarce
  const events = await until('all events', 60_000, async () => {
    const found = await timeline(server, secret, 'anna');
    return names(found).includes('$pageleave') && names(found).includes('Last Look') ? found : null;
  }, async () => `; there are ${names(await timeline(server, secret, 'anna'))}`);
  assert.deepEqual(names(events), ['$pageview', '$autocapture', 'Basket Opened', 'identify', 'group', 'identify', 'Order Completed', 'alias', '$exception', 'Last Look', '$pageleave']);
  assert.ok(events.every((event) => event.channel === 'web'));
  assert.equal(events[6].properties.price, 9.5);
  assert.equal(events[6].properties['$groups.company'], 'acme');
  assert.equal(events[0].properties.$raw_user_agent, undefined);
  const anna = (await server.request(`/api/v1/customers/${device}`, { key: secret })).json;
  assert.equal(anna.id, 'anna');
  assert.equal(anna.known, true);
  assert.equal(anna.traits.plan, 'pro');
  assert.equal(anna.traits.first_plan, 'free');
  assert.equal(anna.traits.$initial_referrer, '$direct');
  assert.deepEqual(anna.accounts, ['acme']);
  assert.equal((await server.request('/api/v1/customers/anna%40shop.example', { key: secret })).json.id, 'anna');
  const ledger = (await server.request('/api/v1/ledger', { key: secret })).json;
  assert.equal(ledger.balanced, true);
  assert.equal(ledger.total.quarantined, 0);
  assert.deepEqual(foreign, []);
});

test('a visit without compression, in forms of base64, and one to an app that signs in another on the same device', async (t) => {
  const server = await serverFor(t);
  const write = server.key('write', 'shop');
  const secret = server.key('secret', 'reader');
  const { page } = await open(t, server, write, { disable_compression: true, autocapture: false });
  await page.evaluate(() => {
    window.posthog.identify('anna');
    window.posthog.capture('One', {}, { transport: 'sendBeacon' });
    window.posthog.reset();
    window.posthog.identify('bo');
    window.posthog.capture('Two');
  });
  await until('two people', 60_000, async () =>
    names(await timeline(server, secret, 'anna')).includes('One') && names(await timeline(server, secret, 'bo')).includes('Two'));
  assert.ok(!names(await timeline(server, secret, 'bo')).includes('One'));
  assert.equal((await server.request('/api/v1/ledger', { key: secret })).json.total.quarantined, 0);
});

test('what was captured while the server was away arrives when it is back, once', async (t) => {
  let server = await serverFor(t);
  const write = server.key('write', 'shop');
  const secret = server.key('secret', 'reader');
  const { page } = await open(t, server, write, { autocapture: false });
  await until('a page view', 8000, async () => (await server.request('/api/v1/ledger', { key: secret })).json.total.stored >= 1);
  await server.stop('SIGKILL');
  await page.evaluate(() => { window.posthog.identify('anna'); window.posthog.capture('While Away'); });
  await sleep(3500); // its queue is emptied every 3 s, and finds nobody
  server = await Server.start(server.data, { args: ['--listen', `127.0.0.1:${new URL(server.url).port}`] });
  t.after(() => server.stop('SIGKILL'));
  const events = await until('the events', 30000, async () => {
    const found = await timeline(server, secret, 'anna');
    return names(found).includes('While Away') && names(found).includes('identify') ? found : null; // in requests of their own
  });
  assert.equal(names(events).filter((name) => name === 'While Away').length, 1);
  assert.equal(names(events)[0], '$pageview');
});
