// Surveys in the page: the widget in chromium, on a site of another origin, against the real server.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { anonymous, axe, has, html, named, ready, sleep, startBrowser, startSite, tag, visitor, World } from './host.mjs';

const choices = ['A', 'B', 'C'].map((label) => ({ id: label.toLowerCase(), label: `Choice ${label}` }));
export const TWELVE = {
  name: 'Twelve', title: 'All twelve', thanks: 'Thanks for {{nps}} and {{single}}.', intro: 'A minute of yours.', ways: ['widget'],
  questions: [
    { id: 'nps', type: 'nps', title: 'How likely are you to recommend us?', required: true, low_label: 'Not at all', high_label: 'Extremely' },
    { id: 'csat', type: 'csat', title: 'How satisfied are you?' },
    { id: 'ces', type: 'ces', title: 'How easy was it?' },
    { id: 'stars', type: 'stars', title: 'How many stars?' },
    { id: 'open', type: 'open', title: 'You gave {{nps}}. Why?', description: 'In your own words' },
    { id: 'single', type: 'single', title: 'Which one?', choices },
    { id: 'multiple', type: 'multiple', title: 'Which ones?', choices },
    { id: 'yes_no', type: 'yes_no', title: 'Would you come back?' },
    { id: 'rank', type: 'rank', title: 'Put them in order', choices },
    { id: 'matrix', type: 'matrix', title: 'Each of these', choices, rows: [{ id: 'food', label: 'Food' }, { id: 'staff', label: 'Staff' }] },
    { id: 'number', type: 'number', title: 'How many people were you?', min: 1, max: 20 },
    { id: 'date', type: 'date', title: 'When were you here?' },
  ],
};
const THREE = {
  name: 'Three', title: 'Three', ways: ['widget'],
  questions: [
    { id: 'score', type: 'nps', title: 'How likely?', required: true, next: [{ if: { op: '>=', value: 9 }, go: 'last' }] },
    { id: 'why', type: 'open', title: 'You gave {{score}}. What should we do better?' },
    { id: 'last', type: 'yes_no', title: 'May we call you?' },
  ],
};

async function scene(t, definition, { attributes = '', body = '<h1>Shop</h1><label>Search <input id="search"></label>', lang = 'lang="en"', headers, options } = {}) {
  const world = await World.start(t);
  world.survey = async (id, made) => {
    const added = await world.server.request('/api/v1/surveys', { key: world.secret, body: { id, definition: made } });
    assert.equal(added.status, 201, added.text);
    const out = await world.server.request(`/api/v1/surveys/${id}/publish`, { method: 'POST', key: world.secret });
    assert.equal(out.status, 200, out.text);
  };
  if (definition) await world.survey('ask', definition);
  const site = await startSite(t, () => ({ html: html(`<style>input{min-height:30px}</style>${tag(world.url, world.key, attributes)}`, body, lang), headers }));
  const browser = await startBrowser(t);
  const context = await visitor(browser, options);
  const page = await context.newPage();
  return { world, site, browser, context, page };
}

const box = (page) => page.getByRole('dialog');
const next = (page) => box(page).locator('.go');
const radio = (page, name) => box(page).getByRole('radio', { name, exact: true });
const asks = (page, title) => page.getByRole('dialog', { name: title, exact: true }).waitFor();
const mains = (events) => named(events, 'feedback').filter((event) => event.properties.kind === 'survey' && event.properties.question === undefined);
const finished = (events) => mains(events).some((event) => event.properties.finished === true);
// Until the server has all that this page knows.
const delivered = (page) => page.waitForFunction(() => !localStorage.getItem('fh.s'), null, { timeout: 30_000 });

