// The benchmark (bench/speed) on a few events: ClickHouse in both layouts, DuckDB, the plain scan in C and firsthand give the same
// answers to all of its questions, in every form of SQL that it tries; what takes a peer too long is said, and the others are asked on.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { root, temporaryDirectory } from '../support/firsthand.mjs';

function bench(data, ...args) {
  return spawnSync(process.execPath, [join(root, 'bench/speed/run.mjs'), '--rows', '20000', '--rounds', '1', '--idle', '0', '--data', data, ...args], { encoding: 'utf8' });
}

for (const [variant, ...args] of [['plain', '--choose-rows', '4000'], ['late']]) {
  test(`all engines of the benchmark agree on every question, variant ${variant}`, (t) => {
    const done = bench(temporaryDirectory(t), '--variant', variant, ...args);
    assert.equal(done.status, 0, done.stdout + done.stderr);
    assert.match(done.stdout, /clickhouse-a.*clickhouse-p.*clickhouse-count.*duckdb.*floor/);
    assert.match(done.stdout, /All answers are equal/);
  });
}

test('with ids both peers store message ids and times of receipt, each in a column that is told of, and answers are equal', (t) => {
  const data = temporaryDirectory(t);
  const done = bench(data, '--rows', '21000', '--variant', 'ids', '--settle', '0', '--only', 'q1,q8', '--choose-rows', '4000');
  assert.equal(done.status, 0, done.stdout + done.stderr);
  assert.match(done.stdout, /All answers are equal/);
  const table = readFileSync(join(data, '21000-ids', 'speed.md'), 'utf8');
  for (const engine of ['clickhouse-a', 'clickhouse-p', 'clickhouse-z', 'duckdb']) {
    const [, told] = new RegExp(`^\\| ${engine} \\|(?:[^|]*\\|){4} (.*) \\|$`, 'm').exec(table.slice(table.indexOf('## Load')));
    const bytes = Object.fromEntries(told.split(', ').map((part) => part.split(' ')));
    assert.ok(bytes.message_id >= 16, `${engine}: ${told}`);
    assert.ok(bytes.received > 0, `${engine}: ${told}`);
  }
});

test('a peer that takes too long for a question is not asked again, and what was measured lies in a file', (t) => {
  const data = temporaryDirectory(t);
  const done = bench(data, '--only', 'q4x', '--engines', 'clickhouse-a,duckdb,floor', '--seconds', '0.001');
  assert.equal(done.status, 0, done.stdout + done.stderr);
  assert.match(readFileSync(join(data, '20000-plain', 'speed.md'), 'utf8'), /funnel of 10 steps[^|]*\| over 0.001 s \|  \| over 0.001 s \|  \| [\d.]+ \|/);
  const measured = readFileSync(join(data, '20000-plain', 'measured.ndjson'), 'utf8').trim().split('\n').map((line) => JSON.parse(line));
  assert.deepEqual(measured.map(({ round, engine, beyond }) => [round, engine, beyond]), [0, 1].flatMap((round) => [[round, 'clickhouse-a', 'over 0.001 s'], [round, 'duckdb', 'over 0.001 s'], [round, 'floor', undefined]]));
});
