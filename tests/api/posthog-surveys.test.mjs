// Our surveys through PostHog's libraries: offered in its form, asked of one person, answered as ours.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import test from 'node:test';
import { serverFor, sleep } from '../support/firsthand.mjs';
import { shop, visitor } from '../support/pages.mjs';

const require = createRequire(import.meta.url);
const library = join(dirname(require.resolve('posthog-js/package.json')), 'dist/module.full.no-external.js');
const html = '<!doctype html><html lang="en"><title>Shop</title><h1>Shop</h1><script type="module">import posthog from "/posthog.js"; window.posthog = posthog;</script>';

const definition = {
  name: 'After an order', languages: ['en', 'nb'], thanks: { en: 'Thank <b>you</b>', nb: 'Takk' }, ways: ['widget', 'hosted'],
  questions: [
    { id: 'likely', type: 'nps', required: true, title: { en: 'How likely?', nb: 'Hvor sannsynlig?' }, low_label: 'no', high_label: 'yes',
      next: [{ if: { op: '>=', value: 9 }, go: 'what' }] },
    { id: 'better', type: 'open', title: { en: 'What should be better?', nb: 'Hva bør bli bedre?' } },
    { id: 'what', type: 'multiple', title: 'What did you buy?', choices: [{ id: 'a', label: { en: 'A jumper', nb: 'En genser' } }, { id: 'b', label: 'Socks' }] },
    { id: 'again', type: 'yes_no', title: 'Would you come again?' },
    { id: 'stars', type: 'stars', title: 'Stars?' },
  ],
};

async function until(what, limitMs, probe) {
  const end = Date.now() + limitMs;
  for (;;) {
    const found = await probe();
    if (found) return found;
    assert.ok(Date.now() < end, `${what} within ${limitMs} ms`);
    await sleep(30);
  }
}

async function timeline(server, secret, id) {
  const answer = await server.request(`/api/v1/customers/${encodeURIComponent(id)}/timeline?limit=1000`, { key: secret });
  return answer.json?.events?.reverse() ?? [];
}

async function publish(server, secret, id, survey) {
  const made = await server.request('/api/v1/surveys', { key: secret, body: { id, definition: survey } });
  assert.equal(made.status, 201, made.text);
  const out = await server.request(`/api/v1/surveys/${id}/publish`, { key: secret, body: {} });
  assert.equal(out.status, 200, out.text);
}

const minted = (n) => `0190b5a0-0000-7000-8000-${String(n).padStart(12, '0')}`;

async function setUp(t, surveys = { order: definition }) {
  const server = await serverFor(t);
  const client = server.key('client', 'shop');
  const secret = server.key('secret', 'reader');
  for (const [id, survey] of Object.entries(surveys)) await publish(server, secret, id, survey);
  const flags = async (body, options = {}) => (await server.request('/flags/?v=2', { body: { token: client, person_properties: { $lib: 'web' }, ...body }, ...options })).json;
  const send = async (event, status = 200) => {
    const answer = await server.request('/e/', { body: { api_key: client, batch: [event] } });
    assert.equal(answer.status, status, answer.text);
  };
  return { server, client, secret, flags, send };
}