test('all twelve types are answered by mouse, and stand on the timeline as one response', async (t) => {
  const { world, site, page, context } = await scene(t, TWELVE);
  await page.goto(site.url);
  await asks(page, 'How likely are you to recommend us?');
  const id = await anonymous(page);
  assert.ok(await box(page).getByText('A minute of yours.').isVisible());
  await next(page).click();
  await box(page).getByText('Please answer this question.').waitFor(); // it is required
  await radio(page, '8').click();
  await next(page).click();
  await radio(page, '4').click();
  await next(page).click();
  await radio(page, '6').click();
  await next(page).click();
  await radio(page, '3 of 5').click();
  await next(page).click();
  await asks(page, 'You gave 8. Why?');
  await box(page).getByRole('textbox').fill('Good <b>shoes</b> & "words" \u202Eesrever');
  await next(page).click();
  await radio(page, 'Choice B').click();
  await next(page).click();
  await box(page).getByRole('checkbox', { name: 'Choice A' }).click();
  await box(page).getByRole('checkbox', { name: 'Choice C' }).click();
  await next(page).click();
  await radio(page, 'Yes').click();
  await next(page).click();
  await box(page).getByRole('button', { name: 'Move up: Choice C' }).click();
  await box(page).getByRole('button', { name: 'Move up: Choice C' }).click();
  await next(page).click();
  await box(page).getByRole('group', { name: 'Food' }).getByRole('radio', { name: 'Choice A' }).click();
  await box(page).getByRole('group', { name: 'Staff' }).getByRole('radio', { name: 'Choice C' }).click();
  await next(page).click();
  await box(page).getByRole('spinbutton').fill('21');
  await next(page).click();
  await box(page).getByText('Choose from 1 to 20.').waitFor();
  await box(page).getByRole('spinbutton').fill('3');
  await next(page).click();
  await box(page).locator('input[type=date]').fill('2026-05-01');
  assert.equal(await next(page).textContent(), 'Send');
  await next(page).click();
  await asks(page, 'Thanks for 8 and Choice B.');
  await delivered(page);
  const events = await world.until(id, finished);
  assert.equal(mains(events).length, 1);
  const [{ properties, text, score, scale }] = mains(events);
  assert.deepEqual([score, scale, text], [8, 'nps', 'Good <b>shoes</b> & "words" \u202Eesrever']);
  assert.deepEqual(
    ['nps', 'csat', 'ces', 'stars', 'single', 'multiple', 'yes_no', 'rank', 'number', 'date'].map((question) => properties[`answers.${question}`]),
    [8, 4, 6, 3, 'b', ['a', 'c'], true, ['c', 'a', 'b'], 3, '2026-05-01'],
  );
  assert.match(JSON.stringify(properties), /"answers\.matrix\.food":"a"/);
  assert.equal(named(events, 'survey shown').length, 1);
  assert.equal(named(events, 'contacted').length, 1);
  assert.equal(properties.way, 'widget');
  assert.deepEqual(context.faults, []);
});

test('axe finds nothing on any question, in light and dark, at 320 pixels and with large text', async (t) => {
  for (const colorScheme of ['light', 'dark']) {
    const { site, page } = await scene(t, TWELVE, { options: { colorScheme, viewport: { width: 320, height: 640 } } });
    await page.goto(site.url);
    for (const question of TWELVE.questions) {
      await box(page).waitFor();
      assert.deepEqual(await axe(page), [], `${colorScheme} ${question.id}`);
      const { x, y, width, height } = await box(page).boundingBox();
      assert.ok(x >= 0 && y >= 0 && x + width <= 320 && y + height <= 640, `${question.id}: ${[x, y, width, height]}`);
      assert.ok(await box(page).evaluate((element) => element.scrollWidth <= element.clientWidth), `${question.id} scrolls sideways`);
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 320);
      const small = await box(page).evaluate((element) => [...element.querySelectorAll('button,label.c,textarea,.i')].filter((one) => one.getBoundingClientRect().height < 24 || one.getBoundingClientRect().width < 24).length);
      assert.equal(small, 0, question.id);
      if (question.required) await radio(page, '7').click();
      await next(page).click();
    }
    await asks(page, 'Thanks for 7 and ….');
    assert.deepEqual(await axe(page), []);
  }
});

