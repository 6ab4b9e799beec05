// The program is killed again and again while people answer: each has one response, and every answer that was taken.
import assert from 'node:assert/strict';
import test from 'node:test';
import { Server, sleep, temporaryDirectory } from '../support/firsthand.mjs';

const CYCLES = Number(process.env.KILL_CYCLES ?? 6);
const PEOPLE = 30;
const definition = {
  name: 'Kill', questions: [
    { id: 'n', type: 'nps', title: 'T', required: true }, { id: 'c', type: 'csat', title: 'T' }, { id: 'o', type: 'open', title: 'T' },
  ],
};

test('no answer is lost or doubled when the program is killed', async (t) => {
  const data = temporaryDirectory(t);
  let server = await Server.start(data);
  t.after(() => server.stop('SIGKILL'));
  const secret = server.key('secret', 'program');
  const key = server.key('client', 'page');
  await server.request('/api/v1/surveys', { key: secret, body: { id: 'ask', definition } });
  await server.request('/api/v1/surveys/ask/publish', { method: 'POST', key: secret });
  let over = false;
  let failed = false;
  t.after(() => { failed = true; });

  // As a browser does: the same call again until it is answered.
  async function call(what, body) {
    for (let tries = 0; ; tries++) {
      assert.ok(tries < 500 && !failed, `${what} was never answered`);
      try {
        const answer = await server.request(`/api/v1/ask/${what}`, { body: { key, ...body } });
        if (answer.status === 200) return answer.json;
        assert.ok(answer.status >= 500 || answer.status === 429, `${what}: ${answer.status} ${answer.text}`);
      } catch (error) {
        if (error.code === 'ERR_ASSERTION') throw error;
      }
      await sleep(20 + Math.random() * 60);
    }
  }
  const said = new Map();
  async function person(n) {
    for (let round = 0; !over; round++) {
      const userId = `p${n}-${round}`;
      const { response, token, reason } = await call('next', { userId });
      assert.equal(reason, undefined, userId);
      const answers = { n: (n + round) % 11, c: (n % 5) + 1, o: `words of ${userId}` };
      await call('shown', { response, token });
      await call('answer', { response, token, seq: 1, answers: { n: answers.n } });
      await call('answer', { response, token, seq: 2, answers: { c: answers.c } });
      const last = await call('answer', { response, token, seq: 3, answers: { o: answers.o }, finished: true });
      assert.equal(last.finished, true);
      said.set(userId, { response, answers });
    }
  }
  const people = Array.from({ length: PEOPLE }, (_, n) => person(n).catch((error) => { failed = true; throw error; }));
  for (const one of people) one.catch(() => {}); // told below
  for (let cycle = 0; cycle < CYCLES; cycle++) {
    await sleep(300 + Math.random() * 700);
    if (failed) break;
    await server.stop('SIGKILL');
    server = await Server.start(data);
  }
  over = true;
  await Promise.all(people);
  assert.ok(said.size > PEOPLE, `${said.size} responses`);
  await server.stop(); // what the last start had to mend is done by now
  server = await Server.start(data);

  const told = new Map();
  for (let cursor; ;) {
    const page = (await server.request(`/api/v1/surveys/ask/responses?limit=500${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ''}`, { key: secret })).json;
    for (const response of page.responses) {
      assert.ok(!told.has(response.customer), `${response.customer} has two responses`);
      told.set(response.customer, response);
    }
    cursor = page.cursor;
    if (!cursor) break;
  }
  for (const [customer, { response, answers }] of said) {
    assert.equal(told.get(customer)?.response, response);
    assert.deepEqual(told.get(customer).answers, answers);
  }
  for (const customer of [...said.keys()].slice(0, 200)) {
    const { events } = (await server.request(`/api/v1/customers/${customer}/timeline`, { key: secret })).json;
    assert.deepEqual(events.map(({ event, message_id: id }) => [event, id.split('/')[1] ?? 'main']).sort(),
      [['contacted', 'contacted'], ['feedback', 'c'], ['feedback', 'main'], ['survey shown', 'shown']].sort());
  }
});
