// How much of a processor statements take over the demo's two million events, and one customer's look-up.
//   node bench/sql.mjs [DIRECTORY]   a directory with the demo in it; else it is made, and removed at the end
//   FIRSTHAND=BINARY                 instead of build/firsthand
// Counted is the time of both processes together, so that a busy machine does not show, with that of starting the
// command and opening the directory. The exit code is 1 where a statement takes more than its budget.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { binary, must } from '../tests/support/firsthand.mjs';

const REPEATS = 5; // the fastest counts
const JUNE = "ts >= '2026-06-01' AND ts < '2026-07-01'";
// What, the statement, its budget in milliseconds.
const STATEMENTS = [
  ['nothing: starting two processes', 'SELECT 1', 150],
  ["one customer's timeline", "SELECT ts, event, properties FROM events WHERE customer = 'c000002' ORDER BY ts, id", 200],
  ['one customer', "SELECT * FROM customers WHERE customer = 'c000002'", 150],
  ['all events', 'SELECT count(*) FROM events', 1000],
  ['per event', 'SELECT event, count(*) FROM events GROUP BY event', 1000],
  ['per event, customers', 'SELECT event, count(DISTINCT customer) FROM events GROUP BY event', 6000],
  ['per customer', 'SELECT customer, count(*) AS n FROM events GROUP BY customer ORDER BY n DESC LIMIT 10', 1000],
  ['per channel: sorted', 'SELECT channel, count(*) FROM events GROUP BY channel', 6000],
  ['per day of one event', "SELECT date(ts, 'localtime') AS day, count(*) FROM events WHERE event = 'Order Completed' GROUP BY day", 600],
  ['a month, by a column', `SELECT "properties.device", count(*) FROM events WHERE ${JUNE} GROUP BY 1`, 1000],
  ['a month, out of the JSON', `SELECT properties ->> 'device', count(*) FROM events WHERE ${JUNE} GROUP BY 1`, 3000],
  ['customers joined with one event', 'SELECT c."traits.country", count(*) FROM customers c JOIN events e USING (customer)'
    + " WHERE e.event = 'Order Completed' GROUP BY 1", 6000],
];

function time(directory, sql) {
  const timed = 'TIMEFORMAT="%U %S"; time "$0" sql "$2" --json --data "$1"';
  let best = Infinity;
  let answer;
  for (let i = 0; i < REPEATS; i++) {
    const done = spawnSync('bash', ['-c', timed, binary, directory, sql], { encoding: 'utf8', maxBuffer: 1 << 28 });
    if (done.status !== 0) throw new Error(`${sql}: ${done.stderr}`);
    answer = JSON.parse(done.stdout);
    const [user, system] = done.stderr.trim().split(' ').map(Number);
    best = Math.min(best, Math.round((user + system) * 1000));
  }
  return { ms: best, answer };
}

const given = process.argv[2];
const directory = given ?? mkdtempSync(join(tmpdir(), 'firsthand-sql-'));
let over = 0;
try {
  if (!existsSync(join(directory, 'state.db'))) must(['demo', '--data', directory, '--until', '2026-11-20', '--quiet']);
  console.log(`${'statement'.padEnd(34)}${'processor'.padStart(12)}${'rows read'.padStart(12)}${'rows'.padStart(8)}`);
  for (const [what, sql, budget] of STATEMENTS) {
    const { ms, answer } = time(directory, sql);
    over += ms > budget ? 1 : 0;
    console.log(`${what.padEnd(34)}${`${ms} ms`.padStart(12)}${String(answer.rows_scanned).padStart(12)}${String(answer.row_count).padStart(8)}${ms > budget ? `   over ${budget} ms` : ''}`);
  }
} finally {
  if (given === undefined) rmSync(directory, { recursive: true, force: true });
}
process.exitCode = over > 0 ? 1 : 0;
