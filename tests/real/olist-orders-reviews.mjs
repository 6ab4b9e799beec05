// Orders, deliveries and reviews of a Brazilian marketplace, out of `firsthand score` and `verbatims`:
//   node tests/real/olist-orders-reviews.mjs FOLDER
// FOLDER holds olist-orders-reviews/olist_classified_orders.csv.gz (for testing only: its licence forbids shipping it).
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { must } from '../support/firsthand.mjs';

const folder = process.argv[2];
if (!folder) {
  console.error('usage: node tests/real/olist-orders-reviews.mjs FOLDER');
  process.exit(2);
}

function csv(text) {
  const cell = /("(?:[^"]|"")*"|[^,\n\r]*)(,|\r?\n|$)/gy;
  const rows = [[]];
  for (let found; cell.lastIndex < text.length && (found = cell.exec(text)) !== null;) {
    const [, written, end] = found;
    rows.at(-1).push(written.startsWith('"') ? written.slice(1, -1).replaceAll('""', '"') : written);
    if (end !== ',') rows.push([]);
  }
  const [head, ...lines] = rows.filter((row) => row.length > 1);
  return lines.map((line) => Object.fromEntries(head.map((name, i) => [name, line[i]])));
}

const orders = csv(gunzipSync(readFileSync(join(folder, 'olist-orders-reviews/olist_classified_orders.csv.gz'))).toString());
const instant = (text) => `${text.slice(0, 10)}T${text.slice(11, 23) || '00:00:00'}Z`;
const isLate = (order) => order.order_delivered_customer_date > order.order_estimated_delivery_date;

// Three events an order: bought, delivered (or not), reviewed.
function eventsOf(order) {
  const userId = `order-${order.id}`;
  const delivered = order.order_delivered_customer_date;
  return [
    { event: 'Order Completed', ts: instant(order.order_purchase_timestamp), properties: { category: order.product_category_name } },
    ...(delivered === '' ? [] : [{ event: 'Order Delivered', ts: instant(delivered), properties: { late: isLate(order) } }]),
    {
      event: 'feedback', ts: instant(order.review_creation_date), channel: 'review', text: order.review_comment_message,
      score: Number(order.review_score), scale: 'stars', properties: { kind: 'review', class: order.most_voted_class },
    },
  ].map((event) => ({ ...event, userId, message_id: `${event.event} ${order.id}` }));
}

const data = mkdtempSync(join(tmpdir(), 'firsthand-olist-'));
const range = { from: '2016-01-01', to: '2018-12-31' };

function ask(question) {
  writeFileSync(join(data, 'question.json'), JSON.stringify(question));
  return JSON.parse(must(['query', join(data, 'question.json'), '--json', '--data', data]));
}

// The words of a text, folded as far as Portuguese needs it.
const wordsOf = (text) => text.normalize('NFKD').replace(/[\u0300-\u036f]/g, '').toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];

try {
  const events = orders.flatMap(eventsOf);
  const file = join(data, 'events.ndjson');
  writeFileSync(file, events.map((event) => `${JSON.stringify(event)}\n`).join(''));
  const ledger = JSON.parse(must(['import', file, '--source', 'olist', '--data', data, '--json', '--quiet']));
  assert.deepEqual(ledger, { received: events.length, stored: events.length, duplicate: 0, quarantined: 0, refused: 0 });

  const question = { kind: 'score', metric: 'stars', range, interval: 'quarter' };
  const { total } = ask(question).series[0];
  assert.equal(total.n, 3584);
  assert.deepEqual(total.distribution, { 1: 867, 2: 216, 3: 332, 4: 514, 5: 1655 });
  const of = (late) => ask({ ...question, segment: { did: { event: 'Order Delivered', where: [['late', '=', late]] } } }).series[0].total;
  const [late, onTime] = [of(true), of(false)];
  assert.deepEqual([late.n, late.value.toFixed(2), onTime.n, onTime.value.toFixed(2)], [380, '2.08', 3087, '3.78']);
  assert.ok(late.high < onTime.low, 'the difference is beyond doubt');
  assert.equal(ask({ ...question, open: { value: 1, was: 867 } }).total, 867);

  for (const [text, test] of [
    ['atras', (words) => words.some((w) => w.startsWith('atras'))],
    ['nao receb', (words) => words.includes('nao') && words.some((w) => w.startsWith('receb'))],
    ['"não recebi"', (words) => words.some((w, i) => w === 'nao' && words[i + 1] === 'recebi')],
    ['"produto" -entrega', (words) => words.some((w) => w === 'produto') && !words.includes('entrega')],
  ]) {
    const expected = orders.filter((o) => test(wordsOf(o.review_comment_message))).length;
    const found = ask({ kind: 'verbatims', range, text, limit: 1000 });
    assert.equal(found.total, expected, `${text}: ${found.total}, expected ${expected}`);
    assert.equal(found.searched, 3584);
  }
  console.log(`stars ${total.value.toFixed(2)} of ${total.n} reviews; late ${late.value.toFixed(2)}, on time ${onTime.value.toFixed(2)}; words as counted apart`);
} finally {
  rmSync(data, { recursive: true, force: true });
}
