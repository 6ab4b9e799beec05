// How long things are kept: rules, what a cut would take, the cut itself, and what comes in too old.
import assert from 'node:assert/strict';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { adminOf, must, run, Server, temporaryDirectory } from '../support/firsthand.mjs';
import { rawSearch } from '../support/raw.mjs';

const DAY = 86400000;
const ago = (days) => new Date(Date.now() - days * DAY).toISOString();

function bytesOf(directory) {
  return readdirSync(directory, { withFileTypes: true }).reduce((sum, entry) => {
    const path = join(directory, entry.name);
    return sum + (entry.isDirectory() ? bytesOf(path) : statSync(path).size);
  }, 0);
}

const set = (data, rules) => JSON.parse(must(['retention', 'set', '-', '--data', data], { input: JSON.stringify(rules) }));
const NOTHING = { events: 0, words: 0, quarantined: 0, responses: 0, suspects: 0, links: 0, audit: 0 };
const preview = (data) => JSON.parse(must(['retention', 'preview', '--data', data]));
const events = (data) => Number(/events\s+(\d+)/.exec(must(['status', '--data', data]))[1]);

test('what is past its time goes, its room comes back, and the ledger goes on adding up', (t) => {
  const data = temporaryDirectory(t);
  const lines = [];
  for (let i = 0; i < 6000; i++) {
    lines.push(JSON.stringify({ userId: `u${i % 300}`, event: i % 3 ? 'Visit' : 'Order', ts: ago(i < 5000 ? 400 : 10), text: `${i < 5000 ? 'qzold' : 'qznew'} words number ${i} ${Math.random()}` }));
  }
  lines.push(JSON.stringify({ userId: 'qzonly-old', event: 'Visit', ts: ago(500) }));
  must(['import', '-', '--data', data], { input: lines.join('\n') });
  const before = bytesOf(data);
  set(data, { rules: [{ keep_days: 365 }] });
  assert.deepEqual(preview(data), { ...NOTHING, events: 5001 });
  assert.equal(events(data), 6001, 'looking changes nothing');
  must(['job', 'run', 'retention', '--data', data]);
  assert.deepEqual(preview(data), NOTHING);
  assert.equal(events(data), 1000);
  assert.ok(bytesOf(data) < before / 2, `${bytesOf(data)} of ${before} bytes are left`);
  assert.deepEqual(rawSearch(data, ['qzold', 'qzonly-old']), []);
  assert.notDeepEqual(rawSearch(data, ['qznew']), []);
  assert.equal(run(['customer', 'show', 'qzonly-old', '--data', data]).code, 3, 'of whom nothing is left nobody knows');
  const { total } = JSON.parse(must(['ledger', '--json', '--data', data]));
  assert.equal(total.stored, 6001);
  assert.equal(total.received, total.stored + total.duplicate + total.quarantined + total.refused);
  assert.match(must(['verify', '--data', data]), /0 problems/);
});

test('rules speak of events, sources, words and the quarantine', async (t) => {
  const data = temporaryDirectory(t);
  let server = await Server.start(data);
  t.after(() => server.stop('SIGKILL'));
  const shop = server.key('secret', 'shop');
  const desk = server.key('secret', 'desk');
  const send = async (key, body) => (await server.request('/api/v1/events', { key, body })).json;
  await send(shop, [{ userId: 'ann', event: 'Order', ts: ago(50) }, { userId: 'ann', event: 'Visit', ts: ago(50), text: 'qzwords' }]);
  await send(desk, [{ userId: 'ann', event: 'Visit', ts: ago(50), text: 'qzkept' }]);
  await send(desk, '{"userId":"ann","ts":"never"}');
  set(data, { rules: [{ event: 'Order', source: 'shop', keep_days: 30 }, { source: 'shop', words: true, keep_days: 30 }], quarantine_days: 1 });
  assert.deepEqual(preview(data), { ...NOTHING, events: 1, words: 1 });
  // Too old when it comes in; words alone are no reason to refuse an event.
  const late = await send(shop, [{ userId: 'bob', event: 'Order', ts: ago(40) }, { userId: 'bob', event: 'Visit', ts: ago(40) }]);
  assert.deepEqual([late.stored, late.refused], [1, 1]);
  assert.match(late.verdicts[0].reason, /older than such events are kept/);
  await server.stop();
  server = await Server.start(data); // rules last
  must(['job', 'run', 'retention', '--data', data]);
  const { json } = await server.request('/api/v1/customers/ann/timeline', { key: shop });
  assert.deepEqual(json.events.map(({ source, event, text }) => [source, event, text ?? null]).sort(), [['desk', 'Visit', 'qzkept'], ['shop', 'Visit', null]]);
  assert.deepEqual(rawSearch(data, ['qzwords']), []);
  const job = JSON.parse(must(['job', 'list', '--json', '--data', data])).jobs.find(({ name }) => name === 'retention');
  assert.match(JSON.stringify(job), /1 events, the words of 1/);
});

