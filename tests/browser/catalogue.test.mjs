// Settings, Data: the catalogue is searched, described, and what is not expected opens; with keys, on a phone, light and dark.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import test from 'node:test';
import { axe, hostile, newPage, settled, sideways, signedIn } from './pages.mjs';

const shot = process.env.SHOTS ? (page, name) => page.screenshot({ path: join(process.env.SHOTS, `${name}.png`), fullPage: false }) : async () => {};

test('a property is described, what is not expected is reported, and opens to the people', async (t) => {
  const { server, page } = await signedIn(t);
  await page.goto(`${server.url}/settings/catalogue`);
  await settled(page);
  const row = page.getByRole('row', { name: /^Product Viewed/ });
  assert.match(await row.textContent(), /60/);
  assert.deepEqual(await axe(page), []);
  await shot(page, 'catalogue');
  await page.getByRole('link', { name: 'Properties' }).click();
  await page.getByRole('searchbox', { name: 'Search names, owners, descriptions' }).fill('DEV');
  await page.getByText('1 entry').waitFor();
  await page.getByRole('button', { name: 'device', exact: true }).press('Enter');
  const panel = page.getByRole('region', { name: 'device' });
  await panel.getByText('Nobody has said yet what this is.').waitFor();
  await panel.getByRole('button', { name: 'Describe' }).click();
  const dialog = page.getByRole('dialog', { name: 'Describe device' });
  await dialog.getByLabel('Owner').fill('Shop team');
  await dialog.getByLabel('What it means').fill(hostile);
  await dialog.getByLabel('Expected', { exact: true }).selectOption('one of these values');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await dialog.getByText('1 to 200 values').waitFor();
  await dialog.getByLabel(/^Expected values, one a line/).fill('desktop\ntablet\n');
  assert.deepEqual(await axe(page), []);
  await dialog.getByRole('button', { name: 'Save' }).click();
  await panel.getByText('only these: desktop, tablet').waitFor();
  await panel.getByRole('heading', { name: 'Unexpected values' }).waitFor();
  assert.match(await panel.textContent(), /phone/);
  assert.equal(await page.title() === '1', false);
  await settled(page);
  assert.deepEqual(await axe(page), []);
  await shot(page, 'catalogue-entry');
  // The number opens to exactly the customers whose events bear the value.
  const number = panel.locator('dd.warn .opens');
  const shown = Number((await number.textContent()).replace(/\D/g, ''));
  await number.click();
  const drawer = page.getByRole('dialog').or(page.locator('.drawer')).first();
  await drawer.waitFor();
  await settled(page);
  assert.ok(shown > 0);
  await page.keyboard.press('Escape');
  await page.goto(`${server.url}/settings/pipeline`);
  await settled(page);
  const report = page.getByRole('region', { name: 'Unexpected values' });
  await report.getByRole('link', { name: 'device' }).waitFor();
  assert.equal(Number((await report.locator('.opens').textContent()).replace(/\D/g, '')), shown);
  assert.deepEqual(await axe(page), []);
  assert.deepEqual(page.faults, []);
});

test('an event is merged into another, hidden and blocked in its form, and the merge is undone', async (t) => {
  const { server, page } = await signedIn(t);
  await page.goto(`${server.url}/settings/catalogue?entry=Added+To+Cart`);
  await settled(page);
  await page.getByRole('button', { name: 'Describe' }).click();
  const dialog = page.getByRole('dialog', { name: 'Describe Added To Cart' });
  await dialog.getByLabel('Show it as').fill('feedback');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await dialog.getByText('is written and read by the product itself').waitFor();
  await dialog.getByLabel('Show it as').fill('Checkout Started');
  await dialog.getByRole('button', { name: 'Save' }).click();
  const panel = page.getByRole('region', { name: 'Checkout Started' });
  await panel.getByText('Added To Cart').waitFor();
  await settled(page);
  assert.match(await page.getByRole('row', { name: /^Checkout Started/ }).textContent(), /75/);
  assert.equal(await page.getByRole('row', { name: /^Added To Cart/ }).count(), 0);
  assert.deepEqual(await axe(page), []);
  await shot(page, 'catalogue-merged');
  await panel.getByRole('button', { name: 'Show Added To Cart by its own name again' }).press('Enter');
  await page.getByRole('row', { name: /^Added To Cart/ }).waitFor();
  await panel.getByRole('button', { name: 'Describe' }).click();
  const other = page.getByRole('dialog', { name: 'Describe Checkout Started' });
  await other.getByLabel('Hide it from suggestions').check();
  await other.getByLabel(/^Block it/).check();
  assert.deepEqual(await axe(page), []);
  await other.getByRole('button', { name: 'Save' }).click();
  await panel.getByText('Blocked; nothing was turned away since the server started.').waitFor();
  await page.getByRole('row', { name: /^Checkout Started.*hidden.*blocked/ }).waitFor();
  assert.deepEqual(page.faults, []);
});

