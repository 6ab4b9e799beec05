// A third opinion: the questions that SQL can say, asked of SQLite over the same events.
import { spawnSync } from 'node:child_process';
import { answerOf, COLUMNS, quote, rowsOf, sqlOf } from './sql.mjs';

function fill(world) {
  const types = { text: 'TEXT', number: 'INTEGER', decimal: 'REAL' };
  const table = `CREATE TABLE events (${COLUMNS.map(([name, type]) => `${name} ${types[type]}`).join(', ')});`;
  const rows = rowsOf(world).map((row) => `(${COLUMNS.map(([name]) => quote(row[name])).join(',')})`);
  return rows.length === 0 ? table : `${table} INSERT INTO events VALUES ${rows.join(',\n')};`;
}

// What SQLite answers to each question, in one run of its shell.
export function askSqlite(world, questions) {
  const statements = questions.map((question) => `${sqlOf(question)}\nSELECT 'end' AS "end of answer";`);
  const done = spawnSync('sqlite3', ['-json', ':memory:'], {
    input: `${fill(world)}\n${statements.join('\n')}`, encoding: 'utf8', maxBuffer: 1 << 28,
  });
  if (done.error) throw done.error;
  if (done.status !== 0) throw new Error(`sqlite3: ${done.stderr}`);
  const parts = done.stdout.split(/^\[\{"end of answer":"end"\}\]\n/m);
  return questions.map((question, i) => answerOf(question, parts[i].trim() === '' ? [] : JSON.parse(parts[i])));
}
