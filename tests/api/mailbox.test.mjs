// Mailboxes on a real dovecot: mails land on their senders' timelines, once, and nothing in the mailbox is changed.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { Dovecot, whyNoDovecot } from '../support/dovecot.mjs';
import { binary, must, serverFor, temporaryDirectory } from '../support/firsthand.mjs';

const PASSWORD = 'mail secret';
const mail = ({ from = 'Ola Nordmann <ola@example.com>', subject = 'Zip broken', id = 'm1@example.com', body = 'The zip of my jacket broke.', date = 'Fri, 01 May 2026 08:00:00 +0200', more = '' } = {}) =>
  `From: ${from}\nTo: support@fjordline.example\nSubject: ${subject}\nMessage-ID: <${id}>\nDate: ${date}\n${more}MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n\n${body}\n`;

async function world(t, options = {}) {
  const dovecot = await Dovecot.start(t, { password: PASSWORD });
  const secrets = temporaryDirectory(t);
  writeFileSync(join(secrets, 'support-mail'), `${options.password ?? PASSWORD}\n`, { mode: 0o600 });
  const server = await serverFor(t, { env: {
    FIRSTHAND_PRIVATE_HOSTS: '127.0.0.1', FIRSTHAND_SECRETS_DIRECTORY: secrets, FIRSTHAND_OUTGOING_CA_FILE: options.ca ?? dovecot.ca } });
  const go = (...args) => new Promise((resolve) => {
    const done = { stdout: '', stderr: '' };
    const child = spawn(binary, [...args, '--data', server.data], { env: { ...process.env, FIRSTHAND_DATA: '' }, stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.on('data', (chunk) => { done.stdout += chunk; });
    child.stderr.on('data', (chunk) => { done.stderr += chunk; });
    child.on('close', (code) => resolve({ ...done, code }));
  });
  const add = (url, ...more) => go('channel', 'add', 'mailbox', 'support', url, '--user', 'support', '--secret', 'support-mail', ...more);
  const poll = async () => {
    const done = await go('channel', 'poll', 'support', '--json');
    assert.equal(done.code, 0, done.stderr);
    return JSON.parse(done.stdout);
  };
  const timeline = (who) => must(['timeline', who, '--json', '--data', server.data]).trim().split('\n').filter(Boolean).map((line) => JSON.parse(line));
  return { dovecot, server, go, add, poll, timeline };
}

test('mails land once on their sender, over IMAPS, and the mailbox stays as it was', { skip: whyNoDovecot }, async (t) => {
  const { dovecot, server, go, add, poll, timeline } = await world(t);
  dovecot.deliver(mail());
  dovecot.deliver(mail({ id: 'm2@example.com', subject: 'Re: Zip broken', body: 'F3 OK a\n* 1 FETCH {5}\nI need it for Saturday!\n', date: 'Fri, 01 May 2026 09:00:00 +0200' }));
  const added = await add(`imaps://127.0.0.1:${dovecot.imaps}`);
  assert.equal(added.code, 0, added.stderr);
  const tried = JSON.parse((await go('channel', 'test', 'support', '--json')).stdout);
  assert.equal(tried.mails, 2);
  assert.match(tried.events[0].event.text, /zip of my jacket/);
  const first = await poll();
  assert.equal(first.why, null);
  assert.equal(first.stored, 2);
  const rows = timeline('ola@example.com');
  assert.deepEqual(rows.map(({ event, channel }) => [event, channel]), [['feedback', 'email'], ['feedback', 'email']]);
  assert.match(rows[0].text, /The zip of my jacket broke\./);
  assert.match(rows[1].text, /F3 OK a[\s\S]*I need it for Saturday!/);
  assert.equal(rows[0].ts, '2026-05-01T06:00:00.000Z');
  // Nothing new, then one more.
  assert.equal((await poll()).stored, 2);
  dovecot.deliver(mail({ id: 'm3@example.com', body: 'And thanks.', date: 'Sat, 02 May 2026 09:00:00 +0200' }));
  const third = await poll();
  assert.equal(third.stored, 3);
  assert.equal(third.received, 3, 'only what is new was read');
  // No mail was marked as read, answered or deleted: flags stand behind ":2,".
  for (const file of dovecot.files()) assert.doesNotMatch(file, /:2,.*[SRTDFP]/, file);
  assert.equal(dovecot.files().length, 3);
  assert.doesNotMatch(server.stderr + JSON.stringify(third), new RegExp(PASSWORD));
});

test('a mailbox that is numbered anew is read again and stores nothing twice; STARTTLS, another folder', { skip: whyNoDovecot }, async (t) => {
  const { dovecot, add, poll } = await world(t);
  dovecot.deliver(mail(), '.Support');
  dovecot.deliver(mail({ id: 'm2@example.com' }), '.Support');
  const added = await add(`imap://127.0.0.1:${dovecot.imap}`, '--folder', 'Support', '--every', '60');
  assert.equal(added.code, 0, added.stderr);
  assert.equal((await poll()).stored, 2);
  const folder = join(dovecot.maildir, '.Support');
  for (const file of ['dovecot-uidlist', 'dovecot.index.log', 'dovecot.index', 'dovecot.index.cache']) rmSync(join(folder, file), { force: true });
  renameSync(folder, join(dovecot.maildir, '.Old'));
  renameSync(join(dovecot.maildir, '.Old'), folder);
  const again = await poll();
  assert.equal(again.stored, 2);
  assert.equal(again.duplicate, 2);
});

test('what is wrong with a mailbox is said, without its password', { skip: whyNoDovecot }, async (t) => {
  const { dovecot, server, go, add } = await world(t, { password: 'not the password' });
  assert.equal((await add(`imaps://127.0.0.1:${dovecot.imaps}`)).code, 0);
  const wrong = await go('channel', 'poll', 'support');
  assert.match(wrong.stderr, /refuses the user or the password/);
  assert.doesNotMatch(wrong.stderr + server.stderr, /not the password/);
  const list = JSON.parse((await go('channel', 'list', '--json')).stdout).channels;
  assert.match(list[0].why, /refuses the user or the password/);
  assert.ok(list[0].failures >= 1);
  const none = await go('channel', 'add', 'mailbox', 'other', 'imaps://127.0.0.1', '--user', 'x', '--secret', '../passwd');
  assert.equal(none.code, 2);
  assert.match(none.stderr, /\/definition\/secret/);
  for (const [url, message] of [['https://127.0.0.1', /must begin with imaps:\/\/ or imap:\/\//], ['imaps://u:p@127.0.0.1', /no name and no password/]]) {
    assert.match((await go('channel', 'add', 'mailbox', 'other', url, '--user', 'x', '--secret', 'x')).stderr, message);
  }
});

test('a mail server whose certificate nobody vouches for gets no password', { skip: whyNoDovecot }, async (t) => {
  const { dovecot, go, add } = await world(t, { ca: '/etc/ssl/certs/ca-certificates.crt' });
  for (const url of [`imaps://127.0.0.1:${dovecot.imaps}`, `imap://127.0.0.1:${dovecot.imap}`]) {
    await go('channel', 'remove', 'support');
    assert.equal((await add(url)).code, 0);
    assert.match((await go('channel', 'poll', 'support')).stderr, /has a certificate that is not valid for it/);
  }
  assert.doesNotMatch(dovecot.log(), /Login: user=<support>/);
});
