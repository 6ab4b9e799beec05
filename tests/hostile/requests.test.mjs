// A server of instrumented code under mutated requests: nothing crashes, nothing leaks, no 5xx but those that
// blame the request or the rush, and what was stored adds up. FIRSTHAND names the binary, REQUESTS how many (20,000), SEED which,
// FROM the first of them.
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import test from 'node:test';
import { serverFor } from '../support/firsthand.mjs';
import { Random, mutated } from './requests.mjs';

const REQUESTS = Number(process.env.REQUESTS ?? 20000);
const FROM = Number(process.env.FROM ?? 0); // the first one, to find again what a run found
const SEED = Number(process.env.SEED ?? Date.now() % 1_000_000_000);
const FAIR = [501, 503, 505]; // an encoding, a rush, a version that is not served: said rightly
const AT_ONCE = 16;
const PATIENCE_MS = 400;

// Sends the bytes and ends; the statuses of all answers that come. One that waits for more than was sent is left.
function send(port, bytes, number) {
  return new Promise((done) => {
    const socket = connect({ port, host: '127.0.0.1', localAddress: `127.0.2.${1 + (number % 250)}` }); // as many strangers, not one
    let answer = '';
    const finish = () => { socket.destroy(); done([...answer.matchAll(/^HTTP\/1\.[01] (\d{3})/gm)].map((one) => Number(one[1]))); };
    socket.setTimeout(PATIENCE_MS, finish);
    socket.on('data', (chunk) => { answer += chunk.toString('latin1').slice(0, 65536); });
    socket.on('error', finish);
    socket.on('close', finish);
    socket.end(bytes);
  });
}

test('mutated requests crash nothing, leak nothing, and are never the server\'s fault', { timeout: 7_200_000 }, async (t) => {
  const server = await serverFor(t);
  const secret = server.key('secret', 'all');
  const write = server.key('write', 'web');
  const openapi = (await server.request('/openapi.json', { key: secret })).json;
  const routes = Object.entries(openapi.paths).flatMap(([path, methods]) => Object.keys(methods)
    .filter((method) => ['get', 'post', 'put', 'delete'].includes(method)).map((method) => ({ path, method: method.toUpperCase() })));
  assert.ok(routes.length > 100);
  const port = Number(new URL(server.url).port);
  const counts = new Map();
  let next = FROM, twofold = 0;
  const bad = [];
  await Promise.all(Array.from({ length: AT_ONCE }, async () => {
    while (next < FROM + REQUESTS && bad.length < 5 && server.process.exitCode === null) {
      const number = next++;
      const { bytes, ambiguous } = mutated(new Random(SEED * 1_000_003 + number), routes, [secret, secret, write, 'sk_wrong', '']);
      const statuses = await send(port, bytes, number);
      const say = (what) => bad.push(`seed ${SEED} request ${number}: ${what}\n${bytes.subarray(0, 600).toString('latin1')}`);
      for (const status of statuses) {
        counts.set(status, (counts.get(status) ?? 0) + 1);
        if (status >= 500 && !FAIR.includes(status)) say(status);
      }
      if (ambiguous) {
        twofold++;
        if (statuses.length > 1 || ![400, 414, 431, 501, undefined].includes(statuses[0])) say(`taken though its end can be read in two ways: ${statuses}`);
      }
    }
  }));
  t.diagnostic(`seed ${SEED}, ${next - FROM} requests, ${twofold} with two ends, answers ${JSON.stringify(Object.fromEntries([...counts].sort()))}`);
  assert.deepEqual(bad, []);
  assert.equal(server.process.exitCode, null, server.stderr.slice(-4000));
  assert.ok(counts.size > 5 || REQUESTS < 1000, 'many kinds of answers');
  const ledger = (await server.request('/api/v1/ledger', { key: secret })).json;
  assert.equal(ledger.balanced, true);
  assert.equal((await server.request('/livez')).status, 200);
  const ended = await server.stop();
  assert.equal(ended.code, 0, server.stderr.slice(-6000));
  assert.doesNotMatch(server.stderr, /Sanitizer|runtime error/);
});
