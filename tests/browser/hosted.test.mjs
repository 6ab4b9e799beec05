// The hosted page of a survey in a real browser: on a phone, with and without JavaScript, dark, from right to left.
import assert from 'node:assert/strict';
import test from 'node:test';
import { sleep } from '../support/firsthand.mjs';
import { axe, hostile, newPage, sideways, startBrowser, startServer } from './pages.mjs';

const text = (en) => ({ en, ar: `${en} بالعربية`, nb: `${en} på norsk` });
const choices = [{ id: 'a', label: text('A rather long answer that does not fit on one line of a small phone') }, { id: 'b', label: text(hostile) }];
const questions = [
  { id: 'nps', type: 'nps', title: text('How likely are you to recommend us?'), required: true, low_label: text('Not at all'), high_label: text('Extremely') },
  { id: 'stars', type: 'stars', title: text('How many stars?') },
  { id: 'open', type: 'open', title: text(`You gave {{nps}}. ${hostile}`), description: text('A sentence is plenty.') },
  { id: 'single', type: 'single', title: text('Which one?'), choices },
  { id: 'multiple', type: 'multiple', title: text('Which ones?'), choices },
  { id: 'yes', type: 'yes_no', title: text('Was it on time?') },
  { id: 'rank', type: 'rank', title: text('Put these in order'), choices },
  { id: 'matrix', type: 'matrix', title: text('How were these?'), rows: [{ id: 'r', label: text('The shop') }], choices },
  { id: 'number', type: 'number', title: text('How many days?'), min: 0 },
  { id: 'date', type: 'date', title: text('Which day?') },
];

async function publish(t, pages) {
  const server = await startServer(t);
  const secret = server.key('secret', 'program');
  const definition = { name: hostile, languages: ['en', 'ar', 'nb'], title: text('Your visit'), intro: text('Half a minute.'), pages, questions };
  const saved = await server.request('/api/v1/surveys', { key: secret, body: { id: 'ask', definition } });
  assert.equal(saved.status, 201, saved.text);
  const published = await server.request('/api/v1/surveys/ask/publish', { method: 'POST', key: secret });
  assert.equal(published.status, 200, published.text);
  return { server, secret };
}

const phone = { viewport: { width: 320, height: 640 } };

for (const [name, options] of [
  ['in light', { colorScheme: 'light' }], ['in the dark', { colorScheme: 'dark' }], ['from right to left', { locale: 'ar-EG' }],
]) {
  test(`every type of question is readable and pressable on a small phone ${name}`, async (t) => {
    const { server } = await publish(t, 'all');
    const browser = await startBrowser(t);
    const page = await newPage(browser, server, { ...phone, bypassCSP: true, ...options });
    await page.goto(`${server.url}/s/ask`);
    assert.equal(await page.locator('html').getAttribute('dir'), name === 'from right to left' ? 'rtl' : 'ltr');
    assert.deepEqual(await axe(page), []);
    assert.equal(await sideways(page), 0, 'no scrolling sideways');
    for (const label of await page.locator('.scale label, .options label, select, textarea, button').all()) {
      const box = await label.boundingBox();
      assert.ok(box.height >= 24 && box.width >= 24, JSON.stringify(box));
    }
    await page.getByRole('button').click(); // the browser itself asks for what is required
    assert.equal(await page.locator('input[name="a.nps"]').first().evaluate((input) => input.validity.valueMissing), true);
    assert.equal(await page.title(), name === 'from right to left' ? 'Your visit بالعربية' : 'Your visit');
    assert.deepEqual(page.faults, []);
  });
}

test('a person answers on a phone without JavaScript, and it is heard within a second', async (t) => {
  const { server, secret } = await publish(t, 'one');
  const browser = await startBrowser(t);
  const page = await newPage(browser, server, { ...phone, javaScriptEnabled: false });
  await page.goto(`${server.url}/s/ask`);
  await page.getByText('Question 1 of 10').waitFor();
  await page.getByLabel('7', { exact: true }).check();
  await sleep(1600);
  await page.getByRole('button', { name: 'Next' }).click();
  await page.getByText('How many stars?').waitFor();
  await page.getByRole('link', { name: 'Back' }).click();
  assert.equal(await page.getByLabel('7', { exact: true }).isChecked(), true, 'what was said is still there');
  await page.getByRole('button', { name: 'Next' }).click();
  await page.getByRole('button', { name: 'Next' }).click(); // stars passed over
  await page.getByLabel('You gave 7').fill(hostile);
  await page.reload();
  await page.getByLabel('You gave 7').fill(hostile);
  for (let i = 0; i < 7; i++) await page.getByRole('button', { name: 'Next' }).click();
  await page.getByRole('button', { name: 'Send' }).click();
  await page.getByText('Thank you for your answer.').waitFor();
  const begin = Date.now();
  const { json } = await server.query(secret, { kind: 'verbatims' });
  assert.ok(Date.now() - begin < 1000);
  assert.deepEqual(json.verbatims.map(({ text: said, score }) => [said, score]), [[hostile, 7]]);
});

test('with JavaScript the page works for its token, and nothing hostile runs', async (t) => {
  const { server, secret } = await publish(t, 'all');
  const browser = await startBrowser(t);
  const page = await newPage(browser, server, phone);
  await page.goto(`${server.url}/s/ask`);
  const began = Date.now();
  await page.waitForFunction(() => document.forms[0].elements.w.value !== '');
  assert.ok(Date.now() - began < 5000);
  await page.getByLabel('9', { exact: true }).check();
  await page.locator('textarea').fill(hostile);
  await sleep(1600);
  await page.getByRole('button').click();
  await page.getByText('Thank you for your answer.').waitFor();
  assert.notEqual(await page.title(), '1');
  assert.deepEqual(page.faults, []);
  const suspects = (await server.request('/api/v1/surveys/ask/suspects', { key: secret })).json;
  assert.equal(suspects.total, 0, JSON.stringify(suspects));
});
