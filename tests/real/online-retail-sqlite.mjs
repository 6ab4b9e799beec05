// Recency, frequency, spending, cohorts and paths of the UCI Online Retail data, recomputed in SQLite:
//   node tests/real/online-retail-sqlite.mjs FOLDER
// FOLDER holds online-retail/online_retail.csv.gz.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { must, root } from '../support/firsthand.mjs';

const folder = process.argv[2];
if (!folder) {
  console.error('usage: node tests/real/online-retail-sqlite.mjs FOLDER');
  process.exit(2);
}
const work = mkdtempSync(join(tmpdir(), 'firsthand-retail-'));
const file = join(folder, 'online-retail/online_retail.csv.gz');
const data = join(work, 'data');
const table = join(work, 'retail.db');
const timezone = 'Europe/London';
const known = { trait: ['known', '=', true] };
const event = 'Order Line';
const year = { from: '2010-12-01', to: '2011-12-31' };

function sql(text) {
  const done = spawnSync('sqlite3', ['-json', table], { input: text, encoding: 'utf8', maxBuffer: 1 << 30 });
  if (done.status !== 0) throw new Error(`sqlite3: ${done.stderr}`);
  return done.stdout ? JSON.parse(done.stdout) : [];
}

function ask(question) {
  writeFileSync(join(work, 'question.json'), JSON.stringify(question));
  return JSON.parse(must(['query', join(work, 'question.json'), '--json', '--data', data]));
}

// The lines of known customers, in the order of their timelines: by time, then as in the file.
function fill() {
  const plain = join(work, 'retail.csv');
  writeFileSync(plain, gunzipSync(readFileSync(file)));
  sql(`.import --csv ${plain} raw
CREATE TABLE line AS SELECT rowid AS place, CustomerID AS customer, StockCode AS sku, InvoiceDate AS at,
  CAST(strftime('%s', InvoiceDate) AS INTEGER) AS s, substr(InvoiceDate, 1, 7) AS month,
  CAST(Quantity AS INTEGER) AS quantity, CAST(Quantity AS REAL) * CAST(UnitPrice AS REAL) AS revenue
  FROM raw WHERE CustomerID <> '';
CREATE INDEX line_customer ON line (customer, at, place);`);
}

const clock = new Intl.DateTimeFormat('sv-SE', { timeZone: timezone, dateStyle: 'short', timeStyle: 'medium' });
const local = (instant) => clock.format(new Date(instant));

// Everybody's first and last day and number of lines.
function recencyAndFrequency() {
  const ours = [];
  for (let cursor; ;) {
    const page = ask({ kind: 'customers', segment: known, sort: 'id', limit: 1000, ...(cursor ? { cursor } : {}) });
    ours.push(...page.customers.map((c) => ({ customer: c.id, first: local(c.first_seen), last: local(c.last_seen), lines: c.events })));
    cursor = page.cursor;
    if (!cursor) break;
  }
  assert.deepEqual(ours, sql(`SELECT customer, min(at) AS first, max(at) AS last, count(*) AS lines FROM line
    GROUP BY customer ORDER BY customer;`));
  for (const times of [1, 2, 10, 100, 1000]) {
    const { total } = ask({ kind: 'customers', segment: { all: [known, { did: { event }, times: ['>=', times] }] }, limit: 1 });
    const [{ n }] = sql(`SELECT count(*) AS n FROM (SELECT customer FROM line GROUP BY customer HAVING count(*) >= ${times});`);
    assert.equal(total, n, `${times} lines`);
  }
  const as_of = '2011-12-10T00:00:00Z';
  for (const days of [7, 30, 90]) {
    const { total } = ask({ kind: 'customers', as_of, segment: { all: [known, { not: { did: { event }, within: `${days}d` } }] }, limit: 1 });
    const [{ n }] = sql(`SELECT count(*) AS n FROM (SELECT customer FROM line GROUP BY customer
      HAVING max(s) < CAST(strftime('%s', '2011-12-10') AS INTEGER) - ${days} * 86400);`);
    assert.equal(total, n, `not in ${days} days`);
  }
  return ours.length;
}

