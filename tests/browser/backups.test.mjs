// Backups in the interface: set up, made, tested, failing, late; each is said, with what to do.
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { must, temporaryDirectory } from '../support/firsthand.mjs';
import { checkPage, fillSetup, newPage, settled, setupLink, shop, startBrowser, startServer } from './pages.mjs';

// A directory of data that backs itself up, and somebody who is signed in.
async function backedUp(t, { conf = '', before = () => undefined, events = shop().slice(0, 40), ...options } = {}) {
  const data = temporaryDirectory(t);
  const target = join(temporaryDirectory(t), 'backups');
  mkdirSync(target);
  writeFileSync(join(data, 'firsthand.conf'), `backup_directory = ${target}\n${conf}`);
  before({ data, target });
  const server = await startServer(t, data);
  const page = await newPage(await startBrowser(t), server, { viewport: { width: 1280, height: 900 }, ...options });
  await page.goto(setupLink(server));
  await fillSetup(page);
  await page.locator('.app').waitFor();
  const sent = await server.request('/api/v1/events', { key: server.key('write', 'web'), body: events });
  assert.equal(sent.status, 200, sent.text);
  return { data, target, server, page };
}

async function shot(page, name) {
  await settled(page);
  if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/${name}.png`, fullPage: true });
}

// Narrow, dark, and by machine.
async function looked(page, name) {
  await shot(page, name);
  await checkPage(page);
  await page.setViewportSize({ width: 320, height: 800 });
  await checkPage(page);
  await shot(page, `${name}-320`);
  await page.setViewportSize({ width: 1280, height: 900 });
  await page.emulateMedia({ colorScheme: 'dark' });
  await checkPage(page);
  await shot(page, `${name}-dark`);
  await page.emulateMedia({ colorScheme: 'light' });
  assert.deepEqual(page.faults, []);
}

test('without a directory for backups the page says how to set one, and how to make one backup', async (t) => {
  const server = await startServer(t);
  const page = await newPage(await startBrowser(t), server);
  await page.goto(setupLink(server));
  await fillSetup(page);
  await page.locator('.app').waitFor();
  await page.goto(`${server.url}/settings/backups`);
  await page.getByText('The server makes no backups of itself.').waitFor();
  const command = await page.getByLabel('Command for one backup').innerText();
  assert.match(command, /^firsthand backup \/mnt\/backup\/firsthand --data \S+$/);
  assert.match(await page.getByLabel('Settings for backups').innerText(), /^# .*firsthand\.conf\nbackup_directory = .*\nbackup_every_hours = 24\n/);
  assert.equal(await page.getByRole('button', { name: 'Back up now' }).count(), 0);
  // The command does what it says.
  const target = join(temporaryDirectory(t), 'by hand');
  must(['backup', target, '--data', server.data]);
  await looked(page, 'backups-off');
  await page.goto(`${server.url}/settings/pipeline`);
  await page.getByRole('link', { name: 'none are made' }).click();
  await page.getByText('The server makes no backups of itself.').waitFor();
});

test('a backup and its restore test are made from the page, and what came of them stands there', async (t) => {
  const { page, server, target } = await backedUp(t);
  await page.goto(`${server.url}/settings/backups`);
  await page.getByRole('button', { name: 'Back up now' }).click();
  await page.getByText(/^Everything up to .* is backed up\.$/).waitFor();
  const list = page.getByRole('region', { name: 'Backups there' });
  await list.getByRole('row').nth(1).waitFor();
  assert.ok(readdirSync(join(target, 'generations')).length >= 1);
  await page.getByRole('button', { name: 'Test restoring now' }).click();
  await page.getByText(/generation \d+: restored, read whole, opened; \d+ events of \d+ customers, as backed up/).waitFor();
  await page.getByRole('button', { name: 'Test restoring now', disabled: false }).waitFor();
  await looked(page, 'backups');
  await page.goto(`${server.url}/settings/pipeline`);
  for (const name of ['Last backup', 'Restored as a test']) await page.locator('.facts > div', { hasText: name }).getByRole('link').waitFor();
  if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/backups-pipeline.png`, fullPage: true });
});

test('a backup that fails says why', async (t) => {
  const { page, server, target } = await backedUp(t, { before: ({ target: at }) => writeFileSync(join(at, 'letters.txt'), 'of others') });
  assert.ok(target);
  await page.goto(`${server.url}/settings/backups`);
  await page.getByRole('button', { name: 'Back up now' }).click();
  await page.getByText('The last try to back up failed.').waitFor();
  await page.getByText(/holds other things than backups: give them a folder of their own/).waitFor();
  await looked(page, 'backups-failing');
});

test('a last good backup that is older than two intervals is a warning; damage and a failed test are said', async (t) => {
  const { page, server } = await backedUp(t);
  const hours = (n) => new Date(Date.now() - n * 3_600_000).toISOString();
  const job = (name, more) => ({ name, summary: '', every_s: 86_400, running: false, waiting: false, next: hours(-4), last: hours(3), last_good: hours(60),
    took_ms: 40, ok: false, runs: 9, failures: 2, why: 'the disk answered EIO', note: 'generation 7: 12 events, 3 MB, 1 MB of it new', ...more });
  // What the server says then is looked at in tests/unit/app; here, how it looks.
  await page.route('**/api/v1/backups', (route) => route.fulfill({ json: {
    directory: '/mnt/backup/it\'s', data: '/var/lib/firsthand', state: 'late', restore_test_state: 'failing', problem: null,
    settings: { backup_every_hours: 24, backup_keep: 14, restore_test_every_days: 7, restore_test_mb: 10_000 },
    backup: job('backups'), restore_test: job('restore-test', { every_s: 604_800, last_good: null, why: '<b>objects/x</b>: its bytes are not those that were copied' }),
    total: 240,
    generations: [{ generation: 240, damaged: 'its checksum is wrong' },
      { generation: 239, damaged: null, moment: hours(60), events: 123_456_789, customers: 2_345_678, files: 44, bytes: 12_345_678_901, copied_bytes: 1_234_567, version: '0.1.0' }],
  } }));
  await page.goto(`${server.url}/settings/backups`);
  await page.getByText('The last good backup is too old.').waitFor();
  await page.getByText('The last restore test failed: do not rely on these backups.').waitFor();
  await page.getByText('It said: <b>objects/x</b>: its bytes are not those that were copied').waitFor();
  await page.getByText('Damaged: its checksum is wrong').waitFor();
  await page.getByText(/^The newest 2 of 240\. A backup is restored on the machine/).waitFor();
  await looked(page, 'backups-late');
});

test('whoever is no administrator is told so, and gets nothing of it', async (t) => {
  const { page, server } = await backedUp(t);
  const file = join(temporaryDirectory(t), 'password');
  writeFileSync(file, 'another short sentence\n');
  must(['user', 'add', 'bo@fjordline.example', '--name', 'Bo', '--role', 'member', '--password-file', file, '--data', server.data]);
  const other = await newPage(page.context().browser(), server);
  await other.goto(server.url);
  await other.getByLabel('E-mail').fill('bo@fjordline.example');
  await other.getByLabel('Password', { exact: true }).fill('another short sentence');
  await other.getByRole('button', { name: 'Sign in' }).click();
  await other.locator('.app').waitFor();
  await other.goto(`${server.url}/settings/backups`);
  await other.getByText('Only administrators see the backups.').waitFor();
  const answer = await other.evaluate(async () => (await fetch('/api/v1/backups')).status);
  assert.equal(answer, 403);
  await checkPage(other);
});
