// From lines of the own form to verdicts and to events with a customer: sections 1 to 3 of the contract.
import { parse } from './json.mjs';
import { DAY, MINUTE, SECOND, parseInstant } from './time.mjs';

const SCALES = { nps: [0n, 10n], csat: [1n, 5n], ces: [1n, 7n], stars: [1n, 5n] };

class Bad extends Error {}

function need(good, reason) {
  if (!good) throw new Bad(reason);
}

// ---- flattening -----------------------------------------------------------------------------------

function collect(name, value, into) {
  if (value === null) return;
  if (Array.isArray(value)) {
    for (const element of value) collect(name, element, into);
  } else if (value instanceof Map) {
    for (const [member, inner] of value) collect(name === '' ? member : `${name}.${member}`, inner, into);
  } else {
    if (!into.has(name)) into.set(name, []);
    into.get(name).push(value);
  }
}

// A Map from the flattened name to its values, in order.
export function flatten(object) {
  const into = new Map();
  collect('', object, into);
  return into;
}

// Names that are to go, with everything below them: null and [] as the value of a trait.
function removed(object, prefix = '') {
  const names = [];
  for (const [member, value] of object) {
    if (value === null || (Array.isArray(value) && value.length === 0)) names.push(prefix + member);
    else if (value instanceof Map) names.push(...removed(value, `${prefix}${member}.`));
  }
  return names;
}

// ---- one line -------------------------------------------------------------------------------------

function readId(value) {
  if (value === undefined || value === null || value === '') return undefined;
  if (typeof value === 'bigint') return String(value);
  need(typeof value === 'string', 'an id is a string or a whole number');
  return value;
}

function readText(value) {
  need(value === undefined || value === null || typeof value === 'string', 'not a string');
  return value ?? undefined;
}

function readObject(value) {
  if (value === undefined || value === null) return new Map();
  need(value instanceof Map, 'not an object');
  return value;
}

function readIdentifiers(line) {
  const found = [];
  const add = (kind, value) => {
    const id = readId(value);
    if (id !== undefined && !found.some((f) => f.kind === kind && f.value === id)) found.push({ kind, value: id });
  };
  add('user', line.get('userId'));
  add('anonymous', line.get('anonymousId'));
  for (const [kind, value] of readObject(line.get('identifiers'))) {
    for (const one of Array.isArray(value) ? value : [value]) add(kind, one);
  }
  need(found.filter((f) => f.kind === 'user').length <= 1, 'two users');
  need(found.some((f) => f.kind !== 'account'), 'no identifier');
  return found;
}

function readTime(line, receivedAt) {
  const instant = (name) => {
    const value = line.get(name);
    if (value === undefined || value === null) return undefined;
    const ms = typeof value === 'string' ? parseInstant(value) : undefined;
    need(ms !== undefined, 'no instant');
    return ms;
  };
  let ts = instant('ts');
  need(ts !== undefined, 'no time');
  const sentAt = instant('sentAt');
  const skew = sentAt === undefined ? 0 : receivedAt - sentAt;
  if (Math.abs(skew) >= MINUTE) ts += Math.floor(skew / SECOND) * SECOND;
  need(ts - receivedAt <= DAY, 'in the future');
  need(ts >= 0, 'before the floor');
  return ts - receivedAt > 5 * MINUTE ? receivedAt : ts;
}

function readScore(line) {
  const score = line.get('score') ?? undefined;
  const scale = readText(line.get('scale'));
  need((score === undefined) === (scale === undefined), 'score and scale stand together');
  if (scale === undefined) return {};
  need(Object.hasOwn(SCALES, scale), 'unknown scale');
  need(typeof score === 'bigint', 'not a whole number');
  need(score >= SCALES[scale][0] && score <= SCALES[scale][1], 'off its scale');
  return { score, scale };
}

