// The customer's page: value that opens, what went wrong at its place, and walking through a life step by step.
import assert from 'node:assert/strict';
import test from 'node:test';
import { axe, checkPage, hostile, settled, sideways, signedIn } from './pages.mjs';

const DAY = 86_400_000;
const now = Date.now();
const at = (days, minutes = 0) => new Date(now - days * DAY + minutes * 60_000).toISOString();
const bought = (userId, days, revenue, currency) => ({ userId, event: 'Order Completed', ts: at(days), properties: { revenue, ...(currency ? { currency } : {}) }, channel: 'web' });

const wide = 'W'.repeat(180);

const life = [
  { userId: 'ann', event: 'identify', ts: at(90), traits: { name: 'Ann Aas', city: 'Oslo' } },
  { userId: 'ann', event: 'Product Viewed', ts: at(90, 1), properties: { product: 'Jacket' }, channel: 'web' },
  { userId: 'ann', event: 'Product Viewed', ts: at(90, 2), properties: { product: 'Boots' }, channel: 'web' },
  { userId: 'ann', event: 'Checkout Started', ts: at(90, 3), channel: 'web' },
  { userId: 'ann', event: 'Payment Failed', ts: at(90, 4), properties: { error: 'timeout' }, channel: 'web' },
  { userId: 'ann', event: 'feedback', ts: at(60), channel: 'email', text: 'I only need to know whether you can mend it.' },
  { userId: 'ann', event: 'contacted', ts: at(51), channel: 'email', properties: { purpose: 'message', outcome: 'allowed' } },
  bought('ann', 40, 100, 'NOK'), bought('ann', 10, 250, 'NOK'), bought('ann', 5, 20, 'EUR'),
  { userId: 'ann', event: 'feedback', ts: at(1), channel: 'survey', score: 4, scale: 'nps', text: 'Please don’t make me take that back.' },
  bought('bob', 9, 50, 'NOK'), bought('cid', 9, 900, 'NOK'),
  { userId: 'dan', event: 'identify', ts: at(3), traits: { name: 'Dan' } },
  { userId: 'eve', event: hostile, ts: at(8), properties: { [hostile]: hostile }, channel: hostile },
  { userId: 'eve', event: 'feedback', ts: at(7), channel: 'email', text: hostile },
  bought('eve', 6, 5, hostile),
  // One word without an end, wherever a word may stand.
  { userId: 'fay', event: 'failed'.repeat(30), ts: at(8), properties: { [wide]: wide }, channel: wide },
  { userId: 'fay', event: 'feedback', ts: at(7), channel: 'email', text: wide.repeat(3), score: 1, scale: 'nps' },
  bought('fay', 6, 5, wide),
];
// In their order, and long enough that the walk must fetch more.
const long = Array.from({ length: 450 }, (_, n) => ({ userId: 'long', event: `Step ${n}`, ts: new Date(now - 20 * DAY + n * 3_600_000).toISOString(), channel: 'web' }));

const open = async (t, path, options = {}) => {
  const signed = await signedIn(t, { events: [...life, ...long], ...options });
  await signed.page.goto(signed.server.url + path);
  await settled(signed.page);
  return signed;
};
const value = (page) => page.getByRole('region', { name: 'Value', exact: true });
const wrong = (page) => page.getByRole('region', { name: 'What went wrong' });
const walk = (page) => page.getByRole('dialog', { name: /lived through/ });
const step = (page) => walk(page).getByRole('heading', { level: 3 });

test('value stands apart by currency, and every number opens to itself', async (t) => {
  const { page } = await open(t, '/customers/ann');
  const sheet = value(page);
  await sheet.getByText('A guess by names: Order Completed, revenue.').waitFor();
  await sheet.getByText(/More than 1 of 3 customers with value in NOK/).waitFor();
  await sheet.getByText(/The only customer with value in EUR|More than 0 of/).waitFor();
  for (const [name, total, shown] of [[/350/, '1 of 1', '350'], [/customers.*|.*3 customers/, '3 of 3', null]]) {
    await sheet.getByRole('button', { name }).first().click();
    const drawer = page.getByRole('dialog');
    await drawer.getByText(total).waitFor();
    if (shown) await drawer.locator('.evidence-row').getByText(shown, { exact: true }).waitFor();
    await page.keyboard.press('Escape');
    await drawer.waitFor({ state: 'detached' });
  }
  await checkPage(page);
});

