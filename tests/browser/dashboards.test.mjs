// Dashboards: made, filled, arranged by keys, filtered, opened; what is wrong with one tile stays in it.
import assert from 'node:assert/strict';
import test from 'node:test';
import { checkPage, hostile, settled, sideways, signedIn } from './pages.mjs';

const VIEWS = [
  ['Orders', { tab: 'trends', series: [{ event: 'Order Completed', measure: 'customers' }] }],
  ['Way to the order', { tab: 'funnels', steps: [{ event: 'Product Viewed' }, { event: 'Order Completed' }], segment: { trait: ['plan', '=', 'pro'] } }],
  [hostile, { tab: 'stickiness' }],
];

// Saved views and a dashboard of them, by the API; `tiles` is told the ids.
async function withDashboard(server, tiles, more = {}) {
  const key = server.key('secret', 'maker');
  const ids = [];
  for (const [name, query] of VIEWS) ids.push((await server.request('/api/v1/views', { key, body: { name, page: 'journeys', query } })).json.id);
  const made = await server.request('/api/v1/dashboards', { key, body: { name: 'The shop', definition: { tiles: tiles(ids), range: 'last 30 days', ...more } } });
  assert.equal(made.status, 201, made.text);
  const shown = async () => (await server.request(`/api/v1/dashboards/${made.json.id}`, { key })).json;
  return { path: `/dashboards/${made.json.id}`, ids, shown };
}

const tile = (page, name) => page.locator('.dash-tile').filter({ has: page.getByRole('heading', { name, exact: true }) });
const toast = (page, text) => page.getByRole('status').filter({ hasText: text }).waitFor();
// What a change of the page has saved, once it is there.
async function until(read, right) {
  for (let turn = 0; turn < 200; turn++) {
    const value = await read();
    if (right(value)) return value;
    await new Promise((done) => setTimeout(done, 50));
  }
  throw new Error(`not within ten seconds: ${JSON.stringify(await read())}`);
}

test('a view is saved, put on a new dashboard from the menu of views, and its number opens there', async (t) => {
  const { server, page } = await signedIn(t);
  await page.goto(`${server.url}/journeys/trends?series.0.event=Order+Completed&series.0.measure=customers`);
  await settled(page);
  await page.getByRole('button', { name: 'Save view' }).click();
  await page.getByLabel('Name of the view').fill('Orders');
  await page.getByRole('dialog', { name: 'Save view' }).getByRole('button', { name: 'Save view' }).click();
  await toast(page, 'View “Orders” saved.');
  await page.getByRole('button', { name: 'Saved views' }).click();
  await page.getByRole('button', { name: 'Add the view Orders to a dashboard' }).click();
  const dialog = page.getByRole('dialog', { name: 'Add “Orders” to a dashboard' });
  await dialog.getByLabel('Name of the dashboard').fill('Mine');
  await dialog.getByRole('button', { name: 'Add' }).click();
  await toast(page, '“Orders” is on the dashboard “Mine”.');
  await page.keyboard.press('g');
  await page.keyboard.press('o');
  await page.getByRole('link', { name: 'Mine' }).click();
  await settled(page);
  const number = tile(page, 'Orders').locator('.tile-lead button.opens');
  assert.equal(await number.innerText(), '20');
  await number.click();
  await page.getByRole('tab', { name: /^People 20/ }).waitFor();
  assert.deepEqual(page.faults, []);
});

