// Random questions over a random world.
import { evaluate } from './reference/evaluate.mjs';
import { Literal } from './reference/json.mjs';
import { rangeOf } from './reference/range.mjs';
import { DAY, HOUR, formatDate, formatInstant, zoneOf } from './reference/time.mjs';
import { BOOKKEEPING, CHANNELS, COLORS, EVENTS, INSTANTS, NUMBERS, VOCABULARY, WORDS } from './world.mjs';

const NAMES = [
  'price', 'price', 'qty', 'qty', 'color', 'color', 'color', 'when', 'flag', 'items.sku', 'items.n', 'deep.a.b', '日本', 'odd',
  'channel', 'event', 'ts', 'text', 'score', 'scale', 'source', 'properties.text', 'properties.event', 'received_at',
  'currency', 'properties.customer.plan', 'customer.plan', 'customer.plan', 'customer.age', 'customer.vip',
  'customer.address', 'customer.address.city', 'customer.since', 'customer.tags', 'customer.id', 'customer.known',
  'customer.first_seen', 'customer.last_seen', 'customer.events', 'customer.traits.events', 'customer.traits.known',
  'then.plan', 'then.plan', 'then.age', 'then.vip', 'then.address', 'then.address.city', 'then.tags', 'then.events',
];
const TRAITS = NAMES.filter((n) => n.startsWith('customer.')).map((n) => n.slice('customer.'.length));
const NUMERIC = ['price', 'price', 'qty', 'qty', 'items.n', 'deep.a.b', 'score', 'customer.age', 'customer.events', 'color',
  'then.age', 'then.events'];
const COMPARISONS = ['=', '!=', '>', '>=', '<', '<='];
const literals = NUMBERS.filter((n) => !(n instanceof Literal));

export class Questioner {
  // `known`: what takeIn made of the world so far.
  constructor(random, world, known) {
    this.random = random;
    this.world = world;
    this.known = known;
  }

  // ---- small things -------------------------------------------------------------------------------

  instant() {
    const { random, world } = this;
    return random.pick(world.times) + random.weighted([
      [5, 0], [1, 1], [1, -1], [1, random.between(-12, 12) * HOUR], [1, random.between(-30, 30) * DAY]]);
  }

  duration() {
    return this.random.pick(['1ms', '0s', '60s', '30m', '1h', '90m', '1d', '24h', '3d', '1w', '10d', '30d', '30d', '9w', '365d']);
  }

  eventName() {
    const { random } = this;
    return random.weighted([
      [12, random.pick(EVENTS.slice(0, 3))], [2, random.pick(EVENTS)], [1, random.pick(BOOKKEEPING)], [5, '*'],
      [0.3, 'alias'], [0.4, random.pick(['Never Seen', 'order completed', 'nïe'])]]);
  }

  propertyName() {
    return this.random.chance(0.03) ? this.random.pick(['unheard', 'customer.unheard', 'then.unheard', 'properties.un heard']) : this.random.pick(NAMES);
  }

  // Something to compare with, mostly of a kind that the name holds.
  value(name) {
    const { random } = this;
    const pools = {
      price: literals, qty: literals.slice(0, 6), score: literals.slice(0, 6), 'items.n': literals.slice(0, 5),
      color: COLORS, odd: COLORS, when: INSTANTS, received_at: INSTANTS, flag: [true, false], channel: CHANNELS,
      event: EVENTS, text: WORDS, source: ['web', 'shop', 'crm'], currency: ['EUR', 'USD'], 'items.sku': ['s1', 's2', 3n],
      'deep.a.b': [...literals, 'clash'], 日本: ['東京', '大阪'], scale: ['nps', 'csat'],
      plan: ['pro', 'free', 'team'], age: [17n, 18n, 40n, 40.5, '18'], vip: [true, false], 'address.city': ['Oslo', 'Ålesund'],
      since: INSTANTS, tags: ['x', 'y', 3n], id: ['u1', 'x', 'anonymous:x', '17', 'a1'], known: [true, false], events: [0n, 1n, 3n],
      'traits.events': [99n], 'traits.known': ['no'],
    };
    const bare = name.replace(/^(customer|then)\./, '');
    if (['ts', 'first_seen', 'last_seen'].includes(bare)) {
      const at = this.instant();
      return random.pick([formatInstant(at), formatInstant(at).slice(0, 10), `${formatInstant(at + HOUR).slice(0, -1)}+01:00`]);
    }
    if (random.chance(0.06)) return random.pick([...COLORS, ...literals, ...INSTANTS]);
    return random.pick(pools[name] ?? pools[bare] ?? COLORS);
  }

