// Directories that were written when the format was frozen, and since (tests/golden/directory): each version of the program opens a copy of
// each, answers as then, writes to it, and backs it up.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { gunzipSync } from 'node:zlib';
import { ask } from '../golden/directory/ask.mjs';
import { expectedNow } from '../golden/since.mjs';
import { must, root, run, temporaryDirectory } from '../support/firsthand.mjs';

const golden = join(root, 'tests/golden/directory');
const versions = readdirSync(golden).map((name) => /^version-(\d+)\.tar\.gz$/.exec(name)?.[1]).filter(Boolean).map(Number);
const answersOf = (version) => JSON.parse(gunzipSync(readFileSync(join(golden, `version-${version}.json.gz`))));
const now = (answers) => Object.fromEntries(Object.entries(answers).map(([words, then]) => [words, expectedNow(words, then)]));

function unpacked(t, version) {
  const folder = temporaryDirectory(t);
  execFileSync('tar', ['--extract', '--gzip', '--file', join(golden, `version-${version}.tar.gz`), '-C', folder]);
  return { folder, data: join(folder, 'data'), backups: join(folder, 'backups') };
}

test('there is a golden directory of the version that this program writes', (t) => {
  const data = join(temporaryDirectory(t), 'data');
  must(['config', 'set', 'timezone', 'Europe/Oslo', '--data', data]);
  assert.ok(versions.includes(readFileSync(join(data, 'MANIFEST')).readUInt32LE(8)));
});

for (const version of versions) {
  test(`a directory of version ${version} has a file of every kind, is whole, and answers as it did`, (t) => {
    const { data } = unpacked(t, version);
    for (const kind of ['journal', 'segments', 'dedup', 'identity', 'quarantine']) assert.ok(readdirSync(join(data, kind)).length > 0, kind);
    assert.ok(readFileSync(join(data, 'erasures.log')).length > 0);
    assert.equal(run(['verify', '--data', data]).code, 0);
    assert.deepEqual(ask(data), now(answersOf(version).directory));
    assert.equal(run(['verify', '--data', data]).code, 0);
  });

  test(`a backup of version ${version} is whole and is restored with its answers`, (t) => {
    const { folder, backups } = unpacked(t, version);
    assert.equal(run(['verify', '--backup', backups]).code, 0);
    must(['restore', backups, '--data', join(folder, 'restored')]);
    assert.deepEqual(ask(join(folder, 'restored')), now(answersOf(version).backup));
  });

  test(`a directory of version ${version} is written on: what is there counts as before, what it knows is a duplicate, and it is backed up`, (t) => {
    const { folder, data, backups } = unpacked(t, version);
    const { directory } = answersOf(version);
    const known = { userId: 'u1', event: 'Signed In', ts: '2026-03-10T10:00:00Z', message_id: 'in1' };
    const added = { userId: 'u1', event: 'Order Completed', ts: '2026-03-31T10:00:00Z', message_id: 'after', properties: { price: 5 } };
    must(['import', '-', '--format', 'ndjson', '--source', 'shop', '--data', data], { input: [known, added].map((one) => JSON.stringify(one)).join('\n') });
    must(['erase', 'u7', '--reason', 'asked', '--yes', '--data', data]); // writes segments anew
    const exported = must(['export', '--data', data]).split('\n').filter(Boolean);
    const left = directory.export.filter((line) => exported.includes(line));
    assert.equal(exported.length, left.length + 1);
    const ledger = JSON.parse(must(['ledger', '--json', '--data', data]));
    assert.equal(ledger.balanced, true);
    assert.equal(ledger.total.stored, directory.ledger[0].total.stored + 1);
    assert.equal(ledger.total.duplicate, directory.ledger[0].total.duplicate + 1);
    assert.equal(run(['verify', '--data', data]).code, 0);
    must(['backup', backups, '--verify', '--data', data]);
    must(['restore', backups, '--data', join(folder, 'restored')]);
    assert.deepEqual(ask(join(folder, 'restored')), ask(data));
  });
}
