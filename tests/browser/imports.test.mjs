// Settings › Imports: the list, what would go, taking it back; hostile names of files are text.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { must, temporaryDirectory } from '../support/firsthand.mjs';
import { checkPage, settled, signedIn } from './pages.mjs';

const HOSTILE = '<b>=cmd|x \u202egpj.ndjson';

function files(t) {
  const directory = temporaryDirectory(t);
  const lines = (n, event, who) => Array.from({ length: n }, (_, i) => JSON.stringify({ userId: `${who}${i}`, anonymousId: `anon-${who}${i}`, event, ts: '2026-01-01T00:00:00Z' })).join('\n');
  const good = join(directory, 'orders.ndjson');
  const hostile = join(directory, HOSTILE);
  writeFileSync(good, `${lines(40, 'Imported', 'imported')}\n{broken\n`);
  writeFileSync(hostile, lines(3, 'Kept', 'kept'));
  return { good, hostile };
}

test('an import is looked at, taken back by typing its number, and gone; the other one stays', async (t) => {
  const { page, server } = await signedIn(t);
  const { good, hostile } = files(t);
  must(['import', good, '--source', 'shop', '--data', server.data, '--quiet']);
  must(['import', hostile, '--data', server.data, '--quiet']);
  await page.goto(`${server.url}/settings/imports`);
  await checkPage(page);
  const row = page.getByRole('row', { name: /orders\.ndjson/ });
  assert.match(await row.innerText(), /ended/);
  assert.equal(await page.locator('main b', { hasText: 'cmd' }).count(), 0, 'a name is text');
  await row.getByRole('button', { name: /Take back/ }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText('40 events, 1 row in quarantine').waitFor();
  await checkPage(page);
  const take = dialog.getByRole('button', { name: 'Take back' });
  assert.equal(await take.isDisabled(), true, 'not without its number');
  await dialog.getByLabel('Type 1 to take it back').fill('2');
  assert.equal(await take.isDisabled(), true, 'not with another one');
  await dialog.getByLabel('Type 1 to take it back').fill('1');
  await take.click();
  await page.getByText('Import 1 was taken back: 40 events, 1 row in quarantine.').waitFor();
  await row.getByText('taken back', { exact: true }).waitFor();
  assert.equal(await row.getByRole('button').count(), 0);
  await settled(page);
  await checkPage(page);
  const events = (name) => JSON.parse(must(['trend', name, '--from', '2026-01-01', '--to', '2026-01-02', '--json', '--data', server.data])).series[0].total;
  assert.equal(events('Imported'), 0);
  assert.equal(events('Kept'), 3);
  await page.setViewportSize({ width: 320, height: 640 });
  await checkPage(page);
});
