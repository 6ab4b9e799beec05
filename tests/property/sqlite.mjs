// A third opinion: the questions that SQL can say, asked of SQLite over the same events.
import { spawnSync } from 'node:child_process';
import { isBookkeeping } from './reference/intake.mjs';
import { DAY, formatDate } from './reference/time.mjs';

const quote = (value) => {
  if (value === null || value === undefined) return 'NULL';
  return typeof value === 'string' ? `'${value.replaceAll("'", "''")}'` : String(value);
};

// One row for each event; `place` is its place in the order of its customer's timeline.
function fill(world) {
  const rows = world.customers.flatMap((customer) => customer.events.map((e) => `(${[
    quote(customer.id), e.arrival, e.ts, quote(e.event), isBookkeeping(e.event) ? 0 : 1, quote(e.channel),
    quote(e.properties.get('qty')?.[0]), quote(e.source), quote(e.text), quote(e.score), quote(e.scale),
  ].join(',')})`));
  const table = `CREATE TABLE arrived (customer TEXT, arrival INTEGER, ts INTEGER, event TEXT, own INTEGER,
    channel TEXT, qty INTEGER, source TEXT, text TEXT, score INTEGER, scale TEXT);`;
  const place = `CREATE TABLE events AS SELECT *, row_number() OVER (PARTITION BY customer ORDER BY ts, arrival) AS place,
    date(CAST(floor(ts / 86400000.0) * 86400 AS INTEGER), 'unixepoch') AS day FROM arrived;`;
  return rows.length === 0 ? table + place : `${table} INSERT INTO arrived VALUES ${rows.join(',\n')};${place}`;
}

// A matcher without conditions but on channel, qty and source.
function matching({ event, where = [] }, e = 'e') {
  const named = event === '*' ? `${e}.own = 1` : `${e}.event = ${quote(event)}`;
  const operators = { '=': '=', '>': '>', '>=': '>=', '<': '<', '<=': '<=' };
  const conditions = where.map(([name, operator, operand]) => {
    if (operator === 'set') return `${e}.${name} IS NOT NULL`;
    if (operator === '!=') return `(${e}.${name} IS NULL OR ${e}.${name} <> ${quote(operand)})`;
    return `${e}.${name} ${operators[operator]} ${quote(operand)}`;
  });
  return `(${[named, ...conditions].join(' AND ')})`;
}

const UNITS = { h: 3600000, d: DAY, m: 60000 };
const durationMs = (text) => Number(text.slice(0, -1)) * UNITS[text.at(-1)];

const within = ({ from, to }, e = 'e') => `${e}.day >= ${quote(from)} AND ${e}.day <= ${quote(to)}`;

const MEASURES = { count: 'count(*)', customers: 'count(DISTINCT e.customer)', 'sum:qty': 'coalesce(sum(e.qty), 0)' };

function trendSql({ series: [series], range }) {
  const measure = MEASURES[series.measure ?? 'count'];
  const from = `FROM events e WHERE ${matching(series)} AND ${within(range)}`;
  return `SELECT e.day AS day, ${measure} AS value ${from} GROUP BY e.day
    UNION ALL SELECT 'total', ${measure} ${from} ORDER BY day;`;
}

function daysOf({ from, to }) {
  const days = [];
  for (let at = Date.parse(from); at <= Date.parse(to); at += DAY) days.push(formatDate(at));
  return days;
}

function trendAnswer(rows, { series: [series], range }) {
  const values = new Map(rows.map((row) => [row.day, row.value]));
  const intervals = daysOf(range);
  return {
    intervals,
    series: [{
      series: 0, label: series.event, group: null, values: intervals.map((d) => values.get(d) ?? 0),
      total: values.get('total') ?? 0,
    }],
  };
}

