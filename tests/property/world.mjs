// Random timelines: lines of the own form in batches, few customers, many equal times, around a day on which the
// clocks of some zone did something odd.
import { Literal, write } from './reference/json.mjs';
import { DAY, HOUR, MINUTE, SECOND, formatInstant } from './reference/time.mjs';

const ERAS = [
  ['Europe/Berlin', '2025-03-30T01:00:00Z'], ['Europe/Berlin', '2025-10-26T01:00:00Z'],
  ['America/New_York', '2025-11-02T06:00:00Z'], ['Pacific/Apia', '2011-12-30T10:00:00Z'],
  ['Australia/Lord_Howe', '2025-04-05T15:00:00Z'], ['Australia/Lord_Howe', '2024-10-05T15:30:00Z'],
  ['America/Sao_Paulo', '2018-11-04T03:00:00Z'], ['America/Sao_Paulo', '2018-02-18T02:00:00Z'],
  ['Africa/Cairo', '2024-04-25T22:00:00Z'], ['Asia/Kathmandu', '2025-05-31T18:15:00Z'],
  ['America/St_Johns', '2010-11-07T02:31:00Z'], ['Antarctica/Troll', '2025-03-30T01:00:00Z'],
  ['America/Havana', '2024-11-03T05:00:00Z'], ['Pacific/Kwajalein', '1993-08-20T12:00:00Z'],
  ['Africa/Casablanca', '2024-03-10T02:00:00Z'], ['UTC', '2024-02-29T00:00:00Z'],
  ['Asia/Pyongyang', '2018-05-04T15:00:00Z'], ['UTC', '2024-12-30T00:00:00Z'],
];

export const EVENTS = ['A', 'B', 'C', 'a', 'Order Completed', 'Zahlung ✓', 'feedback', 'Line "2"'];
export const BOOKKEEPING = [
  'contacted', 'case opened', 'case closed', 'survey shown', 'experiment exposed', 'identify',
];
const USERS = ['u1', 'u2', 'u3', 'u4', 'ünï', 'x', 17n];
const ANONYMOUS = ['a1', 'a2', 'a3', 'a4', 'x', 'u1'];
export const CHANNELS = ['web', 'app', 'E-Mail'];
export const WORDS = ['late delivery', 'Great!', 'STRASSE', 'straße', 'ſpät', 'naïve 日本', 'line one\nline two', 'ΣΊΣΥΦΟΣ'];
// What people's words are made of, and what is looked for among them.
export const VOCABULARY = [
  'late', 'Late', 'delivery', 'DELIVERY', 'deliveries', 'great', 'refund', 'straße', 'STRASSE', 'naïve', 'naive', '日本', '東京', '👍',
  'e-mail', 'mail', 'don\'t', 'ΣΊΣΥΦΟΣ', 'σίσυφος', 'ſpät', 'x2', '١٢', 'क्षि', 'ｆｕｌｌ', 'ﬁne', '½', 're\u00adfund', '🇳🇴', 'กา',
];
const SCORES = [['nps', 0, 10], ['csat', 1, 5], ['ces', 1, 7], ['stars', 1, 5]];

export const NUMBERS = [
  0n, 1n, 2n, 3n, 5n, 10n, 100n, -1n, -7n, 0.1, 0.2, 0.3, 2.5, -0.5, 99.99, 1e-7, 1e22,
  9007199254740992n, 9007199254740993n, 9007199254740994n, 9223372036854775807n, -9223372036854775808n,
  9223372036854775808n, 18446744073709551615n, 1e17, -1e17, 123456789012345680000000,
  new Literal('5.0'), new Literal('1e2'), new Literal('-0.0'), new Literal('18446744073709551616'),
];
export const COLORS = [
  'red', 'Red', 'RED', 'blue', 'green', 'ß', 'é', 'é', '', '(none)', '(other)', '5', 5n, 5.5, true, false,
  'Ω', 'Ω', 'zz', '😀', '\uffee', '<b>&"\\', 'tab\there',
];
export const INSTANTS = [
  '2026-05-01T00:00:00Z', '2026-05-01T02:00:00+02:00', '2026-05-01 00:00:00.000z', '2026-05-01T00:00:00.0009Z',
  '2026-05-01', '2026-05-02T00:00:00Z', '2025-02-29T00:00:00Z', '2024-02-29T12:00:00-11:30', 'soon', '2026',
];

