// Comparing: with what, in the address, in every kind of journey; groups in tables; accounts in place of people.
import assert from 'node:assert/strict';
import test from 'node:test';
import { axe, checkPage, FUNNEL, settled, shop, signedIn } from './pages.mjs';

const DAY = 86_400_000;
const WEEK = 7 * DAY;
const param = (page, name) => new URL(page.url()).searchParams.get(name);

// The shop, and the half of it a week, a fortnight and a year before.
function twice() {
  const now = Date.now();
  const earlier = (back) => shop(now - back).filter((_, at) => at % 2 === 0).map((event) => ({ ...event, message_id: `${event.message_id}-${back}` }));
  return [...shop(now), ...earlier(WEEK), ...earlier(2 * WEEK), ...earlier(364 * DAY)];
}

test('a range is compared with the time before, a year before or the same weekdays, and the address says so', async (t) => {
  const { server, page } = await signedIn(t);
  await page.goto(`${server.url}/journeys/trends?range=last+10+days`);
  await settled(page);
  const bar = page.getByRole('group', { name: 'Date range' });
  const choose = async (name) => {
    await bar.locator('.range-compare').click();
    const menu = page.getByRole('dialog', { name: 'Compare with' });
    assert.deepEqual(await axe(page), []);
    await menu.getByRole('button', { name }).click();
    await settled(page);
  };
  await choose(/^the time before/);
  assert.equal(param(page, 'compare'), 'previous');
  const before = await bar.locator('.range-compare').textContent();
  assert.match(before, /^against /);
  await choose(/^the same weekdays before/);
  assert.equal(param(page, 'compare'), 'weekday');
  assert.notEqual(await bar.locator('.range-compare').textContent(), before);
  await choose(/^a year before/);
  assert.equal(param(page, 'compare'), 'year');
  await page.reload();
  await settled(page);
  await page.getByText(/A year before: /).waitFor();
  await choose(/^nothing/);
  assert.equal(param(page, 'compare'), null);
  // Where the bar has no room for it, in the panel of the range.
  await page.setViewportSize({ width: 320, height: 800 });
  await bar.locator('.range-main').click();
  await page.getByLabel('Compare with').selectOption('weekday');
  await page.waitForURL(/compare=weekday/);
  await page.goto(`${server.url}/journeys/trends?range=last+10+days&compare=tomorrow`);
  await checkPage(page);
  assert.match(await page.locator('.range').textContent(), /^[^]{4,}$/);
});

const PATHS = '/journeys/paths?what.event=Product+Viewed&range=last+7+days&compare=weekday';
const BETWEEN = '/journeys/between?from.event=Product+Viewed&to.event=Added+To+Cart&range=last+7+days&compare=weekday';

test('every kind of journey shows what it is compared with, and that number opens to those people', async (t) => {
  const { server, page } = await signedIn(t, { events: twice() });
  const kinds = [
    ['/journeys/trends?range=last+7+days&compare=weekday&table=true', /, same weekdays before|^same weekdays before/],
    [`${FUNNEL}&range=last+7+days&compare=weekday&table=true`, /^Reached, same weekdays before/],
    [`${PATHS}&table=true`, /^Times, same weekdays before/],
    ['/journeys/retention?interval=day&periods=5&range=last+7+days&compare=weekday&table=true', /^n, same weekdays before/],
    ['/journeys/lifecycle?interval=day&range=last+7+days&compare=weekday&table=true', /^new, same weekdays before/],
    ['/journeys/stickiness?interval=day&range=last+7+days&compare=weekday&table=true', /^same weekdays before/],
    [`${BETWEEN}&table=true`, /^Times, same weekdays before/],
  ];
  for (const [path, head] of kinds) {
    await page.goto(server.url + path);
    await settled(page);
    const table = page.locator('main table').first();
    const heads = await table.locator('thead th').allTextContents();
    const column = heads.findIndex((text) => head.test(text));
    assert.ok(column > 0, `${path}: ${heads.join(' | ')}`);
    const cells = table.locator(`tbody tr > :nth-child(${column + 1}) button.opens`);
    const texts = await cells.allTextContents();
    const busy = texts.findIndex((text) => Number(text) > 0);
    assert.ok(busy >= 0, `${path}: ${texts.join()}`);
    await cells.nth(busy).click();
    const drawer = page.getByRole('dialog');
    await drawer.getByRole('tab', { name: /^People \d/ }).waitFor();
    const { o, n } = JSON.parse(param(page, 'ev'));
    assert.equal(o.previous, true, path);
    assert.equal(String(n), texts[busy], path);
    assert.match(await drawer.getByRole('heading').first().textContent(), /, the same weekdays before|, \w{3} \d+ \w{3}/);
    await page.keyboard.press('Escape');
    // The chart itself, and on a phone.
    await page.goto(server.url + path.replace('&table=true', ''));
    await checkPage(page);
  }
});

