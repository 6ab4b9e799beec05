// Counts of events that segments have counted beforehand, by values and by the hour, and customers by the day: as the naive reference
// counts them, and as they are counted row by row. The timelines of the other tests here are too small for it to pay.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { must } from '../support/firsthand.mjs';
import { lasting, learn, Stage } from './play.mjs';
import { Random } from './random.mjs';
import { write } from './reference/json.mjs';

const ROWS = 40000;
const BATCH = 2000;
const HOURS = 200;
const PAGE_MS = 256 * 3600 * 1000; // what hours are kept in; here all lie in one
const BEGIN = Math.floor(Date.UTC(2026, 2, 28) / PAGE_MS) * PAGE_MS; // the clocks change in Europe on the 29th
const day = (n) => new Date(BEGIN + n * 86400000).toISOString().slice(0, 10);
const seed = Number(process.env.FIRSTHAND_SEED ?? 1);

function line(random, n) {
  const properties = {
    plan: random.weighted([[6, 'free'], [3, 'Team'], [1, undefined]]),
    country: random.weighted([[5, 'NL'], [3, 'DE'], [1, ''], [1, '(other)']]),
    seats: random.weighted([[4, 1n], [2, '1'], [1, 0.5], [1, true], [2, undefined]]),
    page: `/p/${random.below(900)}`,
    tags: random.chance(0.01) ? ['a', 'b'] : 'a',
  };
  return write({
    event: random.weighted([[12, 'View'], [4, 'Buy'], [0.02, 'Rare']]),
    userId: `u${random.below(800)}`, message_id: `m${n}`, properties,
    ts: new Date(BEGIN + random.below(HOURS * 3600) * 1000).toISOString(),
  });
}

function batches(random, from, count) {
  const list = [];
  for (let at = 0; at < count; at += BATCH) {
    const lines = Array.from({ length: Math.min(BATCH, count - at) }, (_, i) => line(random, from + at + i));
    list.push({ source: 'shop', lines });
  }
  return list;
}

const RANGE = { from: day(1), to: day(7) };
const views = (...where) => ({ event: 'View', measure: 'count', where });
const trend = (series, members = {}) => ({ kind: 'trend', series, range: RANGE, ...members });

// Of which the counters know all, in a zone whose days begin on an hour.
const COUNTED = [
  trend([views()]),
  trend([{ event: '*' }, { event: 'Rare' }], { interval: 'hour' }),
  trend([views(['plan', '=', 'Team'])]),
  trend([views(['plan', '!=', 'Team'])], { breakdown: 'plan' }),
  trend([views(['plan', 'in', ['free', 'Team']], ['country', 'not in', ['DE']])]),
  trend([views(['plan', '=', 'Team'])], { breakdown: 'country', interval: 'week' }),
  trend([views(['country', 'contains', 'n'])], { breakdown: 'country', limit: 2 }),
  trend([{ event: ['View', 'Buy'] }], { breakdown: 'seats' }),
  trend([{ event: '*' }], { breakdown: 'event' }),
  trend([views()], { breakdown: { by: 'seats', bins: [1, 3] } }),
  trend([views({ any: [['seats', '>', 1], ['plan', 'not set']] })], { breakdown: 'plan' }),
  trend([views(['seats', 'set'], ['event', '!=', 'Buy'])], { breakdown: 'plan', limit: 1 }),
  trend([views(), { event: 'Buy', where: [['plan', 'starts with', 'T']] }, { event: 'Buy' }], { breakdown: 'plan', formula: 'C / A' }),
  trend([views(['plan', '=', 'free'])], { breakdown: 'country', compare: 'previous', range: { from: day(4), to: day(6) } }),
  trend([views(['nobody has this', 'not set'])], { breakdown: 'plan', rolling: 3 }),
  trend([views(['nobody has this', '=', 1])], { breakdown: 'nor this' }),
];
// Of which they do not.
const READ = [
  trend([{ event: 'View', measure: 'customers' }], { breakdown: 'plan' }),
  trend([views(['page', 'contains', '/p/1'])]),
  trend([views()], { breakdown: 'tags' }),
  trend([views(['plan', '=', 'Team'], ['seats', '=', 1])], { breakdown: 'country' }),
  trend([views(['plan', '=', 'Team'])], { segment: { did: { event: 'Buy' } } }),
  trend([views(['plan', '=', 'Team'])], { range: { from: `${day(1)}T10:20:30Z`, to: `${day(4)}T00:00:00Z` } }),
];
// Customers by the days of the organisation's zone.
const someone = (event) => ({ event, measure: 'customers' });
const DAILY = [
  trend([someone('View')]),
  trend([someone('*')], { interval: 'week' }),
  trend([someone('Buy'), someone('View')], { interval: 'month', range: { from: day(0), to: day(8) } }),
  trend([someone('View'), someone('*')], { formula: 'A / B' }),
  trend([someone('Buy')], { compare: 'previous', rolling: 2, range: { from: day(4), to: day(6) } }),
  trend([someone('View')], { range: { from: day(2), to: day(2) } }),
  trend([someone('Never')]),
];
const NOT_DAILY = [
  trend([someone('View')], { interval: 'hour' }),
  trend([someone('View'), views()]),
  trend([{ ...someone('View'), where: [['plan', '=', 'Team']] }]),
  trend([someone(['View', 'Rare'])]),
  trend([someone('View')], { breakdown: 'plan' }),
  trend([someone('View')], { segment: { did: { event: 'Buy' } } }),
  trend([someone('View')], { range: { from: `${day(1)}T10:20:30Z`, to: `${day(4)}T00:00:00Z` } }),
];
const ZONES = { 'Europe/Amsterdam': true, 'Asia/Kolkata': false };

