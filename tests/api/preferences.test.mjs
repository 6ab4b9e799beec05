// The customer's own page: seen, and used, without a script, behind a link that nobody else can make.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { must, serverFor } from '../support/firsthand.mjs';

const DAY = 86400000;
const HOSTILE = '<script>alert(1)</script> "quoted" \u202Eturned\u2066 &amp; =1+1 \u001b[31m';

// A customer with a past, and the path of their page.
async function visitor(t, { id = 'ann', events = [] } = {}) {
  const server = await serverFor(t);
  const key = server.key('secret', 'shop');
  const ts = new Date(Date.now() - 3 * DAY).toISOString();
  const sent = await server.request('/api/v1/events', { key, body: [
    { userId: id, event: 'identify', ts, traits: { name: 'Ann <b>', city: 'Oslo', age: 41 } },
    { userId: id, event: 'Order Completed', ts, channel: 'web', properties: { price: 49.9 } },
    { userId: id, event: 'feedback', ts, text: HOSTILE, score: 9, scale: 'nps', properties: { kind: 'survey' } },
    ...events] });
  assert.equal(sent.json.stored, 3 + events.length, sent.text);
  const link = await server.request(`/api/v1/customers/${id}/preference-link`, { method: 'POST', key });
  assert.equal(link.status, 201, link.text);
  const page = (query = '') => server.request(link.json.path + query);
  const send = (form, headers = {}) => server.request(link.json.path, { method: 'POST',
    body: new URLSearchParams(form).toString(), headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers } });
  const decide = async (body = {}) => (await server.request('/api/v1/decide', { key, body: { userId: id, channel: 'web', dry_run: true, ...body } })).json.contact;
  const timeline = async () => (await server.request(`/api/v1/customers/${id}/timeline`, { key })).json.events;
  return { server, key, path: link.json.path, page, send, decide, timeline };
}