test('the whole survey by keys alone; it takes no focus by itself, and Escape ends it for good', async (t) => {
  const { world, site, page } = await scene(t, THREE);
  await page.goto(site.url);
  await page.locator('#search').focus();
  await page.keyboard.type('boots', { delay: 20 });
  await box(page).waitFor();
  await page.keyboard.type(' for snow');
  assert.equal(await page.locator('#search').inputValue(), 'boots for snow');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'search');
  // Said a moment after the region is there: a screen reader hears changes only.
  const said = page.locator('[role=status]').filter({ hasText: 'A question for you: How likely?' });
  await said.waitFor({ state: 'attached', timeout: 3000 });
  assert.equal(await said.count(), 1);
  const focused = () => page.evaluate(() => { let at = document.activeElement; while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement; return `${at.tagName}.${at.className}.${at.getAttribute('type') ?? ''}`; });
  // Into the widget with Tab, through it, and out again: nothing is a trap.
  const visited = [];
  for (let turn = 0; turn < 8; turn++) { await page.keyboard.press('Tab'); visited.push(await focused()); }
  assert.ok(visited.includes('BUTTON.x.button') && visited.includes('INPUT..radio') && visited.includes('BUTTON.go.button'), visited.join(' '));
  assert.ok(visited.some((name) => name.startsWith('BODY') || name === 'INPUT..'), visited.join(' '));
  while ((await focused()) !== 'INPUT..radio') await page.keyboard.press('Tab');
  for (let turn = 0; turn < 3; turn++) await page.keyboard.press('ArrowRight');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await asks(page, 'You gave 3. What should we do better?');
  assert.match(await focused(), /^LEGEND/);
  await page.keyboard.press('Tab');
  await page.keyboard.type('Answer the phone');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter'); // back
  await asks(page, 'How likely?');
  assert.equal(await radio(page, '3').isChecked(), true);
  await next(page).focus();
  await page.keyboard.press('Enter');
  await asks(page, 'You gave 3. What should we do better?');
  assert.equal(await box(page).getByRole('textbox').inputValue(), 'Answer the phone');
  await next(page).focus();
  await page.keyboard.press('Enter');
  await asks(page, 'May we call you?');
  await page.keyboard.press('Escape');
  await box(page).waitFor({ state: 'detached' });
  await delivered(page);
  const id = await anonymous(page);
  await page.reload();
  await sleep(1200);
  assert.equal(await box(page).count(), 0);
  const why = (await world.server.request(`/api/v1/surveys/ask/why?customer=${id}`, { key: world.secret })).json;
  assert.equal(why.asks, false);
});

test('skip logic goes the way that the server goes, forth and back', async (t) => {
  const { world, site, page } = await scene(t, THREE);
  await page.goto(site.url);
  await asks(page, 'How likely?');
  await radio(page, '9').click();
  await next(page).click();
  await asks(page, 'May we call you?');
  await box(page).getByRole('button', { name: 'Back' }).click();
  await radio(page, '2').click();
  await next(page).click();
  await asks(page, 'You gave 2. What should we do better?');
  assert.equal(await next(page).textContent(), 'Skip');
  await next(page).click();
  await radio(page, 'No').click();
  await next(page).click();
  await asks(page, 'Thank you!');
  const events = await world.until(await anonymous(page), finished);
  const [{ properties, score }] = mains(events);
  assert.deepEqual([score, properties['answers.last'], properties['answers.why']], [2, false, undefined]);
});

test('in the visitor’s language, from right to left where it is written so', async (t) => {
  const definition = { ...THREE, languages: ['en', 'ar'], questions: [{ id: 'score', type: 'nps', title: { en: 'How likely?', ar: 'ما مدى احتمال أن توصي بنا؟' }, low_label: { en: 'Low', ar: 'أبدًا' }, high_label: { en: 'High', ar: 'جدًا' } }] };
  const { site, page } = await scene(t, definition, { options: { locale: 'ar-EG', viewport: { width: 320, height: 640 } } });
  await page.goto(site.url);
  await asks(page, 'ما مدى احتمال أن توصي بنا؟');
  assert.deepEqual([await box(page).getAttribute('dir'), await box(page).getAttribute('lang')], ['rtl', 'ar']);
  const [first, last] = await Promise.all(['0', '1'].map(async (name) => (await radio(page, name).boundingBox()).x));
  assert.ok(first > last);
  const close = await box(page).locator('.x').boundingBox();
  assert.ok(close.x < 160);
  assert.equal(await next(page).textContent(), 'تخطٍّ');
  assert.deepEqual(await axe(page), []);
});

