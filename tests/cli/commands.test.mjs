// The command line as a person uses it: alone, beside a running server, and with nonsense.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { must, run, serverFor, temporaryDirectory, withoutQuietHours } from '../support/firsthand.mjs';

const events = [
  { userId: 'ann', event: 'Product Viewed', ts: '2026-05-01T10:00:00Z', message_id: '1', properties: { price: 10 } },
  { userId: 'ann', event: 'Order Completed', ts: '2026-05-01T10:05:00Z', message_id: '2', properties: { price: 10 }, traits: { plan: 'pro' } },
  { userId: 'bo', event: 'Product Viewed', ts: '2026-05-02T10:00:00Z', message_id: '3' },
  { anonymousId: 'x', event: 'Product Viewed', ts: '2026-05-02T11:00:00Z', message_id: '4', text: '\u001b[31mred\u202E and =1+1' },
  { event: 'Nobody', ts: '2026-05-02T11:00:00Z' },
];
const ndjson = events.map((event) => JSON.stringify(event)).join('\n') + '\n';

function filled(t) {
  const data = temporaryDirectory(t);
  const file = join(data, 'events.ndjson');
  writeFileSync(file, ndjson);
  const counts = JSON.parse(must(['import', file, '--data', data, '--json', '--quiet']));
  assert.deepEqual(counts, { received: 5, stored: 4, duplicate: 0, quarantined: 1, refused: 0 });
  return data;
}

test('an import prints the ledger, names the bad row, and may be repeated', (t) => {
  const data = temporaryDirectory(t);
  const done = run(['import', '-', '--data', data], { input: ndjson });
  assert.equal(done.code, 0, done.stderr);
  assert.match(done.stdout, /received\s+5\nstored\s+4\n/);
  assert.match(done.stderr, /row 5 quarantined/);
  const again = JSON.parse(must(['import', '-', '--data', data, '--json', '--quiet'], { input: ndjson }));
  assert.equal(again.stored, 0);
  assert.equal(again.duplicate, 4);
  const dry = JSON.parse(must(['import', '-', '--data', data, '--json', '--dry-run', '--quiet'], { input: ndjson }));
  assert.equal(dry.received, 5);
});