  // [operator] or [operator, operand], for a name.
  test(name) {
    const { random } = this;
    const kind = random.weighted([[8, 'compare'], [3, 'in'], [3, 'text'], [2, 'set']]);
    if (kind === 'compare') return [random.pick(COMPARISONS), this.value(name)];
    if (kind === 'set') return [random.pick(['set', 'not set'])];
    if (kind === 'in') {
      return [random.pick(['in', 'not in']), Array.from({ length: random.below(4) }, () => this.value(name))];
    }
    const operator = random.pick(['contains', 'contains', 'starts with', 'matches']);
    if (operator === 'matches') {
      return [operator, random.pick(['^r', 'e', '[a-c]', '(?i)RED', '^$', '^(red|blue)$', 'd+$', '\\d', '2026-0[5-9]', 'é'])];
    }
    const text = random.pick([...COLORS, ...WORDS, ...INSTANTS].filter((c) => typeof c === 'string'));
    return [operator, random.pick([
      text, [...text].slice(0, 1 + random.below(3)).join('').toUpperCase(), text.toLowerCase(), 'E', 'ſ', 'k', 'K', 'strasse', 'σ', ''])];
  }

  condition(depth = 0) {
    if (depth < 2 && this.random.chance(0.12)) {
      return { any: Array.from({ length: this.random.below(4) }, () => this.condition(depth + 1)) };
    }
    const name = this.propertyName();
    return [name, ...this.test(name)];
  }

  where() {
    return Array.from({ length: this.random.weighted([[3, 1], [1, 2], [0.2, 0]]) }, () => this.condition());
  }

  matcher() {
    const { random } = this;
    const matcher = { event: this.eventName() };
    if (random.chance(0.12)) matcher.event = [...new Set(Array.from({ length: random.between(1, 3) }, () => this.eventName()))];
    if (random.chance(0.18)) matcher.where = this.where();
    return matcher;
  }

  segment(depth = 0) {
    const { random } = this;
    const saved = Object.keys(this.world.segments);
    const inner = () => this.segment(depth + 1);
    const list = () => Array.from({ length: random.weighted([[1, 0], [5, 1], [8, 2], [2, 3]]) }, inner);
    return random.weighted([
      [6, () => this.did()],
      [3, () => {
        const name = random.chance(0.04) ? 'unheard' : random.pick(TRAITS);
        return { trait: [name, ...this.test(name)] };
      }],
      // One customer by id: only that one is read.
      [0.8, () => ({ trait: ['id', '=', this.value('id')] })],
      [2, () => this.sequence()],
      [1.5, () => this.said()],
      [1.5, () => this.scored()],
      [1.5, () => ({ first_seen: [random.pick(COMPARISONS), formatDate(this.instant())] })],
      [depth < 3 ? 2 : 0, () => ({ all: list() })],
      [depth < 3 ? 2 : 0, () => ({ any: list() })],
      [depth < 3 ? 1.5 : 0, () => ({ not: inner() })],
      [saved.length > 0 ? 0.7 : 0, () => ({ in: random.pick(saved) })],
    ])();
  }

  sequence() {
    const { random } = this;
    const sequence = Array.from({ length: random.weighted([[1, 1], [6, 2], [4, 3], [1, 5]]) }, () => this.matcher());
    return { sequence, window: this.duration(), ...(random.chance(0.4) ? { within: this.duration() } : {}) };
  }

  said() {
    const { random } = this;
    const said = {};
    if (random.chance(0.8)) said.text = this.search();
    if (random.chance(0.25)) said.where = this.where();
    return { said, ...(random.chance(0.4) ? { within: this.duration() } : {}) };
  }

