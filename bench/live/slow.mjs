// Slow clients beside normal ones: how long does a normal request take, alone and while thousands of connections drip a byte
// now and then; and what does such a connection cost?
//   node bench/live/slow.mjs --slow 10000 --normal 1000 --seconds 10
// Needs twice as many descriptors as connections (`ulimit -n`). FIRSTHAND is the binary, else build/firsthand. Exit code 1 where a
// normal request failed, or a slow connection holds more than 10 KiB.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import http from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Server } from '../../tests/support/firsthand.mjs';

const BYTES_MOST = 10 * 1024; // two pages of the library's buffer, and what is known of it
const DRIP_MS = 5000;
const PER_ADDRESS = 1000; // below the server's limit for one
const text = (name, value) => ({ [name]: { type: 'string', default: value } });
const given = parseArgs({ options: { ...text('slow', '10000'), ...text('normal', '1000'), ...text('seconds', '10'), ...text('drip', '') } }).values;
const [slow, normal, seconds] = [given.slow, given.normal, given.seconds].map(Number);

// In a process of its own: connections that send a head byte by byte, from as many addresses as it takes.
async function drip(port) {
  const head = 'POST /api/v1/events HTTP/1.1\r\nHost: localhost\r\nX-Slow: '.padEnd(4000, 'x');
  const sockets = new Set();
  for (let i = 0; i < slow; i++) {
    const socket = connect({ port, host: '127.0.0.1', localAddress: `127.0.1.${1 + Math.floor(i / PER_ADDRESS)}` });
    socket.on('connect', () => { sockets.add(socket); socket.write(head.slice(0, 40)); });
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    if (i % 200 === 199) await sleep(20);
  }
  for (let at = 40; ; at++) {
    process.stdout.write(`${sockets.size}\n`);
    for (const socket of sockets) socket.write(head[at % head.length]);
    await sleep(DRIP_MS);
  }
}

const memory = (pid) => {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  return ['Private_Clean', 'Private_Dirty'].reduce((sum, name) => sum + 1024 * Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(rollup)[1]), 0);
};

// Each connection asks once a second; the times in ms.
async function ask(port, key) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: normal });
  const times = [];
  let failed = 0;
  const body = JSON.stringify([{ userId: 'ann', event: 'Seen', ts: new Date().toISOString() }]);
  const one = () => new Promise((done) => {
    const begun = process.hrtime.bigint();
    const request = http.request({ port, host: '127.0.0.1', agent, method: 'POST', path: '/api/v1/events', headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', 'content-length': body.length } }, (answer) => {
      answer.resume();
      answer.on('end', () => { times.push(Number(process.hrtime.bigint() - begun) / 1e6); failed += answer.statusCode === 200 ? 0 : 1; done(); });
    });
    request.on('error', () => { failed += 1; done(); });
    request.end(body);
  });
  const until = Date.now() + seconds * 1000;
  await Promise.all(Array.from({ length: normal }, async (_, i) => {
    await sleep(i * 1000 / normal);
    while (Date.now() < until) { await one(); await sleep(1000); }
  }));
  agent.destroy();
  await sleep(2000); // until the server has seen them go: one address may have so many only
  times.sort((a, b) => a - b);
  const at = (share) => times[Math.min(times.length - 1, Math.floor(times.length * share))];
  return { p50: at(0.5), p99: at(0.99), count: times.length, failed };
}

if (given.drip !== '') {
  await drip(Number(given.drip));
} else {
  const directory = mkdtempSync(join(tmpdir(), 'firsthand-slow-'));
  const server = await Server.start(directory);
  const port = Number(new URL(server.url).port);
  const key = server.key('write', 'web');
  const say = (what, one) => console.log(`${what}: p50 ${one.p50.toFixed(2)} ms, p99 ${one.p99.toFixed(2)} ms of ${one.count} requests, ${one.failed} failed`);
  await ask(port, key); // warm
  const alone = await ask(port, key);
  say('alone', alone);
  const before = memory(server.process.pid);
  const dripping = spawn(process.execPath, [fileURLToPath(import.meta.url), '--drip', String(port), '--slow', String(slow)], { stdio: ['ignore', 'pipe', 'inherit'] });
  let held = 0;
  dripping.stdout.on('data', (chunk) => { held = Number(String(chunk).trim().split('\n').pop()); });
  for (let waited = 0; held < slow * 0.99 && waited < 60; waited++) await sleep(500);
  const bytes = (memory(server.process.pid) - before) / Math.max(1, held);
  const beside = await ask(port, key);
  say(`beside ${held} slow connections`, beside);
  console.log(`p99 ${(beside.p99 / alone.p99).toFixed(2)} times; ${Math.round(bytes)} bytes of memory a slow connection`);
  dripping.kill('SIGKILL');
  await server.stop();
  rmSync(directory, { recursive: true, force: true });
  process.exitCode = alone.failed + beside.failed > 0 || bytes > BYTES_MOST || held < slow * 0.99 ? 1 : 0;
}