test('one-line questions answer as tables, JSON and CSV', (t) => {
  const data = filled(t);
  const range = ['--from', '2026-05-01', '--to', '2026-05-02', '--data', data];
  const trend = JSON.parse(must(['trend', 'Product Viewed', '--json', ...range]));
  assert.deepEqual(trend.series[0].values, [1, 2]);
  assert.match(must(['trend', 'Product Viewed', ...range]), /2026-05-02 +2\ntotal +3/);
  assert.match(must(['trend', 'Product Viewed', '--format', 'csv', ...range]), /2026-05-02,2\r\n/);
  assert.match(must(['funnel', 'Product Viewed', 'Order Completed', ...range]), /Order Completed +1 +33\.3%/);
  const score = must(['score', 'nps', '--least', '1', ...range]);
  assert.match(score, /group +interval +score +95 % interval +n +asked/);
  assert.match(score, /all +total +- +- +0 +0/);
  assert.match(must(['score', 'nps', '--compare', 'previous', '--format', 'csv', ...range]), /,n,asked,.*,0,1,2,3,4,5,6,7,8,9,10,change\r\n/);
  const compared = ['trend', 'Product Viewed', '--compare', 'weekday', ...range];
  assert.match(must(compared), /total +3\n\ncompared with 2026-04-24T00:00:00\.000Z until 2026-04-26T00:00:00\.000Z\ninterval +Product Viewed\n2026-04-24 +0\n/);
  assert.match(must([...compared, '--format', 'csv']), /^range,interval,Product Viewed\r\nasked,2026-05-01,1\r\n[^]*\r\ncompared,2026-04-24,0\r\n/);
  const back = JSON.parse(must(['funnel', 'Product Viewed', 'Order Completed', '--compare', 'year', '--json', ...range])).previous;
  assert.deepEqual(back.range, { from: '2025-05-01T00:00:00.000Z', to: '2025-05-03T00:00:00.000Z' });
  for (const [command, ...words] of [['retention', 'Product Viewed', '--cohort', 'every'], ['lifecycle'], ['stickiness'], ['paths', 'Product Viewed'],
    ['time-between', 'Product Viewed', 'Order Completed'], ['score', 'nps']]) {
    const { previous } = JSON.parse(must([command, ...words, '--compare', 'previous', '--json', ...range]));
    assert.deepEqual(previous.range, { from: '2026-04-29T00:00:00.000Z', to: '2026-05-01T00:00:00.000Z' }, command);
  }
  assert.match(run(['trend', 'Product Viewed', '--compare', 'yeer', ...range]).stderr, /\/compare: .*did you mean "year"/);
  const filtered = JSON.parse(must(['trend', 'Product Viewed', '--where', 'price >= 10', '--json', ...range]));
  assert.equal(filtered.series[0].total, 1);
  const retention = JSON.parse(must(['retention', 'Product Viewed', '--interval', 'day', '--periods', '2', '--json', ...range]));
  assert.equal(retention.cohorts[0].size, 1);
  assert.match(must(['lifecycle', '--interval', 'day', ...range]), /interval +new +returning +resurrected +dormant\n2026-05-01 +1 +0 +0 +0\n2026-05-02 +2 +0 +0 +1\n/);
  assert.match(must(['lifecycle', 'Order Completed', '--format', 'csv', ...range]), /2026-05-01,1,0,0,0\r\n2026-05-02,0,0,0,1\r\n/);
  assert.match(must(['stickiness', 'Product Viewed', ...range]), /of all +at least\n +1 +3 +100\.0% +100\.0%\n +2 +0 +0\.0% +0\.0%\n/);
  assert.match(must(['stickiness', 'Nothing', ...range]), /1 +0 +- +-\n/);
  assert.match(must(['stickiness', '--format', 'csv', ...range]), /intervals,customers\r\n1,3\r\n2,0\r\n/);
  const waits = ['time-between', 'Product Viewed', 'Order Completed'];
  assert.match(must([...waits, ...range]), /5\.0 m +30\.0 m +1\n[^]*30\.0 d +- +0\n\n1 times by 1 customers\n *p50 +p75 +p90 +p99\n *5\.0 m +5\.0 m /);
  assert.match(must([...waits, '--window', '1m', ...range]), /\n0 times by 0 customers\n *p50 +p75 +p90 +p99\n *- +- +- +-\n/);
  assert.match(must([...waits, '--format', 'csv', ...range]), /from_ms,to_ms,count\r\n0,1000,0\r\n/);
  assert.equal(JSON.parse(must([...waits, '--where', 'price > 100', '--json', ...range])).count, 0);
  const paths = must(['paths', 'Product Viewed', '--gap', '2d', ...range]);
  assert.match(paths, /count +customers +path +\n/);
  assert.match(paths, /\n\ndepth +from +to +count +customers\n/);
  assert.match(paths, /3 paths of \d customers in all\n$/);
  const backwards = must(['paths', 'Order Completed', '--end', '--steps', '1', '--repeats', '--limit', '1', '--format', 'csv', ...range]);
  assert.match(backwards, /^list,depth,count,customers,name_1,name_2\r\n/);
  assert.match(backwards, /\r\npath,\d,1,1,/);
  const channels = JSON.parse(must(['paths', '*', '--by', 'channel', '--where', 'price set', '--json', ...range]));
  assert.equal(channels.depths[0].count, 2);
  assert.match(run(['paths', 'Product Viewed', '--steps', 'some', ...range]).stderr, /--steps is "some"/);
  assert.match(run(['paths', 'Product Viewed', '--gap', 'long', ...range]).stderr, /\/gap/);
  const whole = must(['query', '-', '--data', data, '--json'], { input: JSON.stringify({ kind: 'customers' }) });
  assert.equal(JSON.parse(whole).total, 3);
});