function readLine(text, receivedAt) {
  let line;
  try {
    line = parse(text, { maps: true });
  } catch (error) {
    throw new Bad(error.message);
  }
  need(line instanceof Map, 'no object');
  const traits = readObject(line.get('traits'));
  const event = readText(line.get('event'));
  need(event !== undefined && event !== '', 'no event');
  const item = {
    messageId: readId(line.get('message_id')),
    event,
    identifiers: readIdentifiers(line),
    previousId: readId(line.get('previousId')),
    ts: readTime(line, receivedAt),
    channel: readText(line.get('channel')) || undefined,
    text: readText(line.get('text')) || undefined, // empty is missing
    properties: flatten(readObject(line.get('properties'))),
    traits: flatten(traits),
    traitsRemoved: removed(traits),
    ...readScore(line),
  };
  const user = item.identifiers.find((i) => i.kind === 'user');
  need(event !== 'alias' || (item.previousId !== undefined && user), 'an alias names both ids');
  need(event === 'alias' || item.previousId === undefined, 'previousId belongs to aliases');
  return item;
}

// ---- who is who -----------------------------------------------------------------------------------

const userOf = (item) => item.identifiers.find((i) => i.kind === 'user').value;

class Identities {
  constructor() {
    this.customers = new Set();
    this.owners = new Map(); // "kind:value" → customer
    this.sequence = 0;
  }

  find(kind, value) {
    return this.owners.get(`${kind}:${value}`);
  }

  attach(customer, kind, value) {
    if (this.find(kind, value)) return;
    this.owners.set(`${kind}:${value}`, customer);
    customer.identifiers.push({ kind, value, sequence: this.sequence++ });
    if (kind === 'user') customer.user ??= value;
  }

  make() {
    const customer = { identifiers: [], events: [], user: undefined };
    this.customers.add(customer);
    return customer;
  }

  join(from, into) {
    into.identifiers.push(...from.identifiers);
    into.identifiers.sort((a, b) => a.sequence - b.sequence);
    into.events.push(...from.events);
    into.user ??= from.user;
    for (const { kind, value } of from.identifiers) this.owners.set(`${kind}:${value}`, into);
    this.customers.delete(from);
  }

  // The customer of a message, after the joins that the message makes.
  resolve(identifiers) {
    const people = identifiers.filter((i) => i.kind !== 'account');
    const main = people[0]; // the user where there is one
    const customer = this.find(main.kind, main.value) ?? this.make();
    for (const { kind, value } of people) {
      const owner = this.find(kind, value);
      if (!owner) this.attach(customer, kind, value);
      else if (owner !== customer && owner.user === undefined) this.join(owner, customer);
    }
    return customer;
  }

  // The customer that an alias joins into its user; undefined where there is none.
  aliased(item) {
    return this.find('user', item.previousId) ?? this.find('anonymous', item.previousId);
  }

  // Throws Bad where a key may not join two known users. A user never heard of before is none; but an anonymous id
  // that belongs to a user never moves.
  allow(item, mayJoinUsers) {
    if (item.event !== 'alias' || userOf(item) === item.previousId) return;
    const into = this.find('user', userOf(item));
    const from = this.aliased(item);
    if (mayJoinUsers || !from || from === into || from.user === undefined) return;
    need(!into && this.find('user', item.previousId), 'two known users');
  }

  alias(item) {
    const from = this.aliased(item);
    const customer = this.resolve(item.identifiers);
    if (userOf(item) === item.previousId) return customer; // to itself: joins nothing
    if (!from) this.attach(customer, 'anonymous', item.previousId);
    else if (this.owners.get(`${from.identifiers[0].kind}:${from.identifiers[0].value}`) !== customer) {
      this.join(from, customer);
    }
    return customer;
  }

  id(customer) {
    if (customer.user !== undefined) return customer.user;
    const first = customer.identifiers.find((i) => i.kind === 'anonymous') ?? customer.identifiers[0];
    if (first.kind !== 'anonymous' || this.find('user', first.value)) return `${first.kind}:${first.value}`;
    return first.value;
  }
}

