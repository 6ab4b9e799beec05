// ClickHouse in a process of its own, as two tables on disk: A in the order of customers, P in that of events and days. Where sizes are
// asked for (ids) there is a third, Z: A with all of its columns in ZSTD, which takes less room and more time.
//   node clickhouse.mjs DIRECTORY BYTES     (run.mjs starts it)
import { PEER_MEMORY, peerPackage, serve } from './peer.mjs';
import { DAY, EDGES, STEPS, T0, WEEKS } from './questions.mjs';

const { Session } = peerPackage('chdb');
const session = new Session(process.argv[2]);
const BASE = `max_threads = 2, max_insert_threads = 2, optimize_use_projections = 0, output_format_json_quote_64bit_integers = 0, max_memory_usage = ${PEER_MEMORY}`;

function run({ sql, settings }, within) {
  const text = session.query(`${sql} SETTINGS ${BASE}${settings ? `, ${settings}` : ''}${within ? `, max_execution_time = ${within}` : ''}`, 'JSONCompactEachRow');
  return text.split('\n').filter((line) => line !== '').map((line) => JSON.parse(line));
}

const columns = `customer UInt32, ts DateTime64(3, 'UTC') CODEC(Delta, LZ4), day Date, event LowCardinality(String),
  country LowCardinality(String), plan LowCardinality(String), device LowCardinality(String), price Nullable(Float64),
  page LowCardinality(String)`;
// Names are read as plain text and become codes on insertion: six times as fast as reading them as codes.
const inFile = 'customer_id UInt32, ts Int64, event String, country String, plan String, device String, price Nullable(Float64), page String';
// What is stored besides where events have message ids.
const IDS = { columns: ", message_id UUID, received DateTime64(3, 'UTC')", inFile: ', message_id UUID, received Int64', read: ", message_id, fromUnixTimestamp64Milli(received, 'UTC')" };
const NO_IDS = { columns: '', inFile: '', read: '' };

function seconds(work) {
  const begin = performance.now();
  work();
  return (performance.now() - begin) / 1000;
}

function sizes(table) {
  const rows = run({ sql: `SELECT column, sum(column_data_compressed_bytes + column_marks_bytes) FROM system.parts_columns WHERE database = 'speed' AND table = '${table}' AND active GROUP BY column ORDER BY 2 DESC` });
  return Object.fromEntries(rows);
}

// Each column in a file of its own, of few events too: else nothing tells how many bytes it takes.
const WIDE = 'SETTINGS min_bytes_for_wide_part = 0, min_rows_for_wide_part = 0';
const ZSTD = 'CODEC(ZSTD(1))';
const inZstd = (definitions) => definitions.split(/,(?![^(]*\))/).map((one) => (one.includes('CODEC') ? one.replace('LZ4', 'ZSTD(1)') : `${one} ${ZSTD}`)).join(',');
const tables = (more) => ({
  a: `(${columns}${more.columns}) ENGINE = MergeTree ORDER BY (customer, ts) ${WIDE}`,
  p: `(${columns}${more.columns}, PROJECTION counts (SELECT event, day, count() GROUP BY event, day)) ENGINE = MergeTree ORDER BY (event, day, customer) ${WIDE}`,
  ...(more === IDS ? { z: `(${inZstd(columns + more.columns)}) ENGINE = MergeTree ORDER BY (customer, ts) ${WIDE}` } : {}),
});

function create(database, definitions) {
  session.query(`CREATE DATABASE IF NOT EXISTS ${database}`);
  for (const [table, definition] of Object.entries(definitions)) {
    session.query(`DROP TABLE IF EXISTS ${database}.${table} SYNC`);
    session.query(`CREATE TABLE ${database}.${table} ${definition}`);
  }
}

function load(files, { ids }) {
  const more = ids ? IDS : NO_IDS;
  const insert = (file) => run({
    sql: `INSERT INTO speed.a SELECT customer_id, fromUnixTimestamp64Milli(ts, 'UTC') AS at, toDate(at), event, country, plan, device, price, page${more.read} FROM file('${file}', 'CSVWithNames', '${inFile}${more.inFile}')`,
  });
  create('speed', tables(more));
  const queryable = seconds(() => files.forEach(insert));
  const merged = seconds(() => session.query('OPTIMIZE TABLE speed.a FINAL'));
  const copy = (table) => {
    const copied = queryable + seconds(() => run({ sql: `INSERT INTO speed.${table} SELECT * FROM speed.a` }));
    return { queryable_s: copied, merged_s: copied + seconds(() => session.query(`OPTIMIZE TABLE speed.${table} FINAL`)), bytes: sizes(table) };
  };
  return {
    'clickhouse-a': { queryable_s: queryable, merged_s: queryable + merged, bytes: sizes('a') },
    'clickhouse-p': copy('p'),
    ...(ids ? { 'clickhouse-z': copy('z') } : {}),
  };
}

