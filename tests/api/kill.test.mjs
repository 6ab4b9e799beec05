// kill -9 in mid-load: nothing that was acknowledged is lost or doubled.
import assert from 'node:assert/strict';
import test from 'node:test';
import { must, Server, sleep, temporaryDirectory } from '../support/firsthand.mjs';

const CYCLES = Number(process.env.KILL_CYCLES ?? 6);

// Sends batches until the connection breaks. What was acknowledged goes to `acked`, what may or may not have
// been stored to `unsure`.
async function load(server, key, worker, cycle, acked, unsure) {
  for (let n = 0; ; n++) {
    const events = Array.from({ length: 20 }, (_, i) => ({
      userId: `u${(n * 20 + i) % 50}`, event: 'Load', ts: '2026-03-01T00:00:00Z',
      message_id: `${cycle}-${worker}-${n}-${i}`, properties: { n },
    }));
    let answer;
    try {
      answer = await server.request('/api/v1/events', { key, body: events });
    } catch {
      events.forEach((event) => unsure.set(event.message_id, event));
      return;
    }
    assert.equal(answer.status, 200, answer.text);
    assert.equal(answer.json.stored + answer.json.duplicate, 20);
    events.forEach((event) => acked.add(event.message_id));
  }
}

test(`${CYCLES} times killed under load, nothing acknowledged is lost or doubled`, async (t) => {
  const data = temporaryDirectory(t);
  const acked = new Set();
  let key;
  let secret;
  for (let cycle = 0; cycle < CYCLES; cycle++) {
    const server = await Server.start(data);
    t.after(() => server.stop('SIGKILL'));
    key ??= server.key('write', 'load');
    secret ??= server.key('secret', 'reader');
    const unsure = new Map();
    const workers = [0, 1, 2, 3].map((worker) => load(server, key, worker, cycle, acked, unsure));
    await sleep(150 + Math.floor(Math.random() * 500));
    await server.stop('SIGKILL');
    await Promise.all(workers);

    const again = await Server.start(data);
    t.after(() => again.stop('SIGKILL'));
    // A client that got no answer sends again: now every one of them is stored, exactly once.
    if (unsure.size > 0) {
      const answer = await again.request('/api/v1/events', { key, body: [...unsure.values()] });
      assert.equal(answer.status, 200, answer.text);
      assert.equal(answer.json.stored + answer.json.duplicate, unsure.size);
      unsure.forEach((_, id) => acked.add(id));
    }
    const count = await again.query(secret, {
      kind: 'trend', series: [{ event: 'Load' }], range: { from: '2026-03-01', to: '2026-03-01' },
    });
    assert.equal(count.status, 200, count.text);
    assert.equal(count.json.series[0].total, acked.size, `cycle ${cycle}`);
    const ledger = (await again.request('/api/v1/ledger', { key: secret })).json;
    assert.equal(ledger.balanced, true);
    assert.equal(ledger.total.stored, acked.size);
    const { code } = await again.stop();
    assert.equal(code, 0, again.stderr);
  }
  const ids = new Set();
  for (let user = 0; user < 50; user++) {
    for (const line of must(['timeline', `u${user}`, '--json', '--data', data]).trim().split('\n')) {
      const { message_id: id } = JSON.parse(line);
      assert.ok(!ids.has(id), `${id} is there twice`);
      ids.add(id);
    }
  }
  assert.equal(ids.size, acked.size);
  assert.ok([...acked].every((id) => ids.has(id)));
  assert.match(must(['verify', '--data', data]), / 0 problems/);
});

test('a clean stop loses nothing and the second start is quick', async (t) => {
  const data = temporaryDirectory(t);
  const server = await Server.start(data);
  t.after(() => server.stop('SIGKILL'));
  const key = server.key('write', 'load');
  for (let n = 0; n < 10; n++) {
    const body = Array.from({ length: 1000 }, (_, i) => JSON.stringify({
      userId: `u${i}`, event: 'Stop', ts: '2026-03-01T00:00:00Z', message_id: `${n}-${i}` })).join('\n');
    assert.equal((await server.request('/api/v1/events', { key, body })).json.stored, 1000);
  }
  assert.deepEqual(await server.stop(), { code: 0, signal: null });
  const begin = Date.now();
  const again = await Server.start(data);
  t.after(() => again.stop('SIGKILL'));
  assert.ok(Date.now() - begin < 3000, `${Date.now() - begin} ms`);
  const secret = again.key('secret', 'reader');
  const answer = await again.query(secret, {
    kind: 'trend', series: [{ event: 'Stop', measure: 'customers' }], range: { from: '2026-03-01', to: '2026-03-01' } });
  assert.equal(answer.json.series[0].total, 1000);
});
