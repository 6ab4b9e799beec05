// Signs of struggle, and the feedback button, in chromium against the real server.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { anonymous, axe, has, html, named, ready, sleep, startBrowser, startSite, tag, visitor, World } from './host.mjs';

const BODY = `<style>input{min-height:30px}</style><h1>Shop</h1>
  <button id="broken-4711" class="buy big">Pay anna@mail.example</button>
  <button id="works">Works</button><p id="out"></p>
  <a id="named" data-fh-name="Size chart" href="javascript:void 0">Sizes</a>
  <a id="leads" href="#there">Down</a>
  <p id="words">Words to read, clicked in anger</p>
  <form id="checkout" onsubmit="return false"><input name="card" aria-label="Card"><input name="mail" aria-label="Mail"><button>Order</button></form>
  <script>document.querySelector('#works').onclick = () => { document.querySelector('#out').textContent += 'x'; };
    function breakThings() {
      const fail = (text) => setTimeout(() => { throw new Error(text); });
      for (let n = 0; n < 3; n++) fail('Cannot find "Anna Berg" (anna@mail.example) number 4711');
      setTimeout(() => { Promise.reject(new TypeError('promise 1 broke')); Promise.reject({ secret: 'anna' }); });
      for (let n = 0; n < 20; n++) setTimeout(fail, 100, 'kind ' + String.fromCharCode(97 + n) + 'x'.repeat(500));
    }</script>`;

async function scene(t, attributes = '', options = {}) {
  const world = await World.start(t);
  const site = await startSite(t, () => html(tag(world.url, world.key, `data-surveys="off" ${attributes}`), BODY));
  const browser = await startBrowser(t);
  const context = await visitor(browser, options);
  const page = await context.newPage();
  await page.goto(site.url);
  await ready(page);
  return { world, site, browser, context, page };
}

test('clicks in anger are told once, where they were, without the words of the page', async (t) => {
  const { world, page } = await scene(t);
  await page.locator('#words').click({ clickCount: 5, delay: 20 });
  const id = await anonymous(page);
  const [rage] = named(await world.until(id, has('rage click')), 'rage click');
  assert.equal(rage.properties.element, 'p#words');
  assert.equal(rage.properties['context.page.path'], '/');
  for (let turn = 0; turn < 3; turn++) { await page.locator('#words').click(); await sleep(1100); }
  await page.getByLabel('Card').click({ clickCount: 4, delay: 20 }); // words are chosen so
  await sleep(1200);
  assert.equal(named(await world.timeline(id), 'rage click').length, 1);
});

test('a click that does nothing is told, one that does anything is not', async (t) => {
  const { world, page } = await scene(t);
  const id = await anonymous(page);
  await page.locator('#works').click();
  await sleep(2700);
  await page.locator('#leads').click();
  await sleep(2700);
  await page.locator('#words').click(); // nothing that looks like it could be clicked
  await page.getByLabel('Card').click();
  await sleep(2700);
  assert.equal(named(await world.timeline(id), 'dead click').length, 0);
  await page.evaluate(() => document.activeElement.blur());
  await page.locator('#broken-4711').focus();
  await page.locator('#broken-4711').click();
  await page.locator('#named').focus();
  await sleep(2700);
  await page.locator('#named').click();
  const events = named(await world.until(id, (all) => named(all, 'dead click').length >= 1 && JSON.stringify(all).includes('Size chart'), 8000), 'dead click');
  assert.ok(events.some((event) => event.properties.element === 'Size chart'));
  assert.doesNotMatch(JSON.stringify(events), /anna|4711/);
});

test('errors of scripts are told cut and cleaned, each once, and bounded', async (t) => {
  const { world, page } = await scene(t);
  const id = await anonymous(page);
  await page.evaluate(() => breakThings());
  const errors = named(await world.until(id, has('script error', 5)), 'script error');
  await sleep(1500);
  assert.equal(named(await world.timeline(id), 'script error').length, 5);
  assert.ok(errors.some((event) => event.properties.message === 'Uncaught Error: Cannot find … @ number 0'));
  assert.ok(errors.some((event) => event.properties.message === 'TypeError: promise 0 broke'));
  for (const event of errors) {
    assert.ok(event.properties.message.length <= 120);
    assert.doesNotMatch(JSON.stringify(event), /[Aa]nna|4711|secret/);
  }
});

test('three searches in a row are told, and which words they were is not', async (t) => {
  const { world, site, page } = await scene(t);
  for (const word of ['boots', 'boots', 'winter+boots', 'warm+boots']) await page.goto(`${site.url}/find?q=${word}`);
  const id = await anonymous(page);
  await world.until(id, has('page', 5));
  assert.equal(named(await world.timeline(id), 'repeated search').length, 0); // each a page of its own: counted in one page only
  await page.evaluate(async () => {
    for (const word of ['a', 'b', 'b', 'c']) { history.pushState(null, '', `/find${word}?q=${word}`); await new Promise((done) => setTimeout(done, 30)); }
  });
  const [search] = named(await world.until(id, has('repeated search')), 'repeated search');
  assert.equal(search.properties.searches, 3);
  assert.doesNotMatch(JSON.stringify(search.properties.searches), /boots/);
});