test('answers outlive reloads, a killed server, a lost network, and half a word', async (t) => {
  const { world, site, page, context } = await scene(t, THREE);
  await page.goto(site.url);
  await asks(page, 'How likely?');
  const id = await anonymous(page);
  await radio(page, '4').click(); // chosen, not sent on
  await page.reload();
  await asks(page, 'How likely?');
  assert.equal(await radio(page, '4').isChecked(), true); // it was kept at once
  await next(page).click();
  await box(page).getByRole('textbox').pressSequentially('The queue was lo');
  await page.reload();
  await asks(page, 'You gave 4. What should we do better?');
  assert.equal(await box(page).getByRole('textbox').inputValue(), 'The queue was lo');
  await world.restart('SIGKILL', 300);
  await box(page).getByRole('textbox').pressSequentially('ng');
  await context.setOffline(true);
  await next(page).click();
  await radio(page, 'Yes').click();
  await next(page).click();
  await asks(page, 'Thank you!');
  await box(page).getByText('Saved. It will be sent when you are online again.').waitFor();
  assert.equal(named(await world.timeline(id), 'feedback').length, 0);
  await context.setOffline(false);
  await delivered(page);
  const events = await world.until(id, finished);
  assert.equal(mains(events).length, 1);
  const [{ score, text, properties }] = mains(events);
  assert.deepEqual([score, text, properties['answers.last']], [4, 'The queue was long', true]);
});

// Two tabs of one visitor, both at the first question of THREE.
async function twoTabs(t) {
  const { world, site, page, context } = await scene(t, THREE);
  await page.goto(site.url);
  await asks(page, 'How likely?');
  const id = await anonymous(page);
  const other = await context.newPage();
  await other.goto(`${site.url}/two`);
  await asks(other, 'How likely?');
  return { world, page, other, id };
}

test('two tabs show one survey: what one answers the other knows, and both are done at once', async (t) => {
  const { world, page, other, id } = await twoTabs(t);
  await radio(page, '1').click();
  await next(page).click();
  await asks(page, 'You gave 1. What should we do better?');
  await asks(other, 'You gave 1. What should we do better?');
  await box(other).getByRole('textbox').fill('Words from the other tab');
  await next(other).click();
  await asks(page, 'May we call you?');
  await radio(page, 'No').click();
  await next(page).click();
  await asks(page, 'Thank you!');
  await box(other).waitFor({ state: 'detached' });
  const events = await world.until(id, finished);
  assert.equal(mains(events).length, 1);
  assert.deepEqual([mains(events)[0].text, mains(events)[0].score], ['Words from the other tab', 1]);
  assert.equal(named(events, 'contacted').length, 1);
  assert.equal(named(events, 'survey shown').length, 1);
});

test('what is chosen last counts, also where a tab showed it as chosen before another tab said otherwise', async (t) => {
  const { world, page, other, id } = await twoTabs(t);
  // What a tab shows that nobody has touched follows the other one.
  await radio(page, '3').click();
  await other.waitForFunction(() => [...document.querySelectorAll('[data-fh]')].some((host) => host.shadowRoot.querySelectorAll('input')[3]?.checked));
  await radio(other, '7').click();
  await page.waitForFunction(() => JSON.parse(localStorage.getItem('fh.s')).answers.score === 7);
  // Where it was touched it stands as it was; who chooses it again means it.
  assert.equal(await radio(page, '3').isChecked(), true);
  await radio(page, '3').click();
  await next(page).click();
  await asks(page, 'You gave 3. What should we do better?');
  await next(page).click();
  await next(page).click();
  await asks(page, 'Thank you!');
  await delivered(page);
  const events = await world.until(id, finished);
  assert.equal(mains(events).length, 1);
  assert.equal(mains(events)[0].score, 3);
});

test('two tabs that open at the same instant get the same response', async (t) => {
  const { world, site, page, context } = await scene(t, THREE);
  const other = await context.newPage();
  await page.goto(`${site.url}/none`); // so that both know who they are
  await page.evaluate(() => firsthand.version);
  const id = await anonymous(page);
  await page.evaluate(() => { localStorage.removeItem('fh.s'); });
  await Promise.all([page.goto(`${site.url}/a`), other.goto(`${site.url}/b`)]);
  await Promise.all([asks(page, 'How likely?'), asks(other, 'How likely?')]);
  await radio(page, '10').click();
  await radio(other, '3').click();
  await next(other).click();
  await box(other).getByRole('textbox').fill('x');
  await next(other).click();
  await radio(other, 'Yes').click();
  await next(other).click();
  await delivered(other);
  const events = await world.until(id, finished);
  assert.equal(mains(events).length, 1);
  assert.equal(mains(events)[0].score, 3);
  assert.equal(named(events, 'contacted').filter((event) => event.properties.outcome === 'allowed').length, 1);
});

