// How many connections there may be: in all, from one address, and behind a proxy.
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import test from 'node:test';
import { Server, temporaryDirectory } from '../support/firsthand.mjs';

async function start(t, env) {
  const server = await Server.start(temporaryDirectory(t), { env });
  t.after(() => server.stop('SIGKILL'));
  return server;
}

// A connection that asks once and stays: the status of the answer, or undefined where it was closed without one.
function asking(t, server) {
  const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
  t.after(() => socket.destroy());
  const answered = new Promise((done) => {
    socket.on('data', (chunk) => done(/^HTTP\/1\.1 (\d+)/.exec(chunk.toString('latin1'))?.[1]));
    socket.on('error', () => done(undefined));
    socket.on('close', () => done(undefined));
  });
  socket.write('GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n');
  return { socket, answered };
}

test('one address may have so many connections, and no more', async (t) => {
  const server = await start(t, { FIRSTHAND_CONNECTIONS_PER_ADDRESS: '3' });
  const held = [asking(t, server), asking(t, server), asking(t, server)];
  for (const one of held) assert.equal(await one.answered, '200');
  assert.equal(await asking(t, server).answered, undefined);
});

test('behind a proxy all connections come from one address, and may', async (t) => {
  const server = await start(t, { FIRSTHAND_CONNECTIONS_PER_ADDRESS: '3', FIRSTHAND_BEHIND_PROXY: '1' });
  for (let i = 0; i < 6; i++) assert.equal(await asking(t, server).answered, '200');
});

test('with all connections taken the next one waits until one is free', async (t) => {
  const server = await start(t, { FIRSTHAND_CONNECTIONS: '16' });
  const held = Array.from({ length: 16 }, () => asking(t, server));
  for (const one of held) assert.equal(await one.answered, '200');
  const next = asking(t, server);
  let answered = false;
  next.answered.then(() => { answered = true; });
  await new Promise((done) => setTimeout(done, 300));
  assert.equal(answered, false);
  for (const one of held.slice(0, 4)) one.socket.destroy();
  assert.equal(await next.answered, '200');
});

// Beginnings of requests that never end, each in another state of being read.
function unfinished(server, write) {
  const head = `POST /api/v1/events HTTP/1.1\r\nHost: ${new URL(server.url).host}\r\n`;
  const key = `${head}Authorization: Bearer ${write}\r\n`;
  return {
    'a head': head,
    'a body': `${key}Content-Length: 500000\r\n\r\n${'x'.repeat(100)}`,
    'a large body': `${key}Content-Length: 5000000\r\n\r\n${'x'.repeat(300_000)}`,
    'all but a byte': `${key}Content-Length: 40\r\n\r\n${'x'.repeat(39)}`,
    'a chunk\'s head': `${key}Transfer-Encoding: chunked\r\n\r\n5`,
    'a chunk': `${key}Transfer-Encoding: chunked\r\n\r\nffff\r\n${'x'.repeat(100)}`,
    'a body that is refused': `${head}Content-Length: 500000\r\n\r\n${'x'.repeat(100)}`,
    'a large body that is refused': `${head}Content-Length: 500000\r\n\r\n${'x'.repeat(200_000)}`,
  };
}

test('who leaves in the middle of a request holds no connection until its deadline', async (t) => {
  const server = await start(t, {});
  const secret = server.key('secret', 'reader');
  const open = async () => Number(/^firsthand_http_connections (\d+)$/m.exec((await server.request('/metrics', { key: secret })).text)[1]);
  const before = await open();
  const began = Date.now();
  for (const text of Object.values(unfinished(server, server.key('write', 'web')))) {
    for (let i = 0; i < 20; i++) {
      const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
      socket.on('error', () => {});
      socket.on('data', () => {});
      if (i % 2) socket.end(text); // with its end in the same breath, which is what the library misses
      else socket.write(text, () => socket.destroy());
    }
  }
  while (await open() > before) {
    assert.ok(Date.now() - began < 30_000, `${await open()} are open after half the deadline`);
    await new Promise((done) => setTimeout(done, 20));
  }
});

test('who sends a byte now and then within the deadline is not taken for one who left', async (t) => {
  const server = await start(t, {});
  const write = server.key('write', 'web');
  const body = JSON.stringify({ userId: 'u1', event: 'Visit', ts: new Date().toISOString() });
  const { host, port } = new URL(server.url);
  const socket = connect(Number(port), '127.0.0.1');
  t.after(() => socket.destroy());
  const answered = new Promise((done) => { socket.on('data', (chunk) => done(String(chunk))); socket.on('close', () => done('')); });
  socket.write(`POST /api/v1/events HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${write}\r\nContent-Length: ${body.length}\r\n\r\n`);
  for (let i = 0; i < 4; i++) {
    await new Promise((done) => setTimeout(done, 800)); // longer than the keeper waits, in all
    socket.write(body[i]);
  }
  socket.write(body.slice(4));
  assert.match(await answered, /^HTTP\/1\.1 200 /);
});
