// The command palette: pages, customers, names, dates and everything that can be done, by typing.
import assert from 'node:assert/strict';
import test from 'node:test';
import { axe, settled, sideways, signedIn } from './pages.mjs';

const field = (page) => page.getByRole('combobox', { name: 'Search, or say what to do' });
const chosen = (page) => page.locator('.palette [role=option][aria-selected=true]');

async function openPalette(page, chord = 'Control+k') {
  await page.keyboard.press(chord);
  await field(page).waitFor();
}

// Types, waits for the option and takes it.
async function take(page, typed, name) {
  await openPalette(page);
  await field(page).fill(typed);
  const option = page.getByRole('option', { name });
  await option.first().waitFor();
  for (let turn = 0; turn < 40 && !name.test((await chosen(page).textContent()) ?? ''); turn++) await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
}

test('Control+K opens it anywhere, also while typing, and Esc gives the focus back', async (t) => {
  const { server, page } = await signedIn(t);
  await page.goto(`${server.url}/settings/organisation`);
  await settled(page);
  await page.getByRole('textbox').first().focus();
  await openPalette(page);
  assert.equal(await field(page).evaluate((element) => element === document.activeElement), true);
  assert.deepEqual(await axe(page), []);
  await page.keyboard.press('Escape');
  await field(page).waitFor({ state: 'detached' });
  assert.equal(await page.evaluate(() => document.activeElement.tagName), 'INPUT');
  await openPalette(page, 'Meta+k');
  await page.keyboard.press('Control+k');
  await field(page).waitFor({ state: 'detached' });
  assert.deepEqual(page.faults, []);
});

test('customers are found by name, identifier and beginning, and the list says how many fit', async (t) => {
  const { server, page } = await signedIn(t);
  await page.goto(server.url);
  await settled(page);
  await take(page, 'u17', /^PPerson 17|Person 17/);
  await page.getByRole('heading', { level: 1, name: 'Person 17' }).waitFor();
  await openPalette(page);
  await field(page).fill('person 5');
  await page.getByRole('option', { name: /Person 5/ }).first().waitFor();
  assert.deepEqual(await axe(page), []);
  await page.getByRole('status').filter({ hasText: /\d+ results/ }).waitFor();
  assert.equal(await field(page).getAttribute('aria-activedescendant'), await chosen(page).getAttribute('id'));
  await page.keyboard.press('Escape');
  await take(page, 'person 1', /All customers with “person 1”/);
  await page.getByRole('button', { name: 'Remove the search for person 1' }).waitFor();
  assert.deepEqual(page.faults, []);
});

test('segments, saved views and events are found by their names', async (t) => {
  const { server, page } = await signedIn(t);
  const key = server.key('secret', 'maker');
  await server.request('/api/v1/segments/Bergen%20people', { method: 'PUT', key, body: { segment: { trait: ['city', '=', 'Bergen'] } } });
  await server.request('/api/v1/views', { key, body: { name: 'Monday view', page: 'journeys', query: { tab: 'funnels', steps: [{ event: 'Product Viewed' }, { event: 'Added To Cart' }] } } });
  await page.goto(server.url);
  await settled(page);
  await take(page, 'bergen', /^Bergen people/);
  await page.waitForURL(/customers\?segment=Bergen/);
  await take(page, 'monday', /^Monday view/);
  await page.getByRole('heading', { level: 1, name: 'Monday view' }).waitFor();
  await take(page, 'checkout', /^Checkout Started/);
  await page.waitForURL(/trends\?series\.0\.event=Checkout\+Started/);
  assert.deepEqual(page.faults, []);
});

test('a date that is typed becomes the range of the page, or of trends', async (t) => {
  const { server, page } = await signedIn(t);
  await page.goto(`${server.url}/voice?metric=nps`);
  await settled(page);
  await take(page, '2026-05-01..2026-05-31', /^Show/);
  await page.waitForURL(/range\.from=2026-05-01/);
  assert.match(page.url(), /\/voice\?.*metric=nps/);
  await page.goto(`${server.url}/customers`);
  await settled(page);
  await take(page, '7d', /^Trends, last 7 days/i);
  await page.waitForURL(/\/journeys\/trends\?range=last/);
  assert.deepEqual(page.faults, []);
});