  scored() {
    const { random } = this;
    const predicate = { score: random.pick(['nps', 'nps', 'csat', 'ces', 'stars']) };
    predicate.is = [random.pick(COMPARISONS), random.pick([0n, 3n, 4n, 6n, 8n, 4.5])];
    if (random.chance(0.6)) predicate.which = random.pick(['latest', 'first', 'any']);
    if (random.chance(0.4)) predicate.within = this.duration();
    return predicate;
  }

  // Something typed to find words.
  search() {
    const { random } = this;
    const word = () => {
      const whole = random.pick(VOCABULARY);
      return random.chance(0.3) ? [...whole].slice(0, random.between(1, 3)).join('') : whole;
    };
    const piece = () => random.weighted([
      [8, word()], [2, `"${word()} ${word()}"`], [1, `“${word()}”`], [1.5, `-${word()}`], [0.5, `-"${word()} ${word()}"`], [0.3, '-']]);
    const pieces = Array.from({ length: random.weighted([[5, 1], [4, 2], [1, 3]]) }, piece);
    return pieces.every((p) => p === '-') ? word() : pieces.join(random.pick([' ', '  ', '\u3000']));
  }

  score() {
    const { random } = this;
    const interval = random.pick(['hour', 'day', 'day', 'week', 'month', 'quarter']);
    const question = this.common('score', interval === 'hour' ? ['hour', 'day'] : ['day', 'week', 'month', 'quarter']);
    if (interval !== 'hour' && random.chance(0.6)) {
      const days = random.pick([20, 60, 150]) * DAY;
      question.range = { from: formatDate(this.world.center - days), to: formatDate(this.world.center + random.pick([days, DAY])) };
      if (random.chance(0.6)) delete question.segment;
    }
    question.metric = random.pick(['nps', 'nps', 'nps', 'csat', 'ces', 'stars']);
    if (interval !== 'day' || random.chance(0.5)) question.interval = interval;
    if (random.chance(0.2)) question.where = this.where();
    if (random.chance(0.8)) question.least = BigInt(random.pick([1, 2, 5, 6, 10, 30]));
    if (random.chance(0.2)) question.adjusted = false;
    if (random.chance(0.35)) question.compare = this.compare();
    if (random.chance(0.45)) {
      this.breakdown(question);
      if (typeof question.breakdown === 'string' && random.chance(0.5)) {
        question.breakdown = random.pick(['channel', 'survey', 'way', 'kind', 'response', 'event', 'source']);
      }
    }
    return question;
  }

  scoreCell(question, part) {
    const { random } = this;
    const open = {};
    const busy = part.intervals.filter((_, i) => part.series.some((s) => s.values[i].n > 0 || s.values[i].asked > 0));
    if (random.chance(0.6)) open.interval = random.pick(busy.length > 0 && random.chance(0.9) ? busy : part.intervals);
    if (question.breakdown !== undefined && part.series.length > 0 && random.chance(0.8)) open.group = random.pick(part.series).group;
    const [low, high] = { nps: [0, 10], ces: [1, 7] }[question.metric] ?? [1, 5];
    Object.assign(open, random.pick([
      () => ({}),
      () => ({ value: BigInt(random.between(low, high)) }),
      () => ({ funnel: random.pick(['asked', 'shown', 'started', 'finished', 'silent', 'silent']) }),
      () => ({
        part: random.pick({ nps: ['promoters', 'passives', 'detractors', 'answers'], csat: ['satisfied', 'unsatisfied'] }[question.metric] ?? ['answers']),
      }),
    ])());
    open.valued = true;
    return open;
  }

