// Random questions over one larger timeline, at each level of vector instructions that the machine has: the same bytes.
//   FIRSTHAND_SEED=N    another seed than 1
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { levelsHere } from '../support/levels.mjs';
import { lasting, learn, Stage } from './play.mjs';
import { affordable, Questioner } from './questions.mjs';
import { Random } from './random.mjs';
import { write } from './reference/json.mjs';
import { otherWay } from './two-ways.mjs';
import { makeWorld } from './world.mjs';

const seed = Number(process.env.FIRSTHAND_SEED ?? 1);
const WORLDS = 120; // of some hundred events each: frames and words of rows are full, and the last ones are not
const QUESTIONS = 400;

console.log(`# seed ${seed}: FIRSTHAND_SEED=${seed} repeats this run`);

// Each question has an instant, so that it is the same one whenever it is asked; and most have another way to be asked.
function questionsOf(random, world, known) {
  const questioner = new Questioner(random, world, known);
  const asOf = new Date().toISOString();
  const questions = [];
  while (questions.length < QUESTIONS) {
    const question = questioner.any();
    if (!affordable(question, { timezone: world.timezone, saved: {}, now: Date.now() })) continue;
    const pinned = { ...question, as_of: question.as_of ?? asOf };
    questions.push(pinned);
    const other = otherWay(pinned);
    if (other !== undefined) questions.push(other);
  }
  return questions;
}

async function answersOf(stage, questions) {
  const answers = [];
  for (const question of questions) {
    const { status, text } = await stage.server.request('/api/v1/query', {
      key: stage.keys.crm, body: write(question), headers: { 'content-type': 'application/json' },
    });
    answers.push(`${status} ${lasting(text)}`);
  }
  return answers;
}

const levels = levelsHere();

test(`answers are the same bytes at the levels ${levels.join(', ')}`, { skip: levels.length < 2 && 'there is one level here' }, async () => {
  const random = new Random(seed);
  const worlds = Array.from({ length: WORLDS }, () => makeWorld(random.fork()));
  const batches = worlds.flatMap((world) => world.batches.map((batch) => ({ ...batch, then: [] })));
  const stage = await Stage.open({ timezone: worlds[0].timezone });
  try {
    for (const batch of batches) await stage.send(batch);
    await stage.change('seal');
    const questions = questionsOf(random.fork(), worlds[0], learn(batches));
    let first;
    for (const level of levels) {
      stage.env = { FIRSTHAND_VECTORS: level };
      await stage.change('restart');
      const answers = await answersOf(stage, questions);
      first ??= answers;
      for (const [i, answer] of answers.entries()) assert.equal(answer, first[i], `${level}: ${write(questions[i])}`);
    }
    const answered = first.filter((answer) => answer.startsWith('200 ')).length;
    assert.ok(answered > first.length / 2, `only ${answered} of ${first.length} questions were answered`);
    console.log(`# ${answered} of ${first.length} questions were answered at ${levels.length} levels`);
  } finally {
    await stage.close();
  }
});