test('a survey is offered in PostHog\'s form, with its jumps, in the reader\'s language', async (t) => {
  const { server, client } = await setUp(t, {
    order: definition,
    matrix: { name: 'M', questions: [{ id: 'm', type: 'matrix', title: 'M', required: true, choices: [{ id: 'a', label: 'A' }, { id: 'b', label: 'B' }], rows: [{ id: 'r', label: 'R' }, { id: 's', label: 'S' }] }] },
    hosted: { name: 'H', ways: ['hosted'], questions: [{ id: 'q', type: 'nps', title: 'Q' }] },
    recall: { name: 'R', questions: [{ id: 'q', type: 'nps', title: 'Q' }, { id: 'r', type: 'open', title: 'Why {{q}}?' }] },
    jump: { name: 'J', questions: [{ id: 'q', type: 'nps', title: 'Q', required: true, next: [{ if: { op: '=', value: 5 }, go: 'end' }] }, { id: 'r', type: 'open', title: 'Why?' }] },
    part: { name: 'P', priority: 90, questions: [{ id: 'd', type: 'date', title: 'When?' }, { id: 'q', type: 'single', required: true, title: 'Q', choices: [{ id: 'x', label: 'X' }, { id: 'y', label: 'Y' }], next: [{ if: { op: '=', value: 'y' }, go: 'end' }] }, { id: 'r', type: 'csat', title: 'R' }] },
  });
  const { surveys } = (await server.request(`/api/surveys/?token=${client}`)).json;
  assert.deepEqual(surveys.map((survey) => survey.id), ['part', 'order']);
  const [part, order] = surveys;
  assert.deepEqual(part.questions.map((question) => question.id), ['q', 'r']);
  assert.deepEqual(part.questions[0].branching, { type: 'response_based', responseValues: { 0: 1, 1: 'end' } });
  assert.equal(order.type, 'popover');
  assert.equal(order.internal_targeting_flag_key, 'survey-targeting-order');
  assert.equal(order.enable_partial_responses, true);
  assert.ok(Date.parse(order.start_date) <= Date.now());
  assert.deepEqual(order.questions.map(({ type, scale, display, optional }) => [type, scale, display, optional]), [
    ['rating', 10, 'number', false], ['open', undefined, undefined, true], ['multiple_choice', undefined, undefined, true],
    ['rating', 2, 'emoji', true], ['rating', 5, 'number', true]]);
  assert.deepEqual(order.questions[0].branching, { type: 'response_based', responseValues: { detractors: 1, passives: 1, promoters: 2 } });
  assert.deepEqual(order.questions[2].choices, ['A jumper', 'Socks']);
  assert.ok(order.questions.every((question) => question.descriptionContentType === 'text'));
  const norwegian = (await server.request(`/api/surveys/?token=${client}`, { headers: { 'accept-language': 'nb-NO,nb;q=0.9,en;q=0.1' } })).json.surveys[1];
  assert.equal(norwegian.questions[0].question, 'Hvor sannsynlig?');
  assert.deepEqual(norwegian.questions[2].choices, ['En genser', 'Socks']);
  const write = server.key('write', 'other');
  assert.deepEqual((await server.request(`/api/surveys/?token=${write}`)).json, { surveys: [] });
  assert.equal((await server.request(`/array/${write}/config`)).json.surveys, false);
  assert.equal((await server.request(`/array/${client}/config`)).json.surveys, true);
});

test('a person is asked once, through a flag; servers and those who only look are not', async (t) => {
  const { server, client, secret, flags } = await setUp(t);
  assert.deepEqual((await flags({ distinct_id: 'server-side', evaluation_runtime: 'server', person_properties: {} })).flags, {});
  assert.deepEqual((await flags({ distinct_id: 'phone', person_properties: { $lib: 'posthog-ios' } })).flags, {});
  assert.deepEqual((await flags({ distinct_id: 'named', flag_keys_to_evaluate: ['x'] })).flags, {});
  assert.deepEqual((await flags({ distinct_id: 'undefined' })).flags, {}, 'many, and so nobody');
  const write = server.key('write', 'other');
  assert.deepEqual((await server.request('/flags/?v=2', { body: { token: write, distinct_id: 'w', person_properties: { $lib: 'web' } } })).json.flags, {});
  const device = minted(1);
  const asked = await flags({ distinct_id: device, $device_id: device });
  assert.equal(asked.flags['survey-targeting-order'].enabled, true);
  assert.deepEqual(asked.featureFlags, { 'survey-targeting-order': true });
  assert.deepEqual(Object.keys((await flags({ distinct_id: device, $device_id: device })).flags), ['survey-targeting-order'], 'a reload');
  assert.deepEqual(Object.keys((await flags({ distinct_id: 'anna', $device_id: device, $anon_distinct_id: device })).flags), ['survey-targeting-order'], 'signed in meanwhile');
  const events = await timeline(server, secret, device);
  const contacts = events.filter((event) => event.event === 'contacted');
  assert.equal(contacts.length, 1, JSON.stringify(events));
  assert.equal(contacts[0].properties.outcome, 'allowed');
  assert.equal(contacts[0].properties.survey, 'order');
  assert.equal((await server.request('/api/v1/customers/server-side', { key: secret })).status, 404);
  assert.equal((await server.request('/decide/?v=3', { body: { token: client, distinct_id: 'old', $device_id: 'old' } })).json.featureFlags['survey-targeting-order'], true);
});

