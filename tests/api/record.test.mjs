// A customer's record: everything that is known of one person in a ZIP, by command and by the API.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { binary, must, run, serverFor, temporaryDirectory } from '../support/firsthand.mjs';

const TS = new Date(Date.now() - 86400000).toISOString();
const HOSTILE = '<script>alert(1)</script>';

function unpack(t, bytes) {
  const folder = temporaryDirectory(t);
  writeFileSync(join(folder, 'a.zip'), bytes);
  const list = spawnSync('python3', ['-c', 'import sys,json,zipfile\nz=zipfile.ZipFile(sys.argv[1])\nprint(json.dumps({n:z.read(n).decode() for n in z.namelist()}))', join(folder, 'a.zip')], { encoding: 'utf8', maxBuffer: 1 << 30 });
  assert.equal(list.status, 0, list.stderr);
  return JSON.parse(list.stdout);
}

test('the record holds events, identifiers of all who were joined, traits, words, consents and answers under way', async (t) => {
  const server = await serverFor(t);
  const key = server.key('secret', 'shop');
  const client = server.key('client', 'page');
  const send = (body) => server.request('/api/v1/events', { key, body });
  await send([{ userId: 'ann', anonymousId: 'a1', event: 'feedback', ts: TS, text: `I said ${HOSTILE}`, traits: { city: 'Oslo' } },
    { userId: 'ann2', event: 'Order', ts: TS, properties: { price: 5 } }, { userId: 'bob', event: 'Order', ts: TS, text: 'bob said' }]);
  spawnSync(binary, ['customer', 'join', 'ann2', 'ann', '--data', server.data]);
  await server.request('/api/v1/consents', { key, body: { userId: 'ann', purpose: 'message', state: 'granted', wording: 'News, please.', how: 'form' } });
  const { json } = await server.request('/api/v1/surveys/templates', { key });
  await server.request('/api/v1/surveys', { key, body: { id: 'ask', definition: json.templates.find(({ id }) => id === 'nps').definition } });
  await server.request('/api/v1/surveys/ask/publish', { method: 'POST', key });
  spawnSync(binary, ['policy', 'set', '-', '--data', server.data], { input: '{"waiting_days":0,"quiet_hours":null}' });
  const ask = (what, body) => server.request(`/api/v1/ask/${what}`, { body: JSON.stringify({ key: client, ...body }), headers: { 'content-type': 'text/plain', origin: 'https://shop.example' } });
  const asked = (await ask('next', { userId: 'ann', anonymousId: 'a1', locale: 'en', url: 'https://shop.example/' })).json;
  await ask('answer', { response: asked.response, token: asked.token, seq: 1, answers: { recommend: 3 } });

  const linked = run(['survey', 'links', 'ask', '--customer', 'ann', '--address', 'https://ask.shop.example', '--data', server.data]);
  assert.equal(linked.code, 0, linked.stderr);
  for (const body of [{ kind: 'incident', text: 'The order of ann2 was lost.' }, { kind: 'other', text: 'Joann visited bob.' }]) {
    assert.equal((await server.request('/api/v1/notes', { key, body: { at: TS, ...body } })).status, 201);
  }

  const answer = await fetch(`${server.url}/api/v1/customers/ann2/export`, { headers: { authorization: `Bearer ${key}` } });
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get('content-type'), 'application/zip');
  const files = unpack(t, Buffer.from(await answer.arrayBuffer()));
  assert.deepEqual(Object.keys(files), ['README.txt', 'about-you.html', 'about-you.json', 'surveys.json', 'contacts.json', 'timeline.ndjson']);
  const about = JSON.parse(files['about-you.json']);
  assert.deepEqual(about.identifiers.map(({ kind, value }) => `${kind}:${value}`).sort(), ['anonymous:a1', 'user:ann', 'user:ann2']);
  assert.equal(about.traits.city, 'Oslo');
  assert.match(about.produced_by, /^secret shop$/);
  assert.ok(Math.abs(Date.parse(about.as_of) - Date.now()) < 60000);
  assert.ok(about.consents.some(({ purpose, state }) => purpose === 'message' && state === 'granted'));
  assert.deepEqual(JSON.parse(files['surveys.json'])[0].answers, { recommend: 3 });
  const contacts = JSON.parse(files['contacts.json']);
  assert.deepEqual(contacts.invitations.map(({ survey, customer, revoked }) => [survey, customer, revoked]), [['ask', 'ann', null]]);
  assert.ok(!files['contacts.json'].includes(linked.stdout.trim().split('/').at(-1)), 'the link itself opens the survey as them');
  assert.deepEqual(contacts.notes.map(({ text, kind }) => [kind, text]), [['incident', 'The order of ann2 was lost.']]);
  assert.deepEqual(contacts.wishes_to_be_erased, []);
  const events = files['timeline.ndjson'].trim().split('\n').map((line) => JSON.parse(line).event);
  for (const event of ['feedback', 'Order', 'consent']) assert.ok(events.includes(event), event);
  assert.doesNotMatch(files['about-you.html'], /<script/);
  assert.match(files['about-you.html'], /I said &lt;script&gt;/);
  assert.ok(!Object.values(files).some((text) => text.includes('bob')), 'nothing of others');

  const made = spawnSync(binary, ['customer', 'export', 'ann', '--data', server.data], { maxBuffer: 1 << 28 });
  assert.equal(made.status, 0, made.stderr.toString());
  const same = unpack(t, made.stdout);
  assert.equal(same['timeline.ndjson'], files['timeline.ndjson']);
  assert.equal(JSON.parse(same['about-you.json']).produced_by, 'operator');
  assert.equal(run(['customer', 'export', 'nobody', '--data', server.data]).code, 3);
  assert.equal((await server.request('/api/v1/customers/nobody/export', { key })).status, 404);
  assert.equal((await server.request('/api/v1/customers/ann/export', { key: server.key('write', 'w') })).status, 403);
});

