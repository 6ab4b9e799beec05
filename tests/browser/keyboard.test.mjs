// The main tasks with the keyboard alone, and the address as the state.
import assert from 'node:assert/strict';
import test from 'node:test';
import { axe, FUNNEL, settled, signedIn } from './pages.mjs';

const focused = (page) => page.evaluate(() => document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent ?? '');

test('pages, search, table, chart and drawer are reached with keys', async (t) => {
  const { server, page } = await signedIn(t);
  await page.goto(server.url);
  await settled(page);
  await page.keyboard.press('Tab');
  assert.equal(await focused(page), 'Skip to the page');
  await page.keyboard.press('Enter');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'main');

  for (const [key, name] of [['c', 'Customers'], ['j', 'Everyone who was here'], [',', 'Pipeline']]) {
    await page.keyboard.press('g');
    await page.keyboard.press(key);
    await page.getByRole('heading', { level: 1, name }).waitFor();
  }
  await page.keyboard.press('/');
  await page.getByRole('combobox', { name: 'Search, or say what to do' }).waitFor();
  await page.keyboard.type('person 17');
  await page.getByRole('option', { name: /^Person 17/ }).waitFor();
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { level: 1, name: 'Person 17' }).waitFor();

  await page.goto(`${server.url}/journeys/trends?series.0.event=Added+To+Cart&series.0.measure=customers`);
  await settled(page);
  await page.keyboard.press('t');
  await page.locator('.chart-place table').waitFor();
  assert.match(page.url(), /table=true/);
  await page.keyboard.press('t');
  await page.getByRole('application').focus();
  await page.keyboard.press('End');
  for (let turn = 0; turn < 3; turn++) await page.keyboard.press('ArrowLeft');
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').getByRole('tab', { name: /^People/ }).waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  assert.equal(await page.evaluate(() => document.activeElement.getAttribute('role')), 'application');

  await page.keyboard.press('?');
  await page.getByRole('dialog', { name: 'Keys' }).waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  assert.deepEqual(page.faults, []);
});

test('single keys can be turned off', async (t) => {
  const { server, page } = await signedIn(t);
  await page.goto(`${server.url}/settings/appearance`);
  await page.getByLabel('Single keys as shortcuts').uncheck();
  await page.goto(`${server.url}/customers`);
  await settled(page);
  await page.keyboard.press('g');
  await page.keyboard.press('t');
  assert.equal(new URL(page.url()).pathname, '/customers');
});

test('a funnel is built with keys and completion, and its address restores it', async (t) => {
  const { server, page } = await signedIn(t);
  await page.goto(`${server.url}/journeys/funnels`);
  await settled(page);
  for (const [index, typed] of ['product', 'added', 'order'].entries()) {
    await page.getByRole('button', { name: 'Step', exact: true }).focus();
    await page.keyboard.press('Enter');
    const field = page.getByRole('group', { name: `Step ${index + 1}` }).getByRole('combobox', { name: 'Event' });
    await field.focus();
    await page.keyboard.type(typed);
    // What was there before anything was typed gives way to what fits.
    await page.waitForFunction((beginning) => {
      const options = [...document.querySelectorAll('[role="listbox"]:not([hidden]) [role="option"]')];
      return options.length > 0 && options.every((option) => option.textContent.toLowerCase().startsWith(beginning));
    }, typed);
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
  }
  await page.getByText('40 stopped').or(page.getByText('25 stopped')).first().waitFor();
  const address = page.url();
  assert.match(decodeURIComponent(address).replaceAll('+', ' '), /steps\.0\.event=Product Viewed/);
  const other = await page.context().newPage();
  await other.goto(address);
  await settled(other);
  assert.equal(await other.locator('h1').textContent(), await page.locator('h1').textContent());
  assert.equal(await other.locator('.lead').textContent(), await page.locator('.lead').textContent());
});

