// The clickstream of an online clothing shop (UCI 553): counts, and funnels over categories in the file's order.
//   node tests/real/eshop-clickstream.mjs FOLDER
// FOLDER holds eshop-clickstream/eshop_clothing_2008.csv.gz. Funnels are recomputed here from the file itself.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { must, root } from '../support/firsthand.mjs';

const folder = process.argv[2];
if (!folder) {
  console.error('usage: node tests/real/eshop-clickstream.mjs FOLDER');
  process.exit(2);
}
const file = join(folder, 'eshop-clickstream/eshop_clothing_2008.csv.gz');
const work = mkdtempSync(join(tmpdir(), 'firsthand-eshop-'));
const range = { from: '2008-04-01', to: '2008-08-31' };
const ask = (question) => JSON.parse(must(['query', '-', '--json', '--data', work], { input: JSON.stringify(question) }));

// Sessions in the order of the file; every click of a session lies on one day, so the order is the file's alone.
const [head, ...lines] = gunzipSync(readFileSync(file)).toString().trim().split('\n');
const columns = head.split(',');
const at = Object.fromEntries(columns.map((name, index) => [name, index]));
const sessions = new Map();
for (const line of lines) {
  const cells = line.split(',');
  const day = Date.UTC(Number(cells[at.year]), Number(cells[at.month]) - 1, Number(cells[at.day]));
  const id = cells[at.session_id];
  if (!sessions.has(id)) sessions.set(id, []);
  sessions.get(id).push({ day, category: cells[at.page_1_main_category] });
}
for (const clicks of sessions.values()) clicks.sort((a, b) => a.day - b.day); // stable: equal days keep the file's order

function reached(categories, windowMs) {
  const counts = categories.map(() => 0);
  for (const clicks of sessions.values()) {
    let best = 0;
    clicks.forEach((entry, from) => {
      if (entry.category !== categories[0]) return;
      let level = 1;
      for (let i = from + 1; i < clicks.length && level < categories.length; i++) {
        if (clicks[i].day - entry.day > windowMs) break;
        if (clicks[i].category === categories[level]) level++;
      }
      best = Math.max(best, level);
    });
    for (let level = 0; level < best; level++) counts[level]++;
  }
  return counts;
}

try {
  const begin = Date.now();
  const counts = JSON.parse(must(['import', file, '--map', join(root, 'examples/eshop-clickstream.json'), '--data', work, '--json', '--quiet']));
  console.log(`imported in ${Date.now() - begin} ms`, counts);
  assert.deepEqual(counts, { received: 165474, stored: 165474, duplicate: 0, quarantined: 0, refused: 0 });
  const total = (measure) => ask({ kind: 'trend', series: [{ event: 'Click', measure }], interval: 'month', range }).series[0].total;
  assert.equal(total('count'), 165474);
  assert.equal(total('customers'), 24026);
  const categories = ask({ kind: 'trend', series: [{ event: 'Click' }], interval: 'quarter', range, breakdown: 'category' });
  assert.deepEqual(Object.fromEntries(categories.series.map((series) => [series.group, series.total])),
    { 1: 49742, 2: 38408, 3: 38577, 4: 38747 });
  for (const path of [['1', '2', '3', '4'], ['4', '3', '2', '1'], ['1', '1', '1'], ['2', '4', '2'], ['3', '1']]) {
    const answer = ask({
      kind: 'funnel', window: '1d', range,
      steps: path.map((category) => ({ event: 'Click', where: [['category', '=', category]] })),
    });
    const expected = reached(path, 86400000);
    assert.deepEqual(answer.steps.map((step) => step.count), expected, path.join());
    console.log(`funnel over categories ${path.join(' > ')}: ${expected.join(', ')}`);
  }
} finally {
  rmSync(work, { recursive: true, force: true });
}
