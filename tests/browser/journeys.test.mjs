// Journeys: what can be taken along, and what each tab shows.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { axe, checkPage, FUNNEL, hostile, settled, signedIn } from './pages.mjs';

const TREND = '/journeys/trends?series.0.event=Added+To+Cart&series.0.measure=customers&breakdown=device';

// What one entry of an export menu saves: the name of the file and its bytes.
async function exported(page, menu, entry) {
  await menu.click();
  const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('dialog', { name: 'Export' }).getByRole('button', { name: entry }).click()]);
  return { name: file.suggestedFilename(), bytes: readFileSync(await file.path()) };
}

const menuOf = (page) => page.locator('main').getByRole('button', { name: 'Export', exact: true }).first();

test('a chart is taken along as CSV, NDJSON, SVG and PNG with its sentence and n', async (t) => {
  const { server, page } = await signedIn(t);
  for (const [path, head, said] of [[TREND, 'interval,', /phone/], [FUNNEL, 'step,', /60 people did Product Viewed/], [`${FUNNEL}&breakdown=device`, 'group,', /desktop/], ['/journeys/retention', 'cohort,', /Who comes back/], ['/voice', 'interval,', /recommend/]]) {
    await page.goto(server.url + path);
    await settled(page);
    const csv = await exported(page, menuOf(page), /^CSV/);
    assert.match(csv.name, /^[\p{L}\p{N}-]+\.csv$/u);
    assert.ok(csv.bytes.toString().startsWith(head), `${path}: ${csv.bytes.toString().slice(0, 80)}`);
    const lines = (await exported(page, menuOf(page), /^NDJSON/)).bytes.toString().trim().split('\n').map((line) => JSON.parse(line));
    assert.equal(lines.length, csv.bytes.toString().trim().split('\r\n').length - 1, path);
    const svg = (await exported(page, menuOf(page), /^SVG/)).bytes.toString();
    assert.match(svg, /^<svg xmlns=/);
    assert.match(svg, said, path);
    assert.match(svg, /n = \d+[^·]* · /, path);
    const { bytes: png } = await exported(page, menuOf(page), /^PNG/);
    assert.deepEqual([...png.subarray(1, 4)].map((byte) => String.fromCharCode(byte)).join(''), 'PNG');
    assert.equal(png.readUInt32BE(16), 1920, path);
    assert.ok(png.length > 8000, `${path}: ${png.length} bytes`);
  }
  assert.deepEqual(page.faults, []);
});

test('a list in the drawer is taken along whole, people and words each as both', async (t) => {
  const { server, page } = await signedIn(t);
  await page.goto(server.url + FUNNEL);
  await settled(page);
  await page.locator('main button.opens').first().click();
  const drawer = page.getByRole('dialog');
  await drawer.getByRole('tab', { name: /^People \d/ }).waitFor();
  const menu = drawer.getByRole('button', { name: 'Export', exact: true });
  const { n } = JSON.parse(new URL(page.url()).searchParams.get('ev'));
  assert.equal((await exported(page, menu, /^NDJSON/)).bytes.toString().trim().split('\n').length, n);
  assert.equal((await exported(page, menu, /^CSV/)).bytes.toString().trim().split('\r\n').length, n + 1);
  await drawer.getByRole('tab', { name: /^Words/ }).click();
  const words = (await exported(page, menu, /^CSV/)).bytes.toString();
  assert.match(words, /^ts,customer,channel,event,scale,score,text\r\n/);
  assert.match(words, /The parcel number/);
  assert.deepEqual(page.faults, []);
});

test('the menu of exports is worked by keys, and axe finds nothing in it', async (t) => {
  const { server, page } = await signedIn(t);
  await page.goto(server.url + TREND);
  await settled(page);
  await menuOf(page).focus();
  await page.keyboard.press('Enter');
  await page.getByRole('dialog', { name: 'Export' }).waitFor();
  assert.deepEqual(await axe(page), []);
  assert.equal(await page.evaluate(() => document.activeElement.textContent), 'CSV, for spreadsheets');
  await page.keyboard.press('Tab');
  assert.match(await page.evaluate(() => document.activeElement.textContent), /^NDJSON/);
  await page.keyboard.press('Escape');
  assert.ok(await menuOf(page).evaluate((element) => element === document.activeElement));
  await checkPage(page);
});