test(`what was counted beforehand is what the rows say, in every layout and zone (seed ${seed})`, async (t) => {
  const random = new Random(seed);
  const old = batches(random, 0, ROWS);
  const stage = await Stage.open({ timezone: 'UTC' });
  t.after(() => stage.close());
  const scanned = (text) => JSON.parse(text).stats.events_scanned;
  const check = async (question, world) => {
    try {
      return await stage.check(question, world);
    } catch (error) {
      error.message += `\nwith ${write(question)}`;
      throw error;
    }
  };
  // Fresh rows are read; what they say, the others must.
  const leaver = write({ event: 'Left', userId: 'leaver', message_id: 'left', ts: new Date(BEGIN).toISOString() }); // before all ranges
  for (const batch of [...old, { source: 'shop', lines: [leaver] }]) await stage.send(batch);
  let world = learn(old);
  const asked = Object.keys(ZONES).flatMap((timezone) => [...COUNTED, ...READ].map((question) => (
    { ...question, timezone, as_of: `${day(9)}T00:00:00Z` })));
  const fresh = [];
  for (const question of asked) fresh.push(lasting(await check(question, world)));
  // A segment that is made of another counts: here one from which somebody is erased.
  await stage.change('seal');
  must(['erase', 'leaver', '--yes', '--data', stage.directory]);
  for (const [i, question] of asked.entries()) {
    const { text } = await stage.ask(question);
    assert.equal(lasting(text), fresh[i], write(question));
    if (i % (COUNTED.length + READ.length) < COUNTED.length && ZONES[question.timezone]) assert.equal(scanned(text), 0, write(question));
    else assert.ok(scanned(text) > 0, write(question));
  }
  for (const question of [...DAILY, ...NOT_DAILY]) {
    const text = await check({ ...question, as_of: `${day(9)}T00:00:00Z` }, world);
    if (DAILY.includes(question)) assert.equal(scanned(text), 0, write(question));
    else assert.ok(scanned(text) > 0, write(question));
  }
  for (const timezone of Object.keys(ZONES)) { // other days than the segment's
    const text = await check({ ...DAILY[0], timezone, as_of: `${day(9)}T00:00:00Z` }, world);
    assert.ok(scanned(text) > 0, timezone);
  }
  // Of few customers rows came since, or they were joined: theirs alone are read.
  const few = batches(random, ROWS + 1000, 30);
  few.push({ source: 'crm', lines: [write({ event: 'alias', userId: 'u11', previousId: 'u12', message_id: 'join before', ts: `${day(3)}T12:00:00Z` })] });
  for (const batch of few) await stage.send(batch);
  world = learn([...old, ...few]);
  for (const how of ['nothing', 'seal', 'restart']) {
    if (how !== 'nothing') await stage.change(how);
    for (const question of DAILY) {
      const text = await check(question, world);
      assert.ok(scanned(text) < ROWS / 5, write(question));
    }
  }
  // Rows that came since, of other values too, and customers that were joined.
  const more = batches(random, ROWS, 300);
  more.push({ source: 'shop', lines: [
    write({ event: 'View', userId: 'u1', message_id: 'odd', properties: { plan: 'never seen before', country: 7n }, ts: `${day(3)}T12:00:00Z` })] });
  more.push({ source: 'crm', lines: [write({ event: 'alias', userId: 'u1', previousId: 'u2', message_id: 'join', ts: `${day(3)}T12:00:00Z` })] });
  for (const batch of more) await stage.send(batch);
  world = learn([...old, ...few, ...more]);
  const later = [];
  for (const question of COUNTED) {
    later.push(await check(question, world));
    assert.ok(scanned(later.at(-1)) < 1000, write(question));
  }
  for (const how of ['seal', 'restart']) {
    await stage.change(how);
    for (const [i, question] of COUNTED.entries()) {
      const { text } = await stage.ask({ ...question, as_of: JSON.parse(later[i]).as_of });
      assert.equal(lasting(text), lasting(later[i]), write(question));
    }
  }
});