  verbatims() {
    const { random } = this;
    const question = this.common('verbatims', ['day', 'week', 'month', 'quarter']);
    if (random.chance(0.6)) {
      const days = random.pick([20, 60, 150]) * DAY; // wide enough to hold many
      question.range = { from: formatDate(this.world.center - days), to: formatDate(this.world.center + days) };
      if (random.chance(0.6)) delete question.segment;
    }
    if (random.chance(0.3)) question.where = this.where();
    if (random.chance(0.6)) question.text = this.search();
    if (random.chance(0.5)) {
      question.sort = random.pick(['-ts', 'ts', 'score', '-score', ...(question.text === undefined ? [] : ['relevance'])]);
    }
    if (random.chance(0.5)) question.limit = BigInt(random.between(1, 6));
    if (random.chance(0.08)) question.id = String(random.between(0, 60));
    return question;
  }

  did() {
    const { random } = this;
    const predicate = { did: this.matcher() };
    if (random.chance(0.4)) predicate.within = this.duration();
    if (random.chance(0.5)) predicate.times = [random.pick(COMPARISONS), BigInt(random.below(4))];
    if (random.chance(0.25)) {
      predicate[random.pick(['sum', 'avg', 'min', 'max'])] = random.pick(NUMERIC);
      predicate.times = [random.pick(COMPARISONS), random.pick(literals)];
    }
    return predicate;
  }

  range(units) {
    const { random, world } = this;
    const wide = random.chance(0.6); // around most of the events
    const draw = (least, most) => (wide ? world.center + random.between(least, most) * DAY + random.pick([0, 0, HOUR, -1]) : this.instant());
    const written = (ms) => (random.chance(0.7) ? formatInstant(ms) : `${formatInstant(ms).slice(0, -1)}-03:30`);
    const [from, to] = [draw(-12, -1), draw(1, 12)];
    return random.weighted([
      [4, () => {
        const unit = random.pick(units);
        const count = random.between(1, { hour: 300, day: 40, week: 8, month: 4, quarter: 2 }[unit]);
        return `last ${count} ${unit}${count === 1 && random.chance(0.5) ? '' : 's'}`;
      }],
      [4, () => ({ from: formatDate(from), to: formatDate(to) })],
      [2, () => ({ from: written(from), to: written(to) })],
      [1, () => ({ from: formatDate(from), to: written(to) })],
      [1, () => ({ from: written(from), to: formatDate(to) })],
    ])();
  }

  breakdown(question) {
    const { random } = this;
    if (random.chance(0.2)) {
      const edges = random.some([-5n, 0n, 0.1, 1n, 2.5, 5n, 100n, 9007199254740993n, 1e22], 1, 4).sort((a, b) => (a < b ? -1 : 1));
      question.breakdown = { by: random.pick(NUMERIC), bins: edges };
      return;
    }
    question.breakdown = this.propertyName();
    if (random.chance(0.5)) question.limit = BigInt(random.between(1, 4));
  }

  common(kind, units) {
    const { random, world } = this;
    const question = { kind };
    if (random.chance(0.95)) {
      question.as_of = formatInstant(random.chance(0.5) ? this.instant() : world.center + random.between(0, 20) * DAY);
    }
    if (random.chance(0.6)) question.timezone = random.pick([world.zone, world.zone, 'UTC', 'Asia/Kolkata', 'America/Los_Angeles']);
    if (kind !== 'customers' && random.chance(0.9)) question.range = this.range(units);
    if (!['score', 'verbatims'].includes(kind) && random.chance(world.accounts)) question.per = 'account';
    if (random.chance(0.3)) {
      const saved = Object.keys(world.segments);
      question.segment = saved.length > 0 && random.chance(0.15) ? random.pick(saved) : this.segment();
    }
    return question;
  }

  compare() {
    return this.random.weighted([[3, 'previous'], [2, 'year'], [2, 'weekday']]);
  }

  compared(question) {
    if (this.random.chance(0.3)) question.compare = this.compare();
    return question;
  }

  // ---- kinds --------------------------------------------------------------------------------------