test('the contact policy is asked, whatever asks: one survey for a while, and none for who does not want any', async (t) => {
  const other = { name: 'Other', priority: 10, questions: [{ id: 'q', type: 'csat', title: 'Q' }] };
  const { server, client, secret, flags, send } = await setUp(t, { order: definition, other });
  assert.deepEqual(Object.keys((await flags({ distinct_id: 'anna' })).flags), ['survey-targeting-order']);
  await send({ event: 'survey sent', uuid: 's1', properties: { distinct_id: 'anna', $survey_id: 'order', $survey_completed: true, $survey_response_likely: 9, $survey_questions: [{ id: 'likely', response: 9 }] } });
  assert.deepEqual((await flags({ distinct_id: 'anna' })).flags, {}, 'asked a moment ago');
  const contacts = (await timeline(server, secret, 'anna')).filter((event) => event.event === 'contacted');
  assert.deepEqual(contacts.map(({ properties }) => [properties.survey, properties.outcome]), [['order', 'allowed'], ['other', 'skipped']], JSON.stringify(contacts));
  await server.request('/api/v1/events', { key: secret, body: { userId: 'bo', event: 'consent', ts: new Date().toISOString(), properties: { purpose: 'survey', state: 'withdrawn', wording: 'No surveys', how: 'asked for' } } });
  assert.deepEqual((await flags({ distinct_id: 'bo' })).flags, {}, 'does not want any');
  const shown = (await server.request(`/api/surveys/?token=${client}`)).json.surveys;
  assert.equal(shown.length, 2); // fetched without a person, shown by a flag only
  assert.ok(shown.every((survey) => survey.internal_targeting_flag_key));
});

test('answers become one response, whatever is sent how often and in which order', async (t) => {
  const { server, secret, flags, send } = await setUp(t);
  const device = minted(2);
  await flags({ distinct_id: device, $device_id: device });
  const base = Date.now() - 20000;
  let n = 0;
  const event = (name, seconds, answers, completed, more = {}) => ({
    event: name, uuid: `sent-${n++}`, timestamp: new Date(base + seconds * 1000).toISOString(),
    properties: {
      distinct_id: device, $device_id: device, $is_identified: false, $lib: 'web', $survey_id: 'order', $survey_iteration: 1, $survey_submission_id: 'sub-1', $survey_completed: completed,
      $survey_questions: definition.questions.map(({ id }) => ({ id, question: id, ...(id in answers ? { response: answers[id] } : {}) })),
      ...Object.fromEntries(Object.entries(answers).map(([id, value]) => [`$survey_response_${id}`, value])), ...more,
    },
  });
  const shown = event('survey shown', 1, {}, undefined);
  const first = event('survey sent', 2, { likely: 4 }, false);
  const second = event('survey sent', 3, { likely: 3, better: 'The sleeves are too long' }, false);
  const last = event('survey sent', 5, { likely: 3, better: 'The sleeves are too long', what: ['En genser', 'Socks'], again: 1, stars: 2 }, true);
  for (const each of [shown, shown, second, first, last, last, second]) await send(each);
  const events = await timeline(server, secret, device);
  const names = events.map((each) => each.event);
  assert.deepEqual(names.filter((name) => name === 'survey shown').length, 1);
  assert.deepEqual(names.filter((name) => name === 'survey sent').length, 3);
  const feedback = events.filter((each) => each.event === 'feedback');
  const response = events.find((each) => each.event === 'contacted').properties.response;
  const main = feedback.find((each) => !each.properties.question);
  assert.equal(feedback.length, 2, JSON.stringify(feedback)); // the second is that of the other score
  assert.equal(main.message_id, response);
  assert.equal(main.text, 'The sleeves are too long');
  assert.equal(main.score, 3);
  assert.equal(main.scale, 'nps');
  assert.equal(main.properties.finished, true);
  assert.equal(main.properties.way, 'widget');
  assert.deepEqual(main.properties['answers.what'], ['a', 'b']);
  assert.equal(main.properties['answers.again'], true);
  const other = feedback.find((each) => each.properties.question === 'stars');
  assert.equal(other.score, 2);
  assert.equal(other.scale, 'stars');
  assert.ok(events.filter((each) => each.event.startsWith('survey ')).every((each) => each.properties.response === response && each.text == null), JSON.stringify(events));
  assert.deepEqual((await flags({ distinct_id: device, $device_id: device })).flags, {}, 'answered: not asked again');
  const score = await server.query(secret, { kind: 'trend', series: [{ event: 'feedback', where: [['scale', '=', 'nps']] }] });
  assert.equal(score.json.series[0].total, 1);
});

