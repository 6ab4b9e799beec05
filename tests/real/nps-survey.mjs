// The numbers of a real NPS survey, out of `firsthand score`:
//   node tests/real/nps-survey.mjs FOLDER
// FOLDER holds nps-survey/nps_garden_retail.csv.gz: 13,954 answers, 342 of them without a score. These are stored
// too, without one: what such a customer wrote is heard.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { must, root } from '../support/firsthand.mjs';

const folder = process.argv[2];
if (!folder) {
  console.error('usage: node tests/real/nps-survey.mjs FOLDER');
  process.exit(2);
}
const data = mkdtempSync(join(tmpdir(), 'firsthand-nps-'));
const range = { from: '2016-01-01', to: '2016-01-01' };
const importArgs = [
  'import', join(folder, 'nps-survey/nps_garden_retail.csv.gz'), '--map', join(root, 'examples/nps-survey.json'),
  '--source', 'nps', '--data', data, '--json', '--quiet',
];

function ask(question) {
  writeFileSync(join(data, 'question.json'), JSON.stringify(question));
  return JSON.parse(must(['query', join(data, 'question.json'), '--json', '--data', data]));
}

const near = (a, b, by) => assert.ok(Math.abs(a - b) <= by, `${a}, expected ${b}`);

try {
  assert.deepEqual(JSON.parse(must(importArgs)), { received: 13954, stored: 13954, duplicate: 0, quarantined: 0, refused: 0 });
  assert.equal(JSON.parse(must(importArgs)).duplicate, 13954);

  const question = { kind: 'score', metric: 'nps', range };
  const answer = ask(question);
  const { total } = answer.series[0];
  assert.equal(total.n, 13612);
  assert.deepEqual(total.distribution, {
    0: 0, 1: 83, 2: 53, 3: 65, 4: 101, 5: 401, 6: 491, 7: 1061, 8: 2892, 9: 2487, 10: 5978,
  });
  near(total.value, 53.4161, 0.0001); // 100 (8465 - 1194) / 13612
  // Adjusted Wald: p' = 8465.75 / 13615, d' = 1194.75 / 13615, s = p' - d', se = sqrt((p' + d' - s^2) / 13615).
  near(total.low, 52.3101, 0.0001);
  near(total.high, 54.4986, 0.0001);

  for (const [part, n] of [['promoters', 8465], ['passives', 3953], ['detractors', 1194], ['answers', 13612]]) {
    const list = ask({ ...question, open: { part, was: n } });
    assert.equal(list.total, n);
    assert.equal(list.moved, undefined);
  }
  // What they wrote: every answer's words, in French.
  const words = ask({ kind: 'verbatims', range, text: 'caisse', limit: 3 });
  assert.equal(words.searched, 13954 - 10115);
  assert.ok(words.total > 100 && words.verbatims.every((v) => /caisse/i.test(v.text)));
  const unhappy = { said: { text: 'attente' } };
  const happy = ask({ ...question, segment: { not: unhappy } }).series[0].total;
  const waiting = ask({ ...question, segment: unhappy }).series[0].total;
  assert.equal(happy.n + waiting.n, 13612);
  assert.ok(waiting.value < happy.value - 20, `${waiting.value} ${happy.value}`);
  console.log(`NPS ${total.value.toFixed(1)} (${total.low.toFixed(1)} to ${total.high.toFixed(1)}) of ${total.n} answers; `
    + `of the ${waiting.n} who write of waiting ${waiting.value.toFixed(1)}`);
} finally {
  rmSync(data, { recursive: true, force: true });
}
