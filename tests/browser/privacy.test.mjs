// Privacy in the interface: erasing a customer, its receipt, who comes back, how long things are kept.
import assert from 'node:assert/strict';
import test from 'node:test';
import { checkPage, settled, shop, signedIn } from './pages.mjs';

test('a customer is erased from their page once the identifier is typed, and the receipt stands in the settings', async (t) => {
  const { page, server } = await signedIn(t, { events: shop().slice(0, 40) });
  const key = server.key('secret', 'shop');
  await page.goto(`${server.url}/customers/u0`);
  await page.getByRole('button', { name: 'Erase this customer …' }).click();
  const dialog = page.getByRole('dialog', { name: 'Erase u0' });
  await dialog.getByText(/\d+ events?, \d+ identifiers?, and all else that is theirs\./).waitFor();
  const erase = dialog.getByRole('button', { name: 'Erase', exact: true });
  assert.equal(await erase.isDisabled(), true);
  await dialog.getByLabel('Why, for the receipt').fill('asked by letter');
  await dialog.getByLabel('Type u0 to erase').fill('u1');
  assert.equal(await erase.isDisabled(), true);
  await dialog.getByLabel('Type u0 to erase').fill('u0');
  await erase.click();
  await page.getByText(/^Erased\. Receipt er_[0-9a-f]{24}/).waitFor();
  assert.equal((await server.request('/api/v1/customers/u0', { key })).status, 404);
  await page.goto(`${server.url}/settings/privacy`);
  const receipts = page.getByRole('region', { name: 'Receipts' });
  await receipts.getByText('asked by letter').waitFor();
  assert.equal(await receipts.getByText('u0', { exact: true }).count(), 0);
  await checkPage(page);
});

test('who comes back is refused where that is chosen, and a wish is followed at once', async (t) => {
  const { page, server } = await signedIn(t, { events: shop().slice(0, 40) });
  const key = server.key('secret', 'shop');
  const link = (await server.request('/api/v1/customers/u0/preference-link', { method: 'POST', key })).json.path;
  await server.request(link, { method: 'POST', body: 'do=erase&sure=yes', headers: { 'content-type': 'application/x-www-form-urlencoded' } });
  await page.goto(`${server.url}/settings/privacy`);
  await page.getByRole('button', { name: 'Erase user:u0' }).click();
  await page.getByRole('dialog').getByLabel('Type user:u0 to erase').fill('user:u0');
  await page.getByRole('dialog').getByRole('button', { name: 'Erase', exact: true }).click();
  await page.getByText(/^Erased\./).waitFor();
  assert.equal((await server.request('/api/v1/erasures', { key })).json.open, 0);
  await page.getByLabel('Events of who was erased are refused').check();
  await page.getByText('Saved. New answers use it at once.').waitFor();
  const sent = await server.request('/api/v1/events', { key, body: { userId: 'u0', event: 'Back', ts: new Date().toISOString() } });
  assert.equal(sent.json.refused, 1, sent.text);
  assert.deepEqual(page.faults, []);
});

test('how long things are kept is looked at, checked and saved', async (t) => {
  const { page, server } = await signedIn(t, { events: shop().slice(0, 40) });
  const key = server.key('secret', 'shop');
  await page.goto(`${server.url}/settings/privacy`);
  await page.getByText('Everything is kept for ever.').waitFor();
  await page.getByRole('button', { name: 'Add a rule' }).click();
  await page.getByLabel('Days', { exact: true }).fill('1');
  await page.getByLabel('Event (all where empty)').fill('No Such Event');
  await page.getByRole('button', { name: 'What would go now?' }).click();
  await page.getByText('0 events, the words of 0, 0 rows in quarantine. 0 responses to surveys, 0 personal links, 0 lines of the audit trail.').waitFor();
  await page.getByLabel('Days', { exact: true }).fill('0');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('must be a whole number from 1 to 36500').waitFor();
  await page.getByLabel('Days', { exact: true }).fill('400');
  await page.getByLabel('Days in quarantine').fill('90');
  await page.getByLabel('Days of the audit trail').fill('10');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('must be a whole number from 90 to 36500').waitFor();
  // By keys alone: from the field above to the next, and Enter saves.
  await page.getByLabel('Days of the audit trail').fill('730');
  await page.getByLabel('Days in quarantine').focus();
  await page.keyboard.press('Tab');
  await page.keyboard.type('400');
  await page.getByLabel('Days of responses to surveys').evaluate((field) => document.getElementById(field.getAttribute('aria-describedby')).textContent)
    .then((hint) => assert.match(hint, /A suspect that nobody decided about by then is discarded/));
  await page.keyboard.press('Enter');
  await page.getByText('Saved. The next cut goes by it.').waitFor();
  const { json } = await server.request('/api/v1/retention', { key });
  assert.deepEqual(json, { rules: [{ event: 'No Such Event', source: null, words: false, keep_days: 400 }], quarantine_days: 90, responses_days: 400, audit_days: 730 });
  await page.reload();
  await settled(page);
  assert.equal(await page.getByLabel('Days', { exact: true }).inputValue(), '400');
  assert.equal(await page.getByLabel('Days of responses to surveys').inputValue(), '400');
  assert.equal(await page.getByLabel('Days of the audit trail').inputValue(), '730');
  await page.getByRole('button', { name: 'What would go now?' }).click();
  await page.getByText('0 lines of the audit trail').waitFor();
  await page.setViewportSize({ width: 320, height: 800 });
  await checkPage(page);
  if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/privacy-320.png`, fullPage: true });
  await page.setViewportSize({ width: 1280, height: 900 });
  if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/privacy.png`, fullPage: true });
  await page.emulateMedia({ colorScheme: 'dark' });
  await checkPage(page);
  if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/privacy-dark.png`, fullPage: true });
});

test('suspects that would go are said before they do', async (t) => {
  const { page, server } = await signedIn(t, { events: [] });
  await page.route('**/api/v1/retention/preview', (route) => route.fulfill({ json: { events: 0, words: 0, quarantined: 0, responses: 5, suspects: 2, links: 1, audit: 0 } }));
  await page.goto(`${server.url}/settings/privacy`);
  await page.getByRole('button', { name: 'What would go now?' }).click();
  await page.getByText('5 responses to surveys, 1 personal link, 0 lines of the audit trail. 2 of these responses wait for a person').waitFor();
  await checkPage(page);
});
