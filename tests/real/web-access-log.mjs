// The numbers of a real access log, out of `firsthand query`:
//   node tests/real/web-access-log.mjs FOLDER
// FOLDER holds web-access-log/apache_access.log.gz. Imports it twice: nothing vanishes, nothing doubles.
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { must } from '../support/firsthand.mjs';

const folder = process.argv[2];
if (!folder) {
  console.error('usage: node tests/real/web-access-log.mjs FOLDER');
  process.exit(2);
}
const file = join(folder, 'web-access-log/apache_access.log.gz');
const work = mkdtempSync(join(tmpdir(), 'firsthand-log-'));
const data = join(work, 'data');
const range = { from: '2015-05-17', to: '2015-05-21' };
const importLog = () => JSON.parse(must(['import', file, '--format', 'access-log', '--source', 'server', '--data', data, '--json', '--quiet']));

function groups(series, breakdown, where) {
  writeFileSync(join(work, 'question.json'), JSON.stringify({
    kind: 'trend', series: [{ event: 'Request', ...series, ...(where ? { where } : {}) }], range, ...(breakdown ? { breakdown, limit: 100 } : {}),
  }));
  const answer = JSON.parse(must(['query', join(work, 'question.json'), '--json', '--data', data]));
  return breakdown ? Object.fromEntries(answer.series.map((line) => [line.group, line.total])) : answer.series[0].total;
}

try {
  assert.deepEqual(importLog(), { received: 10000, stored: 10000, duplicate: 0, quarantined: 0, refused: 0 });
  assert.deepEqual(importLog(), { received: 10000, stored: 0, duplicate: 10000, quarantined: 0, refused: 0 });
  assert.equal(groups({}), 10000);
  assert.equal(groups({ measure: 'customers' }), 1753);
  const status = groups({}, 'status');
  assert.deepEqual([status['200'], status['404'], status['304'], status['301'], status['500']], [9126, 213, 445, 164, 3]);
  assert.equal(groups({}, 'method').GET, 9952);
  const bots = groups({}, 'bot');
  assert.equal(bots.true + bots.false, 10000);
  const googlebot = groups({}, null, [['agent', 'contains', 'googlebot']]);
  assert.equal(groups({}, null, [['agent', 'contains', 'googlebot'], ['bot', '=', true]]), googlebot);
  // No address of a client is in the directory.
  const addresses = ['83.149.9.216', '46.118.127.106', '66.249.73.135'];
  for (const name of readdirSync(data, { recursive: true })) {
    const path = join(data, name);
    if (statSync(path).isFile()) {
      const bytes = readFileSync(path);
      for (const address of addresses) assert.equal(bytes.indexOf(address), -1, `${address} in ${name}`);
    }
  }
  console.log(`10000 requests of 1753 clients, ${bots.true} by programs`);
} finally {
  rmSync(work, { recursive: true, force: true });
}