// ---- all of it ------------------------------------------------------------------------------------

const BOOKKEEPING = new Set([
  'contacted', 'case opened', 'case closed', 'survey shown', 'experiment exposed', 'identify', 'alias',
]);
export const isBookkeeping = (event) => BOOKKEEPING.has(event);

// Orders a timeline and works out what follows from it; of a customer, or of an account's copies of events.
function settle(customer) {
  customer.events.sort((a, b) => a.ts - b.ts || a.arrival - b.arrival);
  customer.traits = new Map();
  for (const event of customer.events) {
    for (const name of event.traitsRemoved) {
      for (const key of [...customer.traits.keys()]) {
        if (key === name || key.startsWith(`${name}.`)) customer.traits.delete(key);
      }
    }
    for (const [name, values] of event.traits) customer.traits.set(name, values);
    event.traitsThen = new Map(customer.traits);
  }
  const own = customer.events.filter((e) => !isBookkeeping(e.event));
  customer.count = own.length;
  customer.firstSeen = own[0]?.ts;
  customer.lastSeen = own.at(-1)?.ts;
  customer.events.forEach((event, i) => { event.place = i; event.customer = customer; });
}

// Accounts as if each were one customer. The events are copies, whose `customer` is the account; `said` is whose each was.
function accountsOf(customers) {
  const members = new Map();
  for (const customer of customers) {
    for (const account of customer.accounts) {
      members.set(account, [...(members.get(account) ?? []), customer]);
    }
  }
  return [...members].map(([id, of]) => {
    const account = {
      id, known: of.some((c) => c.known), identifiers: of.flatMap((c) => c.identifiers),
      accounts: of.flatMap((c) => c.accounts),
      events: of.flatMap((c) => c.events.map((e) => ({ ...e, said: e }))),
    };
    settle(account);
    return account;
  });
}

// `batches`: [{ source, mayJoinUsers, receivedAt, lines }], in order of arrival. Answers the customers with their
// timelines, the names seen, and for each batch how many lines met which verdict.
export function takeIn(batches, { defaultChannels = {} } = {}) {
  const identities = new Identities();
  const seen = new Set();
  const names = { events: new Set(), properties: new Set(), traits: new Set() };
  const verdicts = [];
  let arrival = 0;
  for (const { source, mayJoinUsers, receivedAt = Date.now(), lines } of batches) {
    const counts = { received: lines.length, stored: 0, duplicate: 0, quarantined: 0, refused: 0 };
    verdicts.push(counts);
    for (const text of lines) {
      try {
        const item = readLine(text, receivedAt);
        const key = JSON.stringify([source, item.messageId]);
        if (item.messageId !== undefined && seen.has(key)) {
          counts.duplicate++;
          continue;
        }
        identities.allow(item, mayJoinUsers); // what came before is a duplicate, whatever it would join now
        const customer = item.event === 'alias' ? identities.alias(item) : identities.resolve(item.identifiers);
        seen.add(key);
        counts.stored++;
        customer.events.push({
          ...item, source, channel: item.channel ?? defaultChannels[source], arrival: arrival++,
        });
        names.events.add(item.event);
        for (const name of item.properties.keys()) names.properties.add(name);
        for (const name of item.traits.keys()) names.traits.add(name);
      } catch (error) {
        if (!(error instanceof Bad)) throw error;
        counts.quarantined++;
      }
    }
  }
  const customers = [...identities.customers].filter((c) => c.events.length > 0);
  for (const customer of customers) {
    settle(customer);
    customer.id = identities.id(customer);
    customer.known = customer.user !== undefined;
    customer.accounts = [...new Set(customer.events.flatMap((e) => e.identifiers)
      .filter((i) => i.kind === 'account').map((i) => i.value))];
  }
  return { customers, accounts: accountsOf(customers), names, verdicts };
}