test('the page says in plain words what is known, and treats it as data', async (t) => {
  const { page } = await visitor(t);
  const { status, text, headers } = await page();
  assert.equal(status, 200);
  assert.match(headers.get('content-type'), /^text\/html/);
  assert.equal(headers.get('cache-control'), 'no-store');
  assert.equal(headers.get('referrer-policy'), 'no-referrer');
  assert.match(headers.get('content-security-policy'), /^default-src 'none'; style-src 'self'/);
  assert.doesNotMatch(headers.get('content-security-policy'), /script-src/);
  assert.doesNotMatch(text, /<script|\u202E|\u2066|\u001b/);
  assert.match(text, /&lt;script&gt;alert\(1\)&lt;\/script&gt; &quot;quoted&quot; turned &amp;amp; =1\+1 \[31m/);
  assert.match(text, /Ann &lt;b&gt;/);
  assert.match(text, /Your answer: 9 on the scale “nps”\./);
  assert.match(text, /Order Completed/);
  assert.match(text, /We have not contacted you\./);
});

test('looking changes nothing, however it is asked', async (t) => {
  const { page, timeline, server, path } = await visitor(t);
  const before = await timeline();
  for (const query of ['', '?done=erase', '?before=1.2', '?before=nonsense', '?do=erase&sure=yes', '?do=mute&purpose=*&for=0']) {
    assert.equal((await page(query)).status, 200, query);
  }
  for (const method of ['PUT', 'DELETE', 'PATCH']) assert.equal((await server.request(path, { method })).status, 405);
  assert.deepEqual(await timeline(), before);
});

test('all contact is stopped for a while, and allowed again', async (t) => {
  const { page, send, decide, timeline } = await visitor(t);
  assert.equal((await decide()).allowed, true);
  const muted = await send({ do: 'mute', purpose: '*', for: '30' });
  assert.equal(muted.status, 303);
  assert.match(muted.headers.get('location'), /^\/p\/[\w-]+\?done=mute$/);
  const now = await decide();
  assert.equal(now.reason, 'muted');
  assert.ok(Math.abs(Date.parse(now.next_at) - Date.now() - 30 * DAY) < 60000);
  const shown = await page('?done=mute');
  assert.match(shown.text, /Done: we stop contacting you/);
  assert.match(shown.text, /You stopped all contact until /);
  assert.equal((await send({ do: 'unmute', purpose: '*' })).status, 303);
  assert.equal((await decide()).allowed, true);
  const said = (await timeline()).filter((one) => one.event === 'consent').map((one) => [one.source, one.properties]);
  assert.deepEqual(said.map(([source, { purpose, state }]) => [source, purpose, state]),
    [['preferences', '*', 'granted'], ['preferences', '*', 'withdrawn']]);
  assert.equal(said[1][1].how, "on the customer's own preference page");
  assert.equal(said[1][1].wording, 'Stop all contact');
});

test('one purpose is stopped for good, another is agreed to', async (t) => {
  const { page, send, decide } = await visitor(t);
  assert.equal((await send({ do: 'mute', purpose: 'survey', for: '0' })).status, 303);
  assert.deepEqual(await decide(), { allowed: false, reason: 'muted', next_at: null });
  assert.match((await page()).text, /You stopped this\. We do not contact you about it\./);
  assert.equal((await decide({ purpose: 'message' })).reason, 'no-consent');
  assert.equal((await send({ do: 'agree', purpose: 'message' })).status, 303);
  assert.equal((await decide({ purpose: 'message' })).allowed, true);
  assert.match((await page()).text, /You agreed to this on /);
});

test('facts that may be corrected are, and no others', async (t) => {
  const { page, send, timeline, server, key } = await visitor(t);
  assert.match((await page()).text, /name="trait\.name" value="Ann &lt;b&gt;"/);
  assert.equal((await send({ do: 'correct', 'trait.name': 'Ann Berg', 'trait.timezone': 'Europe/Oslo', 'trait.language': '' })).status, 303);
  const customer = (await server.request('/api/v1/customers/ann', { key })).json;
  assert.deepEqual(customer.traits, { age: 41, city: 'Oslo', name: 'Ann Berg', timezone: 'Europe/Oslo' });
  const [event] = await timeline();
  assert.deepEqual([event.event, event.source, event.traits], ['identify', 'preferences', { name: 'Ann Berg', timezone: 'Europe/Oslo' }]);
  // The same again is no change; an empty field removes.
  const before = (await timeline()).length;
  assert.equal((await send({ do: 'correct', 'trait.name': 'Ann Berg' })).status, 303);
  assert.equal((await timeline()).length, before);
  assert.equal((await send({ do: 'correct', 'trait.name': '' })).status, 303);
  assert.equal((await server.request('/api/v1/customers/ann', { key })).json.traits.name, undefined);
  for (const form of [{ do: 'correct', 'trait.city': 'Bergen' }, { do: 'correct', 'trait.timezone': 'Oslo' }, { do: 'correct' },
    { do: 'correct', 'trait.name': 'x'.repeat(1001) }, { do: 'correct', 'trait.name': 'a\u0000b' }, { do: 'correct', 'trait.name': 'a\nb' },
    { do: 'fly' }, {}, { do: 'mute', purpose: 'survey' }, { do: 'mute', purpose: 'survey', for: '7' }, { do: 'mute', purpose: 'nothing', for: '0' },
    { do: 'agree', purpose: '*' }, { do: 'erase' }]) {
    const length = (await timeline()).length;
    let wrong = await send(form);
    while (wrong.status === 429) { await new Promise((done) => setTimeout(done, 300)); wrong = await send(form); }
    assert.equal(wrong.status, 422, JSON.stringify(form));
    assert.match(wrong.text, /This was not done/);
    assert.equal((await timeline()).length, length);
  }
});

test('a copy is one file with a page to read and everything for programs', async (t) => {
  const long = 'e'.repeat(200000);
  const events = Array.from({ length: 80 }, (_, i) => ({ userId: 'ann', event: `Event ${i}`, ts: new Date(Date.now() - DAY + i).toISOString(), ...(i === 7 ? { text: long } : {}) }));
  const { server, path } = await visitor(t, { events });
  const answer = await fetch(`${server.url}${path}/copy`);
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get('content-disposition'), 'attachment; filename="about-you.zip"');
  const folder = join(server.data, 'copy');
  mkdirSync(folder);
  writeFileSync(join(folder, 'copy.zip'), Buffer.from(await answer.arrayBuffer()));
  const opened = spawnSync('python3', ['-c', 'import zipfile; z = zipfile.ZipFile("copy.zip"); assert z.testzip() is None; z.extractall("out")'], { cwd: folder, encoding: 'utf8' });
  assert.equal(opened.status, 0, opened.stderr);
  assert.deepEqual(readdirSync(join(folder, 'out')).sort(), ['README.txt', 'about-you.html', 'about-you.json', 'contacts.json', 'surveys.json', 'timeline.ndjson']);
  const lines = readFileSync(join(folder, 'out/timeline.ndjson'), 'utf8').trim().split('\n').map((line) => JSON.parse(line));
  assert.equal(lines.length, 83);
  assert.deepEqual(lines.slice(3).map((one) => one.event), events.map((one) => one.event));
  assert.equal(lines.find((one) => one.event === 'feedback').text, HOSTILE, 'the data for programs is exact');
  assert.equal(lines[10].text, long);
  const about = JSON.parse(readFileSync(join(folder, 'out/about-you.json'), 'utf8'));
  assert.deepEqual([about.customer, about.traits.city, about.identifiers], ['ann', 'Oslo', [{ kind: 'user', value: 'ann' }]]);
  const html = readFileSync(join(folder, 'out/about-you.html'), 'utf8');
  assert.doesNotMatch(html, /<script|https?:\/\/|src=/);
  assert.ok(html.includes(long), 'nothing is cut in a copy');
  assert.match(readFileSync(join(folder, 'out/README.txt'), 'utf8'), /timeline\.ndjson/);
});