test('what went wrong says why, and opens at its place in the timeline', async (t) => {
  const { page } = await open(t, '/customers/ann');
  const sheet = wrong(page);
  await sheet.getByText('Low score').waitFor();
  assert.deepEqual(await sheet.locator('.wrong-list .tag.bad').allTextContents(), ['Low score', 'Waited', 'Failed', 'Gave up']);
  await sheet.getByRole('button', { name: 'Why do I see this?' }).nth(1).click();
  await sheet.getByText('Wrote to us and had an answer after 9 days; more than 3 days is long.').waitFor();
  await sheet.getByRole('button', { name: /Payment Failed/ }).click();
  const row = page.locator('.timeline .here');
  await row.getByRole('button', { name: 'Did: Payment Failed' }).waitFor();
  await row.getByText('Went wrong').waitFor();
  assert.equal(await row.locator('.event-name').evaluate((element) => element === document.activeElement), true);
  assert.match(page.url(), /[?&]at=\d+\.\d+/);
  await page.getByText(/^Around /).waitFor();
  await checkPage(page);
  await page.getByRole('button', { name: 'Back to the newest' }).click();
  await page.waitForURL((url) => !url.searchParams.has('at'));
  await page.goBack();
  await page.locator('.timeline .here').waitFor();
});

test('who never paid and had no trouble is told so', async (t) => {
  const { page } = await open(t, '/customers/dan');
  await value(page).getByText('Nothing with an amount yet.').waitFor();
  await wrong(page).getByText('Nothing that a rule finds.').waitFor();
  await checkPage(page);
  await page.getByRole('button', { name: 'Walk through' }).click();
  await walk(page).getByText('Nothing has happened yet.').waitFor();
  await page.keyboard.press('Escape');
  await walk(page).waitFor({ state: 'detached' });
});

test('a life is walked through by keys, with its words and its waiting', async (t) => {
  const { page } = await open(t, '/customers/ann');
  await page.getByRole('button', { name: 'Walk through' }).click();
  await step(page).getByText('Product Viewed').waitFor();
  await walk(page).getByText('This is where it begins.', { exact: true }).waitFor();
  await walk(page).getByText('Jacket', { exact: false }).first().waitFor();
  const names = [];
  for (const key of ['ArrowRight', 'j', 'ArrowDown', 'ArrowRight']) {
    const before = page.url();
    await page.keyboard.press(key);
    await page.waitForFunction((url) => location.href !== url, before);
    names.push((await step(page).textContent()).trim());
  }
  assert.deepEqual(names, ['Checkout Started', 'Payment Failed', 'Feedback', 'We contacted them']);
  await walk(page).getByText('9 days without an answer', { exact: true }).waitFor();
  assert.equal(await walk(page).locator('.walk-wait svg rect').count(), 9, 'a mark for each day');
  await page.keyboard.press('k');
  await walk(page).getByText('I only need to know whether you can mend it.', { exact: true }).waitFor();
  await walk(page).getByText('Waited', { exact: true }).waitFor();
  // The address is the step.
  const here = page.url();
  await page.reload();
  await walk(page).getByText('I only need to know whether you can mend it.', { exact: true }).waitFor();
  assert.equal(page.url(), here);
  assert.deepEqual(await axe(page), []);
  await page.keyboard.press('Escape');
  await walk(page).waitFor({ state: 'detached' });
  assert.equal(new URL(page.url()).search, '');
});

test('each step is read out as a sentence', async (t) => {
  const { page } = await open(t, '/customers/ann?walk=start');
  const said = walk(page).locator('[aria-live]');
  await said.filter({ hasText: /This is where it begins.*They did: Product Viewed\. 2 times\. web\.$/ }).waitFor({ state: 'attached' });
});

test('a tap goes on, the visit is a list, and playing stops by itself at no key', async (t) => {
  const { page } = await open(t, '/customers/ann?walk=start');
  await step(page).getByText('Product Viewed').waitFor();
  await walk(page).locator('.walk-when').click();
  await step(page).getByText('Checkout Started').waitFor();
  await walk(page).getByRole('navigation', { name: 'What happened in this visit' }).getByRole('button', { name: /Payment Failed/ }).click();
  await step(page).getByText('Payment Failed').waitFor();
  const play = walk(page).getByRole('button', { name: 'Play' });
  assert.equal(await play.getAttribute('aria-pressed'), 'false', 'nothing plays unasked');
  await play.click();
  await step(page).getByText('Feedback').waitFor({ timeout: 15_000 });
  await page.keyboard.press('ArrowLeft');
  await walk(page).getByRole('button', { name: 'Play' }).waitFor();
});

