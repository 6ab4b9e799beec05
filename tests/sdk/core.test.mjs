// The core of the snippet in chromium, on a site of another origin, against the real server.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { anonymous, has, html, memory, named, ready, sleep, startBrowser, startSite, STUB, tag, visitor, World } from './host.mjs';

// Surveys have tests of their own (surveys.test.mjs); here the server is not asked for any.
const QUIET = 'data-surveys="off"';

async function scene(t, { attributes = '', surveys = QUIET, body, head = '', headers, init, options } = {}) {
  const world = await World.start(t);
  const site = await startSite(t, () => ({ html: html(head + tag(world.url, world.key, `${attributes} ${surveys}`), body), headers }));
  const browser = await startBrowser(t);
  const context = await visitor(browser, { init, ...options });
  const page = await context.newPage();
  return { world, site, browser, context, page };
}

test('page views come by themselves, with campaign and referrer and without the query', async (t) => {
  const { world, site, page, context } = await scene(t, { attributes: 'data-params="plan"' });
  await page.goto(`${site.url}/shoes?utm_source=news&utm_campaign=may&token=secret&plan=pro#part`, { referer: 'https://search.example/find?q=my+illness' });
  const id = await anonymous(page);
  const [view] = named(await world.until(id, has('page')), 'page');
  assert.equal(view.channel, 'web');
  assert.equal(view.properties.path, '/shoes');
  assert.equal(view.properties.url, `${site.url}/shoes`);
  assert.equal(view.properties.title, 'Shop');
  assert.equal(view.properties.referrer, 'https://search.example/find');
  assert.equal(view.properties['context.campaign.source'], 'news');
  assert.equal(view.properties['context.campaign.name'], 'may');
  assert.equal(view.properties['params.plan'], 'pro');
  assert.equal(view.properties['context.page.path'], '/shoes');
  assert.deepEqual(view.traits, { language: 'en-GB', timezone: 'Europe/Oslo' });
  assert.doesNotMatch(JSON.stringify(view), /secret|illness|part"/);
  assert.deepEqual(await context.cookies(), []);
  assert.deepEqual(context.faults, []);
});

test('navigation in one page is a page view, a change of the query is none', async (t) => {
  const { world, site, page } = await scene(t);
  await page.goto(`${site.url}/a`);
  const id = await anonymous(page);
  await page.evaluate(async () => {
    const wait = () => new Promise((done) => setTimeout(done, 30));
    history.pushState({ x: 1 }, '', '/b'); await wait();
    history.replaceState(null, '', '/b?sort=price'); await wait();
    location.hash = '#/deep/route'; await wait();
    location.hash = '#plain'; await wait();
    history.back(); await wait(); history.back(); await wait(); history.back(); await wait();
  });
  const views = named(await world.until(id, has('page', 7)), 'page').map((view) => view.properties.path);
  assert.deepEqual(views, ['/a', '/b', '/b#/deep/route', '/b', '/b#/deep/route', '/b', '/a']);
  const referrers = named(await world.timeline(id), 'page').map((view) => view.properties.referrer);
  assert.equal(referrers[1], `${site.url}/a`);
  assert.equal(await page.evaluate(() => history.length > 3), true);
});

test('calls before the script is there are kept; identify joins what came before; reset begins anew', async (t) => {
  const world = await World.start(t);
  const site = await startSite(t, () => html(`${STUB}<script>
    firsthand("track", "Early", { n: 1, list: [1, 2] });
    firsthand("identify", "anna", { name: "Anna Berg" });
    firsthand("group", "acme", { plan: "team" });
    firsthand("no such", 1); firsthand(); firsthand("constructor", "x");
  </script><script async src="${world.url}/sdk/firsthand.js" data-key="${world.key}" ${QUIET}></script>`));
  const context = await visitor(await startBrowser(t));
  const page = await context.newPage();
  await page.goto(site.url);
  const id = await anonymous(page);
  const events = await world.until('anna', (all) => has('group')(all) && has('Early')(all));
  assert.deepEqual(events.map((event) => event.event).sort(), ['Early', 'group', 'identify', 'page']);
  assert.equal((await world.timeline(id)).length, 4);
  const [identify] = named(events, 'identify');
  assert.equal(identify.traits.name, 'Anna Berg');
  const [group] = named(events, 'group');
  assert.equal(group.properties.plan, 'team');
  const customer = (await world.server.request('/api/v1/customers/anna', { key: world.secret })).json;
  assert.match(JSON.stringify(customer), /acme/);

  // On the next page the user is known; a second person on the device is another one.
  await page.reload();
  await world.until('anna', has('page', 2));
  await page.evaluate(() => firsthand.identify('bo'));
  const bo = (await memory(page)).a;
  assert.notEqual(bo, id);
  await world.until('bo', has('identify'));
  assert.equal((await world.timeline('bo')).length, 1);
  await page.evaluate(() => { firsthand.reset(); firsthand.track('After'); });
  const after = await anonymous(page);
  assert.notEqual(after, bo);
  await world.until(after, has('After'));
  assert.equal((await memory(page)).u, undefined);
  // An id that was in use before the user's own is joined by hand.
  await page.evaluate(() => firsthand.alias('cleo'));
  await world.until('cleo', (all) => has('alias')(all) && has('After')(all));
  assert.deepEqual(context.faults, []);
});

test('an event that was made offline arrives once the network is back, over a reload and in order', async (t) => {
  const { world, site, page, context } = await scene(t);
  await page.goto(site.url);
  const id = await anonymous(page);
  await world.until(id, has('page'));
  await context.setOffline(true);
  await page.evaluate(() => { for (let n = 0; n < 120; n++) firsthand.track('Offline', { n }); });
  await sleep(1500);
  assert.equal(named(await world.timeline(id), 'Offline').length, 0);
  await context.setOffline(false);
  await page.reload();
  const events = named(await world.until(id, has('Offline', 120)), 'Offline');
  assert.deepEqual(events.map((event) => event.properties.n).sort((a, b) => a - b), Array.from({ length: 120 }, (_none, n) => n));
  await page.waitForFunction(() => !Object.keys(localStorage).some((name) => name.startsWith('fh.q.')));
  const ledger = await world.ledger();
  assert.equal(ledger.quarantined + ledger.refused, 0);
});

test('a server that is killed and comes back loses nothing and stores nothing twice', async (t) => {
  const { world, site, page } = await scene(t);
  await page.goto(site.url);
  const id = await anonymous(page);
  await world.until(id, has('page'));
  let sent = 0;
  for (let turn = 0; turn < 3; turn++) {
    const more = page.evaluate(async (from) => {
      for (let n = from; n < from + 40; n++) { firsthand.track('Kept', { n }); await new Promise((done) => setTimeout(done, 40)); }
    }, sent);
    sent += 40;
    await sleep(300 + turn * 400);
    await world.restart('SIGKILL', 600);
    await more;
  }
  const events = named(await world.until(id, has('Kept', sent), 30_000), 'Kept');
  assert.equal(events.length, sent);
  assert.equal(new Set(events.map((event) => event.properties.n)).size, sent);
});

test('what was not sent when the page goes is handed to the browser', async (t) => {
  const { world, site, page } = await scene(t);
  await page.goto(site.url);
  const id = await anonymous(page);
  await world.until(id, has('page'));
  await page.evaluate(() => { localStorage.clear(); firsthand.track('Last words'); Object.keys(localStorage).forEach((name) => name.startsWith('fh.q.') && localStorage.removeItem(name)); });
  await page.goto('about:blank');
  await world.until(id === null ? '' : id, (all) => has('page')(all), 100).catch(() => {});
  const total = await (async () => {
    for (let turn = 0; turn < 100; turn++) {
      const { stored } = await world.ledger();
      if (stored >= 2) return stored;
      await sleep(50);
    }
    return 0;
  })();
  assert.equal(total, 2);
});

test('two tabs share a visitor and neither loses nor doubles an event', async (t) => {
  const { world, site, page, context } = await scene(t);
  await page.goto(site.url);
  const id = await anonymous(page);
  const other = await context.newPage();
  await other.goto(`${site.url}/two`);
  assert.equal((await memory(other)).a, id);
  await context.setOffline(true);
  const fill = (tab, from) => tab.evaluate((start) => { for (let n = start; n < start + 50; n++) firsthand.track('Shared', { n }); }, from);
  await Promise.all([fill(page, 0), fill(other, 50)]);
  await other.close({ runBeforeUnload: false }); // its queue outlives it
  await context.setOffline(false);
  const third = await context.newPage();
  await third.goto(`${site.url}/three`);
  const events = named(await world.until(id, has('Shared', 100)), 'Shared');
  assert.equal(events.length, 100);
  assert.equal(new Set(events.map((event) => event.properties.n)).size, 100);
});

test('Do Not Track and Global Privacy Control: nothing is stored, nothing is sent', async (t) => {
  for (const sign of ['doNotTrack', 'globalPrivacyControl']) {
    const { world, site, page, context } = await scene(t, { surveys: '', init: `Object.defineProperty(Navigator.prototype, ${JSON.stringify(sign)}, { get: () => ${sign === 'doNotTrack' ? '"1"' : 'true'}, configurable: true })` });
    const asked = [];
    page.on('request', (request) => { if (request.method() === 'POST') asked.push(request.url()); });
    await page.goto(site.url);
    await ready(page);
    await page.evaluate(() => { firsthand.track('A'); firsthand.identify('anna'); firsthand.page(); history.pushState(null, '', '/b'); });
    await sleep(1800);
    await page.reload();
    await sleep(300);
    assert.deepEqual(asked, []);
    assert.deepEqual(await page.evaluate(() => Object.keys(localStorage)), []);
    assert.deepEqual(await context.cookies(), []);
    assert.equal((await world.ledger()).received, 0);
    // The visitor's own word counts for more than the sign.
    await page.evaluate(() => firsthand.optIn());
    await world.until(await anonymous(page), has('page'));
  }
});

test('a site may say that the sign does not bind it', async (t) => {
  const { world, site, page } = await scene(t, { attributes: 'data-do-not-track="ignore"', init: 'Object.defineProperty(Navigator.prototype, "globalPrivacyControl", { get: () => true })' });
  await page.goto(site.url);
  await world.until(await anonymous(page), has('page'));
});

test('who opts out is forgotten here, and stays out; who is asked first is watched only after yes', async (t) => {
  const { world, site, page } = await scene(t, { attributes: 'data-consent="required"' });
  const asked = [];
  page.on('request', (request) => { if (request.method() === 'POST') asked.push(request.url()); });
  await page.goto(site.url);
  await ready(page);
  await sleep(1300);
  assert.deepEqual(asked, []);
  assert.deepEqual(await page.evaluate(() => Object.keys(localStorage)), []);
  await page.evaluate(() => firsthand.optIn());
  const id = await anonymous(page);
  await world.until(id, has('page'));
  await page.evaluate(() => { firsthand.track('Never sent'); firsthand.optOut(); firsthand.track('Nor this'); });
  assert.deepEqual(await page.evaluate(() => Object.entries(localStorage)), [['fh', '{"o":1}']]);
  await page.reload();
  await ready(page);
  await sleep(1300);
  assert.equal((await world.timeline(id)).length, 1);
  assert.deepEqual(await page.evaluate(() => Object.entries(localStorage)), [['fh', '{"o":1}']]);
});

test('persistence: memory keeps no identity, a cookie keeps it where it is told to', async (t) => {
  const { world, site, page, context } = await scene(t, { attributes: 'data-persistence="memory"' });
  await page.goto(site.url);
  await ready(page);
  await page.waitForFunction(() => !Object.keys(localStorage).length);
  assert.equal(await memory(page), null);
  for (let turn = 0; turn < 60 && (await world.ledger()).stored < 1; turn++) await sleep(50);
  await page.reload();
  for (let turn = 0; turn < 60 && (await world.ledger()).stored < 2; turn++) await sleep(50);
  const counted = await world.server.query(world.secret, { kind: 'trend', series: [{ event: 'page', measure: 'customers' }], range: 'last 7 days', interval: 'day' });
  assert.match(JSON.stringify(counted.json), /2/);
  assert.deepEqual(await context.cookies(), []);

  site.page = () => html(tag(world.url, world.key, 'data-persistence="cookie"'));
  await page.goto(site.url);
  await page.waitForFunction(() => document.cookie.includes('fh='));
  const [cookie] = await context.cookies();
  assert.equal(cookie.name, 'fh');
  assert.equal(cookie.sameSite, 'Lax');
  const id = JSON.parse(decodeURIComponent(cookie.value)).a;
  await world.until(id, has('page'));
  await page.reload();
  await world.until(id, has('page', 2));
  assert.equal(await memory(page), null);
});

test('the first-party path: script, events and surveys go through the site itself', async (t) => {
  const world = await World.start(t);
  const site = await startSite(t, () => html(tag('/fh', world.key, QUIET)), { proxy: world.url });
  const context = await visitor(await startBrowser(t));
  const page = await context.newPage();
  const foreign = [];
  page.on('request', (request) => { if (!request.url().startsWith(site.url)) foreign.push(request.url()); });
  await page.goto(site.url);
  await world.until(await anonymous(page), has('page'));
  await page.evaluate(() => firsthand.feedback());
  await page.getByRole('dialog').waitFor();
  assert.deepEqual(foreign, []);
  assert.ok(site.asked.includes('/fh/sdk/firsthand.js') && site.asked.includes('/fh/api/v1/events') && site.asked.includes('/fh/sdk/surveys.js'));
});

test('no request needs leave first: no OPTIONS, no cookies, the key in the body', async (t) => {
  const { world, site, page, context } = await scene(t);
  const seen = [];
  await context.route(`${world.url}/**`, (route) => {
    const request = route.request();
    seen.push([request.method(), new URL(request.url()).search, request.headers()['content-type'] ?? '', request.headers().cookie ?? '', request.headers().authorization ?? '']);
    return route.continue();
  });
  await page.goto(site.url);
  await world.until(await anonymous(page), has('page'));
  assert.ok(seen.length >= 2);
  for (const [method, search, type, cookie, authorization] of seen) {
    assert.notEqual(method, 'OPTIONS');
    assert.equal(search + cookie + authorization, '');
    if (method === 'POST') assert.match(type, /^text\/plain/);
  }
});

test('the page sees one name, its errors stay its own, and hostile values throw nothing into it', async (t) => {
  const { world, site, page, context } = await scene(t, { head: '<script>window.before = new Set(Object.getOwnPropertyNames(window)); Array.prototype.toJSON = function () { return JSON.parse("\\"hijacked\\""); }; Object.prototype.inherited = "no";</script>' });
  await page.goto(site.url);
  await ready(page);
  const id = await anonymous(page);
  const added = await page.evaluate(() => Object.getOwnPropertyNames(window).filter((name) => !window.before.has(name) && !/^\d+$|shadowMode/.test(name)));
  assert.deepEqual(added.filter((name) => name !== 'before'), ['firsthand']);
  const threw = await page.evaluate(() => {
    const circle = {}; circle.self = circle;
    const getter = { get bad() { throw new Error('mine'); } };
    const faults = [];
    for (const call of [() => firsthand.track('A', circle), () => firsthand.track('B', getter), () => firsthand.track('C', { big: 10n }), () => firsthand.track(), () => firsthand.track({ toString() { throw 1; } }),
      () => firsthand.identify(null), () => firsthand.identify(), () => firsthand.group(), () => firsthand.alias(), () => firsthand.init(), () => firsthand.init({ key: 'ck_other' }), () => firsthand.survey(), () => firsthand(Symbol('x')), () => firsthand('track', 'D', Object.create(null))]) {
      try { call(); } catch (error) { faults.push(String(error)); }
    }
    firsthand.track('Good', { n: 1 });
    return faults;
  });
  assert.deepEqual(threw, []);
  const [good] = named(await world.until(id, has('Good')), 'Good');
  assert.equal(good.properties.inherited, undefined);
  assert.equal((await world.ledger()).quarantined, 0);
  assert.deepEqual(context.faults, []);
});

test('storage, network and randomness that are forbidden cost the page nothing', async (t) => {
  const { site, page, context } = await scene(t, { init: 'Object.defineProperty(window, "localStorage", { get() { throw new DOMException("denied", "SecurityError"); } }); navigator.sendBeacon = () => { throw 1; }; window.fetch = () => { throw 1; };' });
  await page.goto(site.url);
  await ready(page);
  await page.evaluate(() => { firsthand.track('A'); firsthand.identify('x'); dispatchEvent(new Event('pagehide')); dispatchEvent(new Event('online')); });
  await sleep(1300);
  assert.deepEqual(context.faults, []);
});

test('a strict policy of the site: own style, nonce and trusted types', async (t) => {
  const world = await World.start(t);
  const nonce = 'abc123';
  const site = await startSite(t, () => ({
    html: html(`<script nonce="${nonce}" async src="${world.url}/sdk/firsthand.js" data-key="${world.key}" data-feedback="on" ${QUIET}></script>`),
    headers: { 'content-security-policy': `default-src 'none'; script-src 'nonce-${nonce}' 'strict-dynamic'; style-src 'none'; connect-src ${world.url}; require-trusted-types-for 'script'; trusted-types 'none'; base-uri 'none'` },
  }));
  const context = await visitor(await startBrowser(t));
  const page = await context.newPage();
  await page.goto(site.url);
  await world.until(await anonymous(page), has('page'));
  await page.getByRole('button', { name: 'Feedback' }).click();
  const box = page.getByRole('dialog');
  await box.waitFor();
  assert.equal(await box.evaluate((element) => getComputedStyle(element).borderTopLeftRadius), '12px');
  assert.equal(await page.evaluate(() => globalThis.shadowMode), 'closed');
  assert.deepEqual(context.faults, []);
});

test('a nonce without strict-dynamic is enough too', async (t) => {
  const world = await World.start(t);
  const site = await startSite(t, () => ({
    html: html(`<script nonce="n1" async src="${world.url}/sdk/firsthand.js" data-key="${world.key}" data-feedback="on" ${QUIET}></script>`),
    headers: { 'content-security-policy': `default-src 'none'; script-src 'nonce-n1'; connect-src ${world.url}` },
  }));
  const context = await visitor(await startBrowser(t));
  const page = await context.newPage();
  await page.goto(site.url);
  await page.getByRole('button', { name: 'Feedback' }).waitFor();
  assert.deepEqual(context.faults, []);
});

test('a key for other origins, or of nobody: one try a page, and the site does not notice', async (t) => {
  const world = await World.start(t);
  const key = world.server.key('client', 'elsewhere', ['--origin', 'https://elsewhere.example']);
  const site = await startSite(t, () => html(tag(world.url, key, QUIET)));
  const context = await visitor(await startBrowser(t));
  const page = await context.newPage();
  let posts = 0;
  page.on('request', (request) => { if (request.url().endsWith('/api/v1/events')) posts++; });
  await page.goto(site.url);
  await sleep(1500);
  await page.evaluate(() => firsthand.track('A'));
  await sleep(2500);
  assert.equal(posts, 1);
  assert.equal((await world.ledger()).stored, 0);
  assert.deepEqual(context.faults, []);
});
