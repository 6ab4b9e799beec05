// Taking events along from the settings: the form asks, the browser gets the file.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { settled, signedIn } from './pages.mjs';

test('events are taken along as NDJSON, and as CSV of some days, some customers and one event', async (t) => {
  const { page, server } = await signedIn(t);
  const key = server.key('secret', 'shop');
  await server.request('/api/v1/segments/pro', { key, method: 'PUT', body: { segment: { trait: ['plan', '=', 'pro'] } } });
  await page.goto(`${server.url}/settings/export`);
  await settled(page);
  const sheet = page.getByRole('region', { name: 'Take events along' });
  const take = async () => {
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'Download' }).click()]);
    return { name: download.suggestedFilename(), text: readFileSync(await download.path(), 'utf8') };
  };
  const whole = await take();
  assert.match(whole.name, /^firsthand-\d{4}-\d\d-\d\d\.ndjson$/);
  const status = (await server.request('/api/v1/status', { key })).json;
  assert.equal(whole.text.trim().split('\n').length, status.events);

  await page.getByLabel('CSV').check();
  await page.getByText('no cell that computes').waitFor();
  await page.getByLabel('From a day to a day').check();
  assert.equal(await page.getByRole('link', { name: 'Download' }).count(), 0, 'no range yet');
  await page.getByLabel('First day').fill('2026-02-02');
  await page.getByLabel('Last day').fill('2026-02-01');
  await page.getByText('The last day lies before the first.').waitFor();
  await page.getByLabel('First day').fill('2020-01-01');
  await page.getByLabel('Last day').fill('2099-01-01');
  await sheet.getByLabel('Customers').selectOption('pro');
  await sheet.getByLabel('Event').fill('Product Viewed');
  await sheet.getByLabel('Source').selectOption('web');
  const some = await take();
  assert.match(some.name, /\.csv$/);
  const rows = some.text.trim().split('\r\n');
  assert.equal(rows.length, 1 + 15, 'every fourth of sixty');
  assert.match(rows[0], /^customer,event,ts,/);
  assert.ok(rows.slice(1).every((row) => row.includes(',Product Viewed,')));
  assert.deepEqual(page.faults, []);
});
