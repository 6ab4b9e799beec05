// Verbatims: the kind, and those beside an opened cell (sections 6 and 7).
import { traitsOf } from './customers.mjs';
import { conditionHolds } from './condition.mjs';
import { isBookkeeping } from './intake.mjs';
import { DAY, formatInstant } from './time.mjs';
import { look, parseSearch, relevance } from './words.mjs';

const newestFirst = (a, b) => b.event.ts - a.event.ts || b.event.arrival - a.event.arrival;
const compare = (a, b) => (a < b ? -1 : a > b ? 1 : 0);

function show({ event, hit, relevance: millionths }) {
  const first = (name) => event.properties.get(name)?.[0] ?? null;
  return {
    id: String(event.arrival + 1),
    customer: event.customer.id,
    ts: formatInstant(event.ts),
    channel: event.channel ?? null,
    event: event.event,
    kind: first('kind'),
    source: event.source,
    survey: first('survey'),
    question: first('question'),
    language: first('language'),
    text: event.text,
    score: event.score ?? null,
    scale: event.scale ?? null,
    themes: [],
    sentiment: null,
    ...(millionths === undefined ? {} : { relevance: millionths / 1e6 }),
    ...(hit === undefined ? {} : { matches: hit.marks }),
  };
}

const isVerbatim = (event) => event.text !== undefined && event.text !== '' && !isBookkeeping(event.event);

const ORDERS = {
  '-ts': newestFirst,
  ts: (a, b) => newestFirst(b, a),
  relevance: (a, b) => b.relevance - a.relevance || newestFirst(a, b),
  score: (a, b) => byScore(a, b, 1),
  '-score': (a, b) => byScore(a, b, -1),
};

function byScore(a, b, sign) {
  const missing = Number(a.event.score === undefined) - Number(b.event.score === undefined);
  return missing || (a.event.score === undefined ? 0 : sign * compare(a.event.score, b.event.score)) || newestFirst(a, b);
}

export function verbatimsAnswer(question, context, skip) {
  const { from, to } = context.range;
  const search = question.text === undefined ? undefined : parseSearch(question.text);
  const searched = context.customers.flatMap((customer) => customer.events
    .filter((event) => isVerbatim(event) && (question.id !== undefined || (event.ts >= from && event.ts < to))
      && (question.where ?? []).every((c) => conditionHolds(c, customer, event))
      && (question.id === undefined || question.id === String(event.arrival + 1)))
    .map((event) => ({ event, hit: search && look(search, event.text) })));
  const found = searched.filter(({ hit }) => hit === undefined || hit.matches);
  const sort = question.sort ?? (search ? 'relevance' : '-ts');
  if (sort === 'relevance') {
    const hits = searched.map(({ hit }) => hit);
    for (const one of found) one.relevance = relevance(one.hit, hits);
  }
  found.sort(ORDERS[sort]);
  const page = found.slice(skip, skip + Number(question.limit ?? 50n));
  return {
    kind: 'verbatims',
    total: found.length,
    customers: new Set(found.map(({ event }) => event.customer)).size,
    searched: searched.length,
    verbatims: page.map(show),
    people: [...new Set(page.map(({ event }) => event.customer))].map((customer) => ({ id: customer.id, traits: traitsOf(customer) })),
    cursor: skip + page.length < found.length,
    partial: [],
  };
}

// What the customers of an opened cell (or those of its accounts) said within 30 days around it: the newest 50, and how
// many there are.
export function saidAround({ rows, begin, end }) {
  const said = [...new Set(rows.flatMap(({ customer }) => customer.events.map((event) => event.said ?? event)))]
    .filter((event) => isVerbatim(event) && event.ts >= begin - 30 * DAY && event.ts < end + 30 * DAY)
    .map((event) => ({ event })).sort(newestFirst);
  return { verbatims: said.slice(0, 50).map(show), verbatims_total: said.length };
}
