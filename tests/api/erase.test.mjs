// Erasing: what is a person's comes in through every channel, is erased, and is searched for in the raw bytes of all files.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { adminOf, must, root, run, Server, serverFor, sleep, temporaryDirectory, withoutQuietHours } from '../support/firsthand.mjs';
import { rawSearch } from '../support/raw.mjs';

const TS = new Date(Date.now() - 86400000).toISOString();

// Everything of one person, in every place where a person can be. All words of hers begin with `mark`.
async function fill(at, mark) {
  const { server } = at;
  const low = mark.replace('qz7', 'by-'); // what others name, and is no word of hers
  const secret = server.key('secret', `reader ${low}`);
  const write = server.key('write', `shop ${low}`);
  const client = server.key('client', `page ${low}`);
  const send = async (body) => {
    const answer = await at.server.request('/api/v1/events', { key: secret, body }); // also of one started later
    assert.equal(answer.status, 200, answer.text);
    return answer.json;
  };
  const words = [];
  const word = (name) => { const one = `${mark}${name}`; words.push(one); return one; };

  // Own intake: ids, names, values, words, message ids; others share what is rare.
  const own = await send([
    { userId: word('user1'), anonymousId: word('anon1'), identifiers: { email: `${word('mail')}@example.org` }, ts: TS,
      event: word('event'), channel: word('channel'), message_id: word('message'), text: `I am ${word('words')}`,
      score: 3, scale: 'csat', properties: { [word('property')]: word('value'), colour: 'rare' },
      traits: { [word('trait')]: word('traitvalue'), phone: word('phone') } },
    { userId: 'bystander', event: 'Visit', ts: TS, properties: { colour: 'rare' }, text: 'a bystander\'s words' },
  ]);
  assert.equal(own.stored, 2, JSON.stringify(own.verdicts));
  // Segment's and PostHog's ways in.
  const basic = Buffer.from(`${write}:`).toString('base64');
  const track = await server.request('/v1/track', { headers: { authorization: `Basic ${basic}` }, body: {
    userId: `${mark}user1`, event: 'Order', messageId: word('segmentid'), properties: { note: word('segmentvalue') } } });
  assert.equal(track.status, 200, track.text);
  const batch = await server.request('/batch/', { body: { api_key: write, batch: [
    { event: 'page', distinct_id: `${mark}user1`, properties: { $current_url: `https://shop.example/?q=${word('url')}` }, uuid: '11111111-2222-3333-4444-555555555555' }] } });
  assert.equal(batch.status, 200, batch.text);
  // An alias, and a join by hand; then one that was split off again and stays.
  await send([{ userId: word('user2'), event: 'Visit', ts: TS }, { userId: 'split-off', event: 'Visit', ts: TS }]);
  must(['customer', 'join', `${mark}user2`, `${mark}user1`, '--data', server.data]);
  must(['customer', 'join', 'split-off', `${mark}user1`, '--data', server.data]);
  must(['customer', 'split', 'split-off', '--data', server.data]);
  // Quarantined records that bear a name of hers, however it is spelt.
  const bad = [
    `{"userId":"${mark}user1","event":"Order","ts":"never","x":"${word('quarantine1')}"}`,
    `{"userId":"${[...`${mark}user1`].map((c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`).join('')}","ts":"never","x":"${word('quarantine2')}"}`,
    `{"traits":{"email":"${mark}mail@example.org"},"ts":"never","x":"${word('quarantine3')}"}`,
    `{"data":"${Buffer.from(`to: ${mark}mail@example.org`).toString('base64')}","ts":"never"}`,
  ];
  for (const raw of bad) assert.equal((await send(raw)).quarantined, 1, raw);
  assert.equal((await send('{"userId":"bystander","ts":"never","event":"stays"}')).quarantined, 1);
  // A survey: an answer under way, an invitation; an interview; a webhook's delivery; a wish to be erased.
  withoutQuietHours(server.data);
  const { json } = await server.request('/api/v1/surveys/templates', { key: secret });
  const survey = `s-${low}`;
  const made = await server.request('/api/v1/surveys', { key: secret, body: { id: survey, definition: json.templates.find(({ id }) => id === 'nps').definition } });
  assert.equal(made.status, 201, made.text);
  await server.request(`/api/v1/surveys/${survey}/publish`, { method: 'POST', key: secret });
  const ask = (what, body) => server.request(`/api/v1/ask/${what}`, { body: JSON.stringify({ key: client, ...body }), headers: { 'content-type': 'text/plain', origin: 'https://shop.example' } });
  const asked = await ask('next', { userId: `${mark}user1`, anonymousId: `${mark}anon1`, locale: 'en', url: 'https://shop.example/' });
  assert.equal(asked.status, 200, asked.text);
  assert.ok(asked.json.response, asked.text);
  assert.equal((await ask('answer', { response: asked.json.response, token: asked.json.token, seq: 1, answers: { recommend: 2 } })).status, 200);
  assert.equal((await ask('answer', { response: asked.json.response, token: asked.json.token, seq: 2, answers: { better: word('answer') } })).status, 200);
  const links = await server.request(`/api/v1/surveys/${survey}/links`, { key: secret, body: { customers: [`${mark}user1`] } });
  assert.equal(links.status, 201, links.text);
  const interview = await server.request('/api/v1/interviews', { key: secret, body: {
    customer: `${mark}user1`, text: `They said ${word('interview')}`, title: word('title'), participants: [word('participant')],
    consent: word('wording') } });
  assert.equal(interview.status, 201, interview.text);
  const hook = must(['channel', 'add', 'webhook', `chat-${low}`, join(root, 'examples/webhooks/chatwoot.json'), '--data', server.data]).trim();
  const delivery = await server.request(hook, { body: { event: 'message_created', id: `${mark}77`, message_type: 'incoming', created_at: `${TS.slice(0, 10)} 10:00:00 UTC`,
    content: word('chat'), conversation: { id: 4 }, inbox: { id: 1, name: 'Website' }, account: { id: 1, name: 'x' },
    sender: { id: `${mark}9`, name: 'Ann', email: `${mark}mail@example.org`, type: 'contact' } } });
  assert.equal(delivery.json.stored, 1, delivery.text);
  // A webhook may not join its people to users: someone who knows does.
  must(['customer', 'join', `ext.chatwoot:${mark}9`, `${mark}user1`, '--data', server.data]);
  const link = await server.request(`/api/v1/customers/${mark}user1/preference-link`, { method: 'POST', key: secret });
  const wish = await server.request(link.json.path, { method: 'POST', body: 'do=erase&sure=yes', headers: { 'content-type': 'application/x-www-form-urlencoded' } });
  assert.equal(wish.status, 303, wish.text);
  // What others wrote: notes, segments, views, and so the audit trail.
  must(['note', 'add', `call ${mark}mail@example.org back`, '--data', server.data]);
  must(['segment', 'save', `seg-${low}`, '-', '--data', server.data], { input: JSON.stringify({ trait: ['email', '=', `${mark}mail@example.org`] }) });
  return { secret, words, send };
}

