// Planted faults: each is found, with what to do; and of a sound directory nothing is said but that.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { appendFileSync, chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import test from 'node:test';
import { binary, must, run, Server, temporaryDirectory } from '../support/firsthand.mjs';

// What depends on the machine that runs the tests, not on the directory.
const OF_THE_MACHINE = new Set(['clock', 'confinement', 'file-system', 'listen']);

function look(data, options) {
  const seen = run(['doctor', '--data', data, '--json'], options);
  const found = JSON.parse(seen.stdout);
  for (const each of found.findings) {
    assert.equal(each.remedy === null, each.level === 'ok', JSON.stringify(each));
  }
  return { code: seen.code, stderr: seen.stderr, ...found };
}

function filled(t, conf = 'backup_directory = BACKUPS\n') {
  const data = temporaryDirectory(t);
  const backups = join(temporaryDirectory(t), 'backups');
  writeFileSync(join(data, 'firsthand.conf'), conf.replace('BACKUPS', backups));
  must(['demo', '--data', data, '--customers', '60', '--days', '20', '--seed', '1', '--quiet']); // seals
  return { data, backups };
}

function wellTended(t, conf) {
  const at = filled(t, conf);
  must(['job', 'run', 'backups', '--data', at.data]);
  must(['job', 'run', 'restore-test', '--data', at.data]);
  return at;
}

const expect = (answer, check, level, what) => {
  const found = answer.findings.find((each) => each.check === check && each.level === level && what.test(each.what));
  assert.ok(found, `${check} ${level} ${what}: ${JSON.stringify(answer.findings.filter((each) => each.level !== 'ok'), null, 1)}`);
  return found;
};

test('of a sound directory nothing is wrong, with a server and without', async (t) => {
  const { data } = wellTended(t);
  for (const served of [false, true]) {
    const server = served ? await Server.start(data) : undefined;
    const answer = look(data);
    if (served) await server.stop();
    assert.deepEqual(answer.findings.filter((each) => each.level !== 'ok' && !OF_THE_MACHINE.has(each.check)), []);
    for (const check of ['user', 'owner', 'rights', 'settings', 'open', 'room', 'open-files', 'events', 'ledger', 'quarantine', 'state', 'audit', 'erasures', 'time-zone', 'jobs', 'backups', 'restore-test']) {
      expect(answer, check, 'ok', /./);
    }
    expect(answer, 'open', 'ok', served ? /a server has it/ : /no server has it/);
    if (!answer.errors) assert.equal(answer.code, 0, answer.stderr);
  }
});

test('for people it says one line for each check, and what to do below; --quiet only what is not fine', (t) => {
  const { data } = filled(t, 'confine = 0\nlisten = 127.0.0.1:0\n');
  const whole = run(['doctor', '--data', data]);
  assert.equal(whole.code, 0, whole.stderr);
  assert.match(whole.stdout, /^ok {5}ledger +it adds up: \d+ received, 0 in quarantine$/m);
  assert.match(whole.stdout, /^warn {3}backups +the server makes no backups of itself\n +-> set backup_directory /m);
  assert.match(whole.stdout, /^\d+ checks: 0 errors, \d+ warnings\n$/m);
  const quiet = run(['doctor', '--quiet', '--data', data]).stdout;
  assert.doesNotMatch(quiet, /^ok/m);
  assert.match(quiet, /^warn {3}confinement +confine = 0/m);
});