  trend() {
    const { random } = this;
    const interval = random.pick(['hour', 'day', 'day', 'week', 'month', 'quarter']);
    const question = this.common('trend', interval === 'hour' ? ['hour', 'day'] : ['hour', 'day', 'week', 'month', 'quarter']);
    if (interval !== 'day' || random.chance(0.5)) question.interval = interval;
    question.series = Array.from({ length: random.weighted([[6, 1], [3, 2], [1, 3]]) }, () => {
      const series = this.matcher();
      const measure = random.weighted([
        [3, undefined], [1, 'count'], [3, 'customers'], [2, 'sessions'], [1, 'per_customer'],
        [5, `${random.pick(['sum', 'sum', 'avg', 'min', 'max', 'p50', 'p90', 'p99'])}:${random.pick(NUMERIC)}`]]);
      if (measure !== undefined) series.measure = measure;
      return series;
    });
    if (random.chance(0.45)) this.breakdown(question);
    if (random.chance(0.2)) {
      const letter = () => 'ABC'[random.below(question.series.length)];
      question.formula = random.pick([
        () => `${letter()}/${letter()}`, () => `100*${letter()}`, () => `(${letter()} - ${letter()}) / (${letter()}+1)`,
        () => `-${letter()}*0.5+${letter()}`, () => `${letter()}/2/${letter()}`, () => letter()])();
    }
    if (random.chance(0.15)) question.rolling = BigInt(random.between(1, 5));
    return this.compared(question);
  }

  funnel() {
    const { random } = this;
    const question = this.common('funnel', ['hour', 'day', 'week', 'month', 'quarter']);
    const count = random.weighted([[1, 1], [5, 2], [5, 3], [2, 4], [1, 5]]);
    question.steps = Array.from({ length: count }, () => this.matcher());
    question.window = this.duration();
    const order = random.weighted([[6, 'ordered'], [2, 'strict'], [2, 'any']]);
    if (order !== 'ordered' || random.chance(0.2)) question.order = order;
    if (order !== 'any' && random.chance(0.3)) {
      for (const step of question.steps.slice(1)) if (random.chance(0.5)) step.optional = random.chance(0.95);
    }
    if (count > 1 && random.chance(0.25)) {
      question.exclude = Array.from({ length: random.between(1, 2) }, () => {
        const exclusion = this.matcher();
        if (random.chance(0.6)) {
          const i = random.between(1, count - 1);
          exclusion.between = [BigInt(i), BigInt(random.between(i + 1, count))];
        }
        return exclusion;
      });
    }
    if (random.chance(0.25)) question.count = random.chance(0.9) ? 'entries' : 'customers';
    if (random.chance(0.45)) {
      this.breakdown(question);
      if (random.chance(0.5)) {
        question.attribution = random.pick(['entry', 'first', 'last', { step: BigInt(random.between(1, count)) }]);
      }
    }
    return this.compared(question);
  }

  retention() {
    const { random } = this;
    const interval = random.pick(['hour', 'day', 'day', 'week', 'week', 'month', 'quarter']);
    const question = this.common('retention', interval === 'hour' ? ['hour', 'day'] : ['day', 'week', 'month', 'quarter']);
    question.start = this.matcher();
    question.return = this.matcher();
    if (interval !== 'week' || random.chance(0.5)) question.interval = interval;
    if (random.chance(0.8)) question.periods = BigInt(random.between(1, 8));
    if (random.chance(0.4)) question.mode = random.chance(0.8) ? 'unbounded' : 'bounded';
    if (random.chance(0.35)) question.cohort = 'every';
    if (random.chance(0.35)) this.breakdown(question);
    return this.compared(question);
  }

  // Event and conditions beside the kind, and an interval.
  habit(kind) {
    const { random } = this;
    const interval = random.pick(['hour', 'day', 'day', 'week', 'month', 'quarter']);
    const question = this.common(kind, interval === 'hour' ? ['hour', 'day'] : ['day', 'week', 'month', 'quarter']);
    if (random.chance(0.6)) question.event = this.matcher().event;
    if (random.chance(0.25)) question.where = this.where();
    if (interval !== 'day' || random.chance(0.5)) question.interval = interval;
    return this.compared(question);
  }

  lifecycle() {
    return this.habit('lifecycle');
  }

  stickiness() {
    return this.habit('stickiness');
  }