test('a number saved as a segment holds the same people', async (t) => {
  const { server, page } = await signedIn(t);
  await page.goto(`${server.url}/journeys/trends?series.0.event=Added+To+Cart&series.0.measure=customers`);
  await settled(page);
  await page.getByRole('button', { name: /45 customers did “Added To Cart”/ }).first().click();
  await page.getByRole('dialog').getByRole('button', { name: 'Save as segment' }).click();
  await page.getByLabel('Name').fill('Added something');
  await page.keyboard.press('Enter');
  await page.getByText('Segment “Added something” saved').waitFor();
  await page.goto(`${server.url}/customers?segment=Added+something`);
  await settled(page);
  await page.getByText('45 customers.').waitFor();
  assert.deepEqual(page.faults, []);
});

test('who stopped in a funnel is saved as a segment of the same people', async (t) => {
  const { server, page } = await signedIn(t);
  await page.goto(`${server.url}/journeys/funnels?steps.0.event=Product+Viewed&steps.1.event=Added+To+Cart&steps.2.event=Order+Completed&window=1h`);
  await settled(page);
  await page.getByRole('button', { name: /25 customers .*“?Order Completed/ }).first().click();
  await page.getByRole('dialog').getByRole('button', { name: 'Save as segment' }).click();
  await page.getByLabel('Name').fill('Stopped before paying');
  await page.keyboard.press('Enter');
  await page.getByText('Segment “Stopped before paying” saved').waitFor();
  await page.goto(`${server.url}/customers?segment=Stopped+before+paying`);
  await settled(page);
  await page.getByText('25 customers.').waitFor();
  assert.deepEqual(page.faults, []);
});

test('a segment of what people did in order is built by hand', async (t) => {
  const { server, page } = await signedIn(t);
  await page.goto(`${server.url}/customers`);
  await settled(page);
  await page.locator('button.chip.add', { hasText: 'Segment' }).first().click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('button', { name: 'Remove this row' }).click();
  await dialog.getByRole('button', { name: 'did things in order' }).click();
  for (const [at, event] of ['Added To Cart', 'Order Completed'].entries()) {
    const step = dialog.getByRole('group', { name: `Step ${at + 1}` });
    await step.getByRole('combobox').fill(event);
    await page.keyboard.press('Enter');
  }
  await dialog.getByText('20 people just now').waitFor();
  await dialog.getByRole('group', { name: 'Step 2' }).getByRole('button', { name: 'Remove Step 2' }).click();
  await dialog.getByText('45 people just now').waitFor();
  assert.deepEqual(page.faults, []);
});

test('a view is saved, found again and restores the question', async (t) => {
  const { server, page } = await signedIn(t);
  await page.goto(server.url + FUNNEL);
  await settled(page);
  await page.getByRole('button', { name: 'Save view' }).click();
  await page.getByLabel('Name of the view').fill('From looking to paying');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { level: 1, name: 'From looking to paying' }).waitFor();
  await page.goto(`${server.url}/journeys/trends`);
  await settled(page);
  await page.getByRole('button', { name: 'Saved views' }).click();
  await page.getByRole('link', { name: /From looking to paying/ }).click();
  await page.getByRole('heading', { level: 1, name: 'From looking to paying' }).waitFor();
  await page.getByText('15 stopped').first().waitFor();
  assert.deepEqual(page.faults, []);
});

