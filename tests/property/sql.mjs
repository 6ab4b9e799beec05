// The questions that SQL can say, as statements that SQLite, DuckDB and ClickHouse all understand.
import { isBookkeeping } from './reference/intake.mjs';
import { rangeOf } from './reference/range.mjs';
import { Near } from './reference/score.mjs';
import { DAY, formatDate, zoneOf } from './reference/time.mjs';

export const quote = (value) => {
  if (value === null || value === undefined) return 'NULL';
  return typeof value === 'string' ? `'${value.replaceAll("'", "''")}'` : String(value);
};

const dayOf = (ts) => Math.floor(ts / DAY);

// The table `events`. Days are numbered from 1970, weeks by the Mondays on which they begin; `place` is the place in
// the order of the customer's timeline.
export const COLUMNS = [
  ['customer', 'text'], ['place', 'number'], ['arrival', 'number'], ['ts', 'number'], ['day', 'number'], ['week', 'number'],
  ['event', 'text'], ['own', 'number'], ['channel', 'text'], ['qty', 'number'], ['amount', 'decimal'], ['source', 'text'],
  ['text', 'text'], ['score', 'number'], ['scale', 'text'],
];

// What the reference learnt, as rows of that table.
export function rowsOf(world) {
  return world.customers.flatMap((customer) => (
    customer.events.map((e, i) => ({
      customer: customer.id, place: i + 1, arrival: e.arrival, ts: e.ts, day: dayOf(e.ts), week: Math.floor((dayOf(e.ts) + 3) / 7),
      event: e.event, own: isBookkeeping(e.event) ? 0 : 1, channel: e.channel ?? null, qty: number(e.properties.get('qty')?.[0]),
      amount: number(e.properties.get('amount')?.[0]), source: e.source, text: e.text ?? null, score: number(e.score), scale: e.scale ?? null,
    }))));
}

const number = (value) => (value === null || value === undefined ? null : Number(value));

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

const dayNumber = (label) => dayOf(Date.parse(label));
const within = ({ from, to }, e = 'e') => `${e}.day >= ${dayNumber(from)} AND ${e}.day <= ${dayNumber(to)}`;

const MEASURES = { count: 'count(*)', customers: 'count(DISTINCT e.customer)', 'sum:qty': 'coalesce(sum(e.qty), 0)', 'sum:amount': 'coalesce(sum(e.amount), 0)' };
// Others add amounts up in whatever order, and round on the way.
const SUMS_AGREE_TO = 1e-9;

function trendSql({ series: [series], range }) {
  const measure = MEASURES[series.measure ?? 'count'];
  const from = `FROM events e WHERE ${matching(series)} AND ${within(range)}`;
  return `SELECT e.day AS day, ${measure} AS value ${from} GROUP BY e.day
    UNION ALL SELECT NULL AS day, ${measure} AS value ${from};`;
}

function daysOf({ from, to }) {
  const [first, last] = [dayNumber(from), dayNumber(to)];
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}
const labelOf = (day) => formatDate(day * DAY);

function trendAnswer(rows, { series: [series], range }) {
  const near = (value) => (series.measure === 'sum:amount' ? new Near(value, SUMS_AGREE_TO) : value);
  const values = new Map(rows.map((row) => [row.day, near(row.value)]));
  const days = daysOf(range);
  return {
    intervals: days.map(labelOf),
    series: [{
      series: 0, label: series.event, group: null, values: days.map((d) => values.get(d) ?? 0),
      total: values.get(null),
    }],
  };
}

// Each entry with the place at which it reached each step; the best level of each customer.
function funnelSql({ steps, window, range }) {
  const ms = durationMs(window);
  const tables = [`s1 AS (SELECT e.customer AS customer, e.place AS entry, e.ts AS began, e.place AS at FROM events e
    WHERE ${matching(steps[0])} AND ${within(range)})`];
  for (let k = 2; k <= steps.length; k++) {
    tables.push(`s${k} AS (SELECT s.customer AS customer, s.entry AS entry, s.began AS began, min(e.place) AS at FROM s${k - 1} s JOIN events e
      ON e.customer = s.customer AND e.place > s.at AND e.ts <= s.began + ${ms} AND ${matching(steps[k - 1])}
      GROUP BY s.customer, s.entry, s.began)`);
  }
  const counts = steps.map((_, i) => `(SELECT count(DISTINCT customer) FROM s${i + 1}) AS n${i + 1}`);
  return `WITH ${tables.join(', ')} SELECT ${counts.join(', ')};`;
}