// Each entry with the place at which it reached each step; the best level of each customer.
function funnelSql({ steps, window, range }) {
  const ms = durationMs(window);
  const tables = [`s1 AS (SELECT e.customer, e.place AS entry, e.ts AS began, e.place AS at FROM events e
    WHERE ${matching(steps[0])} AND ${within(range)})`];
  for (let k = 2; k <= steps.length; k++) {
    tables.push(`s${k} AS (SELECT s.customer, s.entry, s.began, min(e.place) AS at FROM s${k - 1} s JOIN events e
      ON e.customer = s.customer AND e.place > s.at AND e.ts <= s.began + ${ms} AND ${matching(steps[k - 1])}
      GROUP BY s.customer, s.entry, s.began)`);
  }
  const counts = steps.map((_, i) => `(SELECT count(DISTINCT customer) FROM s${i + 1}) AS n${i + 1}`);
  return `WITH ${tables.join(', ')} SELECT ${counts.join(', ')};`;
}

// Weeks begin on Mondays: the number of the week since 1970, which began on a Thursday.
const WEEK = (ts) => `CAST(floor((${ts} + 259200000) / 604800000.0) AS INTEGER)`;

function retentionSql({ start, return: back, periods, range }) {
  const counts = Array.from({ length: Number(periods) }, (_, n) => `(SELECT count(*) FROM firsts f WHERE f.week = c.week
    AND EXISTS (SELECT 1 FROM events e WHERE e.customer = f.customer AND e.place > f.place AND ${matching(back)}
    AND ${WEEK('e.ts')} = f.week + ${n})) AS r${n}`);
  return `WITH firsts AS (SELECT e.customer, min(e.place) AS place, min(${WEEK('e.ts')}) AS week FROM events e
    WHERE ${matching(start)} AND ${within(range)} GROUP BY e.customer),
    c AS (SELECT DISTINCT week FROM firsts)
    SELECT date(c.week * 604800 - 259200, 'unixepoch') AS start,
    (SELECT count(*) FROM firsts f WHERE f.week = c.week) AS size, ${counts.join(', ')} FROM c ORDER BY start;`;
}

// Only counts: distributions by day.
function scoreSql({ metric, where, range }) {
  return `SELECT e.day AS day, e.score AS level, count(*) AS count FROM events e
    WHERE ${matching({ event: '*', where })} AND ${within(range)} AND e.scale = ${quote(metric)} GROUP BY e.day, e.score;`;
}

function scoreAnswer(rows, { metric, range }) {
  const [low, high] = { nps: [0, 10], ces: [1, 7] }[metric] ?? [1, 5];
  const levels = (own) => Object.fromEntries(Array.from({ length: high - low + 1 }, (_, i) => (
    [String(low + i), own.filter((r) => r.level === low + i).reduce((sum, r) => sum + r.count, 0)])));
  return { days: daysOf(range).map((day) => levels(rows.filter((r) => r.day === day))), total: levels(rows) };
}

function verbatimsSql({ where, range, sort, limit }) {
  const order = { '-ts': 'ts DESC, arrival DESC', ts: 'ts, arrival', '-score': 'score IS NULL, score DESC, ts DESC, arrival DESC' }[sort];
  return `SELECT count(*) OVER () AS total, arrival + 1 AS id, customer, text FROM events e
    WHERE ${matching({ event: '*', where })} AND ${within(range)} AND text <> '' ORDER BY ${order} LIMIT ${limit};`;
}

const activeDays = (question, range) => (
  `SELECT DISTINCT e.customer, e.day FROM events e WHERE ${matching({ event: '*', ...question })} AND ${within(range)}`);

