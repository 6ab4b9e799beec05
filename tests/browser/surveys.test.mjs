// A survey from a template: written by clicking, published, answered on a phone without JavaScript, read in Voice.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkPage, settled, signedIn } from './pages.mjs';

async function fromTemplate(page, name) {
  await page.keyboard.press('g');
  await page.keyboard.press('s');
  await page.getByRole('button', { name: 'New survey' }).click();
  await page.getByRole('button', { name }).click();
  await page.getByRole('heading', { level: 1, name: 'Recommendation' }).waitFor();
  await settled(page);
}

async function publish(page) {
  await page.getByRole('button', { name: 'Publish…' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Publish', exact: true }).click();
  await page.getByText('Published. It may be asked now.').waitFor();
}

test('a survey from a template is answered without JavaScript on a phone, and read in Voice within a second', async (t) => {
  const { page, server, browser } = await signedIn(t);
  await fromTemplate(page, /Recommendation/);
  await checkPage(page);
  await publish(page);
  await page.getByRole('img', { name: /QR code/ }).waitFor();
  await checkPage(page);

  const phone = await browser.newContext({ viewport: { width: 320, height: 640 }, javaScriptEnabled: false, locale: 'en-GB' });
  const visitor = await phone.newPage();
  await visitor.goto(`${server.url}/s/recommendation`);
  assert.ok((await visitor.evaluate(() => document.documentElement.scrollWidth)) <= 320);
  await visitor.getByText('3', { exact: true }).first().click();
  await visitor.waitForTimeout(1600); // nobody reads faster
  await visitor.getByRole('button').last().click();
  await visitor.getByRole('textbox').first().fill('The parcel came late, and nobody said a word.');
  await visitor.waitForTimeout(1600);
  await visitor.getByRole('button').last().click();
  await visitor.getByText(/Thank you/).waitFor();

  const before = Date.now();
  await page.goto(`${server.url}/voice?text=nobody+said+a+word`);
  await page.locator('.said mark').first().waitFor({ timeout: 5000 });
  assert.ok(Date.now() - before < 5000);
  await page.locator('.said a.strong').first().click();
  await page.locator('.event.said .quote', { hasText: 'The parcel came late' }).waitFor();
  await page.goto(`${server.url}/surveys/recommendation/answers`);
  await settled(page);
  await page.getByRole('button', { name: /1 time/ }).first().waitFor();
  await checkPage(page);
});

test('the builder changes questions, ways, colours and languages, and says what is broken', async (t) => {
  const { page } = await signedIn(t);
  await fromTemplate(page, /Recommendation/);
  const saved = () => page.getByText(/draft saved/).waitFor();
  await page.getByRole('textbox', { name: 'Question', exact: true }).fill('Would you tell your friends about us?');
  await saved();
  await page.locator('.preview-title', { hasText: 'Would you tell your friends' }).waitFor();
  // Walked through in the preview: 3 leads to the last question.
  await page.locator('.preview-scale').getByRole('radio', { name: '3', exact: true }).click();
  await page.getByRole('button', { name: 'Next' }).click();
  await page.locator('.preview-title', { hasText: 'What should we do differently?' }).waitFor();
  // A question that nothing leads to.
  await page.getByRole('button', { name: 'Add a question' }).click();
  await page.getByRole('button', { name: 'Yes or no' }).click();
  await page.getByText('Out of reach.').or(page.getByText('A translation is missing.')).first().waitFor();
  await page.getByRole('button', { name: 'Remove the question' }).click();
  await page.getByText('Every answer leads to an end').waitFor();
  await page.getByRole('link', { name: 'Look' }).click();
  await page.getByLabel('Text on buttons', { exact: true }).evaluate((input) => {
    input.value = '#1d5241';
    input.dispatchEvent(new Event('input', { bubbles: true }));
  });
  await page.getByText(/too little/).first().waitFor();
  await page.getByText('Too little contrast.').first().waitFor();
  assert.equal(await page.getByRole('button', { name: 'Publish…' }).isDisabled(), true);
  await checkPage(page);
  await page.getByRole('link', { name: 'Languages' }).click();
  await page.getByLabel('Add a language').fill('sv');
  await page.getByRole('button', { name: 'Add', exact: true }).click();
  await page.getByText(/texts missing/).waitFor();
  await checkPage(page);
  await page.getByRole('link', { name: 'Whom' }).click();
  await page.getByLabel('When', { exact: true }).selectOption('not');
  await page.getByText(/when they did not do/).first().waitFor();
  await checkPage(page);
  await saved();
  await page.reload();
  await settled(page);
  assert.equal(await page.getByLabel('When', { exact: true }).inputValue(), 'not', 'a draft keeps what was changed');
});

test('a change is kept when the page is left at once', async (t) => {
  const { page, server } = await signedIn(t);
  await fromTemplate(page, /Recommendation/);
  for (const [text, leave] of [
    ['Left by an address', () => page.goto(`${server.url}/surveys`)],
    ['Left by a reload', () => page.reload()],
    ['Left for nothing', () => page.goto('about:blank')],
  ]) {
    await page.getByRole('textbox', { name: 'Question', exact: true }).fill(text);
    await leave();
    // What is sent while a page is left may reach the server after the next page has been read.
    for (const end = Date.now() + 10000; ;) {
      await page.goto(`${server.url}/surveys/recommendation/questions`);
      await settled(page);
      const shown = await page.getByRole('textbox', { name: 'Question', exact: true }).inputValue();
      if (shown === text || Date.now() > end) {
        assert.equal(shown, text);
        break;
      }
    }
  }
});

test('the pages of surveys hold at phone width and in the dark', async (t) => {
  const { page, server } = await signedIn(t, { viewport: { width: 320, height: 640 }, colorScheme: 'dark' });
  await page.goto(`${server.url}/surveys`);
  await checkPage(page);
  await page.getByRole('button', { name: 'New survey' }).click();
  await page.getByRole('button', { name: /Recommendation/ }).click();
  for (const tab of ['questions', 'look', 'languages', 'whom', 'share', 'answers']) {
    await page.goto(`${server.url}/surveys/recommendation/${tab}`);
    await checkPage(page);
  }
});
