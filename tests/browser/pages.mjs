// What the page tests share: a server with a small shop in it, a browser that is signed in and
// writes down every fault, and the checks that hold on every page.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';
import { Server, temporaryDirectory } from '../support/firsthand.mjs';

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
export const person = { organisation: 'Fjordline', name: 'Astrid Dahl', email: 'astrid@fjordline.example', password: 'a short sentence is good' };

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
export const hostile = '=cmd|calc <img src=x onerror="document.title=1"> \u202Egnorw\u202C javascript:alert(1)';

// Sixty customers: all look, 45 add, 30 begin to pay, 20 order; every fifth says something.
export function shop(now = Date.now()) {
  const events = [];
  for (let n = 0; n < 60; n++) {
    const userId = `u${n}`;
    const start = now - (1 + (n % 9)) * DAY - (n % 7) * HOUR;
    const firm = n % 3 ? { identifiers: { account: `Firm ${n % 7}` } } : {}; // every third is in none
    const send = (step, event, more = {}) => events.push({
      userId, ...firm, event, ts: new Date(start + step * 60_000).toISOString(), message_id: `${userId}-${step}`,
      channel: n % 3 ? 'web' : 'app', properties: { device: n % 3 ? 'desktop' : 'phone', price: 100 + n }, ...more,
    });
    send(0, 'Product Viewed', { traits: { name: `Person ${n}`, city: n % 2 ? 'Bergen' : 'Oslo', plan: n % 4 ? 'free' : 'pro' } });
    if (n < 45) send(1, 'Added To Cart');
    if (n < 30) send(2, 'Checkout Started');
    if (n < 20) send(3, 'Order Completed');
    if (n % 5 === 0) send(30, 'feedback', { channel: 'survey', text: n === 0 ? hostile : `The parcel number ${n} came two days late.`, score: n % 11, scale: 'nps', properties: { kind: 'survey' } });
  }
  return events;
}

// A server with the shop and a signed-in browser; both end with the test.
export async function signedIn(t, { events = shop(), viewport = { width: 1440, height: 900 }, colorScheme = 'light', hasTouch = false } = {}) {
  const server = await startServer(t);
  const browser = await startBrowser(t);
  const page = await newPage(browser, server, { viewport, colorScheme, hasTouch });
  await page.goto(setupLink(server));
  await fillSetup(page);
  await page.locator('.app').waitFor();
  const write = server.key('write', 'web');
  if (events.length) {
    const answer = await server.request('/api/v1/events', { key: write, body: events });
    assert.equal(answer.status, 200, answer.text);
    assert.equal(answer.json.stored, events.length, answer.text);
  }
  return { server, browser, page, write };
}

export async function startServer(t, data = temporaryDirectory(t)) {
  const server = await Server.start(data);
  t.after(() => server.stop('SIGKILL'));
  for (let turn = 0; turn < 100 && !/\/setup#\S+/.test(server.stdout); turn++) await new Promise((done) => setTimeout(done, 50));
  return server;
}

export const setupLink = (server) => /http\S+\/setup#\S+/.exec(server.stdout)[0];

export async function startBrowser(t) {
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox'] });
  t.after(() => browser.close());
  return browser;
}

// Faults: errors of scripts, of the content security policy, and any request to another host.
export async function newPage(browser, server, options = {}) {
  const context = await browser.newContext({ locale: 'en-GB', timezoneId: 'Europe/Oslo', reducedMotion: 'reduce', acceptDownloads: true, ...options });
  await context.addInitScript(countAsked);
  const page = await context.newPage();
  page.faults = [];
  page.on('pageerror', (error) => page.faults.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error' && !/status of 4\d\d/.test(message.text())) page.faults.push(message.text());
  });
  page.on('request', (request) => {
    if (!request.url().startsWith(server.url) && !/^(data|blob):/.test(request.url())) page.faults.push(`went to ${request.url()}`);
  });
  return page;
}

export async function fillSetup(page) {
  await page.getByLabel('Organisation', { exact: true }).fill(person.organisation);
  await page.getByLabel('Your name').fill(person.name);
  await page.getByLabel('E-mail').fill(person.email);
  await page.getByLabel('Password', { exact: true }).fill(person.password);
  await page.getByRole('button', { name: 'Make the administrator' }).click();
}

