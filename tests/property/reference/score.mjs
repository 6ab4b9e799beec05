// Scores: sections 6, 8 and 9. The mathematics by plain formulas; quantiles of t by bisection.
import { conditionHolds } from './condition.mjs';
import { Breakdown } from './group.mjs';
import { isBookkeeping } from './intake.mjs';
import { canonical } from './number.mjs';
import { cutIntervals, indexIn } from './range.mjs';

const SCALES = { nps: [0, 10], csat: [1, 5], ces: [1, 7], stars: [1, 5] };
const WAYS = ['asked', 'shown', 'started', 'finished', 'silent'];
const Z = 1.959963984540054; // of 97.5 %

// A number that two programs may compute to the last bit but one.
export class Near {
  constructor(value, tolerance = 1e-8) {
    this.value = value;
    this.tolerance = tolerance;
  }
}
const near = (x) => (x === null ? null : new Near(x));

// ---- Student's t ----------------------------------------------------------------------------------

function lnGamma(x) { // Lanczos, g = 7
  const c = [0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
    12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7];
  if (x < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * x)) - lnGamma(1 - x);
  const t = x - 1 + 7.5;
  const sum = c.slice(1).reduce((a, ci, i) => a + ci / (x + i), c[0]);
  return 0.5 * Math.log(2 * Math.PI) + (x - 0.5) * Math.log(t) - t + Math.log(sum);
}

// The density integrated by Simpson's rule: slow and plain.
function tCentral(t, df) { // P(0 < T < t)
  const k = Math.exp(lnGamma((df + 1) / 2) - lnGamma(df / 2)) / Math.sqrt(df * Math.PI);
  const f = (x) => k * (1 + (x * x) / df) ** (-(df + 1) / 2);
  const steps = 4000;
  const h = t / steps;
  let sum = f(0) + f(t);
  for (let i = 1; i < steps; i++) sum += f(i * h) * (i % 2 ? 4 : 2);
  return (sum * h) / 3;
}

const quantiles = new Map();
function tQuantile(df) { // of 97.5 %
  if (!quantiles.has(df)) {
    let [low, high] = [0, 20];
    for (let i = 0; i < 60; i++) {
      const middle = (low + high) / 2;
      if (tCentral(middle, df) < 0.475) low = middle;
      else high = middle;
    }
    quantiles.set(df, low);
  }
  return quantiles.get(df);
}

// ---- one cell -------------------------------------------------------------------------------------

const clamp = (x, low, high) => Math.min(high, Math.max(low, x));
const sum = (list) => list.reduce((a, b) => a + b, 0);

// { mean, variance, low, high } of levels counted from the scale's lowest.
function scored(metric, counts) {
  const [lowest, highest] = SCALES[metric];
  const n = sum(counts);
  if (metric === 'nps') {
    const [p, d] = [sum(counts.slice(9)), sum(counts.slice(0, 7))];
    const spread = (x, y) => 1e4 * Math.max(0, x + y - (x - y) ** 2);
    const [ap, ad] = [(p + 0.75) / (n + 3), (d + 0.75) / (n + 3)];
    const half = Z * Math.sqrt(spread(ap, ad) / (n + 3));
    const centre = 100 * (ap - ad);
    return {
      mean: (100 * (p - d)) / n, variance: spread(p / n, d / n),
      low: clamp(centre - half, -100, 100), high: clamp(centre + half, -100, 100),
    };
  }
  if (metric === 'csat') {
    const p = sum(counts.slice(3)) / n;
    const scale = 1 + (Z * Z) / n;
    const centre = (p + (Z * Z) / (2 * n)) / scale;
    const half = (Z / scale) * Math.sqrt((p * (1 - p)) / n + (Z * Z) / (4 * n * n));
    return { mean: p, variance: p * (1 - p), low: p === 0 ? 0 : clamp(centre - half, 0, 1), high: p === 1 ? 1 : clamp(centre + half, 0, 1) };
  }
  const mean = sum(counts.map((c, i) => c * (lowest + i))) / n;
  const variance = sum(counts.map((c, i) => c * (lowest + i - mean) ** 2)) / (n - 1);
  const half = tQuantile(n - 1) * Math.sqrt(variance / n);
  return { mean, variance, low: clamp(mean - half, lowest, highest), high: clamp(mean + half, lowest, highest) };
}

