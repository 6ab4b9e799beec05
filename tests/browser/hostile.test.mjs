// Ten thousand hostile verbatims through the pages, the exports and the terminal: nothing runs, no layout breaks.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { must } from '../support/firsthand.mjs';
import { hostileWords, OBEYED } from '../support/hostile.mjs';
import { settled, sideways, signedIn } from './pages.mjs';

const COUNT = 10_000;
const PEOPLE = 500;
const HALF_DAY = 43_200_000;

// The first characters; half of a pair at the cut becomes a replacement character, which may be sent.
const cut = (text, most) => Buffer.from(text.slice(0, most)).toString();

function events(words) {
  const now = Date.now();
  return words.map((text, n) => ({
    userId: `h${n % PEOPLE}`, event: 'feedback', ts: new Date(now - (n + 1) * 60_000).toISOString(), message_id: `hostile-${n}`, channel: ['survey', 'review', 'email'][n % 3], text,
    properties: { kind: ['survey', 'review', 'ticket'][n % 3], page: cut(text, 300), survey: cut(text, 100) },
    traits: { name: cut(text, 200), plan: cut(text, 60) }, ...(n % 3 === 0 ? { score: n % 11, scale: 'nps' } : {}),
  }));
}

// Every cell that a spreadsheet would take for a formula is made text; numbers stay numbers.
function formulas(csv) {
  const cells = [];
  let cell = '';
  let quoted = false;
  for (let i = 0; i < csv.length; i++) {
    const char = csv[i];
    if (quoted) {
      if (char === '"' && csv[i + 1] === '"') { cell += '"'; i++; } else if (char === '"') quoted = false;
      else cell += char;
    } else if (char === '"') quoted = true;
    else if (char === ',' || char === '\n' || char === '\r') { cells.push(cell); cell = ''; } else cell += char;
  }
  return cells.filter((each) => /^[=+\-@\t\r]/.test(each) && !/^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(each));
}

test('ten thousand hostile verbatims are text on every page, in every export and in the terminal', async (t) => {
  const words = hostileWords(COUNT);
  assert.equal(new Set(words).size, COUNT);
  const { page, server, write } = await signedIn(t, { events: [] });
  const all = events(words);
  for (let at = 0; at < all.length; at += 500) {
    const answer = await server.request('/api/v1/events', { key: write, body: all.slice(at, at + 500) });
    assert.equal(answer.json.stored, Math.min(500, all.length - at), answer.text.slice(0, 400));
  }
  const big = await server.request('/api/v1/events', { key: write, body: [{ userId: 'h0', event: 'feedback', ts: new Date().toISOString(), channel: 'email', text: 'x'.repeat(1_000_000), properties: { kind: 'ticket' } }] });
  assert.equal(big.json.stored, 1, big.text);
  page.on('dialog', (dialog) => { page.faults.push(`dialog: ${dialog.message()}`); void dialog.dismiss(); });
  const harmless = async (where) => {
    assert.equal(await page.evaluate(() => globalThis.owned), undefined, where);
    assert.ok((await sideways(page)) <= 0, `${where} scrolls sideways`);
    assert.deepEqual(page.faults, [], where);
    assert.equal(await page.locator('main script, main iframe, main object, main style, main base, main [onerror], main [onload]').count(), 0, where);
  };
  const go = async (path) => {
    await page.goto(new URL(path, page.url()).href);
    await settled(page);
    await harmless(path);
  };
  // All of Voice, half a day at a time.
  let shown = 0;
  const oldest = Date.parse(all.at(-1).ts);
  for (let end = Date.now() + HALF_DAY; end > oldest; end -= HALF_DAY) {
    const range = new URLSearchParams({ 'range.from': new Date(end - HALF_DAY).toISOString(), 'range.to': new Date(end).toISOString() });
    await go(`/voice?${range}`);
    const more = page.getByRole('button', { name: /Show more/ });
    for (let turn = 0; turn < 20 && (await more.count()) > 0; turn++) {
      const before = await page.locator('.said').count();
      await more.click();
      // A busy machine may refuse a page of them (503), and the reader is told; then it is asked for again.
      await page.waitForFunction((n) => document.querySelectorAll('.said').length > n, before, { timeout: 10_000 }).catch(() => undefined);
    }
    shown += await page.locator('.said').count();
    await harmless(`Voice until ${new Date(end).toISOString()}`);
  }
  assert.ok(shown > COUNT * 0.95, `${shown} shown`);
  for (const path of ['/', '/customers', '/customers/h0', '/customers/h1', '/customers/h77', '/voice?text=owned', '/voice?by=customer.plan&among=customer.name',
    '/journeys/trends?series.0.event=feedback&breakdown=page', '/journeys/trends?series.0.event=feedback&breakdown=customer.name&table=true', '/settings/pipeline']) await go(path);
  await go('/voice');
  await page.getByRole('button', { name: /things/ }).or(page.locator('.lead .opens').nth(1)).first().click();
  await page.getByRole('dialog').locator('.evidence-row').first().waitFor();
  await page.getByRole('tab', { name: /Words/ }).click();
  await harmless('the drawer');
  await page.locator('.drawer').getByRole('button', { name: 'Export', exact: true }).click();
  const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('dialog', { name: 'Export' }).getByRole('button', { name: /^CSV/ }).click()]);
  assert.deepEqual(formulas(readFileSync(await file.path(), 'utf8')), []);
  await page.setViewportSize({ width: 320, height: 640 });
  await page.keyboard.press('Escape');
  for (const path of ['/voice', '/customers', '/customers/h3']) await go(path);

  const data = ['--data', server.data];
  for (const args of [['timeline', 'h0'], ['timeline', 'h5'], ['verbatims', '--last', '30d'], ['trend', 'feedback', '--by', 'page', '--last', '30d'], ['customer', 'show', 'h9']]) {
    const text = must([...args, ...data]);
    assert.equal(OBEYED.exec(text), null, `${args.join(' ')} sends ${JSON.stringify(OBEYED.exec(text)?.[0])} to the terminal`);
  }
  for (const args of [['trend', 'feedback', '--by', 'page', '--last', '30d', '--format', 'csv'], ['verbatims', '--last', '30d', '--format', 'csv']]) {
    assert.deepEqual(formulas(must([...args, ...data])), [], args.join(' '));
  }
});