test('one range and one segment hold for all tiles, beside what a view says itself; they are kept with the dashboard', async (t) => {
  const { server, page } = await signedIn(t);
  const { path, shown } = await withDashboard(server, (ids) => [{ view: ids[0] }, { view: ids[1] }]);
  const asked = [];
  page.on('request', (request) => { if (request.url().endsWith('/api/v1/query')) asked.push(request.postDataJSON()); });
  await page.goto(`${server.url}${path}?range=last+7+days&segment.trait=["city","=","Oslo"]`);
  await settled(page);
  const [trend, funnel] = await until(() => ['trend', 'funnel'].map((kind) => asked.find((query) => query.kind === kind)), (both) => both.every(Boolean));
  assert.deepEqual([trend.range, trend.segment], ['last 7 days', { trait: ['city', '=', 'Oslo'] }]);
  assert.deepEqual([funnel.range, funnel.segment], ['last 7 days', { all: [{ trait: ['plan', '=', 'pro'] }, { trait: ['city', '=', 'Oslo'] }] }]);
  await page.getByRole('button', { name: 'Keep range and segment' }).click();
  const { definition } = await until(shown, (value) => value.definition.segment !== undefined);
  assert.deepEqual([definition.range, definition.segment, definition.tiles.length], ['last 7 days', { trait: ['city', '=', 'Oslo'] }, 2]);
  await page.waitForURL(`${server.url}${path}`);
  await page.getByRole('button', { name: 'Keep range and segment' }).waitFor({ state: 'detached' });
  assert.deepEqual(page.faults, []);
});

test('by keys alone a text is written, tiles are moved, widened and taken off, and that is undone', async (t) => {
  const { server, page } = await signedIn(t);
  const { path, ids, shown } = await withDashboard(server, (list) => [{ view: list[0] }, { view: list[1] }]);
  await page.goto(server.url + path);
  await settled(page);
  const press = async (name, key = 'Enter') => { await page.getByRole('button', { name, exact: true }).focus(); await page.keyboard.press(key); };
  await press('Arrange');
  await press('Add a text');
  await page.getByLabel('Text', { exact: true }).waitFor();
  await page.keyboard.type(hostile);
  await page.keyboard.press('Enter');
  await page.keyboard.type('Why we look');
  await page.getByRole('dialog').getByRole('button', { name: 'Save' }).press('Enter');
  const views = (value) => value.definition.tiles.map((each) => each.view ?? 'text');
  await until(shown, (value) => views(value).join() === `${ids[0]},${ids[1]},text`);
  await press('Move Orders later');
  await until(shown, (value) => views(value).join() === `${ids[1]},${ids[0]},text`);
  // What was moved keeps the focus, so that the key can be pressed again.
  await page.waitForFunction(() => document.activeElement?.getAttribute('aria-label') === 'Move Orders later');
  await page.keyboard.press('Enter');
  await until(shown, (value) => views(value).join() === `${ids[1]},text,${ids[0]}`);
  await press('Orders over the whole width');
  assert.equal((await until(shown, (value) => value.definition.tiles[2].width === 'full')).definition.tiles[2].view, ids[0]);
  await press('Take Orders off the dashboard');
  await until(shown, (value) => value.definition.tiles.length === 2);
  await press('Undo');
  await until(shown, (value) => views(value).join() === `${ids[1]},text,${ids[0]}`);
  assert.deepEqual(page.faults, []);
});

test('a view that is gone, one that is broken and one that fails leave the other tiles whole', async (t) => {
  const { server, page } = await signedIn(t);
  const key = server.key('secret', 'more');
  const add = async (name, query) => (await server.request('/api/v1/views', { key, body: { name, page: 'journeys', query } })).json.id;
  const refused = await add('Refused', { tab: 'trends', series: [{ event: 'Order Completed' }], segment: 'no such segment' });
  const empty = await add('Empty', { tab: 'funnels', steps: [{ event: 5 }] });
  const broken = await add('Broken', { tab: 'trends', series: [{ event: 'Order Completed', measure: 5 }] });
  const { path } = await withDashboard(server, (ids) => [{ view: 9999 }, { view: refused }, { view: empty }, { view: broken }, { view: ids[0] }]);
  await page.goto(server.url + path);
  await page.locator('main h1').waitFor();
  await page.locator('.dash-tile').last().scrollIntoViewIfNeeded();
  await tile(page, 'Orders').locator('button.opens').first().waitFor();
  assert.match(await tile(page, 'A view that is gone').innerText(), /Somebody deleted this view/);
  assert.match(await tile(page, 'Refused').innerText(), /no saved segment/);
  assert.match(await tile(page, 'Empty').innerText(), /asks nothing yet/);
  assert.ok(await tile(page, 'Broken').count());
});

