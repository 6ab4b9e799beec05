// The journey map: guessed, built by hand, read, opened, taken along, and a tile like the other tabs.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { checkPage, hostile, newPage, settled, signedIn } from './pages.mjs';

const stage = (n, event, name) => `stages.${n}.event=${event.replaceAll(' ', '+')}${name ? `&stages.${n}.name=${encodeURIComponent(name)}` : ''}`;
const MAP = `/journeys/map?${[stage(0, 'Product Viewed', 'Find'), stage(1, 'Added To Cart', 'Choose'), stage(2, 'Order Completed', 'Buy')].join('&')}`;
const card = (page, name) => page.locator('.map-stage').filter({ has: page.getByRole('heading', { name }) });

test('a map is guessed from the names of events and says how many were at each stage and went on', async (t) => {
  const { server, page } = await signedIn(t);
  await page.goto(`${server.url}/journeys/map`);
  await settled(page);
  await page.locator('.guess').click();
  await page.waitForURL(/stages\.0\.event=Product\+Viewed/);
  await settled(page);
  assert.equal(await page.locator('.map-stage').count(), 4, 'find, choose, pay, buy');
  await page.goto(server.url + MAP);
  await settled(page);
  assert.match(await page.locator('main').innerText(), /20 of 60 people who began at Find went all the way to Buy/);
  const choose = await card(page, 'Choose').innerText();
  assert.match(choose, /45\s+people/);
  assert.match(choose, /44\.4%\s+went on/);
  assert.match(choose, /20 of 45/);
  assert.match(choose, /25 stopped/);
  assert.match(await card(page, 'Buy').innerText(), /The end of the way/);
  assert.deepEqual(page.faults, []);
});

test('every number of a map opens to exactly its people, whoever they are asked of', async (t) => {
  const { server, page } = await signedIn(t);
  const key = server.key('secret', 'map');
  let pressed = 0;
  for (const path of [MAP, `${MAP}&compare=previous`, `${MAP}&whose=stopped&metric=nps`, `${MAP}&table=true`, `${MAP}&per=account`]) {
    await page.goto(server.url + path);
    await settled(page);
    const cells = await page.evaluate(() => [...document.querySelectorAll('main button.opens')].map((button) => {
      button.click();
      return { text: button.textContent, cell: new URLSearchParams(location.search).get('ev') };
    }));
    for (const { text, cell } of cells) {
      const { q, o, n, a } = JSON.parse(cell);
      const { json } = await server.query(key, { ...q, as_of: a, open: { ...o, limit: 500 } });
      const valued = json.customers.some((customer) => customer.value !== undefined);
      assert.equal(valued ? json.customers.reduce((sum, customer) => sum + customer.value, 0) : json.total, n, `${path} ${text} ${cell}`);
      assert.ok(text.replaceAll(/[^\d]/g, ' ').split(/\s+/).includes(String(n)), `${text} shows ${n}`);
      pressed++;
    }
  }
  assert.ok(pressed > 60, `${pressed} numbers`);
});

test('scores and words are of everybody at a stage, or of those who went no further', async (t) => {
  const { server, page } = await signedIn(t);
  await page.goto(server.url + MAP);
  await settled(page);
  assert.match(await card(page, 'Find').innerText(), /12\s+people said something/);
  await page.getByLabel('Whose scores and words').selectOption('stopped');
  await page.waitForURL(/whose=stopped/);
  await settled(page);
  // Of the twelve who spoke (every fifth), those from the 45th on looked and did no more.
  assert.match(await card(page, 'Find').innerText(), /3\s+people said something/);
  // No voice stands at two stages.
  const voices = await page.locator('.map-stage blockquote').allInnerTexts();
  assert.ok(voices.length >= 2);
  assert.equal(new Set(voices).size, voices.length);
});

test('stages are added, named, moved and taken out by keys alone, and nothing typed is markup', async (t) => {
  const { server, page } = await signedIn(t);
  await page.goto(`${server.url}${MAP}`);
  await settled(page);
  await page.getByLabel('What stage 1 is called').focus();
  await page.keyboard.press('Control+a');
  await page.keyboard.type(hostile.slice(0, 60));
  await page.keyboard.press('Tab');
  await page.waitForFunction(() => document.querySelector('.map-stage h3')?.textContent.includes('=cmd|calc'));
  assert.equal(await page.locator('main img').count(), 0);
  await page.getByRole('button', { name: 'Move stage 2 up' }).press('Enter');
  await page.waitForURL(/stages\.0\.event=Added\+To\+Cart/);
  await settled(page);
  await page.getByRole('group', { name: 'Stage 3' }).getByRole('button', { name: /^Remove/ }).press('Enter');
  await page.waitForFunction(() => document.querySelectorAll('.map-stage').length === 2);
  assert.deepEqual(page.faults, []);
});

test('a map is taken along as a table and as a picture, is saved and is a tile', async (t) => {
  const { server, page } = await signedIn(t);
  await page.goto(server.url + MAP);
  await settled(page);
  await page.locator('main').getByRole('button', { name: 'Export', exact: true }).click();
  const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('dialog', { name: 'Export' }).getByRole('button', { name: /CSV/ }).click()]);
  const lines = readFileSync(await file.path(), 'utf8').split(/\r?\n/);
  assert.match(lines[0], /^stage,people,times,on_the_way,went_on,median_ms,score,score_low,score_high,answers,said,wrote_to_support$/);
  assert.match(lines[2], /^Choose,45,45,45,0\.44/);
  const key = server.key('secret', 'tile');
  const view = await server.request('/api/v1/views', { key, body: { name: 'The way', page: 'journeys', query: { tab: 'map', stages: [{ event: 'Product Viewed', name: 'Find' }, { event: 'Order Completed', name: 'Buy' }] } } });
  const made = await server.request('/api/v1/dashboards', { key, body: { name: 'Ways', definition: { tiles: [{ view: view.json.id, width: 'full' }] } } });
  await page.goto(`${server.url}/dashboards/${made.json.id}`);
  await page.locator('.dash-tile .map-stage').nth(1).waitFor();
  assert.deepEqual(page.faults, []);
});

test('a map has nothing for axe, light and dark, wide and narrow, with nothing in it and with what nobody did', async (t) => {
  const { server, page, browser } = await signedIn(t);
  const nobody = `/journeys/map?${stage(0, 'Never Seen')}&${stage(1, 'Neither', hostile)}`;
  for (const colorScheme of ['light', 'dark']) {
    for (const viewport of [{ width: 1440, height: 900 }, { width: 320, height: 700 }]) {
      const look = await newPage(browser, server, { viewport, colorScheme, bypassCSP: true, storageState: await page.context().storageState() });
      for (const path of ['/journeys/map', MAP, `${MAP}&table=true&compare=year`, nobody, '/journeys/map?stages=5&metric=shoe&window=7']) {
        await look.goto(server.url + path);
        await checkPage(look);
      }
      await look.close();
    }
  }
});
