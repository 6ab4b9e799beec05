// Plays a failing case again: node tests/property/replay.mjs CASE.json
import { readFileSync } from 'node:fs';
import { learn, Mismatch, playCase } from './play.mjs';
import { evaluate } from './reference/evaluate.mjs';
import { parse, write } from './reference/json.mjs';

const [file] = process.argv.slice(2);
if (file === undefined) {
  console.error('usage: node tests/property/replay.mjs CASE.json');
  process.exit(2);
}
const found = parse(readFileSync(file, 'utf8'));
if (found.question) {
  const settings = { now: Date.now(), timezone: found.timezone, saved: found.segments };
  console.log(`expected ${write(evaluate(found.question, learn(found.batches), settings).answer)}`);
}
try {
  await playCase(found);
  console.log('as expected');
} catch (error) {
  if (!(error instanceof Mismatch)) throw error;
  console.log(error.message);
  process.exitCode = 1;
}