let sampled;
function sample(every) {
  if (sampled === every) return;
  // As those are that were loaded, be it by an earlier run.
  const loaded = run({ sql: "SELECT name FROM system.tables WHERE database = 'speed'" }).map(([name]) => name);
  create('sample', Object.fromEntries(loaded.map((name) => [name, `AS speed.${name}`])));
  for (const table of loaded) {
    run({ sql: `INSERT INTO sample.${table} SELECT * FROM speed.a WHERE customer % ${every} = 1` });
    session.query(`OPTIMIZE TABLE sample.${table} FINAL`);
  }
  sampled = every;
}

const ms = 'toUnixTimestamp64Milli(ts)';
const list = (names) => names.map((name) => `'${name}'`).join(', ');
const HASH = { name: 'hash', settings: '' };
const IN_ORDER = { name: 'in order', settings: 'optimize_aggregation_in_order = 1' };
const both = (forms) => forms.flatMap(({ name, sql }) => [HASH, IN_ORDER].map((way) => ({ name: `${name}, ${way.name}`, sql, settings: way.settings })));

// For each entry (`first`, ms and device) the first second step after it, and the first third step after that one.
function devicesSql(table, { steps, windowMs }, end) {
  const level = (t, c, p, valid2, valid3) => `1 + (${valid2} AND ${c} - ${t} <= ${windowMs}) + (${valid2} AND ${valid3} AND ${p} - ${t} <= ${windowMs})`;
  const outer = (inner) => `SELECT best, count(), countIf(level >= 2), countIf(level >= 3) FROM (${inner}) GROUP BY best`;
  const rows = `SELECT customer, ${ms} AS t, indexOf([${list(steps)}], toString(event)) AS step, device FROM ${table} WHERE event IN (${list(steps)})`;
  const window = 'OVER (PARTITION BY customer ORDER BY t DESC ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)';
  const windows = `SELECT argMax(device, (l, -t)) AS best, max(l) AS level FROM (
    SELECT customer, t, device, ${level('t', 'c.1', 'c.2', 'c.1 > 0', 'c.2 > 0')} AS l FROM (
      SELECT customer, t, step, device, argMin((t, p), if(step = 2, t, 9000000000000000000)) ${window} AS any_c, if(any_c.1 > 0 AND has2, any_c, (0, 0)) AS c FROM (
        SELECT customer, t, step, device, max(step = 2) ${window} AS has2, minIf(t, step = 3) ${window} AS p FROM (${rows})))
    WHERE step = 1 AND t < ${end}) GROUP BY customer`;
  const arrays = `SELECT argMax(x.3, (x.2, -x.1)) AS best, max(x.2) AS level FROM (
    SELECT customer, arraySort(groupArray((t, step, device))) AS s, s.1 AS ts_, s.2 AS steps_,
      arrayReverseFill((x, e) -> e = 3, ts_, steps_) AS p, arrayReverseFill(e -> e = 3, steps_) AS pe,
      arrayReverseFill((x, e) -> e = 2, ts_, steps_) AS c, arrayReverseFill(e -> e = 2, steps_) AS ce,
      arrayReverseFill((x, e) -> e = 2, p, steps_) AS cp, arrayReverseFill((x, e) -> e = 2, pe, steps_) AS cpe,
      arrayFilter((x, e) -> e = 1 AND x.1 < ${end}, arrayMap((t, c, ce, p, pe, d) -> (t, ${level('t', 'c', 'p', 'ce = 2', 'pe = 3')}, d), ts_, c, ce, cp, cpe, s.3), steps_) AS entries
    FROM (${rows}) GROUP BY customer) ARRAY JOIN entries AS x GROUP BY customer`;
  const joins = `SELECT argMax(device, (l, -t)) AS best, max(l) AS level FROM (
    SELECT e.customer AS customer, e.t AS t, e.device AS device, ${level('e.t', 'n.t', 'n.p', 'n.t > 0', 'n.p > 0')} AS l FROM
      (SELECT * FROM (${rows}) WHERE step = 1 AND t < ${end}) AS e ASOF LEFT JOIN
      (SELECT c.customer AS customer, c.t AS t, q.t AS p FROM (SELECT * FROM (${rows}) WHERE step = 2) AS c
        ASOF LEFT JOIN (SELECT * FROM (${rows}) WHERE step = 3) AS q ON c.customer = q.customer AND c.t < q.t) AS n
      ON e.customer = n.customer AND e.t < n.t) GROUP BY customer`;
  return [...both([{ name: 'arrays', sql: outer(arrays) }]), { name: 'two ASOF joins', sql: outer(joins) }, { name: 'windows', sql: outer(windows) }];
}

