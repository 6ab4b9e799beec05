// The benchmark (bench/speed) on a few events: the plain scan in C answers as the engine does, and where one has other events than the
// other, that is said.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { join } from 'node:path';
import { test } from 'node:test';
import { root, sleep, temporaryDirectory } from '../support/firsthand.mjs';
import { Asker } from '../../bench/speed/asker.mjs';
import { QUESTIONS, difference } from '../../bench/speed/questions.mjs';

const ROWS = 15000; // one segment: two become one only in quiet times
const ROWS_IDS = 21000; // so many that an import leaves them in segments, whose columns are looked at

function bench(...args) {
  const done = spawnSync(process.execPath, [join(root, 'bench/speed/run.mjs'), ...args], { encoding: 'utf8' });
  return { code: done.status, text: done.stdout + done.stderr };
}

const small = (data, rows, ...args) => bench('--rows', `${rows}`, '--rounds', '1', '--idle', '0', '--engines', 'firsthand,floor', '--data', data, ...args);

const WITHOUT_QUIET = ['plain', 'ids'];

for (const variant of ['plain', 'late', 'joined', 'months22', 'ids']) {
  test(`the floor and firsthand give equal answers to every question, variant ${variant}`, (t) => {
    const data = temporaryDirectory(t);
    const quiet = !WITHOUT_QUIET.includes(variant);
    const rows = variant === 'ids' ? ROWS_IDS : ROWS;
    const { code, text } = small(data, rows, '--variant', variant, '--engines', quiet ? 'firsthand,quiet,floor' : 'firsthand,floor', ...(variant === 'ids' ? ['--settle', '0'] : []));
    assert.equal(code, 0, text);
    assert.match(text, /All answers are equal/);
    const table = readFileSync(join(data, `${rows}-${variant}/speed.md`), 'utf8');
    for (const { id } of QUESTIONS) assert.match(table, new RegExp(`^\\| ${id} `, 'm'));
    assert.equal(table.includes('firsthand / quiet'), quiet);
    const [, ids] = /^\| message_id \| ([\d.]+) \|$/m.exec(table) ?? [];
    if (variant === 'ids') assert.ok(ids >= 16 && ids < 16.1, `ids take ${ids} bytes an event: not 16, which a UUID has`);
    else assert.equal(ids, undefined);
  });
}

test('every level of vector instructions answers with the same bytes, and says what it took', (t) => {
  const data = temporaryDirectory(t);
  const levels = (...args) => spawnSync(process.execPath, [join(root, 'bench/speed/levels.mjs'), '--data', data, ...args], { encoding: 'utf8' });
  const { status, stdout, stderr } = levels('--rows', `${ROWS}`, '--rounds', '1');
  assert.equal(status, 0, stdout + stderr);
  assert.match(stdout, /All levels answer with the same bytes/);
  for (const { id } of QUESTIONS) assert.match(stdout, new RegExp(`^\\| ${id} .*\\| \\d+\\.\\d\\d \\|$`, 'm'));
  for (const args of [[], ['--rows', 'few'], ['--rows', `${ROWS}`, '--rounds', 'x'], ['--rows', `${ROWS}`, '--only', 'q99'], ['--nonsense']]) {
    assert.equal(levels(...args).status, 2);
  }
});

test('what was loaded is used again, and events that only one side has are found', (t) => {
  const data = temporaryDirectory(t);
  assert.equal(small(data, ROWS, '--only', 'q1p').code, 0);
  const file = join(data, `${ROWS}-plain/events.csv`);
  // One purchase becomes a checkout, which is as long a word: firsthand keeps what it had, the floor reads anew.
  writeFileSync(file, readFileSync(file, 'utf8').replace(',purchase,', ',checkout,'));
  const { code, text } = small(data, ROWS, '--only', 'q1p,q9');
  assert.equal(code, 1, text);
  assert.match(text, /q1p: firsthand and floor differ: values/);
  const anew = small(data, ROWS, '--only', 'q1p', '--fresh');
  assert.equal(anew.code, 0, anew.text);
});

test('answers are compared in what both sides say', () => {
  assert.equal(difference({ total: 1, medians: [null, 2] }, { total: 1 }), null);
  assert.match(difference({ total: 1 }, { total: 2 }), /^total/);
  assert.match(difference({ paths: [[['a', 'b'], 1, 1]] }, { paths: [[['a', 'c'], 1, 1]] }), /^paths/);
});

test('a call whose connection was closed while nobody asked makes another, and one that is closed in the middle fails', { timeout: 60000 }, async (t) => {
  let connections = 0;
  const server = http.createServer((request, response) => {
    if (request.url === '/broken') request.socket.destroy();
    else response.writeHead(200, { 'content-length': 4 }).end('well');
  });
  server.on('connection', () => { connections++; });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const asker = new Asker(`http://127.0.0.1:${server.address().port}`, 'key');
  t.after(() => asker.stop());
  for (let i = 0; i < 2; i++) assert.equal((await asker.ask('/')).text, 'well');
  assert.equal(connections, 1);
  server.closeAllConnections();
  await sleep(50);
  assert.equal((await asker.ask('/')).text, 'well');
  assert.equal(connections, 2);
  await assert.rejects(asker.ask('/broken'), /closed/);
  assert.equal((await asker.ask('/')).text, 'well');
  asker.stop();
  server.close();
  server.closeAllConnections();
  await assert.rejects(asker.ask('/'), /ECONNREFUSED/);
});

test('options that mean nothing are refused, with what there is', () => {
  for (const [args, said] of [
    [['--rows', 'many'], /--rows is a whole number/], [[], /--rows/], [['--rows', '10'], /from 1000 on/],
    [['--rows', '1000', '--only', 'q99'], /no question "q99"; there are q1,/], [['--rows', '1000', '--engines', 'oracle'], /no engine "oracle"/],
    [['--rows', '1000', '--variant', 'odd'], /no variant "odd"; there are plain, late/], [['--rows', '1000', '--variant', 'ids', '--engines', 'quiet'], /no engine "quiet"/],
    [['--rows', '1000', '--round', '1'], /round/],
  ]) {
    const { code, text } = bench(...args);
    assert.equal(code, 2, text);
    assert.match(text, said);
  }
});