// Mostly one value, sometimes several, none, null or something of another type.
function mixed(random, values, oddities) {
  return random.weighted([
    [12, () => random.pick(values)],
    [2, () => random.some(values, 1, 3)],
    [1, () => [random.pick(values), null, [random.pick(values)]]],
    [1, () => null],
    [0.5, () => []],
    [3, () => random.pick(oddities)],
  ])();
}

function properties(random) {
  const makers = {
    price: () => mixed(random, random.chance(0.7) ? NUMBERS.slice(0, 15) : NUMBERS, ['5', 'much', true]),
    qty: () => BigInt(random.between(-2, 9)),
    amount: () => random.between(-5000, 99999) / 100,
    color: () => mixed(random, COLORS.slice(0, random.chance(0.5) ? 6 : COLORS.length), [3n, true]),
    when: () => mixed(random, INSTANTS, [5n, false]),
    flag: () => mixed(random, [true, false], ['true', 1n]),
    currency: () => mixed(random, ['EUR', 'USD'], [1n]),
    items: () => Array.from({ length: random.below(3) }, () => (
      { sku: random.pick(['s1', 's2', 3n]), n: random.chance(0.5) ? BigInt(random.below(4)) : undefined })),
    deep: () => ({ a: { b: random.pick(NUMBERS) }, 'a.b': random.pick(['clash', 2n]), empty: {} }),
    日本: () => random.pick(['東京', '大阪', 1n]),
    text: () => random.pick(['a property', 7n]),
    event: () => random.pick(['A', 'not the name']),
    received_at: () => random.pick(INSTANTS),
    'customer.plan': () => 'a property too',
    odd: () => random.pick(COLORS),
  };
  return Object.fromEntries(random.some(Object.keys(makers), 0, 6).map((name) => [name, makers[name]()]));
}

function traits(random) {
  const makers = {
    plan: () => random.weighted([[4, 'pro'], [4, 'free'], [1, 'Free'], [2, null], [1, ['pro', 'team']], [1, []]]),
    age: () => mixed(random, [17n, 18n, 40n, 40.5], ['18']),
    vip: () => random.pick([true, false, null]),
    address: () => random.weighted([
      [3, { city: random.pick(['Oslo', 'oslo', 'Ålesund']) }], [1, { zip: 7n, city: null }], [1, null], [1, 'a line']]),
    since: () => random.pick(INSTANTS),
    tags: () => random.pick([['x', 'y'], 'x', [], ['y', 3n]]),
    events: () => 99n,
    known: () => 'no',
  };
  return Object.fromEntries(random.some(Object.keys(makers), 1, 3).map((name) => [name, makers[name]()]));
}

const ACCOUNTS = ['acme', 'acme', 'other', 'Åcme', 'u1', 17n];

