// Notes on time: by API and command line; times in the organisation's zone; who may.
import assert from 'node:assert/strict';
import test from 'node:test';
import { must, run, serverFor, temporaryDirectory } from '../support/firsthand.mjs';

test('notes are added, listed by range and kind, changed and deleted', async (t) => {
  const server = await serverFor(t);
  must(['config', 'set', 'timezone', 'Europe/Oslo', '--data', server.data]);
  const key = server.key('secret', 'admin');
  const ask = (path, method, body) => server.request(`/api/v1/notes${path}`, { key, method, body });
  const first = await ask('', 'POST', { at: '2026-05-01', text: ' Version 2.4 ', kind: 'release' });
  assert.equal(first.status, 201, first.text);
  assert.deepEqual({ ...first.json, updated: 0 }, { id: 1, at: '2026-04-30T22:00:00.000Z', until: null, kind: 'release', text: 'Version 2.4', owner: 'admin', updated: 0 });
  const second = await ask('', 'POST', { at: '2026-05-02 09:30', until: '2026-05-03', text: 'Payments were down', kind: 'incident' });
  // A time without an offset is the organisation's clock; a date that ends something is whole.
  assert.equal(second.json.at, '2026-05-02T07:30:00.000Z');
  assert.equal(second.json.until, '2026-05-03T22:00:00.000Z');
  const now = await ask('', 'POST', { text: 'Now' });
  assert.ok(Math.abs(Date.parse(now.json.at) - Date.now()) < 60_000);
  assert.equal(now.json.kind, 'other');

  const texts = async (query) => (await ask(query, 'GET')).json.notes.map((note) => note.text);
  assert.deepEqual(await texts(''), ['Version 2.4', 'Payments were down', 'Now']);
  assert.deepEqual(await texts('?from=2026-05-03&to=2026-05-03'), ['Payments were down']);
  assert.deepEqual(await texts('?from=2026-05-04&to=2026-05-31'), []);
  assert.deepEqual(await texts('?from=2026-05-01&to=2026-05-01'), ['Version 2.4']);
  assert.deepEqual(await texts('?from=2026-05-02T07:30:00Z&to=2026-05-31&kind=incident'), ['Payments were down']);
  assert.equal((await ask('?kind=incident', 'GET')).json.total, 1);

  const changed = await ask('/2', 'PUT', { at: '2026-05-02T10:00:00Z', text: '<b>=1+1</b>', kind: 'other' });
  assert.equal(changed.status, 200, changed.text);
  assert.deepEqual([changed.json.at, changed.json.until, changed.json.text, changed.json.kind], ['2026-05-02T10:00:00.000Z', null, '<b>=1+1</b>', 'other']);
  assert.equal((await ask('/2', 'DELETE')).status, 204);
  assert.equal((await ask('/2', 'DELETE')).status, 404);
  assert.equal((await ask('/2', 'PUT', { at: '2026-05-02', text: 'x' })).status, 404);
});

test('a note that is none is refused at its place, and who only reads writes none', async (t) => {
  const server = await serverFor(t);
  const key = server.key('secret', 'admin');
  const refused = async (body, pointer, message, method = 'POST', path = '') => {
    const answer = await server.request(`/api/v1/notes${path}`, { key, method, body });
    assert.equal(answer.status, 422, answer.text);
    assert.equal(answer.json.pointer ?? '', pointer, answer.text);
    assert.match(answer.json.detail, message);
  };
  await refused({}, '', /"text" is missing/);
  await refused({ text: '  ' }, '/text', /1 to 500 bytes/);
  await refused({ text: 'x'.repeat(501) }, '/text', /1 to 500 bytes/);
  await refused({ text: 'x', at: 'yesterday-ish' }, '/at', /a date/);
  await refused({ text: 'x', at: 5 }, '/at', /a string/);
  await refused({ text: 'x', at: '2026-05-02', until: '2026-05-01' }, '/until', /after "at"/);
  await refused({ text: 'x', kind: 'relese' }, '/kind', /did you mean "release"/);
  await refused({ text: 'x', txt: 1 }, '/txt', /unknown member/);
  await refused({ text: 'x' }, '', /"at" is missing/, 'PUT', '/1');
  const bad = await server.request('/api/v1/notes?from=2026-05-02&to=2026-05-01', { key });
  assert.equal(bad.status, 422);
  assert.equal(bad.json.pointer, '/to');
  const write = server.key('write', 'web');
  assert.equal((await server.request('/api/v1/notes', { key: write })).status, 403);
  assert.equal((await server.request('/api/v1/notes', { key: write, body: { text: 'x' } })).status, 403);
  assert.equal((await server.request('/api/v1/notes')).status, 401);
});

test('the command line adds, lists and deletes notes, with and without a server', async (t) => {
  const data = temporaryDirectory(t);
  const go = (...args) => must([...args, '--data', data]);
  assert.equal(go('note', 'add', 'Version 2.4', '--kind', 'release', '--at', '2026-05-01 09:30'), '1\n');
  assert.equal(go('note', 'add', '=1+1', '--at', '2026-05-01', '--until', '2026-05-02'), '2\n');
  const table = go('note', 'list', '--from', '2026-05-01', '--to', '2026-05-31', '--kind', 'release');
  assert.match(table, /release +Version 2\.4/);
  assert.ok(!table.includes('=1+1'));
  assert.match(go('note', 'list', '--format', 'csv'), /"'=1\+1"/);
  assert.equal(JSON.parse(go('note', 'list', '--json')).total, 2);
  assert.equal(go('note', 'delete', '1'), '');
  const again = run(['note', 'delete', '1', '--data', data]);
  assert.equal(again.code, 3);
  assert.match(again.stderr, /there is no note 1/);
  const wrong = run(['note', 'delete', 'x', '--data', data]);
  assert.equal(wrong.code, 2);
  assert.match(wrong.stderr, /see: firsthand note list/);
});

test('a view is pinned for everybody, and its owner stays who saved it', async (t) => {
  const server = await serverFor(t);
  const one = server.key('secret', 'ada');
  const other = server.key('secret', 'bo');
  const view = { name: 'first', page: 'journeys', query: { tab: 'trends' } };
  await server.request('/api/v1/views', { key: one, body: view });
  const { json: { id } } = await server.request('/api/v1/views', { key: one, body: { ...view, name: 'second' } });
  const saved = await server.request(`/api/v1/views/${id}`, { key: other, method: 'PUT', body: { ...view, name: 'second', pinned: true } });
  assert.equal(saved.status, 200, saved.text);
  const { json: { views } } = await server.request('/api/v1/views', { key: one });
  assert.deepEqual(views.map(({ name, pinned, owner }) => [name, pinned, owner]), [['second', true, 'ada'], ['first', false, 'ada']]);
  const wrong = await server.request('/api/v1/views', { key: one, body: { ...view, pinned: 'yes' } });
  assert.equal(wrong.json.pointer, '/pinned', wrong.text);
});
