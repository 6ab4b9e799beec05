// Random questions over random timelines: the engine, the naive reference and SQLite must agree, whatever the layout.
//   FIRSTHAND_SEED=N    another seed than 1
//   FIRSTHAND_CASES=N   so many questions instead of 9000
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { root } from '../support/firsthand.mjs';
import { differences } from './compare.mjs';
import { lasting, learn, Mismatch, Stage } from './play.mjs';
import { affordable, Questioner } from './questions.mjs';
import { Random } from './random.mjs';
import { write } from './reference/json.mjs';
import { shrink } from './shrink.mjs';
import { askOwnSql } from './own-sql.mjs';
import { comparable, sayable } from './sql.mjs';
import { askSqlite } from './sqlite.mjs';
import { makeWorld } from './world.mjs';

const seed = Number(process.env.FIRSTHAND_SEED ?? 1);
const cases = Number(process.env.FIRSTHAND_CASES ?? 9000);
const PER_WORLD = 50;
const OWN_SQL = 2; // statements a timeline: each is a process
const SHRINK_MS = Number(process.env.FIRSTHAND_SHRINK_MS ?? 60000);

console.log(`# seed ${seed}: FIRSTHAND_SEED=${seed} repeats this run`);

class World {
  constructor(random) {
    this.random = random;
    this.world = makeWorld(random.fork());
    this.known = learn(this.world.batches);
    const questioner = new Questioner(random.fork(), this.world, this.known);
    this.world.segments['saved one'] = questioner.segment();
    this.world.segments['another'] = questioner.segment();
    this.questioner = questioner;
    this.asked = 0;
  }

  caseOf(batches, question) {
    const { timezone, segments } = this.world;
    return { seed, timezone, segments, batches, question };
  }

  async guard(batches, question, action) {
    try {
      return await action();
    } catch (error) {
      if (!(error instanceof Mismatch)) throw new Error(`${error.stack}\nwith ${write(question ?? null)}`);
      throw Object.assign(error, { found: this.caseOf(batches, question) });
    }
  }

  question(settings) {
    for (;;) {
      const question = this.questioner.any();
      if (affordable(question, settings)) return question;
    }
  }

  // Asks `count` questions (and opens cells of some); keeps answers for asking them again.
  async ask(stage, known, batches, count, kept) {
    const settings = { ...stage.settings, now: Date.now() };
    this.questioner.known = known;
    for (let i = 0; i < count; i++) {
      let question = this.question(settings);
      const text = await this.guard(batches, question, () => stage.check(question, known));
      this.asked++;
      if (question.as_of !== undefined) kept.push({ question, text });
      if (['customers', 'verbatims'].includes(question.kind) || !this.random.chance(0.5)) continue;
      question = this.questioner.opened(question, settings);
      if (question === undefined) continue;
      const opened = question;
      const list = await this.guard(batches, opened, () => stage.check(opened, known));
      this.asked++;
      if (question.as_of !== undefined) kept.push({ question, text: list });
      i++;
    }
  }

  // The same questions again after the layout changed: the same bytes.
  async askAgain(stage, batches, kept) {
    for (const how of this.random.pick([['seal'], ['restart'], ['seal', 'restart'], ['restart', 'seal']])) {
      await stage.change(how);
    }
    for (const { question, text } of this.random.some(kept, 0, 15)) {
      const again = await this.guard(batches, question, () => stage.ask(question));
      if (lasting(again.text) !== lasting(text)) {
        throw Object.assign(new Mismatch('bytes', [lasting(text), lasting(again.text)]), { found: this.caseOf(batches, question) });
      }
    }
  }

  async askSqlite(stage, batches) {
    const questions = Array.from({ length: 12 }, () => sayable(this.random, this.world));
    const expected = askSqlite(this.known, questions);
    for (const [i, question] of questions.entries()) {
      const { answer } = await this.guard(batches, question, () => stage.ask(question));
      const opinions = [expected[i]];
      if (i < OWN_SQL) opinions.push(await this.guard(batches, question, () => askOwnSql(stage.control, this.random, question)));
      for (const opinion of opinions) {
        const lines = differences(opinion, comparable(question, answer));
        if (lines.length > 0) {
          throw Object.assign(new Mismatch('sqlite', lines), { found: this.caseOf(batches, question) });
        }
      }
    }
    return questions.length;
  }

  async play(count) {
    const { batches } = this.world;
    const stage = await Stage.open(this.world);
    try {
      const early = this.random.below(batches.length);
      for (const [i, batch] of batches.entries()) {
        const sofar = batches.slice(0, i + 1);
        await this.guard(sofar, undefined, () => stage.send(batch, this.known.verdicts[i]));
        if (i === early && i < batches.length - 1) await this.ask(stage, learn(sofar), sofar, 5, []);
      }
      const kept = [];
      await this.ask(stage, this.known, batches, count, kept);
      await this.askAgain(stage, batches, kept);
      this.bySqlite = await this.askSqlite(stage, batches);
    } finally {
      await stage.close();
    }
  }
}

// Makes the failure small, writes it where it can be replayed, and says so.
async function report(error) {
  const small = error.sort === 'bytes' || error.sort === 'sqlite'
    ? { case: error.found, failure: error } : await shrink(error.found, Date.now() + SHRINK_MS);
  const directory = join(root, 'build-check', 'property');
  mkdirSync(directory, { recursive: true });
  const file = join(directory, `case-${seed}-${Date.now()}.json`);
  writeFileSync(file, `${write(small.case)}\n`);
  return [
    (small.failure ?? error).message, '', write(small.case), '',
    `seed ${seed}; again: node tests/property/replay.mjs ${file}`,
  ].join('\n');
}

const worlds = Math.max(1, Math.ceil(cases / PER_WORLD));
let asked = 0;
let bySqlite = 0;

test(`the engine agrees with the reference and with SQLite over ${worlds} random timelines`, async (t) => {
  const random = new Random(seed);
  for (let i = 0; i < worlds; i++) {
    const world = new World(random.fork());
    await t.test(`timeline ${i + 1} of seed ${seed}`, async () => {
      try {
        await world.play(PER_WORLD);
      } catch (error) {
        if (error.found === undefined) throw error;
        assert.fail(await report(error));
      }
    });
    asked += world.asked;
    bySqlite += world.bySqlite ?? 0;
  }
  console.log(`# ${asked} questions over ${worlds} timelines, ${bySqlite} more by SQLite`);
  assert.ok(asked >= cases * 0.9 || cases < PER_WORLD, `only ${asked} questions were asked`);
});
