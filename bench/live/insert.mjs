// A peer takes the same batches by INSERT, in its own process, each synced to disk before the next begins.
//   node insert.mjs clickhouse|duckdb WHERE DIRECTORY     DIRECTORY holds the batches as files of NDJSON
// Prints { events, seconds, cpu_s } as JSON. The eight columns, the message id and the time of receipt are kept.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { peerPackage } from '../speed/peer.mjs';

async function clickhouse(where) {
  const { Session } = peerPackage('chdb');
  const session = new Session(where);
  session.query('CREATE DATABASE IF NOT EXISTS live');
  session.query('DROP TABLE IF EXISTS live.events SYNC');
  session.query(`CREATE TABLE live.events (message_id String, received DateTime64(3), customer UInt32, ts DateTime64(3, 'UTC') CODEC(Delta, LZ4), event LowCardinality(String),
    country LowCardinality(String), plan LowCardinality(String), device LowCardinality(String), page LowCardinality(String), price Nullable(Float64))
    ENGINE = MergeTree ORDER BY (customer, ts) SETTINGS fsync_after_insert = 1, fsync_part_directory = 1`);
  const columns = 'message_id String, userId String, event String, ts String, properties Tuple(country String, plan String, device String, page String, price Nullable(Float64))';
  return {
    insert: (file) => session.query(`INSERT INTO live.events SELECT message_id, now64(3), toUInt32(userId), parseDateTime64BestEffort(ts, 3, 'UTC'), event, properties.country, properties.plan, properties.device, properties.page, properties.price
      FROM file('${file}', 'JSONEachRow', '${columns}') SETTINGS max_threads = 2, max_insert_threads = 2`),
    count: () => Number(session.query('SELECT count() FROM live.events', 'CSV')),
  };
}

async function duckdb(where) {
  const { DuckDBInstance } = peerPackage('@duckdb/node-api');
  const connection = await (await DuckDBInstance.create(where, { threads: '2' })).connect();
  await connection.run('DROP TABLE IF EXISTS events');
  await connection.run('CREATE TABLE events (message_id VARCHAR, received TIMESTAMP, customer UINTEGER, ts TIMESTAMP, event VARCHAR, country VARCHAR, plan VARCHAR, device VARCHAR, page VARCHAR, price DOUBLE)');
  const columns = "{message_id: 'VARCHAR', userId: 'UINTEGER', event: 'VARCHAR', ts: 'TIMESTAMP', properties: 'STRUCT(country VARCHAR, plan VARCHAR, device VARCHAR, page VARCHAR, price DOUBLE)'}";
  return {
    insert: (file) => connection.run(`INSERT INTO events SELECT message_id, now()::TIMESTAMP, userId, ts, event, properties.country, properties.plan, properties.device, properties.page, properties.price
      FROM read_json('${file}', format = 'newline_delimited', columns = ${columns})`),
    count: async () => Number((await connection.runAndReadAll('SELECT count(*) FROM events')).getRows()[0][0]),
  };
}

const [, , name, where, directory] = process.argv;
const peer = await { clickhouse, duckdb }[name](where);
const files = readdirSync(directory).filter((file) => file.endsWith('.ndjson')).sort().map((file) => join(directory, file));
const cpu = process.cpuUsage();
const begin = performance.now();
for (const file of files) await peer.insert(file);
const seconds = (performance.now() - begin) / 1000;
const { user, system } = process.cpuUsage(cpu);
console.log(JSON.stringify({ events: await peer.count(), seconds, cpu_s: (user + system) / 1e6 }));
process.exit(0);