test('internal customers are left out by rule, said so above the page, opened, and shown again by a switch', async (t) => {
  const { server, browser, page } = await signedIn(t);
  await page.goto(`${server.url}/settings/catalogue?kind=internal`);
  await page.getByText('No rule yet: every customer counts.').waitFor();
  await page.getByLabel('Network addresses').fill('office');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('/addresses/0').waitFor();
  await page.getByLabel('Network addresses').fill('');
  await page.getByLabel('Customers, by id').fill('u0\nu1\nu2');
  await page.getByRole('button', { name: 'Save' }).press('Enter');
  await page.getByText('3 customers are left out now.').waitFor();
  assert.deepEqual(await axe(page), []);
  await shot(page, 'internal-rules');
  await page.goto(`${server.url}/customers`);
  await page.getByText('3 internal customers are left out.').waitFor();
  await settled(page);
  assert.match(await page.locator('main').textContent(), /57/);
  assert.deepEqual(await axe(page), []);
  await shot(page, 'internal-line');
  await page.locator('.internal-line .opens').click();
  const drawer = page.locator('.drawer');
  await drawer.waitFor();
  await drawer.getByText('Person 1', { exact: true }).waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Include them' }).click();
  await page.getByText('3 internal customers are included.').waitFor();
  await settled(page);
  assert.match(page.url(), /internal=included/);
  assert.match(await page.locator('main').textContent(), /60/);
  await page.getByRole('button', { name: 'Leave them out' }).press('Enter');
  await page.getByText('3 internal customers are left out.').waitFor();
  const phone = await newPage(browser, server, { viewport: { width: 320, height: 640 }, colorScheme: 'dark', storageState: await page.context().storageState() });
  for (const path of ['/customers', '/settings/catalogue?kind=internal']) {
    await phone.goto(server.url + path);
    await settled(phone);
    await phone.getByText(/left out/).first().waitFor();
    assert.equal(await sideways(phone), 0);
    assert.deepEqual(await axe(phone), []);
  }
  assert.deepEqual([...page.faults, ...phone.faults], []);
});

test('the catalogue is whole on a phone, in the dark, and with nothing in it', async (t) => {
  const { server, browser, page } = await signedIn(t, { events: [] });
  await page.goto(`${server.url}/settings/catalogue`);
  await settled(page);
  assert.deepEqual(await axe(page), []);
  const phone = await newPage(browser, server, { viewport: { width: 320, height: 640 }, colorScheme: 'dark', storageState: await page.context().storageState() });
  const event = { userId: 'ann', event: 'x'.repeat(200), ts: new Date().toISOString(), properties: { [hostile]: 'y'.repeat(300) } };
  await server.request('/api/v1/events', { key: server.key('write', 'web'), body: event });
  for (const [kind, shown] of [['event', 'x'.repeat(200)], ['property', hostile]]) {
    await phone.goto(`${server.url}/settings/catalogue?kind=${kind}&entry=${encodeURIComponent(shown)}`);
    await phone.getByRole('button', { name: 'Describe' }).waitFor();
    await settled(phone);
    assert.equal(await sideways(phone), 0);
    assert.deepEqual(await axe(phone), []);
    await shot(phone, `catalogue-phone-${kind}`);
  }
  assert.deepEqual(phone.faults, []);
});