test('an answer that is none is quarantined at its place; a survey that is not ours stays what it was', async (t) => {
  const { server, secret, flags, send } = await setUp(t);
  await flags({ distinct_id: 'anna', $device_id: minted(3) });
  const event = (survey, questions, uuid) => ({ event: 'survey sent', uuid, properties: { distinct_id: 'anna', $survey_id: survey, $survey_submission_id: uuid, $survey_completed: true, $survey_questions: questions } });
  await send(event('order', [{ id: 'likely', response: 11 }], 'bad-1'));
  await send(event('order', [{ id: 'what', response: ['Trousers'] }], 'bad-2'));
  await send(event('order', [{ id: 'likely', response: { a: 1 } }], 'bad-3'));
  await send(event('theirs', [{ id: 'x', response: 'Kind words' }], 'other-1'));
  const quarantine = (await server.request('/api/v1/quarantine', { key: secret })).json;
  assert.equal(quarantine.total, 3, JSON.stringify(quarantine));
  assert.ok(quarantine.rows.every((row) => /^\/properties\/\$survey_questions/.test(row.field)), JSON.stringify(quarantine.rows));
  assert.match(quarantine.rows[1].reason, /label of one of its choices/);
  const feedback = (await timeline(server, secret, 'anna')).filter((each) => each.event === 'feedback');
  assert.deepEqual(feedback.map((each) => [each.text, each.properties.survey, each.properties.response]), [['Kind words', 'theirs', 'other-1']]);
  const ledger = (await server.request('/api/v1/ledger', { key: secret })).json;
  assert.equal(ledger.balanced, true);
});

test('posthog-js shows the survey to a visitor, and the answers arrive as one response', async (t) => {
  const { server, client, secret } = await setUp(t);
  const origin = await shop(t, { '/posthog.js': library }, html);
  const { page, foreign } = await visitor(t);
  await page.goto(origin);
  await page.waitForFunction(() => window.posthog);
  await page.evaluate(({ url, key }) => window.posthog.init(key, { api_host: url, opt_out_useragent_filter: true, autocapture: false }), { url: server.url.replace('127.0.0.1', 'localhost'), key: client });
  const nine = page.locator('.ratings-number').nth(9);
  await nine.waitFor({ timeout: 15000 });
  await nine.click();
  const submit = page.locator('.form-submit');
  await submit.click();
  await page.getByText('What did you buy?').waitFor({ timeout: 5000 }); // a promoter is not asked what to better
  await page.getByText('Socks').click();
  await submit.click();
  await page.locator('.ratings-emoji').first().click();
  await submit.click().catch(() => {});
  await page.getByText('Stars?').waitFor({ timeout: 5000 });
  await page.locator('.ratings-number').nth(4).click();
  await submit.click();
  await page.getByText('Thank <b>you</b>').waitFor({ timeout: 5000 });
  const device = await page.evaluate(() => window.posthog.get_distinct_id());
  const main = await until('the feedback', 10000, async () => {
    const found = (await timeline(server, secret, device)).filter((each) => each.event === 'feedback' && !each.properties.question);
    return found.length === 1 ? found[0] : null;
  });
  assert.equal(main.score, 9);
  assert.equal(main.scale, 'nps');
  assert.equal(main.properties.finished, true);
  assert.equal(main.properties['answers.what'], 'b');
  assert.equal(main.properties['answers.again'], true);
  assert.equal(main.properties.survey, 'order');
  // The library sends them in a batch of its own, a moment later.
  await until('what was contacted, shown and sent', 10000, async () => {
    const names = (await timeline(server, secret, device)).map((each) => each.event);
    return ['contacted', 'survey shown', 'survey sent'].every((name) => names.includes(name));
  });
  assert.equal((await server.request('/api/v1/ledger', { key: secret })).json.total.quarantined, 0);
  await page.reload();
  await page.waitForFunction(() => window.posthog);
  await page.evaluate(({ url, key }) => window.posthog.init(key, { api_host: url, opt_out_useragent_filter: true, autocapture: false }), { url: server.url.replace('127.0.0.1', 'localhost'), key: client });
  await sleep(2500);
  assert.equal(await page.locator('.ratings-number').count(), 0, 'answered: not shown again');
  assert.deepEqual(foreign, []);
});
