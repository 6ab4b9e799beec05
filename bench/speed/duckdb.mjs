// DuckDB in a process of its own, on one file, its table sorted by customer and time.
//   node duckdb.mjs FILE BYTES     (run.mjs starts it)
import { PEER_MEMORY, peerPackage, serve } from './peer.mjs';
import { DAY, EDGES, T0, WEEKS } from './questions.mjs';

const { DuckDBInstance } = peerPackage('@duckdb/node-api');
const instance = await DuckDBInstance.create(process.argv[2], { threads: '2', memory_limit: `${PEER_MEMORY}B` });
const connection = await instance.connect();

const plain = (value) => (typeof value === 'bigint' ? Number(value) : value?.items ? value.items.map(plain) : value);
let path = 'main';
async function run({ sql, schema = 'main' }, within) {
  if (schema !== path) await connection.run(`SET search_path = '${path = schema}'`);
  const alarm = within && setTimeout(() => connection.interrupt(), within * 1000);
  try {
    const reader = await connection.runAndReadAll(sql);
    return reader.getRows().map((row) => row.map(plain));
  } finally {
    clearTimeout(alarm);
  }
}

const NAMES = ['event', 'country', 'plan', 'device', 'page'];
// Bytes by column, as far as blocks tell: a segment reaches to where the next one in its block begins, or to the block's end. What
// is in no segment is `rest`.
async function sizes() {
  const [[blocks, size]] = await run({ sql: 'SELECT used_blocks, block_size FROM pragma_database_size()' });
  const segments = `SELECT DISTINCT split_part(column_name, '.', 1) AS name, block_id, block_offset FROM pragma_storage_info('events') WHERE persistent AND block_id >= 0`;
  const columns = await run({ sql: `SELECT name, sum(bytes) AS bytes FROM (SELECT name, coalesce(lead(block_offset) OVER (PARTITION BY block_id ORDER BY block_offset), ${size}) - block_offset AS bytes FROM (${segments})) GROUP BY name ORDER BY 2 DESC` });
  const told = Object.fromEntries(columns.map(([name, bytes]) => [name, Number(bytes)]));
  return { ...told, rest: blocks * size - Object.values(told).reduce((a, b) => a + b, 0) };
}

async function load(files, { ids }) {
  await connection.run('DROP TABLE IF EXISTS events; DROP TABLE IF EXISTS raw;');
  const begin = performance.now();
  await connection.run(`CREATE TABLE raw AS SELECT * FROM read_csv([${files.map((file) => `'${file}'`).join(', ')}], header = true,
    columns = {'customer_id': 'UINTEGER', 'ts': 'BIGINT', 'event': 'VARCHAR', 'country': 'VARCHAR', 'plan': 'VARCHAR', 'device': 'VARCHAR', 'price': 'DOUBLE', 'page': 'VARCHAR'${ids ? ", 'message_id': 'UUID', 'received': 'BIGINT'" : ''}})`);
  const queryable = (performance.now() - begin) / 1000;
  for (const name of NAMES) {
    await connection.run(`DROP TYPE IF EXISTS ${name}_name; CREATE TYPE ${name}_name AS ENUM (SELECT DISTINCT ${name} FROM raw ORDER BY ${name})`);
  }
  await connection.run(`CREATE TABLE events AS SELECT customer_id AS customer, ts, CAST((ts - ${T0}) // ${DAY} AS USMALLINT) AS day, ${NAMES.map((name) => `${name}::${name}_name AS ${name}`).join(', ')}, price${ids ? ', message_id, epoch_ms(received) AS received' : ''} FROM raw ORDER BY customer, ts`);
  const merged = (performance.now() - begin) / 1000;
  await connection.run('DROP TABLE raw; CHECKPOINT;');
  return { duckdb: { queryable_s: queryable, merged_s: merged, bytes: await sizes() } };
}

// A schema of its own, whose table has the same name.
let sampled;
async function sample(every) {
  if (sampled === every) return;
  await connection.run(`CREATE SCHEMA IF NOT EXISTS sample; DROP TABLE IF EXISTS sample.events;
    CREATE TABLE sample.events AS SELECT * FROM main.events WHERE customer % ${every} = 1 ORDER BY customer, ts`);
  sampled = every;
}

const list = (names) => names.map((name) => `'${name}'`).join(', ');

