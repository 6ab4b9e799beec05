// SQL in the pages: written, run by keys, cancelled, mended at its place, taken along; the address is the statement.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { checkPage, hostile, settled, signedIn } from './pages.mjs';

const FOREVER = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n';
const editorOf = (page) => page.getByRole('textbox', { name: 'The statement' });
const statusOf = (page) => page.locator('main [role=status]').filter({ hasText: / rows? in / });
const rowsOf = (page) => page.locator('.sql-table tbody tr');

async function open(t, sql, options) {
  const { server, page } = await signedIn(t, options);
  await page.goto(`${server.url}/journeys/sql${sql ? `?${new URLSearchParams({ sql })}` : ''}`);
  await settled(page);
  await editorOf(page).waitFor();
  return { server, page };
}

test('a statement is written and run by keys alone, stands in the address, and comes back with it', async (t) => {
  const { page } = await open(t);
  await editorOf(page).fill('SELECT event, count(*) AS n FROM events GROUP BY event');
  await page.keyboard.press('Control+Enter');
  await statusOf(page).waitFor();
  assert.equal(new URL(page.url()).searchParams.get('sql'), 'SELECT event, count(*) AS n FROM events GROUP BY event');
  assert.deepEqual(await rowsOf(page).first().locator('td').allInnerTexts(), ['Added To Cart', '45']);
  await page.reload();
  await statusOf(page).waitFor();
  assert.match(await editorOf(page).inputValue(), /GROUP BY event$/);
  assert.equal(await rowsOf(page).count(), 5);
  await editorOf(page).fill('SELECT 1 AS one');
  await page.keyboard.press('Meta+Enter');
  await page.getByRole('columnheader', { name: 'one' }).waitFor();
  await page.goBack();
  await page.getByRole('columnheader', { name: 'event' }).waitFor();
  assert.match(await editorOf(page).inputValue(), /GROUP BY event$/);
  assert.deepEqual(page.faults, []);
});

test('rows are walked by keys, and Enter opens the customer', async (t) => {
  const { page } = await open(t, 'SELECT customer, events FROM customers ORDER BY customer');
  await statusOf(page).waitFor();
  await rowsOf(page).first().focus();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowUp');
  assert.equal(await page.evaluate(() => document.activeElement.rowIndex), 2);
  await page.keyboard.press('End');
  assert.equal(await page.evaluate(() => document.activeElement.rowIndex), 60);
  await page.keyboard.press('Home');
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/customers\/u0$/);
  assert.deepEqual(page.faults, []);
});

test('an error leads to its place in the statement', async (t) => {
  const { page } = await open(t, "SELECT '👍',\n  evnt\nFROM events");
  await page.getByText('no such column: evnt; did you mean event?').waitFor();
  await page.getByRole('button', { name: 'Go to line 2, column 3' }).click();
  assert.equal(await page.evaluate(() => document.activeElement.value.slice(document.activeElement.selectionStart, document.activeElement.selectionEnd)), 'evnt');
  await page.keyboard.type('event');
  await page.keyboard.press('Control+Enter');
  await statusOf(page).waitFor();
  await editorOf(page).fill('DROP TABLE events');
  await page.keyboard.press('Control+Enter');
  await page.getByText(/nothing can be changed here/).waitFor();
  await checkPage(page);
});

test('a long statement is cancelled, and the next one runs', async (t) => {
  const { page } = await open(t);
  await editorOf(page).fill(FOREVER);
  await page.keyboard.press('Control+Enter');
  await page.getByRole('button', { name: 'Cancel' }).click();
  await page.getByRole('button', { name: 'Run' }).waitFor();
  await page.getByText('Write a statement, or begin with an example.').waitFor();
  await page.getByRole('button', { name: 'How often each event happens' }).click();
  await statusOf(page).waitFor();
  assert.deepEqual(page.faults, []);
});

test('hostile words stay words, on the page and in what is taken along', async (t) => {
  const { page } = await open(t, "SELECT customer, text FROM verbatims WHERE customer = 'u0'");
  await statusOf(page).waitFor();
  assert.equal(await page.locator('main img').count(), 0);
  assert.match(await rowsOf(page).first().innerText(), /<img src=x onerror/);
  await page.getByRole('button', { name: 'Export', exact: true }).click();
  const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('dialog', { name: 'Export' }).getByRole('button', { name: /^CSV/ }).click()]);
  const csv = readFileSync(await file.path(), 'utf8');
  assert.match(csv, /^customer,text\r\nu0,"'=cmd/, 'no spreadsheet computes');
  await page.getByRole('button', { name: 'Export', exact: true }).click();
  const [lines] = await Promise.all([page.waitForEvent('download'), page.getByRole('dialog', { name: 'Export' }).getByRole('button', { name: /^NDJSON/ }).click()]);
  assert.equal(JSON.parse(readFileSync(await lines.path(), 'utf8')).text, hostile);
  await checkPage(page);
});

test('a column is put where the cursor stands, many rows come in steps, and a phone has room for all of it', async (t) => {
  const { page } = await open(t, 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 450) SELECT i, NULL AS none FROM n', { viewport: { width: 320, height: 800 } });
  await statusOf(page).waitFor();
  assert.equal(await rowsOf(page).count(), 200);
  await page.getByText('200 of 450 shown').waitFor();
  await page.getByRole('button', { name: 'Show more' }).click();
  await page.getByRole('button', { name: 'Show more' }).click();
  assert.equal(await rowsOf(page).count(), 450);
  await editorOf(page).fill('SELECT  FROM events');
  await editorOf(page).evaluate((area) => area.setSelectionRange(7, 7));
  await page.getByRole('button', { name: '"properties.device"' }).first().click();
  await page.waitForFunction(() => document.activeElement.tagName === 'TEXTAREA');
  assert.equal(await editorOf(page).inputValue(), 'SELECT "properties.device" FROM events');
  await checkPage(page);
});