test('tiles below the fold are asked when they come into sight, and few at once', async (t) => {
  const { server, page } = await signedIn(t);
  const { path } = await withDashboard(server, (ids) => Array.from({ length: 24 }, (_, n) => ({ view: ids[n % 3], width: 'full' })));
  let running = 0;
  let most = 0;
  let asked = 0;
  await page.route('**/api/v1/query', async (route) => {
    asked++;
    most = Math.max(most, ++running);
    const answer = await route.fetch();
    running--;
    await route.fulfill({ response: answer });
  });
  await page.goto(server.url + path);
  await page.locator('.dash-tile button.opens').first().waitFor();
  await page.waitForLoadState('networkidle');
  assert.ok(asked > 0 && asked < 24, `${asked} asked at first`);
  const before = asked;
  await page.locator('.dash-tile').last().scrollIntoViewIfNeeded();
  await until(() => asked, (now) => now > before);
  assert.ok(most <= 3, `${most} at once`);
  await page.unrouteAll({ behavior: 'wait' });
});

test('a dashboard and the list of them have nothing for axe, in light, in dark and at 320 pixels, with hostile names and with nothing', async (t) => {
  const { server, page, browser } = await signedIn(t);
  for (const path of ['/dashboards']) {
    await page.goto(server.url + path);
    await checkPage(page);
    await page.getByText('There are none yet.').waitFor();
  }
  const { path } = await withDashboard(server, (ids) => [{ text: `${hostile}\n${hostile}` }, ...ids.map((view) => ({ view })), { view: 9999 }]);
  const look = async (at) => {
    for (const address of [path, `${path}?arrange=true`, `${path}?table=true&compare=previous`, '/dashboards']) {
      await at.goto(server.url + address);
      await at.locator('.dash-tile, .dashboard-list').last().scrollIntoViewIfNeeded();
      await checkPage(at);
      assert.equal(await at.locator('main img').count(), 0);
      assert.match(await at.title(), /firsthand/i);
    }
  };
  await look(page);
  await page.emulateMedia({ colorScheme: 'dark' });
  await look(page);
  await page.emulateMedia({ colorScheme: 'light' });
  await page.setViewportSize({ width: 320, height: 700 });
  await look(page);
  assert.ok((await sideways(page)) <= 0);
  assert.ok(browser.isConnected());
});

test('dashboards are made, pinned, deleted and brought back; the palette finds them', async (t) => {
  const { server, page } = await signedIn(t);
  await page.goto(`${server.url}/dashboards`);
  await page.getByRole('button', { name: 'New dashboard' }).click();
  await page.getByLabel('Name of the dashboard').fill('Weekly look');
  await page.getByRole('dialog').getByRole('button', { name: 'Add' }).click();
  await page.getByRole('button', { name: 'Add a view' }).waitFor();
  await page.getByText('Nothing stands here yet.').waitFor();
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox').fill('weekly lo');
  await page.getByRole('option', { name: /Weekly look/ }).waitFor();
  await page.keyboard.press('Escape');
  await page.goto(`${server.url}/dashboards`);
  await page.getByRole('button', { name: 'Pin the dashboard Weekly look' }).click();
  await toast(page, 'pinned, for everybody');
  await page.getByRole('button', { name: 'Delete the dashboard Weekly look' }).click();
  await toast(page, 'deleted. Its views stay.');
  await page.getByText('There are none yet.').waitFor();
  await page.getByRole('button', { name: 'Undo' }).click();
  await page.getByRole('link', { name: 'Weekly look' }).waitFor();
  assert.deepEqual(page.faults, []);
});