// For each event of step 1 the chain of first events of the later steps, as t1, t2, ...: joined from the last step backwards.
function chainByJoins(steps, end) {
  const of = (k) => `SELECT customer, ts, device FROM events WHERE event = '${steps[k]}'${k === 0 ? ` AND ts < ${end}` : ''}`;
  let chain = `SELECT customer, ts AS t${steps.length} FROM (${of(steps.length - 1)})`;
  for (let k = steps.length - 2; k >= 0; k--) {
    const later = Array.from({ length: steps.length - 1 - k }, (_, i) => `n.t${k + 2 + i}`).join(', ');
    chain = `SELECT s.customer, s.ts AS t${k + 1}${k === 0 ? ', s.device' : ''}, ${later} FROM (${of(k)}) s ASOF LEFT JOIN (${chain}) n ON s.customer = n.customer AND s.ts < n.t${k + 2}`;
  }
  return chain;
}

// The same by window functions: each step adds the nearest later one, with what that one found.
function chainByWindows(steps, end) {
  let rows = `SELECT customer, ts, event, device FROM events WHERE event IN (${list(steps)})`;
  const frame = 'OVER (PARTITION BY customer ORDER BY ts ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING)';
  for (let k = steps.length - 1; k >= 1; k--) {
    const fields = ['ts', ...Array.from({ length: steps.length - 1 - k }, (_, i) => `t${k + 2 + i}`)];
    const columns = fields.map((field, i) => `first_value(CASE WHEN event = '${steps[k]}' THEN struct_pack(v := ${field}) END IGNORE NULLS) ${frame} AS w${k + 1 + i}`);
    const kept = fields.map((_, i) => `w${k + 1 + i}.v AS t${k + 1 + i}`);
    rows = `SELECT customer, ts, event, device, ${kept.join(', ')} FROM (SELECT *, ${columns.join(', ')} FROM (${rows}))`;
  }
  return `SELECT customer, ts AS t1, device, ${steps.slice(1).map((_, i) => `t${i + 2}`).join(', ')} FROM (${rows}) WHERE event = '${steps[0]}' AND ts < ${end}`;
}

function funnelSql({ steps, windowMs, kind }, chain) {
  // A step within the window has all the steps before it within it; no step found is null, which counts as beyond.
  const level = `1 + ${steps.slice(1).map((_, i) => `CASE WHEN t${i + 2} - t1 <= ${windowMs} THEN 1 ELSE 0 END`).join(' + ')}`;
  const sums = steps.map((_, i) => `count(*) FILTER (l >= ${i + 1})`).join(', ');
  if (kind === 'funnel') return `SELECT ${sums} FROM (SELECT max(${level}) AS l FROM (${chain}) GROUP BY customer)`;
  return `SELECT device, ${sums} FROM (SELECT arg_max(device, l * 10000000000000000 - t1) AS device, max(l) AS l FROM (SELECT customer, t1, device, ${level} AS l FROM (${chain})) GROUP BY customer) GROUP BY device`;
}

function retentionSql() {
  const end = T0 + 7 * WEEKS * DAY;
  return `WITH starts AS (SELECT customer, min(ts) AS f, (min(ts) - ${T0}) // ${7 * DAY} AS cohort FROM events WHERE event = 'purchase' AND ts < ${end} GROUP BY customer),
    weeks AS (SELECT customer, day // 7 AS week, max(ts) AS latest FROM events WHERE day < ${7 * (2 * WEEKS - 1)} GROUP BY customer, week)
    SELECT cohort, week - cohort AS k, count(*) FROM starts JOIN weeks USING (customer) WHERE week >= cohort AND week < cohort + ${WEEKS} AND (week > cohort OR latest > f) GROUP BY cohort, k
    UNION ALL SELECT cohort, -1, count(*) FROM starts GROUP BY cohort`;
}

function pathsForms(end) {
  const pauses = 1800000;
  const form = (name, over, same) => {
    const next = [1, 2, 3].map((n) => `lead(event, ${n}) ${over} AS e${n}, lead(ts, ${n}) ${over} AS t${n}${same ? `, lead(customer, ${n}) ${over} AS c${n}` : ''}`);
    const near = (n) => `coalesce(t${n} - ${n === 1 ? 'ts' : `t${n - 1}`} <= ${pauses}${same ? ` AND c${n} = customer` : ''}, false)`;
    return {
      name,
      sql: `SELECT a, b, c, count(*) AS n, count(DISTINCT customer) FROM (
        SELECT customer, CASE WHEN is1 THEN e1::VARCHAR ELSE '' END AS a, CASE WHEN is1 AND is2 THEN e2::VARCHAR ELSE '' END AS b, CASE WHEN is1 AND is2 AND is3 THEN e3::VARCHAR ELSE '' END AS c
        FROM (SELECT *, ${[1, 2, 3].map((n) => `${near(n)} AS is${n}`).join(', ')} FROM (SELECT customer, event, ts, ${next.join(', ')} FROM events) WHERE event = 'add_to_cart' AND ts < ${end}))
        GROUP BY a, b, c ORDER BY n DESC, a, b, c LIMIT 50`,
    };
  };
  // The second leans on the order of the table, which SQL does not promise.
  return [form('windows by customer', 'OVER (PARTITION BY customer ORDER BY ts)', false), form('lead() over the order of the table', 'OVER ()', true)];
}