test('rows are walked, chosen and looked at with keys, and those chosen become a segment', async (t) => {
  const { server, page } = await signedIn(t);
  await page.goto(`${server.url}/customers?sort=customer.name`);
  await settled(page);
  const row = () => page.evaluate(() => document.activeElement.closest('[data-row]')?.dataset.row);
  await page.keyboard.press('j');
  const first = await row();
  await page.keyboard.press('j');
  const second = await row();
  assert.notEqual(first, second);
  await page.keyboard.press('k');
  assert.equal(await row(), first);
  await page.keyboard.press('x');
  await page.keyboard.press('j');
  await page.keyboard.press('x');
  await page.getByRole('group', { name: '2 chosen' }).waitFor();
  assert.deepEqual(await axe(page), []);
  await page.keyboard.press(' ');
  await page.getByRole('dialog', { name: /^A look at Person/ }).waitFor();
  await page.getByRole('list', { name: 'What happened last' }).waitFor();
  const name = await page.getByRole('dialog').getAttribute('aria-label');
  assert.deepEqual(await axe(page), []);
  await page.keyboard.press('j');
  await page.waitForFunction((before) => document.querySelector('dialog[open]')?.getAttribute('aria-label') !== before, name);
  await page.keyboard.press('k');
  await page.getByRole('dialog', { name }).waitFor();
  await page.keyboard.press('Escape');
  assert.equal(await row(), second);
  await page.keyboard.press('x');
  await page.keyboard.press('x');
  await page.getByRole('group', { name: '2 chosen' }).getByRole('button', { name: 'Save as segment' }).click();
  await page.getByLabel('Name').fill('Two of them');
  await page.keyboard.press('Enter');
  await page.getByText('Segment “Two of them” saved').waitFor();
  await page.goto(`${server.url}/customers?segment=Two+of+them`);
  await settled(page);
  assert.deepEqual((await page.locator('[data-row]').evaluateAll((list) => list.map((element) => element.dataset.row))).sort(), [first, second].sort());
  assert.deepEqual(page.faults, []);
});

test('people in the drawer are walked and looked at before those of the page', async (t) => {
  const { server, page } = await signedIn(t);
  await page.goto(`${server.url}/customers`);
  await settled(page);
  await page.getByRole('button', { name: /^Open 60 customers|60 customers/ }).first().click();
  await page.getByRole('dialog').locator('[data-row]').first().waitFor();
  await page.keyboard.press('j');
  assert.equal(await page.evaluate(() => document.activeElement.closest('.drawer') !== null), true);
  await page.keyboard.press(' ');
  await page.getByRole('dialog', { name: /^A look at/ }).waitFor();
  await page.keyboard.press(' ');
  await page.getByRole('dialog', { name: /^A look at/ }).waitFor({ state: 'detached' });
  assert.equal(await page.evaluate(() => document.activeElement.closest('.drawer [data-row]') !== null), true);
  assert.deepEqual(page.faults, []);
});

test('a key is put on another, and two on one are said to clash', async (t) => {
  const { server, page } = await signedIn(t);
  await page.goto(`${server.url}/settings/appearance`);
  await settled(page);
  const field = page.getByRole('textbox', { name: 'Next row' });
  await field.focus();
  await page.keyboard.press('n');
  assert.equal(await field.inputValue(), 'N');
  await page.getByRole('textbox', { name: 'Previous row' }).focus();
  await page.keyboard.press('n');
  assert.equal(await page.getByText('Two things stand on this key.').count(), 2);
  assert.deepEqual(await axe(page), []);
  await page.keyboard.press('m');
  assert.equal(await page.getByText('Two things stand on this key.').count(), 0);
  await page.goto(`${server.url}/customers`);
  await settled(page);
  const row = () => page.evaluate(() => document.activeElement.closest('[data-row]')?.dataset.row);
  await page.keyboard.press('j');
  assert.equal(await row(), undefined);
  await page.keyboard.press('n');
  assert.notEqual(await row(), undefined);
  await page.keyboard.press('?');
  const sheet = page.getByRole('dialog', { name: 'Keys' });
  assert.match(await sheet.textContent(), /NNext row/);
  assert.deepEqual(await axe(page), []);
  await page.keyboard.press('Escape');
  await page.keyboard.press('e');
  await page.getByRole('dialog').waitFor();
  await page.keyboard.press('Escape');
  await page.goto(`${server.url}/settings/appearance`);
  await page.getByRole('button', { name: 'All keys as they were' }).click();
  assert.equal(await page.getByRole('textbox', { name: 'Next row' }).inputValue(), 'J');
  assert.deepEqual(page.faults, []);
});
