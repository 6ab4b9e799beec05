// Surveys from a template to the timeline: by the widget's API, by the hosted page without JavaScript, by links.
import assert from 'node:assert/strict';
import test from 'node:test';
import { serverFor, sleep, withoutQuietHours } from '../support/firsthand.mjs';

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

// A browser without JavaScript: fetches pages, fills forms, follows where it is led. Keeps what it shows.
class Reader {
  constructor(server, { language = 'en' } = {}) { this.server = server; this.language = language; }
  async open(path) {
    const answer = await this.server.request(path, { headers: { 'accept-language': this.language } });
    Object.assign(this, { path, status: answer.status, html: answer.text, headers: answer.headers });
    return this;
  }
  hidden() {
    return [...this.html.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)"/g)].map(([, name, value]) => [name, value]);
  }
  async send(fields, { wait = 1600, change = (pairs) => pairs } = {}) {
    await sleep(wait); // as long as reading takes
    const action = /<form method="post" action="([^"]*)"/.exec(this.html)[1].replaceAll('&amp;', '&');
    const pairs = change([...this.hidden(), ['website', ''], ...fields]);
    this.sent = { action, body: new URLSearchParams(pairs).toString() };
    return this.post(this.sent);
  }
  async post({ action, body }) {
    const answer = await this.server.request(action, { body, headers: { 'content-type': 'application/x-www-form-urlencoded' } });
    if (answer.status === 303) return this.open(answer.headers.get('location'));
    Object.assign(this, { status: answer.status, html: answer.text });
    return this;
  }
}

async function responses(server, secret, more = '') {
  return (await server.request(`/api/v1/surveys/ask/responses${more}`, { key: secret })).json;
}

test('a survey is answered without JavaScript, question by question, in the reader\'s language', async (t) => {
  const { server, secret } = await publishedSurvey(t);
  const reader = await new Reader(server, { language: 'nb-NO,nb;q=0.9,en;q=0.1' }).open('/s/ask');
  assert.equal(reader.status, 200);
  assert.match(reader.headers.get('content-security-policy'), /^default-src 'none'; style-src 'self'; script-src 'self'/);
  assert.match(reader.html, /<html lang="nb" dir="ltr">/);
  assert.match(reader.html, /Hvor sannsynlig er det/);
  assert.match(reader.html, /href="\/s\/ask\?lang=de"/);
  await reader.send([]); // passed over, though it must be answered
  assert.equal(reader.status, 422);
  assert.match(reader.html, /role="alert"/);
  assert.match(reader.html, /Vennligst svar på dette spørsmålet/);
  await reader.send([['a.recommend', '4']]);
  assert.equal(reader.status, 200);
  assert.match(reader.html, /Hva burde vi gjøre annerledes/);
  const resumed = await new Reader(server).open(reader.path); // reload, or another device
  assert.match(resumed.html, /Hva burde vi gjøre annerledes/);
  const words = '<img src=x onerror=alert(1)> "sa" jeg & \u202Eomvendt';
  await reader.send([['a.better', words]]);
  assert.match(reader.html, /Takk. Et menneske leser hvert svar/);
  const { sent } = reader;
  await reader.post(sent); // sent again by a browser
  assert.match(reader.html, /Takk\./);
  const { json } = await server.query(secret, { kind: 'verbatims' });
  assert.deepEqual(json.verbatims.map(({ text }) => text), [words]);
  const events = await timeline(server, secret, json.verbatims[0].customer);
  assert.deepEqual(events.map(({ event }) => event), ['feedback', 'survey shown']);
  assert.equal(events[0].properties.way, 'hosted');
  assert.equal(events[0].properties.language, 'nb');
  assert.equal(events[0].score, 4);
  const listed = await responses(server, secret);
  assert.equal(listed.total, 1);
  assert.deepEqual(listed.responses[0].answers, { better: words, recommend: 4 });
});