function retentionSql(table) {
  const end = T0 + 7 * WEEKS * DAY;
  const monday = new Date(T0).toISOString().slice(0, 10);
  const weeks = `SELECT customer, intDiv(day - toDate('${monday}'), 7) AS week, max(${ms}) AS latest, minIf(${ms}, event = 'purchase' AND ${ms} < ${end}) AS f, countIf(event = 'purchase' AND ${ms} < ${end}) AS n
    FROM ${table} WHERE day < toDate('${monday}') + ${7 * (2 * WEEKS - 1)} GROUP BY customer, week`;
  const customers = `SELECT minIf(f, n > 0) AS start, intDiv(start - ${T0}, ${7 * DAY}) AS cohort,
      arrayConcat([toInt64(-1)], arrayMap(x -> toInt64(x.1 - cohort), arrayFilter(x -> x.1 >= cohort AND x.1 < cohort + ${WEEKS} AND (x.1 > cohort OR x.2 > start), groupArray((week, latest))))) AS ks
    FROM (${weeks}) GROUP BY customer HAVING sum(n) > 0`;
  return `SELECT cohort, k, count() FROM (${customers}) ARRAY JOIN ks AS k GROUP BY cohort, k`;
}

function pathsSql(table, end) {
  const frame = 'OVER (PARTITION BY customer ORDER BY ts ROWS BETWEEN CURRENT ROW AND 3 FOLLOWING)';
  const next = [1, 2, 3].map((n) => `leadInFrame(event, ${n}) ${frame} AS e${n}, leadInFrame(${ms}, ${n}, toInt64(9000000000000000)) ${frame} AS t${n}`);
  const near = (n) => `t${n} - ${n === 1 ? 't0' : `t${n - 1}`} <= 1800000`;
  return `SELECT a, b, c, count() AS n, uniqExact(customer) FROM (
    SELECT customer, ${near(1)} AS is1, is1 AND ${near(2)} AS is2, is2 AND ${near(3)} AS is3,
      if(is1, toString(e1), '') AS a, if(is2, toString(e2), '') AS b, if(is3, toString(e3), '') AS c
    FROM (SELECT customer, event, ${ms} AS t0, ${next.join(', ')} FROM ${table}) WHERE event = 'add_to_cart' AND t0 < ${end})
    GROUP BY a, b, c ORDER BY n DESC, a, b, c LIMIT 50`;
}

function betweenSql(table, end) {
  const summary = (pairs) => `SELECT count(), uniqExact(customer), arraySort(groupArray(gap)) AS s,
    ${[50, 75, 90, 99].map((p) => `s[toUInt64(intDiv(count() * ${p} + 99, 100))]`).join(', ')},
    [${EDGES.map((edge, i) => `countIf(gap >= ${edge}${i + 1 < EDGES.length ? ` AND gap < ${EDGES[i + 1]}` : ''})`).join(', ')}]
    FROM (${pairs}) WHERE gap <= ${7 * DAY}`;
  const trimmed = (pairs) => summary(pairs).replace('SELECT count(), uniqExact(customer), arraySort(groupArray(gap)) AS s,', 'WITH arraySort(groupArray(gap)) AS s SELECT count(), uniqExact(customer),');
  const rows = `SELECT customer, ${ms} AS t, event = 'purchase' AS is FROM ${table} WHERE event IN ('add_to_cart', 'purchase')`;
  const windows = `SELECT customer, p - t AS gap FROM (SELECT customer, t, is, minIf(t, is) OVER (PARTITION BY customer ORDER BY t DESC ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS p FROM (${rows})) WHERE NOT is AND p > 0 AND t < ${end}`;
  const arrays = `SELECT customer, x.1 AS gap FROM (
    SELECT customer, arraySort(groupArray((t, is))) AS s, arrayFilter(x -> x.2, arrayMap((t, e, p, pe) -> (p - t, NOT e AND pe AND t < ${end}), s.1, s.2, arrayReverseFill((x, e) -> e, s.1, s.2), arrayReverseFill(e -> e, s.2))) AS gaps
    FROM (${rows}) GROUP BY customer) ARRAY JOIN gaps AS x`;
  const joins = `SELECT c.customer AS customer, q.t - c.t AS gap FROM (SELECT * FROM (${rows}) WHERE NOT is AND t < ${end}) AS c ASOF JOIN (SELECT * FROM (${rows}) WHERE is) AS q ON c.customer = q.customer AND c.t < q.t`;
  return [...both([{ name: 'arrays', sql: trimmed(arrays) }]), { name: 'ASOF join', sql: trimmed(joins) }, { name: 'windows', sql: trimmed(windows) }];
}

