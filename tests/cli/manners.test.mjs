// What the command line owes to people: nothing is cut that was asked for whole, nothing fails silently.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { binary, must, run, Server, sleep, temporaryDirectory } from '../support/firsthand.mjs';

const T = '2026-05-01T10:00:00Z';

test('an answer that cannot be written is an error, not a success', (t) => {
  const data = temporaryDirectory(t);
  const done = spawnSync('sh', ['-c', `"${binary}" status --data "${data}" > /dev/full`], { encoding: 'utf8' });
  assert.equal(done.status, 1);
  assert.match(done.stderr, /standard output: No space left/);
});

test('an import without a name for its source, or with one of several lines, is refused before anything is read', (t) => {
  const data = temporaryDirectory(t);
  const file = join(data, 'in.ndjson');
  writeFileSync(file, `{"userId":"u","event":"A","ts":"${T}"}\n`);
  for (const source of ['', 'a\nb', 'a\u001b[31m', 'x'.repeat(201)]) {
    const refused = run(['import', file, '--source', source, '--data', data, '--json']);
    assert.equal(refused.code, 2, source);
    assert.match(refused.stderr, /a source's name is one line of 1 to 200 bytes/);
    assert.equal(refused.stdout, '', 'no ledger of what was never read');
  }
  assert.equal(JSON.parse(must(['ledger', '--json', '--data', data])).total.received, 0);
});

test('quarantine show and customer show cut nothing', (t) => {
  const data = temporaryDirectory(t);
  const long = 'x'.repeat(300);
  must(['import', '-', '--data', data, '--quiet'], {
    input: `{"userId":"u","event":"A","ts":"yesterday"}\n{"userId":"u","event":"identify","ts":"${T}","traits":{"note":"${long}"}}\n` });
  assert.match(must(['quarantine', 'show', 'q1', '--data', data]), /reason +expected an RFC 3339 instant .*\+02:00/);
  assert.ok(must(['customer', 'show', 'u', '--data', data]).includes(long));
});

test('CSV holds nothing that a terminal or a spreadsheet obeys, and keeps the rest', (t) => {
  const data = temporaryDirectory(t);
  const names = ['=1+1', '@x', '-2', 'a"b,c', 'line\nbreak', '\u001b[31mred\u009b0m\u202e', 'zoë'];
  must(['import', '-', '--data', data, '--quiet'], {
    input: names.map((p) => JSON.stringify({ userId: 'u', event: 'A', ts: new Date().toISOString(), properties: { p } })).join('\n') });
  const question = { kind: 'funnel', steps: [{ event: 'A' }], window: '1d', breakdown: 'p', attribution: 'entry', count: 'entries' };
  const csv = must(['query', '-', '--format', 'csv', '--data', data], { input: JSON.stringify(question) });
  for (const cell of ['"\'=1+1"', '"\'@x"', '"\'-2"', '"a""b,c"', '"line\nbreak"', 'zoë', '[31mred0m']) assert.ok(csv.includes(cell), `${cell}\n${csv}`);
  assert.doesNotMatch(csv, /[\u001b\u009b\u202e]/);
});

test('one dash is no argument, help is a letter away, and a hint stands in every refusal', (t) => {
  const data = temporaryDirectory(t);
  assert.match(must(['import', '-h', '--data', data]), /^Examples/);
  const cases = [
    [['import', '-x'], 2, /unknown option -x; see: firsthand import --help/],
    [['trend', 'A', '--lst', '3d'], 2, /did you mean --last\?/],
    [['frend'], 2, /did you mean trend\?/],
    [['timeline', 'u', '--format', 'csv'], 2, /unknown option --format/],
    [['query', '/'], 2, /directory/],
    [['query', '/no/such/file'], 3, /\/no\/such\/file cannot be opened/],
  ];
  for (const [args, code, message] of cases) {
    const refused = run([...args, '--data', data]);
    assert.equal(refused.code, code, `${args}: ${refused.stderr}`);
    assert.match(refused.stderr, message);
    assert.equal(refused.stdout, '');
  }
  const broken = join(data, 'question.json');
  writeFileSync(broken, '{"kind":');
  assert.match(run(['query', broken, '--data', data]).stderr, /question\.json is no JSON: byte \d+/);
});

test('version as JSON is JSON; completion names each word once', () => {
  assert.match(JSON.parse(must(['version', '--json'])).version, /^\d+\.\d+\.\d+$/);
  const words = /-a '([^']+)'/.exec(must(['completion', 'fish']))[1].trim().split(' ');
  assert.deepEqual(words, [...new Set(words)]);
});

test('vector instructions can be fewer than there are, never more, and by their names alone', () => {
  const asked = (level) => run(['version', '--json'], { env: { FIRSTHAND_VECTORS: level } });
  const vectors = (level) => JSON.parse(asked(level).stdout).vectors;
  const levels = ['portable', 'avx2', 'avx512'];
  const most = levels.indexOf(vectors(''));
  assert.ok(most >= 0);
  for (const [i, level] of levels.entries()) assert.equal(vectors(level), levels[Math.min(i, most)]);
  for (const nonsense of ['AVX2', 'sse', '2', 'avx512 ']) {
    const { code, stdout, stderr } = asked(nonsense);
    assert.deepEqual([code, stdout], [2, '']);
    assert.match(stderr, /^firsthand: FIRSTHAND_VECTORS: .*portable, avx2 or avx512$/m);
  }
});

test('the first steps that the server prints can be pasted, whatever its directory is called', async (t) => {
  const data = join(temporaryDirectory(t), "Ann's data; $(rm -rf nothing)");
  const server = await Server.start(data, { args: ['--first-steps'] });
  t.after(() => server.stop('SIGKILL'));
  while (!server.stdout.includes('ts":')) await sleep(20);
  const steps = server.stdout.slice(server.stdout.indexOf('  key=$('));
  const done = spawnSync('sh', ['-c', steps], { encoding: 'utf8' });
  assert.equal(done.status, 0, done.stderr);
  assert.equal(JSON.parse(done.stdout).stored, 1, done.stdout);
  assert.match(must(['timeline', 'ann', '--data', data]), /Said hello/);
});
