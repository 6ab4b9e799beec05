// What the snippet's tests share: a site on another origin than the server, a browser, and what the server
// stored in the end. The site also has a path of its own, /fh, that leads to the server: the first-party way.
import { createServer, request } from 'node:http';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';
import { Server, sleep, temporaryDirectory } from '../support/firsthand.mjs';

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
export { sleep };

// A site whose pages are made by `page(path, url)`: HTML, or { html, headers }.
export async function startSite(t, page, { proxy } = {}) {
  const site = { page, target: proxy, asked: [] };
  const server = createServer((incoming, outgoing) => {
    const url = new URL(incoming.url, 'http://site');
    if (url.pathname.startsWith('/fh/') && site.target) {
      site.asked.push(url.pathname);
      const to = request(new URL(incoming.url.slice(3), site.target), { method: incoming.method, headers: { ...incoming.headers, host: new URL(site.target).host } }, (answer) => {
        outgoing.writeHead(answer.statusCode, answer.headers);
        answer.pipe(outgoing);
      });
      to.on('error', () => { outgoing.writeHead(502); outgoing.end(); });
      incoming.pipe(to);
      return;
    }
    const made = site.page(url.pathname, url);
    const { html, headers = {} } = typeof made === 'string' ? { html: made } : made;
    outgoing.writeHead(html === undefined ? 404 : 200, { 'content-type': 'text/html; charset=utf-8', ...headers });
    outgoing.end(html ?? '');
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  t.after(() => { server.closeAllConnections?.(); server.close(); });
  // Another name than the server's: another site to the browser, not only another port.
  site.url = `http://localhost:${server.address().port}`;
  return site;
}

export const STUB = '<script>window.firsthand=window.firsthand||function(){(firsthand.q=firsthand.q||[]).push(arguments)}</script>';
export const tag = (base, key, attributes = '') => `${STUB}<script async src="${base}/sdk/firsthand.js" data-key="${key}" ${attributes}></script>`;
export const html = (head, body = '<h1>Shop</h1>', attributes = 'lang="en"') => `<!doctype html><html ${attributes}><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Shop</title>${head}</head><body><main>${body}</main></body></html>`;

export class World {
  // A server with a client key for `site`, and a secret one to look with.
  static async start(t, { data = temporaryDirectory(t), site = 'site' } = {}) {
    const world = new World();
    world.t = t;
    world.data = data;
    world.server = await Server.start(data);
    t.after(() => world.server.stop('SIGKILL'));
    world.key = world.server.key('client', site);
    world.secret = world.server.key('secret', 'looker');
    return world;
  }

  get url() { return this.server.url; }

  // Kills the server, and starts it again at the same address.
  async restart(signal = 'SIGKILL', pause = 0) {
    const { port } = new URL(this.url);
    await this.server.stop(signal);
    if (pause) await sleep(pause);
    this.server = await Server.start(this.data, { args: ['--listen', `127.0.0.1:${port}`] });
    this.t.after(() => this.server.stop('SIGKILL'));
  }

  async ledger() { return (await this.server.request('/api/v1/ledger', { key: this.secret })).json.total; }

  // All events of a customer, oldest first.
  async timeline(id) {
    const all = [];
    let cursor;
    do {
      const answer = await this.server.request(`/api/v1/customers/${encodeURIComponent(id)}/timeline?limit=100${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ''}`, { key: this.secret });
      if (answer.status !== 200) return all;
      all.push(...answer.json.events);
      cursor = answer.json.cursor;
    } while (cursor);
    return all.reverse();
  }

  // Until the customer's timeline satisfies `enough`; then the timeline.
  async until(id, enough, ms = 10_000) {
    const end = Date.now() + ms;
    let events = [];
    while (Date.now() < end) {
      events = await this.timeline(id);
      if (enough(events)) return events;
      await sleep(60);
    }
    throw new Error(`not within ${ms} ms: ${JSON.stringify(events.map((event) => [event.event, event.properties]), null, 1)}`);
  }
}

export const named = (events, name) => events.filter((event) => event.event === name);
export const has = (name, count = 1) => (events) => named(events, name).length >= count;

export async function startBrowser(t) {
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox'] });
  t.after(() => browser.close());
  return browser;
}

// A context whose pages write down every fault. `look` opens closed shadow roots to the test, and only to it.
export async function visitor(browser, { look = true, init, ...options } = {}) {
  const context = await browser.newContext({ locale: 'en-GB', timezoneId: 'Europe/Oslo', reducedMotion: 'reduce', ...options });
  if (look) {
    await context.addInitScript(() => {
      const attach = Element.prototype.attachShadow;
      Element.prototype.attachShadow = function (options) {
        globalThis.shadowMode = options.mode;
        return attach.call(this, { ...options, mode: 'open' });
      };
    });
  }
  if (init) await context.addInitScript(init);
  context.faults = [];
  context.on('page', (page) => {
    page.on('pageerror', (error) => context.faults.push(String(error)));
    page.on('console', (message) => {
      if (message.type() === 'error' && !/status of [45]\d\d|ERR_|favicon/.test(message.text())) context.faults.push(message.text());
    });
  });
  return context;
}

// Of what the snippet remembers.
export const memory = (page) => page.evaluate(() => JSON.parse(localStorage.getItem('fh') ?? 'null'));
export const ready = (page) => page.waitForFunction(() => window.firsthand?.version);
export async function anonymous(page) {
  await page.waitForFunction(() => JSON.parse(localStorage.getItem('fh') ?? '{}').a);
  return (await memory(page)).a;
}

export async function axe(page) {
  await page.evaluate(axeSource);
  return page.evaluate(async () => {
    const result = await globalThis.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice'] });
    return result.violations.map((violation) => `${violation.id}: ${violation.nodes.map((node) => `${node.target.join(' ')} ${node.failureSummary}`).join(', ')}`);
  });
}
