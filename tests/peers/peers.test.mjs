// What SQL can say, asked of ClickHouse and DuckDB too: random timelines, the same questions, equal answers.
//   FIRSTHAND_CASES=N questions in all (default 400), FIRSTHAND_SEED=N repeats a run.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { differences } from '../property/compare.mjs';
import { learn, Stage } from '../property/play.mjs';
import { Random } from '../property/random.mjs';
import { write } from '../property/reference/json.mjs';
import { answerOf, comparable, rowsOf, sayable, sqlOf } from '../property/sql.mjs';
import { makeWorld } from '../property/world.mjs';
import { ClickHouse, DuckDB } from './engines.mjs';

const PER_WORLD = 100;
const cases = Number(process.env.FIRSTHAND_CASES ?? 400);
const seed = Number(process.env.FIRSTHAND_SEED ?? Date.now() % 2 ** 31);
const worlds = Math.max(1, Math.ceil(cases / PER_WORLD));

async function compare(stage, peers, question) {
  const { answer } = await stage.ask(question);
  const ours = comparable(question, answer);
  for (const peer of peers) {
    const theirs = answerOf(question, await peer.ask(sqlOf(question)));
    const lines = differences(theirs, ours);
    assert.deepEqual(lines, [], `${peer.constructor.name} differs on ${write(question)}\nseed ${seed}`);
  }
}

test(`ClickHouse and DuckDB agree over ${worlds} random timelines`, async (t) => {
  const random = new Random(seed);
  const directory = mkdtempSync(join(tmpdir(), 'firsthand-peers-'));
  const peers = [await ClickHouse.open(), await DuckDB.open()];
  t.after(() => {
    for (const peer of peers) peer.close();
    rmSync(directory, { recursive: true, force: true });
  });
  for (let i = 0; i < worlds; i++) {
    const world = makeWorld(random.fork());
    await t.test(`timeline ${i + 1} of seed ${seed}`, async () => {
      const known = learn(world.batches);
      const rows = rowsOf(known);
      for (const peer of peers) await peer.load(directory, rows);
      const stage = await Stage.open(world);
      try {
        for (const [at, batch] of world.batches.entries()) await stage.send(batch, known.verdicts[at]);
        for (let n = 0; n < PER_WORLD; n++) await compare(stage, peers, sayable(random, world));
      } finally {
        await stage.close();
      }
    });
  }
});
