// Drill integrity: every number that opens, on every page, opens to exactly that many.
import assert from 'node:assert/strict';
import test from 'node:test';
import { PAGES, settled, signedIn } from './pages.mjs';

test('every number opens to a list that is the number', async (t) => {
  const { server, page } = await signedIn(t);
  let opened = 0;
  for (const path of PAGES) {
    await page.goto(server.url + path);
    await settled(page);
    const count = await page.locator('main button.opens').count();
    for (let at = 0; at < count; at++) {
      const answered = page.waitForResponse((response) => response.url().endsWith('/api/v1/query') && (response.request().postData() ?? '').includes('"limit":50'));
      await page.locator('main button.opens').nth(at).click();
      const response = await answered;
      const asked = JSON.parse(response.request().postData());
      const answer = await response.json();
      const where = `${path} number ${at}: ${JSON.stringify(asked)}`;
      assert.equal(response.status(), 200, `${where} ${JSON.stringify(answer)}`);
      assert.equal(answer.moved, undefined, where);
      const { n } = JSON.parse(new URL(page.url()).searchParams.get('ev'));
      const byValue = answer.customers.some((customer) => customer.value !== undefined);
      if (!byValue) assert.equal(answer.total, n, where);
      else if (answer.cursor === null) assert.equal(answer.customers.reduce((sum, customer) => sum + customer.value, 0), n, where);
      // The head of the drawer repeats it.
      const head = await page.getByRole('dialog').getByRole('heading', { level: 2 }).textContent();
      assert.ok(head.replace(/[^\d]/g, ' ').split(/\s+/).join('').includes(String(n)), `${where}: ${head}`);
      opened++;
      await page.keyboard.press('Escape');
      await page.getByRole('dialog').waitFor({ state: 'detached' });
      // Esc gives the focus back to the number.
      assert.ok(await page.locator('main button.opens').nth(at).evaluate((element) => element === document.activeElement), where);
    }
  }
  assert.ok(opened > 60, `${opened} numbers opened`);
  assert.deepEqual(page.faults, []);
});

test('cells of retention and losses of a funnel open too', async (t) => {
  const { server, page } = await signedIn(t);
  await page.goto(`${server.url}/journeys/retention`);
  await settled(page);
  const cells = page.locator('.retention .cell button');
  assert.ok((await cells.count()) > 0);
  await cells.first().click();
  await page.getByRole('dialog').getByRole('tab', { name: /^People \d/ }).waitFor();
  const { n } = JSON.parse(new URL(page.url()).searchParams.get('ev'));
  assert.match(await page.getByRole('tab', { name: /^People/ }).textContent(), new RegExp(`People ${n}$`));
  assert.deepEqual(page.faults, []);
});
