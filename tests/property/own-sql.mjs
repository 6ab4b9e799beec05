// A fourth opinion: the same statements, asked of the server's own SQL over its own tables.
import { answerOf, sqlOf } from './sql.mjs';

// The table that the statements know, laid out from ours; a property is a column, or a member of the JSON.
const tableOf = (read) => `arrived AS (SELECT customer, id - 1 AS arrival, ts_ms AS ts,
    CAST(floor(ts_ms / 86400000.0) AS INTEGER) AS day, event, own, channel, ${read('qty')} AS qty, ${read('amount')} AS amount, source,
    text, score, scale FROM main.events),
  events AS (SELECT *, CAST(floor((day + 3) / 7.0) AS INTEGER) AS week,
    row_number() OVER (PARTITION BY customer ORDER BY ts, arrival) AS place FROM arrived)`;

export function ownSql(question, read) {
  const statement = sqlOf(question);
  return `WITH ${tableOf(read)}${statement.startsWith('WITH ') ? `, ${statement.slice(5)}` : ` ${statement}`}`;
}

// The answer in the shape of `comparable`; which way properties are read is random.
export async function askOwnSql(control, random, question) {
  const { tables } = JSON.parse(await control.call('sql.schema'));
  const columns = random.chance(0.5) ? tables[0].named : [];
  const read = (name) => (columns.includes(`properties.${name}`) ? `"properties.${name}"` : `properties ->> '${name}'`);
  const answer = JSON.parse(await control.call('sql', JSON.stringify({ sql: ownSql(question, read) })));
  const rows = answer.rows.map((row) => Object.fromEntries(row.map((value, i) => [answer.columns[i], value])));
  return answerOf(question, rows);
}
