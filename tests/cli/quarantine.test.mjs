// The quarantine from the command line: rows of files, texts that are torn, maps that were mended, large numbers of rows.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { must, run, temporaryDirectory } from '../support/firsthand.mjs';

function world(t) {
  const data = temporaryDirectory(t);
  const file = (name, text) => { const path = join(data, name); writeFileSync(path, text); return path; };
  const json = (...args) => JSON.parse(must([...args, '--json', '--data', data]));
  const total = () => { const { received, stored, duplicate, quarantined, refused } = json('ledger').total; return [received, stored, duplicate, quarantined, refused]; };
  return { data, file, json, total };
}

const map = (more) => JSON.stringify({ customer: 'who', event: { const: 'Order' }, ts: 'at', properties: { price: { column: 'price', type: 'number' } }, ...more });

test('a row of a file is mended by its columns, and importing the file again stores it no second time', (t) => {
  const { data, file, json, total } = world(t);
  const rows = file('rows.csv', 'who,at,price\nann,2026-05-01,five\nbob,2026-05-02,7\n');
  const import_ = () => must(['import', rows, '--map', file('map.json', map()), '--source', 'shop', '--quiet', '--data', data]);
  import_();
  assert.deepEqual(total(), [2, 1, 0, 1, 0]);
  const row = json('quarantine', 'show', 'q1');
  assert.equal(row.form, 'csv');
  assert.deepEqual(JSON.parse(row.document), { who: 'ann', at: '2026-05-01', price: 'five' });
  const done = json('quarantine', 'fix', 'q1', '--set', '/price=5');
  assert.equal(done.stored, 1);
  assert.match(must(['timeline', 'ann', '--data', data]), /2026-05-01T00:00:00.000Z +Order +price=5/);
  import_();
  assert.deepEqual(total(), [4, 2, 1, 1, 0]);
  assert.equal(json('quarantine', 'fix', 'q2', '--set', '/price=5').duplicate, 1);
});

test('rows are taken again as they are, by a map that was mended', (t) => {
  const { data, file, json, total } = world(t);
  const rows = file('rows.csv', 'who,at,price\nann,01/05/2026,5\nbob,02/05/2026,7\n');
  must(['import', rows, '--map', file('map.json', map({ ts: { column: 'at', format: '%Y-%m-%d' } })), '--source', 'shop', '--quiet', '--data', data]);
  assert.deepEqual(total(), [2, 0, 0, 2, 0]);
  assert.equal(json('quarantine', 'replay', '--source', 'shop').quarantined, 2);
  const better = file('better.json', map({ ts: { column: 'at', format: '%d/%m/%Y' } }));
  assert.equal(json('quarantine', 'replay', '--source', 'shop', '--map', better, '--dry-run').stored, 2);
  assert.deepEqual(total(), [2, 0, 0, 2, 0]);
  assert.equal(json('quarantine', 'replay', '--source', 'shop', '--map', better).stored, 2);
  assert.match(must(['timeline', 'bob', '--data', data]), /2026-05-02/);
  const no = run(['quarantine', 'replay', '--source', 'shop', '--map', file('torn.json', '{'), '--data', data]);
  assert.equal(no.code, 2);
  assert.match(no.stderr, /the map .*torn\.json/);
});

test('a torn line is replaced as a whole, read the way it came', (t) => {
  const { data, file, json } = world(t);
  const lines = file('a.ndjson', '{"userId":"ann","event":"Visit","ts":"2026-05-01T10:00:00Z"\n{"userId":"\xff"}\n');
  must(['import', lines, '--source', 'app', '--quiet', '--data', data]);
  const text = file('mended', '{"userId":"ann","event":"Visit","ts":"2026-05-01T10:00:00Z"}');
  const shown = json('quarantine', 'fix', 'q1', '--text', text, '--dry-run');
  assert.equal(shown.examples[0].verdict, 'stored');
  assert.equal(shown.examples[0].after, '{"userId":"ann","event":"Visit","ts":"2026-05-01T10:00:00Z"}');
  assert.equal(json('quarantine', 'fix', 'q1', '--text', text).stored, 1);
  assert.equal(json('quarantine', 'show', 'q2').document, '{"userId":"ÿ"}');
});

test('patches come from files too, and tables say what would become of rows', (t) => {
  const { data, file } = world(t);
  const lines = file('a.ndjson', '{"userId":"ann","event":"feedback","ts":"2026-05-01T10:00:00Z","score":"9","scale":"nps"}\n');
  must(['import', lines, '--source', 'app', '--quiet', '--data', data]);
  const patch = file('patch.json', JSON.stringify([{ op: 'replace', path: '/score', read: 'number' }]));
  const shown = must(['quarantine', 'fix', '--source', 'app', '--patch', patch, '--dry-run', '--data', data]);
  assert.match(shown, /q1 +stored +- /);
  assert.match(shown, /nothing was changed: 1 rows = 1 stored \+ 0 duplicate/);
  assert.match(must(['quarantine', 'groups', '--data', data]), /1 +app +expected a number, found a string +\/score +q1 +Read score as a number/);
  assert.match(must(['quarantine', 'fix', '--source', 'app', '--suggested', '--data', data]), /^1 rows = 1 stored/);
});

test('of thousands of rows all are mended, in portions, while others stay', (t) => {
  const { data, file, json, total } = world(t);
  const lines = Array.from({ length: 4200 }, (_, i) => JSON.stringify(i % 2000 === 7 ? { event: 'Visit', n: i } : { userId: `u${i}`, event: 'Visit', message_id: `m${i}` }));
  must(['import', file('a.ndjson', `${lines.join('\n')}\n`), '--source', 'app', '--quiet', '--data', data]);
  assert.deepEqual(total(), [4200, 0, 0, 4200, 0]);
  const done = json('quarantine', 'fix', '--source', 'app', '--set', '/ts=@received_at');
  assert.deepEqual([done.rows, done.stored, done.quarantined], [4200, 4197, 3]);
  assert.deepEqual(total(), [4200, 4197, 0, 3, 0]);
  assert.equal(json('quarantine', 'list').total, 3);
  assert.match(must(['verify', '--data', data]), /0 problems/);
});
