// The benchmark (bench/speed) on a few events: ClickHouse in both layouts, DuckDB, the plain scan in C and firsthand give the same
// answers to all of its questions, in every form of SQL that it tries.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { root, temporaryDirectory } from '../support/firsthand.mjs';

for (const variant of ['plain', 'late']) {
  test(`all engines of the benchmark agree on every question, variant ${variant}`, (t) => {
    const args = ['--rows', '20000', '--rounds', '1', '--idle', '0', '--variant', variant, '--data', temporaryDirectory(t)];
    const done = spawnSync(process.execPath, [join(root, 'bench/speed/run.mjs'), ...args], { encoding: 'utf8' });
    assert.equal(done.status, 0, done.stdout + done.stderr);
    assert.match(done.stdout, /clickhouse-a.*clickhouse-p.*clickhouse-count.*duckdb.*floor/);
    assert.match(done.stdout, /All answers are equal/);
  });
}
