// Surveys from a template to the timeline: by the widget's API, by the hosted page without JavaScript, by links.
import assert from 'node:assert/strict';
import test from 'node:test';
import { serverFor, sleep } from '../support/firsthand.mjs';

async function until(what, limitMs, probe) {
  const end = Date.now() + limitMs;
  for (;;) {
    const found = await probe();
    if (found) return found;
    assert.ok(Date.now() < end, `${what} within ${limitMs} ms`);
    await sleep(20);
  }
}

// A server with a survey from a template, published; its keys.
async function publishedSurvey(t, template = 'nps', change = (definition) => definition) {
  const server = await serverFor(t);
  const secret = server.key('secret', 'program');
  const client = server.key('client', 'shop');
  const { json } = await server.request('/api/v1/surveys/templates', { key: secret });
  const found = json.templates.find(({ id }) => id === template);
  const made = await server.request('/api/v1/surveys', { key: secret, body: { id: 'ask', definition: change(found.definition) } });
  assert.equal(made.status, 201, made.text);
  const published = await server.request('/api/v1/surveys/ask/publish', { method: 'POST', key: secret });
  assert.deepEqual(published.json, { id: 'ask', version: 1, status: 'live' });
  return { server, secret, client };
}

async function timeline(server, secret, customer) {
  const answer = await server.request(`/api/v1/customers/${encodeURIComponent(customer)}/timeline`, { key: secret });
  return answer.status === 200 ? answer.json.events : [];
}

test('a survey answered by the widget is on the timeline within a second', async (t) => {
  const { server, secret, client } = await publishedSurvey(t);
  // As a page sends it: plain text, with the key inside, from another origin.
  const call = (what, body) => server.request(`/api/v1/ask/${what}`, {
    body: JSON.stringify({ key: client, ...body }), headers: { 'content-type': 'text/plain', origin: 'https://shop.example' },
  });
  const asked = await call('next', { anonymousId: 'visitor-1', locale: 'nb-NO,nb;q=0.9', url: 'https://shop.example/' });
  assert.equal(asked.status, 200, asked.text);
  assert.equal(asked.headers.get('access-control-allow-origin'), 'https://shop.example');
  const { survey, response, token } = asked.json;
  assert.equal(survey.language, 'nb');
  assert.equal(survey.questions[0].low_label, 'Lite sannsynlig');
  assert.deepEqual(survey.questions[0].next[0], { if: { question: 'recommend', op: '<=', value: 6 }, go: 'better' });
  assert.deepEqual((await call('next', { anonymousId: 'visitor-1' })).json.response, response); // a second tab
  assert.equal((await call('shown', { response, token })).status, 200);
  const first = await call('answer', { response, token, seq: 1, answers: { recommend: 2 } });
  assert.deepEqual(first.json, { accepted: true, finished: false, next: 'better' });
  const words = '<b onmouseover=alert(1)>sein</b> \u202Elevering';
  const last = { response, token, seq: 2, answers: { better: words }, finished: true };
  const begin = Date.now();
  assert.deepEqual((await call('answer', last)).json, { accepted: true, finished: true, next: null });
  const said = await until('the words', 1000, async () => {
    const { json } = await server.query(secret, { kind: 'verbatims' });
    return json.verbatims?.find(({ customer }) => customer === 'visitor-1');
  });
  assert.ok(Date.now() - begin < 1000);
  assert.equal(said.text, words);
  assert.equal(said.score, 2);
  await call('answer', last); // a retry
  const events = await timeline(server, secret, 'visitor-1');
  assert.deepEqual(events.map(({ event }) => event), ['feedback', 'survey shown', 'contacted']);
  assert.equal(events[0].message_id, response);
  assert.equal(events[0].properties['answers.recommend'], 2);
  assert.equal(events[0].properties.finished, true);
  assert.deepEqual((await call('next', { anonymousId: 'visitor-1' })).json, { survey: null, reason: 'asked-already' });
  const why = (await server.request('/api/v1/surveys/ask/why?customer=visitor-1', { key: secret })).json;
  assert.equal(why.asks, false);
  assert.equal(why.rules.find(({ rule }) => rule === 'before').text, 'has answered in this wave');
});

test('only a key that may ask asks, and only its token answers', async (t) => {
  const { server, secret, client } = await publishedSurvey(t);
  const write = server.key('write', 'web');
  const next = (key) => server.request('/api/v1/ask/next', { body: { key, anonymousId: 'a' } });
  assert.equal((await next(undefined)).status, 401);
  assert.equal((await next('ck_nope')).status, 401);
  assert.equal((await next(write)).status, 403);
  const { response } = (await next(client)).json;
  const other = (await server.request('/api/v1/ask/next', { body: { key: client, anonymousId: 'b' } })).json;
  const answer = (body) => server.request('/api/v1/ask/answer', { body: { key: client, response, seq: 1, ...body } });
  assert.equal((await answer({ token: other.token, answers: { recommend: 1 } })).status, 403);
  assert.equal((await answer({ token: 'x' })).status, 403);
  const bad = await server.request('/api/v1/ask/answer', {
    body: { key: client, response: other.response, token: other.token, seq: 1, answers: { recommend: 11 } },
  });
  assert.equal(bad.status, 422);
  assert.equal(bad.json.pointer, '/answers/recommend');
  const ledger = (await server.request('/api/v1/ledger', { key: secret })).json;
  assert.equal(ledger.requests_refused, 0, 'a refused answer is no refused event');
});

test('a program sends a whole response, and again without doubling it', async (t) => {
  const { server, secret } = await publishedSurvey(t);
  const send = () => server.request('/api/v1/surveys/ask/responses', {
    key: secret, body: { userId: 'ann', message_id: 'call-17', answers: { recommend: 9, best: 'all of it' } },
  });
  const sent = await send();
  assert.equal(sent.status, 201, sent.text);
  assert.equal(sent.json.finished, true);
  assert.equal((await send()).json.response, sent.json.response);
  const events = (await timeline(server, secret, 'ann')).filter(({ event }) => event === 'feedback');
  assert.equal(events.length, 1);
  assert.equal(events[0].text, 'all of it');
  const bad = await server.request('/api/v1/surveys/ask/responses', { key: secret, body: { userId: 'ann', answers: { recomend: 9 } } });
  assert.equal(bad.status, 422);
  assert.equal(bad.json.pointer, '/answers/recomend');
});

test('a version that is out is never changed by later drafts', async (t) => {
  const { server, secret } = await publishedSurvey(t, 'feature-feedback');
  const definition = (await server.request('/api/v1/surveys/ask', { key: secret })).json.definition;
  const changed = { ...definition, name: 'Changed', questions: definition.questions.slice(0, 1) };
  assert.equal((await server.request('/api/v1/surveys/ask', { method: 'PUT', key: secret, body: { definition: changed } })).status, 200);
  let shown = (await server.request('/api/v1/surveys/ask', { key: secret })).json;
  assert.deepEqual(shown.definition, definition);
  assert.deepEqual(shown.draft, changed);
  await server.request('/api/v1/surveys/ask/publish', { method: 'POST', key: secret });
  shown = (await server.request('/api/v1/surveys/ask', { key: secret })).json;
  assert.equal(shown.draft, null);
  assert.deepEqual(shown.versions.map(({ version }) => version), [1, 2]);
  assert.deepEqual((await server.request('/api/v1/surveys/ask?version=1', { key: secret })).json.definition, definition);
  assert.equal((await server.request('/api/v1/surveys/ask', { method: 'DELETE', key: secret })).status, 409);
});
