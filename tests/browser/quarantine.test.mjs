// Settings, Quarantine: groups with a fix that was tried, looked at and done in two clicks; a row mended by hand; discard.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import test from 'node:test';
import { axe, checkPage, hostile, settled, sideways, signedIn } from './pages.mjs';

const shot = process.env.SHOTS ? (page, name) => page.screenshot({ path: join(process.env.SHOTS, `${name}.png`), fullPage: false }) : async () => {};
const at = '2026-05-01T10:00:00Z';

const bad = () => [
  ...Array.from({ length: 23 }, (_, n) => ({ userId: `u${n}`, event: 'Visit', properties: { page: n === 22 ? hostile : `/p/${n}` } })),
  { userId: 'ann', event: 'feedback', ts: at, score: '9', scale: 'nps', text: hostile },
  { userId: 'bob', event: '', ts: at, message_id: 'only-one' },
];

async function quarantine(t, options) {
  const world = await signedIn(t, { events: [], ...options });
  const answer = await world.server.request('/api/v1/events', { key: world.write, body: bad() });
  assert.equal(answer.json.quarantined, 25, answer.text);
  const key = world.server.key('secret', 'reader');
  const total = async () => (await world.server.request('/api/v1/ledger', { key })).json.total;
  return { ...world, total };
}

test('a group is fixed in two clicks, after a look at what it would become', async (t) => {
  const { server, page, total } = await quarantine(t);
  await page.goto(`${server.url}/settings/pipeline`);
  await settled(page);
  await page.getByRole('link', { name: /Look at the 25 rows/ }).click();
  await checkPage(page);
  await shot(page, 'quarantine');
  const groups = page.getByRole('region', { name: 'What is wrong' });
  await groups.getByText('25 rows wait, nothing lost').waitFor();
  assert.match(await groups.locator('li').first().textContent(), /no time.*23 rows.*Take the time of receipt as its time/);
  await page.getByRole('button', { name: /^Look at the fix for 23 rows: no time/ }).click();
  const dialog = page.getByRole('dialog', { name: 'Take the time of receipt as its time' });
  await dialog.getByText('Nothing is changed yet. It would be: 23 stored.').waitFor();
  assert.equal(await dialog.getByLabel('Before').count(), 3);
  assert.ok(!(await dialog.getByLabel('Before').first().textContent()).includes('"ts"'));
  const after = await dialog.getByLabel('After').first().textContent();
  assert.ok(after.includes('"ts"') && after.includes('<img'), after);
  assert.deepEqual(await axe(page), []);
  await shot(page, 'quarantine-fix');
  assert.equal((await total()).stored, 0);
  await dialog.getByRole('button', { name: 'Fix and replay 23' }).click();
  await page.getByText('23 stored').waitFor();
  await groups.getByText('2 rows wait, nothing lost').waitFor();
  assert.deepEqual([(await total()).stored, (await total()).quarantined], [23, 2]);
  assert.notEqual(await page.title(), '1');
  await checkPage(page);
});