  time_between() {
    const { random } = this;
    const question = this.common('time_between', ['hour', 'day', 'week', 'month', 'quarter']);
    question.from = this.matcher();
    question.to = this.matcher();
    if (random.chance(0.6)) question.window = this.duration();
    return this.compared(question);
  }

  paths() {
    const { random } = this;
    const question = this.common('paths', ['hour', 'day', 'week', 'month', 'quarter']);
    question[random.chance(0.6) ? 'start' : 'end'] = this.matcher();
    if (random.chance(0.7)) question.steps = BigInt(random.weighted([[3, 1], [4, 2], [4, 3], [2, 5], [1, 20]]));
    if (random.chance(0.5)) question.limit = BigInt(random.between(1, 6));
    if (random.chance(0.7)) question.gap = this.duration();
    if (random.chance(0.5)) question.collapse = random.chance(0.2);
    if (random.chance(0.5)) question.by = random.chance(0.3) ? 'event' : this.propertyName();
    return this.compared(question);
  }

  list(question, columns) {
    const { random } = this;
    if (random.chance(0.7)) question.sort = random.pick(['', '-']) + random.pick(columns);
    if (random.chance(0.4)) question.limit = BigInt(random.between(1, 5));
    return question;
  }

  customers() {
    const { random } = this;
    const question = this.list(this.common('customers'), SORTS);
    if (random.chance(0.2)) {
      question.search = random.pick(['u1', 'X', 'OSLO', 'ål', '18', '40.5', 'example.com', 'Ü', 'free', 'true', '17', 'pro', 'nobody', 'acme', 'OTH']);
    }
    if (random.chance(0.05)) question.range = 'last 3 days';
    return question;
  }

  // ---- opening ------------------------------------------------------------------------------------

  // The same question, opening one of its cells; undefined where there is none.
  opened(question, settings) {
    const { random } = this;
    const { answer } = evaluate(question, this.known, settings);
    const previous = question.compare !== undefined && random.chance(0.4);
    const part = previous ? answer.previous : answer;
    const open = {
      trend: () => this.trendCell(question, part),
      funnel: () => this.funnelCell(question, part),
      retention: () => this.retentionCell(part),
      score: () => this.scoreCell(question, part),
      lifecycle: () => this.lifecycleCell(part),
      stickiness: () => this.stickinessCell(part),
      time_between: () => this.timeBetweenCell(part),
      paths: () => this.pathsCell(question, part),
    }[question.kind]();
    if (open === undefined) return undefined;
    if (previous) open.previous = true;
    else if (random.chance(0.03)) open.previous = false;
    this.list(open, open.valued ? [...SORTS, 'value', 'value'] : SORTS);
    delete open.valued;
    if (random.chance(0.03)) open.group ??= null;
    return { ...question, open };
  }

  trendCell(question, part) {
    const { random } = this;
    const place = random.below(question.series.length);
    const open = place === 0 && random.chance(0.4) ? {} : { series: BigInt(place) };
    const busy = part.intervals.filter((_, i) => part.series.some((s) => s.values[i] !== 0 && s.values[i] !== null));
    if (random.chance(0.7)) open.interval = random.pick(busy.length > 0 && random.chance(0.9) ? busy : part.intervals);
    const groups = [...new Set(part.series.map((s) => s.group))];
    if (question.breakdown !== undefined && groups.length > 0 && random.chance(0.8)) open.group = random.pick(groups);
    open.valued = /^(undefined|count|sessions|sum:.*)$/.test(String(question.series[place].measure));
    return open;
  }

  funnelCell(question, answer) {
    const { random } = this;
    const open = { step: BigInt(random.between(1, question.steps.length)) };
    if (random.chance(0.5)) open.outcome = open.step > 1n && random.chance(0.7) ? 'dropped' : 'reached';
    if (answer.groups?.length > 0 && random.chance(0.8)) open.group = random.pick(answer.groups).group;
    open.valued = question.count === 'entries';
    return open;
  }

