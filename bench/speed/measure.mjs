// Asks all engines all questions in rounds, compares their answers, and keeps what was measured as it comes.
import { appendFileSync, readFileSync, rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { difference } from './questions.mjs';

const FIELDS = ['ms', 'cpu_ms', 'elapsed_ms', 'peak_mb', 'scanned'];

const median = (values) => [...values].sort((a, b) => a - b)[(values.length - 1) >> 1];

// Of the timed runs; of memory the most.
function summary(runs) {
  const told = {};
  for (const field of FIELDS) {
    const values = runs.map((run) => run[field]).filter((value) => value !== undefined);
    if (values.length > 0) told[field] = field === 'peak_mb' ? Math.max(...values) : median(values);
  }
  return told;
}

function compare(question, answers) {
  let differences = 0;
  for (let i = 0; i < answers.length; i++) {
    for (let k = i + 1; k < answers.length; k++) {
      const found = difference(answers[i][1], answers[k][1]);
      if (found !== null) console.error(`${question.id}: ${answers[i][0]} and ${answers[k][0]} differ: ${found}`);
      differences += found === null ? 0 : 1;
    }
  }
  return differences;
}

// Of a question about one of many: each side is asked about others first, so many or so long, as all figures are of what was touched before.
const WARM_MS = 20_000;
async function warm(question, engine, world, rounds) {
  const begin = performance.now();
  let asked = 0;
  for (; asked < question.warm && performance.now() - begin < WARM_MS; asked++) if (await engine.ask(question, world, rounds + 1 + asked) === null) break;
  return asked;
}

// Some sides work on after they have answered, as they give memory back; who is asked next would pay for it. So all wait until the processors
// rest, or for so long; and no more where they never do.
const REST_MS = 5000;
const REST_LOOK_MS = 100;
const RESTLESS_MOST = 3;
function busyTicks() {
  const [user, nice, system, , , irq, softirq, steal] = readFileSync('/proc/stat', 'utf8').split('\n', 1)[0].split(/ +/).slice(1).map(Number);
  return user + nice + system + irq + softirq + steal;
}
async function rests() {
  for (const until = performance.now() + REST_MS; performance.now() < until;) {
    const before = busyTicks();
    await sleep(REST_LOOK_MS);
    if (busyTicks() - before <= 1) return true; // 10 ms of all processors
  }
  return false;
}

// All engines are asked in turn, so that what else the machine does falls on all of them; round 0 is not timed. `log` is a file of one line
// of JSON for each answer. After each question `soFar` is called with { results: Map of id to { NAME: medians, runs or beyond }, differences, round }.
export async function measure({ engines, questions, world, rounds, log, soFar }) {
  const results = new Map(questions.map(({ id }) => [id, {}]));
  let restless = 0; // times in a row
  let differences = 0;
  rmSync(log, { force: true });
  for (const question of questions.filter((one) => one.warm)) {
    for (const [name, engine] of Object.entries(engines)) console.log(`${question.id}: ${name} asked ${await warm(question, engine, world, rounds)} others before`);
  }
  for (let round = 0; round <= rounds; round++) {
    for (const question of questions) {
      const byEngine = results.get(question.id);
      const answers = [];
      for (const [name, engine] of Object.entries(engines)) {
        if (restless < RESTLESS_MOST) restless = (await rests()) ? 0 : restless + 1;
        const asked = await engine.ask(question, world, round);
        if (asked === null) continue;
        const { answer, ...run } = asked;
        appendFileSync(log, `${JSON.stringify({ round, question: question.id, engine: name, ...run })}\n`);
        const runs = round === 0 ? [] : [...byEngine[name].runs, run];
        byEngine[name] = { ...summary(runs.length > 0 ? runs : [run]), runs, ...(run.beyond ? { beyond: run.beyond } : {}) };
        if (!run.beyond && engine.compares !== false) answers.push([name, answer]);
      }
      differences += compare(question, answers);
      console.log(`${question.id}: ${Object.entries(byEngine).map(([name, { runs, ...one }]) => `${name} ${one.beyond ?? `${(runs.at(-1) ?? one).ms.toFixed(1)} ms`}`).join(', ')}`);
      soFar({ results, differences, round });
    }
    console.log(round === 0 ? 'asked once, untimed' : `round ${round} of ${rounds}`);
  }
  return { results, differences };
}
