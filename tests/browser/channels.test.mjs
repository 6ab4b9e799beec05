// Settings, Sources: a webhook from a pasted sample, a feed that fails and says why; with keys, on a phone, light and dark.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import test from 'node:test';
import { root } from '../support/firsthand.mjs';
import { axe, hostile, newPage, settled, sideways, signedIn } from './pages.mjs';

const sample = () => JSON.parse(readFileSync(join(root, 'examples/webhooks/zendesk.sample.json'), 'utf8'))[0].body;
const shot = process.env.SHOTS ? (page, name) => page.screenshot({ path: join(process.env.SHOTS, `${name}.png`), fullPage: false }) : async () => {};

test('a webhook is built from a pasted sample, tried, and delivers', async (t) => {
  const { server, page } = await signedIn(t, { events: [] });
  await page.goto(`${server.url}/settings/sources`);
  await settled(page);
  await page.getByRole('button', { name: 'Add a webhook' }).click();
  const dialog = page.getByRole('dialog', { name: 'Add a webhook' });
  await dialog.getByLabel('Name', { exact: true }).fill('Help Desk');
  assert.equal(await dialog.getByLabel('Name', { exact: true }).inputValue(), 'help-desk');
  await dialog.getByLabel('A sample delivery').fill('{"a":');
  await dialog.getByText('This is not JSON:').waitFor();
  assert.ok(await dialog.getByRole('button', { name: 'Read the sample' }).isDisabled());
  const body = sample();
  body.detail.description = hostile;
  await dialog.getByLabel('A sample delivery').fill(JSON.stringify(body, null, 2));
  await dialog.getByRole('button', { name: 'Read the sample' }).click();
  // The guess is shown with what it becomes.
  const preview = dialog.getByRole('region', { name: 'What it becomes' });
  await preview.getByText('This is what would be stored.').waitFor();
  assert.match(await preview.locator('.quote').textContent(), /^=cmd\|calc .*javascript:alert/);
  assert.equal(await dialog.getByLabel('What /detail/description is').inputValue(), 'text');
  await shot(page, 'webhook-desktop');
  // Corrected by choosing: a role has one field, properties may be many.
  await dialog.getByRole('button', { name: /^Show the \d+ other fields$/ }).click();
  await dialog.getByLabel('What /detail/subject is').selectOption('property');
  await preview.getByText('subject Zip broken').waitFor();
  await dialog.getByLabel('What /detail/subject is').selectOption('text');
  assert.equal(await dialog.getByLabel('What /detail/description is').inputValue(), '');
  await preview.locator('.quote', { hasText: 'Zip broken' }).waitFor();
  await dialog.getByLabel('Such a delivery is').selectOption('chat');
  await preview.getByText('kind chat').waitFor();
  // Or by hand; what is wrong is shown with its place.
  await dialog.getByText('The definition, as text').click();
  const text = dialog.getByLabel('The definition', { exact: true });
  const definition = JSON.parse(await text.inputValue());
  await text.fill(JSON.stringify({ rules: [{ ...definition.rules[0], scor: '/x' }] }));
  await preview.getByText('did you mean "score"?').waitFor();
  await preview.getByText('/rules/0/scor').waitFor();
  await dialog.getByRole('button', { name: 'Back to what was chosen' }).click();
  await preview.getByText('This is what would be stored.').waitFor();
  await dialog.getByRole('button', { name: 'Make its address' }).click();
  const made = page.getByRole('dialog', { name: 'help-desk is ready' });
  const address = await made.getByLabel('The address').textContent();
  assert.match(address, /^http:\/\/127\.0\.0\.1:\d+\/hooks\/[\w-]{32}$/);
  await shot(page, 'webhook-made');
  const answer = await fetch(address, { method: 'POST', body: JSON.stringify(sample()) });
  assert.equal((await answer.json()).stored, 1);
  await made.getByRole('button', { name: 'Done' }).click();
  // Its state is on the page, and in its dialog; the address is not to be had again.
  await page.reload();
  await settled(page);
  const row = page.getByRole('row', { name: /help-desk/ }).filter({ hasText: 'Webhook' });
  await row.getByText('works').waitFor();
  await row.getByRole('button', { name: 'Open help-desk' }).click();
  const one = page.getByRole('dialog', { name: 'help-desk' });
  await one.getByText('What deliveries look like').click();
  await one.getByText('/detail/description string').waitFor();
  assert.doesNotMatch(await one.textContent(), /\/hooks\/|zip of my jacket/);
  await one.getByRole('button', { name: 'Pause' }).click();
  await one.getByRole('button', { name: 'Go on' }).waitFor();
  assert.equal((await fetch(address, { method: 'POST', body: '{}' })).status, 409);
  await one.getByRole('button', { name: 'New address' }).click();
  await one.getByLabel('The address').waitFor();
  assert.equal((await fetch(address, { method: 'POST', body: '{}' })).status, 404);
  await one.getByRole('button', { name: 'Remove' }).click();
  await one.getByRole('button', { name: 'Really remove it' }).click();
  await one.waitFor({ state: 'detached' });
  assert.deepEqual(page.faults, []);
});

