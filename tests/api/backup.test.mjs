// Backups beside a running server, and what is restored from them.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { binary, must, run, Server, serverFor, temporaryDirectory } from '../support/firsthand.mjs';

const day = '2026-03-01';
const range = { from: day, to: day };

function events(first, count) {
  return Array.from({ length: count }, (_, i) => ({
    userId: `u${(first + i) % 97}`, event: i % 3 ? 'Visit' : 'Order Completed', ts: `${day}T10:00:00Z`,
    message_id: `m${first + i}`, properties: { price: (first + i) % 13, plan: i % 2 ? 'pro' : 'free' },
  }));
}

// What a question says, without when it was asked.
function answer(data, question) {
  const { as_of: _, stats: __, ...rest } = JSON.parse(must(['query', '-', '--json', '--data', data], {
    input: JSON.stringify(question) }));
  return rest;
}

const questions = [
  { kind: 'trend', series: [{ event: 'Visit' }, { event: 'Order Completed', measure: 'customers' }], range },
  { kind: 'funnel', steps: [{ event: 'Visit' }, { event: 'Order Completed' }], window: '7d', range },
  { kind: 'paths', start: { event: 'Visit' }, range },
  { kind: 'customers' },
];

function sameAnswers(a, b) {
  for (const question of questions) assert.deepEqual(answer(a, question), answer(b, question), question.kind);
  for (const command of [['ledger', '--json'], ['quarantine', 'list', '--json'], ['segment', 'list', '--json'], ['export']]) {
    assert.equal(must([...command, '--data', a]), must([...command, '--data', b]), command.join(' '));
  }
}

async function fill(server, key, first, count) {
  const sent = await server.request('/api/v1/events', { key, body: events(first, count) });
  assert.equal(sent.status, 200, sent.text);
}

test('under load a backup has all that was acknowledged before it, each event once, and adds up', async (t) => {
  const server = await serverFor(t);
  const target = join(temporaryDirectory(t), 'target');
  const key = server.key('write', 'load');
  let sent = 0;
  let going = true;
  const load = (async () => {
    while (going) {
      await fill(server, key, sent, 200);
      sent += 200;
    }
  })();
  const reached = async (count) => {
    while (sent < count) await new Promise((resolve) => { setTimeout(resolve, 5); });
  };
  const moments = [];
  await reached(400);
  for (let i = 0; i < 4; i++) {
    const before = sent;
    const done = await new Promise((resolve) => {
      const child = spawn(binary, ['backup', target, '--data', server.data, '--json']);
      let stdout = '';
      child.stdout.on('data', (chunk) => { stdout += chunk; });
      child.on('close', (code) => resolve({ code, stdout }));
    });
    assert.equal(done.code, 0, done.stdout);
    moments.push({ before, ...JSON.parse(done.stdout) });
    await reached(sent + 1000);
    if (i === 1) must(['segment', 'save', 'pro', '-', '--data', server.data], { input: '{"trait":["plan","=","pro"]}' });
  }
  going = false;
  await load;
  for (const moment of moments) {
    const data = join(temporaryDirectory(t), 'restored');
    must(['restore', target, '--at', String(moment.generation), '--data', data]);
    assert.match(must(['verify', '--data', data]), / 0 problems/);
    assert.ok(moment.events >= moment.before, `${moment.events} of ${moment.before}`);
    const ledger = JSON.parse(must(['ledger', '--json', '--data', data]));
    assert.equal(ledger.balanced, true);
    assert.equal(ledger.total.stored, moment.events);
    const ids = new Set();
    for (const line of must(['export', '--data', data]).trim().split('\n')) {
      const event = JSON.parse(line);
      assert.ok(!ids.has(event.message_id), event.message_id);
      ids.add(event.message_id);
    }
    assert.equal(ids.size, moment.events);
    // In the order of arrival: what is there is what came first.
    for (let i = 0; i < moment.events; i++) assert.ok(ids.has(`m${i}`), `m${i}`);
    const saved = JSON.parse(must(['segment', 'list', '--json', '--data', data])).segments.length;
    assert.equal(saved, moment.generation > 2 ? 1 : 0);
  }
  assert.match(must(['verify', '--backup', target]), /^4 generations, .* 0 problems/);
});