test('a note is written by pressing above a chart and by keys, is seen on every chart over time, changed, deleted and brought back', async (t) => {
  const { server, page } = await signedIn(t);
  await page.goto(`${server.url}/journeys/trends`);
  await settled(page);
  await page.locator('.note-lane').click({ position: { x: 400, y: 12 } });
  const dialog = page.getByRole('dialog');
  const day = await dialog.getByLabel('Day', { exact: true }).inputValue();
  assert.match(day, /^\d{4}-\d{2}-\d{2}$/);
  await dialog.getByLabel('What happened').fill(hostile);
  assert.deepEqual(await axe(page), []);
  await dialog.getByRole('button', { name: 'Save the note' }).click();
  const flag = page.getByRole('button', { name: /^Release: =cmd/ });
  await flag.waitFor();
  assert.equal(await page.locator('img').count(), 0);
  await checkPage(page);

  // By keys: to the first point, N, the text, Enter.
  await page.locator('.chart-focus').focus();
  await page.keyboard.press('Home');
  await page.keyboard.press('n');
  await dialog.getByLabel('What happened').waitFor();
  await page.keyboard.type('Summer sale');
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: /^Release: Summer sale/ }).waitFor();
  const key = server.key('secret', 'script');
  const { notes } = (await server.request('/api/v1/notes', { key })).json;
  assert.deepEqual(notes.map((note) => note.owner), ['Astrid Dahl', 'Astrid Dahl']);
  const inOslo = (at) => new Intl.DateTimeFormat('en-CA', { timeZone: 'Europe/Oslo' }).format(new Date(at));
  assert.ok(notes.some((note) => inOslo(note.at) === day && note.text === hostile), JSON.stringify(notes));

  // One of today, by a script: it is on Today too, which shows a week.
  await server.request('/api/v1/notes', { key, body: { text: 'Deployed', at: new Date(Date.now() - 86_400_000).toISOString() } });
  for (const path of ['/voice', '/']) {
    await page.goto(server.url + path);
    await settled(page);
    await page.locator('.note-flag').first().waitFor();
    await checkPage(page);
  }
  await page.goto(`${server.url}/journeys/trends`);
  await flag.click();
  await dialog.getByLabel('What happened').fill('Version 2.4');
  await dialog.getByLabel('Time, if it matters').fill('09:30');
  await dialog.getByRole('button', { name: 'Save the note' }).click();
  await page.getByRole('button', { name: /^Release: Version 2\.4, .*09:30/ }).click();
  await dialog.getByRole('button', { name: 'Delete', exact: true }).click();
  await page.getByRole('button', { name: /Version 2\.4/ }).waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Undo' }).click();
  await page.getByRole('button', { name: /^Release: Version 2\.4/ }).waitFor();
  assert.deepEqual(page.faults, []);
});

test('lifecycle is walked by keys, and what is chosen opens to those people', async (t) => {
  const { server, page } = await signedIn(t);
  await page.goto(`${server.url}/journeys/lifecycle`);
  await settled(page);
  await page.locator('.chart-focus').focus();
  await page.keyboard.press('End');
  await page.keyboard.press('ArrowUp');
  const said = page.locator('.chart-frame [aria-live]');
  assert.match(await said.textContent(), /went quiet/);
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowLeft');
  const words = await said.textContent();
  assert.match(words, / \d+ new$/);
  await page.keyboard.press('Enter');
  const drawer = page.getByRole('dialog');
  await drawer.getByRole('tab', { name: /^People/ }).waitFor();
  const { n, o } = JSON.parse(new URL(page.url()).searchParams.get('ev'));
  assert.equal(o.state, 'new');
  assert.equal(String(n), / (\d+) new$/.exec(words)[1]);
  assert.match(await drawer.getByRole('heading', { level: 2 }).textContent(), /for the first time/);
  assert.deepEqual(page.faults, []);
});

test('a funnel shows how long people take, and every column opens', async (t) => {
  const { server, page } = await signedIn(t);
  await page.goto(server.url + FUNNEL);
  await settled(page);
  const times = page.getByRole('region', { name: 'How long they take' });
  assert.match(await times.textContent(), /Half of 45 times took up to 1 minute/);
  await times.getByRole('combobox', { name: 'Between which steps' }).selectOption({ label: 'Checkout Started to Order Completed' });
  await settled(page);
  await times.getByText('Half of 20 times', { exact: false }).waitFor();
  assert.match(page.url(), /times=4/);
  await times.getByRole('button', { name: /20 times from .*1 min to 5 min/ }).click();
  await page.getByRole('dialog').getByRole('tab', { name: 'People 20' }).waitFor();
  assert.deepEqual(page.faults, []);
});

test('ways are walked by keys from step to step, and a band opens to those who took it', async (t) => {
  const { server, page } = await signedIn(t);
  await page.goto(`${server.url}/journeys/paths?what.event=Product+Viewed`);
  await settled(page);
  assert.match(await page.locator('main').textContent(), /60 times somebody did Product Viewed; most often Added To Cart came next \(75\.0%\)/);
  await page.locator('.chart-focus').focus();
  const said = page.locator('.chart-frame [aria-live]');
  await page.keyboard.press('ArrowRight');
  assert.equal(await said.textContent(), 'Product Viewed → Added To Cart, 45 times by 45 people');
  await page.keyboard.press('ArrowRight');
  assert.equal(await said.textContent(), 'Added To Cart → Checkout Started, 30 times by 30 people');
  await page.keyboard.press('ArrowDown');
  assert.match(await said.textContent(), /→ feedback/);
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').getByRole('tab', { name: 'People 30' }).waitFor();
  await page.keyboard.press('Escape');
  assert.ok(await page.locator('.chart-focus').evaluate((element) => element === document.activeElement));
  assert.deepEqual(page.faults, []);
});