const faults = [
  ['a directory that is not there', (at) => { rmSync(at.data, { recursive: true }); }, 'directory', 'error', /is no directory/],
  ['a setting that there is not', (at) => { appendFileSync(join(at.data, 'firsthand.conf'), 'conections = 5\n'); }, 'settings', 'error', /conections.*did you mean "connections"/],
  ['rights that let others look in', (at) => { chmodSync(at.data, 0o755); }, 'rights', 'warn', /rights are 755/],
  ['a file that others may read', (at) => { chmodSync(join(at.data, 'MANIFEST'), 0o644); }, 'rights', 'warn', /MANIFEST/],
  ['a restore that was cut', (at) => { writeFileSync(join(at.data, 'RESTORING'), ''); }, 'restore', 'error', /cut off/],
  ['a key file that is missing', (at) => { appendFileSync(join(at.data, 'firsthand.conf'), 'tls_key_file = /nowhere/key.pem\n'); }, 'settings', 'error', /tls_key_file is \/nowhere/],
  ['secrets that everybody may read', (at) => {
    const folder = join(at.data, '..', `${at.data.split('/').at(-1)}-secrets`);
    mkdirSync(folder);
    chmodSync(folder, 0o755);
    at.remove = folder;
    appendFileSync(join(at.data, 'firsthand.conf'), `secrets_directory = ${folder}\n`);
  }, 'settings', 'warn', /everybody on this machine may read/],
  ['confinement that is off', (at) => { appendFileSync(join(at.data, 'firsthand.conf'), 'confine = 0\n'); }, 'confinement', 'warn', /confine = 0/],
  ['questions that may hold more memory than there is', (at) => { appendFileSync(join(at.data, 'firsthand.conf'), 'query_memory_mb = 1048576\n'); }, 'settings', 'warn', /the machine has \d+ MB/],
  ['a disk on which merges wait', (at) => { appendFileSync(join(at.data, 'firsthand.conf'), 'disk_low = 99%\n'); }, 'room', 'warn', /below disk_low/],
  ['a disk on which events are refused', (at) => { appendFileSync(join(at.data, 'firsthand.conf'), 'disk_low = 100%\ndisk_full = 99%\n'); }, 'room', 'error', /events are refused/],
  ['an address that is none', (at) => { appendFileSync(join(at.data, 'firsthand.conf'), 'listen = here\n'); }, 'listen', 'error', /"here"/],
  ['an address of another machine', (at) => { appendFileSync(join(at.data, 'firsthand.conf'), 'listen = 192.0.2.1:8080\n'); }, 'listen', 'error', /could not listen on 192\.0\.2\.1/],
  ['damaged state', (at) => {
    const bytes = readFileSync(join(at.data, 'state.db'));
    bytes.fill(0xee, 8192, 12_288);
    writeFileSync(join(at.data, 'state.db'), bytes);
  }, 'open', 'error', /state\.db is damaged/, 5],
  ['a segment that was cut', (at) => { truncateSync(segment(at.data), 100); }, 'open', 'error', /segments\//, 5],
  ['no backup yet', (at) => { rmSync(at.backups, { recursive: true }); }, 'backups', 'warn', /none was made yet/],
  ['restore tests that are off', (at) => { appendFileSync(join(at.data, 'firsthand.conf'), 'restore_test_every_days = 0\n'); }, 'restore-test', 'warn', /never restored/],
  ['a backup that fails', (at) => {
    rmSync(at.backups, { recursive: true });
    mkdirSync(at.backups);
    writeFileSync(join(at.backups, 'letters.txt'), 'of others');
    assert.notEqual(run(['job', 'run', 'backups', '--data', at.data]).code, 0);
  }, 'backups', 'error', /the last try failed/],
  ['a job that fails', (at) => {
    rmSync(at.backups, { recursive: true });
    mkdirSync(at.backups);
    writeFileSync(join(at.backups, 'letters.txt'), 'of others');
    assert.notEqual(run(['job', 'run', 'backups', '--data', at.data]).code, 0);
  }, 'jobs', 'warn', /backups failed 1 times in a row: .*holds other things/],
  ['a restore test that fails', (at) => {
    const objects = join(at.backups, 'objects');
    for (const name of readdirSync(objects).filter((each) => /\.seg\./.test(each))) truncateSync(join(objects, name), 10);
    assert.notEqual(run(['job', 'run', 'restore-test', '--data', at.data]).code, 0);
  }, 'restore-test', 'error', /the last one failed/],
];

const segment = (data) => join(data, 'segments', readdirSync(join(data, 'segments')).find((each) => each.endsWith('.seg')));

for (const [name, plant, check, level, what, code] of faults) {
  test(`finds ${name}`, (t) => {
    const at = wellTended(t);
    t.after(() => { if (at.remove) rmSync(at.remove, { recursive: true, force: true }); });
    plant(at);
    const answer = look(at.data);
    const found = expect(answer, check, level, what);
    assert.equal(found.damage, code === 5);
    if (level === 'error') assert.equal(answer.code, code ?? 1, answer.stderr);
  });
}

test('finds a segment that was cut while a server has it', async (t) => {
  const { data } = wellTended(t);
  const server = await Server.start(data);
  t.after(() => server.stop('SIGKILL'));
  truncateSync(segment(data), 1000);
  const answer = look(data);
  expect(answer, 'events', 'error', /^segments\/.*: 1000 bytes, of \d+ that it had$/);
  assert.equal(answer.code, 5);
});

test('finds a port that another program has', async (t) => {
  const { data } = filled(t);
  const other = createServer();
  await new Promise((resolve) => { other.listen(0, '127.0.0.1', resolve); });
  t.after(() => other.close());
  appendFileSync(join(data, 'firsthand.conf'), `listen = 127.0.0.1:${other.address().port}\n`);
  expect(look(data), 'listen', 'error', /Address already in use/);
});

test('finds too few open files for the connections that are set', (t) => {
  const { data } = filled(t);
  const seen = spawnSync('/bin/sh', ['-c', 'ulimit -n 2000; exec "$0" doctor --json --data "$1"', binary, data], { encoding: 'utf8' });
  expect(JSON.parse(seen.stdout), 'open-files', 'warn', /^2000 may be open at once, 16384 connections are set/);
});

test('finds what another user owns', { skip: process.getuid() !== 0 && 'only root can give files away' }, (t) => {
  const { data } = filled(t);
  chownSync(join(data, 'state.db'), 12_345, 12_345);
  const found = expect(look(data), 'owner', 'error', /state\.db belongs to user 12345/);
  assert.match(found.remedy, /^chown -R 0 /);
  chownSync(data, 12_345, 12_345);
  expect(look(data), 'user', 'warn', /runs as root, the directory belongs to user 12345/);
});

test('finds a directory that lies in memory', { skip: !existsSync('/dev/shm') && 'no /dev/shm here' }, (t) => {
  const data = mkdtempSync('/dev/shm/firsthand-');
  t.after(() => rmSync(data, { recursive: true, force: true }));
  expect(look(data), 'file-system', 'warn', /tmpfs: it is memory/);
});
