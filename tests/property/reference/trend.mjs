// Trends: section 6.
import { eventNames, labelOf, matchesEvent, numbersOf, readName } from './condition.mjs';
import { compileFormula } from './formula.mjs';
import { Breakdown } from './group.mjs';
import { isBookkeeping } from './intake.mjs';
import { canonical, exactSum, nearestRank } from './number.mjs';
import { cutIntervals, indexIn } from './range.mjs';
import { MINUTE } from './time.mjs';

const PAUSE = 30 * MINUTE;

// Which session of its customer each event lies in: event → the session's first event.
function sessionsOf(customers, series) {
  const named = eventNames(series);
  const sessions = new Map();
  for (const customer of customers) {
    let first;
    let before;
    for (const event of customer.events) {
      if (isBookkeeping(event.event) && !named.includes(event.event)) continue;
      if (before === undefined || event.ts - before.ts > PAUSE) first = event;
      sessions.set(event, first);
      before = event;
    }
  }
  return sessions;
}

const distinct = (list) => new Set(list).size;

// A measure over events, as a number: never null.
function measured(series, events) {
  const [measure, property] = splitMeasure(series.measure);
  if (measure === 'count') return events.length;
  if (measure === 'customers') return distinct(events.map((e) => e.customer));
  if (measure === 'sessions') return distinct(events.map((e) => series.sessions.get(e)));
  if (measure === 'per_customer') {
    return events.length === 0 ? 0 : events.length / distinct(events.map((e) => e.customer));
  }
  const name = readName(property);
  const numbers = events.flatMap((event) => numbersOf(name, event.customer, event));
  if (numbers.length === 0) return 0;
  if (measure === 'sum') return exactSum(numbers);
  if (measure === 'avg') return exactSum(numbers) / numbers.length;
  if (measure === 'min') return numbers.reduce((a, b) => (b < a ? b : a));
  if (measure === 'max') return numbers.reduce((a, b) => (b > a ? b : a));
  return nearestRank(numbers, Number(measure.slice(1)));
}

// 'sum:a:b' → ['sum', 'a:b'].
export function splitMeasure(measure = 'count') {
  const colon = measure.indexOf(':');
  return colon < 0 ? [measure] : [measure.slice(0, colon), measure.slice(colon + 1)];
}

function rolled(values, k) {
  return values.map((_, i) => {
    const near = values.slice(Math.max(0, i - k + 1), i + 1).filter((v) => v !== null).map(canonical);
    return near.length === 0 ? null : exactSum(near) / near.length;
  });
}

export class Trend {
  constructor(question, context) {
    this.question = question;
    this.context = context;
    this.looksAtBoth = true;
    this.breakdown = question.breakdown === undefined ? undefined : new Breakdown(question.breakdown, question.limit);
    this.series = question.series.map((s) => ({
      ...s, sessions: s.measure === 'sessions' ? sessionsOf(context.customers, s) : undefined,
    }));
    this.groups = new Map(); // event → names of its groups
    this.asked = this.events(context.range);
    this.shown = this.breakdown && this.rank();
  }

  // For each series its matching events in a range.
  events({ from, to }) {
    const inRange = this.context.customers.flatMap((c) => c.events.filter((e) => e.ts >= from && e.ts < to));
    return this.series.map((s) => inRange.filter((e) => matchesEvent(s, e.customer, e)));
  }

  groupsOf(event) {
    if (!this.groups.has(event)) this.groups.set(event, this.breakdown.of(event.customer, event));
    return this.groups.get(event);
  }

  rank() {
    const names = new Set(this.asked.flat().flatMap((event) => this.groupsOf(event)));
    const first = this.asked[0];
    const total = (name) => canonical(measured(this.series[0], first.filter((e) => this.groupsOf(e).includes(name))));
    return this.breakdown.shown(new Map([...names].map((name) => [name, total(name)])));
  }

  // Of these events, those in a group as shown (null: all).
  inGroup(events, group) {
    return group === null ? events : events.filter((e) => this.shown.includes(group, this.groupsOf(e)));
  }

  lines(found, intervals) {
    const { formula, rolling } = this.question;
    const groups = this.shown ? this.shown.names : [null];
    const cells = this.series.map((series, index) => groups.map((group) => {
      const events = this.inGroup(found[index], group);
      const buckets = intervals.map(() => []);
      for (const event of events) buckets[indexIn(intervals, event.ts)].push(event);
      return { values: buckets.map((b) => measured(series, b)), total: measured(series, events) };
    }));
    const smooth = (values) => (rolling === undefined ? values : rolled(values, Number(rolling)));
    const line = (series, label, group, values, total) => ({
      series, label, group, values: smooth(values), total,
    });
    if (formula === undefined) {
      return cells.flatMap((row, index) => row.map(({ values, total }, g) => (
        line(index, labelOf(this.series[index]), groups[g], values, total))));
    }
    const compute = compileFormula(formula);
    return groups.map((group, g) => line(
      0, formula, group,
      intervals.map((_, i) => compute(cells.map((row) => row[g].values[i]))),
      compute(cells.map((row) => row[g].total)),
    ));
  }

  part(range, found) {
    const { intervals, partial } = cutIntervals(this.context.zone, this.question.interval ?? 'day', range,
      this.context.now);
    return { intervals: intervals.map((i) => i.label), series: this.lines(found, intervals), partial };
  }

  answer() {
    const { range } = this.context;
    const { intervals, series, partial } = this.part(range, this.asked);
    const answer = { kind: 'trend', intervals, series };
    if (this.question.compare !== undefined) {
      answer.previous = this.part(range.previous, this.events(range.previous));
    }
    return { ...answer, partial };
  }

  // Who stands behind one number: { rows: [{ customer, value? }], begin, end }.
  open({ series: place = 0n, interval, group = null, previous = false }) {
    const range = previous ? this.context.range.previous : this.context.range;
    const series = this.series[Number(place)];
    const [measure, property] = splitMeasure(series.measure);
    let events = this.inGroup((previous ? this.events(range) : this.asked)[Number(place)], group);
    let [begin, end] = [range.from, range.to];
    if (interval !== undefined && interval !== null) {
      const { intervals } = cutIntervals(this.context.zone, this.question.interval ?? 'day', range, this.context.now);
      const found = intervals.find((i) => i.label === interval);
      events = events.filter((e) => e.ts >= found.begin && e.ts < found.end);
      [begin, end] = [Math.max(begin, found.begin), Math.min(end, found.end)];
    }
    if (property !== undefined) {
      const name = readName(property);
      events = events.filter((e) => numbersOf(name, e.customer, e).length > 0);
    }
    const rows = [...new Set(events.map((e) => e.customer))].map((customer) => {
      const own = events.filter((e) => e.customer === customer);
      const value = ['count', 'sessions', 'sum'].includes(measure) ? measured(series, own) : undefined;
      return { customer, value };
    });
    return { rows, begin, end };
  }

  // Are amounts of several currencies added up? For a warning.
  mixedCurrencies() {
    return this.series.some((series, index) => {
      const [measure, property] = splitMeasure(series.measure);
      if (measure !== 'sum' && measure !== 'avg') return false;
      const name = readName(property);
      const added = this.asked[index].filter((e) => numbersOf(name, e.customer, e).length > 0);
      const borne = added.flatMap((e) => e.properties.get('currency') ?? []).filter((v) => typeof v === 'string');
      return distinct(borne) > 1;
    });
  }

  severalGroups() {
    return this.breakdown !== undefined && this.asked.flat().some((e) => this.groupsOf(e).length > 1);
  }
}