test('words of customers are printed without anything a terminal or spreadsheet obeys', (t) => {
  const data = filled(t);
  const text = must(['timeline', 'x', '--data', data]);
  assert.ok(!/[\u0000-\u0008\u001b\u202e]/.test(text), JSON.stringify(text));
  assert.match(text, /red and =1\+1/);
  const range = ['--from', '2026-05-01', '--to', '2026-05-02', '--data', data];
  const table = must(['verbatims', '31mred an', ...range]);
  assert.ok(!/[\u0000-\u0008\u001b\u202e]/.test(table), JSON.stringify(table));
  assert.match(table, /red and =1\+1\n1 verbatims of 1 customers in all\n$/);
  const words = JSON.parse(must(['verbatims', '--sort', 'ts', '--limit', '1', '--json', ...range]));
  assert.equal(words.verbatims[0].text, events[3].text);
  assert.match(must(['verbatims', '--where', 'channel set', ...range]), /0 verbatims/);
  assert.match(run(['verbatims', '--limit', 'many', ...range]).stderr, /--limit is "many"/);
  const json = must(['timeline', 'x', '--json', '--data', data]);
  assert.equal(JSON.parse(json).text, events[3].text);
});

test('customers can be shown, joined and split again', (t) => {
  const data = filled(t);
  assert.match(must(['customer', 'show', 'ann', '--data', data]), /trait plan +pro/);
  must(['customer', 'join', 'anonymous:x', 'user:ann', '--data', data]);
  assert.equal(JSON.parse(must(['customer', 'show', 'anonymous:x', '--json', '--data', data])).id, 'ann');
  must(['customer', 'split', 'anonymous:x', '--data', data]);
  assert.equal(JSON.parse(must(['customer', 'show', 'anonymous:x', '--json', '--data', data])).id, 'x');
});

test('segments are saved, checked, listed, used and deleted', (t) => {
  const data = filled(t);
  must(['segment', 'save', 'pro', '-', '--data', data], { input: '{"trait":["plan","=","pro"]}' });
  assert.match(must(['segment', 'list', '--data', data]), /pro/);
  assert.equal(must(['segment', 'show', 'pro', '--data', data]).trim(), '{"trait":["plan","=","pro"]}');
  const trend = JSON.parse(must(['trend', 'Product Viewed', '--segment', 'pro', '--json', '--from', '2026-05-01', '--to', '2026-05-02', '--data', data]));
  assert.equal(trend.series[0].total, 1);
  must(['segment', 'save', 'loud', '-', '--data', data], { input: '{"any":[{"said":{"text":"31mred an"}},{"score":"nps","is":["<=",6]}]}' });
  const loud = JSON.parse(must(['verbatims', '--segment', 'loud', '--json', '--from', '2026-05-01', '--to', '2026-05-02', '--data', data]));
  assert.equal(loud.total, 1);
  const silent = JSON.parse(must(['query', '-', '--data', data, '--json'], { input: '{"kind":"customers","segment":{"not":{"in":"loud"}}}' }));
  assert.equal(silent.total, 2);
  const wordless = run(['segment', 'save', 'bad', '-', '--data', data], { input: '{"said":{"text":"?!"}}' });
  assert.equal(wordless.code, 2);
  assert.match(wordless.stderr, /there is no word to look for.*\/said\/text|\/said\/text.*there is no word/s);
  const wrong = run(['segment', 'save', 'bad', '-', '--data', data], { input: '{"trate":["plan","=","pro"]}' });
  assert.equal(wrong.code, 2);
  assert.match(wrong.stderr, /trait/);
  must(['segment', 'delete', 'pro', '--data', data]);
  assert.equal(run(['segment', 'show', 'pro', '--data', data]).code, 3);
});

test('the same commands work beside a running server', async (t) => {
  const server = await serverFor(t);
  const at = ['--data', server.data];
  const counts = JSON.parse(must(['import', '-', '--json', '--quiet', ...at], { input: ndjson }));
  assert.equal(counts.stored, 4);
  assert.equal(counts.quarantined, 1);
  assert.equal(JSON.parse(must(['query', '-', '--json', ...at], { input: '{"kind":"customers"}' })).total, 3);
  assert.match(must(['quarantine', 'list', ...at]), /1 rows in quarantine/);
  assert.match(must(['ledger', ...at]), /received 5 = 4 stored \+ 0 duplicate \+ 1 quarantined \+ 0 refused/);
  assert.match(must(['status', ...at]), /events +4/);
  const verify = run(['verify', ...at]);
  assert.equal(verify.code, 4, verify.stderr);
  const second = run(['serve', ...at, '--listen', '127.0.0.1:0']);
  assert.equal(second.code, 4, second.stderr);
  assert.match(second.stderr, /held by another process/);
});