const named = (mark, words) => words.filter((word) => word.startsWith(mark));

test('nothing of an erased person is left in the bytes of any file, and everything was there before', async (t) => {
  const data = temporaryDirectory(t);
  let server = await Server.start(data);
  t.after(() => server.stop('SIGKILL'));
  const at = { server };
  const ann = await fill(at, 'qz7ann');
  const bob = await fill(at, 'qz7bob');
  // Some of it sealed, some fresh.
  must(['export', '--data', data]);
  await server.stop();
  at.server = server = await Server.start(data);
  await ann.send([{ userId: 'qz7annuser1', event: 'Later', ts: TS, text: 'qz7annlater' }]);
  ann.words.push('qz7annlater');
  const all = named('qz7ann', ann.words);
  const before = new Set(rawSearch(data, all).map(([, word]) => word));
  assert.deepEqual(all.filter((word) => !before.has(word)), [], 'the search finds each of them');

  const dry = must(['erase', 'qz7annuser2', '--dry-run', '--data', data]);
  assert.match(dry, /^would erase: 1 customer, \d+ events, \d+ identifiers\n$/);
  const begin = Date.now();
  const receipt = JSON.parse(must(['erase', 'qz7annmail@example.org', '--reason', 'qz7annmail@example.org wrote a letter', '--yes', '--json', '--data', data]));
  assert.ok(Date.now() - begin < 60000);
  assert.equal(receipt.reason, '[erased] wrote a letter');
  assert.equal(receipt.erased.customers, 1);
  assert.equal(receipt.erased.quarantined, 4);
  assert.equal(receipt.erased.survey_responses, 1);
  assert.equal(receipt.erased.survey_links, 1);
  assert.equal(receipt.erased.wishes, 1);
  assert.ok(receipt.erased.mentions >= 2 && receipt.erased.audit_lines >= 1, JSON.stringify(receipt.erased));

  const gone = (when) => assert.deepEqual(rawSearch(data, ['qz7ann', ...all]), [], when);
  gone('at once');
  assert.ok(!server.stderr.includes('qz7ann') && !server.stdout.includes('qz7ann'), 'no log speaks of her');
  // Who stays is whole.
  const customer = await server.request('/api/v1/customers/qz7bobuser1', { key: bob.secret });
  assert.equal(customer.status, 200, customer.text);
  assert.equal((await server.request('/api/v1/customers/split-off', { key: bob.secret })).status, 200);
  assert.equal((await server.request('/api/v1/customers/qz7annuser1', { key: bob.secret })).status, 404);
  const found = new Set(rawSearch(data, named('qz7bob', bob.words)).map(([, word]) => word));
  assert.deepEqual(named('qz7bob', bob.words).filter((word) => !found.has(word)), []);
  const ledger = (await server.request('/api/v1/ledger', { key: bob.secret })).json;
  assert.equal(ledger.balanced, true);
  // The trail keeps the act, and its chain.
  const verified = JSON.parse(must(['erasure', 'verify', '--json', '--data', data]));
  assert.deepEqual([verified.receipts, verified.changed, verified.audit_broken], [1, 0, 0]);
  assert.ok(verified.audit_erased >= 1);

  await server.stop();
  gone('stopped');
  assert.match(must(['verify', '--data', data]), /0 problems/);
  at.server = server = await Server.start(data);
  gone('started again');
  // Whoever comes back is new.
  await bob.send([{ userId: 'qz7annuser1', event: 'Back', ts: TS, message_id: 'qz7annmessage' }]);
  const back = await server.request('/api/v1/customers/qz7annuser1/timeline', { key: bob.secret });
  assert.deepEqual(back.json.events.map(({ event }) => event), ['Back']);
});

