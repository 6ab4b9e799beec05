// What a golden directory is asked: some of every kind of question, and what is kept besides events.
import { must } from '../../support/firsthand.mjs';

const RANGE = { from: '2026-01-01', to: '2026-03-31' };
const QUESTIONS = {
  trend: { kind: 'trend', series: [{ event: 'Order Completed' }, { event: 'Page Viewed', measure: 'sum:price' }], breakdown: 'channel', interval: 'day', range: RANGE },
  customers: { kind: 'trend', series: [{ event: 'feedback', measure: 'customers', where: [['price', '>', 50]] }], interval: 'week', range: RANGE },
  segment: { kind: 'trend', series: [{ event: 'Page Viewed' }], interval: 'month', segment: { trait: ['plan', '=', 'pro'] }, range: RANGE },
  funnel: { kind: 'funnel', steps: [{ event: 'Page Viewed' }, { event: 'Product Added' }, { event: 'Order Completed' }], window: '14d', range: RANGE },
  retention: { kind: 'retention', start: { event: 'Page Viewed' }, return: { event: 'Order Completed' }, interval: 'week', range: RANGE },
  paths: { kind: 'paths', start: { event: 'Page Viewed' }, gap: '20d', range: RANGE },
  lifecycle: { kind: 'lifecycle', event: 'Page Viewed', interval: 'month', range: RANGE },
  stickiness: { kind: 'stickiness', event: 'Page Viewed', interval: 'day', range: RANGE },
  between: { kind: 'time_between', from: { event: 'Page Viewed' }, to: { event: 'Order Completed' }, window: '30d', range: RANGE },
  score: { kind: 'score', metric: 'nps', least: 5, interval: 'month', range: RANGE },
  verbatims: { kind: 'verbatims', text: 'delivery', range: RANGE },
};
const COMMANDS = ['timeline u1', 'timeline anonymous:a20', 'customer show u2', 'ledger', 'quarantine list', 'import list', 'segment list', 'erasure receipts',
  'erasure verify', 'catalogue list --kind event', 'catalogue list --kind property'];
// Of the moment of asking, not of what is stored.
const PASSING = new Set(['as_of', 'elapsed_ms', 'stats', 'measured', 'recent', 'cursor']);

function lasting(value) {
  if (Array.isArray(value)) return value.map(lasting);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).filter(([name]) => !PASSING.has(name)).map(([name, of]) => [name, lasting(of)]));
}

export function ask(data) {
  const answers = {};
  for (const [name, question] of Object.entries(QUESTIONS)) {
    answers[name] = lasting(JSON.parse(must(['query', '-', '--json', '--data', data], { input: JSON.stringify(question) })));
  }
  for (const words of COMMANDS) answers[words] = must([...words.split(' '), '--json', '--data', data]).split('\n').filter(Boolean).map((line) => lasting(JSON.parse(line)));
  answers.export = must(['export', '--data', data]).split('\n').filter(Boolean).sort();
  return answers;
}
