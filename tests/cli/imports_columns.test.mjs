// A large CSV is read by columns; what it leaves is what each of its rows, read alone, would leave.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { join } from 'node:path';
import test from 'node:test';
import { must, run, serverFor, temporaryDirectory } from '../support/firsthand.mjs';

const list = (data) => JSON.parse(must(['import', 'list', '--json', '--data', data])).imports;
const exported = (data) => must(['export', '--data', data, '--quiet']).split('\n').filter(Boolean).sort()
  .map((row) => row.replace(/"received_at":"[^"]*"/, ''));
const ledger = (data) => {
  const { last_received_at: _, ...counts } = JSON.parse(must(['ledger', '--json', '--data', data])).total;
  return counts;
};
const quarantined = (data) => {
  const { total, rows } = JSON.parse(must(['quarantine', 'list', '--json', '--limit', '200', '--data', data]));
  return [total, rows.map(({ received_at: _, ...row }) => row)];
};

const HEADER = 'who,when,what,country,price,member,signed,note';
const MAP = { customer: 'who', event: { column: 'what' }, ts: 'when', missing: ['NULL', '-'], channel: { const: 'app' },
  properties: { country: 'country', price: { column: 'price', type: 'number' }, note: 'note', file: { const: 'old' } },
  traits: { member: { column: 'member', type: 'boolean' }, signed: { column: 'signed', type: 'time' } } };
const cells = (i) => [`u${i * 7 % 3000}`, `2026-05-${String(1 + i % 20).padStart(2, '0')} ${String(i % 24).padStart(2, '0')}:00:${String(i % 60).padStart(2, '0')}`,
  ['Visit', 'Buy', 'Search', 'Kjøp'][i % 4], ['no', 'se', 'NULL', ''][i % 4], i % 5 ? String(i / 8) : '', i % 90 ? '' : 'yes',
  i % 110 ? '' : '2026-04-01', i % 3 ? '' : `n${i}`];
const changed = (i, at, value) => cells(i).map((cell, j) => (j === at ? value : cell)).join(',');

// One of each kind of row that is not like the others.
const strange = [
  (i) => `"u${i % 3000}","2026-05-02 10:00:00",Buy,"no","1.5",,,"a, b"`,
  (i) => `u${i},2026-05-02 10:00:00,Buy,no,1,,,"said ""yes"""`,
  (i) => `u${i},2026-05-02 10:00:00,Buy,no,1,,,"two\nlines"`,
  (i) => `u${i},2026-05-02 10:00:00,"Buy"x,no,1,,,`,
  (i) => `u${i},2026-05-02 10:00:00,Buy,no`,
  (i) => `${changed(i, 0, `u${i}`)},more`,
  (i) => changed(i, 0, ''),
  (i) => changed(i, 0, 'NULL'),
  (i) => changed(i, 0, 'x'.repeat(513)),
  (i) => changed(i, 0, 'y'.repeat(512)),
  (i) => changed(i, 1, ''),
  (i) => changed(i, 1, `no time ${i % 5}`),
  (i) => changed(i, 1, '1931-01-01 00:00:00'),
  (i) => changed(i, 1, '2931-01-01 00:00:00'),
  (i) => changed(i, 1, ' 2026-05-03T10:00:00+02:00 '),
  (i) => changed(i, 2, ''),
  (i) => changed(i, 2, '-'),
  (i) => changed(i, 2, 'alias'),
  (i) => changed(i, 2, 'e'.repeat(201)),
  (i) => changed(i, 2, 'e'.repeat(200)),
  (i) => changed(i, 4, 'many'),
  (i) => changed(i, 4, '1e400'),
  (i) => changed(i, 4, '18446744073709551615'),
  (i) => changed(i, 5, 'perhaps'),
  (i) => changed(i, 6, 'one day'),
  (i) => changed(i, 7, '=1+1 <b> ‮ 日本'),
  (i) => changed(i, 7, `${'long '.repeat(50)}${i}`),
  (i) => changed(i, 7, '5" pipe'),
  () => 'u1,2026-05-01 10:00:00,Same,no,1,,,', // many times
  () => '',
  () => '   ',
  (i) => `${changed(i, 0, `crlf${i}`)}\r`,
];

function largeFile(t, rows = 60000, every = 37) {
  const file = join(temporaryDirectory(t), 'large.csv');
  const map = join(temporaryDirectory(t), 'map.json');
  const text = Array.from({ length: rows }, (_, i) => (i % every ? cells(i).join(',') : strange[i / every % strange.length](i)));
  text.splice(25000, 0, changed(1, 7, '"never closed'));
  const bytes = Buffer.from(`${HEADER}\n${text.join('\n')}\nu1,2026-05-01 10:00:00,Last,no,1,,,x`);
  bytes[bytes.indexOf('Kjøp', Math.floor(bytes.length * 0.9)) + 2] = 0xff; // no UTF-8
  writeFileSync(file, bytes);
  writeFileSync(map, JSON.stringify(MAP));
  return { file, map, bytes };
}

function same(alone, other) {
  assert.deepEqual(ledger(alone), ledger(other));
  assert.deepEqual(exported(alone), exported(other));
  assert.deepEqual(quarantined(alone), quarantined(other));
  assert.match(must(['verify', '--data', alone]), /0 problems/);
}

async function besideServer(t, file, map) {
  const server = await serverFor(t);
  const report = run(['import', file, '--map', map, '--data', server.data]);
  await server.stop();
  return { data: server.data, report };
}

test('rows of every kind leave in columns what they leave one by one, and the report says the same', async (t) => {
  const { file, map } = largeFile(t);
  const alone = join(temporaryDirectory(t), 'alone');
  const report = run(['import', file, '--map', map, '--data', alone]);
  const other = await besideServer(t, file, map);
  assert.equal(report.code, 0);
  assert.equal(report.stdout, other.report.stdout);
  assert.equal(report.stderr, other.report.stderr);
  assert.ok(ledger(alone).quarantined > 300);
  same(alone, other.data);
});

test('a file of nothing but odd rows is the same, and one with a quote in each row', async (t) => {
  for (const every of [1, 2]) {
    const { file, map } = largeFile(t, 40000, every);
    const alone = join(temporaryDirectory(t), 'alone');
    run(['import', file, '--map', map, '--data', alone, '--quiet']);
    same(alone, (await besideServer(t, file, map)).data);
  }
});

test('gzip, another delimiter and CRLF make no difference', (t) => {
  const { file, map, bytes } = largeFile(t);
  const zipped = join(temporaryDirectory(t), 'large.csv.gz');
  const alone = join(temporaryDirectory(t), 'alone');
  const other = join(temporaryDirectory(t), 'other');
  writeFileSync(zipped, gzipSync(bytes));
  must(['import', file, '--map', map, '--data', alone, '--quiet']);
  must(['import', zipped, '--map', map, '--data', other, '--quiet']);
  same(alone, other);
  must(['import', file, '--map', map, '--data', other, '--quiet']); // all of it again
  assert.equal(list(other)[0].stored, 0);
  assert.equal(list(other)[0].duplicate, list(other)[1].stored + list(other)[1].duplicate);
  const semicolons = join(temporaryDirectory(t), 'semicolons.csv');
  const its = join(temporaryDirectory(t), 'its.json');
  const third = join(temporaryDirectory(t), 'third');
  const fourth = join(temporaryDirectory(t), 'fourth');
  const plain = Array.from({ length: 30000 }, (_, i) => cells(i));
  writeFileSync(semicolons, `${HEADER.replaceAll(',', ';')}\r\n${plain.map((row) => row.join(';')).join('\r\n')}\r\n`);
  writeFileSync(its, JSON.stringify({ ...MAP, delimiter: ';' }));
  writeFileSync(file, `${HEADER}\n${plain.map((row) => row.join(',')).join('\n')}\n`);
  must(['import', semicolons, '--map', its, '--data', third, '--quiet']);
  must(['import', file, '--map', map, '--data', fourth, '--quiet']);
  assert.deepEqual(exported(third), exported(fourth));
});

test('names above what the store takes are quarantined row by row', async (t) => {
  const file = join(temporaryDirectory(t), 'names.csv');
  const map = join(temporaryDirectory(t), 'map.json');
  const rows = Array.from({ length: 45000 }, (_, i) => `u${i % 50},2026-05-01 10:00:00,${i < 20500 ? 'Buy' : `E${i % 21000}`},${i}`);
  writeFileSync(file, `who,when,what,n\n${rows.join('\n')}\n`);
  writeFileSync(map, JSON.stringify({ customer: 'who', event: { column: 'what' }, ts: 'when', properties: { n: 'n' } }));
  const alone = join(temporaryDirectory(t), 'alone');
  const report = run(['import', file, '--map', map, '--data', alone]);
  const other = await besideServer(t, file, map);
  assert.ok(ledger(alone).quarantined > 1000);
  assert.equal(report.stderr, other.report.stderr);
  same(alone, other.data);
});

test('a map with conditions takes single records, and leaves the same', async (t) => {
  const { file, map } = largeFile(t);
  writeFileSync(map, JSON.stringify({ ...MAP, where: [['country', '!=', 'se']] }));
  const alone = join(temporaryDirectory(t), 'alone');
  run(['import', file, '--map', map, '--data', alone, '--quiet']);
  const other = await besideServer(t, file, map);
  assert.ok(ledger(alone).refused > 1000);
  same(alone, other.data);
});

test('a large CSV is held to who was erased, what is too old and which names are blocked', (t) => {
  const data = temporaryDirectory(t);
  const { file, map } = largeFile(t);
  must(['import', '-', '--data', data], { input: '{"userId":"u7","event":"Visit","ts":"2026-05-01T10:00:00Z"}' });
  must(['erase', 'u7', '--yes', '--data', data]);
  must(['privacy', 'set', '--after-erasure', 'refuse', '--data', data]);
  run(['import', file, '--map', map, '--data', data, '--quiet']);
  const { refused } = ledger(data);
  assert.ok(refused >= 18 && refused <= 22, String(refused));
  assert.equal(run(['customer', 'show', 'u7', '--data', data]).code, 3);
  const old = temporaryDirectory(t);
  must(['retention', 'set', '-', '--data', old], { input: '{"rules":[{"keep_days":1,"event":"Buy"}]}' });
  run(['import', file, '--map', map, '--data', old, '--quiet']);
  assert.ok(ledger(old).refused > 14000);
  const blocked = temporaryDirectory(t);
  must(['catalogue', 'set', 'property', 'note', '--blocked', 'on', '--data', blocked]);
  run(['import', file, '--map', map, '--data', blocked, '--quiet']);
  assert.ok(ledger(blocked).stored > 50000);
  assert.ok(exported(blocked).every((row) => !row.includes('"note"')));
});

test('a file that ends in the middle of its compression stores what was read before', (t) => {
  const { map, bytes } = largeFile(t);
  const cut = join(temporaryDirectory(t), 'cut.csv.gz');
  const data = join(temporaryDirectory(t), 'data');
  const zipped = gzipSync(bytes);
  writeFileSync(cut, zipped.subarray(0, Math.floor(zipped.length * 0.95)));
  const report = run(['import', cut, '--map', map, '--data', data, '--quiet']);
  assert.notEqual(report.code, 0);
  assert.match(report.stderr, /gzip/);
  assert.ok(ledger(data).stored > 20000);
  assert.equal(list(data)[0].state, 'stopped');
  assert.match(must(['verify', '--data', data]), /0 problems/);
});