test('a long record is made while it is sent: every event once, oldest first, the same over HTTP and by command, in bounded memory', async (t) => {
  const server = await serverFor(t);
  const key = server.key('secret', 'shop');
  const count = 20000, words = 'said at length '.repeat(100);
  const begin = Date.parse('2026-01-01T00:00:00Z');
  const lines = Array.from({ length: count }, (_, i) => JSON.stringify({ userId: 'ann', event: 'Said', ts: new Date(begin + i * 60_000).toISOString(), text: `${i} ${words}` }));
  must(['import', '-', '--format', 'ndjson', '--data', server.data], { input: lines.join('\n') });
  const own = () => Number(/^RssAnon:\s+(\d+) kB/m.exec(readFileSync(`/proc/${server.process.pid}/status`, 'utf8'))[1]) / 1024;
  const before = own();
  let most = before;
  const timer = setInterval(() => { most = Math.max(most, own()); }, 5);
  const answer = await fetch(`${server.url}/api/v1/customers/ann/export`, { headers: { authorization: `Bearer ${key}` } });
  const bytes = Buffer.from(await answer.arrayBuffer());
  clearInterval(timer);
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get('content-type'), 'application/zip');
  const files = unpack(t, bytes);
  const timeline = files['timeline.ndjson'].split('\n').filter(Boolean).map((line) => JSON.parse(line));
  assert.deepEqual(timeline.map((one) => Number(one.text.split(' ')[0])), Array.from({ length: count }, (_, i) => i));
  assert.equal(files['about-you.html'].split(words.trim()).length - 1, count);
  // The words alone are 30 MB, in two of its files.
  assert.ok(most - before < 160, `${(most - before).toFixed(0)} MB more`);
  const file = join(temporaryDirectory(t), 'ann.zip');
  must(['customer', 'export', 'ann', '--output', file, '--data', server.data]);
  assert.equal(unpack(t, readFileSync(file))['timeline.ndjson'], files['timeline.ndjson']);
});