test('nonsense gets a message, a fix and the right exit code', (t) => {
  const data = filled(t);
  const cases = [
    [['imprt'], 2, /did you mean import/],
    [['keys'], 2, /keys create/],
    [['trend', 'A', '--mesure', 'count'], 2, /did you mean --measure/],
    [['trend'], 2, /usage: firsthand trend/],
    [['trend', 'A', '--last', 'soon'], 2, /30d/],
    [['trend', 'A', '--where', 'price'], 2, /price > 100/],
    [['trend', 'A', '--timezone', 'Europe/Olso'], 2, /Europe\/Oslo/],
    [['query', 'no-such-file'], 3, /no-such-file/],
    [['import', 'no-such-file'], 3, /no-such-file/],
    [['import', '/'], 2, /directory/],
    [['import', '-', '--format', 'xml'], 2, /csv/],
    [['timeline', 'nobody'], 3, /nobody/],
    [['quarantine', 'show', 'q999'], 3, /./],
    [['quarantine', 'show', 'seven'], 2, /q17/],
    [['keys', 'create', '--kind', 'golden', '--name', 'x'], 2, /write, client or secret/],
    [['keys', 'revoke', '99'], 3, /./],
    [['segment', 'delete', 'nothing'], 3, /nothing/],
    [['completion', 'tcsh'], 2, /bash, zsh or fish/],
    [['config', 'set', 'timezone', 'Mars/Olympus'], 2, /./],
    [['demo', '--customers', 'many'], 2, /whole number/],
    [['demo'], 4, /events already/],
    [['user', 'add', 'not-an-address', '--name', 'X'], 2, /./],
  ];
  for (const [args, code, message] of cases) {
    const done = run([...args, '--data', data], { input: 'x' });
    assert.equal(done.code, code, `${args.join(' ')}: ${done.code}\n${done.stderr}`);
    assert.match(done.stderr, message, args.join(' '));
    assert.equal(done.stdout.includes('firsthand:'), false);
  }
  assert.match(must(['verify', '--data', data]), / 0 problems/);
  assert.equal(JSON.parse(must(['query', '-', '--json', '--data', data], { input: '{"kind":"customers"}' })).total, 3);
});

test('help, version, completion and settings come without a directory', (t) => {
  const data = join(temporaryDirectory(t), 'none');
  assert.match(must(['--help']), /Commands\n/);
  assert.match(must(['help', 'import']), /^Examples\n/);
  assert.match(must(['keys', 'create', '--help']), /--kind KIND/);
  assert.match(must(['version']), /^firsthand \d/);
  for (const shell of ['bash', 'zsh', 'fish']) assert.match(must(['completion', shell]), /firsthand/);
  assert.match(must(['config', 'show', '--data', data]), /query_time_ms +30000 +default/);
  assert.match(must(['config', 'show', '--data', data], { env: { FIRSTHAND_QUERY_TIME_MS: '5000' } }), /5000 +FIRSTHAND_QUERY_TIME_MS/);
  const wrong = run(['config', 'show', '--data', data], { env: { FIRSTHAND_QUERY_TIME_MS: 'long' } });
  assert.equal(wrong.code, 2);
});

test('the demo is the same for the same seed, and tells its stories', (t) => {
  const [one, two] = [temporaryDirectory(t), temporaryDirectory(t)];
  const args = ['demo', '--customers', '300', '--days', '200', '--until', '2026-06-30', '--quiet', '--data'];
  assert.equal(must([...args, one]), must([...args, two]));
  for (const id of ['c000001', 'c000150', 'c000300']) {
    const first = run(['timeline', id, '--json', '--data', one]);
    assert.equal(first.stdout, run(['timeline', id, '--json', '--data', two]).stdout);
  }
  const ask = (question) => JSON.parse(must(['query', '-', '--json', '--data', one], { input: JSON.stringify(question) }));
  const late = ask({
    kind: 'trend', series: [{ event: 'Order Delivered', measure: 'avg:days' }], interval: 'quarter',
    range: { from: '2026-04-10', to: '2026-06-30' }, breakdown: 'region',
  });
  const days = Object.fromEntries(late.series.map((series) => [series.group, series.total]));
  assert.ok(days.West > days.East + 1, JSON.stringify(days));
});

