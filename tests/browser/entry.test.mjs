// Coming in: the first administrator, the password, the one-time link.
import assert from 'node:assert/strict';
import test from 'node:test';
import { must } from '../support/firsthand.mjs';
import { axe, fillSetup, newPage, person, setupLink, settled, startBrowser, startServer } from './pages.mjs';

test('the set-up link makes the first administrator once, and the token leaves the address', async (t) => {
  const server = await startServer(t);
  const browser = await startBrowser(t);
  // axe comes from outside, which the page's own policy forbids.
  const page = await newPage(browser, server, { bypassCSP: true });
  await page.goto(setupLink(server));
  await page.getByRole('heading', { level: 1, name: 'Set up firsthand' }).waitFor();
  assert.equal(new URL(page.url()).hash, '');
  assert.deepEqual(await axe(page), []);
  await fillSetup(page);
  await page.getByRole('heading', { level: 1, name: 'Meet your first customer' }).waitFor();
  assert.equal(new URL(page.url()).pathname, '/');

  const second = await newPage(browser, server);
  await second.goto(setupLink(server));
  await fillSetup(second);
  await second.getByRole('alert').waitFor();
  assert.deepEqual(page.faults, []);
});

test('a wrong password says so, the right one leads to Today, signing out leads back', async (t) => {
  const server = await startServer(t);
  const browser = await startBrowser(t);
  const first = await newPage(browser, server);
  await first.goto(setupLink(server));
  await fillSetup(first);
  await first.locator('.rail').waitFor();

  const page = await newPage(browser, server, { bypassCSP: true });
  await page.goto(`${server.url}/customers`);
  await page.getByRole('button', { name: 'Sign in' }).waitFor();
  assert.deepEqual(await axe(page), []);
  await page.getByLabel('E-mail').fill(person.email);
  await page.getByLabel('Password', { exact: true }).fill('not the password');
  await page.keyboard.press('Enter');
  await page.getByRole('alert').getByText('E-mail or password is wrong').waitFor();
  await page.getByLabel('Password', { exact: true }).fill(person.password);
  await page.keyboard.press('Enter');
  // Where one wanted to go is where one comes.
  await page.getByRole('heading', { level: 1, name: 'Customers' }).waitFor();
  await page.getByRole('button', { name: person.name }).click();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('button', { name: 'Sign in' }).waitFor();
  assert.deepEqual(page.faults, []);
});

test('a one-time link signs in once', async (t) => {
  const server = await startServer(t);
  const browser = await startBrowser(t);
  const first = await newPage(browser, server);
  await first.goto(setupLink(server));
  await fillSetup(first);
  await first.locator('.rail').waitFor();

  const token = /#(\S+)/.exec(must(['user', 'link', person.email, '--data', server.data]))[1];
  const page = await newPage(browser, server);
  await page.goto(`${server.url}/sign-in#${token}`);
  await page.locator('.rail').waitFor();
  await settled(page);
  assert.equal(new URL(page.url()).hash, '');
  const again = await newPage(browser, server);
  await again.goto(`${server.url}/sign-in#${token}`);
  await again.getByRole('heading', { level: 1, name: 'The link did not work' }).waitFor();
  assert.deepEqual(page.faults, []);
});