// By self-joins on the day before: who is there in both, in one of them, and for the first time.
function lifecycleSql({ range, ...question }) {
  const yesterday = { from: formatDate(Date.parse(range.from) - DAY), to: range.to };
  return `WITH active AS (${activeDays(question, yesterday)}),
    firsts AS (SELECT e.customer, min(e.day) AS day FROM events e WHERE ${matching({ event: '*', ...question })} GROUP BY e.customer),
    here AS (SELECT a.day, p.customer IS NOT NULL AS before, f.day = a.day AS first FROM active a
      JOIN firsts f ON f.customer = a.customer
      LEFT JOIN active p ON p.customer = a.customer AND p.day = date(a.day, '-1 day') WHERE a.day >= ${quote(range.from)}),
    gone AS (SELECT date(a.day, '+1 day') AS day FROM active a LEFT JOIN active n
      ON n.customer = a.customer AND n.day = date(a.day, '+1 day') WHERE n.customer IS NULL AND a.day < ${quote(range.to)})
    SELECT day, CASE WHEN first THEN 'new' WHEN before THEN 'returning' ELSE 'resurrected' END AS state, count(*) AS n
      FROM here GROUP BY 1, 2 UNION ALL SELECT day, 'dormant', count(*) FROM gone GROUP BY day;`;
}

function lifecycleAnswer(rows, { range }) {
  const intervals = daysOf(range);
  const line = (state) => intervals.map((day) => rows.find((r) => r.day === day && r.state === state)?.n ?? 0);
  return {
    intervals, new: line('new'), returning: line('returning'), resurrected: line('resurrected'), dormant: line('dormant'),
  };
}

const stickinessSql = ({ range, ...question }) => `SELECT days, count(*) AS n FROM (
  SELECT customer, count(*) AS days FROM (${activeDays(question, range)}) GROUP BY customer) GROUP BY days;`;

const stickinessAnswer = (rows, { range }) => ({
  counts: daysOf(range).map((_, i) => ({ intervals: i + 1, customers: rows.find((r) => r.days === i + 1)?.n ?? 0 })),
});

// The first place after it, and then the time of that place.
function timeBetweenSql({ from, to, window, range }) {
  return `WITH begun AS (SELECT e.customer, e.place, e.ts, (SELECT min(n.place) FROM events n
      WHERE n.customer = e.customer AND n.place > e.place AND ${matching(to, 'n')}) AS next
    FROM events e WHERE ${matching(from)} AND ${within(range)}),
    pairs AS (SELECT b.customer, n.ts - b.ts AS ms FROM begun b JOIN events n ON n.customer = b.customer AND n.place = b.next
      WHERE n.ts - b.ts <= ${window === undefined ? 1e15 : durationMs(window)})
    SELECT ms, count(*) AS n, (SELECT count(DISTINCT customer) FROM pairs) AS customers FROM pairs GROUP BY ms ORDER BY ms;`;
}

function timeBetweenAnswer(rows) {
  const times = rows.flatMap(({ ms, n }) => Array.from({ length: n }, () => ms));
  const rank = (share) => (times.length === 0 ? null : times[Math.ceil(times.length * share) - 1]);
  return { count: times.length, customers: rows[0]?.customers ?? 0, p50: rank(0.5), p75: rank(0.75), p90: rank(0.9), p99: rank(0.99) };
}

const KINDS = {
  lifecycle: { sql: lifecycleSql, answer: lifecycleAnswer },
  stickiness: { sql: stickinessSql, answer: stickinessAnswer },
  time_between: { sql: timeBetweenSql, answer: timeBetweenAnswer },
  score: { sql: scoreSql, answer: scoreAnswer },
  verbatims: {
    sql: verbatimsSql,
    answer: (rows) => ({
      total: rows[0]?.total ?? 0,
      verbatims: rows.map(({ id, customer, text }) => ({ id: String(id), customer, text })),
    }),
  },
  trend: { sql: trendSql, answer: trendAnswer },
  funnel: { sql: funnelSql, answer: ([row], { steps }) => ({ counts: steps.map((_, i) => row[`n${i + 1}`]) }) },
  retention: {
    sql: retentionSql,
    answer: (rows, { periods }) => ({
      cohorts: rows.map((row) => (
        { start: row.start, size: row.size, returned: Array.from({ length: Number(periods) }, (_, n) => row[`r${n}`]) })),
    }),
  },
};

