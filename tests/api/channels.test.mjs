// Webhooks and feeds against the real server: the examples, signatures, mistakes, and a person who joins later.
import assert from 'node:assert/strict';
import { createHmac, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { spawn } from 'node:child_process';
import { binary, must, root, run, serverFor, temporaryDirectory } from '../support/firsthand.mjs';

const example = (name) => JSON.parse(readFileSync(join(root, 'examples/webhooks', name), 'utf8'));

async function deliver(server, path, { body, headers = {}, raw }) {
  const answer = await fetch(server.url + path, {
    method: 'POST', body: raw ?? JSON.stringify(body), headers: { 'content-type': 'application/json', ...headers },
  });
  const text = await answer.text();
  return { status: answer.status, json: JSON.parse(text), text };
}

function addWebhook(server, name, file) {
  return must(['channel', 'add', 'webhook', name, file, '--data', server.data]).trim();
}

// An administrator's requests, as the pages make them.
async function adminOf(t, server) {
  const file = join(temporaryDirectory(t), 'password');
  writeFileSync(file, 'correct horse battery');
  must(['user', 'add', 'ada@example.com', '--name', 'Ada', '--role', 'admin', '--password-file', file, '--data', server.data]);
  const headers = { 'x-firsthand': '1', 'content-type': 'application/json' };
  const signed = await server.request('/api/v1/sign-in', { body: { email: 'ada@example.com', password: 'correct horse battery' }, headers });
  assert.equal(signed.status, 200, signed.text);
  const cookie = signed.headers.get('set-cookie').split(';')[0];
  return (path, body, method) => server.request(path, { method, body, headers: { ...headers, cookie } });
}

const timeline = (server, who) => must(['timeline', who, '--json', '--data', server.data]).trim().split('\n')
  .filter(Boolean).map((line) => JSON.parse(line));
const brief = ({ event, text, score, scale, properties }) => ({
  event, ...(text ? { text } : {}), ...(scale ? { score, scale } : {}), properties });

// What each example's sample becomes: [rows on the person's timeline], and how many deliveries no rule takes.
const expected = {
  zendesk: {
    who: 'ola@example.com', refused: 1,
    rows: [
      { event: 'feedback', text: 'The zip of my jacket broke on day two.',
        properties: { kind: 'ticket', ticket: '51', subject: 'Zip broken', priority: 'NORMAL', tags: ['jacket', 'warranty'] } },
      { event: 'feedback', text: 'Here it is. I need it for Saturday!', properties: { kind: 'ticket', ticket: '51', subject: 'Zip broken' } },
      { event: 'Ticket Solved', properties: { ticket: '51', from: 'OPEN' } },
      { event: 'Support Profile Seen', properties: {} },
    ],
  },
  intercom: {
    who: 'ola@example.com', refused: 0,
    rows: [
      { event: 'feedback', text: 'Does the tent stand wind & rain?', properties: { kind: 'chat', conversation: '900', subject: '' } },
      { event: 'feedback', text: 'Thanks!\nI order it.', properties: { kind: 'chat', conversation: '900' } },
      { event: 'feedback', text: 'In green.', properties: { kind: 'chat', conversation: '900' } },
      { event: 'feedback', text: 'Quick and kind', score: 5, scale: 'csat', properties: { kind: 'chat', conversation: '900' } },
    ],
  },
  chatwoot: {
    who: 'ola@example.com', refused: 1,
    rows: [
      { event: 'feedback', text: 'My order never came', properties: { kind: 'chat', conversation: 4, inbox: 'Website' } },
      { event: 'Conversation Resolved', properties: { conversation: 4 } },
    ],
  },
  shopify: {
    who: 'ola@example.com', refused: 1,
    rows: [
      { event: 'Order Completed', properties: { order: 820982911, revenue: 398.9, currency: 'EUR', items: ['TENT-2', 'MUG-1'],
        products: ['Tent for two', 'Mug'], quantities: [1, 4], discount_codes: 'SPRING', country: 'NO' } },
      { event: 'Order Refunded', properties: { order: 820982911, refund: 12.5, currency: 'EUR', items: 'MUG-1' } },
    ],
  },
  stripe: {
    who: 'ola@example.com', refused: 1,
    rows: [
      { event: 'Order Completed', properties: { order: 'cs_1', revenue: 54.99, currency: 'eur' } },
      { event: 'Order Refunded', properties: { charge: 'ch_1', refund: 10, currency: 'eur' } },
      { event: 'Subscription Cancelled', text: 'Winter is over for me', properties: { reason: 'too_expensive', subscription: 'sub_1' } },
    ],
  },
};

for (const [name, { who, rows, refused }] of Object.entries(expected)) {
  test(`the ${name} example turns its sample into the right events, once`, async (t) => {
    const server = await serverFor(t);
    const path = addWebhook(server, name, join(root, `examples/webhooks/${name}.json`));
    assert.match(path, /^\/hooks\/[A-Za-z0-9_-]{32}$/);
    const sums = { received: 0, stored: 0, duplicate: 0, quarantined: 0, refused: 0 };
    for (let round = 0; round < 2; round++) {
      for (const sample of example(`${name}.sample.json`)) {
        const { status, json, text } = await deliver(server, path, sample);
        assert.equal(status, 200, text);
        for (const key of Object.keys(sums)) sums[key] += json[key];
      }
    }
    assert.equal(sums.quarantined, 0);
    assert.equal(sums.refused, 2 * refused);
    assert.equal(sums.stored, sums.duplicate, 'sent again, all are duplicates');
    assert.deepEqual(timeline(server, who).map(brief), rows);
    const ledger = JSON.parse(must(['ledger', '--json', '--data', server.data])).sources.find(({ source }) => source === name);
    assert.equal(ledger.received, sums.received);
    // The preview says the same as what was stored.
    const admin = await adminOf(t, server);
    const [first] = example(`${name}.sample.json`);
    const preview = await admin('/api/v1/webhooks/preview', {
      name, definition: example(`${name}.json`), payload: first.body, headers: first.headers ?? {} });
    assert.equal(preview.status, 200, preview.text);
    assert.equal(preview.json.problem, null);
    assert.deepEqual(brief(preview.json.events[0].event), rows[0]);
  });
}

test('a first guess from a sample works as it stands', async (t) => {
  const server = await serverFor(t);
  const admin = await adminOf(t, server);
  for (const [name, text] of [['zendesk', /zip of my jacket/], ['intercom', /stand wind & rain/], ['chatwoot', /never came/]]) {
    const [{ body }] = example(`${name}.sample.json`);
    const guess = await admin('/api/v1/webhooks/suggest', { name, payload: body });
    assert.equal(guess.status, 200, guess.text);
    assert.deepEqual(guess.json.missing, []);
    const preview = await admin('/api/v1/webhooks/preview', { name, definition: guess.json.definition, payload: body });
    assert.equal(preview.json.problem, null, preview.text);
    assert.equal(preview.json.events.length, 1);
    assert.equal(preview.json.events[0].verdict, 'stored', preview.text);
    assert.match(preview.json.events[0].event.text, text);
    assert.ok(preview.json.events[0].identifiers.some(({ kind }) => kind === 'email' || kind === `ext.${name}`), preview.text);
  }
  const order = await admin('/api/v1/webhooks/suggest', { name: 'shop', payload: example('shopify.sample.json')[0].body });
  const [rule] = order.json.definition.rules;
  assert.deepEqual(rule.event, { const: 'Order Completed' });
  assert.deepEqual(rule.properties.revenue, { column: '/total_price', type: 'number' });
  assert.equal(rule.identifiers.email, '/email');
  const nonsense = await admin('/api/v1/webhooks/suggest', { payload: '{"a":' });
  assert.equal(nonsense.status, 422);
});

test('what a rule cannot read is quarantined, and the rest of the delivery is stored', async (t) => {
  const server = await serverFor(t);
  const file = join(temporaryDirectory(t), 'hook.json');
  writeFileSync(file, JSON.stringify({ rules: [{
    each: '/messages', event: { const: 'feedback' }, ts: '@/at', message_id: '@/id', identifiers: { email: '@/from' },
    text: '@/body', properties: { thread: '/thread', kind: { const: 'chat' } } }] }));
  const path = addWebhook(server, 'desk', file);
  const { json } = await deliver(server, path, { body: { thread: 7, messages: [
    { id: 1, at: '2026-05-01T09:30:00Z', from: 'a@example.com', body: 'good' },
    { id: 2, at: 'yesterday', from: 'a@example.com', body: 'no time' },
    { id: 3, at: '2026-05-01T09:31:00Z', body: 'nobody' },
    'no object',
    { id: 4, at: '2026-05-01T09:32:00Z', from: 'a@example.com', body: 'good too' }] } });
  assert.deepEqual(json, { received: 4, stored: 2, duplicate: 0, quarantined: 2, refused: 0 });
  const rows = JSON.parse(must(['quarantine', 'list', '--json', '--data', server.data])).rows;
  assert.deepEqual(rows.map(({ field }) => field).sort(), ['@/at', 'customer']);
  assert.deepEqual(timeline(server, 'a@example.com').map(({ text, properties }) => [text, properties.thread]), [['good', 7], ['good too', 7]]);
  // No words in what is kept for help.
  const [channel] = JSON.parse(must(['channel', 'list', '--json', '--data', server.data])).channels;
  assert.ok(channel.shapes[0].fields.includes('/messages/*/body string'), JSON.stringify(channel.shapes));
  assert.doesNotMatch(JSON.stringify(channel.shapes), /good|example\.com|yesterday/);

  const broken = await deliver(server, path, { raw: '{"messages":[' });
  assert.equal(broken.status, 400);
  const large = await deliver(server, path, { raw: JSON.stringify({ messages: ['x'.repeat(1_100_000)] }) });
  assert.equal(large.status, 413);
  assert.equal((await deliver(server, '/hooks/unknown', { body: {} })).status, 404);
});

test('addresses can be paused, replaced and removed', async (t) => {
  const server = await serverFor(t);
  const path = addWebhook(server, 'chat', join(root, 'examples/webhooks/chatwoot.json'));
  const [sample] = example('chatwoot.sample.json');
  const data = ['--data', server.data];
  must(['channel', 'pause', 'chat', ...data]);
  assert.equal((await deliver(server, path, sample)).status, 409);
  must(['channel', 'resume', 'chat', ...data]);
  assert.equal((await deliver(server, path, sample)).json.stored, 1);
  const next = must(['channel', 'address', 'chat', ...data]).trim();
  assert.equal((await deliver(server, path, sample)).status, 404);
  assert.equal((await deliver(server, next, sample)).json.duplicate, 1);
  must(['channel', 'remove', 'chat', ...data]);
  assert.equal((await deliver(server, next, sample)).status, 404);
  assert.equal(timeline(server, 'ola@example.com').length, 1, 'events stay');
  const twice = addWebhook(server, 'twice', join(root, 'examples/webhooks/chatwoot.json'));
  assert.ok(twice);
  assert.equal(run(['channel', 'add', 'webhook', 'twice', join(root, 'examples/webhooks/chatwoot.json'), ...data]).code, 4);
});

test('signatures are checked over the bytes as sent', async (t) => {
  const secrets = temporaryDirectory(t);
  mkdirSync(secrets, { recursive: true });
  const key = randomBytes(32);
  const plain = 'shpss_0123456789abcdef';
  writeFileSync(join(secrets, 'standard'), `whsec_${key.toString('base64')}\n`);
  writeFileSync(join(secrets, 'plain'), `${plain}\n`);
  const server = await serverFor(t, { env: { FIRSTHAND_SECRETS_DIRECTORY: secrets } });
  const body = JSON.stringify({ id: 'x', at: '2026-05-01T09:30:00Z', who: 'a@example.com' });
  const now = Math.floor(Date.now() / 1000);
  const hex = (text) => createHmac('sha256', plain).update(text).digest('hex');
  const base64 = (text, with_ = plain) => createHmac('sha256', with_).update(text).digest('base64');
  const schemes = {
    'standard-webhooks': ['standard', (at, sent) => ({ 'webhook-id': 'm1', 'webhook-timestamp': String(at),
      'webhook-signature': `v1,AAAA v1,${base64(`m1.${at}.${sent}`, key)}` }), true],
    github: ['plain', (at, sent) => ({ 'x-hub-signature-256': `sha256=${hex(sent)}` }), false],
    stripe: ['plain', (at, sent) => ({ 'stripe-signature': `t=${at},v0=00,v1=${hex(`${at}.${sent}`)}` }), true],
    shopify: ['plain', (at, sent) => ({ 'x-shopify-hmac-sha256': base64(sent) }), false],
    zendesk: ['plain', (at, sent) => ({ 'x-zendesk-webhook-signature-timestamp': String(at), 'x-zendesk-webhook-signature': base64(`${at}${sent}`) }), false],
  };
  for (const [scheme, [secret, sign, timed]] of Object.entries(schemes)) {
    const file = join(secrets, `${scheme}.json`);
    writeFileSync(file, JSON.stringify({ verify: { scheme, secret }, rules: [
      { event: { const: 'A' }, ts: '/at', message_id: '/id', identifiers: { email: '/who' } }] }));
    const path = addWebhook(server, scheme, file);
    const good = await deliver(server, path, { raw: body, headers: sign(now, body) });
    assert.equal(good.status, 200, `${scheme}: ${good.text}`);
    assert.equal(good.json.stored, 1, scheme);
    for (const [what, headers] of [['another body', sign(now, `${body} `)], ['no signature', {}],
      ...(timed ? [['an old one', sign(now - 600, body)], ['one of the future', sign(now + 600, body)]] : [])]) {
      const bad = await deliver(server, path, { raw: body, headers });
      assert.equal(bad.status, 401, `${scheme}, ${what}: ${bad.text}`);
      assert.doesNotMatch(bad.text, new RegExp(plain));
    }
  }
  assert.doesNotMatch(server.stderr, new RegExp(plain));
  const missing = run(['channel', 'add', 'webhook', 'none', '-', '--data', server.data], {
    input: JSON.stringify({ verify: { scheme: 'github', secret: '../passwd' }, rules: [{ event: { const: 'A' }, ts: '/at', customer: '/id' }] }) });
  assert.equal(missing.code, 2);
  assert.match(missing.stderr, /\/definition\/verify\/secret/);
});

test('definitions that cannot work are refused, with the place', async (t) => {
  const server = await serverFor(t);
  const admin = await adminOf(t, server);
  const rule = { event: { const: 'A' }, ts: '/at', customer: '/id' };
  for (const [definition, pointer] of [
    [{}, '/definition'], [{ rules: [] }, '/definition/rules'], [{ rules: [rule], x: 1 }, '/definition/x'],
    [{ rules: [rule, { ...rule, evnt: '/x' }] }, '/definition/rules/1/evnt'],
    [{ rules: [{ ...rule, each: 'messages' }] }, '/definition/rules/0/each'],
    [{ rules: [{ ...rule, where: [['/a', '~', 1]] }] }, '/definition/rules/0/where/0/1'],
    [{ verify: { scheme: 'rot13', secret: 'x' }, rules: [rule] }, '/definition/verify/scheme'],
    [{ verify: { scheme: 'stripe' }, rules: [rule] }, '/definition/verify/secret'],
  ]) {
    const answer = await admin('/api/v1/channels', { kind: 'webhook', name: 'x', definition });
    assert.equal(answer.status, 422, answer.text);
    assert.equal(answer.json.pointer, pointer, answer.text);
  }
  for (const [definition, pointer] of [
    [{ url: 'ftp://x.example' }, '/definition/url'], [{ url: 'https://u:p@x.example/' }, '/definition/url'],
    [{ url: 'https://x.example/', kind: 'song' }, '/definition/kind'], [{ url: 'https://x.example/', every_minutes: 1 }, '/definition/every_minutes'],
    [{ url: 'https://x.example/', scale: 'stars' }, '/definition/scale'], [{}, '/definition'],
  ]) {
    const answer = await admin('/api/v1/channels', { kind: 'feed', name: 'x', definition });
    assert.equal(answer.status, 422, answer.text);
    assert.equal(answer.json.pointer ?? '/definition', pointer, answer.text);
  }
  const named = await admin('/api/v1/channels', { kind: 'feed', name: 'Not ok', definition: { url: 'https://x.example/' } });
  assert.equal(named.json.pointer, '/name');
});

// As `run`, but this process can serve a feed meanwhile.
function go(args) {
  const child = spawn(binary, args, { env: { ...process.env, FIRSTHAND_DATA: '' }, stdio: ['ignore', 'pipe', 'pipe'] });
  const done = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk) => { done.stdout += chunk; });
  child.stderr.on('data', (chunk) => { done.stderr += chunk; });
  return new Promise((resolve) => child.on('close', (code) => resolve({ ...done, code })));
}
async function mustGo(args) {
  const done = await go(args);
  assert.equal(done.code, 0, done.stderr);
  return done.stdout;
}

