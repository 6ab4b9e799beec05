// Interviews: consent first, the words as they were said, what was picked, and whom the policy lets us ask.
import assert from 'node:assert/strict';
import test from 'node:test';
import { must, run, serverFor, temporaryDirectory, withoutQuietHours } from '../support/firsthand.mjs';

const notes = 'Q: How was it?\nA: Schön, but nobody answers the phone. I waited an hour — an hour!\n';
const customers = ['ann', 'bo', 'cy'].map((userId) => JSON.stringify({ userId, event: 'Signed Up', ts: '2026-01-01T10:00:00Z', traits: { plan: 'pro' } })).join('\n');

function filled(t) {
  const data = temporaryDirectory(t);
  must(['import', '-', '--data', data, '--quiet'], { input: customers });
  return data;
}
const add = (data, extra, customer = 'ann') => run(['interview', 'add', '--customer', customer, '--notes', '-', ...extra, '--data', data], { input: notes });
const timeline = (data, customer = 'ann') => must(['timeline', customer, '--json', '--data', data]).trim().split('\n').map((line) => JSON.parse(line));

test('an interview needs a consent, which may be written with it, and holds for the next one', (t) => {
  const data = filled(t);
  const refused = add(data, []);
  assert.equal(refused.code, 4, refused.stderr);
  assert.match(refused.stderr, /no consent to an interview/);
  assert.equal(timeline(data).length, 1);
  const id = add(data, ['--consent', 'You may write down what I say.', '--participant', 'Kim', '--participant', 'Lee', '--channel', 'phone', '--title', 'Onboarding']).stdout.trim();
  assert.match(id, /^i_/);
  const [consent] = timeline(data).filter((event) => event.event === 'consent');
  assert.equal(consent.properties.purpose, 'interview');
  assert.equal(consent.properties.state, 'granted');
  assert.equal(consent.source, 'preferences');
  const [interview] = timeline(data).filter((event) => event.event === 'feedback');
  assert.equal(interview.text, notes.trim());
  assert.equal(interview.message_id, id);
  assert.deepEqual([interview.channel, interview.properties.kind, interview.properties.consent, interview.properties.participants],
    ['phone', 'interview', 'You may write down what I say.', ['Kim', 'Lee']]);
  assert.equal(add(data, []).code, 0);
  must(['customer', 'consent', 'ann', 'interview', 'withdrawn', '--how', 'by phone', '--data', data]);
  const after = add(data, []);
  assert.equal(after.code, 4);
  assert.match(after.stderr, /took the consent to interviews back/);
});

test('an interview with an id of one\'s own is recorded once', (t) => {
  const data = filled(t);
  for (let i = 0; i < 3; i++) assert.equal(add(data, ['--id', 'visit-7', '--consent', 'Yes.', '--ts', '2026-05-01T10:00:00Z']).stdout, 'visit-7\n');
  assert.equal(timeline(data).filter((event) => event.event === 'feedback').length, 1);
  assert.equal(timeline(data).filter((event) => event.event === 'consent').length, 1);
});