test('the surveys of the demo go the whole way, keep to the policy, and flatter as its fifth story says', (t) => {
  const data = temporaryDirectory(t);
  must(['demo', '--customers', '4000', '--days', '200', '--until', '2026-06-30', '--quiet', '--data', data]);
  const range = { from: '2025-12-01', to: '2026-06-30' };
  const total = (event, where, segment, within = range) => JSON.parse(must(['query', '-', '--json', '--data', data], {
    input: JSON.stringify({ kind: 'trend', range: within, interval: 'quarter', segment, series: [{ event, where }] }),
  })).series[0].total;
  const survey = ['survey', '=', 'after-delivery'];
  const asked = total('contacted', [survey, ['outcome', '=', 'allowed']]);
  const shown = total('survey shown', [survey]);
  const begun = total('feedback', [survey]);
  const finished = total('feedback', [survey, ['finished', '=', true]]);
  assert.ok(asked > shown && shown > begun && begun > finished && finished > 100, JSON.stringify({ asked, shown, begun, finished }));
  const most = JSON.parse(must(['query', '-', '--json', '--data', data], {
    input: JSON.stringify({ kind: 'customers', segment: { did: { event: 'contacted', where: [['outcome', '=', 'allowed']] }, times: ['>', 4] } }),
  })).total;
  assert.equal(most, 0, 'nobody is contacted more than four times in a year');
  // In the weeks in which one carrier was late, those it serves answer less often than the others.
  const weeks = { from: '2026-04-10', to: '2026-06-30' };
  const served = { all: [{ trait: ['region', '=', 'West'] }, { trait: ['country', '=', 'NO'] }] };
  const rate = (segment) => total('feedback', [survey], segment, weeks) / total('survey shown', [survey], segment, weeks);
  assert.ok(rate(served) < rate({ not: served }) - 0.05, `${rate(served)} ${rate({ not: served })}`);
});

test('a survey is made, published, handed out and explained on the command line', (t) => {
  const data = filled(t);
  withoutQuietHours(data);
  const on = (args, options) => run(['survey', ...args, '--data', data], options);
  const template = must(['survey', 'template', 'nps', '--data', data]);
  assert.match(must(['survey', 'template', '--data', data]), /cancellation +Why someone leaves/);
  assert.match(on(['template', 'nsp']).stderr, /did you mean "?nps/);
  assert.match(on(['check', '-'], { input: template }).stdout, /0 to mend/);
  const broken = JSON.parse(template);
  broken.questions[0].next[0].go = 'bettr';
  const refused = on(['save', 'ask', '-'], { input: JSON.stringify(broken) });
  assert.equal(refused.code, 2);
  assert.match(refused.stderr, /\/definition\/questions\/0\/next\/0\/go.*did you mean "better"|did you mean "better".*/s);
  assert.equal(on(['save', 'ask', '-'], { input: template }).code, 0);
  assert.match(on(['links', 'ask', '--customer', 'ann']).stderr, /never published|publish it first/);
  assert.match(on(['publish', 'ask']).stdout, /^ask is live, version 1\n$/);
  const links = on(['links', 'ask', '--customer', 'ann', '--customer', 'zoe', '--address', 'https://ask.example']);
  assert.match(links.stdout, /ann +https:\/\/ask.example\/s\/ask\/\S{32}\npassed over zoe: no-user-id\n/);
  assert.match(on(['links', 'ask', '--anonymous', '2', '--format', 'csv']).stdout, /^customer,link\r\n.*\/s\/ask\//);
  assert.match(on(['why', 'ask', 'ann']).stdout, /no +before: was asked in this wave\n/);
  assert.match(on(['results', 'ask']).stdout, /^asked 1, shown 0, started 0, finished 0\n/);
  assert.match(on(['list']).stdout, /ask +Recommendation +live +1 +4\n/);
  assert.match(on(['pause', 'ask']).stdout, /ask is paused/);
  assert.equal(on(['show', 'nope']).code, 3);
});