test('fifty ways with hostile names are read on a phone and on a desk', async (t) => {
  const events = [];
  for (let n = 0; n < 60; n++) {
    for (const [step, event] of ['Start', n % 5 ? `Step ${n}` : `${hostile} ${n}`, `End ${n % 3}`].entries()) {
      events.push({ userId: `u${n}`, event, ts: new Date(Date.now() - 3_600_000 + step * 1000).toISOString() });
    }
  }
  const { server, page } = await signedIn(t, { events });
  for (const width of [1440, 320]) {
    await page.setViewportSize({ width, height: 900 });
    await page.goto(`${server.url}/journeys/paths?what.event=Start`);
    await checkPage(page);
    assert.match(await page.locator('main').textContent(), /The 50 most frequent steps/);
    // No name lies on another.
    const tops = await page.locator('.flow-name').evaluateAll((names) => names.map((name) => [name.offsetLeft, name.offsetTop]));
    for (const [left, top] of tops) assert.equal(tops.filter(([x, y]) => x === left && Math.abs(y - top) < 15).length, 1);
    assert.equal(await page.locator('img').count(), 0);
  }
});

test('a group of a breakdown is opened, looked at alone, left out and broken down further by clicking', async (t) => {
  const { server, page } = await signedIn(t);
  const menu = async (group) => {
    await settled(page);
    await page.locator('main').getByRole('button', { name: group, exact: true }).first().click();
    return page.getByRole('dialog', { name: `What to do with ${group}` });
  };
  await page.goto(server.url + TREND);
  const first = await menu('phone');
  assert.deepEqual(await axe(page), []);
  await first.getByRole('button', { name: 'Open these people' }).click();
  await page.getByRole('dialog').getByRole('tab', { name: 'People 15' }).waitFor();
  await page.keyboard.press('Escape');
  await (await menu('phone')).getByRole('button', { name: 'Leave out phone' }).click();
  await settled(page);
  await page.getByRole('button', { name: 'phone', exact: true }).waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'desktop', exact: true }).waitFor();
  await page.goBack();
  await (await menu('phone')).getByRole('button', { name: 'Only phone' }).click();
  await settled(page);
  await page.getByText('15 customers in the last 30 days').first().waitFor();
  await page.goBack();
  const last = await menu('desktop');
  await last.getByRole('button', { name: 'Break desktop down further' }).click();
  await last.getByRole('combobox').fill('city');
  await page.keyboard.press('Enter');
  await settled(page);
  assert.match(decodeURIComponent(page.url()), /breakdown=customer\.city|breakdown=city/);
  // In a funnel the condition is that of the first step: the group was its value.
  await page.goto(`${server.url}${FUNNEL}&breakdown=device`);
  await (await menu('phone')).getByRole('button', { name: 'Only phone' }).click();
  await settled(page);
  assert.match(decodeURIComponent(page.url()), /steps\.0\.where\.0=\["device","=","phone"\]/);
  await page.getByText(/of 20 people got through/).waitFor();
  await checkPage(page);
});

test('a view is pinned for everybody, shared as a link, and says whose it is', async (t) => {
  const { server, page } = await signedIn(t);
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.goto(server.url + FUNNEL);
  await settled(page);
  await page.getByRole('button', { name: 'Save view' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name of the view').fill('From look to order');
  await dialog.getByLabel('Pinned: it stands first, for everybody').check();
  await dialog.getByRole('button', { name: 'Save view' }).click();
  const pinned = page.getByRole('navigation', { name: 'Pinned views' });
  await pinned.getByRole('link', { name: 'From look to order' }).waitFor();
  await page.getByText('A view by Astrid Dahl, last saved').waitFor();
  await checkPage(page);
  await page.locator('main button.opens').first().click();
  await page.getByRole('dialog').getByRole('tab', { name: /^People/ }).waitFor();
  await page.getByRole('button', { name: 'Copy link' }).click();
  const link = await page.evaluate(() => navigator.clipboard.readText());
  assert.ok(!link.includes('ev='), link);
  await page.goto(`${server.url}/journeys/trends`);
  await pinned.getByRole('link').click();
  await page.getByRole('heading', { name: 'From look to order' }).waitFor();
  await page.goto(link);
  await page.getByRole('heading', { name: 'From look to order' }).waitFor();
  await page.getByRole('button', { name: 'Saved views' }).click();
  await page.getByRole('button', { name: 'Pin the view From look to order' }).click();
  await pinned.waitFor({ state: 'detached' });
  assert.deepEqual(page.faults, []);
});