test('a form that was begun and left is told with how many fields, and no word of them', async (t) => {
  const { world, site, page } = await scene(t);
  const id = await anonymous(page);
  await page.getByLabel('Card').fill('4111 1111 1111 1111');
  await page.getByLabel('Mail').fill('anna@mail.example');
  await page.getByLabel('Mail').blur();
  await page.goto(`${site.url}/away`);
  const [form] = named(await world.until(id, has('form abandoned')), 'form abandoned');
  assert.deepEqual([form.properties.form, form.properties.fields, form.properties['context.page.path']], ['form#checkout', 2, '/']);
  assert.doesNotMatch(JSON.stringify(await world.timeline(id)), /4111|anna/);
  await page.getByLabel('Card').fill('5');
  await page.getByRole('button', { name: 'Order' }).click();
  await page.goto(`${site.url}/done`);
  await world.until(id, has('page', 3));
  assert.equal(named(await world.timeline(id), 'form abandoned').length, 1);
});

test('signs of struggle can be switched off', async (t) => {
  const { world, page } = await scene(t, 'data-struggle="off"');
  const id = await anonymous(page);
  await page.locator('#words').click({ clickCount: 5, delay: 20 });
  await page.evaluate(() => setTimeout(() => { throw new Error('x'); }));
  await sleep(1500);
  assert.deepEqual((await world.timeline(id)).map((event) => event.event), ['page']);
});

test('the feedback button: by keys alone, read aloud, given back the focus, stored as a note', async (t) => {
  const { world, page, context } = await scene(t, 'data-feedback="on"');
  const id = await anonymous(page);
  const button = page.getByRole('button', { name: 'Feedback' });
  await button.waitFor();
  assert.equal(await page.evaluate(() => document.activeElement === document.body), true);
  await button.focus();
  await page.keyboard.press('Enter');
  const box = page.getByRole('dialog', { name: 'What would you like to tell us?' });
  await box.waitFor();
  assert.deepEqual(await axe(page), []);
  await page.keyboard.press('Escape');
  await box.waitFor({ state: 'detached' });
  await page.keyboard.press('Enter'); // the focus is on the button again
  await box.waitFor();
  await page.getByRole('button', { name: 'Send' }).click();
  await page.getByText('Please answer this question.').waitFor();
  await page.keyboard.type('The <b>sleeves</b> are too long. =1+1');
  await page.getByRole('radio', { name: 'Bad', exact: true }).check({ force: true });
  await page.getByRole('button', { name: 'Send' }).click();
  await page.getByRole('heading', { name: 'Thank you!' }).waitFor();
  assert.deepEqual(await axe(page), []);
  const [note] = named(await world.until(id, has('feedback')), 'feedback');
  assert.deepEqual([note.text, note.properties.kind, note.properties.mood], ['The <b>sleeves</b> are too long. =1+1', 'note', 'bad']);
  await page.getByRole('button', { name: 'Close' }).first().click();
  await button.waitFor();
  assert.deepEqual(context.faults, []);
});

test('feedback is the visitor’s own act: sent under Do Not Track too, once, under an id that is not kept', async (t) => {
  const { world, page } = await scene(t, 'data-feedback="on"', { init: 'Object.defineProperty(Navigator.prototype, "globalPrivacyControl", { get: () => true })' });
  await page.getByRole('button', { name: 'Feedback' }).click();
  await page.keyboard.type('Anonymous words');
  await page.getByRole('button', { name: 'Send' }).click();
  for (let turn = 0; turn < 60 && (await world.ledger()).stored < 1; turn++) await sleep(50);
  assert.equal((await world.ledger()).received, 1);
  await page.waitForFunction(() => Object.keys(localStorage).length === 0);
});

test('the feedback form in dark, at 320 pixels, and from right to left', async (t) => {
  const world = await World.start(t);
  const site = await startSite(t, () => html(tag(world.url, world.key, 'data-surveys="off" data-feedback="on"'), BODY, 'lang="ar" dir="rtl"'));
  const browser = await startBrowser(t);
  const context = await visitor(browser, { viewport: { width: 320, height: 560 }, colorScheme: 'dark' });
  const page = await context.newPage();
  await page.goto(site.url);
  await page.getByRole('button', { name: 'ملاحظات' }).click();
  const box = page.getByRole('dialog');
  await box.waitFor();
  assert.equal(await box.getAttribute('dir'), 'rtl');
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth <= 320), true);
  const { x, width, y, height } = await box.boundingBox();
  assert.ok(x >= 0 && x + width <= 320 && y >= 0 && y + height <= 560);
  assert.deepEqual(await axe(page), []);
});
