// What vector instructions are worth: firsthand at each level that the processor has (base_cpu.h), the same events and questions.
//   node bench/speed/levels.mjs --rows 3000000
//     --data DIR      where events are kept and used again (build-speed); each level has a copy there, made anew
//     --rounds N      timed rounds, all levels in turn; medians count (5)
//     --only q1,q4    some of the questions
// Loads as run.mjs does where that has not been done. Prints milliseconds of all processors as a table in Markdown. The exit code is 1 where two
// levels' answers are not the same bytes.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, rmSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { root } from '../../tests/support/firsthand.mjs';
import { levelsHere } from '../../tests/support/levels.mjs';
import { Firsthand } from './engines.mjs';
import { QUESTIONS, asked, pickOf } from './questions.mjs';

const DAYS = 180;
const EVENTS_PER_CUSTOMER = 50;

const lasting = (text) => text.replace(/,"stats":\{[^{}]*\}\}$/, '}');
const median = (values) => [...values].sort((a, b) => a - b)[(values.length - 1) >> 1];

function options() {
  const { values } = parseArgs({
    options: { rows: { type: 'string' }, data: { type: 'string', default: join(root, 'build-speed') }, rounds: { type: 'string', default: '5' }, only: { type: 'string' } },
  });
  const only = values.only?.split(',');
  const questions = QUESTIONS.filter(({ id }) => only === undefined || only.includes(id));
  if (!/^\d{4,10}$/.test(values.rows ?? '') || !/^\d{1,4}$/.test(values.rounds) || questions.length === 0) {
    throw new Error('levels.mjs: its first lines say how it is called');
  }
  return { rows: Number(values.rows), rounds: Number(values.rounds), data: resolve(values.data), questions };
}

async function open(directory, level) {
  const name = `level-${level}`;
  rmSync(join(directory, name), { recursive: true, force: true });
  mkdirSync(join(directory, name));
  const needed = (path) => !['ballast', 'lock', 'control.sock'].includes(basename(path));
  cpSync(join(directory, 'firsthand'), join(directory, name), { recursive: true, filter: needed });
  const side = new Firsthand(directory, name, []);
  await side.start({ FIRSTHAND_VECTORS: level });
  return side;
}

// The bytes that each level answers with; how many questions they differ for.
async function compare(sides, questions, world) {
  let differ = 0;
  for (const question of questions) {
    const texts = [];
    for (const side of Object.values(sides)) {
      const body = question.path ? undefined : JSON.stringify(asked(question, world));
      const { text } = await side.asker.ask(question.path ? question.path(world, 0) : '/api/v1/query', body);
      texts.push(lasting(text));
    }
    if (new Set(texts).size === 1) continue;
    console.error(`${question.id}: answers differ by the level`);
    differ++;
  }
  return differ;
}

async function main({ rows, rounds, data, questions }) {
  const directory = join(data, `${rows}-plain`);
  const loaded = spawnSync(process.execPath, [join(root, 'bench/speed/run.mjs'), '--rows', `${rows}`, '--data', data, '--rounds', '1', '--idle', '0', '--engines', 'firsthand', '--only', 'q1'], { stdio: ['ignore', 'ignore', 'inherit'] });
  if (loaded.status !== 0) throw new Error('loading failed');
  const customers = Math.floor(rows / EVENTS_PER_CUSTOMER) + 1;
  const world = { days: DAYS, customers, pick: pickOf(customers) };
  const sides = {};
  try {
    for (const level of levelsHere()) sides[level] = await open(directory, level);
    const differ = await compare(sides, questions, world);
    const levels = Object.keys(sides);
    console.log(`| CPU ms | ${levels.join(' | ')} | portable / ${levels.at(-1)} |\n|---|${levels.map(() => '---:|').join('')}---:|`);
    for (const question of questions) {
      const took = Object.fromEntries(levels.map((level) => [level, []]));
      for (let round = 0; round < rounds; round++) {
        for (const level of levels) took[level].push((await sides[level].ask(question, world, round)).cpu_ms);
      }
      const medians = levels.map((level) => median(took[level]));
      console.log(`| ${question.id} ${question.what} | ${medians.map((ms) => ms.toFixed(2)).join(' | ')} | ${(medians[0] / medians.at(-1)).toFixed(2)} |`);
    }
    console.log(differ === 0 ? 'All levels answer with the same bytes.' : `${differ} answers differ.`);
    return differ === 0 ? 0 : 1;
  } finally {
    for (const side of Object.values(sides)) await side.stop();
    for (const level of Object.keys(sides)) rmSync(join(directory, `level-${level}`), { recursive: true, force: true });
  }
}

try { process.exitCode = await main(options()); } catch (error) { console.error(error.message); process.exitCode = 2; }
