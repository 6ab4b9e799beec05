// Dashboards: made, changed, listed and deleted; what may stand on one; who may.
import assert from 'node:assert/strict';
import test from 'node:test';
import { serverFor } from '../support/firsthand.mjs';

const DEFINITION = { tiles: [{ view: 1 }, { text: 'What <b>we</b> learnt', width: 'full' }], range: 'last 30 days', compare: 'year', segment: { any: [] } };

test('dashboards are made, shown, changed, listed with the pinned first, and deleted', async (t) => {
  const server = await serverFor(t);
  const key = server.key('secret', 'admin');
  const ask = (path, method, body) => server.request(`/api/v1/dashboards${path}`, { key, method, body });
  const made = await ask('', 'POST', { name: ' Week ', definition: DEFINITION });
  assert.equal(made.status, 201, made.text);
  assert.deepEqual({ ...made.json, updated: 0 }, { id: 1, name: 'Week', owner: 'admin', updated: 0, pinned: false, definition: DEFINITION });
  assert.deepEqual((await ask('/1', 'GET')).json, made.json);
  assert.equal((await ask('', 'POST', { name: 'Second', definition: { tiles: [] }, pinned: true })).json.id, 2);
  const { dashboards } = (await ask('', 'GET')).json;
  assert.deepEqual(dashboards.map((each) => [each.id, each.name, each.pinned, 'definition' in each]), [[2, 'Second', true, false], [1, 'Week', false, false]]);
  const changed = await ask('/1', 'PUT', { name: 'Month', definition: { tiles: [{ text: '=1+1' }] } });
  assert.equal(changed.status, 200, changed.text);
  assert.deepEqual([changed.json.name, changed.json.definition], ['Month', { tiles: [{ text: '=1+1' }] }]);
  assert.equal((await ask('/1', 'DELETE')).status, 204);
  for (const [method, body] of [['GET'], ['DELETE'], ['PUT', { name: 'x', definition: { tiles: [] } }]]) {
    const gone = await ask('/1', method, body);
    assert.equal(gone.status, 404, method);
    assert.match(gone.json.detail, /there is no dashboard 1/);
  }
});

test('a dashboard that is none is refused at its place', async (t) => {
  const server = await serverFor(t);
  const key = server.key('secret', 'admin');
  const refused = async (body, pointer, message) => {
    const answer = await server.request('/api/v1/dashboards', { key, method: 'POST', body });
    assert.equal(answer.status, 422, answer.text);
    assert.equal(answer.json.pointer ?? '', pointer, answer.text);
    assert.match(answer.json.detail, message);
  };
  const tiles = (...list) => ({ name: 'x', definition: { tiles: list } });
  await refused({}, '', /"name" is missing/);
  await refused({ name: ' ', definition: { tiles: [] } }, '/name', /1 to 200 bytes/);
  await refused({ name: 'x'.repeat(201), definition: { tiles: [] } }, '/name', /1 to 200 bytes/);
  await refused({ name: 'x' }, '/definition', /must be an object/);
  await refused({ name: 'x', definition: [] }, '/definition', /must be an object/);
  await refused({ name: 'x', definition: {} }, '/definition', /"tiles" is missing/);
  await refused({ name: 'x', definition: { tiles: {} } }, '/definition/tiles', /at most 60/);
  await refused(tiles(...Array(61).fill({ view: 1 })), '/definition/tiles', /at most 60/);
  await refused(tiles({ view: 1 }, 5), '/definition/tiles/1', /must be an object/);
  await refused(tiles({}), '/definition/tiles/0', /either a "view" or a "text"/);
  await refused(tiles({ view: 1, text: 'x' }), '/definition/tiles/0', /either a "view" or a "text"/);
  await refused(tiles({ view: 0 }), '/definition/tiles/0/view', /whole number/);
  await refused(tiles({ view: 'x' }), '/definition/tiles/0/view', /whole number/);
  await refused(tiles({ view: null }), '/definition/tiles/0/view', /number of a saved view/);
  await refused(tiles({ text: '' }), '/definition/tiles/0/text', /1 to 4000 bytes/);
  await refused(tiles({ text: 'x'.repeat(4001) }), '/definition/tiles/0/text', /1 to 4000 bytes/);
  await refused(tiles({ view: 1, width: 'wide' }), '/definition/tiles/0/width', /half or full/);
  await refused(tiles({ vew: 1 }), '/definition/tiles/0/vew', /did you mean "view"/);
  await refused({ name: 'x', definition: { tiles: [], range: 5 } }, '/definition/range', /a string or an object/);
  await refused({ name: 'x', definition: { tiles: [], segment: [] } }, '/definition/segment', /a string or an object/);
  await refused({ name: 'x', definition: { tiles: [], compare: 'yer' } }, '/definition/compare', /previous, year or weekday/);
  await refused({ name: 'x', definition: { tiles: [], ranges: 1 } }, '/definition/ranges', /did you mean "range"/);
  await refused({ name: 'x', tiles: [] }, '/tiles', /unknown member/);
});

test('who only sends events sees and makes no dashboard', async (t) => {
  const server = await serverFor(t);
  const key = server.key('write', 'web');
  assert.equal((await server.request('/api/v1/dashboards', { key })).status, 403);
  assert.equal((await server.request('/api/v1/dashboards', { key, method: 'POST', body: { name: 'x', definition: { tiles: [] } } })).status, 403);
  assert.equal((await server.request('/api/v1/dashboards')).status, 401);
});