test('every type of question is answered by a form, all on one page', async (t) => {
  const choices = [{ id: 'a', label: 'A <i>' }, { id: 'b', label: 'B' }, { id: 'c', label: 'C' }];
  const { server, secret } = await publishedSurvey(t, 'nps', () => ({
    name: 'All <script>alert(1)</script>', pages: 'all', languages: ['en', 'ar'], questions: [
      { id: 'nps', type: 'nps', title: 'T', required: true }, { id: 'csat', type: 'csat', title: 'T' }, { id: 'ces', type: 'ces', title: 'T' },
      { id: 'stars', type: 'stars', title: 'T' }, { id: 'open', type: 'open', title: 'T' }, { id: 'single', type: 'single', title: 'T', choices },
      { id: 'multiple', type: 'multiple', title: 'T', choices }, { id: 'yes', type: 'yes_no', title: 'T' }, { id: 'rank', type: 'rank', title: 'T', choices },
      { id: 'matrix', type: 'matrix', title: 'T', rows: [{ id: 'r', label: 'R' }, { id: 's', label: 'S' }], choices },
      { id: 'number', type: 'number', title: 'T', min: 0, max: 10 }, { id: 'date', type: 'date', title: 'T' },
    ],
  }));
  const reader = await new Reader(server).open('/s/ask?lang=ar');
  assert.match(reader.html, /<html lang="ar" dir="rtl">/);
  assert.ok(!reader.html.includes('<script>alert'));
  const good = [
    ['a.nps', '10'], ['a.csat', '5'], ['a.ces', '7'], ['a.stars', '1'], ['a.open', ' line 1\r\nline 2 '], ['a.single', 'b'], ['a.multiple', 'a'],
    ['a.multiple', 'c'], ['a.yes', 'no'], ['a.rank.a', '2'], ['a.rank.b', '3'], ['a.rank.c', '1'], ['a.matrix.r', 'a'], ['a.matrix.s', 'c'],
    ['a.number', '2.5'], ['a.date', '2026-05-01'],
  ];
  await reader.send(good.map(([name, value]) => [name, name === 'a.rank.b' ? '1' : name === 'a.number' ? '11' : value]));
  assert.equal(reader.status, 422);
  assert.equal([...reader.html.matchAll(/<li><a href="#q/g)].length, 2); // the rank and the number
  assert.match(reader.html, /value="10" checked/); // the others are kept
  await reader.send(good, { wait: 0 });
  assert.equal(reader.status, 200, reader.html);
  const { responses: [response] } = await responses(server, secret);
  assert.deepEqual(response.answers, {
    nps: 10, csat: 5, ces: 7, stars: 1, open: 'line 1\r\nline 2', single: 'b', multiple: ['a', 'c'], yes: false, rank: ['c', 'a', 'b'],
    matrix: { r: 'a', s: 'c' }, number: 2.5, date: '2026-05-01',
  });
  const results = (await server.request('/api/v1/surveys/ask/results', { key: secret })).json;
  assert.equal(results.started, 1);
  assert.equal(results.finished, 1);
  const of = Object.fromEntries(results.questions.map((question) => [question.id, question]));
  assert.equal(of.nps.distribution['10'], 1);
  assert.deepEqual(of.multiple.distribution, { a: 1, b: 0, c: 1 });
  assert.deepEqual(of.rank.mean_place, { a: 2, b: 3, c: 1 });
  assert.deepEqual(of.matrix.rows, { r: { a: 1, b: 0, c: 0 }, s: { a: 0, b: 0, c: 1 } });
  assert.deepEqual([of.number.mean, of.number.min, of.yes.distribution.no], [2.5, 2.5, 1]);
});

test('machines are kept apart with the reasons, and a person releases or discards', async (t) => {
  const { server, secret } = await publishedSurvey(t, 'feature-feedback');
  const answer = async (options) => {
    const reader = await new Reader(server).open('/s/ask');
    await reader.send([['a.useful', '1']], options);
    await reader.send([['a.often', 'day']], { wait: 0 });
    await reader.send([['a.change', options.words]], { wait: 0 });
    assert.match(reader.html, /Thank you/); // a machine is not told
  };
  await answer({ wait: 0, words: 'buy pills' });
  await answer({ words: 'more pills', change: (pairs) => pairs.map(([name, value]) => [name, name === 'website' ? 'http://x' : value]) });
  await answer({ words: 'pills', change: (pairs) => pairs.map(([name, value]) => [name, name === 'w' ? '123456789' : value]) });
  assert.equal((await responses(server, secret)).total, 0);
  const { suspects, total } = (await server.request('/api/v1/surveys/ask/suspects', { key: secret })).json;
  assert.equal(total, 3);
  assert.deepEqual(suspects.map(({ reasons }) => reasons).reverse(), [['too-fast'], ['honeypot'], ['false-work']]);
  assert.equal(suspects[2].answers.change, 'buy pills');
  const judge = (response, what) => server.request(`/api/v1/surveys/ask/suspects/${response}/${what}`, { method: 'POST', key: secret });
  const refusedBefore = (await server.request('/api/v1/ledger', { key: secret })).json.total.refused;
  assert.equal((await judge(suspects[2].response, 'release')).status, 200);
  assert.equal((await judge(suspects[1].response, 'discard')).status, 200);
  assert.equal((await judge(suspects[1].response, 'release')).status, 409);
  assert.equal((await judge('r_none', 'discard')).status, 404);
  const listed = await responses(server, secret);
  assert.deepEqual(listed.responses.map(({ answers }) => answers.change), ['buy pills']);
  assert.ok(Math.abs(Date.parse(listed.responses[0].at) - Date.parse(suspects[2].at)) < 5000, 'at its own time');
  const ledger = (await server.request('/api/v1/ledger', { key: secret })).json.total;
  assert.equal(ledger.refused, refusedBefore + 1);
  assert.equal((await server.request('/api/v1/surveys/ask/suspects', { key: secret })).json.total, 1);
});

test('a personal link is one customer\'s, a tap in a mail is confirmed by a person', async (t) => {
  const { server, secret } = await publishedSurvey(t);
  withoutQuietHours(server.data);
  for (const userId of ['ann', 'bea', 'cat']) {
    await server.request('/api/v1/events', { key: secret, body: { userId, event: 'Visit', ts: new Date().toISOString() } });
  }
  const make = (body) => server.request('/api/v1/surveys/ask/links', { key: secret, body });
  const looked = (await make({ segment: { did: { event: 'Visit' } }, dry_run: true })).json;
  assert.equal(looked.made, 3);
  const made = (await make({ customers: ['ann', 'nobody'], way: 'email' })).json;
  assert.equal(made.made, 1, JSON.stringify(made));
  assert.deepEqual(made.skipped, [{ customer: 'nobody', reason: 'no-user-id' }]);
  const { path } = made.links[0];
  const snippet = (await server.request('/api/v1/surveys/ask/snippet', { key: secret })).json;
  assert.equal(snippet.question, 'recommend');
  const [tap] = [...snippet.html.matchAll(/href="\{\{link\}\}([^"]*)"/g)].map(([, query]) => query.replaceAll('&amp;', '&')).slice(9);
  assert.equal(tap, '?q=recommend&a=9');
  const reader = await new Reader(server).open(path + tap);
  assert.match(reader.html, /value="9" checked/);
  assert.match(reader.html, /<button>Confirm<\/button>/);
  assert.equal((await timeline(server, secret, 'ann')).filter(({ event }) => event === 'feedback').length, 0, 'looking says nothing');
  await reader.send([['a.recommend', '9']], { wait: 0 }); // links are trusted: no waiting
  await reader.send([['a.best', 'Nora']], { wait: 0 });
  assert.match(reader.html, /Change my answers/);
  const other = await new Reader(server).open(path); // another tab: the same response
  assert.match(other.html, /Thank you/);
  const events = (await timeline(server, secret, 'ann')).filter(({ event }) => event !== 'Visit');
  assert.deepEqual(events.map(({ event }) => event), ['feedback', 'survey shown', 'contacted']);
  assert.equal(events[0].text, 'Nora');
  assert.equal(events[0].properties.way, 'email');
  assert.equal((await make({ customers: ['ann'] })).json.skipped[0].reason, 'answered');
  assert.equal((await new Reader(server).open('/s/ask/wrong')).status, 404);
  const single = (await make({ customers: ['bea'], once: true })).json.links[0];
  await new Reader(server).open(single.path);
  const { links } = (await server.request('/api/v1/surveys/ask/links', { key: secret })).json;
  assert.deepEqual(links.map(({ customer, once }) => [customer, once]), [['bea', true], ['ann', false]]);
  assert.ok(!JSON.stringify(links).includes(single.path.split('/').at(-1)), 'tokens lie hashed');
  assert.equal((await server.request(`/api/v1/surveys/ask/links/${links[0].id}`, { method: 'DELETE', key: secret })).status, 204);
  assert.equal((await new Reader(server).open(single.path)).status, 410);
  const qr = (await server.request('/api/v1/surveys/ask/qr?address=https://ask.example', { key: secret })).json;
  assert.equal(qr.text, 'https://ask.example/s/ask');
  assert.match(qr.svg, /^<svg xmlns="http:\/\/www.w3.org\/2000\/svg" viewBox="0 0 33 33"/);
});

test('results count who was asked, began, left where, and how many a survey would reach', async (t) => {
  const { server, secret, client } = await publishedSurvey(t, 'ces-after-support', (definition) => ({ ...definition, when: undefined }));
  const call = (what, body) => server.request(`/api/v1/ask/${what}`, { body: { key: client, ...body } });
  const answers = [{ easy: 2, solved: false, open_point: 'all of it', person: null }, { easy: 6 }, { easy: 7, solved: true }, null];
  for (const [i, given] of answers.entries()) {
    await server.request('/api/v1/events', { key: secret, body: { userId: `u${i}`, event: 'Visit', ts: new Date().toISOString() } });
    const { response, token } = (await call('next', { userId: `u${i}` })).json;
    if (given) await call('shown', { response, token });
    if (given) await call('answer', { response, token, seq: 1, answers: given, finished: i === 0 });
  }
  const { code } = await import('../support/firsthand.mjs').then(({ run }) => run(['job', 'run', 'surveys', '--data', server.data]));
  assert.equal(code, 0);
  const results = (await server.request('/api/v1/surveys/ask/results', { key: secret })).json;
  // Those who fell silent are told half an hour later; till then only the finished one is.
  assert.deepEqual([results.asked, results.shown, results.started, results.finished], [4, 3, 1, 1]);
  assert.deepEqual(results.by.way, [{ way: 'widget', asked: 4, shown: 3, started: 1, finished: 1 }]);
  const easy = results.questions.find(({ id }) => id === 'easy');
  assert.deepEqual([easy.n, easy.reached, easy.left, easy.distribution['2']], [1, 1, 0, 1]);
  const audience = (await server.request('/api/v1/surveys/ask/audience', { key: secret })).json;
  assert.equal(audience.segment, 4);
  assert.equal(audience.asked_before, 4);
  assert.equal(audience.would_be_asked, 0);
});