test('rules that say nothing clear are refused with their place', (t) => {
  const data = temporaryDirectory(t);
  const cases = [
    [{ rules: {} }, /list of at most 100 rules/], [{ rules: [{}] }, /rule 1: "keep_days" is missing/],
    [{ rules: [{ keep_days: 0 }] }, /keep_days/], [{ rules: [{ keep_days: 36501 }] }, /keep_days/],
    [{ rules: [{ keep_days: 1, event: '' }] }, /rule 1: "event" has 1 to 200 bytes/], [{ rules: [7] }, /rule 1 is no object/],
    [{ rule: [] }, /no member "rule"|unknown/i], [{ quarantine_days: -1 }, /quarantine_days/],
    [{ responses_days: 29 }, /"responses_days" must be a whole number from 30 to 36500/], [{ audit_days: 89 }, /"audit_days" must be a whole number from 90 to 36500/],
    [{ responses_days: '400' }, /responses_days/], [{ audit_days: 36501 }, /audit_days/], [{ audit_days: 730.5 }, /audit_days/],
    [{ rules: Array.from({ length: 101 }, () => ({ keep_days: 1 })) }, /at most 100/],
  ];
  for (const [rules, what] of cases) {
    const done = run(['retention', 'set', '-', '--data', data], { input: JSON.stringify(rules) });
    assert.equal(done.code, 2, JSON.stringify(rules).slice(0, 60));
    assert.match(done.stderr, what);
  }
  assert.deepEqual(JSON.parse(must(['retention', 'show', '--data', data])), { rules: [], quarantine_days: null, responses_days: null, audit_days: null });
});

test('what lies beside events has an age each; a name is refused at its place, and what went is told', async (t) => {
  const data = temporaryDirectory(t);
  const server = await Server.start(data);
  t.after(() => server.stop('SIGKILL'));
  const shop = server.key('secret', 'shop');
  await server.request('/api/v1/events', { key: shop, body: [{ userId: 'ann', event: 'Order', ts: ago(50) }] });
  set(data, { rules: [{ keep_days: 30 }], responses_days: 400, audit_days: 730 });
  assert.deepEqual((await server.request('/api/v1/retention', { key: shop })).json,
    { rules: [{ event: null, source: null, words: false, keep_days: 30 }], quarantine_days: null, responses_days: 400, audit_days: 730 });
  const admin = await adminOf(t, server);
  const wrong = await admin('/api/v1/retention', { audit_days: 10 }, 'PUT');
  assert.deepEqual([wrong.status, wrong.json.pointer], [422, '/audit_days'], wrong.text);
  assert.match(must(['job', 'run', 'retention', '--data', data]), /1 events, .*0 responses to surveys \(0 had waited for a person\), 0 personal links, 0 lines of the audit trail/);
  assert.match(must(['erasure', 'verify', '--data', data]), /lines of the audit trail, 0 without their words since an erasure, 0 older ones removed/);
  await server.stop();
  assert.notDeepEqual(rawSearch(data, ['retention.cut']), [], 'the trail says what went');
  // A rule that leaves a kind out keeps it for ever.
  set(data, { rules: [] });
  assert.deepEqual(JSON.parse(must(['retention', 'show', '--data', data])), { rules: [], quarantine_days: null, responses_days: null, audit_days: null });
});
