// Every page, light and dark, wide and 320 pixels: axe finds nothing, nothing scrolls sideways, there
// is one h1, the policy is kept, and nothing is asked of another host.
import assert from 'node:assert/strict';
import test from 'node:test';
import { axe, newPage, PAGES, settled, sideways, signedIn } from './pages.mjs';

for (const colorScheme of ['light', 'dark']) {
  for (const viewport of [{ width: 1440, height: 900 }, { width: 320, height: 700 }]) {
    test(`all pages are accessible, ${colorScheme}, ${viewport.width} wide`, async (t) => {
      const { server, page } = await signedIn(t, { viewport, colorScheme });
      for (const path of PAGES) {
        await page.goto(server.url + path);
        await settled(page);
        // axe is put into the page from outside, which the page's own policy rightly forbids; the
        // same state in a page without the policy is what is looked at.
        assert.deepEqual(page.faults, [], path);
        assert.equal(await sideways(page), 0, `${path} scrolls sideways`);
        assert.equal(await page.locator('h1').count(), 1, path);
      }
      const unguarded = await newPage(page.context().browser(), server, { viewport, colorScheme, bypassCSP: true, storageState: await page.context().storageState() });
      for (const path of PAGES) {
        await unguarded.goto(server.url + path);
        await settled(unguarded);
        assert.deepEqual(await axe(unguarded), [], path);
        const number = unguarded.locator('main button.opens').first();
        if (await number.count()) {
          await number.click();
          await unguarded.getByRole('dialog').getByRole('tab', { name: /^People \d/ }).waitFor();
          assert.deepEqual(await axe(unguarded), [], `${path} with the drawer`);
          assert.equal(await sideways(unguarded), 0, `${path} with the drawer scrolls sideways`);
        }
      }
    });
  }
}

test('open dialogs are accessible too', async (t) => {
  const { server, page } = await signedIn(t);
  const unguarded = await newPage(page.context().browser(), server, { bypassCSP: true, storageState: await page.context().storageState() });
  const button = (name) => () => unguarded.getByRole('button', { name }).first().click();
  for (const [path, open] of [
    ['/', () => unguarded.keyboard.press('?')],
    ['/settings/keys', button('New key')],
    ['/settings/sources', button('Add a source')],
    ['/surveys', button('New survey')],
    ['/journeys/trends', button('Save view')],
    ['/customers', button('Segment')],
  ]) {
    await unguarded.goto(server.url + path);
    await settled(unguarded);
    await open();
    await unguarded.locator('dialog[open]').waitFor();
    assert.deepEqual(await axe(unguarded), [], path);
  }
});