function spending() {
  for (const amount of [0.5, 1000.5, 10000.5]) {
    const { total } = ask({ kind: 'customers', segment: { all: [known, { did: { event }, sum: 'revenue', times: ['>', amount] }] }, limit: 1 });
    const [{ n }] = sql(`SELECT count(*) AS n FROM (SELECT customer FROM line GROUP BY customer HAVING sum(revenue) > ${amount});`);
    assert.equal(total, n, `spent more than ${amount}`);
  }
}

// Every cohort of every month, whole.
function cohorts() {
  const bought = { event, where: [['quantity', '>', 0]] };
  const { cohorts: ours } = ask({
    kind: 'retention', start: bought, return: bought, interval: 'month', periods: 13, range: year, timezone, segment: known,
    as_of: '2012-02-01T00:00:00Z',
  });
  const rows = sql(`WITH bought AS (SELECT customer, month, CAST(substr(month, 1, 4) AS INTEGER) * 12 + CAST(substr(month, 6) AS INTEGER) AS n
      FROM line WHERE quantity > 0), first AS (SELECT customer, min(month) AS cohort, min(n) AS n FROM bought GROUP BY customer)
    SELECT cohort, bought.n - first.n AS period, count(DISTINCT customer) AS customers FROM first JOIN bought USING (customer)
    GROUP BY 1, 2 ORDER BY 1, 2;`);
  const expected = new Map(rows.map((row) => [`${row.cohort} ${row.period}`, row.customers]));
  let cells = 0;
  for (const { start, size, returned } of ours) {
    assert.equal(size, expected.get(`${start.slice(0, 7)} 0`) ?? 0, start);
    for (let n = 1; n < returned.length; n++) {
      if (returned[n] === null) continue;
      assert.equal(returned[n], expected.get(`${start.slice(0, 7)} ${n}`) ?? 0, `${start} ${n}`);
      cells++;
    }
  }
  return cells;
}

// What was bought next within half an hour, and after that.
function paths() {
  const limit = 200;
  const answer = ask({
    kind: 'paths', start: { event }, steps: 2, by: 'sku', gap: '30m', collapse: false, limit, segment: known, timezone,
    range: { from: '2011-11-01', to: '2011-11-30' }, as_of: '2012-02-01T00:00:00Z',
  });
  const walked = `walked AS (SELECT customer, sku AS a, month,
      CASE WHEN lead(s) OVER w - s <= 1800 THEN lead(sku) OVER w END AS b,
      CASE WHEN lead(s) OVER w - s <= 1800 AND lead(s, 2) OVER w - lead(s) OVER w <= 1800 THEN lead(sku, 2) OVER w END AS c
    FROM line WINDOW w AS (PARTITION BY customer ORDER BY at, place))`;
  const links = sql(`WITH ${walked}, link AS (
      SELECT 1 AS depth, a AS "from", b AS "to", customer FROM walked WHERE month = '2011-11' AND b IS NOT NULL
      UNION ALL SELECT 2, b, c, customer FROM walked WHERE month = '2011-11' AND c IS NOT NULL)
    SELECT depth, "from", "to", count(*) AS count, count(DISTINCT customer) AS customers FROM link GROUP BY 1, 2, 3
    ORDER BY count DESC, depth, "from", "to" LIMIT ${limit};`);
  assert.deepEqual(answer.links, links);
  const whole = sql(`WITH ${walked} SELECT a, b, c, count(*) AS count, count(DISTINCT customer) AS customers FROM walked
    WHERE month = '2011-11' GROUP BY 1, 2, 3 ORDER BY count DESC, a, b IS NOT NULL, b, c IS NOT NULL, c LIMIT ${limit};`);
  assert.deepEqual(answer.paths, whole.map(({ a, b, c, count, customers }) => (
    { events: [a, b, c].filter((each) => each !== null), count, customers })));
  return links.length + whole.length;
}

try {
  must(['import', file, '--map', join(root, 'examples/online-retail.json'), '--source', 'retail', '--data', data, '--quiet']);
  fill();
  console.log(`${recencyAndFrequency()} customers: recency and frequency as in SQLite`);
  spending();
  console.log('spending as in SQLite');
  console.log(`${cohorts()} cells of cohorts as in SQLite`);
  console.log(`${paths()} links and paths as in SQLite`);
} finally {
  rmSync(work, { recursive: true, force: true });
}