test('what a page can do is done from the palette, and what another page begins too', async (t) => {
  const { server, page } = await signedIn(t);
  await page.goto(`${server.url}/journeys/trends?series.0.event=Added+To+Cart`);
  await settled(page);
  await take(page, 'save view', /^Save view/);
  await page.getByRole('dialog', { name: 'Save view' }).waitFor();
  await page.keyboard.press('Escape');
  await take(page, 'webhook', /^Add a channel: webhook/);
  await page.getByRole('dialog', { name: /webhook/i }).waitFor();
  await page.keyboard.press('Escape');
  await take(page, 'new survey', /^New survey/);
  await page.getByRole('dialog').waitFor();
  await page.keyboard.press('Escape');
  await take(page, 'dark', /^Dark theme/);
  await page.waitForFunction(() => document.documentElement.dataset.theme === 'dark');
  // The last thing done stands first.
  await openPalette(page);
  assert.match(await chosen(page).textContent(), /Dark theme/);
  await page.keyboard.press('Escape');
  await take(page, 'sign out', /^Sign out/);
  await page.getByRole('heading', { name: /Good/ }).waitFor();
  assert.deepEqual(page.faults, []);
});

test('every button of every page is in the palette, by its name', async (t) => {
  const { server, page } = await signedIn(t);
  for (const path of ['/', '/customers', '/voice', '/journeys/trends', '/settings/sources', '/settings/keys', '/surveys']) {
    await page.goto(server.url + path);
    await settled(page);
    const names = await page.locator('.page-tools button:enabled').evaluateAll((list) => list.map((element) => (element.getAttribute('aria-label') ?? element.textContent).trim()));
    await openPalette(page);
    for (const name of names) {
      await field(page).fill(name);
      await page.getByRole('group', { name: 'On this page' }).getByRole('option', { name, exact: true }).waitFor();
    }
    await page.keyboard.press('Escape');
  }
  assert.deepEqual(page.faults, []);
});

test('on a phone it fills the window and goes by touch, in dark too', async (t) => {
  for (const width of [320, 360]) {
    const { server, page } = await signedIn(t, { viewport: { width, height: 700 }, colorScheme: 'dark' });
    await page.goto(`${server.url}/journeys/trends`);
    await settled(page);
    await page.getByRole('button', { name: 'Search', exact: true }).click();
    await field(page).fill('u1');
    await page.getByRole('option', { name: /Person 1/ }).first().waitFor();
    assert.deepEqual(await axe(page), []);
    assert.ok((await sideways(page)) <= 0);
    await page.getByRole('option', { name: /Person 1/ }).first().click();
    await page.getByRole('heading', { level: 1, name: /Person 1/ }).waitFor();
    assert.deepEqual(page.faults, []);
  }
});

test('words of customers in the palette stay words', async (t) => {
  const evil = '<img src=x onerror="document.title=1"> \u202Egnorw';
  const { server, page } = await signedIn(t, { events: [{ userId: 'evil-1', event: evil, ts: new Date(Date.now() - 60_000).toISOString(), message_id: 'm', traits: { name: evil } }] });
  await page.goto(server.url);
  await settled(page);
  await openPalette(page);
  await field(page).fill('evil');
  await page.getByRole('group', { name: 'Customers' }).getByRole('option').waitFor();
  await field(page).fill('<img');
  await page.getByRole('group', { name: 'Events' }).getByRole('option').waitFor();
  assert.equal(await page.locator('.palette img').count(), 0);
  assert.doesNotMatch(await page.locator('.palette').textContent(), /\u202E/);
  assert.deepEqual(page.faults, []);
});
