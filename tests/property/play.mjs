// A world on a real server: batches go in through its door, questions are asked, answers are compared.
import { rmSync } from 'node:fs';
import { Server, temporaryDirectory } from '../support/firsthand.mjs';
import { compareAnswer, differences } from './compare.mjs';
import { Control } from './control.mjs';
import { evaluate } from './reference/evaluate.mjs';
import { takeIn } from './reference/intake.mjs';
import { parse, write } from './reference/json.mjs';
import { otherWay } from './two-ways.mjs';

const KEYS = { web: 'write', shop: 'write', crm: 'secret' };
const MAY_JOIN_USERS = new Set(['crm']);

// What the reference makes of batches.
export const learn = (batches) => takeIn(batches.map((batch) => (
  { ...batch, mayJoinUsers: MAY_JOIN_USERS.has(batch.source) })));

// What is wrong, in lines, and of what sort: 'refused', 'differs', 'ledger', 'bytes'.
export class Mismatch extends Error {
  constructor(sort, lines) {
    super(`${sort}:\n  ${lines.join('\n  ')}`);
    this.sort = sort;
    this.lines = lines;
  }
}

export class Stage {
  static async open({ timezone = 'UTC', segments = {} }) {
    const stage = new Stage();
    stage.settings = { timezone, saved: segments };
    stage.directory = temporaryDirectory(null, 'fh-prop-');
    try {
      await stage.start();
      stage.keys = {};
      for (const [name, kind] of Object.entries(KEYS)) {
        stage.keys[name] = JSON.parse(await stage.control.call('key.create', JSON.stringify({ kind, name }))).key;
      }
      await stage.control.call('settings.save', JSON.stringify({ timezone }));
      for (const [name, segment] of Object.entries(segments)) {
        await stage.control.call('segment.save', write({ name, segment }));
      }
    } catch (error) {
      await stage.close();
      throw error;
    }
    return stage;
  }

  async start() {
    this.server = await Server.start(this.directory, { env: this.env });
    this.control = await Control.open(this.directory);
  }

  async stop() {
    this.control?.close();
    await this.server?.stop();
  }

  async close() {
    await this.stop();
    rmSync(this.directory, { recursive: true, force: true, maxRetries: 3 });
  }

  async change(how) {
    if (how === 'seal') await this.control.call('seal');
    if (how === 'restart') {
      await this.stop();
      await this.start();
    }
  }

  // Sends a batch; throws Mismatch where the verdicts are not those expected.
  async send(batch, expected) {
    const { status, text } = await this.server.request('/api/v1/events', {
      key: this.keys[batch.source], body: batch.lines.join('\n'), headers: { 'content-type': 'application/x-ndjson' },
    });
    if (status !== 200) throw new Mismatch('refused', [`events: ${status} ${text}`]);
    if (expected) {
      const { verdicts, ...counts } = parse(text);
      const lines = differences(expected, counts, '/ledger');
      if (lines.length > 0) throw new Mismatch('ledger', [...lines, JSON.stringify(verdicts, (_, v) => (typeof v === 'bigint' ? Number(v) : v))]);
    }
    for (const how of batch.then ?? []) await this.change(how);
  }

  // Answers { text, answer }.
  async ask(question) {
    const { status, text } = await this.server.request('/api/v1/query', {
      key: this.keys.crm, body: write(question), headers: { 'content-type': 'application/json' },
    });
    if (status !== 200) {
      const { detail, pointer } = JSON.parse(text);
      throw new Mismatch('refused', [`${status} ${pointer ?? ''} ${detail ?? text}`]);
    }
    return { text, answer: parse(text) };
  }

  // Asks, and throws Mismatch unless the answer is the reference's. Answers the answer's bytes.
  async check(question, world) {
    const { text, answer } = await this.ask(question);
    const settings = { ...this.settings, now: Date.parse(answer.as_of) };
    const lines = compareAnswer(evaluate(question, world, settings), answer);
    if (lines.length > 0) throw new Mismatch('differs', lines);
    if (typeof answer.cursor === 'string') await this.checkNextPage(question, world, answer, settings);
    await this.checkOtherWay({ ...question, as_of: answer.as_of }, text);
    return text;
  }

  // The same bytes, whichever way rows are read.
  async checkOtherWay(question, text) {
    const other = otherWay(question);
    if (other === undefined) return;
    const again = await this.ask(other);
    if (lasting(again.text) !== lasting(text)) throw new Mismatch('bytes', ['two ways', lasting(text), lasting(again.text)]);
  }

  async checkNextPage(question, world, first, settings) {
    const { cursor } = first;
    const pinned = { ...question, as_of: first.as_of };
    const next = question.open ? { ...pinned, open: { ...question.open, cursor } } : { ...pinned, cursor };
    const { answer } = await this.ask(next);
    const lines = compareAnswer(evaluate(pinned, world, settings, (first.kind === 'verbatims' ? first.verbatims : first.customers).length), answer);
    if (lines.length > 0) throw new Mismatch('differs', ['(second page)', ...lines]);
  }
}

// What two answers to the same question must share to the last byte.
export const lasting = (text) => text.replace(/,"stats":\{[^{}]*\}\}$/, '}');

// A case: { timezone, segments, batches, question }. Throws Mismatch, or returns when all is as it should be.
export async function playCase({ timezone, segments, batches, question }) {
  const stage = await Stage.open({ timezone, segments });
  try {
    const world = learn(batches);
    for (const [i, batch] of batches.entries()) await stage.send(batch, world.verdicts[i]);
    if (question) await stage.check(question, world);
  } finally {
    await stage.close();
  }
}
