// What customers make a habit of: lifecycle, stickiness, and the time between two events. Sections 6 and 9.
import { matchesEvent } from './condition.mjs';
import { nearestRank } from './number.mjs';
import { cutIntervals, indexIn } from './range.mjs';
import { DAY, HOUR, MINUTE, SECOND, intervalAfter, intervalsOf, parseDuration } from './time.mjs';

const own = (question) => ({ event: question.event ?? '*', where: question.where });

const STATES = {
  new: ({ now, before, ever }) => now && !before && !ever,
  returning: ({ now, before }) => now && before,
  resurrected: ({ now, before, ever }) => now && !before && ever,
  dormant: ({ now, before }) => !now && before,
};

export class Lifecycle {
  constructor(question, context) {
    this.context = context;
    const unit = question.interval ?? 'day';
    const { from, to } = context.range;
    this.intervals = intervalsOf(context.zone, unit, from, to);
    this.before = intervalAfter(context.zone, unit, this.intervals[0].begin, -1);
    this.lives = context.customers.map((customer) => (
      { customer, times: customer.events.filter((e) => matchesEvent(own(question), customer, e)).map((e) => e.ts) }));
  }

  is(state, { times }, i) {
    const within = ({ begin, end }) => times.some((ts) => ts >= begin && ts < end);
    return STATES[state]({
      now: within(this.intervals[i]),
      before: within(i === 0 ? this.before : this.intervals[i - 1]),
      ever: times.some((ts) => ts < this.intervals[i].begin),
    });
  }

  answer() {
    const row = (state) => this.intervals.map((_, i) => this.lives.filter((life) => this.is(state, life, i)).length);
    const rows = Object.fromEntries(Object.keys(STATES).map((state) => [state, row(state)]));
    const partial = this.intervals.filter((i) => i.end > this.context.now).map((i) => i.label);
    return { kind: 'lifecycle', intervals: this.intervals.map((i) => i.label), ...rows, partial };
  }

  open({ interval, state }) {
    const one = interval !== undefined && interval !== null;
    const asked = this.intervals.flatMap((i, n) => (!one || i.label === interval ? [n] : []));
    const rows = this.lives.map((life) => (
      { customer: life.customer, value: asked.filter((i) => this.is(state, life, i)).length })).filter((r) => r.value > 0);
    return {
      rows: one ? rows.map(({ customer }) => ({ customer })) : rows,
      begin: this.intervals[asked[0]].begin, end: this.intervals[asked.at(-1)].end,
    };
  }

  severalGroups() {
    return false;
  }
}

export class Stickiness {
  constructor(question, context) {
    this.context = context;
    const { from, to } = context.range;
    const { intervals, partial } = cutIntervals(context.zone, question.interval ?? 'day', context.range, context.now);
    Object.assign(this, { intervals, partial });
    this.lives = context.customers.map((customer) => {
      const found = customer.events.filter((e) => e.ts >= from && e.ts < to && matchesEvent(own(question), customer, e));
      return { customer, count: new Set(found.map((e) => indexIn(intervals, e.ts))).size };
    });
  }

  answer() {
    const counts = this.intervals.map((_, i) => (
      { intervals: i + 1, customers: this.lives.filter((life) => life.count === i + 1).length }));
    return { kind: 'stickiness', counts, partial: this.partial };
  }

  open({ intervals }) {
    const rows = this.lives.filter((life) => life.count === Number(intervals)).map(({ customer }) => ({ customer }));
    return { rows, begin: this.context.range.from, end: this.context.range.to };
  }

  severalGroups() {
    return false;
  }
}

const EDGES = [
  0, SECOND, 10 * SECOND, MINUTE, 5 * MINUTE, 30 * MINUTE, HOUR, 6 * HOUR, DAY, 3 * DAY, 7 * DAY, 30 * DAY, null];

export class TimeBetween {
  constructor(question, context) {
    this.context = context;
    const window = question.window === undefined ? Infinity : parseDuration(question.window);
    this.pairs = context.customers.flatMap((customer) => customer.events.flatMap((begin) => {
      const { from, to } = context.range;
      if (begin.ts < from || begin.ts >= to || !matchesEvent(question.from, customer, begin)) return [];
      const end = customer.events.find((e) => e.place > begin.place && matchesEvent(question.to, customer, e));
      return end === undefined || end.ts - begin.ts > window ? [] : [{ customer, time: end.ts - begin.ts }];
    }));
  }

  inBin(bin) {
    const [low, high] = [EDGES[bin], EDGES[bin + 1]];
    return this.pairs.filter(({ time }) => time >= low && (high === null || time < high));
  }

  answer() {
    const times = this.pairs.map((p) => p.time);
    const rank = (percent) => (times.length === 0 ? null : nearestRank(times, percent));
    return {
      kind: 'time_between', count: times.length, customers: new Set(this.pairs.map((p) => p.customer)).size,
      p50: rank(50), p75: rank(75), p90: rank(90), p99: rank(99),
      histogram: EDGES.slice(0, -1).map((low, i) => ({ from_ms: low, to_ms: EDGES[i + 1], count: this.inBin(i).length })),
      partial: [],
    };
  }

  open({ bin }) {
    const found = bin === undefined ? this.pairs : this.inBin(Number(bin));
    const rows = [...new Set(found.map((p) => p.customer))].map((customer) => (
      { customer, value: found.filter((p) => p.customer === customer).length }));
    return { rows, begin: this.context.range.from, end: this.context.range.to };
  }

  severalGroups() {
    return false;
  }
}