// `accounts` is how often one is named.
function identifiers(random, density, accounts) {
  const user = () => random.pick(USERS.slice(0, density));
  const place = random.below(Math.min(density, ANONYMOUS.length));
  const anonymous = ANONYMOUS[place];
  const mail = `${anonymous}@example.com`; // each address goes with one anonymous id only
  const account = random.chance(accounts)
    ? { account: random.chance(0.8) ? random.pick(ACCOUNTS) : random.some(ACCOUNTS, 0, 3) } : {};
  return random.weighted([
    [8, () => ({ userId: user(), ...(account.account ? { identifiers: account } : {}) })],
    [5, () => ({ anonymousId: anonymous, ...(account.account ? { identifiers: account } : {}) })],
    [2, () => ({ userId: user(), anonymousId: anonymous })],
    [1, () => ({ anonymousId: anonymous, identifiers: { email: mail, ...account } })],
    [0.5, () => ({ identifiers: { email: mail } })],
    [0.5, () => ({ identifiers: { user: user(), 'ext.crm': BigInt(random.below(4)) } })],
    [0.5, () => ({ identifiers: { 'ext.crm': BigInt(random.below(4)) } })],
    [0.3, () => ({ userId: '', anonymousId: anonymous })],
  ])();
}

// What may not be stored, each in its way.
function spoil(random, line) {
  return random.pick([
    () => ({ ...line, ts: undefined }),
    () => ({ ...line, ts: 'yesterday' }),
    () => ({ ...line, ts: '1969-12-31T23:59:59Z' }),
    () => ({ ...line, ts: '2095-01-01T00:00:00Z' }),
    () => ({ ...line, userId: undefined, anonymousId: undefined, identifiers: undefined }),
    () => ({ ...line, event: 5n }),
    () => ({ ...line, scale: 'nps', score: 11n }),
    () => ({ ...line, scale: 'csat', score: 2.5 }),
    () => ({ ...line, scale: 'likert', score: 2n }),
    () => ({ ...line, userId: 'u1', identifiers: { user: 'u2' } }),
    () => ({ ...line, event: 'alias', previousId: undefined, userId: 'u1' }),
  ])();
}

class WorldMaker {
  constructor(random) {
    this.random = random;
    const [zone, at] = random.pick(ERAS);
    this.zone = zone;
    this.center = Date.parse(at);
    this.density = random.pick([2, 4, 7]);
    this.surveys = random.chance(0.35);
    this.accounts = random.pick([0.03, 0.1, 0.4]);
    this.times = this.makeTimes();
    this.messages = [];
  }

  makeTimes() {
    const { random, center } = this;
    const times = [0, -1, 1, -HOUR, HOUR, -30 * MINUTE, 30 * MINUTE, 2 * HOUR, -2 * HOUR, 30 * MINUTE + 1, -DAY, DAY]
      .map((d) => center + d);
    const midnight = Math.floor(center / DAY) * DAY;
    for (let i = 0; i < 6; i++) times.push(midnight + random.between(-9, 9) * DAY);
    for (let i = 0; i < 8; i++) times.push(center + random.between(-200, 200) * HOUR);
    for (let i = 0; i < 8; i++) times.push(center + random.between(-40, 40) * HOUR + random.below(HOUR));
    for (let i = 0; i < 3; i++) times.push(center + random.between(-90, 90) * DAY + random.below(DAY));
    const back = random.pick([0, 0, 364, 365, 366]); // the year before, for some
    if (back > 0) for (let i = 0; i < 12; i++) times.push(center - back * DAY + random.between(-90, 90) * HOUR);
    return times;
  }

  time() {
    const { random } = this;
    const base = random.pick(this.times);
    return base + random.weighted([[5, 0], [1, random.below(40) * MINUTE], [1, random.below(60) * SECOND], [1, 30 * MINUTE]]);
  }

  instant(ms) {
    return this.random.chance(0.9) ? formatInstant(ms) : `${formatInstant(ms + 2 * HOUR).slice(0, -1)}+02:00`;
  }

