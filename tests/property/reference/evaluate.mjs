// The naive reference: question and events in, answer out. One loop over all events for everything; no index, no
// plan, nothing shared with the engine.
import { eventNames, readName, readTraitName } from './condition.mjs';
import { page, searched, sortName } from './customers.mjs';
import { Funnel } from './funnel.mjs';
import { Lifecycle, Stickiness, TimeBetween } from './habits.mjs';
import { Paths } from './paths.mjs';
import { rangeOf, written } from './range.mjs';
import { Retention } from './retention.mjs';
import { Score } from './score.mjs';
import { segmentHolds } from './segment.mjs';
import { formatInstant, zoneOf } from './time.mjs';
import { splitMeasure, Trend } from './trend.mjs';
import { saidAround, verbatimsAnswer } from './verbatims.mjs';

const KINDS = {
  trend: Trend, funnel: Funnel, retention: Retention, score: Score,
  lifecycle: Lifecycle, stickiness: Stickiness, time_between: TimeBetween, paths: Paths,
};

// ---- names in a question, for warnings ------------------------------------------------------------

function conditionNames(conditions, into) {
  for (const condition of conditions ?? []) {
    if (Array.isArray(condition)) into.names.push(readName(condition[0]));
    else conditionNames(condition.any, into);
  }
}

function matcherNames(matcher, into) {
  into.events.push(...eventNames(matcher).filter((name) => name !== '*'));
  conditionNames(matcher.where, into);
}

function segmentNames(segment, saved, into) {
  const inner = (s) => segmentNames(s, saved, into);
  if (segment === undefined) return;
  if (typeof segment === 'string') inner(saved[segment]);
  else if (segment.in !== undefined) inner(segment.in);
  else if (segment.not) inner(segment.not);
  else if (segment.all || segment.any) (segment.all ?? segment.any).forEach(inner);
  else if (segment.trait) into.names.push(readTraitName(segment.trait[0]));
  else if (segment.said) conditionNames(segment.said.where, into);
  else if (segment.sequence) segment.sequence.forEach((matcher) => matcherNames(matcher, into));
  else if (segment.did) {
    matcherNames(segment.did, into);
    for (const name of ['sum', 'avg', 'min', 'max']) {
      if (segment[name] !== undefined) into.names.push(readName(segment[name]));
    }
  }
}

function namesIn(question, saved) {
  const into = { events: [], names: [] };
  for (const series of question.series ?? []) {
    matcherNames(series, into);
    const [, property] = splitMeasure(series.measure);
    if (property !== undefined) into.names.push(readName(property));
  }
  for (const matcher of [...(question.kind === 'funnel' ? question.steps : []), ...(question.exclude ?? [])]) matcherNames(matcher, into);
  for (const matcher of [question.start, question.end, question.return, question.from, question.to]) if (matcher) matcherNames(matcher, into);
  if (question.event !== undefined) into.events.push(...eventNames(question).filter((name) => name !== '*'));
  if (question.by !== undefined) into.names.push(readName(question.by));
  if (question.breakdown !== undefined) into.names.push(readName(question.breakdown.by ?? question.breakdown));
  segmentNames(question.segment, saved, into);
  conditionNames(question.where, into);
  const sort = question.kind === 'verbatims' ? undefined : (question.open ?? question).sort?.replace(/^-/, '');
  if (sort !== undefined && sort !== 'value') into.names.push(sortName(sort));
  return into;
}

function unknownNames(question, world, saved) {
  const { events, names } = namesIn(question, saved);
  const unknown = names.filter(({ kind, name }) => (kind === 'property' && !world.names.properties.has(name))
    || (['trait', 'past'].includes(kind) && !world.names.traits.has(name)))
    .map(({ kind, name }) => ({ kind: kind === 'past' ? 'trait' : kind, name }));
  const once = new Map();
  for (const name of events.filter((e) => !world.names.events.has(e))) once.set(`event ${name}`, { kind: 'event', name });
  for (const line of unknown) once.set(`${line.kind} ${line.name}`, line);
  return [...once.values()];
}

// Members that are known but do nothing here.
function idleMembers(question) {
  const idle = [];
  if (question.kind === 'customers' && question.range !== undefined) idle.push('range');
  if (question.kind === 'verbatims') {
    if (question.id !== undefined && question.range !== undefined) idle.push('range');
  } else if (question.breakdown === undefined && !['customers', 'paths'].includes(question.kind)) {
    for (const name of ['limit', 'attribution']) if (question[name] !== undefined) idle.push(name);
  }
  return idle;
}

// ---- answering ------------------------------------------------------------------------------------

// `world`: what takeIn answered. `settings`: { now, timezone, saved: name → segment }. The answer lacks `stats`
// and `warnings`; beside it stands what the warnings must be about. `skip` stands for a cursor.
export function evaluate(question, world, { now, timezone = 'UTC', saved = {} }, skip = 0) {
  const asOf = question.as_of === undefined ? now : Date.parse(question.as_of);
  const zone = zoneOf(question.timezone ?? timezone);
  const context = { now: asOf, zone, saved };
  const everybody = question.per === 'account' ? world.accounts : world.customers;
  context.customers = question.segment === undefined ? everybody
    : everybody.filter((c) => segmentHolds(question.segment, c, context));
  const about = {
    idle: idleMembers(question), unknown: unknownNames(question, world, saved), several: false, currencies: false,
  };
  const finish = (answer) => ({ answer: { ...answer, as_of: formatInstant(asOf) }, about });
  if (question.kind === 'customers') {
    const found = question.search === undefined ? context.customers : searched(context.customers, question.search);
    return finish({ kind: 'customers', ...page(found.map((customer) => ({ customer })), question, skip), partial: [] });
  }
  context.range = rangeOf(question.range ?? 'last 30 days', zone, asOf, question.compare);
  if (question.kind === 'verbatims') return finish(verbatimsAnswer(question, context, skip));
  const kind = new KINDS[question.kind](question, context);
  // Trends and scores look at both ranges themselves; the others are asked once more, and show what was shown.
  const before = question.compare === undefined || kind.looksAtBoth ? undefined
    : new KINDS[question.kind](question, { ...context, range: context.range.previous }, kind);
  if (question.open === undefined) {
    about.several = kind.severalGroups();
    about.currencies = kind.mixedCurrencies?.() ?? false;
    const answer = kind.answer();
    if (before) {
      const { kind: name, ...previous } = before.answer();
      answer.previous = previous;
    }
    if (answer.previous) answer.previous.range = written(context.range.previous);
    return finish(answer);
  }
  const opened = (question.open.previous && before ? before : kind).open(question.open);
  return finish({
    kind: 'customers', ...page(opened.rows, question.open, skip), ...saidAround(opened), partial: [],
  });
}