test('a restored directory answers every question as the one that was backed up, and its keys are valid', async (t) => {
  const server = await serverFor(t);
  const target = join(temporaryDirectory(t), 'target');
  const data = join(temporaryDirectory(t), 'restored');
  writeFileSync(join(server.data, 'firsthand.conf'), 'query_time_ms = 20000\n');
  const key = server.key('write', 'web');
  await fill(server, key, 0, 5000);
  await server.request('/api/v1/events', { key, body: [{ event: 'nobody' }, { userId: 'x', event: 3 }] });
  must(['customer', 'join', 'user:u1', 'user:u2', '--data', server.data]);
  must(['segment', 'save', 'pro', '-', '--data', server.data], { input: '{"trait":["plan","=","pro"]}' });
  const made = must(['backup', target, '--verify', '--data', server.data]);
  assert.match(made, /^generation 1: 5000 events of 96 customers, .* read back without problems\n$/);
  await server.stop();
  assert.match(must(['restore', target, '--data', data]), /5000 events of 96 customers, every file checked/);
  sameAnswers(server.data, data);
  assert.match(must(['config', 'show', '--data', data]), /query_time_ms +20000 +firsthand.conf:1/);
  const restored = await Server.start(data);
  t.after(() => restored.stop('SIGKILL'));
  await fill(restored, key, 4990, 20);
  const ledger = JSON.parse(must(['ledger', '--json', '--data', data]));
  assert.equal(ledger.total.duplicate, 10);
  assert.equal(ledger.balanced, true);
  // Backups go on in the same target, from either.
  assert.match(must(['backup', target, '--data', data]), /^generation 2: 5010 events/);
  assert.match(must(['backup', target, '--data', server.data]), /^generation 3: 5000 events/);
  assert.match(must(['verify', '--backup', target]), / 0 problems/);
});

test('secrets in a backup, and in what is restored, are for their owner only', (t) => {
  const folder = temporaryDirectory(t);
  const [data, target, restored] = ['data', 'target', 'restored'].map((name) => join(folder, name));
  must(['keys', 'create', '--kind', 'secret', '--name', 'a', '--data', data]);
  must(['backup', target, '--data', data]);
  must(['restore', target, '--data', restored]);
  for (const top of [target, restored]) {
    for (const name of readdirSync(top, { recursive: true })) {
      const { mode } = statSync(join(top, name));
      assert.equal(mode & 0o077, 0, `${name}: ${mode.toString(8)}`);
    }
  }
});

test('a second backup copies only what changed, and --keep removes old generations', async (t) => {
  const server = await serverFor(t);
  const target = join(temporaryDirectory(t), 'target');
  const key = server.key('write', 'web');
  await fill(server, key, 0, 3000);
  must(['job', 'run', 'sign-ins', '--data', server.data]);
  const made = [];
  for (let i = 0; i < 4; i++) {
    await fill(server, key, 3000 + i * 10, 10);
    made.push(JSON.parse(must(['backup', target, '--keep', '2', '--json', '--data', server.data])));
  }
  const list = JSON.parse(must(['backup', 'list', target, '--json'])).generations;
  assert.deepEqual(list.map((one) => one.generation), [3, 4]);
  assert.equal(list[1].events, 3040);
  assert.ok(made[3].copied_bytes <= made[3].bytes);
  const { length: objects } = readdirSync(join(target, 'objects'));
  assert.ok(objects <= list[0].files + list[1].files);
  assert.match(must(['verify', '--backup', target]), /^2 generations/);
  const gone = run(['restore', target, '--at', '1', '--data', join(temporaryDirectory(t), 'x')]);
  assert.equal(gone.code, 3);
  assert.match(gone.stderr, /there is no generation 1/);
});

function flip(path) {
  const bytes = readFileSync(path);
  bytes[bytes.length >> 1] ^= 4;
  writeFileSync(path, bytes);
}

test('a flipped bit in any file of a backup is named, nothing is restored from it, and --verify mends it', (t) => {
  const folder = temporaryDirectory(t);
  const [data, target] = ['data', 'target'].map((name) => join(folder, name));
  must(['demo', '--customers', '30', '--days', '20', '--data', data, '--quiet']);
  must(['backup', target, '--data', data]);
  let count = 0;
  for (const name of readdirSync(join(target, 'objects'))) {
    const path = join(target, 'objects', name);
    const into = join(folder, `from-${count++}`);
    flip(path);
    const verified = run(['verify', '--backup', target]);
    assert.equal(verified.code, 5);
    assert.match(verified.stdout, new RegExp(`^objects/${name}: `, 'm'));
    assert.match(verified.stdout, /: 1 problems/);
    const restored = run(['restore', target, '--at', '1', '--data', into]);
    assert.equal(restored.code, 5);
    assert.match(restored.stderr, new RegExp(`objects/${name} is damaged`));
    const served = run(['status', '--data', into]);
    assert.equal(served.code, 5);
    assert.match(served.stderr, /was being restored/);
    // What the directory still has is copied again.
    if (/\.(seg|run)\./.test(name)) must(['backup', target, '--verify', '--data', data]);
    else flip(path);
    assert.match(must(['verify', '--backup', target]), / 0 problems/);
    // What was cut can be restored again, in the same place.
    must(['restore', target, '--at', '1', '--data', into]);
    must(['status', '--data', into]);
  }
  assert.ok(count > 4, `${count} objects`);
  flip(join(target, 'generations', '0000000001.json'));
  const verified = run(['verify', '--backup', target]);
  assert.equal(verified.code, 5);
  assert.match(verified.stdout, /^generations\/0000000001.json: /m);
  assert.match(must(['backup', 'list', target]), /1 +damaged/);
  const restored = run(['restore', target, '--at', '1', '--data', join(folder, 'one')]);
  assert.equal(restored.code, 5);
  assert.match(restored.stderr, /generations\/0000000001.json/);
  must(['restore', target, '--data', join(folder, 'newest')]);
});