test('a feed is tried before it is added, and says what is wrong with it', async (t) => {
  const feed = { status: 200, body: '<rss><channel><title>Forum</title><item><guid>1</guid><title>Tent leaks</title><description>&lt;b&gt;Wet&lt;/b&gt; again</description></item></channel></rss>' };
  const http = createServer((request, response) => { response.writeHead(feed.status).end(feed.body); });
  await new Promise((done) => http.listen(0, '127.0.0.1', done));
  t.after(() => http.close());
  process.env.FIRSTHAND_PRIVATE_HOSTS = '127.0.0.1';
  t.after(() => { delete process.env.FIRSTHAND_PRIVATE_HOSTS; });
  const { server, page } = await signedIn(t, { events: [] });
  await page.goto(`${server.url}/settings/sources`);
  await settled(page);
  await page.getByRole('button', { name: 'Add a feed' }).click();
  const dialog = page.getByRole('dialog', { name: 'Add a feed' });
  await dialog.getByLabel('Address of the feed').fill(`http://127.0.0.1:${http.address().port}/latest.rss`);
  await dialog.getByLabel('Name', { exact: true }).fill('forum');
  await dialog.getByRole('button', { name: 'Try it' }).click();
  await dialog.locator('.quote', { hasText: 'Wet again' }).waitFor();
  await shot(page, 'feed-desktop');
  await dialog.getByRole('button', { name: 'Add a feed' }).click();
  await dialog.waitFor({ state: 'detached' });
  const row = page.getByRole('row', { name: /^forum Feed / }); // not what it brings, which the live view shows
  await row.waitFor();
  feed.status = 404;
  await row.getByRole('button', { name: 'Open forum' }).click();
  const one = page.getByRole('dialog', { name: 'forum' });
  await one.getByRole('button', { name: 'Read it now' }).click();
  await one.getByText('the feed answered 404: is the address still right?').waitFor();
  await shot(page, 'feed-failing');
  await page.keyboard.press('Escape');
  await row.getByText(/^failed/).waitFor();
  // What goes out is said where people look for it.
  await page.goto(`${server.url}/settings/pipeline`);
  await settled(page);
  await page.getByRole('link', { name: 'nothing but the reading of 1 channel' }).waitFor();
  assert.deepEqual(page.faults, []);
});

test('a mailbox says what is wrong before it is added', async (t) => {
  const { server, page } = await signedIn(t, { events: [] });
  await page.goto(`${server.url}/settings/sources?add=mailbox`);
  await settled(page);
  const dialog = page.getByRole('dialog', { name: 'Add a mailbox' });
  await dialog.getByLabel('Address of the mail server').fill('imaps://127.0.0.1:1');
  await dialog.getByLabel('Name', { exact: true }).fill('support');
  await dialog.getByLabel('User').fill('support');
  await dialog.getByLabel('Name of the password’s file').fill('../secret');
  await dialog.getByRole('button', { name: 'Try it' }).click();
  await dialog.getByText('/definition/secret').waitFor();
  await dialog.getByLabel('Name of the password’s file').fill('support-mail');
  await dialog.getByRole('button', { name: 'Try it' }).click();
  await dialog.getByText('set secrets_directory to the folder that holds the file').waitFor();
  await dialog.getByRole('button', { name: 'Add a mailbox' }).click();
  await dialog.waitFor({ state: 'detached' });
  await page.getByRole('row', { name: /support/ }).filter({ hasText: 'Mailbox' }).getByText(/^failed/).waitFor();
  assert.deepEqual(page.faults, []);
});

for (const colorScheme of ['light', 'dark']) {
  for (const viewport of [{ width: 1440, height: 900 }, { width: 320, height: 700 }]) {
    test(`channels are accessible, ${colorScheme}, ${viewport.width} wide`, async (t) => {
      const { server, page } = await signedIn(t, { viewport, colorScheme, events: [] });
      const look = await newPage(page.context().browser(), server, { viewport, colorScheme, bypassCSP: true, storageState: await page.context().storageState() });
      await look.goto(`${server.url}/settings/sources?add=webhook`);
      await settled(look);
      const dialog = look.getByRole('dialog', { name: 'Add a webhook' });
      // By keys alone: the name has the focus, the sample is the next field, then its button.
      await look.keyboard.type('desk');
      await look.keyboard.press('Tab');
      await look.keyboard.insertText(JSON.stringify(sample()));
      await look.keyboard.press('Tab');
      await look.keyboard.press('Enter');
      await dialog.getByText('This is what would be stored.').waitFor();
      await dialog.getByRole('button', { name: /^Show the \d+ other fields$/ }).click();
      assert.deepEqual(await axe(look), []);
      assert.equal(await sideways(look), 0);
      assert.equal(await dialog.evaluate((element) => element.scrollWidth - element.clientWidth), 0);
      await shot(look, `webhook-${colorScheme}-${viewport.width}`);
      await dialog.getByRole('button', { name: 'Make its address' }).click();
      await look.getByRole('dialog', { name: 'desk is ready' }).waitFor();
      assert.deepEqual(await axe(look), []);
      await look.getByRole('button', { name: 'Done' }).click();
      assert.deepEqual(await axe(look), []);
      assert.equal(await sideways(look), 0);
      await shot(look, `list-${colorScheme}-${viewport.width}`);
      await look.getByRole('button', { name: 'Open desk' }).click();
      assert.deepEqual(await axe(look), []);
      await look.keyboard.press('Escape');
      await look.getByRole('button', { name: 'Add a feed' }).click();
      assert.deepEqual(await axe(look), []);
      assert.equal(await sideways(look), 0);
      await shot(look, `feed-${colorScheme}-${viewport.width}`);
      await look.keyboard.press('Escape');
      await look.getByRole('button', { name: 'Add a mailbox' }).click();
      assert.deepEqual(await axe(look), []);
      assert.equal(await sideways(look), 0);
      await shot(look, `mailbox-${colorScheme}-${viewport.width}`);
    });
  }
}
