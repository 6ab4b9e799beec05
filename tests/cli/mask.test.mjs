// Masking, from the outside: what a source masks is in no file of the data directory, in no answer and in no report.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { must, run, serverFor, temporaryDirectory } from '../support/firsthand.mjs';

const canaries = ['canary.one@example.com', '+49 171 5550142', '4111 1111 1111 1111', 'DE89 3704 0044 0532 0130 00', 'V-77665544', '203.0.113.77'];
const words = `mail ${canaries[0]} phone ${canaries[1]} card ${canaries[2]} iban ${canaries[3]} contract ${canaries[4]} ip ${canaries[5]}`;
const masked = 'mail [email] phone [phone] card [card] iban [iban] contract [contract] ip 203.0.113.0';

function files(folder) {
  return readdirSync(folder, { recursive: true }).map((name) => join(folder, name)).filter((path) => statSync(path).isFile());
}

// Every byte on disk, and what compressed blocks hold is looked for through the questions that read them.
function assertNoCanary(data, except = []) {
  for (const path of files(data).filter((file) => !except.includes(file))) {
    const bytes = readFileSync(path);
    for (const canary of canaries) {
      assert.equal(bytes.indexOf(canary), -1, `${canary} in ${path}`);
      assert.equal(bytes.indexOf(JSON.stringify(canary).slice(1, -1)), -1, `${canary} in ${path}`);
    }
  }
}

const setMask = (data, source) => must(['source', 'set', source, '--mask', 'email,phone,card,iban,ip',
  '--pattern', 'contract=V-[0-9]{8}', '--data', data]);

test('what is masked is in no file: not in the journal, not in segments, not in quarantine', async (t) => {
  const server = await serverFor(t);
  setMask(server.data, 'desk');
  const key = server.key('write', 'desk');
  const good = { userId: 'ann', event: 'feedback', ts: '2026-05-01T10:00:00Z', message_id: '1', text: words, properties: { note: words, list: [words] } };
  const bad = { userId: 'bo', event: 'feedback', ts: 'never', message_id: '2', text: words, properties: { note: words } };
  const escaped = `{"userId":"cy","evnt":"x","text":"${[...words].map((c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`).join('')}"}`;
  const broken = `{"userId":"di","text":"${words}"`;
  const answer = await server.request('/api/v1/events', { key, body: [JSON.stringify(good), JSON.stringify(bad), escaped, broken].join('\n') });
  assert.equal(answer.status, 200, answer.text);
  assert.equal(answer.json.stored, 1);
  assert.equal(answer.json.quarantined, 3);
  assert.ok(!canaries.some((canary) => answer.text.includes(canary)));
  const segment = await server.request('/v1/track', { body: { writeKey: key, userId: 'ed', event: 'Note', properties: { note: words }, messageId: '3' } });
  assert.equal(segment.status, 200, segment.text);
  assertNoCanary(server.data);
  const event = JSON.parse(must(['timeline', 'ann', '--json', '--data', server.data]).trim());
  assert.equal(event.text, masked);
  assert.equal(event.properties.note, masked);
  for (const id of ['q1', 'q2', 'q3']) {
    const row = must(['quarantine', 'show', id, '--json', '--data', server.data]);
    assert.ok(!canaries.some((canary) => row.includes(canary)), row);
    assert.ok(!Buffer.from(JSON.parse(row).raw_base64, 'base64').toString().includes('canary.one'));
  }
  await server.stop();
  assertNoCanary(server.data);
  assert.ok(!server.stderr.includes('canary.one'));
});

test('an import masks too, beside a running server as well, and so does a dry run', async (t) => {
  const map = JSON.stringify({ customer: 'who', event: { const: 'feedback' }, ts: 'at', text: 'words' });
  const csv = `who,at,words\nann,2026-05-01T10:00:00Z,${words}\nbo,never,${words}\n`;
  const server = await serverFor(t);
  const outside = temporaryDirectory(t);
  writeFileSync(join(outside, 'map.json'), map);
  setMask(server.data, 'desk');
  const args = ['import', '-', '--map', join(outside, 'map.json'), '--source', 'desk', '--data', server.data];
  const dry = run([...args, '--dry-run'], { input: csv });
  assert.equal(dry.code, 0, dry.stderr);
  assert.ok(!canaries.some((canary) => (dry.stdout + dry.stderr).includes(canary)));
  assert.match(must(args, { input: csv }), /stored +1/);
  assert.match(must(args, { input: csv }), /duplicate +1/); // masking leaves a row's identity alone
  assertNoCanary(server.data);
  assert.equal(JSON.parse(must(['timeline', 'ann', '--json', '--data', server.data]).trim()).text, masked);
});

test('identifiers stay, or nobody would be found; other sources stay as they are', (t) => {
  const data = temporaryDirectory(t);
  setMask(data, 'desk');
  const event = JSON.stringify({ userId: canaries[0], event: 'feedback', ts: '2026-05-01T10:00:00Z', text: canaries[0] });
  must(['import', '-', '--source', 'desk', '--data', data, '--quiet'], { input: event });
  must(['import', '-', '--source', 'other', '--data', data, '--quiet'], { input: event });
  const timeline = must(['timeline', canaries[0], '--json', '--data', data]).trim().split('\n').map((line) => JSON.parse(line).text);
  assert.deepEqual(timeline.sort(), ['[email]', canaries[0]].sort());
});

test('a mask that is wrong is refused with its place', (t) => {
  const data = temporaryDirectory(t);
  for (const [args, what] of [
    [['--mask', 'email,phones'], /\/settings\/mask\/1: .*did you mean "phone"/],
    [['--pattern', 'x=('], /\/settings\/patterns\/0\/pattern: not a pattern/],
    [['--pattern', '[0-9]+'], /NAME=PATTERN/],
    [['--mask-field', 'identifiers'], /\/settings\/mask_fields\/0: .*never masked/],
  ]) {
    const done = run(['source', 'set', 'desk', ...args, '--data', data]);
    assert.equal(done.code, 2, args.join(' '));
    assert.match(done.stderr, what);
  }
  setMask(data, 'desk');
  must(['source', 'set', 'desk', '--mask', '', '--pattern', '', '--data', data]);
  assert.deepEqual(JSON.parse(must(['source', 'show', 'desk', '--json', '--data', data])).settings, { mask: [], patterns: [] });
});