// A feed on loopback that can be told to misbehave.
async function feedServer(t) {
  const state = { status: 200, items: [], requests: [], etag: '"1"' };
  const server = createServer((request, response) => {
    state.requests.push(request.headers);
    if (request.headers['if-none-match'] === state.etag && state.status === 200) {
      response.writeHead(304).end();
      return;
    }
    response.writeHead(state.status, { 'content-type': 'application/atom+xml', etag: state.etag, ...(state.headers ?? {}) });
    response.end(state.body ?? `<feed xmlns="http://www.w3.org/2005/Atom" xmlns:im="x"><title>Store</title>${state.items.map(({ id, author, stars, text }) =>
      `<entry><id>${id}</id><title>${text}</title><updated>2026-05-01T09:30:00Z</updated><author><name>${author}</name></author><im:rating>${stars}</im:rating><content type="html">&lt;p&gt;${text} &lt;b&gt;indeed&lt;/b&gt;&lt;/p&gt;</content></entry>`).join('')}</feed>`);
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  t.after(() => server.close());
  return { state, url: `http://127.0.0.1:${server.address().port}/reviews.atom?token=hush` };
}

test('a feed is polled, its reviews land once, on a person who joins later', async (t) => {
  const { state, url } = await feedServer(t);
  const server = await serverFor(t, { env: { FIRSTHAND_PRIVATE_HOSTS: '127.0.0.1' } });
  const data = ['--data', server.data];
  state.items = [{ id: 'r2', author: 'Bo', stars: 2, text: 'Leaks' }, { id: 'r1', author: 'Ann', stars: 5, text: 'Warm' }];
  await mustGo(['channel', 'add', 'feed', 'store', url, '--kind', 'review', '--score', 'im:rating', ...data]);
  const shown = JSON.parse(await mustGo(['channel', 'test', 'store', '--json', ...data]));
  assert.equal(shown.title, 'Store');
  assert.deepEqual(shown.events.map(({ event, identifiers }) => [event.text, event.score, identifiers[0].kind, identifiers[0].value]),
    [['Leaks indeed', 2, 'ext.store', 'Bo'], ['Warm indeed', 5, 'ext.store', 'Ann']]);
  // The scheduler has read it by itself soon after; by hand nothing is new.
  const polled = JSON.parse(await mustGo(['channel', 'poll', 'store', '--json', ...data]));
  assert.equal(polled.why, null);
  assert.equal(polled.stored, 2);
  state.items.unshift({ id: 'r3', author: 'Ann', stars: 4, text: 'Still warm' });
  state.etag = '"2"';
  assert.equal(await mustGo(['channel', 'poll', 'store', ...data]), '1 new, 2 known\n');
  assert.equal(await mustGo(['channel', 'poll', 'store', ...data]), 'nothing new\n');
  assert.match(state.requests.at(-1)['if-none-match'], /"2"/);
  assert.match(state.requests.at(-1)['user-agent'], /^firsthand\//);
  assert.deepEqual(timeline(server, 'ext.store:Ann').map(({ text }) => text), ['Warm indeed', 'Still warm indeed']);
  // The author signs in some day: their reviews are there.
  const write = server.key('write', 'web');
  await server.request('/api/v1/events', { key: write, body: { event: 'Signed In', ts: '2026-05-02T09:30:00Z', userId: 'ann', identifiers: { 'ext.store': 'Ann' } } });
  assert.deepEqual(timeline(server, 'ann').map(({ event }) => event), ['feedback', 'feedback', 'Signed In']);
});

test('a feed that fails says what to do, waits longer, and recovers', async (t) => {
  const { state, url } = await feedServer(t);
  const server = await serverFor(t, { env: { FIRSTHAND_PRIVATE_HOSTS: '127.0.0.1' } });
  const data = ['--data', server.data];
  const list = async () => JSON.parse(await mustGo(['channel', 'list', '--json', ...data])).channels[0];
  state.status = 404;
  await mustGo(['channel', 'add', 'feed', 'forum', url, ...data]);
  const failed = await go(['channel', 'poll', 'forum', ...data]);
  assert.notEqual(failed.code, 0);
  assert.match(failed.stderr, /answered 404: is the address still right\?/);
  const failures = (await list()).failures;
  assert.ok(failures >= 1);
  for (const [body, message] of [['<html>sign in</html>', /is this a web page\?/], ['<!DOCTYPE rss [<!ENTITY a "a">]><rss/>', /declares entities/]]) {
    Object.assign(state, { status: 200, body, etag: `"${body.length}"` });
    assert.match((await go(['channel', 'poll', 'forum', ...data])).stderr, message);
  }
  Object.assign(state, { status: 302, body: '', headers: { location: 'http://10.0.0.1/' } });
  assert.match((await go(['channel', 'poll', 'forum', ...data])).stderr, /10\.0\.0\.1, a private address, which is not connected to/);
  assert.ok((await list()).failures > failures);
  Object.assign(state, { status: 200, body: undefined, headers: {}, etag: '"9"', items: [{ id: 1, author: 'A', stars: 1, text: 'ok' }] });
  assert.equal(await mustGo(['channel', 'poll', 'forum', ...data]), '1 new, 0 known\n');
  assert.equal((await list()).failures, 0);
  assert.equal((await list()).why, null);
  // Nothing of the address but its host is in messages or logs.
  assert.doesNotMatch(server.stderr + failed.stderr, /hush/);
});

test('a feed inside is refused unless the operator named its host', async (t) => {
  const { state, url } = await feedServer(t);
  const server = await serverFor(t);
  await mustGo(['channel', 'add', 'feed', 'inside', url, '--data', server.data]);
  const refused = await go(['channel', 'test', 'inside', '--data', server.data]);
  assert.equal(refused.code, 4);
  assert.match(refused.stderr, /loopback address, which is not connected to.*private_hosts/);
  assert.equal(state.requests.length, 0);
});
