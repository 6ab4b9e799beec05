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