test('kill -9 in the middle of an erasure leaves a person whole, or erased once it is started again', async (t) => {
  let erased = 0;
  for (let round = 0; round < 8; round++) {
    const data = temporaryDirectory(t);
    let server = await Server.start(data);
    t.after(() => server.stop('SIGKILL'));
    const secret = server.key('secret', 'reader');
    const events = Array.from({ length: 2000 }, (_, i) => ({ userId: i % 5 === 0 ? 'qz8ann' : `u${i % 50}`, event: 'Visit', ts: TS, text: i % 5 === 0 ? `qz8ann ${i}` : `words ${i}` }));
    assert.equal((await server.request('/api/v1/events', { key: secret, body: events })).json.stored, 2000);
    const admin = await adminOf(t, server);
    const asked = admin('/api/v1/erasures', { customer: 'qz8ann' }).then(({ status, json }) => ({ status, json }), () => null);
    if (round === 7) await asked; // at the latest moment of all
    else await sleep(round * 4); // any moment is right
    await server.stop('SIGKILL');
    const answer = await asked;
    server = await Server.start(data);
    const customer = await server.request('/api/v1/customers/qz8ann', { key: secret });
    const receipts = (await server.request('/api/v1/erasures/receipts', { key: secret })).json;
    if (answer?.status === 200) assert.equal(customer.status, 404, 'what was acknowledged is done');
    if (customer.status === 404) {
      erased++;
      assert.equal(receipts.total, 1);
      assert.equal(receipts.receipts[0].erased.events, 400);
      assert.deepEqual(rawSearch(data, ['qz8ann']), []);
    } else {
      assert.equal(receipts.total, 0);
      const { json, text } = await server.query(secret, { kind: 'trend', series: [{ event: 'Visit' }], range: 'last 3 days' });
      assert.equal(json.series?.[0].total, 2000, text);
    }
    await server.stop();
    assert.match(must(['verify', '--data', data]), /0 problems/);
  }
  assert.ok(erased > 0);
});

