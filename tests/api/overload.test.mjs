// More requests than can be done: what is accepted is stored, the rest is told to come later, memory stays within bounds, and soon
// after all is as before. OVERLOAD_SECONDS makes it longer (`./check overload`).
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import test from 'node:test';
import { limitMemory } from '../support/cgroup.mjs';
import { instrumented, serverFor, sleep } from '../support/firsthand.mjs';

const SECONDS = Number(process.env.OVERLOAD_SECONDS ?? 4);
const TIMES = 10; // as many requests as are done with a few connections
const MEMORY_MB = 512;
const NORMAL_WITHIN_MS = 10_000;
const AT_ONCE_MAX = Number(process.env.OVERLOAD_AT_ONCE ?? 4000); // requests under way: what is due beyond them is not sent

// No ids: each that is accepted is an event of its own. Both bodies have some 60 KB.
const eventsOf = (count, more) => ({
  events: count,
  body: Buffer.from(Array.from({ length: count }, (_, i) => JSON.stringify({
    userId: `u${i % 97}`, event: 'Load', ts: '2026-03-01T00:00:00Z', ...more(i) })).join('\n')),
});
const MANY_SMALL = eventsOf(500, (i) => ({ properties: { page: `/products/${i}`, colour: 'green' } }));
const FEW_LARGE = eventsOf(15, (i) => ({ text: `${i} ${'long words '.repeat(360)}` }));

// One request on a connection of its own, from one of many addresses: { status, retryAfter, stored } once answered; status undefined:
// the connection ended without an answer.
function send(port, head, body, number) {
  return new Promise((done) => {
    const socket = connect({ port, host: '127.0.0.1', localAddress: `127.0.2.${1 + (number % 250)}` });
    let answer = '';
    const finish = () => {
      socket.destroy();
      done({
        status: Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1]) || undefined,
        retryAfter: /\r\nretry-after: *(\d+)/i.exec(answer)?.[1],
        stored: Number(/"stored":(\d+)/.exec(answer)?.[1] ?? 0),
      });
    };
    socket.on('data', (chunk) => { answer += chunk.toString('latin1'); });
    socket.on('error', finish);
    socket.on('close', finish);
    socket.write(head);
    socket.write(body);
  });
}

const ownMegabytes = (pid) => Number(/^RssAnon:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;

async function overload(t, { events, body }, seconds, memoryMb, { fitMs = 1500, atOnceMax = AT_ONCE_MAX, env } = {}) {
  const server = await serverFor(t, { env });
  const mostOfGroup = limitMemory(t, server.process.pid, memoryMb * 1e6);
  const key = server.key('write', 'load');
  const secret = server.key('secret', 'reader');
  const port = Number(new URL(server.url).port);
  const head = `POST /api/v1/events HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAuthorization: Bearer ${key}\r\n`
    + `Content-Type: application/x-ndjson\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n`;
  let number = 0, stored = 0;
  const counts = new Map();
  const note = ({ status, retryAfter, stored: of }) => {
    counts.set(status, (counts.get(status) ?? 0) + 1);
    assert.ok([200, 429, 503, undefined].includes(status), `status ${status}`);
    if (status === 429 || status === 503) assert.ok(retryAfter > 0, `${status} without Retry-After`);
    if (status === 200) assert.equal(of, events);
    stored += of;
  };

  // What fits: a few connections, each sending the next request when the last one was answered.
  const begin = Date.now();
  let fitting = 0;
  await Promise.all(Array.from({ length: 4 }, async () => {
    while (Date.now() - begin < fitMs) { note(await send(port, head, body, number++)); fitting++; }
  }));
  const fits = fitting / ((Date.now() - begin) / 1000);

  // Ten times that, whether answers come or not.
  const flood = Date.now();
  const waiting = new Set();
  let most = ownMegabytes(server.process.pid), sent = 0, held = 0;
  while (Date.now() - flood < seconds * 1000) {
    const due = Math.floor((Date.now() - flood) / 1000 * fits * TIMES);
    while (sent + held < due) {
      if (waiting.size >= atOnceMax) { held++; continue; }
      sent++;
      const one = send(port, head, body, number++).then((answer) => { waiting.delete(one); note(answer); });
      waiting.add(one);
    }
    most = Math.max(most, ownMegabytes(server.process.pid));
    await sleep(5);
  }
  const offered = sent / ((Date.now() - flood) / 1000);

  // The flood ends; what it left waiting is answered, and a new request as fast as ever.
  const end = Date.now();
  let normal;
  while (normal === undefined) {
    const asked = Date.now();
    const answer = await send(port, head, body, number++);
    note(answer);
    if (answer.status === 200 && Date.now() - asked < 1000) normal = Date.now() - end;
    assert.ok(Date.now() - end < NORMAL_WITHIN_MS, `not as before ${NORMAL_WITHIN_MS} ms after`);
    most = Math.max(most, ownMegabytes(server.process.pid));
  }
  await Promise.all(waiting);

  const group = mostOfGroup ? `${(mostOfGroup() / 1e6).toFixed(0)} MB of ${memoryMb} with files and the kernel's` : 'no limit could be set';
  const unanswered = counts.get(undefined) ?? 0;
  const refused = (counts.get(429) ?? 0) + (counts.get(503) ?? 0);
  t.diagnostic(`${fits.toFixed(0)} requests a second fit, ${offered.toFixed(0)} a second were sent (${held} more were not, as ${atOnceMax} `
    + `were waiting), answers ${JSON.stringify(Object.fromEntries(counts))}, at most ${most.toFixed(0)} MB of its own, ${group}, as before after ${normal} ms`);
  const ledger = (await server.request('/api/v1/ledger', { key: secret })).json;
  assert.equal(ledger.balanced, true);
  // A request without an answer may have been stored, whole.
  assert.ok(ledger.total.stored >= stored && ledger.total.stored <= stored + unanswered * events, `${stored} accepted, ${ledger.total.stored} stored`);
  assert.equal(ledger.total.stored % events, 0);
  const count = await server.query(secret, { kind: 'trend', series: [{ event: 'Load' }], range: { from: '2026-03-01', to: '2026-03-01' } });
  assert.equal(count.status, 200, count.text);
  assert.equal(count.json.series[0].total, ledger.total.stored);
  if (seconds >= 30 || env !== undefined) assert.ok(refused > 0, 'this was no overload');
  assert.ok(most <= memoryMb, `${most.toFixed(0)} MB`);
  assert.deepEqual(await server.stop(), { code: 0, signal: null });
}

test('ten times the load that fits: accepted is stored, the rest comes later, memory is bounded, and soon all is as before',
  { timeout: (SECONDS + 120) * 1000, skip: instrumented }, (t) => overload(t, MANY_SMALL, SECONDS, MEMORY_MB));

// What a moment brings is more than these bounds; it ends before merging begins, which has no bound of its own: it holds 65,536 rows, however much is in them.
test('bodies that are read and rows that are not sealed yet each stay within a bound of their own, of few large events too',
  { timeout: 120_000, skip: instrumented },
  (t) => overload(t, FEW_LARGE, 0.6, 320, { fitMs: 200, atOnceMax: 2000, env: { FIRSTHAND_BODIES_MB: '16', FIRSTHAND_WAITING_MB: '16' } }));
