// The customer's own page in a browser without scripts: used by keyboard, at 320 px, by light and dark.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { axe, hostile, newPage, shop, sideways, startBrowser, startServer } from './pages.mjs';

async function start(t, options) {
  const server = await startServer(t);
  const browser = await startBrowser(t);
  const key = server.key('secret', 'shop');
  await server.request('/api/v1/events', { key, body: shop() });
  await server.request('/api/v1/decide', { key, body: { userId: 'u0', channel: 'web' } });
  const link = await server.request('/api/v1/customers/u0/preference-link', { method: 'POST', key });
  const page = await newPage(browser, server, { javaScriptEnabled: false, ...options });
  await page.goto(server.url + link.json.path);
  return { server, browser, key, page, path: link.json.path };
}

test('a customer mutes, corrects, and asks to be erased, without a script', async (t) => {
  const { page, server, key } = await start(t);
  await page.getByRole('heading', { level: 1 }).waitFor();
  assert.ok(await page.getByText(hostile.replaceAll(/[\u202E\u202C]/g, '')).first().isVisible(), 'words are shown as they were written');
  await page.getByLabel('Stop all contact').selectOption('for 90 days');
  await page.getByRole('button', { name: 'Stop all contact' }).click();
  await page.getByRole('status').getByText('we stop contacting you').waitFor();
  await page.getByRole('button', { name: 'Allow contact again' }).click();
  await page.getByRole('status').getByText('contact is allowed again').waitFor();
  await page.getByRole('button', { name: 'I agree' }).focus();
  await page.keyboard.press('Enter');
  await page.getByText('You agreed to this on').waitFor();
  await page.getByLabel('name').fill('Ann');
  await page.getByLabel('timezone').fill('Nowhere');
  await page.getByRole('button', { name: 'Save corrections' }).click();
  await page.getByRole('alert').getByText('A time zone is written like Europe/Oslo.').waitFor();
  await page.getByLabel('name').fill('Ann');
  await page.getByRole('button', { name: 'Save corrections' }).click();
  await page.getByRole('status').getByText('your corrections are saved').waitFor();
  assert.equal(await page.getByLabel('name').inputValue(), 'Ann');
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'Download everything' }).click()]);
  assert.equal(readFileSync(await download.path()).subarray(0, 2).toString(), 'PK');
  await page.getByRole('button', { name: 'Ask to be erased' }).click();
  assert.equal(await page.getByText('All contact has stopped. It is to be done by').count(), 0, 'the box must be ticked first');
  await page.getByLabel('Yes, erase everything about me').check();
  await page.getByRole('button', { name: 'Ask to be erased' }).click();
  await page.getByText('All contact has stopped. It is to be done by').waitFor();
  assert.equal((await server.request('/api/v1/erasures', { key })).json.open, 1);
  assert.deepEqual(page.faults, []);
});

for (const colorScheme of ['light', 'dark']) {
  test(`the page is accessible and fits 320 px, ${colorScheme}`, async (t) => {
    // axe is a script of the test's own: the page's policy would refuse it.
    const { page, path, server } = await start(t, { javaScriptEnabled: true, bypassCSP: true, colorScheme, viewport: { width: 320, height: 700 } });
    for (const at of ['', '?done=mute', '?before=1.1']) {
      await page.goto(server.url + path + at);
      assert.deepEqual(await axe(page), []);
      assert.equal(await sideways(page), 0);
    }
    await page.goto(`${server.url}/p/wrong`);
    assert.deepEqual(await axe(page), []);
    assert.equal(await page.evaluate(() => document.title), 'This link does not open');
    if (process.env.SHOTS) {
      await page.goto(server.url + path);
      for (let i = 0; i < 3; i++) {
        await page.evaluate((y) => window.scrollTo(0, y), i * 690);
        await page.screenshot({ path: `${process.env.SHOTS}/${colorScheme}-${i}.png` });
      }
    }
  });
}