test('a row is mended by hand, with the verdict beside it while one writes', async (t) => {
  const { server, page, total } = await quarantine(t);
  await page.goto(`${server.url}/settings/quarantine?reason=${encodeURIComponent('no event: expected its name, a string')}`);
  await settled(page);
  await page.getByRole('button', { name: 'Open row q25' }).click();
  const dialog = page.getByRole('dialog', { name: 'Row q25' });
  const text = dialog.getByLabel('Mend it by hand');
  await dialog.getByText(/So it would be: still in quarantine: no event/).waitFor();
  assert.ok(await dialog.getByRole('button', { name: 'Take it again' }).isDisabled());
  const laid = await text.inputValue();
  assert.match(laid, /^\{\n {2}"userId": "bob",\n {2}"event": "",/);
  await text.fill(laid.replace('"event": ""', '"event": "Visit'));
  await dialog.getByText(/So it would be: still in quarantine: /).waitFor();
  await text.fill(laid.replace('"event": ""', '"event": "Visit"'));
  await dialog.getByText('So it would be: stored').waitFor();
  assert.deepEqual(await axe(page), []);
  await shot(page, 'quarantine-row');
  await dialog.getByRole('button', { name: 'Store it so' }).press('Enter');
  await dialog.waitFor({ state: 'detached' });
  assert.deepEqual([(await total()).stored, (await total()).quarantined], [1, 24]);
  await page.goto(`${server.url}/customers/bob`);
  await settled(page);
  await page.getByText('Visit').first().waitFor();
  assert.deepEqual(page.faults, []);
});

test('discarding says how many rows go, and is done only when it is said again', async (t) => {
  const { server, page, total } = await quarantine(t);
  await page.goto(`${server.url}/settings/quarantine`);
  await settled(page);
  await page.getByRole('button', { name: /^Discard: no time/ }).press('Enter');
  const dialog = page.getByRole('dialog', { name: 'Discard 23 rows?' });
  await dialog.getByText('The bytes of 23 rows go, and cannot be had back.').waitFor();
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
  assert.equal((await total()).refused, 0);
  await page.getByRole('button', { name: /^Discard: no time/ }).click();
  await dialog.getByRole('button', { name: 'Discard 23 rows' }).click();
  await page.getByText('0 stored, 23 refused').waitFor();
  assert.deepEqual([(await total()).refused, (await total()).quarantined], [23, 2]);
  await page.getByRole('button', { name: 'Open row q25' }).click();
  const row = page.getByRole('dialog', { name: 'Row q25' });
  await row.getByRole('button', { name: 'Discard', exact: true }).click();
  await row.getByText('Its bytes go, and cannot be had back.').waitFor();
  await row.getByRole('button', { name: 'Discard 1 row' }).click();
  await row.waitFor({ state: 'detached' });
  assert.equal((await total()).refused, 24);
  assert.deepEqual(page.faults, []);
});

test('a source says which pages may send, and in which zone', async (t) => {
  const { server, page, write } = await quarantine(t);
  await page.goto(`${server.url}/settings/sources`);
  await settled(page);
  await page.getByRole('button', { name: 'Change how events of web are taken' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Pages that may send').fill('shop.example');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await dialog.getByText(/scheme and host in lower case/).waitFor();
  await dialog.getByLabel('Pages that may send').fill('https://shop.example, https://www.shop.example');
  await dialog.getByLabel('Time zone').fill('Europe/Oslo');
  assert.deepEqual(await axe(page), []);
  await shot(page, 'source-origins');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await dialog.waitFor({ state: 'detached' });
  const send = (origin) => server.request('/api/v1/events', { key: write, body: { userId: 'ann', event: 'A', ts: at }, headers: { origin } });
  assert.equal((await send('https://anywhere.example')).status, 403);
  assert.equal((await send('https://www.shop.example')).status, 200);
  assert.deepEqual(page.faults, []);
});

test('it fits a phone, the dark and an empty quarantine', async (t) => {
  const { server, page } = await quarantine(t, { viewport: { width: 320, height: 720 }, colorScheme: 'dark', hasTouch: true });
  await page.goto(`${server.url}/settings/quarantine`);
  await checkPage(page);
  await shot(page, 'quarantine-phone');
  await page.getByRole('button', { name: /^Look at the fix for 1 row: expected a number/ }).click();
  await page.getByRole('dialog').getByText('It would be: 1 stored').waitFor();
  assert.ok((await sideways(page)) <= 0);
  assert.deepEqual(await axe(page), []);
  await shot(page, 'quarantine-phone-fix');
  const other = await signedIn(t, { events: [] });
  await other.page.goto(`${other.server.url}/settings/quarantine`);
  await checkPage(other.page);
  await other.page.getByText('Nothing is in quarantine.').first().waitFor();
});