test('highlights hold the words that were picked, and point to their interview', async (t) => {
  const server = await serverFor(t);
  must(['import', '-', '--data', server.data, '--quiet'], { input: customers });
  const id = add(server.data, ['--consent', 'Yes.']).stdout.trim();
  const pick = ['interview', 'highlight', 'ann', id, '--data', server.data];
  const picked = JSON.parse(must([...pick, '--quote', 'nobody answers the phone', '--note', 'phone line', '--json']));
  must([...pick, '--quote', 'nobody answers the phone', '--json']);
  assert.equal(picked.text, 'nobody answers the phone');
  const highlights = timeline(server.data).filter((event) => event.event === 'highlight');
  assert.equal(highlights.length, 1);
  assert.equal(highlights[0].properties.interview, id);
  assert.equal(highlights[0].properties.note, 'phone line');
  const { from, to } = highlights[0].properties;
  assert.equal([...notes].slice(from, to).join(''), 'nobody answers the phone');
  for (const [args, code, words] of [
    [['--quote', 'never said'], 2, /does not hold these words/],
    [[], 2, /--quote is needed/],
  ]) {
    const done = run([...pick, ...args]);
    assert.equal(done.code, code);
    assert.match(done.stderr, words);
  }
  assert.equal(run(['interview', 'highlight', 'ann', 'none', '--quote', 'x', '--data', server.data]).code, 3);
  // Pages do the same over HTTP; a public key may not.
  const body = { customer: 'ann', text: 'Second talk: fine.', participants: ['Kim'] };
  assert.equal((await server.request('/api/v1/interviews', { key: server.key('write', 'web'), body })).status, 403);
  const key = server.key('secret', 'desk');
  const added = await server.request('/api/v1/interviews', { key, body });
  assert.equal(added.status, 201, added.text);
  const range = await server.request('/api/v1/interviews/highlights',
    { key, body: { customer: 'ann', interview: added.json.interview, from: 13, to: 17 } });
  assert.equal(range.json.text, 'fine', range.text);
  const beyond = await server.request('/api/v1/interviews/highlights',
    { key, body: { customer: 'ann', interview: added.json.interview, from: 13, to: 99 } });
  assert.deepEqual([beyond.status, beyond.json.pointer], [422, '/to']);
});

test('what a source masks is masked in interviews too', (t) => {
  const data = filled(t);
  must(['source', 'set', 'interviews', '--mask', 'phone', '--data', data]);
  must(['interview', 'add', '--customer', 'ann', '--notes', '-', '--consent', 'Yes.', '--data', data], { input: 'Call 0171 1234567.' });
  assert.equal(timeline(data).find((event) => event.event === 'feedback').text, 'Call [phone].');
});

test('recruiting lists whom the policy lets us ask, says why others are passed over, and writes nothing down', (t) => {
  const data = filled(t);
  withoutQuietHours(data);
  must(['segment', 'save', 'pro', '-', '--data', data], { input: '{"trait":["plan","=","pro"]}' });
  must(['customer', 'consent', 'bo', '*', 'withdrawn', '--how', 'by phone', '--data', data]);
  const before = must(['timeline', 'ann', '--json', '--data', data]);
  const found = JSON.parse(must(['interview', 'recruit', 'pro', '--json', '--data', data]));
  assert.equal(found.total, 3);
  assert.deepEqual(found.customers.map((customer) => customer.id).sort(), ['ann', 'cy']);
  assert.deepEqual(found.passed_over, { muted: 1 });
  assert.equal(JSON.parse(must(['interview', 'recruit', 'pro', '--limit', '1', '--json', '--data', data])).customers.length, 1);
  assert.match(must(['interview', 'recruit', 'pro', '--data', data]), /passed over, muted: 1/);
  assert.equal(must(['timeline', 'ann', '--json', '--data', data]), before);
  assert.equal(run(['interview', 'recruit', 'prr', '--data', data]).code, 2);
});

test('wrong input is named by its place', (t) => {
  const data = filled(t);
  for (const [args, what] of [
    [['--ts', 'yesterday'], /\/ts/],
    [['--ts', '2099-01-01T00:00:00Z'], /\/ts: .*over/],
  ]) {
    const done = add(data, ['--consent', 'Yes.', ...args]);
    assert.equal(done.code, 2);
    assert.match(done.stderr, what);
  }
  const absent = add(data, ['--consent', 'Yes.'], 'nobody');
  assert.equal(absent.code, 3);
  assert.match(absent.stderr, /there is no customer "nobody"/);
  assert.equal(run(['interview', 'add', '--notes', '-', '--data', data], { input: '' }).code, 2);
  assert.match(run(['interview', 'add', '--customer', 'ann', '--notes', '-', '--consent', 'Yes.', '--data', data], { input: ' \n' }).stderr, /\/text/);
  assert.equal(timeline(data).length, 1);
});