test('under Global Privacy Control nobody is asked, but who asks to be asked is', async (t) => {
  const { world, site, page, context } = await scene(t, THREE);
  await context.addInitScript('Object.defineProperty(Navigator.prototype, "globalPrivacyControl", { get: () => true })');
  const asked = [];
  page.on('request', (request) => { if (request.method() === 'POST') asked.push(new URL(request.url()).pathname); });
  await page.goto(site.url);
  await ready(page);
  await page.evaluate(() => firsthand.track('Something'));
  await sleep(1300);
  assert.deepEqual(asked, []);
  await page.evaluate(() => firsthand.survey('ask'));
  await asks(page, 'How likely?');
  await radio(page, '10').click();
  await next(page).click();
  await radio(page, 'No').click();
  await next(page).click();
  await delivered(page);
  assert.deepEqual(await page.evaluate(() => Object.keys(localStorage)), []);
  for (let turn = 0; turn < 60 && (await world.ledger()).stored < 3; turn++) await sleep(50);
  const { json } = await world.server.query(world.secret, { kind: 'trend', series: [{ event: 'feedback' }], range: 'last 7 days', interval: 'day' });
  assert.match(JSON.stringify(json), /\b1\b/);
  // There is no such survey for them now: the form for words is opened in its place.
  await page.getByRole('button', { name: 'Close' }).first().click();
  await page.evaluate(() => firsthand.survey('ask'));
  await page.getByRole('dialog', { name: 'What would you like to tell us?' }).waitFor();
});

test('an event of the page brings the survey that waits for it', async (t) => {
  const { world, site, page } = await scene(t, { ...THREE, when: { did: { event: 'Order Completed' }, within: '1d' } });
  await page.goto(site.url);
  const id = await anonymous(page);
  await world.until(id, has('page'));
  await sleep(700);
  assert.equal(await box(page).count(), 0);
  await page.evaluate(() => firsthand.track('Order Completed', { price: 49 }));
  await asks(page, 'How likely?');
});

test('hostile words in a survey are words, under the strictest policy of the page', async (t) => {
  const evil = '<img src=x onerror="document.title=1"><script>document.title=2</script> =1+1 \u202Egnorw';
  const definition = {
    name: 'Evil', title: evil, thanks: evil, ways: ['widget'],
    questions: [
      { id: 'a', type: 'single', title: evil, description: evil, required: true, choices: [{ id: 'x', label: evil }, { id: 'y', label: 'x'.repeat(300) }] },
      { id: 'constructor', type: 'open', title: 'You said {{a}}' },
      { id: '__proto__', type: 'matrix', title: 'Rows', choices: [{ id: 'toString', label: 'T' }, { id: 'valueOf', label: 'V' }], rows: [{ id: '__proto__', label: 'P' }, { id: 'hasOwnProperty', label: 'H' }] },
    ],
  };
  const { world, site, page, context } = await scene(t, definition, { options: { viewport: { width: 320, height: 640 } } });
  site.page = () => ({
    html: html(`<script nonce="n" async src="${world.url}/sdk/firsthand.js" data-key="${world.key}"></script>`),
    headers: { 'content-security-policy': `default-src 'none'; script-src 'nonce-n' 'strict-dynamic'; connect-src ${world.url}; require-trusted-types-for 'script'; trusted-types 'none'` },
  });
  await page.goto(site.url);
  await box(page).waitFor();
  assert.equal(await box(page).locator('img, script').count(), 0);
  assert.ok(await box(page).evaluate((element) => element.scrollWidth <= element.clientWidth));
  await box(page).getByRole('radio').first().click();
  await next(page).click();
  await box(page).getByRole('textbox').fill(evil);
  await next(page).click();
  await box(page).getByRole('group', { name: 'P', exact: true }).getByRole('radio', { name: 'V', exact: true }).click();
  await next(page).click();
  await delivered(page);
  assert.equal(await page.title(), 'Shop');
  const events = await world.until(await anonymous(page), finished);
  assert.equal(mains(events)[0].text, evil);
  assert.equal(mains(events)[0].properties['answers.a'], 'x');
  assert.equal(mains(events)[0].properties['answers.__proto__.__proto__'], 'valueOf');
  assert.deepEqual(context.faults, []);
});
