// Voice: found by word, with the marker under the words; scores with their doubt; the silent are people too.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkPage, shop, signedIn } from './pages.mjs';

// Ninety customers answer an NPS, some are shown it and stay silent, one is spared.
function answers(now = Date.now()) {
  const events = shop(now);
  for (let n = 0; n < 120; n++) {
    const userId = `v${n}`;
    const at = (minutes) => new Date(now - (1 + (n % 20)) * 86_400_000 + minutes * 60_000).toISOString();
    const about = { survey: 'relationship', version: 1, way: 'widget', metrics: ['nps'] };
    const send = (step, event, properties, more = {}) => events.push({ userId, event, ts: at(step), message_id: `${userId}-${event}`, properties, ...more });
    send(0, 'Page Viewed', { page: '/' }, { channel: 'web', traits: { name: `Voice ${n}`, plan: n % 3 ? 'free' : 'pro' } });
    const spared = n >= 115;
    send(1, 'contacted', { purpose: 'survey', outcome: spared ? 'skipped' : 'allowed', reason: spared ? 'cap' : 'allowed', ...about, ...(spared ? {} : { response: `r${n}` }) }, { channel: 'web' });
    if (spared || n >= 110) continue;
    send(2, 'survey shown', { ...about, response: `r${n}` }, { channel: 'web' });
    if (n >= 90) continue;
    send(3, 'feedback', { kind: 'survey', finished: n % 10 !== 0, response: `r${n}`, ...about }, {
      channel: 'survey', score: [10, 9, 8, 3, 10, 7][n % 6], scale: 'nps',
      ...(n % 9 === 0 ? { text: n % 2 ? 'The parcels come late again and again.' : 'Kind people, quick answers.' } : {}),
    });
  }
  return events;
}

test('words are found as they are typed, with the marker under them, and can be picked', async (t) => {
  const { page } = await signedIn(t, { events: answers() });
  await page.keyboard.press('g');
  await page.keyboard.press('v');
  const stream = page.getByRole('region', { name: 'In their own words' });
  await stream.locator('.said').first().waitFor();
  await page.getByRole('searchbox', { name: 'Look for words' }).fill('parcels late');
  await page.waitForFunction(() => [...document.querySelectorAll('.said mark')].length >= 2);
  const marks = await stream.locator('mark').allTextContents();
  assert.ok(marks.every((text) => /^(parcels?|late)$/i.test(text)), marks.join());
  assert.match(page.url(), /text=parcels/);
  await stream.getByRole('button', { name: 'Pick' }).first().click();
  await page.getByRole('region', { name: 'Picked quotes' }).getByText('1 quote picked').waitFor();
  await page.getByRole('searchbox', { name: 'Look for words' }).fill('nobody would ever say this');
  await page.getByText('Nobody said this.').waitFor();
  await checkPage(page);
});

test('a score has its interval, its people, and what it took to get them', async (t) => {
  const { page } = await signedIn(t, { events: answers() });
  await page.goto(new URL('/voice?range=last+28+days', page.url()).href);
  const scores = page.getByRole('region', { name: 'Scores' });
  // 15 of each of six answers: 45 promoters, 30 passives, 15 detractors; with the shop's twelve answers.
  await scores.locator('.figure').getByRole('button').waitFor();
  assert.match(await scores.locator('.interval').first().textContent(), /to|–/);
  const open = async (name) => {
    await scores.getByRole('button', { name }).first().click();
    const drawer = page.getByRole('dialog');
    await drawer.locator('.evidence-row').first().waitFor();
    const shown = Number(/([\d,]+) of ([\d,]+)/.exec(await drawer.locator('.drawer-sub').first().textContent())[2].replace(',', ''));
    await page.keyboard.press('Escape');
    return shown;
  };
  assert.equal(await open(/asked 115 times/), 115);
  assert.equal(await open(/shown 110 times/), 110);
  assert.equal(await open(/90 began/), 90);
  assert.equal(await open(/81 finished/), 81);
  assert.equal(await open(/answers of 7 or 8/), 30 + 2);
  await scores.getByText('asked often enough').waitFor();
  await page.keyboard.press('t');
  await scores.getByRole('table').waitFor();
  await checkPage(page);
});

test('whom we do not hear can be opened', async (t) => {
  const { page } = await signedIn(t, { events: answers(), viewport: { width: 360, height: 740 } });
  await page.goto(new URL('/voice', page.url()).href);
  const row = page.getByRole('region', { name: 'Whom we do not hear' }).getByRole('row', { name: /pro/ });
  const silent = row.getByRole('button').nth(1);
  await silent.waitFor();
  const n = (await silent.textContent()).trim();
  await silent.click();
  await page.getByRole('dialog').locator('.drawer-sub', { hasText: `of ${n}` }).waitFor();
  await page.keyboard.press('Escape');
  await checkPage(page);
});

test('an interview is kept with its consent, and the words that matter are picked', async (t) => {
  const { page } = await signedIn(t, { events: answers() });
  await page.goto(new URL('/voice', page.url()).href);
  await page.getByRole('button', { name: 'Add an interview' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('With whom').fill('u3');
  await dialog.getByLabel('What was said').fill('We moved house. The parcels went to the old place for weeks, and nobody at the shop could change it.');
  await dialog.getByRole('button', { name: 'Keep the interview' }).click();
  await dialog.locator('.note').waitFor(); // refused: there is no consent yet
  await dialog.getByLabel('The consent, in its words').fill('You may keep what I say.');
  await dialog.getByRole('button', { name: 'Keep the interview' }).click();
  await dialog.getByText('It is on their timeline.').waitFor();
  await dialog.locator('textarea').evaluate((area) => area.setSelectionRange(16, 61));
  await dialog.getByRole('button', { name: 'Pick the selected words' }).click();
  await dialog.locator('.quote', { hasText: 'The parcels went to the old place for weeks' }).waitFor();
  await checkPage(page);
  await dialog.getByRole('button', { name: 'Done' }).click();
  await page.goto(new URL('/customers/u3', page.url()).href);
  await page.locator('.event .quote', { hasText: 'We moved house' }).waitFor();
  await checkPage(page);
});

test('what a source masks is set by clicking, and holds from then on', async (t) => {
  const { page, server, write } = await signedIn(t);
  await page.goto(new URL('/settings/sources', page.url()).href);
  await page.getByRole('button', { name: 'Change how events of web are taken' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('e-mail addresses').check();
  await dialog.getByRole('button', { name: 'Add a pattern' }).click();
  await dialog.getByLabel('Name', { exact: true }).fill('member');
  await dialog.getByLabel('Pattern (RE2)').fill('M-[0-9]{6}');
  await checkPage(page);
  await dialog.getByRole('button', { name: 'Save' }).click();
  await page.getByText('Saved. Events of web are taken so from now on.').waitFor();
  await server.request('/api/v1/events', { key: write, body: [{ userId: 'u1', event: 'feedback', ts: new Date().toISOString(), text: 'Write to kari@example.com about M-123456', properties: { kind: 'note' } }] });
  await page.goto(new URL('/voice?text=write', page.url()).href);
  await page.locator('.said', { hasText: '[email] about [member]' }).waitFor();
});