test('a long life is fetched as it is walked, from wherever the slider stands', async (t) => {
  const { page } = await open(t, '/customers/long?walk=start');
  await step(page).getByText('Step 0', { exact: true }).waitFor();
  // Each waits an hour: every event is a step of its own; the fetched page ends at 200.
  for (let n = 1; n <= 215; n += 1) {
    await page.keyboard.press('ArrowRight');
    await page.waitForFunction((name) => document.querySelector('.walk h3')?.textContent === name, `Step ${n}`);
  }
  const slider = walk(page).getByRole('slider', { name: 'When' });
  await slider.focus();
  await page.keyboard.press('End');
  await page.waitForFunction(() => /Step 4[34]\d/.test(document.querySelector('.walk h3')?.textContent ?? ''));
  assert.match(await slider.getAttribute('aria-valuetext'), /\d{4}, \d\d:\d\d$/);
  await page.keyboard.press('Home');
  await step(page).getByText('Step 0', { exact: true }).waitFor();
  assert.equal(await walk(page).getByRole('button', { name: 'Back' }).isDisabled(), true);
});

test('the last step says that nothing more is known', async (t) => {
  const { page } = await open(t, '/customers/bob?walk=start');
  await walk(page).getByText('This is the last we know.').waitFor();
  assert.equal(await walk(page).getByRole('button', { name: 'Next' }).isDisabled(), true);
});

test('a person behind a number is followed through', async (t) => {
  const { page } = await open(t, '/customers/ann');
  await value(page).getByRole('button', { name: /350/ }).first().click();
  await page.getByRole('link', { name: 'Follow Ann Aas through, step by step' }).click();
  await step(page).getByText('Product Viewed').waitFor();
});

test('the walk is found in the palette', async (t) => {
  const { page } = await open(t, '/customers/ann');
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox', { name: 'Search, or say what to do' }).fill('walk through');
  await page.getByRole('option', { name: /Walk through/ }).first().click();
  await walk(page).waitFor();
});

for (const width of [320, 1440]) {
  test(`a word without an end breaks, ${width} pixels wide`, async (t) => {
    const { page } = await open(t, '/customers/fay', { viewport: { width, height: 800 } });
    await wrong(page).getByText('Failed', { exact: true }).waitFor();
    await checkPage(page);
    await page.getByRole('button', { name: 'Walk through' }).click();
    for (let n = 0; n < 3; n += 1) {
      await step(page).waitFor();
      assert.ok(await walk(page).evaluate((element) => element.scrollWidth <= element.clientWidth), `step ${n}`);
      assert.ok(await walk(page).locator('.walk-stage').evaluate((element) => element.scrollWidth <= element.clientWidth), `stage of step ${n}`);
      await page.keyboard.press('ArrowRight');
    }
    assert.deepEqual(await axe(page), []);
  });
}

test('hostile words stay words, in value, troubles and the walk', async (t) => {
  const { page } = await open(t, '/customers/eve');
  await wrong(page).getByText('No answer', { exact: true }).waitFor();
  await checkPage(page);
  await page.getByRole('button', { name: 'Walk through' }).click();
  await step(page).waitFor();
  for (let n = 0; n < 2; n += 1) await page.keyboard.press('ArrowRight');
  await step(page).getByText('Order Completed').waitFor();
  assert.equal(await page.locator('.walk img').count(), 0);
  assert.notEqual(await page.title(), '1');
  assert.deepEqual(await axe(page), []);
  assert.deepEqual(page.faults, []);
});

for (const colorScheme of ['light', 'dark']) {
  test(`on a phone, ${colorScheme}, nothing is wider than the window`, async (t) => {
    const { page, server } = await open(t, '/customers/ann', { viewport: { width: 320, height: 640 }, colorScheme, hasTouch: true });
    await wrong(page).getByText('Low score').waitFor();
    await checkPage(page);
    await page.goto(`${server.url}/customers/ann?walk=start`);
    await step(page).getByText('Product Viewed').waitFor();
    for (let n = 0; n < 3; n += 1) await walk(page).getByRole('button', { name: 'Next' }).tap();
    await step(page).getByText('Feedback').waitFor();
    assert.ok((await sideways(page)) <= 0);
    assert.ok(await walk(page).evaluate((element) => element.scrollWidth <= element.clientWidth));
    assert.deepEqual(await axe(page), []);
    assert.deepEqual(page.faults, []);
  });
}
