// Contacting customers in the interface: why someone would be contacted, the policy, wishes to be erased.
import assert from 'node:assert/strict';
import test from 'node:test';
import { withoutQuietHours } from '../support/firsthand.mjs';
import { settled, shop, signedIn } from './pages.mjs';

test('the page of a customer says why they would be contacted now, or not, and gives their link', async (t) => {
  const { page, server } = await signedIn(t);
  const key = server.key('secret', 'shop');
  withoutQuietHours(server.data); // at night they would be the reason that is told first
  await server.request('/api/v1/decide', { key, body: { userId: 'u0', channel: 'web' } });
  await server.request('/api/v1/consents', { key, body: { userId: 'u0', purpose: 'message', state: 'granted', wording: 'News, please.', how: 'sign-up form' } });
  await page.goto(`${server.url}/customers/u0`);
  const sheet = page.getByRole('region', { name: 'Contact' });
  await sheet.getByText('Not now').waitFor();
  await sheet.getByText('contacted a short time ago').waitFor();
  await sheet.getByText('Why', { exact: true }).click();
  await sheet.getByText('There were not yet 7 days without another contact over all channels.').waitFor();
  await sheet.getByText('sign-up form').waitFor();
  await sheet.getByRole('button', { name: 'Make a link' }).click();
  const link = await sheet.getByLabel('Link to the customer’s own page').innerText();
  assert.match(link, new RegExp(`^${server.url}/p/[\\w-]+$`));
  const own = await page.context().newPage();
  await own.goto(link);
  await own.getByRole('heading', { level: 1, name: 'You and Fjordline' }).waitFor();
  assert.deepEqual(page.faults, []);
});

test('the policy is changed, checked by the server, and decides at once', async (t) => {
  const { page, server } = await signedIn(t);
  const key = server.key('secret', 'shop');
  await page.goto(`${server.url}/settings/contact`);
  await settled(page);
  await page.getByLabel('Days between any two contacts').first().fill('14');
  await page.getByLabel('Contacts', { exact: true }).first().fill('0');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('/caps/0/1').waitFor();
  await page.getByLabel('Contacts', { exact: true }).first().fill('3');
  await page.getByRole('button', { name: 'Add a channel' }).click();
  await page.getByLabel('No contact at night, by the customer’s own clock').uncheck();
  await page.getByRole('button', { name: 'Add a purpose' }).click();
  const purpose = page.getByRole('group', { name: 'New purpose' });
  await purpose.getByLabel('Name').fill('research');
  await page.getByRole('group', { name: 'research' }).getByLabel('What the customer agrees to').fill('You may ask me for an interview.');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('Saved. The next decision goes by it.').waitFor();
  const policy = (await server.request('/api/v1/policy', { key })).json;
  assert.deepEqual([policy.waiting_days, policy.caps, policy.channels, policy.quiet_hours],
    [14, [[365, 3]], { email: { waiting_days: 0, caps: [[30, 2]] } }, null]);
  assert.equal(policy.purposes.at(-1).wording, 'You may ask me for an interview.');
  await page.reload();
  await settled(page);
  assert.equal(await page.getByLabel('Days between any two contacts').first().inputValue(), '14');
  assert.deepEqual(page.faults, []);
});

test('a wish to be erased is seen with its due time and closed with what was done', async (t) => {
  const { page, server } = await signedIn(t, { events: shop().slice(0, 4) });
  const key = server.key('secret', 'shop');
  await page.goto(`${server.url}/settings/privacy`);
  await page.getByText('Nobody has asked to be erased.').waitFor();
  const link = (await server.request('/api/v1/customers/u0/preference-link', { method: 'POST', key })).json.path;
  await server.request(link, { method: 'POST', body: 'do=erase&sure=yes', headers: { 'content-type': 'application/x-www-form-urlencoded' } });
  await page.reload();
  await page.getByRole('button', { name: 'Close the request of user:u0' }).click();
  await page.getByLabel('What was done').fill('erased by hand');
  await page.getByRole('dialog').getByRole('button', { name: 'Close', exact: true }).last().click();
  await page.getByText('erased by hand').waitFor();
  assert.equal((await server.request('/api/v1/erasures', { key })).json.open, 0);
  await page.getByRole('link', { name: 'user:u0' }).click();
  await page.getByRole('heading', { level: 1, name: 'Person 0' }).waitFor();
  assert.deepEqual(page.faults, []);
});