// The sizes of cohorts stand beside those who came back, as period -1.
function retentionSql({ start, return: back, range }) {
  return `WITH firsts AS (SELECT e.customer AS customer, min(e.place) AS place, min(e.week) AS week FROM events e
    WHERE ${matching(start)} AND ${within(range)} GROUP BY e.customer),
    back AS (SELECT DISTINCT f.customer AS customer, f.week AS cohort, e.week - f.week AS period FROM firsts f
      JOIN events e ON e.customer = f.customer AND e.place > f.place WHERE ${matching(back)})
    SELECT f.week AS cohort, -1 AS period, count(*) AS customers FROM firsts f GROUP BY f.week
    UNION ALL SELECT b.cohort AS cohort, b.period AS period, count(*) AS customers FROM back b GROUP BY b.cohort, b.period;`;
}

function retentionAnswer(rows, { periods }) {
  const customers = new Map(rows.map((row) => [`${row.cohort} ${row.period}`, row.customers]));
  const weeks = rows.filter((row) => row.period === -1).map((row) => row.cohort).sort((a, b) => a - b);
  return {
    cohorts: weeks.map((week) => ({
      start: labelOf(week * 7 - 3), size: customers.get(`${week} -1`),
      returned: Array.from({ length: Number(periods) }, (_, n) => customers.get(`${week} ${n}`) ?? 0),
    })),
  };
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
  `SELECT DISTINCT e.customer AS customer, e.day AS day FROM events e WHERE ${matching({ event: '*', ...question })} AND ${within(range)}`);

// By self-joins on the day before: who is there in both, in one of them, and for the first time.
function lifecycleSql({ range, ...question }) {
  const yesterday = { from: labelOf(dayNumber(range.from) - 1), to: range.to };
  return `WITH active AS (${activeDays(question, yesterday)}),
    firsts AS (SELECT e.customer AS customer, min(e.day) AS day FROM events e WHERE ${matching({ event: '*', ...question })} GROUP BY e.customer),
    here AS (SELECT a.day AS day, CASE WHEN f.day = a.day THEN 'new' WHEN p.customer IS NOT NULL THEN 'returning'
      ELSE 'resurrected' END AS state FROM active a JOIN firsts f ON f.customer = a.customer
      LEFT JOIN active p ON p.customer = a.customer AND p.day = a.day - 1 WHERE a.day >= ${dayNumber(range.from)}),
    gone AS (SELECT a.day + 1 AS day FROM active a LEFT JOIN active n ON n.customer = a.customer AND n.day = a.day + 1
      WHERE n.customer IS NULL AND a.day < ${dayNumber(range.to)})
    SELECT h.day AS day, h.state AS state, count(*) AS n FROM here h GROUP BY h.day, h.state
    UNION ALL SELECT g.day AS day, 'dormant' AS state, count(*) AS n FROM gone g GROUP BY g.day;`;
}

function lifecycleAnswer(rows, { range }) {
  const days = daysOf(range);
  const line = (state) => days.map((day) => rows.find((r) => r.day === day && r.state === state)?.n ?? 0);
  return {
    intervals: days.map(labelOf), new: line('new'), returning: line('returning'), resurrected: line('resurrected'),
    dormant: line('dormant'),
  };
}

const stickinessSql = ({ range, ...question }) => `SELECT days, count(*) AS n FROM (
  SELECT customer, count(*) AS days FROM (${activeDays(question, range)}) GROUP BY customer) GROUP BY days;`;

const stickinessAnswer = (rows, { range }) => ({
  counts: daysOf(range).map((_, i) => ({ intervals: i + 1, customers: rows.find((r) => r.days === i + 1)?.n ?? 0 })),
});

// The first place after it, and then the time of that place.
function timeBetweenSql({ from, to, window, range }) {
  return `WITH begun AS (SELECT e.customer AS customer, e.place AS place, e.ts AS ts, min(n.place) AS next FROM events e
      JOIN events n ON n.customer = e.customer AND n.place > e.place
      WHERE ${matching(from)} AND ${within(range)} AND ${matching(to, 'n')} GROUP BY e.customer, e.place, e.ts),
    pairs AS (SELECT b.customer AS customer, n.ts - b.ts AS ms FROM begun b JOIN events n ON n.customer = b.customer AND n.place = b.next
      WHERE n.ts - b.ts <= ${window === undefined ? Number.MAX_SAFE_INTEGER : durationMs(window)})
    SELECT p.ms AS ms, count(*) AS n, (SELECT count(DISTINCT customer) FROM pairs) AS customers FROM pairs p GROUP BY p.ms ORDER BY ms;`;
}

function timeBetweenAnswer(rows) {
  const times = rows.flatMap(({ ms, n }) => Array.from({ length: n }, () => ms));
  const rank = (share) => (times.length === 0 ? null : times[Math.ceil(times.length * share) - 1]);
  return { count: times.length, customers: rows[0]?.customers ?? 0, p50: rank(0.5), p75: rank(0.75), p90: rank(0.9), p99: rank(0.99) };
}

