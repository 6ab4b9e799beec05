// Random runs of a survey in chromium: reloads, a second tab, a lost network, a killed server, in any order.
// Exactly one response each, with the last answer to every question. SURVEY_RUNS and FIRSTHAND_SEED repeat or widen it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { named, sleep, startBrowser, startSite, tag, html, visitor, World } from './host.mjs';

const RUNS = Number(process.env.SURVEY_RUNS ?? 24);
const SEED = Number(process.env.FIRSTHAND_SEED ?? Math.floor(Math.random() * 2 ** 31));
const AT_ONCE = 6;

const choices = ['a', 'b', 'c'].map((id) => ({ id, label: id.toUpperCase() }));
const SURVEY = {
  name: 'Runs', ways: ['widget'],
  questions: [
    { id: 'score', type: 'nps', title: 'Score', required: true, next: [{ if: { op: '>=', value: 9 }, go: 'pick' }] },
    { id: 'words', type: 'open', title: 'Words' },
    { id: 'pick', type: 'single', title: 'Pick', choices, next: [{ if: { op: '=', value: 'c' }, go: 'end' }] },
    { id: 'many', type: 'multiple', title: 'Many', choices },
    { id: 'again', type: 'yes_no', title: 'Again' },
  ],
};

function dice(seed) {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

// What the widget shows, done in the page: one round trip for each step. Answers what it found and did.
const LOOK = () => {
  const box = [...document.querySelectorAll('[data-fh]')].map((host) => host.shadowRoot.querySelector('.box')).find(Boolean);
  return box ? (box.querySelector('legend')?.textContent ?? 'thanks') : '';
};
const ANSWER = ([title, choice, words]) => {
  const box = [...document.querySelectorAll('[data-fh]')].map((host) => host.shadowRoot.querySelector('.box')).find(Boolean);
  if (!box || box.querySelector('legend')?.textContent !== title) return undefined;
  const inputs = [...box.querySelectorAll('input')];
  const area = box.querySelector('textarea');
  let said;
  if (area) {
    area.value = words;
    area.dispatchEvent(new Event('input', { bubbles: true }));
    area.dispatchEvent(new Event('change', { bubbles: true }));
    said = words;
  } else if (inputs[0].type === 'checkbox') {
    inputs.forEach((input, index) => { if (input.checked !== !!(choice & (1 << index))) input.click(); });
    said = choice;
  } else {
    const at = choice % inputs.length;
    inputs[at].click();
    said = at;
  }
  return said;
};
const PRESS = ([title, name]) => {
  const box = [...document.querySelectorAll('[data-fh]')].map((host) => host.shadowRoot.querySelector('.box')).find(Boolean);
  if (!box || box.querySelector('legend')?.textContent !== title) return false;
  const button = name === 'go' ? box.querySelector('.go') : box.querySelector('.bar button:not(.go)');
  button?.click();
  return !!button;
};

async function run(number, browser, world, site) {
  const random = dice(SEED + number);
  const chance = (share) => random() < share;
  const context = await visitor(browser);
  const said = {};
  const log = [];
  try {
    let pages = [await context.newPage()];
    let offline = false;
    const open = async (page) => {
      await page.goto(`${site.url}/${number}`);
      await page.waitForFunction(() => window.firsthand?.version);
    };
    await open(pages[0]);
    await pages[0].waitForFunction(LOOK, null, { timeout: 30_000 });
    const id = await pages[0].evaluate(() => JSON.parse(localStorage.getItem('fh')).a);
    let done = false;
    for (let step = 0; step < 60 && !done; step++) {
      const page = pages[Math.floor(random() * pages.length)];
      const what = random();
      if (what < 0.08 && !offline) {
        log.push('reload');
        await page.reload();
        await page.waitForFunction(() => window.firsthand?.version);
        await page.waitForFunction(() => [...document.querySelectorAll('[data-fh]')].some((host) => host.shadowRoot.querySelector('.box')), null, { timeout: 5000 }).catch(() => {});
      } else if (what < 0.12 && pages.length < 2 && !offline) {
        log.push('tab');
        pages.push(await context.newPage());
        await open(pages[1]);
      } else if (what < 0.2) {
        offline = !offline;
        log.push(offline ? 'offline' : 'online');
        await context.setOffline(offline);
      } else {
        const title = await page.evaluate(LOOK);
        log.push(`${pages.indexOf(page)} ${title}`);
        if (title === 'thanks') done = true;
        else if (!title) { if (pages.every((one) => one !== page) || step > 50) done = true; await sleep(20); }
        else {
          if (!chance(0.15) || title === 'Score') {
            const value = await page.evaluate(ANSWER, [title, Math.floor(random() * 11), `w${number}-${step}`]);
            if (value !== undefined) said[title] = value;
          }
          if (chance(0.12)) await page.evaluate(PRESS, [title, 'back']);
          else if (!chance(0.1)) await page.evaluate(PRESS, [title, 'go']);
        }
      }
    }
    // To the end, whatever came before.
    await context.setOffline(false);
    for (let turn = 0; turn < 40; turn++) {
      const page = pages[0];
      const title = await page.evaluate(LOOK);
      if (title === 'thanks') break;
      if (!title) {
        if (!(await page.evaluate(() => localStorage.getItem('fh.s')))) break;
        await page.reload();
        await sleep(300);
        continue;
      }
      if (title === 'Score' && said.Score === undefined) said.Score = await page.evaluate(ANSWER, [title, 5, '']);
      await page.evaluate(PRESS, [title, 'go']);
      await sleep(5);
    }
    await pages[0].waitForFunction(() => !localStorage.getItem('fh.s'), null, { timeout: 30_000 });
    return { number, id, said, log };
  } finally {
    await context.close();
  }
}

test(`exactly one response in each of ${RUNS} random runs, and no answer lost (seed ${SEED})`, { timeout: 900_000 }, async (t) => {
  const world = await World.start(t);
  const added = await world.server.request('/api/v1/surveys', { key: world.secret, body: { id: 'runs', definition: SURVEY } });
  assert.equal(added.status, 201, added.text);
  assert.equal((await world.server.request('/api/v1/surveys/runs/publish', { method: 'POST', key: world.secret })).status, 200);
  const site = await startSite(t, () => html(tag(world.url, world.key, 'data-struggle="off"')));
  const browser = await startBrowser(t);
  const results = [];
  let number = 0;
  await Promise.all(Array.from({ length: AT_ONCE }, async () => {
    while (number < RUNS) {
      const mine = number++;
      results.push(await run(mine, browser, world, site).catch((error) => { throw new Error(`run ${mine} (seed ${SEED + mine}): ${error.message}`); }));
    }
  }));
  for (const { number: which, id, said, log } of results) {
    const where = `run ${which} (seed ${SEED + which}): ${log.join(' > ')}`;
    const events = await world.until(id, (all) => named(all, 'feedback').some((event) => event.properties.finished === true && event.properties.question === undefined)).catch((error) => { throw new Error(`${where}\n${error.message}`); });
    const answers = named(events, 'feedback');
    const mains = answers.filter((event) => event.properties.question === undefined);
    assert.equal(mains.length, 1, where);
    assert.equal(new Set(answers.map((event) => event.properties.response)).size, 1, where);
    assert.equal(named(events, 'survey shown').length, 1, where);
    assert.equal(named(events, 'contacted').filter((event) => event.properties.outcome === 'allowed').length, 1, where);
    // The way goes by the answers; what was said of questions on the way is what is stored.
    const last = {};
    for (const event of answers.slice().reverse()) for (const [name, value] of Object.entries(event.properties)) if (name.startsWith('answers.') && last[name] === undefined) last[name] = value;
    assert.equal(last['answers.score'], said.Score, where);
    if (said.Score < 9 && said.Words !== undefined) assert.ok(answers.some((event) => event.text === said.Words), `${where}\n${JSON.stringify(said)} ${JSON.stringify(answers.map((event) => [event.text, event.properties]))}`);
    if (said.Pick !== undefined) assert.equal(last['answers.pick'], 'abc'[said.Pick], where);
  }
  assert.equal(results.length, RUNS);
});
