// The tasks of a first day: build a funnel, find where people drop, open them, take them along, save them as a segment,
// follow one through. By mouse, by keyboard alone, and with a thumb on a phone.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { checkPage, settled, signedIn } from './pages.mjs';

const STEPS = ['Product Viewed', 'Added To Cart', 'Order Completed'];

// A hand: how something is pressed, and how a page is reached.
const mouse = (page) => ({ press: (target) => target.click(), take: (option) => option.click(), journeys: () => page.getByRole('link', { name: 'Journeys' }).first().click() });
const thumb = (page) => ({
  press: async (target) => {
    await target.scrollIntoViewIfNeeded();
    await target.tap();
  },
  take: (option) => option.tap(),
  journeys: () => page.getByRole('link', { name: 'Journeys' }).locator('visible=true').first().tap(),
});
const keys = (page) => ({
  press: async (target) => {
    await reach(page, target);
    await page.keyboard.press('Enter');
  },
  take: async (option) => {
    for (let turn = 0; turn < 20 && (await option.getAttribute('aria-selected')) !== 'true'; turn++) await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
  },
  journeys: async () => {
    await page.keyboard.press('g');
    await page.keyboard.press('j');
  },
});

const isFocused = (target) => target.evaluate((element) => element === document.activeElement);

// Goes to the target by Tab alone, forward, as often as the page has things to stop at.
async function reach(page, target, most = 150) {
  await target.waitFor();
  for (let turn = 0; turn < most; turn++) {
    if (await isFocused(target)) return;
    await page.keyboard.press('Tab');
  }
  assert.fail(`not reached by ${most} times Tab: ${target}`);
}

async function build(page, { press, take }) {
  for (const [index, event] of STEPS.entries()) {
    await press(page.getByRole('button', { name: 'Step', exact: true }));
    const field = page.getByRole('group', { name: `Step ${index + 1}` }).getByRole('combobox', { name: 'Event' });
    await press(field);
    await page.keyboard.type(event);
    // What was there before anything was typed gives way to what fits.
    await page.waitForFunction((name) => {
      const options = [...document.querySelectorAll('[role="listbox"]:not([hidden]) [role="option"]')];
      return options.length === 1 && options[0].textContent.startsWith(name);
    }, event);
    await take(page.getByRole('option', { name: event }));
  }
  await page.getByText('25 stopped').first().waitFor();
}

async function firstDay(page, server, hand) {
  const { press } = hand;
  await page.goto(server.url);
  await settled(page);
  await hand.journeys();
  await press(page.getByRole('link', { name: 'Funnels' }));
  await settled(page);
  await build(page, hand);
  await checkPage(page);

  // Where most of them stop: before the order. They are 25.
  await press(page.getByRole('button', { name: /25 .*(stopped|Order Completed)/ }).first());
  const drawer = page.getByRole('dialog');
  await drawer.getByRole('tab', { name: /^People 25$/ }).waitFor();
  await checkPage(page);
  await press(drawer.getByRole('button', { name: 'Export', exact: true }));
  const [file] = await Promise.all([page.waitForEvent('download'), press(page.getByRole('dialog', { name: 'Export' }).getByRole('button', { name: /^CSV/ }))]);
  assert.equal(readFileSync(await file.path(), 'utf8').trim().split('\r\n').length, 26);

  await press(drawer.getByRole('button', { name: 'Save as segment' }));
  await page.getByLabel('Name', { exact: true }).fill('Stopped before the order');
  await page.keyboard.press('Enter');
  await page.getByText('Segment “Stopped before the order” saved').waitFor();

  const one = drawer.getByRole('link').first();
  const name = (await one.textContent()).trim();
  await press(one);
  await page.getByRole('heading', { level: 1, name }).waitFor();
  await settled(page);
  await page.locator('main').getByText('Added To Cart').first().waitFor();
  assert.equal(await page.locator('main').getByText('Order Completed').count(), 0);
  await checkPage(page);

  await page.goto(`${server.url}/customers?segment=Stopped+before+the+order`);
  await settled(page);
  await page.getByText('25 customers').first().waitFor();
  assert.deepEqual(page.faults, []);
}

test('the tasks of a first day are done by mouse', async (t) => {
  const { server, page } = await signedIn(t);
  await firstDay(page, server, mouse(page));
});

test('the tasks of a first day are done by keyboard alone', async (t) => {
  const { server, page } = await signedIn(t);
  await firstDay(page, server, keys(page));
});

test('the tasks of a first day are done with a thumb at phone width', async (t) => {
  const { server, page } = await signedIn(t, { viewport: { width: 360, height: 740 }, hasTouch: true });
  await firstDay(page, server, thumb(page));
});