test('who was erased may be refused from then on, and is known by a hash alone', async (t) => {
  const server = await serverFor(t);
  const secret = server.key('secret', 'reader');
  const send = async (body) => (await server.request('/api/v1/events', { key: secret, body })).json;
  await send([{ userId: 'qz9ann', event: 'Visit', ts: TS }, { userId: 'qz9bob', event: 'Visit', ts: TS }]);
  must(['erase', 'qz9ann', '--yes', '--data', server.data]);
  assert.equal(must(['privacy', 'show', '--data', server.data]), 'after an erasure: whoever comes back is a new customer\n');
  must(['privacy', 'set', '--after-erasure', 'refuse', '--data', server.data]);
  const answer = await send([{ userId: 'qz9ann', event: 'Visit', ts: TS }, { userId: 'qz9bob', event: 'Visit', ts: TS }]);
  assert.deepEqual([answer.stored, answer.refused], [1, 1]);
  assert.match(answer.verdicts[0].reason, /was erased/);
  await server.stop();
  const again = await Server.start(server.data);
  t.after(() => again.stop('SIGKILL'));
  const later = (await again.request('/api/v1/events', { key: secret, body: [{ userId: 'qz9ann', event: 'Visit', ts: TS }] })).json;
  assert.equal(later.refused, 1);
  assert.deepEqual(rawSearch(server.data, ['qz9ann']), []);
  must(['privacy', 'set', '--after-erasure', 'new', '--data', server.data]);
  assert.equal((await again.request('/api/v1/events', { key: secret, body: [{ userId: 'qz9ann', event: 'Visit', ts: TS }] })).json.stored, 1);
});

test('a large file is held to both: who was erased, and what is too old', (t) => {
  const data = temporaryDirectory(t);
  must(['import', '-', '--data', data], { input: JSON.stringify({ userId: 'qz6ann', event: 'Visit', ts: TS }) });
  must(['erase', 'qz6ann', '--yes', '--data', data]);
  must(['privacy', 'set', '--after-erasure', 'refuse', '--data', data]);
  must(['retention', 'set', '-', '--data', data], { input: '{"rules":[{"keep_days":30}]}' });
  const old = new Date(Date.now() - 40 * 86400000).toISOString();
  const lines = Array.from({ length: 30000 }, (_, i) => JSON.stringify({ userId: i % 100 === 0 ? 'qz6ann' : `u${i % 500}`, event: 'Visit', ts: i % 100 === 1 ? old : TS, message_id: `m${i}` }));
  const told = JSON.parse(must(['import', '-', '--json', '--data', data], { input: lines.join('\n') }));
  assert.deepEqual([told.stored, told.refused], [29400, 600]);
  assert.deepEqual(rawSearch(data, ['qz6ann']), []);
  // Whose rows came in columns are erased like any other.
  must(['erase', 'u7', '--yes', '--data', data]);
  assert.equal(run(['customer', 'show', 'u7', '--data', data]).code, 3);
  assert.match(must(['verify', '--data', data]), /0 problems/);
});

