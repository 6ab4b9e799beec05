// What the server does by itself: listed, run by hand, remembered over a restart.
import assert from 'node:assert/strict';
import test from 'node:test';
import { Server, adminOf, must, run, serverFor, temporaryDirectory } from '../support/firsthand.mjs';

test('jobs are listed, run by hand by those who may, and counted', async (t) => {
  const server = await serverFor(t);
  const admin = server.key('secret', 'admin', []);
  const listed = await server.request('/api/v1/jobs', { key: admin });
  assert.equal(listed.status, 200, listed.text);
  const job = listed.json.jobs.find((one) => one.name === 'sign-ins');
  assert.equal(job.every_s, 3600);
  assert.equal(job.runs, 0);
  assert.equal(job.ok, null);
  assert.ok(Date.parse(job.next) <= Date.now() + 60_000);
  const client = server.key('write', 'shop');
  assert.equal((await server.request('/api/v1/jobs', { key: client })).status, 403);
  assert.equal((await server.request('/api/v1/jobs/sign-ins/run', { key: client, body: {} })).status, 403);

  assert.match(must(['job', 'run', 'sign-ins', '--data', server.data]), /^sign-ins: done in \d+ ms: 0 sessions, 0 links removed\n$/);
  const missing = run(['job', 'run', 'sing-ins', '--data', server.data]);
  assert.equal(missing.code, 3);
  assert.match(missing.stderr, /no job "sing-ins"; see: firsthand job list/);
  const metrics = (await server.request('/metrics', { key: admin })).text;
  assert.match(metrics, /firsthand_job_runs_total\{job="sign-ins"\} 1\n/);
});

test('a job may be asked for without waiting for its end', async (t) => {
  const server = await serverFor(t);
  const admin = await adminOf(t, server);
  const asked = await admin('/api/v1/jobs/sign-ins/run', { wait: false });
  assert.equal(asked.status, 200, asked.text);
  assert.equal(asked.json.name, 'sign-ins');
  const runs = async () => (await admin('/api/v1/jobs')).json.jobs.find((one) => one.name === 'sign-ins').runs;
  while (await runs() === 0) await new Promise((resolve) => { setTimeout(resolve, 10); });
  assert.equal((await admin('/api/v1/jobs/sing-ins/run', { wait: false })).status, 404);
  const wrong = await admin('/api/v1/jobs/sign-ins/run', { wait: 'no' });
  assert.equal(wrong.json.pointer, '/wait', wrong.text);
});

test('what a server says of its backups is for administrators', async (t) => {
  const server = await serverFor(t);
  const admin = await adminOf(t, server);
  const answer = await admin('/api/v1/backups');
  assert.equal(answer.status, 200, answer.text);
  assert.deepEqual([answer.json.directory, answer.json.state, answer.json.restore_test_state, answer.json.generations], [null, 'off', 'off', []]);
  assert.equal(answer.json.settings.backup_every_hours, 24);
  assert.equal((await server.request('/api/v1/backups', { key: server.key('secret', 'reads') })).status, 403);
});

test('a schedule survives a restart', async (t) => {
  const data = temporaryDirectory(t);
  const first = await Server.start(data);
  must(['job', 'run', 'sign-ins', '--data', data]);
  const before = JSON.parse(must(['job', 'list', '--json', '--data', data])).jobs.find((one) => one.name === 'sign-ins');
  await first.stop();
  const second = await Server.start(data);
  t.after(() => second.stop('SIGKILL'));
  const after = JSON.parse(must(['job', 'list', '--json', '--data', data])).jobs.find((one) => one.name === 'sign-ins');
  assert.equal(after.runs, 1);
  assert.equal(after.next, before.next);
  assert.equal(after.last, before.last);
});