// Benjamini and Hochberg.
function adjusted(ps) {
  const order = ps.map((p, i) => [p, i]).sort((a, b) => b[0] - a[0]);
  const out = [];
  let least = 1;
  order.forEach(([p, i], k) => {
    least = Math.min(least, (p * ps.length) / (ps.length - k));
    out[i] = least;
  });
  return out;
}

export class Score {
  constructor(question, context) {
    this.question = question;
    this.context = context;
    this.looksAtBoth = true;
    this.metric = question.metric;
    this.least = Number(question.least ?? 30n);
    this.breakdown = question.breakdown === undefined ? undefined : new Breakdown(question.breakdown, question.limit);
    this.asked = this.part(context.range);
    if (question.compare) this.previous = this.part(context.range.previous);
    this.shown = this.breakdown && this.rank();
  }

  // Events of a range: { customer, event, interval, answer: level or undefined, ways: [names] }.
  part(range) {
    const { intervals, partial } = cutIntervals(this.context.zone, this.question.interval ?? 'day', range, this.context.now);
    const events = this.context.customers.flatMap((customer) => customer.events
      .filter((e) => e.ts >= range.from && e.ts < range.to && (this.question.where ?? []).every((c) => conditionHolds(c, customer, e)))
      .map((event) => ({
        customer, event, interval: indexIn(intervals, event.ts), answer: this.levelOf(event), ways: this.waysOf(customer, event),
      })).filter(({ answer, ways }) => answer !== undefined || ways.length > 0));
    return { range, intervals, partial, events };
  }

  has(event, name, value) {
    return (event.properties.get(name) ?? []).includes(value);
  }

  levelOf(event) {
    return event.scale === this.metric && !isBookkeeping(event.event) ? Number(canonical(event.score)) : undefined;
  }

  isStarted(event) {
    return event.event === 'feedback' && this.has(event, 'kind', 'survey') && !event.properties.has('question')
      && this.has(event, 'metrics', this.metric);
  }

  waysOf(customer, event) {
    const ways = [];
    if (event.event === 'contacted' && this.has(event, 'purpose', 'survey') && this.has(event, 'outcome', 'allowed')
      && this.has(event, 'metrics', this.metric)) {
      ways.push('asked');
      if (this.isSilent(customer, event)) ways.push('silent');
    }
    if (event.event === 'survey shown' && this.has(event, 'metrics', this.metric)) ways.push('shown');
    if (this.isStarted(event)) {
      ways.push('started');
      if (this.has(event, 'finished', true)) ways.push('finished');
    }
    return ways;
  }

  isSilent(customer, asked) {
    const response = (event) => {
      const first = event.properties.get('response')?.[0];
      return typeof first === 'string' ? first : undefined;
    };
    const wanted = response(asked);
    return !customer.events.some((e) => e.place > asked.place && e.ts <= this.context.now && this.isStarted(e)
      && (wanted === undefined || response(e) === wanted));
  }

  groupsOf({ customer, event }) {
    return this.breakdown.of(customer, event);
  }

  rank() {
    const ranks = new Map();
    for (const one of this.asked.events) {
      for (const name of this.groupsOf(one)) ranks.set(name, (ranks.get(name) ?? 0) + (one.answer === undefined ? 0 : 1));
    }
    return this.breakdown.shown(ranks);
  }

  inGroup(events, group) {
    return group === null ? events : events.filter((e) => this.shown.includes(group, this.groupsOf(e)));
  }

  counts(events) {
    const [low, high] = SCALES[this.metric];
    return Array.from({ length: high - low + 1 }, (_, i) => events.filter((e) => e.answer === low + i).length);
  }

  enough(counts) {
    return sum(counts) >= Math.max(5, this.least);
  }