test('many are erased at once: from a file, of a segment', async (t) => {
  const data = temporaryDirectory(t);
  const lines = Array.from({ length: 60 }, (_, i) => JSON.stringify({ userId: `u${i}`, event: 'Visit', ts: TS, traits: { plan: i % 2 ? 'pro' : 'free' } }));
  must(['import', '-', '--data', data], { input: lines.join('\n') });
  const file = join(data, '..', `${data.split('/').at(-1)}.txt`);
  writeFileSync(file, 'u0\n\n u2 \nu4\n');
  t.after(() => writeFileSync(file, ''));
  assert.match(must(['erase', '--file', file, '--yes', '--data', data]), /^erased: 3 customers, 3 events, 3 identifiers\nreceipt er_[0-9a-f]{24}\n$/);
  must(['segment', 'save', 'pros', '-', '--data', data], { input: '{"trait":["plan","=","pro"]}' });
  assert.match(must(['erase', '--segment', 'pros', '--yes', '--data', data]), /^erased: 30 customers, 30 events, 30 identifiers\n/);
  assert.match(must(['status', '--data', data]), /customers\s+27/);
  const receipts = JSON.parse(must(['erasure', 'receipts', '--json', '--data', data])).receipts;
  assert.deepEqual(receipts.map(({ erased }) => erased.customers), [30, 3]);
  assert.match(must(['verify', '--data', data]), /0 problems/);
});

test('a receipt is verified, a changed one and one of elsewhere are not', async (t) => {
  const data = temporaryDirectory(t);
  const other = temporaryDirectory(t);
  for (const one of [data, other]) {
    must(['import', '-', '--data', one], { input: JSON.stringify({ userId: 'ann', event: 'Visit', ts: TS }) });
    must(['erase', 'ann', '--yes', '--data', one]);
  }
  const [{ receipt }] = JSON.parse(must(['erasure', 'receipts', '--json', '--data', data])).receipts;
  const line = must(['erasure', 'show', receipt, '--data', data]);
  assert.match(must(['erasure', 'verify', '-', '--data', data], { input: line }), /the receipt is as it was signed/);
  const changed = run(['erasure', 'verify', '-', '--data', data], { input: line.replace('"events":1', '"events":0') });
  assert.equal(changed.code, 5);
  assert.equal(run(['erasure', 'verify', '-', '--data', other], { input: line }).code, 5);
  assert.equal(run(['erasure', 'show', 'er_none', '--data', data]).code, 3);
});

test('what cannot be erased is refused with its place, and changes nothing', async (t) => {
  const server = await serverFor(t);
  const secret = server.key('secret', 'program');
  const admin = await adminOf(t, server);
  await server.request('/api/v1/events', { key: secret, body: [{ userId: 'ann', event: 'Visit', ts: TS }] });
  assert.equal((await server.request('/api/v1/erasures', { key: secret, body: { customer: 'ann' } })).status, 403, 'no key may');
  const cases = [
    [{}, 422, ''], [{ customer: 'ann', segment: 'x' }, 422, ''], [{ customer: 7 }, 422, '/customer'],
    [{ customers: [] }, 422, '/customers'], [{ customers: ['ann', 7] }, 422, '/customers'],
    [{ customers: Array.from({ length: 1001 }, () => 'ann') }, 422, '/customers'],
    [{ customer: 'nobody' }, 404, undefined], [{ customers: ['ann', 'nobody'] }, 404, undefined],
    [{ customer: 'ann', reason: 'x'.repeat(1001) }, 422, '/reason'], [{ customer: 'ann', dry: true }, 422, '/dry'],
  ];
  for (const [body, status, pointer] of cases) {
    const answer = await admin('/api/v1/erasures', body);
    assert.equal(answer.status, status, `${JSON.stringify(body).slice(0, 80)}: ${answer.text}`);
    if (pointer !== undefined) assert.equal(answer.json.pointer ?? '', pointer);
  }
  assert.equal((await server.request('/api/v1/customers/ann', { key: secret })).status, 200);
  const wrong = run(['erase', '--data', server.data]);
  assert.equal(wrong.code, 2);
  assert.equal(run(['erase', 'ann', '--data', server.data], { input: '' }).code, 2, 'nobody can be asked');
  // Where nothing is stored under a name, what merely speaks of it goes on request.
  await server.request('/api/v1/events', { key: secret, body: '{"userId":"only-quarantined","ts":"never"}' });
  assert.equal((await admin('/api/v1/erasures', { customer: 'only-quarantined', anyway: true })).json.erased.quarantined, 1);
  assert.deepEqual(rawSearch(server.data, ['only-quarantined']), []);
});