test('folders that hold something else are left alone', (t) => {
  const folder = temporaryDirectory(t);
  const [data, other, target, full] = ['data', 'other', 'target', 'full'].map((name) => join(folder, name));
  must(['keys', 'list', '--data', data]);
  must(['keys', 'list', '--data', other]);
  mkdirSync(full);
  writeFileSync(join(full, 'letter.txt'), 'mine');
  must(['backup', target, '--data', data]);
  const refused = [
    [['backup', full, '--data', data], 4, /holds other things than backups/],
    [['backup', target, '--data', other], 4, /backups of another directory/],
    [['backup', join(data, 'inside'), '--data', data], 2, /must not lie in one another/],
    [['backup', folder, '--data', data], 2, /must not lie in one another/],
    [['backup', join(full, 'letter.txt'), '--data', data], 1, /letter.txt/],
    [['backup', target, '--data', join(folder, 'nothing')], 3, /is no data directory/],
    [['backup', target, '--keep', '0', '--data', data], 2, /--keep is "0"/],
    [['restore', target, '--data', full], 4, /is not empty/],
    [['restore', target, '--data', data], 4, /is not empty/],
    [['restore', target, '--data', join(target, 'inside')], 2, /must not lie in one another/],
    [['restore', full, '--data', join(folder, 'new')], 3, /holds no backups/],
    [['restore', target, '--at', 'x', '--data', join(folder, 'new')], 2, /--at is "x"/],
    [['backup', 'list', full], 3, /holds no backups/],
    [['verify', '--backup', full], 3, /holds no backups/],
  ];
  for (const [args, code, message] of refused) {
    const done = run(args);
    assert.match(done.stderr, message, args.join(' '));
    assert.equal(done.code, code, `${args.join(' ')}: ${done.stderr}`);
  }
  assert.deepEqual(readdirSync(full), ['letter.txt']);
  assert.ok(!readdirSync(data).includes('inside'));
});

for (const beside of ['a closed directory', 'a running server']) test(`killed in the middle of a backup of ${beside}, the next one is whole`, async (t) => {
  const data = temporaryDirectory(t);
  const target = join(temporaryDirectory(t), 'target');
  must(['demo', '--customers', '300', '--days', '90', '--data', data, '--quiet']);
  const server = beside === 'a running server' ? await Server.start(data) : undefined;
  t.after(() => server?.stop('SIGKILL'));
  for (let cycle = 0; cycle < 8; cycle++) {
    const child = spawn(binary, ['backup', target, '--data', data], { stdio: 'ignore' });
    const ended = new Promise((resolve) => { child.on('exit', resolve); });
    const wanted = cycle * 2;
    // Killed when so many files are there, or when it was quicker than that.
    let running = true;
    ended.then(() => { running = false; });
    for (;;) {
      let count = 0;
      try { count = readdirSync(join(target, 'objects')).length; } catch { /* not made yet */ }
      if (count >= wanted || !running) break;
      await new Promise((resolve) => { setImmediate(resolve); });
    }
    child.kill('SIGKILL');
    await ended;
    if (cycle > 0 || readdirSync(join(target, '..')).includes('target')) {
      const verified = run(['verify', '--backup', target]);
      assert.ok(verified.code === 0 || verified.code === 3, verified.stdout + verified.stderr);
    }
  }
  // The server lets go of the moment when it sees that the command is gone.
  for (let tries = 0; run(['backup', target, '--keep', '1', '--verify', '--data', data]).code !== 0; tries++) {
    assert.ok(tries < 100);
    await new Promise((resolve) => { setTimeout(resolve, 50); });
  }
  for (let tries = 0; readdirSync(data).includes('state.held'); tries++) {
    assert.ok(tries < 100);
    await new Promise((resolve) => { setTimeout(resolve, 50); });
  }
  await server?.stop();
  const restored = join(temporaryDirectory(t), 'restored');
  must(['restore', target, '--data', restored]);
  sameAnswers(data, restored);
  const [{ files }] = JSON.parse(must(['backup', 'list', target, '--json'])).generations;
  assert.equal(readdirSync(join(target, 'objects')).length, files);
});