function betweenForms(end) {
  const steps = ['add_to_cart', 'purchase'];
  const bins = EDGES.map((edge, i) => `count(*) FILTER (gap >= ${edge}${i + 1 < EDGES.length ? ` AND gap < ${EDGES[i + 1]}` : ''})`);
  const sql = (chain) => `SELECT count(*), count(DISTINCT customer), ${[0.5, 0.75, 0.9, 0.99].map((p) => `quantile_disc(gap, ${p})`).join(', ')}, ${bins.join(', ')}
    FROM (SELECT customer, t2 - t1 AS gap FROM (${chain})) WHERE gap <= ${7 * DAY}`;
  return [{ name: 'ASOF join', sql: sql(chainByJoins(steps, end)) }, { name: 'windows', sql: sql(chainByWindows(steps, end)) }];
}

function formsOf(question, { days, pick }, n) {
  const end = T0 + days * DAY;
  const inRange = `event = '${question.event}' AND day < ${days}`;
  switch (question.kind) {
    case 'count': return [{ name: 'group by', sql: `SELECT day, count(*) FROM events WHERE ${inRange} GROUP BY day` }];
    case 'customers':
      return [
        { name: 'grouping sets', sql: `SELECT day, count(DISTINCT customer) FROM events WHERE ${inRange} GROUP BY GROUPING SETS ((day), ())` },
        { name: 'distinct first', sql: `WITH d AS MATERIALIZED (SELECT DISTINCT day, customer FROM events WHERE ${inRange}) SELECT day, count(*) FROM d GROUP BY day UNION ALL SELECT NULL, count(DISTINCT customer) FROM d` },
        { name: 'changes in the order of the table', sql: `WITH d AS MATERIALIZED (SELECT day, customer, lag(customer) OVER () IS DISTINCT FROM customer AS first, first OR lag(day) OVER () <> day AS changed FROM events WHERE ${inRange}) SELECT day, count(*) FROM d WHERE changed GROUP BY day UNION ALL SELECT NULL, count(*) FROM d WHERE first` },
      ];
    case 'breakdown':
      return [{
        name: 'group by',
        sql: `SELECT CASE WHEN r <= 10 THEN country ELSE '(other)' END AS g, day, sum(n), min(r) FROM (
          SELECT country, day, n, dense_rank() OVER (ORDER BY total DESC, country) AS r FROM (
            SELECT country::VARCHAR AS country, day, n, sum(n) OVER (PARTITION BY country) AS total FROM (
              SELECT country, day, count(*) AS n FROM events WHERE ${inRange} AND plan = 'pro' GROUP BY country, day)))
          GROUP BY g, day`,
      }];
    case 'funnel': case 'devices':
      return [{ name: 'ASOF joins', sql: funnelSql(question, chainByJoins(question.steps, end)) },
        ...(question.steps.length === 3 ? [{ name: 'windows', sql: funnelSql(question, chainByWindows(question.steps, end)) }] : [])];
    case 'retention': return [{ name: 'weeks joined to starts', sql: retentionSql() }];
    case 'paths': return pathsForms(end);
    case 'timeline': return [{ name: 'where', sql: `SELECT ts, event, country, plan, device, price, page FROM events WHERE customer = ${pick(n)} ORDER BY ts` }];
    case 'segment':
      return [{
        name: 'having',
        sql: `SELECT count(*) FROM (SELECT customer FROM events WHERE event IN ('add_to_cart', 'purchase') AND ts >= ${end - 30 * DAY} AND ts <= ${end} GROUP BY customer
          HAVING count(*) FILTER (event = 'add_to_cart') >= 3 AND count(*) FILTER (event = 'purchase' AND ts >= ${end - 14 * DAY}) = 0)`,
      }];
    case 'time_between': return betweenForms(end);
    default: throw new Error(`no SQL for ${question.kind}`);
  }
}

const forms = (question, world, n) => formsOf(question, world, n).map((form) => ({ ...form, schema: world.sampled ? 'sample,main' : 'main' }));

serve({ load, sample, forms, run });
