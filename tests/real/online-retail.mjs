// The published numbers of the UCI Online Retail data, out of `firsthand query`:
//   node tests/real/online-retail.mjs FOLDER
// FOLDER holds online-retail/online_retail.csv.gz. Imports it twice, and once more after killing an import half-way.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { binary, must, root, sleep } from '../support/firsthand.mjs';

const folder = process.argv[2];
if (!folder) {
  console.error('usage: node tests/real/online-retail.mjs FOLDER');
  process.exit(2);
}
const file = join(folder, 'online-retail/online_retail.csv.gz');
const map = join(root, 'examples/online-retail.json');
const work = mkdtempSync(join(tmpdir(), 'firsthand-retail-'));
const range = { from: '2010-12-01', to: '2011-12-31' };
const known = { trait: ['known', '=', true] };
const importArgs = (data) => ['import', file, '--map', map, '--source', 'retail', '--data', data, '--json', '--quiet'];

function ask(data, question) {
  writeFileSync(join(work, 'question.json'), JSON.stringify(question));
  return JSON.parse(must(['query', join(work, 'question.json'), '--json', '--data', data]));
}

function checkNumbers(data) {
  const line = { event: 'Order Line' };
  const total = (series, extra = {}) =>
    ask(data, { kind: 'trend', series: [series], interval: 'month', range, timezone: 'Europe/London', ...extra }).series[0].total;
  assert.equal(total(line), 541909);
  assert.equal(total(line, { segment: known }), 406829);
  assert.equal(total({ ...line, measure: 'customers' }, { segment: known }), 4372);
  const countries = ask(data, {
    kind: 'trend', series: [{ ...line, measure: 'customers' }], interval: 'quarter', range,
    timezone: 'Europe/London', breakdown: 'customer.country', limit: 100,
  });
  assert.equal(countries.series.length, 38);
  assert.equal(Math.round(total({ ...line, measure: 'sum:revenue' }) * 100) / 100, 9747747.93);
  const cohort = (where) => ask(data, {
    kind: 'retention', start: { ...line, where }, return: { ...line, where }, interval: 'month', periods: 13,
    range: { from: '2010-12-01', to: '2010-12-31' }, timezone: 'Europe/London', segment: known,
  }).cohorts[0];
  const good = cohort([['quantity', '>', 0], ['price', '>', 0]]);
  assert.equal(good.size, 885);
  assert.deepEqual(good.returned.slice(1, 12), [324, 286, 340, 321, 352, 321, 309, 313, 350, 331, 445]);
  assert.equal(good.returned[12], 235);
  const all = cohort(undefined);
  assert.equal(all.size, 948);
  assert.deepEqual(all.returned.slice(1, 13), [362, 317, 367, 341, 376, 360, 336, 336, 374, 354, 474, 260]);
}

try {
  const data = join(work, 'whole');
  let begin = Date.now();
  const first = JSON.parse(must(importArgs(data)));
  console.log(`imported in ${Date.now() - begin} ms`, first);
  assert.deepEqual(first, { received: 541909, stored: 541909, duplicate: 0, quarantined: 0, refused: 0 });
  begin = Date.now();
  checkNumbers(data);
  console.log(`the published numbers agree (eight questions, each its own process: ${Date.now() - begin} ms)`);
  const again = JSON.parse(must(importArgs(data)));
  assert.deepEqual(again, { received: 541909, stored: 0, duplicate: 541909, quarantined: 0, refused: 0 });
  checkNumbers(data);
  console.log('importing it again changes nothing');

  const cut = join(work, 'cut');
  const half = spawn(binary, importArgs(cut), { stdio: 'ignore' });
  await sleep(Number(process.env.KILL_AFTER_MS ?? 700));
  half.kill('SIGKILL');
  await new Promise((done) => half.on('exit', done));
  const rest = JSON.parse(must(importArgs(cut)));
  assert.equal(rest.received, 541909);
  assert.equal(rest.stored + rest.duplicate, 541909);
  checkNumbers(cut);
  console.log(`killed half-way (${rest.duplicate} rows were in), imported anew: the same numbers`);
} finally {
  rmSync(work, { recursive: true, force: true });
}
