// Names, values, conditions and matchers: section 4.
import { isNumber } from './number.mjs';
import { formatInstant, parseInstant } from './time.mjs';
import { isBookkeeping } from './intake.mjs';

const ascii = /^[\x00-\x7f]*$/;

// Order of UTF-8 bytes.
export function compareBytes(a, b) {
  if (ascii.test(a) && ascii.test(b)) return a < b ? -1 : a > b ? 1 : 0;
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

// ---- names ----------------------------------------------------------------------------------------

const one = (value) => (value === undefined ? [] : [value]);

const OWN = {
  event: (event) => [event.event],
  ts: (event) => [formatInstant(event.ts)],
  channel: (event) => one(event.channel),
  text: (event) => one(event.text),
  score: (event) => one(event.score),
  scale: (event) => one(event.scale),
  source: (event) => [event.source],
  theme: () => [],
  sentiment: () => [],
};

const BUILT_IN = {
  id: (customer) => [customer.id],
  known: (customer) => [customer.known],
  first_seen: (customer) => one(customer.firstSeen === undefined ? undefined : formatInstant(customer.firstSeen)),
  last_seen: (customer) => one(customer.lastSeen === undefined ? undefined : formatInstant(customer.lastSeen)),
  events: (customer) => [BigInt(customer.count)],
};

// What a name stands for: { kind: 'own' | 'built-in' | 'trait' | 'past' | 'property', name }.
export function readName(name) {
  if (Object.hasOwn(OWN, name)) return { kind: 'own', name };
  if (name.startsWith('customer.')) return readTraitName(name.slice('customer.'.length));
  if (name.startsWith('then.')) return { kind: 'past', name: name.slice('then.'.length) };
  if (name.startsWith('properties.')) return { kind: 'property', name: name.slice('properties.'.length) };
  return { kind: 'property', name };
}

// The same where a name stands without `customer.`.
export function readTraitName(name) {
  if (Object.hasOwn(BUILT_IN, name)) return { kind: 'built-in', name };
  if (name.startsWith('traits.')) return { kind: 'trait', name: name.slice('traits.'.length) };
  return { kind: 'trait', name };
}

// All values under a name, in order; none where it is missing.
export function valuesOf({ kind, name }, customer, event) {
  if (kind === 'own') return OWN[name](event);
  if (kind === 'built-in') return BUILT_IN[name](customer);
  if (kind === 'trait') return customer.traits.get(name) ?? [];
  if (kind === 'past') return event.traitsThen.get(name) ?? [];
  return event.properties.get(name) ?? [];
}

export const numbersOf = (name, customer, event) => valuesOf(name, customer, event).filter(isNumber);

// ---- comparing ------------------------------------------------------------------------------------

// -1, 0 or 1; undefined where the two have no order.
export function compareValues(a, b) {
  if (isNumber(a) && isNumber(b)) return a < b ? -1 : a > b ? 1 : 0;
  if (typeof a === 'boolean' && typeof b === 'boolean') return Number(a) - Number(b);
  if (typeof a !== 'string' || typeof b !== 'string') return undefined;
  const [x, y] = [parseInstant(a), parseInstant(b)];
  return x !== undefined && y !== undefined ? Math.sign(x - y) : compareBytes(a, b);
}

export function holdsOrder(order, operator) {
  if (order === undefined) return false;
  switch (operator) {
    case '=': return order === 0;
    case '!=': return order !== 0;
    case '>': return order > 0;
    case '>=': return order >= 0;
    case '<': return order < 0;
    case '<=': return order <= 0;
    default: throw new Error(`no comparison: ${operator}`);
  }
}

// The `iu` flags fold case as Unicode's simple folding does.
function contains(value, part) {
  return new RegExp(part.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&'), 'iu').test(value);
}

function matches(value, pattern) {
  const folded = pattern.startsWith('(?i)');
  return new RegExp(folded ? pattern.slice(4) : pattern, folded ? 'iu' : 'u').test(value);
}

// A condition over a list of values.
export function holds(values, operator, operand) {
  const equal = (value, wanted) => compareValues(value, wanted) === 0;
  const text = (test) => values.some((v) => typeof v === 'string' && test(v, operand));
  switch (operator) {
    case 'set': return values.length > 0;
    case 'not set': return values.length === 0;
    case '=': return values.some((v) => equal(v, operand));
    case '!=': return !values.some((v) => equal(v, operand));
    case 'in': return values.some((v) => operand.some((w) => equal(v, w)));
    case 'not in': return !values.some((v) => operand.some((w) => equal(v, w)));
    case 'contains': return text(contains);
    case 'starts with': return text((v, w) => v.startsWith(w));
    case 'matches': return text(matches);
    default: return values.some((v) => holdsOrder(compareValues(v, operand), operator));
  }
}

export function conditionHolds(condition, customer, event) {
  if (!Array.isArray(condition)) return condition.any.some((c) => conditionHolds(c, customer, event));
  const [name, operator, operand] = condition;
  return holds(valuesOf(readName(name), customer, event), operator, operand);
}

// ---- matchers -------------------------------------------------------------------------------------

export const eventNames = (matcher) => (Array.isArray(matcher.event) ? matcher.event : [matcher.event]);

export function matchesEvent(matcher, customer, event) {
  const named = eventNames(matcher).some((name) => (name === '*' ? !isBookkeeping(event.event) : name === event.event));
  return named && (matcher.where ?? []).every((c) => conditionHolds(c, customer, event));
}

export const labelOf = (matcher) => eventNames(matcher).join(', ');