  row(events) {
    const [low] = SCALES[this.metric];
    const counts = this.counts(events);
    const score = this.enough(counts) ? scored(this.metric, counts) : { mean: null, low: null, high: null };
    return {
      value: near(score.mean), n: sum(counts), low: near(score.low), high: near(score.high),
      distribution: Object.fromEntries(counts.map((c, i) => [String(low + i), c])),
      ...Object.fromEntries(WAYS.map((way) => [way, events.filter((e) => e.ways.includes(way)).length])),
    };
  }

  series({ intervals, events }) {
    return (this.shown?.names ?? [null]).map((group) => {
      const own = this.inGroup(events, group);
      return {
        group,
        values: intervals.map((_, i) => this.row(own.filter((e) => e.interval === i))),
        total: this.row(own),
      };
    });
  }

  // Of each group: the confidence sequence of Waudby-Smith et al., sharpest at 1,000 answers.
  differences() {
    const list = (this.shown?.names ?? [null]).map((group) => {
      const [before, now] = [this.previous, this.asked].map(({ events }) => this.counts(this.inGroup(events, group)));
      if (!this.enough(before) || !this.enough(now)) return null;
      const [a, b] = [scored(this.metric, before), scored(this.metric, now)];
      const [na, nb] = [sum(before), sum(now)];
      const value = b.mean - a.mean;
      if (na + nb < 100 || a.variance + b.variance === 0) return { value, low: null, high: null, p: null };
      const variance = a.variance / na + b.variance / nb;
      const rho2 = (-2 * Math.log(0.05) + Math.log(-2 * Math.log(0.05) + 1)) / 1000;
      const grown = (na + nb) * rho2 + 1;
      const half = Math.sqrt((variance * 2 * grown * Math.log(Math.sqrt(grown) / 0.05)) / ((na + nb) * rho2));
      const exponent = (rho2 * (na + nb) * value * value) / (variance * 2 * grown);
      return { value, low: value - half, high: value + half, p: Math.min(1, Math.sqrt(grown) * Math.exp(-exponent)) };
    });
    const tested = list.filter((d) => d !== null && d.p !== null);
    adjusted(tested.map((d) => d.p)).forEach((p, i) => { tested[i].p = p; });
    return list.map((d) => d && {
      value: near(d.value), low: near(d.low), high: near(d.high), p: near(d.p), clear: d.p !== null && d.p <= 0.05,
    });
  }

  answerOf(part) {
    return { intervals: part.intervals.map((i) => i.label), series: this.series(part), partial: part.partial };
  }

  both() {
    const answer = this.answerOf(this.asked);
    if (this.previous === undefined) return answer;
    this.differences().forEach((difference, i) => { answer.series[i].difference = difference; });
    return { ...answer, previous: this.answerOf(this.previous) };
  }

  answer() {
    return { kind: 'score', metric: this.metric, least: BigInt(this.least), ...this.both() };
  }

  open({ interval, previous = false, group = null, part, value, funnel }) {
    const { range, intervals, events } = previous ? this.previous : this.asked;
    const place = intervals.findIndex((i) => i.label === interval);
    const levels = {
      promoters: [9, 10], passives: [7, 8], detractors: [0, 6], satisfied: [4, 5], unsatisfied: [1, 3], answers: [0, 10],
    }[part] ?? (value === undefined ? [0, 10] : [Number(value), Number(value)]);
    const counts = ({ answer, ways }) => (funnel ? ways.includes(funnel) : answer >= levels[0] && answer <= levels[1]);
    const found = this.inGroup(events, group).filter((e) => counts(e) && (interval === undefined || e.interval === place));
    const values = new Map();
    for (const { customer } of found) values.set(customer, (values.get(customer) ?? 0n) + 1n);
    const cell = interval === undefined ? { begin: range.from, end: range.to } : intervals[place];
    return {
      rows: [...values].map(([customer, count]) => ({ customer, value: count })),
      begin: Math.max(cell.begin, range.from), end: Math.min(cell.end, range.to),
    };
  }

  severalGroups() {
    return this.breakdown !== undefined && this.asked.events.some((e) => this.groupsOf(e).length > 1);
  }
}