  retentionCell(answer) {
    const { random } = this;
    const group = answer.groups?.length > 0 && random.chance(0.8) ? random.pick(answer.groups) : undefined;
    const { cohorts } = group ?? answer;
    const busy = cohorts.filter((c) => c.size > 0);
    const cohort = random.pick(busy.length > 0 && random.chance(0.9) ? busy : cohorts);
    const open = { cohort: cohort.start };
    const periods = cohort.returned.flatMap((n, i) => (n === null ? [] : [i]));
    if (periods.length > 0 && random.chance(0.8)) {
      open.period = BigInt(random.pick(periods));
      if (random.chance(0.6)) open.outcome = random.pick(['returned', 'gone']);
    }
    if (group) open.group = group.group;
    return open;
  }

  pathsCell(question, answer) {
    const { random } = this;
    const depths = answer.depths.filter(({ count }) => count > 0);
    const name = () => random.pick(['A', 'B', '(none)', 'nowhere']);
    const open = random.weighted([
      [answer.paths.length > 0 ? 6 : 0, () => ({ path: random.pick(answer.paths).events })],
      [answer.links.length > 0 ? 6 : 0, () => {
        const { depth, from, to } = random.pick(answer.links);
        return { link: { depth: BigInt(depth), from, to } };
      }],
      [2, () => ({ depth: BigInt(depths.length > 0 ? random.pick(depths).depth : 1) })],
      [1, () => ({})],
      [0.5, () => ({ path: Array.from({ length: random.between(1, Number(question.steps ?? 4n) + 1) }, name) })],
      [0.5, () => ({ link: { depth: 1n, from: name(), to: name() } })],
    ])();
    return { ...open, valued: true };
  }

  lifecycleCell(answer) {
    const { random } = this;
    const states = ['new', 'returning', 'resurrected', 'dormant'];
    const busy = states.filter((state) => answer[state].some((n) => n > 0));
    const open = { state: random.pick(busy.length > 0 && random.chance(0.9) ? busy : states) };
    if (random.chance(0.75)) {
      const labels = answer.intervals.filter((_, i) => answer[open.state][i] > 0);
      open.interval = random.pick(labels.length > 0 && random.chance(0.9) ? labels : answer.intervals);
    }
    open.valued = open.interval === undefined;
    return open;
  }

  stickinessCell({ counts }) {
    const { random } = this;
    const busy = counts.filter((c) => c.customers > 0);
    return { intervals: BigInt(random.pick(busy.length > 0 && random.chance(0.9) ? busy : counts).intervals) };
  }

  timeBetweenCell({ histogram }) {
    const { random } = this;
    const bins = histogram.map((_, i) => i);
    const busy = bins.filter((i) => histogram[i].count > 0);
    const open = { valued: true };
    if (random.chance(0.75)) open.bin = BigInt(random.pick(busy.length > 0 && random.chance(0.9) ? busy : bins));
    return open;
  }

  any() {
    const kind = this.random.weighted([
      [5, 'trend'], [4, 'funnel'], [3, 'retention'], [2, 'customers'], [2.5, 'verbatims'], [3, 'score'],
      [2, 'lifecycle'], [1.5, 'stickiness'], [2, 'time_between'], [3, 'paths']]);
    return this[kind]();
  }
}

const SORTS = [
  'id', 'first_seen', 'last_seen', 'events', 'plan', 'age', 'vip', 'since', 'tags', 'address.city', 'customer.plan',
  'customer.known', 'customer.traits.events', 'customer.id', 'customer.events', 'customer.last_seen',
];

// Is it a range that runs forward, of a size that tests can afford?
export function affordable(question, settings) {
  if (question.kind === 'customers') return true;
  const zone = zoneOf(question.timezone ?? settings.timezone);
  const now = question.as_of === undefined ? settings.now : Date.parse(question.as_of);
  const { from, to, previous } = rangeOf(question.range ?? 'last 30 days', zone, now, question.compare);
  const length = { hour: HOUR, day: DAY }[question.interval ?? (question.kind === 'retention' ? 'week' : 'day')] ?? 7 * DAY;
  const fits = (range) => range.to > range.from && (range.to - range.from) / length < 400;
  return fits({ from, to }) && (previous === undefined || fits(previous));
}