const grep = (folder, text) => readdirSync(folder, { recursive: true }).map((name) => join(folder, name))
  .filter((path) => statSync(path).isFile() && readFileSync(path).includes(text));

test('who was erased after a backup is erased in what is restored from it, and nothing of them is found', async (t) => {
  const server = await serverFor(t);
  const target = join(temporaryDirectory(t), 'target');
  const key = server.key('write', 'web');
  const someone = (name, words) => ({
    userId: name, event: 'feedback', text: words, ts: `${day}T10:00:00Z`, properties: { note: `${words} too` } });
  const sent = await server.request('/api/v1/events', { key, body: [
    someone('canary-ann', 'canary words of ann'), someone('canary-bob', 'canary words of bob'), someone('carl', 'words that stay')] });
  assert.equal(sent.json.stored, 3, sent.text);
  must(['backup', target, '--data', server.data]);
  must(['erase', 'canary-ann', '--yes', '--data', server.data]);
  must(['backup', target, '--data', server.data]);
  must(['erase', 'canary-bob', '--yes', '--data', server.data]);
  await server.stop();

  // Ann by the second generation's log; Bob was erased after the last backup.
  const first = join(temporaryDirectory(t), 'first');
  assert.match(must(['restore', target, '--at', '1', '--data', first]), /\n1 erasure made since/);
  assert.deepEqual(grep(first, 'canary-ann'), []);
  assert.deepEqual(grep(first, 'canary words of ann'), []);
  assert.ok(grep(first, 'canary-bob').length > 0);

  const both = join(temporaryDirectory(t), 'both');
  const restored = must(['restore', target, '--at', '1', '--erasures', join(server.data, 'erasures.log'), '--data', both]);
  assert.match(restored, /3 events of 3 customers.*\n2 erasures made since/);
  for (const text of ['canary-ann', 'canary-bob', 'canary words']) assert.deepEqual(grep(both, text), []);
  assert.equal(must(['export', '--data', both]), must(['export', '--data', server.data]));
  assert.match(must(['verify', '--data', both]), / 0 problems/);
  assert.equal(JSON.parse(must(['ledger', '--json', '--data', both])).balanced, true);
});

const job = (data, name) => JSON.parse(must(['job', 'list', '--json', '--data', data])).jobs.find((one) => one.name === name);

test('a server backs itself up and restores the newest as a test, where a directory is set', async (t) => {
  const data = temporaryDirectory(t);
  const target = join(temporaryDirectory(t), 'target');
  const settings = (more) => writeFileSync(join(data, 'firsthand.conf'),
    `backup_directory = ${target}\nbackup_keep = 2\nbackup_every_hours = 6\n${more}`);
  settings('');
  let server = await Server.start(data);
  t.after(() => server.stop('SIGKILL'));
  const key = server.key('write', 'web');
  await fill(server, key, 0, 500);
  assert.equal(job(data, 'backups').every_s, 6 * 3600);
  assert.equal(job(data, 'restore-test').every_s, 7 * 24 * 3600);
  for (let i = 0; i < 3; i++) assert.match(must(['job', 'run', 'backups', '--data', data]), /generation \d+: 500 events/);
  const { generations } = JSON.parse(must(['backup', 'list', target, '--json']));
  assert.equal(generations.length, 2);
  const tested = must(['job', 'run', 'restore-test', '--data', data]);
  assert.match(tested, /restored, read whole, opened; 500 events of 97 customers, as backed up/);
  assert.deepEqual(readdirSync(target).sort(), ['generations', 'lock', 'objects']);
  assert.match(job(data, 'restore-test').note, /as backed up/);
  const status = () => JSON.parse(must(['status', '--json', '--data', data]));
  assert.deepEqual([status().backups, status().restore_tests], ['good', 'good']);
  for (const name of ['last_backup', 'last_restore_test']) assert.ok(Date.parse(status()[name]) > Date.now() - 600_000);

  // The newest list names one object of the manifest: damaged, the test says so, and leaves nothing behind.
  const list = JSON.parse(readFileSync(join(target, 'generations', '0000000003.json'), 'utf8').split('\n')[0]);
  const damaged = join(target, 'objects', list.files.find((file) => file.path === 'MANIFEST').object);
  flip(damaged);
  const failed = run(['job', 'run', 'restore-test', '--data', data]);
  assert.equal(failed.code, 5, failed.stderr);
  assert.match(job(data, 'restore-test').why, /is damaged/);
  assert.equal(job(data, 'restore-test').failures, 1);
  assert.equal(status().restore_tests, 'failing');
  assert.deepEqual(readdirSync(target).sort(), ['generations', 'lock', 'objects']);
  flip(damaged);

  await server.stop();
  settings('restore_test_mb = 1\nrestore_test_every_days = 0\n');
  server = await Server.start(data);
  assert.equal(job(data, 'restore-test').every_s, 0);
  assert.equal(job(data, 'restore-test').next, null);
  await server.stop();

  writeFileSync(join(data, 'firsthand.conf'), '');
  server = await Server.start(data);
  assert.equal(job(data, 'backups').every_s, 0);
  const unset = run(['job', 'run', 'backups', '--data', data]);
  assert.equal(unset.code, 2);
  assert.match(unset.stderr, /backup_directory is not set/);
  assert.equal(status().backups, 'off');
});