// Runs in the page, before its own scripts: how many answers are asked for and not yet read.
function countAsked() {
  const ask = globalThis.fetch;
  globalThis.onTheirWay = 0;
  globalThis.fetch = async (...request) => {
    globalThis.onTheirWay++;
    try {
      const response = await ask(...request);
      response.clone().arrayBuffer().catch(() => undefined).finally(() => { globalThis.onTheirWay--; });
      return response;
    } catch (error) {
      globalThis.onTheirWay--;
      throw error;
    }
  };
}

// Until nothing is on its way any more. What is pressed asks only after the next frame, and an answer may make another part
// ask: so for some frames on end nothing is asked for and nothing says that it is busy.
export async function settled(page) {
  await page.locator('main h1').waitFor();
  await page.waitForFunction(({ turn, frames }) => {
    if (globalThis.calm?.turn !== turn) globalThis.calm = { turn, frames: 0 };
    const busy = globalThis.onTheirWay > 0 || document.querySelector('.skeleton, [aria-busy="true"]') !== null;
    globalThis.calm.frames = busy ? 0 : globalThis.calm.frames + 1;
    return globalThis.calm.frames > frames;
  }, { turn: ++turns, frames: 4 }, { timeout: 10_000 });
}
let turns = 0;

export async function axe(page) {
  await page.evaluate(axeSource);
  return page.evaluate(async () => {
    const result = await globalThis.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice'] });
    return result.violations.map((violation) => `${violation.id}: ${violation.nodes.map((node) => node.target.join(' ')).join(', ')}`);
  });
}

export const sideways = (page) => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

// What holds on every page: nothing for axe to find, nothing wider than the window, no fault, no request to elsewhere.
export async function checkPage(page) {
  await settled(page);
  assert.deepEqual(await axe(page), []);
  assert.ok((await sideways(page)) <= 0, 'scrolls sideways');
  assert.deepEqual(page.faults, []);
}

export const FUNNEL = '/journeys/funnels?steps.0.event=Product+Viewed&steps.1.event=Added+To+Cart&steps.2.event=Checkout+Started&steps.3.event=Order+Completed';
export const PAGES = [
  '/', '/customers', '/customers?search=person+1', '/customers?per=account', '/customers/u0', '/customers/u1', '/customers/accounts/Firm%201',
  '/journeys/trends', '/journeys/trends?series.0.event=Added+To+Cart&series.0.measure=customers&breakdown=device&compare=previous',
  '/journeys/trends?series.0.event=Added+To+Cart&breakdown=device&look=totals&table=true',
  '/voice', '/voice?metric=stars&by=customer.plan&table=true', '/voice?text=parcel&kind=survey',
  '/journeys/funnels', FUNNEL, `${FUNNEL}&breakdown=device`, `${FUNNEL}&table=true`, '/journeys/retention',
  '/journeys/sql', '/journeys/sql?sql=SELECT+customer,+channel,+score,+text+FROM+verbatims', '/journeys/sql?sql=SELECT+evnt+FROM+events',
  '/dashboards', '/settings/pipeline', '/settings/quarantine', '/settings/imports', '/settings/sources', '/settings/keys', '/settings/contact', '/settings/privacy', '/settings/backups', '/settings/export', '/settings/organisation', '/settings/appearance',
  '/journeys/lifecycle', '/journeys/lifecycle?range=last+3+weeks&table=true', '/journeys/stickiness?range=last+6+weeks&compare=previous', '/journeys/lifecycle?compare=year', '/journeys/retention?breakdown=device&compare=previous&cohort=every', '/journeys/paths?what.event=Product+Viewed&compare=weekday', '/journeys/stickiness?interval=day&range=last+30+days',
  '/journeys/paths', '/journeys/paths?what.event=Product+Viewed', '/journeys/paths?what.event=feedback&side=end&table=true&gap=1d',
  '/journeys/between', '/journeys/between?from.event=Product+Viewed&to.event=Added+To+Cart&window=1d', '/journeys/between?from.event=Product+Viewed&to.event=Order+Completed&table=true',
  '/journeys/map', '/journeys/map?stages.0.event=Product+Viewed&stages.0.name=Find&stages.1.event=Added+To+Cart&stages.2.event=Order+Completed&compare=previous',
  '/no-such-page',
];
