// Directories of older versions of the program: state.db of each version of its schema (tests/golden/state), brought to this version's with
// a backup before, cut at any moment and started again.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { gunzipSync } from 'node:zlib';
import { expectedNow } from '../golden/since.mjs';
import { Server, binary, must, root, run, serverFor, sleep, temporaryDirectory } from '../support/firsthand.mjs';

const golden = join(root, 'tests/golden/state');
const answers = JSON.parse(readFileSync(join(golden, 'answers.json'), 'utf8'));
const versions = readdirSync(golden).map((name) => /^version-(\d+)\.db\.gz$/.exec(name)?.[1]).filter(Boolean).map(Number).sort((a, b) => a - b);
const newest = versions.at(-1);
const VERSION_AT = 60; // of the schema, in the head of an SQLite file

function unpacked(folder, version) {
  const data = join(folder, `version-${version}`);
  const file = version === 'newer' ? 'newer.db.gz' : `version-${String(version).padStart(2, '0')}.db.gz`;
  mkdirSync(data, { mode: 0o700 });
  writeFileSync(join(data, 'state.db'), gunzipSync(readFileSync(join(golden, file))), { mode: 0o600 });
  return data;
}

const versionOf = (file) => readFileSync(file).readUInt32BE(VERSION_AT);

function answersAsThen(data, version) {
  for (const [words, expected] of Object.entries(answers[version])) {
    assert.deepEqual(JSON.parse(must([...words.split(' '), '--json', '--data', data])), expectedNow(words, expected), `version ${version}: ${words}`);
  }
  assert.equal(run(['verify', '--data', data]).code, 0, `version ${version}`);
}

test('there is a golden file of each version of the schema, and of none that this program does not know', () => {
  const steps = readFileSync(join(root, 'src/state/state_schema.c'), 'utf8').match(/static const char STEP_\d+\[\]/g).length;
  assert.deepEqual(versions, Array.from({ length: steps }, (_, i) => i + 1));
  for (const version of versions) assert.ok(Object.keys(answers[version]).length >= 8);
});

test('a directory of any older version is backed up, brought to this one and answers as it did; what was backed up does too', (t) => {
  for (const version of versions.slice(0, -1)) {
    const folder = temporaryDirectory(t);
    const data = unpacked(folder, version);
    const moved = JSON.parse(must(['migrate', '--json', '--data', data]));
    assert.deepEqual(moved, { moved: true, state_from: version, state_to: newest, backup: `${data}.before-upgrade`, generation: 1 });
    assert.equal(versionOf(join(data, `state.db.before-${newest}`)), version);
    answersAsThen(data, version);
    assert.deepEqual(JSON.parse(must(['migrate', '--json', '--data', data])),
      { moved: false, state_from: newest, state_to: newest, backup: null, generation: null });
    // The way back: what is restored is as it was, and its state.db of then lies beside the one that this program opened.
    const back = join(folder, 'back');
    must(['restore', moved.backup, '--data', back]);
    assert.equal(versionOf(join(back, `state.db.before-${newest}`)), version);
    answersAsThen(back, version);
  }
});

test('a server, or any command, brings it forward as well, with a copy of state.db before', async (t) => {
  for (const version of [versions[0], versions.at(-2)]) {
    const data = unpacked(temporaryDirectory(t), version);
    const server = await Server.start(data);
    t.after(() => server.stop('SIGKILL'));
    assert.equal((await server.request('/readyz')).status, 200);
    await server.stop();
    assert.equal(versionOf(join(data, `state.db.before-${newest}`)), version);
    answersAsThen(data, version);
  }
});

test('cut at any moment it can be started again', async (t) => {
  const folder = temporaryDirectory(t);
  const data = unpacked(folder, versions[0]);
  const starts = Date.now();
  must(['migrate', '--data', unpacked(folder, versions[1])]);
  const whole = Date.now() - starts;
  // Each time a little later, from before it begins to after it ended.
  const times = 24;
  let cut = 0;
  for (let i = 0; i < times; i++) {
    const process = spawn(binary, ['migrate', '--data', data], { stdio: 'ignore' });
    const ended = new Promise((done) => process.on('exit', (code, signal) => done({ code, signal })));
    await Promise.race([sleep(whole * 1.5 * i / times), ended]);
    process.kill('SIGKILL');
    cut += (await ended).signal === 'SIGKILL' ? 1 : 0;
  }
  assert.ok(cut > 0);
  must(['migrate', '--data', data]);
  answersAsThen(data, versions[0]);
  assert.equal(versionOf(join(data, 'state.db')), newest);
  assert.equal(versionOf(join(data, `state.db.before-${newest}`)), versions[0]);
  assert.ok(!existsSync(join(data, 'state.held')));
  assert.equal(run(['verify', '--backup', `${data}.before-upgrade`]).code, 0);
  must(['restore', `${data}.before-upgrade`, '--at', '1', '--data', join(folder, 'back')]);
  answersAsThen(join(folder, 'back'), versions[0]);
});

test('what a cut copy left is no copy: it is made anew before anything is changed', (t) => {
  const data = unpacked(temporaryDirectory(t), versions[0]);
  writeFileSync(join(data, `state.db.before-${newest}.part`), 'a part');
  must(['user', 'list', '--data', data]);
  assert.equal(versionOf(join(data, `state.db.before-${newest}`)), versions[0]);
  assert.ok(!existsSync(join(data, `state.db.before-${newest}.part`)));
  answersAsThen(data, versions[0]);
});

test('of this version already: says so, and makes no backup', (t) => {
  const data = unpacked(temporaryDirectory(t), newest);
  assert.match(must(['migrate', '--data', data]), /is of this version already: nothing was done\n$/);
  assert.ok(!existsSync(`${data}.before-upgrade`));
  assert.ok(!existsSync(join(data, `state.db.before-${newest}`)));
});

test('a directory of a newer version is refused by every command, and left alone', (t) => {
  const data = unpacked(temporaryDirectory(t), 'newer');
  const file = join(data, 'state.db');
  const bytes = readFileSync(file);
  const newer = versionOf(file);
  for (const words of [['migrate'], ['user', 'list'], ['serve', '--listen', '127.0.0.1:0']]) {
    const refused = run([...words, '--data', data]);
    assert.equal(refused.code, 4, refused.stderr);
    assert.match(refused.stderr, new RegExp(`was written by a newer version of firsthand \\(${newer}, this one knows ${newest}\\)`));
  }
  assert.deepEqual(readFileSync(file), bytes);
  assert.ok(!existsSync(`${data}.before-upgrade`));
});

test('beside a running server, or of no directory, it does nothing and says why', async (t) => {
  const server = await serverFor(t);
  const held = run(['migrate', '--data', server.data]);
  assert.equal(held.code, 4);
  assert.match(held.stderr, /is held by another process: stop it first/);
  const none = run(['migrate', '--data', join(temporaryDirectory(t), 'none')]);
  assert.equal(none.code, 3);
  assert.match(none.stderr, /is no data directory/);
  const inside = unpacked(temporaryDirectory(t), versions[0]);
  const lies = run(['migrate', '--backup', join(inside, 'backup'), '--data', inside]);
  assert.equal(lies.code, 2, lies.stderr);
  assert.match(lies.stderr, /must not lie in one another/);
  assert.equal(versionOf(join(inside, 'state.db')), versions[0]);
});