  event() {
    const { random } = this;
    const line = { ...identifiers(random, this.density, this.accounts), ts: this.instant(this.time()) };
    const surveys = this.surveys ? 12 : 0;
    line.event = random.weighted([[surveys, random.pick(['contacted', 'survey shown', 'feedback', 'feedback', 'feedback'])],
      [8, random.pick(EVENTS.slice(0, 3))], [2, random.pick(EVENTS)], [1, random.pick(BOOKKEEPING)]]);
    if (random.chance(0.8)) line.properties = properties(random);
    if (random.chance(line.event === 'identify' ? 1 : 0.15)) line.traits = traits(random);
    if (random.chance(0.5)) line.channel = random.pick(CHANNELS);
    if (random.chance(line.event === 'feedback' ? 0.9 : 0.05)) {
      line.text = random.chance(0.3) ? random.pick(['', ...WORDS]) : this.words();
    }
    if (random.chance(line.event === 'feedback' ? 0.6 : 0.05)) {
      const [scale, low, high] = random.pick(this.surveys ? SCORES.slice(0, 2) : SCORES);
      Object.assign(line, { scale, score: BigInt(random.between(low, high)) });
    }
    this.ofSurvey(line);
    return line;
  }

  // What the events around a survey bear: asked, shown, answered.
  ofSurvey(line) {
    const { random } = this;
    if (!['contacted', 'survey shown', 'feedback'].includes(line.event) || random.chance(0.15)) return;
    const metrics = random.pick(['nps', ['nps'], ['nps', 'csat'], ['csat', 'ces'], 'stars']);
    const common = {
      kind: random.pick(['survey', 'survey', 'survey', 'review', 'note']), metrics, survey: random.pick(['s1', 's2']),
      response: random.weighted([[5, `r${random.below(8)}`], [1, undefined], [1, ['r1', 'r2']], [0.5, 5n]]),
    };
    const own = {
      contacted: () => ({ purpose: random.pick(['survey', 'survey', 'message']), outcome: random.pick(['allowed', 'allowed', 'skipped']) }),
      'survey shown': () => ({ way: random.pick(['link', 'widget']) }),
      feedback: () => ({
        finished: random.pick([true, true, false, 'true', undefined]), question: random.weighted([[6, undefined], [1, 'q2'], [0.5, '']]),
        language: random.pick(['en', undefined]),
      }),
    }[line.event]();
    line.properties = { ...line.properties, ...common, ...own };
  }

  words() {
    const { random } = this;
    return Array.from({ length: random.between(1, 7) }, () => random.pick(VOCABULARY) + random.pick([' ', ' ', ', ', '\n', '...'])).join('');
  }

  alias() {
    const { random } = this;
    return {
      event: 'alias', ts: this.instant(this.time()), userId: random.pick(USERS.slice(0, this.density)),
      previousId: random.pick([...ANONYMOUS, ...USERS, 'unheard of']),
    };
  }

  line() {
    const { random } = this;
    let line = random.chance(0.03) ? this.alias() : this.event();
    if (random.chance(0.25)) {
      line.message_id = random.chance(0.2) && this.messages.length > 0
        ? random.pick(this.messages) : `m${this.messages.length}`;
      this.messages.push(line.message_id);
    }
    if (random.chance(0.03)) line = spoil(random, line);
    return write(line);
  }

  batches() {
    const { random } = this;
    const size = random.pick([4, 25, 60, 120, 120, 250]);
    const batches = [];
    for (let left = size; left > 0;) {
      const count = Math.min(left, random.between(1, Math.max(2, size / 2)));
      left -= count;
      batches.push({
        source: random.pick(['web', 'web', 'shop', 'crm']),
        lines: Array.from({ length: count }, () => this.line()),
        then: random.weighted([[5, []], [3, ['seal']], [1, ['restart']], [1, ['seal', 'restart']]]),
      });
    }
    return batches;
  }
}

// { zone, center, times, accounts, timezone, segments, batches }. `source` names one of the keys: web and shop write, crm is a
// secret one and may join known users.
export function makeWorld(random) {
  const maker = new WorldMaker(random);
  return {
    zone: maker.zone,
    center: maker.center,
    times: maker.times,
    accounts: maker.accounts,
    timezone: random.chance(0.5) ? maker.zone : 'UTC',
    segments: {},
    batches: maker.batches(),
  };
}
