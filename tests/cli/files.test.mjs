// Files that are not rows: access logs, mail, mailboxes.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { gzipSync } from 'node:zlib';
import { must, run, serverFor, temporaryDirectory } from '../support/firsthand.mjs';

const log = [
  '203.0.113.7 - - [01/May/2026:10:05:03 +0000] "GET /a?b=1 HTTP/1.1" 200 5120 "-" "Mozilla/5.0"',
  '203.0.113.7 - - [01/May/2026:10:05:03 +0000] "GET /a?b=1 HTTP/1.1" 200 5120 "-" "Mozilla/5.0"',
  '203.0.113.8 - - [01/May/2026:10:05:04 +0000] "GET /robots.txt HTTP/1.1" 200 235 "-" "Googlebot/2.1 (+http://www.goo',
].join('\n');
const head = 'From: Ann Lee <ann@example.com>\nDate: Fri, 01 May 2026 09:30:00 +0200\n';
const mail = `${head}Message-ID: <1@example.com>\nSubject: Lamp\n\nIt is broken.\n\nOn 30 Apr 2026, Shop wrote:\n> Did it arrive?\n`;
const own = 'From: Shop <help@shop.example>\nDate: Fri, 01 May 2026 10:30:00 +0200\nMessage-ID: <2@shop.example>\n\nSorry.\n';
const counts = (args, options) => JSON.parse(must([...args, '--json', '--quiet'], options));

test('an access log may be packed, repeated, and imported beside a server; its clients stay who they are', async (t) => {
  const server = await serverFor(t);
  const file = join(temporaryDirectory(t), 'access.log.gz');
  writeFileSync(file, gzipSync(log));
  const args = ['import', file, '--format', 'access-log', '--source', 'server', '--data', server.data];
  assert.deepEqual(counts(args), { received: 3, stored: 3, duplicate: 0, quarantined: 0, refused: 0 });
  await server.stop();
  assert.deepEqual(counts(args), { received: 3, stored: 0, duplicate: 3, quarantined: 0, refused: 0 });
  const range = ['--from', '2026-05-01', '--to', '2026-05-01', '--data', server.data, '--json'];
  assert.equal(JSON.parse(must(['trend', 'Request', '--measure', 'customers', ...range])).series[0].total, 2);
  assert.equal(JSON.parse(must(['trend', 'Request', '--where', 'bot = true', ...range])).series[0].total, 1);
  // The next day's file, elsewhere decoded, knows the same client again.
  must(['import', '-', '--format', 'access-log', '--source', 'server', '--data', server.data, '--quiet'],
    { input: log.split('\n')[0].replaceAll('01/May', '02/May') });
  const both = ['--from', '2026-05-01', '--to', '2026-05-02', '--data', server.data, '--json'];
  assert.equal(JSON.parse(must(['trend', 'Request', '--measure', 'customers', ...both])).series[0].total, 2);
});

test('mail is on its writer\'s timeline, without what was quoted, and not when the shop wrote it', (t) => {
  const data = temporaryDirectory(t);
  must(['source', 'set', 'desk', '--own-domain', 'shop.example', '--data', data]);
  const file = join(data, 'letter.eml');
  writeFileSync(file, mail);
  const eml = ['import', file, '--format', 'eml', '--source', 'desk', '--data', data];
  assert.equal(counts(eml).stored, 1);
  assert.equal(counts(eml).duplicate, 1);
  const mbox = `From a Fri May  1 09:30:00 2026\n${mail}\nFrom b Fri May  1 10:30:00 2026\n${own}`;
  assert.deepEqual(counts(['import', '-', '--format', 'mbox', '--source', 'desk', '--data', data], { input: mbox }),
    { received: 2, stored: 0, duplicate: 1, quarantined: 0, refused: 1 });
  const event = JSON.parse(must(['timeline', 'email:ann@example.com', '--json', '--data', data]).trim());
  assert.equal(event.text, 'It is broken.');
  assert.equal(event.channel, 'email');
  assert.deepEqual([event.properties.kind, event.properties.subject, event.properties.thread], ['ticket', 'Lamp', '1@example.com']);
});

test('mail is masked as any other words, and a file that is no mail says so', (t) => {
  const data = temporaryDirectory(t);
  must(['source', 'set', 'desk', '--mask', 'phone', '--keep-mail-text', 'on', '--mail-kind', 'review', '--data', data]);
  must(['import', '-', '--format', 'eml', '--source', 'desk', '--data', data], { input: mail.replace('It is broken.', 'Call 0171 1234567.') });
  const event = JSON.parse(must(['timeline', 'email:ann@example.com', '--json', '--data', data]).trim());
  assert.equal(event.text, 'Call [phone].');
  assert.match(event.properties.whole_text, /Call \[phone\]\.[^]*Did it arrive/);
  assert.equal(event.properties.kind, 'review');
  const done = run(['import', '-', '--format', 'eml', '--data', data], { input: 'just some text\n' });
  assert.match(done.stderr, /row 1 quarantined: not a message of mail/);
  const wrong = run(['import', '-', '--format', 'mail', '--data', data], { input: '' });
  assert.equal(wrong.code, 2);
  assert.match(wrong.stderr, /expected ndjson, csv, segment, posthog, access-log, eml or mbox/);
  writeFileSync(join(data, 'map.json'), '{}');
  const mapped = run(['import', '-', '--format', 'eml', '--map', join(data, 'map.json'), '--data', data], { input: mail });
  assert.equal(mapped.code, 2);
  assert.match(mapped.stderr, /--format eml needs no map/);
  for (const bad of ['Shop.example', 'x@shop.example', 'shop']) {
    assert.match(run(['source', 'set', 'desk', '--own-domain', bad, '--data', data]).stderr, /\/settings\/own_domains\/0/);
  }
});

test('a map that was suggested works as it is', (t) => {
  const data = temporaryDirectory(t);
  const csv = 'Response ID,Email,Submitted At,Score,Comment\nr1,ann@example.com,2026-04-01 10:00:00,9,It is fast and cheap\nr2,bo@example.com,2026-04-02 10:00:00,3,Nobody answers the phone\n';
  writeFileSync(join(data, 'answers.csv'), csv);
  const map = must(['import', join(data, 'answers.csv'), '--suggest-map']);
  assert.deepEqual(JSON.parse(map).identifiers, { email: 'Email' });
  assert.match(map, /^\{"identifiers": [^]*,\n "event": /);
  writeFileSync(join(data, 'map.json'), map);
  assert.equal(counts(['import', join(data, 'answers.csv'), '--map', join(data, 'map.json'), '--data', data]).stored, 2);
  const none = run(['import', join(data, 'answers.csv'), '--data', data]);
  assert.equal(none.code, 2);
  assert.match(none.stderr, /--suggest-map prints one/);
  assert.equal(run(['import', join(data, 'none.csv'), '--suggest-map']).code, 3);
});
