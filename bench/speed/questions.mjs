// The questions of the benchmark: as the contract words them for firsthand, as words for the floor, and in which form
// their answers are compared. The SQL of the peers stands in clickhouse.mjs and duckdb.mjs.
export const T0 = Date.parse('2025-01-06T00:00:00Z'); // a Monday
export const DAY = 86400000;

const date = (ms) => new Date(ms).toISOString().slice(0, 10);
const events = (names) => names.map((event) => ({ event }));

export const STEPS = ['product_view', 'add_to_cart', 'purchase'];
export const TEN_STEPS = ['product_view', 'add_to_cart', 'checkout', 'purchase', 'event_00', 'event_01', 'event_02', 'event_03', 'event_04', 'event_05'];
export const WEEKS = 12;
export const EDGES = [0, 1000, 10000, 60000, 300000, 1800000, 3600000, 21600000, 86400000, 259200000, 604800000, 2592000000];
const RARE = 'event_35';
const ROUND = 2 ** 32;

const counts = (steps) => steps.map((step) => step.count);
const byName = (pairs) => Object.fromEntries(pairs.sort(([a], [b]) => (a < b ? -1 : 1)));

// { id, what, kind, ask(world): question, floor(world): words, canon(answer): what is compared, warm: about how many others it is asked before }
// world: { days, customers, pick } where pick(n) is the n-th customer that is asked for.
function trend(id, event, measure, what) {
  return {
    id, what, kind: measure, event,
    ask: () => ({ kind: 'trend', series: [{ event, measure }] }),
    floor: () => `${measure} ${event}`,
    canon: ({ series: [one] }) => (measure === 'count' ? { values: one.values } : { values: one.values, total: one.total }),
  };
}

function funnel(id, steps, window, days, what, breakdown) {
  return {
    id, what, kind: breakdown ? 'devices' : 'funnel', steps, windowMs: days * DAY,
    ask: () => ({ kind: 'funnel', steps: events(steps), window, ...(breakdown ? { breakdown, attribution: 'entry' } : {}) }),
    floor: () => `${breakdown ? 'devices' : 'funnel'} ${days * DAY} ${steps.join(' ')}`,
    canon: (answer) => (breakdown
      ? { groups: byName(answer.groups.map((group) => [group.group, counts(group.steps)])) }
      : { counts: counts(answer.steps), medians: answer.steps.map((step) => step.median_ms_from_previous) }),
  };
}

export const QUESTIONS = [
  trend('q1', 'product_view', 'count', 'daily count of a frequent event'),
  trend('q1p', 'purchase', 'count', 'daily count of a less frequent event'),
  trend('q1r', RARE, 'count', 'daily count of a rare event'),
  trend('q2', 'product_view', 'customers', 'daily distinct customers of a frequent event'),
  trend('q2p', 'purchase', 'customers', 'daily distinct customers of a less frequent event'),
  trend('q2r', RARE, 'customers', 'daily distinct customers of a rare event'),
  {
    id: 'q3', what: 'daily count by country, one plan', kind: 'breakdown', event: 'product_view',
    ask: () => ({ kind: 'trend', series: [{ event: 'product_view', where: [['plan', '=', 'pro']] }], breakdown: 'country', limit: 10 }),
    floor: () => 'breakdown product_view pro',
    canon: ({ series }) => ({ groups: series.map(({ group, values }) => ({ group, values })) }),
  },
  funnel('q4', STEPS, '7d', 7, 'funnel of 3 steps, 7 days'),
  funnel('q4x', TEN_STEPS, '30d', 30, 'funnel of 10 steps, 30 days'),
  funnel('q5', STEPS, '7d', 7, 'funnel of 3 steps by device', 'device'),
  {
    id: 'q6', what: 'retention, 12 weeks by 12', kind: 'retention',
    ask: () => ({ kind: 'retention', start: { event: 'purchase' }, return: { event: '*' }, interval: 'week', periods: WEEKS, range: { from: date(T0), to: date(T0 + (7 * WEEKS - 1) * DAY) } }),
    floor: () => `retention purchase ${WEEKS}`,
    canon: ({ cohorts }) => ({ cohorts: cohorts.map(({ size, returned }) => ({ size, returned })) }),
  },
  {
    id: 'q7', what: 'the next three events, 50 paths', kind: 'paths',
    ask: () => ({ kind: 'paths', start: { event: 'add_to_cart' }, steps: 3, limit: 50, gap: '30m', collapse: false }),
    floor: () => `paths add_to_cart ${30 * 60000}`,
    canon: ({ paths, links }) => ({
      paths: paths.map((path) => [path.events, path.count, path.customers]),
      links: links.map((link) => [link.depth, link.from, link.to, link.count, link.customers]),
    }),
  },
  {
    id: 'q8', what: 'one customer\'s timeline', kind: 'timeline', warm: 6000,
    path: (world, n) => `/api/v1/customers/${world.pick(n)}/timeline?limit=1000`,
    floor: (world, n) => `timeline ${world.pick(n)}`,
    // That a customer was joined is on its timeline too.
    canon: (answer) => ({ events: answer.events.filter(({ event }) => event !== 'alias').map(({ ts, event }) => [Date.parse(ts), event]).reverse() }),
  },
  {
    id: 'q9', what: 'segment: 3 times in 30 days, not in the last 14', kind: 'segment',
    ask: () => ({
      kind: 'customers', limit: 1,
      segment: { all: [{ did: { event: 'add_to_cart' }, times: ['>=', 3], within: '30d' }, { not: { did: { event: 'purchase' }, within: '14d' } }] },
    }),
    floor: () => `segment add_to_cart 3 ${30 * DAY} purchase ${14 * DAY}`,
    canon: ({ total }) => ({ total }),
  },
  {
    id: 'q10', what: 'time between two events, within 7 days', kind: 'time_between',
    ask: () => ({ kind: 'time_between', from: { event: 'add_to_cart' }, to: { event: 'purchase' }, window: '7d' }),
    floor: () => `time_between add_to_cart purchase ${7 * DAY}`,
    canon: ({ count, customers, p50, p75, p90, p99, histogram }) => ({ count, customers, p50, p75, p90, p99, histogram: histogram.map((bin) => bin.count) }),
  },
];

// The question as it is sent. Now is the end of the range; a list of customers has no range.
export function asked(question, world) {
  const common = question.kind === 'segment' ? {} : { range: { from: date(T0), to: date(T0 + (world.days - 1) * DAY) } };
  return { ...common, as_of: new Date(T0 + world.days * DAY).toISOString(), timezone: 'UTC', ...question.ask() };
}

// Customers come often by rank, so those asked for lie in the middle of it, a different one each time.
export const pickOf = (customers) => (n) => Math.floor(customers * (0.05 + 0.9 * ((((n + 1) * 2654435769) % ROUND) / ROUND)));

// What the floor and the peers say is in the form compared already, but for the order of groups without rank.
export const plainCanon = (answer) => (answer.groups && !Array.isArray(answer.groups) ? { groups: byName(Object.entries(answer.groups)) } : answer);

// Where two answers differ in what both say; null where they do not.
export function difference(a, b) {
  for (const name of Object.keys(a)) {
    if (!(name in b)) continue;
    const [x, y] = [JSON.stringify(a[name]), JSON.stringify(b[name])];
    if (x === y) continue;
    let at = 0;
    while (x[at] === y[at]) at++;
    return `${name}: …${x.slice(Math.max(0, at - 40), at + 60)} against …${y.slice(Math.max(0, at - 40), at + 60)}`;
  }
  return null;
}
