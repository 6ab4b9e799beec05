// The date range by keys, by dragging on a chart, and back again.
import assert from 'node:assert/strict';
import test from 'node:test';
import { axe, settled, signedIn } from './pages.mjs';

const range = (page) => new URL(page.url()).searchParams.get('range.from');

test('keys step the range, dragging on the chart narrows it, and Control+Z goes back', async (t) => {
  const { server, page } = await signedIn(t);
  await page.goto(`${server.url}/journeys/trends?series.0.event=Added+To+Cart&series.0.measure=customers&range=last+10+days`);
  await settled(page);
  const chart = page.locator('.u-over');
  await chart.waitFor();
  const box = await chart.boundingBox();
  await page.mouse.move(box.x + box.width * 0.3, box.y + box.height / 2);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.5, box.y + box.height / 2, { steps: 5 });
  await page.mouse.move(box.x + box.width * 0.6, box.y + box.height / 2, { steps: 5 });
  await page.mouse.up();
  await page.waitForURL(/range\.from=/);
  const zoomed = range(page);
  assert.equal(await page.getByRole('dialog').count(), 0);
  await settled(page);
  await page.keyboard.press('[');
  await page.waitForFunction((before) => new URL(location.href).searchParams.get('range.from') < before, zoomed);
  await settled(page);
  await page.keyboard.press(']');
  await page.waitForFunction((before) => new URL(location.href).searchParams.get('range.from') === before, zoomed);
  await page.keyboard.press('Control+z');
  await page.waitForFunction((before) => new URL(location.href).searchParams.get('range.from') < before, zoomed);
  await page.keyboard.press('Control+z');
  await page.waitForFunction((before) => new URL(location.href).searchParams.get('range.from') === before, zoomed);
  await page.keyboard.press('Control+z');
  await page.waitForURL(/range=last\+10\+days/);
  assert.deepEqual(page.faults, []);
});

test('a month is typed in the panel, which says whose time it is', async (t) => {
  const { server, page } = await signedIn(t);
  await page.goto(`${server.url}/journeys/trends`);
  await settled(page);
  await page.getByRole('group', { name: 'Date range' }).locator('.range-main').click();
  await page.getByText(/Days begin and end in the organisation’s time, \S+\./).waitFor();
  assert.deepEqual(await axe(page), []);
  await page.getByLabel('Type a range').fill('may 2026');
  await page.keyboard.press('Enter');
  await page.waitForURL(/range\.from=2026-05-01&range\.to=2026-05-31/);
  assert.deepEqual(page.faults, []);
});
