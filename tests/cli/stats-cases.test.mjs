// build/tests/stats_cases FILE...: what it says of cases that hold, that do not, and of which it knows nothing.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import test from 'node:test';
import { binary, root, temporaryDirectory } from '../support/firsthand.mjs';

const program = join(dirname(binary), 'tests', 'stats_cases');
const golden = join(root, 'tests', 'golden', 'stats');

function cases(t, list) {
  const file = join(temporaryDirectory(t), 'cases.json');
  writeFileSync(file, JSON.stringify({ format: 'stats-cases/1', cases: list }));
  const done = spawnSync(program, [file], { encoding: 'utf8' });
  return { code: done.status, lines: done.stdout.trimEnd().split('\n'), stderr: done.stderr };
}

const lgamma = (expected, tolerance) => ({ id: 'one', method: 'dist.lgamma', inputs: { x: [0.5, 10.5] }, expected, tolerance });

test('every file of golden facts holds', () => {
  const files = readdirSync(golden).map((name) => join(golden, name));
  const done = spawnSync(program, files, { encoding: 'utf8' });
  assert.equal(done.status, 0, done.stdout + done.stderr);
  assert.match(done.stdout, /^[1-9]\d* passed, 0 failed$/m);
});

test('a value that is off fails by name and place, and the exit code says so', (t) => {
  const { code, lines } = cases(t, [lgamma({ y: [0.572364942925, 13.95] }, { abs: 1e-9, rel: 0 })]);
  assert.equal(code, 1);
  assert.match(lines[0], /^FAILED one \(dist\.lgamma\): y: \[1\]: found 13\.94\d+, expected 13\.95$/);
  assert.equal(lines.at(-1), '0 passed, 1 failed');
});

test('tolerances are of a key, of one direction, or absent', (t) => {
  const off = { y: [0.6, 13.95] };
  const { code, lines } = cases(t, [
    lgamma(off, { abs: 0, rel: 0, keys: { y: { abs: 0.05, rel: 0 } } }),
    lgamma(off, { abs: 0, rel: 0, direction: { y: 'at_most' } }),
    lgamma(off, { abs: 0, rel: 0, direction: { y: 'info' } }),
    lgamma({ y: [null, 13.9406252194] }, { abs: 1e-9, rel: 0 }),
    lgamma(off, { abs: 0, rel: 0, direction: { y: 'at_least' } }),
    lgamma(off, { abs: 0, rel: 0 }),
    lgamma({ y: [0.572364942925] }, { abs: 1, rel: 0 }),
    lgamma({ z: [1, 2] }, { abs: 1, rel: 0 }),
    lgamma({}, { abs: 1, rel: 0 }),
  ]);
  assert.equal(lines.at(-1), '4 passed, 5 failed');
  assert.equal(code, 1);
});

test('unknown methods are listed by name and counted apart', (t) => {
  const { code, lines } = cases(t, [
    lgamma({ y: [0.572364942925, 13.9406252194] }, { abs: 1e-9, rel: 0 }),
    { id: 'x', method: 'tea.leaves', inputs: {}, expected: { fate: 1 } },
    { id: 'y', method: 'tea.leaves', inputs: {}, expected: { fate: 2 } },
  ]);
  assert.equal(code, 0);
  assert.deepEqual(lines, ['skipped: tea.leaves (no such method here; cases: 2)', '2 skipped', '1 passed, 0 failed']);
});

test('inputs that are no inputs fail the case with the reason', (t) => {
  const { code, lines } = cases(t, [
    { id: 'a', method: 'dist.t_cdf', inputs: { x: [1], df: [0] }, expected: { p: [0.5] } },
    { id: 'b', method: 'dist.t_cdf', inputs: { x: [1] }, expected: { p: [0.5] } },
    { id: 'c', method: 'csat.proportion_ci', inputs: { successes: 3, n: 2, confidence: 0.95 }, expected: { wilson: [0, 1] } },
    { id: 'd', method: 'survey.rake', inputs: { table: [[1, 2], [3]], row_targets: [1, 2], col_targets: [1, 2] }, expected: { table: [] } },
    { id: 'e', method: 'model.logistic', inputs: { X: [], y: [] }, expected: { coef: [] } },
  ]);
  assert.equal(code, 1);
  assert.equal(lines.at(-1), '0 passed, 5 failed');
  assert.match(lines[0], /df is 0/);
  assert.match(lines[1], /df is missing/);
});

test('a file of another form is refused with exit code 2', (t) => {
  const file = join(temporaryDirectory(t), 'other.json');
  for (const text of ['{"cases":[]}', '{"format":"stats-cases/1"}', 'no JSON', '{"format":"stats-cases/1","cases":3}']) {
    writeFileSync(file, text);
    assert.equal(spawnSync(program, [file]).status, 2, text);
  }
  assert.equal(spawnSync(program, [join(file, 'nowhere')]).status, 2);
  assert.equal(spawnSync(program, []).status, 2);
});