// The same shape, from an answer of the server: retention without its empty cohorts.
export function comparable(question, answer) {
  if (question.kind === 'score') {
    const [{ values, total }] = answer.series;
    return { days: values.map((v) => v.distribution), total: total.distribution };
  }
  if (question.kind === 'verbatims') {
    return { total: answer.total, verbatims: answer.verbatims.map(({ id, customer, text }) => ({ id, customer, text })) };
  }
  if (question.kind === 'lifecycle') {
    return Object.fromEntries(['intervals', 'new', 'returning', 'resurrected', 'dormant'].map((name) => [name, answer[name]]));
  }
  if (question.kind === 'stickiness') return { counts: answer.counts };
  if (question.kind === 'time_between') {
    return Object.fromEntries(['count', 'customers', 'p50', 'p75', 'p90', 'p99'].map((name) => [name, answer[name]]));
  }
  if (question.kind === 'trend') return { intervals: answer.intervals, series: answer.series };
  if (question.kind === 'funnel') return { counts: answer.steps.map((s) => s.count) };
  return { cohorts: answer.cohorts.filter((c) => c.size > 0n) };
}

// What SQLite answers to each question, in one run of its shell.
export function askSqlite(world, questions) {
  const statements = questions.map((q) => `${KINDS[q.kind].sql(q)}\nSELECT 'end' AS "end of answer";`);
  const done = spawnSync('sqlite3', ['-json', ':memory:'], {
    input: `${fill(world)}\n${statements.join('\n')}`, encoding: 'utf8', maxBuffer: 1 << 28,
  });
  if (done.error) throw done.error;
  if (done.status !== 0) throw new Error(`sqlite3: ${done.stderr}`);
  const parts = done.stdout.split(/^\[\{"end of answer":"end"\}\]\n/m);
  return questions.map((question, i) => (
    KINDS[question.kind].answer(parts[i].trim() === '' ? [] : JSON.parse(parts[i]), question)));
}

// A random question of those that SQL can say.
export function sayable(random, world) {
  const days = () => formatDate(world.center + random.between(-12, 12) * DAY);
  const [from, to] = [days(), days()].sort();
  const condition = () => random.pick([
    ['qty', random.pick(['=', '!=', '>', '<=']), BigInt(random.below(6))],
    ['channel', random.pick(['=', '!=']), 'web'], ['channel', 'set'], ['source', '=', 'crm'],
  ]);
  const matcher = () => {
    const found = { event: random.pick(['A', 'B', 'C', '*', 'feedback']) };
    if (random.chance(0.4)) found.where = [condition()];
    return found;
  };
  const common = { timezone: 'UTC', range: { from, to }, as_of: '2026-06-01T00:00:00.000Z' };
  return random.pick([
    () => ({ kind: 'trend', series: [{ ...matcher(), measure: random.pick(Object.keys(MEASURES)) }], ...common }),
    () => ({
      kind: 'funnel', steps: Array.from({ length: random.between(2, 3) }, matcher),
      window: random.pick(['1h', '1d', '7d', '30d', '30m']), ...common,
    }),
    () => ({ kind: 'score', metric: random.pick(['nps', 'csat', 'stars']), where: random.chance(0.4) ? [condition()] : [], ...common }),
    () => ({
      kind: 'verbatims', where: random.chance(0.4) ? [condition()] : [], sort: random.pick(['-ts', 'ts', '-score']),
      limit: BigInt(random.between(1, 60)), ...common,
    }),
    () => ({ kind: 'lifecycle', ...matcher(), ...common }),
    () => ({ kind: 'stickiness', ...matcher(), ...common }),
    () => ({
      kind: 'time_between', from: matcher(), to: matcher(), ...(random.chance(0.5) ? { window: random.pick(['1h', '1d', '7d', '30d', '30m']) } : {}),
      ...common,
    }),
    () => ({ kind: 'retention', start: matcher(), return: matcher(), periods: BigInt(random.between(1, 5)), ...common }),
  ])();
}
