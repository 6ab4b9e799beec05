// Segments: predicates over one customer's whole timeline, section 5.
import { compareValues, conditionHolds, holds, holdsOrder, matchesEvent, numbersOf, readName, readTraitName, valuesOf }
  from './condition.mjs';
import { exactSum, canonical } from './number.mjs';
import { isBookkeeping } from './intake.mjs';
import { parseDate, parseDuration } from './time.mjs';
import { look, parseSearch } from './words.mjs';

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

// From each first event on, each step by the first event after the one before.
function sequenceHolds({ sequence, window, within }, customer, context) {
  const earliest = within === undefined ? -Infinity : context.now - parseDuration(within);
  const events = customer.events.filter((e) => e.ts <= context.now && e.ts >= earliest);
  return events.some((first, i) => {
    if (!matchesEvent(sequence[0], customer, first)) return false;
    let step = 1;
    for (const event of events.slice(i + 1).filter((e) => e.ts <= first.ts + parseDuration(window))) {
      if (step < sequence.length && matchesEvent(sequence[step], customer, event)) step++;
    }
    return step === sequence.length;
  });
}

function firstSeenHolds([operator, date], customer, context) {
  const first = customer.events.find((e) => e.ts <= context.now && !isBookkeeping(e.event));
  return first !== undefined && holdsOrder(Math.sign(context.zone.date(first.ts) - parseDate(date)), operator);
}

// The customer's own events that the predicate may look at.
function ownEvents(predicate, customer, context) {
  const earliest = predicate.within === undefined ? -Infinity : context.now - parseDuration(predicate.within);
  return customer.events.filter((e) => e.ts <= context.now && e.ts >= earliest && !isBookkeeping(e.event));
}

function saidHolds(predicate, customer, context) {
  const { text, where = [] } = predicate.said;
  return ownEvents(predicate, customer, context).some((e) => e.text !== undefined && e.text !== ''
    && where.every((c) => conditionHolds(c, customer, e)) && (text === undefined || look(parseSearch(text), e.text).matches));
}

function scoreHolds(predicate, customer, context) {
  const scores = ownEvents(predicate, customer, context).filter((e) => e.scale === predicate.score).map((e) => e.score);
  const passes = (score) => holdsOrder(compareValues(score, predicate.is[1]), predicate.is[0]);
  if (predicate.which === 'any') return scores.some(passes);
  return scores.length > 0 && passes(predicate.which === 'first' ? scores[0] : scores.at(-1));
}

// `context`: { now, zone, saved }. `segment`: an object, or the name of a saved one.
export function segmentHolds(segment, customer, context) {
  const inner = (s) => segmentHolds(s, customer, context);
  if (typeof segment === 'string') return inner(context.saved[segment]);
  if (segment.all) return segment.all.every(inner);
  if (segment.any) return segment.any.some(inner);
  if (segment.not) return !inner(segment.not);
  if (segment.in !== undefined) return inner(segment.in);
  if (segment.said) return saidHolds(segment, customer, context);
  if (segment.score) return scoreHolds(segment, customer, context);
  if (segment.sequence) return sequenceHolds(segment, customer, context);
  if (segment.did) return didHolds(segment, customer, context);
  if (segment.first_seen) return firstSeenHolds(segment.first_seen, customer, context);
  if (segment.trait) {
    const [name, operator, operand] = segment.trait;
    return holds(valuesOf(readTraitName(name), customer, undefined), operator, operand);
  }
  throw new Error(`no predicate: ${JSON.stringify(segment)}`);
}