test('charts mark the time compared with, and a phone holds them', async (t) => {
  const { server, page } = await signedIn(t, { events: twice(), viewport: { width: 320, height: 700 }, colorScheme: 'dark', hasTouch: true });
  for (const [path, mark] of [['/journeys/lifecycle?interval=day&range=last+7+days&compare=weekday', '.life-was'], ['/journeys/stickiness?interval=day&range=last+7+days&compare=weekday', '.totals-track b'],
    ['/journeys/retention?interval=day&periods=5&range=last+7+days&compare=weekday&breakdown=device', '.curve-1'], [BETWEEN, '.totals-track b'], [PATHS, '.flow-list small button.opens'], [`${FUNNEL}&range=last+7+days&compare=weekday`, '.funnel-list']]) {
    await page.goto(server.url + path);
    await checkPage(page);
    assert.ok(await page.locator(mark).count() > 0, `${path}: no ${mark}`);
  }
});

test('retention says how much more came back, group by group, and counts a beginning in every interval', async (t) => {
  const { server, page } = await signedIn(t, { events: twice() });
  await page.goto(`${server.url}/journeys/retention?range=last+3+weeks&periods=5&compare=previous&breakdown=device`);
  await settled(page);
  assert.match(await page.locator('.retention-all').first().textContent(), /^All\d+/);
  const sizes = async () => (await page.locator('.retention').first().locator('tbody tr:not(.retention-all) > :nth-child(2)').allTextContents()).map(Number);
  const first = await sizes();
  await page.getByLabel('Whose beginning counts').selectOption('every');
  await page.waitForURL(/cohort=every/);
  await settled(page);
  const every = await sizes();
  assert.ok(every.reduce((a, b) => a + b) > first.reduce((a, b) => a + b), `${first} ${every}`);
  const groups = page.getByRole('region', { name: 'By device' });
  assert.match((await groups.locator('table.table tbody th').allTextContents()).join(), /^desktop,phone/);
  await groups.locator('summary').first().click();
  const cell = groups.locator('.retention .cell button').first();
  await cell.click();
  await page.getByRole('dialog').getByRole('tab', { name: /^People \d/ }).waitFor();
  const { o } = JSON.parse(param(page, 'ev'));
  assert.equal(o.group, 'desktop');
  await page.keyboard.press('Escape');
  await groups.getByRole('button', { name: 'phone', exact: true }).click();
  const menu = page.getByRole('dialog', { name: 'What to do with phone' });
  const box = await menu.boundingBox();
  assert.ok(box.height > 100 && box.y >= 0, JSON.stringify(box));
  await menu.getByRole('button', { name: 'Only phone' }).click();
  await page.waitForURL(/start\.where\.0=/);
  await checkPage(page);
});

test('a row of a breakdown table has the menu of its group', async (t) => {
  const { server, page } = await signedIn(t);
  await page.goto(`${server.url}${FUNNEL}&breakdown=device`);
  await settled(page);
  const table = page.locator('main table').last();
  await table.getByRole('button', { name: 'phone', exact: true }).click();
  await page.getByRole('dialog', { name: 'What to do with phone' }).getByRole('button', { name: 'Leave out phone' }).click();
  await page.waitForURL(/where/);
  await settled(page);
  assert.equal(await page.locator('main table').last().getByRole('button', { name: 'phone', exact: true }).count(), 0);
  await page.goto(`${server.url}/journeys/trends?series.0.event=Added+To+Cart&breakdown=device&table=true`);
  await settled(page);
  await page.locator('main thead').getByRole('button', { name: 'phone', exact: true }).click();
  await page.getByRole('dialog', { name: 'What to do with phone' }).getByRole('button', { name: 'Open these people' }).click();
  await page.getByRole('dialog').getByRole('tab', { name: /^People \d/ }).waitFor();
  assert.deepEqual(page.faults, []);
});

test('accounts are counted in place of people, and a number opens to them', async (t) => {
  const { server, page } = await signedIn(t);
  for (const path of [FUNNEL, '/journeys/retention?periods=3', '/journeys/stickiness?range=last+3+weeks']) {
    await page.goto(server.url + path);
    await settled(page);
    await page.getByLabel('What is counted').selectOption('account');
    await page.waitForURL(/per=account/);
    await settled(page);
    await page.locator('main section button.opens', { hasText: /[1-9]/ }).first().click();
    const drawer = page.getByRole('dialog');
    await drawer.getByRole('link', { name: /^Firm \d$/ }).first().waitFor();
    assert.match(await drawer.getByRole('heading').first().textContent(), /counted as accounts/);
    await page.keyboard.press('Escape');
  }
  await checkPage(page);
});
