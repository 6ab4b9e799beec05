// Accounts: in the list of customers by a switch, on the page of a customer, and one by itself.
import assert from 'node:assert/strict';
import test from 'node:test';
import { hostile, settled, signedIn, shop } from './pages.mjs';

const line = (userId, account, more = {}) => ({
  userId, event: 'Product Viewed', ts: new Date(Date.now() - 60_000).toISOString(), identifiers: { account }, ...more,
});

test('the list switches between people and accounts, and back', async (t) => {
  const { server, page } = await signedIn(t);
  await page.goto(`${server.url}/customers`);
  await page.getByText('60 customers in all.').waitFor();
  await page.getByRole('link', { name: 'Accounts', exact: true }).click();
  await page.getByText('7 accounts in all.').waitFor();
  assert.equal(new URL(page.url()).search, '?per=account');
  const rows = page.getByRole('region', { name: 'List of accounts' }).locator('tbody tr');
  assert.equal(await rows.count(), 7);
  // The number opens to the accounts that it counts.
  await page.getByRole('button', { name: /7 accounts/ }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText('7 of 7').waitFor();
  assert.equal(await dialog.getByRole('link', { name: /^Firm \d$/ }).count(), 7);
  await page.keyboard.press('Escape');
  await rows.getByRole('link', { name: 'Firm 1' }).click();
  await page.getByRole('heading', { level: 1, name: 'Firm 1' }).waitFor();
  const expected = shop().filter((event) => event.identifiers?.account === 'Firm 1' && event.event === 'Product Viewed').length;
  await page.getByText(`${expected} customers`, { exact: true }).waitFor();
  const people = page.getByRole('region', { name: 'Customers of Firm 1' }).locator('tbody tr');
  await people.first().waitFor();
  assert.equal(await people.count(), expected);
  await page.locator('nav.crumbs').getByRole('link', { name: 'Customers' }).click();
  await page.getByText('60 customers in all.').waitFor();
});

test('a segment narrows accounts by what their people did together', async (t) => {
  const { server, page } = await signedIn(t);
  const segment = new URLSearchParams({ 'segment.did.event': 'Order Completed' });
  await page.goto(`${server.url}/customers?${segment}&per=account`);
  await settled(page);
  const buyers = new Set(shop().filter((event) => event.event === 'Order Completed' && event.identifiers).map((event) => event.identifiers.account));
  assert.ok(buyers.size > 0);
  await page.getByText(buyers.size === 1 ? '1 account.' : `${buyers.size} accounts.`).waitFor();
});

test('the page of a customer shows who else is in the account', async (t) => {
  const { server, page, write } = await signedIn(t);
  await page.goto(`${server.url}/customers/u1`);
  const sheet = page.locator('aside .mates');
  await sheet.getByRole('link', { name: 'Firm 1' }).waitFor();
  await sheet.getByRole('link', { name: /Person/ }).first().waitFor();
  assert.equal(await sheet.getByRole('link', { name: 'Person 1', exact: true }).count(), 0, 'not themselves');
  await page.goto(`${server.url}/customers/u0`);
  await settled(page);
  assert.equal(await page.locator('aside .mates').count(), 0, 'in none');
  // Alone, with a name that means harm.
  const answer = await server.request('/api/v1/events', { key: write, body: [line('lonely', hostile)] });
  assert.equal(answer.json.stored, 1, answer.text);
  await page.goto(`${server.url}/customers/lonely`);
  await page.getByText('Nobody else is in it.').waitFor();
  await page.locator('aside .mates').getByRole('link').click();
  await page.getByRole('region', { name: /^Customers of =cmd/ }).waitFor();
  assert.notEqual(await page.title(), '1');
  assert.deepEqual(page.faults, []);
});

test('without accounts the list says how there come to be some', async (t) => {
  const { server, page } = await signedIn(t, { events: [{ ...line('ann', 'x'), identifiers: undefined }] });
  await page.goto(`${server.url}/customers?per=account`);
  await page.getByText('No accounts yet.').waitFor();
  await page.goto(`${server.url}/customers/accounts/nobody`);
  await page.getByText('There is no account “nobody”.').waitFor();
  await page.getByRole('link', { name: 'All accounts' }).click();
  await page.getByText('No accounts yet.').waitFor();
  await settled(page);
  assert.deepEqual(page.faults, []);
});
