// A running server has given up what it does not need, and says where it could not.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { Server, instrumented, root, serverFor, temporaryDirectory } from '../support/firsthand.mjs';

const about = (server) => readFileSync(`/proc/${server.process.pid}/status`, 'utf8');
const filters = (text) => Number(/^Seccomp_filters:\s+(\d+)/m.exec(text)[1]);
const here = filters(readFileSync('/proc/self/status', 'utf8')); // a container may bring some
const threads = (server) => Number(/^Threads:\s+(\d+)/m.exec(about(server))[1]);

test('a server binds all its threads, and can never gain rights', { skip: instrumented }, async (t) => {
  const server = await serverFor(t);
  assert.match(about(server), /^NoNewPrivs:\t1$/m);
  assert.match(about(server), /^Seccomp:\t2$/m);
  assert.equal(filters(about(server)), here + 1);
  assert.ok(threads(server) > 1);
  const limits = readFileSync(`/proc/${server.process.pid}/limits`, 'utf8');
  assert.match(limits, /^Max core file size +0 +0 /m);
  // What it does besides answering still works: SQL runs in a child.
  const key = server.key('secret', 'reader', []);
  const answer = await server.request('/api/v1/sql', { key, body: { sql: 'SELECT 1 AS one' } });
  assert.equal(answer.status, 200, answer.text);
});

test('confine = 0 leaves it out', async (t) => {
  const server = await Server.start(temporaryDirectory(t), { env: { FIRSTHAND_CONFINE: '0' } });
  t.after(() => server.stop('SIGKILL'));
  assert.equal(filters(about(server)), here);
});

// systemd is not on every machine that builds; where it is, it says how much the unit leaves open.
const systemd = spawnSync('systemd-analyze', ['--version'], { encoding: 'utf8' }).status === 0;
test('the unit for systemd leaves as little open as it says', { skip: !systemd }, () => {
  const unit = join(root, 'systemd/firsthand.service');
  const seen = spawnSync('systemd-analyze', ['security', '--offline=true', '--threshold=12', '--no-pager', unit], { encoding: 'utf8' });
  assert.equal(seen.status, 0, seen.stdout.slice(-300) + seen.stderr);
});