// Events in runs, which a pause above the gap or (with `collapse`) another name ends; a link of depth d joins the
// run d - 1 away from the start's (the end's) to the next one, unless a pause lies between.
function pathsSql({ start, end, steps, gap, collapse, limit, range }) {
  const away = start ? '+' : '-';
  const columns = ['customer', 'day', 'event', 'own', 'channel', 'qty', 'source'];
  const parts = ['nearer.event AS nearer', 'farther.event AS farther', 'count(*) AS n', 'count(DISTINCT s.customer) AS customers'];
  const depths = Array.from({ length: Number(steps) }, (_, i) => `SELECT ${i + 1} AS depth, ${parts.join(', ')} FROM s
    JOIN runs nearer ON nearer.customer = s.customer AND nearer.stretch = s.stretch AND nearer.run = s.run ${away} ${i}
    JOIN runs farther ON farther.customer = s.customer AND farther.stretch = s.stretch AND farther.run = s.run ${away} ${i + 1}
    WHERE ${matching(start ?? end, 's')} AND ${within(range, 's')} GROUP BY nearer.event, farther.event`);
  return `WITH numbered AS (SELECT ${columns.map((c) => `e.${c} AS ${c}`).join(', ')}, e.ts AS ts,
      CAST(row_number() OVER (PARTITION BY e.customer ORDER BY e.place) AS BIGINT) AS nth FROM events e WHERE e.own = 1),
    parted AS (SELECT ${columns.map((c) => `o.${c} AS ${c}`).join(', ')}, o.nth AS nth,
      CASE WHEN o.ts - b.ts <= ${durationMs(gap)} THEN 0 ELSE 1 END AS pause,
      CASE WHEN o.ts - b.ts <= ${durationMs(gap)} AND ${collapse ? 'o.event = b.event' : '1 = 0'} THEN 0 ELSE 1 END AS fresh
      FROM numbered o LEFT JOIN numbered b ON b.customer = o.customer AND b.nth = o.nth - 1),
    s AS (SELECT ${columns.join(', ')}, CAST(sum(pause) OVER (PARTITION BY customer ORDER BY nth) AS BIGINT) AS stretch,
      CAST(sum(fresh) OVER (PARTITION BY customer ORDER BY nth) AS BIGINT) AS run FROM parted),
    runs AS (SELECT DISTINCT customer, stretch, run, event FROM s)
    SELECT depth, nearer, farther, n, customers FROM (${depths.join(' UNION ALL ')}) links
    ORDER BY n DESC, depth, ${start ? 'nearer, farther' : 'farther, nearer'} LIMIT ${limit};`;
}

const pathsAnswer = (rows, { start }) => ({
  links: rows.map(({ depth, nearer, farther, n, customers }) => {
    const [from, to] = start ? [nearer, farther] : [farther, nearer];
    return { depth, from, to, count: n, customers };
  }),
});

const KINDS = {
  paths: { sql: pathsSql, answer: pathsAnswer },
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
  retention: { sql: retentionSql, answer: retentionAnswer },
};

// The same shape, from an answer of the server: retention without its empty cohorts.
export function comparable(question, whole) {
  const answer = question.compare === undefined ? whole : whole.previous;
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
  if (question.kind === 'paths') return { links: answer.links };
  if (question.kind === 'trend') return { intervals: answer.intervals, series: answer.series };
  if (question.kind === 'funnel') return { counts: answer.steps.map((s) => s.count) };
  return { cohorts: answer.cohorts.filter((c) => c.size > 0n) };
}

// Where ranges are compared, SQL says the other one.
function said(question) {
  if (question.compare === undefined) return question;
  const { from, to } = rangeOf(question.range, zoneOf(question.timezone), 0, question.compare).previous;
  return { ...question, range: { from: formatDate(from), to: formatDate(to - 1) } };
}

export const sqlOf = (question) => KINDS[question.kind].sql(said(question));
export const answerOf = (question, rows) => KINDS[question.kind].answer(rows, said(question));

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
  const question = random.pick([
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
    () => ({
      kind: 'paths', [random.pick(['start', 'end'])]: matcher(), steps: BigInt(random.between(1, 4)), collapse: random.chance(0.5),
      gap: random.pick(['1m', '30m', '1h', '1d', '7d']), limit: BigInt(random.pick([3, 50])), ...common,
    }),
    () => ({ kind: 'retention', start: matcher(), return: matcher(), periods: BigInt(random.between(1, 5)), ...common }),
  ])();
  // The range before shows the paths of the asked one, not its own most frequent.
  if (!['verbatims', 'paths'].includes(question.kind) && random.chance(0.3)) question.compare = random.pick(['previous', 'year', 'weekday']);
  return question;
}
