// Drill integrity on the demo organisation: every number on every page is pressed, and what it opens is counted to the
// last customer. DRILL_CUSTOMERS and DRILL_DAYS make the organisation larger than 400 customers of 120 days.
import assert from 'node:assert/strict';
import test from 'node:test';
import { must, temporaryDirectory } from '../support/firsthand.mjs';
import { fillSetup, newPage, settled, setupLink, startBrowser, startServer } from './pages.mjs';

const event = (at, name) => `${at}.event=${encodeURIComponent(name)}`;
const steps = ['Product Viewed', 'Product Added', 'Checkout Started', 'Order Completed'];
const FUNNEL = `/journeys/funnels?${steps.map((name, at) => event(`steps.${at}`, name)).join('&')}`;
const MAP = `/journeys/map?${steps.map((name, at) => event(`stages.${at}`, name)).join('&')}`;
const SERIES = `/journeys/trends?${event('series.0', 'Order Completed')}`;
const PAGES = [
  '/', '/customers', '/customers?search=ha', '/customers?per=account',
  '/journeys/trends', `${SERIES}&breakdown=channel&compare=previous&table=true`, `${SERIES}&series.0.measure=customers&interval=week&range=last+12+weeks&table=true`,
  `${SERIES}&series.0.measure=sum:revenue&breakdown=customer.country&look=totals&table=true`, `${SERIES}&series.0.measure=sessions&${event('series.1', 'Payment Failed')}&table=true`,
  FUNNEL, `${FUNNEL}&breakdown=channel`, `${FUNNEL}&window=1d&range=last+8+weeks&compare=previous&table=true`, `${FUNNEL}&order=any&table=true`,
  '/journeys/retention', `/journeys/retention?${event('start', 'Order Completed')}&${event('return', 'Order Completed')}`,
  '/journeys/paths', `/journeys/paths?${event('what', 'Checkout Started')}&table=true`, `/journeys/paths?${event('what', 'Payment Failed')}&side=end&table=true&range=last+12+weeks`,
  '/journeys/lifecycle', '/journeys/lifecycle?range=last+12+weeks&table=true', '/journeys/stickiness?range=last+12+weeks&compare=previous', '/journeys/stickiness?interval=day&range=last+14+days&table=true',
  '/journeys/lifecycle?range=last+4+weeks&compare=previous&table=true', `/journeys/retention?${event('start', 'Order Completed')}&${event('return', 'Order Completed')}&cohort=every&range=last+5+weeks&periods=5&breakdown=channel&compare=previous`,
  `/journeys/paths?${event('what', 'Checkout Started')}&compare=weekday&table=true`, `/journeys/between?${event('from', 'Checkout Started')}&${event('to', 'Order Completed')}&compare=weekday`, `${FUNNEL}&per=account&compare=previous&table=true`,
  `/journeys/between?${event('from', 'Checkout Started')}&${event('to', 'Order Completed')}&window=1d`, `/journeys/between?${event('from', 'Order Completed')}&${event('to', 'Order Delivered')}&table=true&range=last+12+weeks`,
  MAP, `${MAP}&compare=previous&range=last+8+weeks&table=true`, `${MAP}&whose=stopped&metric=csat`,
  '/voice', '/voice?metric=nps&by=customer.region&table=true', '/voice?metric=stars&range=last+12+weeks&table=true', '/voice?metric=csat', '/voice?text=zip',
];

async function demoIn(t) {
  const data = temporaryDirectory(t);
  must(['demo', '--data', data, '--customers', process.env.DRILL_CUSTOMERS ?? '400', '--days', process.env.DRILL_DAYS ?? '120']);
  const server = await startServer(t, data);
  const page = await newPage(await startBrowser(t), server, { viewport: { width: 1440, height: 900 } });
  await page.goto(setupLink(server));
  await fillSetup(page);
  await page.locator('.app').waitFor();
  return { server, page };
}

// Presses whatever opens, one after the other, and takes down the cell that the address then names.
const press = (page) => page.evaluate(() => {
  const pressed = [];
  for (const button of document.querySelectorAll('main button.opens, main .cell button')) {
    const before = location.href;
    button.click();
    const cell = new URLSearchParams(location.search).get('ev');
    if (location.href !== before && cell) pressed.push({ text: button.textContent, cell });
  }
  return pressed;
});

// The whole list behind a cell, page by page: how many people, and what their values add up to.
async function count(server, key, { q, o, a }) {
  const sum = { total: 0, people: 0, value: 0, valued: false };
  for (let cursor; cursor !== null;) {
    const list = { limit: 500, ...(cursor ? { cursor } : {}) };
    const { status, text, json: answer } = await server.query(key, { ...q, ...(a ? { as_of: a } : {}), ...(q.kind === 'customers' ? list : { open: { ...o, ...list } }) });
    assert.equal(status, 200, text);
    assert.equal(answer.moved, undefined);
    sum.total = answer.total;
    sum.people += answer.customers.length;
    for (const customer of answer.customers) {
      sum.valued ||= customer.value !== undefined;
      sum.value += customer.value ?? 0;
    }
    cursor = answer.cursor;
  }
  return sum;
}

const near = (a, b) => Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(b)); // decimals, added up here one by one

test('every number on the demo opens to exactly the people behind it', async (t) => {
  const { server, page } = await demoIn(t);
  const key = server.key('secret', 'drill');
  const seen = new Map();
  let pressed = 0;
  for (const path of PAGES) {
    await page.goto(server.url + path);
    await settled(page);
    const cells = await press(page);
    pressed += cells.length;
    for (const { text, cell } of cells) {
      const { n, ...evidence } = JSON.parse(cell);
      const where = `${path} "${text}" ${cell}`;
      const name = JSON.stringify(evidence);
      if (!seen.has(name)) seen.set(name, await count(server, key, evidence).catch((error) => { throw new Error(`${where}: ${error.message}`); }));
      const { total, people, value, valued } = seen.get(name);
      assert.equal(people, total, `${where}: the list is not as long as it says`);
      assert.ok(valued ? near(value, n) : total === n, `${where}: ${valued ? value : total}`);
    }
  }
  t.diagnostic(`${pressed} numbers pressed, ${seen.size} different cells counted`);
  assert.ok(pressed > 800, `${pressed} numbers pressed`);
  assert.deepEqual(page.faults, []);
});
