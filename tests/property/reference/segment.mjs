// Segments: predicates over one customer's whole timeline, section 5.
import { compareValues, holds, holdsOrder, matchesEvent, numbersOf, readName, readTraitName, valuesOf }
  from './condition.mjs';
import { exactSum, canonical } from './number.mjs';
import { isBookkeeping } from './intake.mjs';
import { parseDate, parseDuration } from './time.mjs';

const AGGREGATES = {
  sum: (numbers) => canonical(exactSum(numbers)),
  avg: (numbers) => canonical(exactSum(numbers) / numbers.length),
  min: (numbers) => numbers.reduce((a, b) => (b < a ? b : a)),
  max: (numbers) => numbers.reduce((a, b) => (b > a ? b : a)),
};

function didHolds(predicate, customer, context) {
  const earliest = predicate.within === undefined ? -Infinity : context.now - parseDuration(predicate.within);
  const found = customer.events.filter((e) => e.ts <= context.now && e.ts >= earliest
    && matchesEvent(predicate.did, customer, e));
  const [operator, wanted] = predicate.times ?? ['>=', 1n];
  const aggregate = Object.keys(AGGREGATES).find((name) => predicate[name] !== undefined);
  if (aggregate === undefined) return holdsOrder(compareValues(BigInt(found.length), wanted), operator);
  const name = readName(predicate[aggregate]);
  const numbers = found.flatMap((event) => numbersOf(name, customer, event));
  if (numbers.length === 0 && aggregate !== 'sum') return false;
  return holdsOrder(compareValues(AGGREGATES[aggregate](numbers), wanted), operator);
}

function firstSeenHolds([operator, date], customer, context) {
  const first = customer.events.find((e) => e.ts <= context.now && !isBookkeeping(e.event));
  return first !== undefined && holdsOrder(Math.sign(context.zone.date(first.ts) - parseDate(date)), operator);
}

// `context`: { now, zone, saved }. `segment`: an object, or the name of a saved one.
export function segmentHolds(segment, customer, context) {
  const inner = (s) => segmentHolds(s, customer, context);
  if (typeof segment === 'string') return inner(context.saved[segment]);
  if (segment.all) return segment.all.every(inner);
  if (segment.any) return segment.any.some(inner);
  if (segment.not) return !inner(segment.not);
  if (segment.in !== undefined) return inner(segment.in);
  if (segment.did) return didHolds(segment, customer, context);
  if (segment.first_seen) return firstSeenHolds(segment.first_seen, customer, context);
  if (segment.trait) {
    const [name, operator, operand] = segment.trait;
    return holds(valuesOf(readTraitName(name), customer, undefined), operator, operand);
  }
  throw new Error(`no predicate: ${JSON.stringify(segment)}`);
}