// A page of the middle, as a failing disk would.
function damage(path) {
  const bytes = readFileSync(path);
  bytes.fill(0xee, 8192, 12_288);
  writeFileSync(path, bytes);
}

test('a damaged state.db is named at a start and by verify, and one of a backup takes its place without losing an event', async (t) => {
  const first = await serverFor(t);
  const { data } = first;
  const target = join(temporaryDirectory(t), 'target');
  const key = first.key('write', 'web');
  await fill(first, key, 0, 500);
  must(['backup', target, '--data', data]);
  await fill(first, key, 500, 300); // that no backup has
  must(['erase', 'u1', '--yes', '--data', data]);
  await first.stop();
  assert.match(must(['verify', '--data', data]), /^\d+ files, \d+ bytes, \d+ rows; state\.db, \d+ bytes: 0 problems\n$/);
  damage(join(data, 'state.db'));
  for (const command of [['serve', '--listen', '127.0.0.1:0'], ['status'], ['keys', 'list']]) {
    const started = run([...command, '--data', data]);
    assert.equal(started.code, 5, started.stderr);
    assert.match(started.stderr, /state\.db is damaged: .*restore it from a backup \(docs\/how-to\/backup\.md\); the events are in other files/s);
  }
  const verified = run(['verify', '--data', data]);
  assert.equal(verified.code, 5);
  assert.match(verified.stdout, /^state\.db: /m);
  assert.match(verified.stderr, /state\.db in .* is damaged; restore it from a backup/);
  const restored = join(temporaryDirectory(t), 'restored');
  must(['restore', target, '--erasures', join(data, 'erasures.log'), '--data', restored]);
  copyFileSync(join(restored, 'state.db'), join(data, 'state.db'));
  for (const rest of ['state.db-wal', 'state.db-shm']) rmSync(join(data, rest), { force: true });
  assert.match(must(['verify', '--data', data]), / 0 problems/);
  const again = await Server.start(data);
  t.after(() => again.stop('SIGKILL'));
  await fill(again, key, 790, 20); // its keys are valid, and what was there is known
  const ledger = JSON.parse(must(['ledger', '--json', '--data', data]));
  assert.equal(ledger.balanced, true);
  assert.equal(ledger.total.duplicate, 10);
  assert.equal(run(['customer', 'show', 'u1', '--data', data]).code, 3);
});

test('a state.db that is missing beside events is named, and an empty one begins anew', async (t) => {
  const server = await serverFor(t);
  await fill(server, server.key('write', 'web'), 0, 100);
  await server.stop();
  const path = join(server.data, 'state.db');
  for (const name of [path, `${path}-wal`, `${path}-shm`]) rmSync(name, { force: true });
  const started = run(['status', '--data', server.data]);
  assert.equal(started.code, 5);
  assert.match(started.stderr, /state\.db is missing in .*, where 100 events are: restore it from a backup/s);
  const verified = run(['verify', '--data', server.data]);
  assert.equal(verified.code, 5);
  assert.match(verified.stdout, /^state\.db: it is missing, or holds nothing, beside events$/m);
  writeFileSync(path, '');
  assert.equal(JSON.parse(must(['status', '--json', '--data', server.data])).events, 100);
  assert.match(must(['verify', '--data', server.data]), / 0 problems/);
});
