// "adjusted" of a score through the real engine: a shop where those who are content answer, and the rest keep silent.
import assert from 'node:assert/strict';
import test from 'node:test';
import { must, temporaryDirectory } from '../support/firsthand.mjs';

// Park and Miller's minimal standard: the same shop each time.
function dice(seed) {
  let state = seed;
  return () => (state = (state * 48271) % 2147483647) / 2147483647;
}

const at = (day, hour) => new Date(Date.UTC(2026, 2, day, hour)).toISOString();

// Visits and orders in March by how content a customer is; asked on the 1st of April, most of the content answer.
function shop(customers) {
  const roll = dice(20160601);
  const lines = [];
  let truth = 0, raw = 0, answers = 0;
  for (let i = 0; i < customers; i++) {
    const content = 2 * roll() - 1, habit = roll();
    const userId = `u${i}`;
    const orders = Math.floor(4 * (content + 1) * roll()), visits = 1 + Math.floor(8 * habit);
    const put = (event, ts, more) => lines.push(JSON.stringify({ userId, event, ts, message_id: `${lines.length}`, ...more }));
    for (let k = 0; k < visits; k++) put('Product Viewed', at(1 + Math.floor(28 * roll()), 10), { channel: habit > 0.5 ? 'app' : 'web' });
    for (let k = 0; k < orders; k++) put('Order Completed', at(3 + Math.floor(26 * roll()), 12), { channel: 'web' });
    if (content < -0.3) put('Support Contacted', at(5 + Math.floor(20 * roll()), 14), { channel: 'phone' });
    // What was seen, and not the mood behind it, decides both: only so can silence be understood at all.
    const seen = 0.35 * orders - (content < -0.3 ? 1.5 : 0);
    const score = Math.max(0, Math.min(10, Math.round(6.6 + 1.6 * seen + 5 * (roll() - 0.5))));
    const counts = score >= 9 ? 100 : score >= 7 ? 0 : -100;
    truth += counts / customers;
    put('contacted', at(32, 9), { properties: { purpose: 'survey', outcome: 'allowed', reason: 'allowed', survey: 's', metrics: ['nps'], response: `r${i}` } });
    if (roll() < 1 / (1 + Math.exp(1.6 - 1.2 * seen))) {
      raw += counts;
      answers++;
      put('feedback', at(33, 9), { score, scale: 'nps', properties: { kind: 'survey', metrics: ['nps'], survey: 's', response: `r${i}`, finished: true } });
    }
  }
  return { ndjson: lines.join('\n') + '\n', truth, raw: raw / answers, answers };
}

const question = (rest) => JSON.stringify({
  kind: 'score', metric: 'nps', interval: 'week', range: { from: '2026-03-30', to: '2026-04-12' }, as_of: '2026-04-20T00:00:00Z', ...rest });

function ask(data, rest) {
  return JSON.parse(must(['query', '-', '--data', data, '--json'], { input: question(rest) }));
}

test('a score adjusted for who did not answer comes near what all would have said', (t) => {
  const data = temporaryDirectory(t);
  const world = shop(3000);
  must(['import', '-', '--data', data, '--quiet', '--json'], { input: world.ndjson });
  const answer = ask(data, { adjusted: true });
  const { total } = answer.series[0];
  const bias = total.value - world.truth, left = total.adjusted.value - world.truth;
  assert.ok(bias > 20, `raw ${total.value}, truth ${world.truth}`);
  assert.ok(Math.abs(left) < 0.2 * bias, `raw ${total.value}, adjusted ${total.adjusted.value}, truth ${world.truth}`);
  assert.equal(total.n, world.answers);
  assert.equal(total.adjusted.answered, world.answers);
  assert.equal(total.adjusted.frame, 3000);
  assert.equal(total.adjusted.silent.n, total.silent);
  assert.ok(Math.abs(total.adjusted.raw - world.raw) < 1e-9);
  assert.ok(total.adjusted.n_effective < world.answers);
  const { worst_low: worstLow, worst_high: worstHigh, low, high } = total.adjusted;
  assert.ok(worstLow < low && low < world.truth && world.truth < high && high < worstHigh);
  assert.ok(total.adjusted.silent.value < total.adjusted.value && total.adjusted.value < total.value);

  // Asked again, by another process: the same bytes.
  const without = (json) => JSON.stringify({ ...json, stats: null });
  assert.equal(without(ask(data, { adjusted: true })), without(answer));
  // Without the word nothing is adjusted, and nothing else differs.
  const plain = ask(data, {});
  assert.equal(plain.series[0].total.adjusted, undefined);
  delete total.adjusted;
  assert.deepEqual(plain.series[0].total, total);
});

test('the command shows adjusted scores in its table and in CSV', (t) => {
  const data = temporaryDirectory(t);
  must(['import', '-', '--data', data, '--quiet', '--json'], { input: shop(800).ndjson });
  const asked = ['score', 'nps', '--adjusted', '--from', '2026-03-30', '--to', '2026-04-12', '--interval', 'week', '--data', data];
  const [head, first, second, total] = must(asked).split('\n');
  assert.match(head, /silent +adjusted +95 % interval +at worst, best/);
  assert.match(first, /2026-03-30 .* -?\d+\.\d +-?\d+\.\d to -?\d+\.\d +-?\d+\.\d to -?\d+\.\d$/);
  assert.match(second, /- +- +-$/);
  assert.match(total, /total .* to -?\d+\.\d$/);
  const csv = must([...asked, '--format', 'csv']).trim().split(/\r?\n/).map((line) => line.split(','));
  assert.ok(csv[0].join().endsWith('adjusted_value,adjusted_low,adjusted_high,n_effective,worst_low,worst_high'), csv[0].join());
  for (const line of csv) assert.equal(line.length, csv[0].length);
  assert.ok(Number(csv.at(-1).at(-6)) < Number(csv.at(-1)[2]));
});

test('where nothing can be learnt the adjusted score is null, and the answer says why', (t) => {
  const data = temporaryDirectory(t);
  const world = shop(40);
  must(['import', '-', '--data', data, '--quiet', '--json'], { input: world.ndjson });
  const answer = ask(data, { adjusted: true });
  assert.equal(answer.series[0].total.adjusted, null);
  assert.ok(answer.warnings.some((line) => /^adjusted: cannot be estimated: \d+ answered, and at least 30 are needed$/.test(line)), answer.warnings);
});