function forms(question, { days, table: name, projection, pick, sampled: few }, n) {
  const table = `${few ? 'sample' : 'speed'}.${name}`;
  const end = T0 + days * DAY;
  const day = (at) => `toDate('${new Date(at).toISOString().slice(0, 10)}')`;
  const inRange = `event = '${question.event}' AND day >= ${day(T0)} AND day < ${day(end)}`;
  switch (question.kind) {
    case 'count':
      return [{ name: 'group by', sql: `SELECT day, count() FROM ${table} WHERE ${inRange} GROUP BY day`, settings: projection ? 'optimize_use_projections = 1' : '' }];
    case 'customers':
      return ['uniqExact', 'groupBitmap'].map((how) => ({ name: how, sql: `SELECT if(grouping(day) = 0, toString(day), ''), ${how}(customer) FROM ${table} WHERE ${inRange} GROUP BY GROUPING SETS ((day), ())` }))
        .concat(['uniqExact', 'groupBitmap'].map((how) => ({ name: `${how} of states`, sql: `WITH d AS (SELECT day, ${how}State(customer) AS s FROM ${table} WHERE ${inRange} GROUP BY day) SELECT toString(day), ${how}Merge(s) FROM d GROUP BY day UNION ALL SELECT '', ${how}(customer) FROM ${table} WHERE ${inRange}` })));
    case 'breakdown':
      return [{
        name: 'group by',
        sql: `SELECT if(r <= 10, country, '(other)') AS g, day, sum(n), min(r) FROM (
          SELECT country, day, n, dense_rank() OVER (ORDER BY total DESC, country) AS r FROM (
            SELECT toString(country) AS country, day, count() AS n, sum(n) OVER (PARTITION BY country) AS total FROM ${table} WHERE ${inRange} AND plan = 'pro' GROUP BY country, day))
          GROUP BY g, day`,
      }];
    case 'funnel': {
      const steps = question.steps.map((step, i) => `event = '${step}'${i === 0 ? ` AND ${ms} < ${end}` : ''}`);
      const levels = `SELECT windowFunnel(${question.windowMs})(toUInt64(${ms}), ${steps.join(', ')}) AS l FROM ${table} WHERE event IN (${list(question.steps)}) GROUP BY customer`;
      return both([{ name: 'windowFunnel', sql: `SELECT ${steps.map((_, i) => `countIf(l >= ${i + 1})`).join(', ')} FROM (${levels})` }]);
    }
    case 'devices': return devicesSql(table, { ...question, steps: STEPS }, end);
    case 'retention': return both([{ name: 'weeks, then customers', sql: retentionSql(table) }]);
    case 'paths': return [{ name: 'windows', sql: pathsSql(table, end) }];
    case 'timeline':
      return [{ name: 'where', sql: `SELECT ${ms}, event, country, plan, device, price, page FROM ${table} WHERE customer = ${pick(n)} ORDER BY ts` }];
    case 'segment': {
      const since = (d) => `${ms} >= ${end - d * DAY}`;
      const sql = `SELECT count() FROM (SELECT customer FROM ${table} WHERE event IN ('add_to_cart', 'purchase') AND day >= ${day(end - 30 * DAY)} AND day <= ${day(end)} AND ${since(30)} AND ${ms} <= ${end} GROUP BY customer
        HAVING countIf(event = 'add_to_cart') >= 3 AND countIf(event = 'purchase' AND ${since(14)}) = 0)`;
      return both([{ name: 'having', sql }]);
    }
    case 'time_between': return betweenSql(table, end);
    default: throw new Error(`no SQL for ${question.kind}`);
  }
}

serve({ load, sample, forms, run });