test('a long past is paged, and every event is on exactly one page', async (t) => {
  const events = Array.from({ length: 130 }, (_, i) => ({ userId: 'ann', event: `Step ${String(i).padStart(3, '0')}`, ts: new Date(Date.now() - DAY + Math.floor(i / 3)).toISOString() }));
  const { page, server } = await visitor(t, { events });
  const seen = [];
  let query = '';
  for (let pages = 0; pages < 5 && query !== undefined; pages++) {
    const { text } = await page(query);
    const part = text.split('id="timeline"')[1].split('</section>')[0];
    seen.push(...[...part.matchAll(/Step \d{3}/g)].map(([name]) => name));
    query = /href="[^"]*(\?before=[^"#]+)#timeline"/.exec(part)?.[1];
  }
  assert.deepEqual(seen, events.map((one) => one.event).reverse());
  assert.equal(seen.length, new Set(seen).size);
  assert.ok(server);
});

test('a wish to be erased stops all contact at once, and stands in a list with its due time until someone closes it', async (t) => {
  const { page, send, decide, server, key, timeline } = await visitor(t);
  assert.equal((await send({ do: 'erase', sure: 'yes' })).status, 303);
  assert.deepEqual(await decide(), { allowed: false, reason: 'muted', next_at: null });
  assert.match((await page()).text, /You asked for this on .* It is to be done by /);
  assert.equal((await send({ do: 'erase', sure: 'yes' })).status, 303, 'asking twice is one wish');
  assert.equal((await timeline()).filter((one) => one.event === 'consent').length, 1);
  const list = (await server.request('/api/v1/erasures', { key })).json;
  assert.equal(list.open, 1);
  assert.equal(list.requests.length, 1);
  const [wish] = list.requests;
  assert.deepEqual([wish.customer, wish.overdue, wish.closed], ['user:ann', false, null]);
  assert.equal(Date.parse(wish.due) - Date.parse(wish.asked), 30 * DAY);
  must(['erasure', 'close', String(wish.id), '--note', 'erased', '--data', server.data]);
  assert.match(must(['erasure', 'list', '--data', server.data]), /user:ann .* erased\n/);
  assert.match((await page()).text, /You asked for this on .* It was closed on /);
  assert.equal((await server.request(`/api/v1/erasures/${wish.id}/close`, { key, body: {} })).status, 409);
  assert.equal((await server.request('/api/v1/erasures/99/close', { key, body: {} })).status, 404);
});

test('a link is good for one customer, for its days, and is written nowhere', async (t) => {
  const { server, path, key } = await visitor(t);
  const token = path.slice(3);
  assert.ok(!Buffer.from(token, 'base64url').toString('latin1').includes('ann'), 'it does not show whom it speaks of');
  for (let i = 0; i < token.length; i += 7) {
    const other = token[i] === 'A' ? 'B' : 'A';
    const wrong = await server.request(`/p/${token.slice(0, i)}${other}${token.slice(i + 1)}`);
    assert.equal(wrong.status, 404);
    assert.match(wrong.text, /This link does not open/);
  }
  for (const odd of ['x', token.slice(0, -1), `${token}A`, `${token}=`, 'A'.repeat(4000), '%00', '..%2f..']) {
    assert.ok([400, 404].includes((await server.request(`/p/${odd}`)).status), odd);
  }
  const clients = server.key('client', 'page');
  assert.equal((await server.request('/api/v1/customers/ann/preference-link', { method: 'POST', key: clients })).status, 403);
  assert.equal((await server.request('/api/v1/customers/nobody/preference-link', { method: 'POST', key })).status, 404);
  assert.match(must(['customer', 'link', 'ann', '--days', '1', '--data', server.data]), /^http:\/\/127\.0\.0\.1:8080\/p\/[\w-]+\n$/);
  const metrics = (await server.request('/metrics', { key })).text;
  await server.stop();
  assert.ok(!`${server.stdout}${server.stderr}${metrics}`.includes(token.slice(0, 20)));
});

test('forms of other sites, and too many of them, are refused', async (t) => {
  const { send, timeline } = await visitor(t);
  const before = (await timeline()).length;
  assert.equal((await send({ do: 'erase', sure: 'yes' }, { 'sec-fetch-site': 'cross-site' })).status, 403);
  assert.equal((await send({ do: 'erase', sure: 'yes' }, { origin: 'https://evil.example' })).status, 403);
  assert.equal((await send({ do: 'erase', sure: 'yes' }, { 'content-type': 'text/plain' })).status, 415);
  assert.equal((await timeline()).length, before);
  const many = await Promise.all(Array.from({ length: 40 }, () => send({ do: 'mute', purpose: '*', for: '30' })));
  assert.ok(many.filter((one) => one.status === 429).length > 10);
  assert.ok((await timeline()).length < before + 30);
});

test('a name of the customer that came by a join opens the same page', async (t) => {
  const { server, key, page } = await visitor(t, { id: 'anon-9', events: [] });
  await server.request('/api/v1/events', { key, body: { userId: 'bea', event: 'Signed In', ts: new Date().toISOString() } });
  must(['customer', 'join', 'anon-9', 'bea', '--data', server.data]);
  const { text } = await page();
  assert.match(text, /Order Completed/);
  assert.match(text, /Signed In/);
});
