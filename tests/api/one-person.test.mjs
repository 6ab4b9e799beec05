// The same person by the web, e-mail, a chat, a ticket, a payment and a review ends as one timeline; a wrong join is undone exactly.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import test from 'node:test';
import { binary, must, root, serverFor, temporaryDirectory } from '../support/firsthand.mjs';

const example = (name) => JSON.parse(readFileSync(join(root, 'examples/webhooks', name), 'utf8'));

test('one person in every channel is one timeline, and a wrong join is undone exactly', async (t) => {
  const feed = createServer((request, response) => response.end(`<feed xmlns="http://www.w3.org/2005/Atom" xmlns:im="x">${
    [['r1', 'Ola N.', 4, 'Warm'], ['r2', 'Bo', 1, 'Cold']].map(([id, author, stars, title]) =>
      `<entry><id>${id}</id><title>${title}</title><published>2026-04-30T09:30:00Z</published><author><name>${author}</name></author><im:rating>${stars}</im:rating></entry>`).join('')}</feed>`));
  await new Promise((done) => feed.listen(0, '127.0.0.1', done));
  t.after(() => feed.close());
  const server = await serverFor(t, { env: { FIRSTHAND_PRIVATE_HOSTS: '127.0.0.1' } });
  const data = ['--data', server.data];
  const go = (...args) => new Promise((resolve, fail) => {
    const child = spawn(binary, [...args, ...data], { stdio: ['ignore', 'pipe', 'inherit'] });
    let stdout = '';
    child.stdout.on('data', (chunk) => { stdout += chunk; });
    child.on('close', (code) => (code === 0 ? resolve(stdout) : fail(new Error(`${args.join(' ')}: exit ${code}`))));
  });
  const timeline = (who) => must(['timeline', who, '--json', ...data]);
  const what = (who) => timeline(who).trim().split('\n').filter(Boolean).map((line) => JSON.parse(line)).map(({ source, event, text }) => text ?? `${event} (${source})`);
  const write = server.key('write', 'web');
  const send = async (...events) => {
    const answer = await server.request('/api/v1/events', { key: write, body: events });
    assert.equal(answer.json?.stored, events.length, answer.text);
  };

  // Each channel knows the person by another name, and none of them knows of the others yet.
  await send({ anonymousId: 'browser-1', event: 'Product Viewed', ts: '2026-04-29T10:00:00Z' });
  for (const name of ['zendesk', 'chatwoot', 'stripe']) {
    const path = must(['channel', 'add', 'webhook', name, join(root, `examples/webhooks/${name}.json`), ...data]).trim();
    for (const { body } of example(`${name}.sample.json`)) {
      if (name === 'zendesk' && body.type.startsWith('zen:event-type:user.')) continue; // comes later, below
      const answer = await fetch(server.url + path, { method: 'POST', body: JSON.stringify(body) });
      assert.equal(answer.status, 200);
    }
  }
  await go('channel', 'add', 'feed', 'store', `http://127.0.0.1:${feed.address().port}/`, '--kind', 'review', '--score', 'im:rating');
  await go('channel', 'poll', 'store');
  assert.deepEqual(what('ext.store:Ola N.'), ['Warm']);
  assert.equal(what('ext.zendesk:8801').length, 3);
  assert.deepEqual(what('anonymous:browser-1'), ['Product Viewed (web)']);

  const letter = join(temporaryDirectory(t), 'letter.eml');
  writeFileSync(letter, ['From: Ola <ola@example.com>', 'To: support@fjordline.example', 'Subject: Hello', 'Message-ID: <l1@example.com>',
    'Date: Thu, 30 Apr 2026 12:00:00 +0000', '', 'Do you repair jackets?', ''].join('\r\n'));
  must(['import', letter, '--format', 'eml', '--source', 'letters', ...data]);

  // The person signs in: the browser, the account and the address are one. Chat and payments knew the address already.
  await send({ anonymousId: 'browser-1', userId: 'c-17', identifiers: { email: 'ola@example.com' }, event: 'Signed In', ts: '2026-05-03T10:00:00Z' });
  // The help desk says who its requester is; the shop's own reviews page says who wrote there.
  const user = example('zendesk.sample.json').find(({ body }) => body.type.startsWith('zen:event-type:user.'));
  const address = must(['channel', 'address', 'zendesk', ...data]).trim();
  assert.equal((await fetch(server.url + address, { method: 'POST', body: JSON.stringify(user.body) })).status, 200);
  await send({ userId: 'c-17', identifiers: { 'ext.store': 'Ola N.' }, event: 'Reviewed', ts: '2026-05-03T11:00:00Z' });
  const all = ['Product Viewed (web)', 'Warm', 'Do you repair jackets?', 'The zip of my jacket broke on day two.', 'Here it is. I need it for Saturday!', 'My order never came',
    'Order Completed (stripe)', 'Conversation Resolved (chatwoot)', 'Ticket Solved (zendesk)', 'Order Refunded (stripe)', 'Winter is over for me',
    'Support Profile Seen (zendesk)', 'Signed In (web)', 'Reviewed (web)'];
  const names = ['c-17', 'ola@example.com', 'anonymous:browser-1', 'ext.zendesk:8801', 'ext.chatwoot:31', 'ext.stripe:cus_9', 'ext.store:Ola N.'];
  for (const name of names) assert.deepEqual(what(name).sort(), [...all].sort(), name);
  assert.equal(new Set(names.map(timeline)).size, 1);

  // A wrong join, by an event that was sent with the wrong author, and its undoing: both are again what they were.
  const before = { ola: timeline('c-17'), bo: timeline('ext.store:Bo') };
  await send({ userId: 'c-17', identifiers: { 'ext.store': 'Bo' }, event: 'Mistaken', ts: '2026-05-04T10:00:00Z' });
  assert.ok(what('c-17').includes('Cold'));
  assert.equal(timeline('ext.store:Bo'), timeline('c-17'));
  must(['customer', 'split', 'ext.store:Bo', ...data]);
  assert.equal(timeline('ext.store:Bo'), before.bo);
  assert.deepEqual(timeline('c-17').split('\n').filter((line) => !line.includes('"Mistaken"')).join('\n'), before.ola);
});
