// ClickHouse and DuckDB, each in this process, asked over the same rows.
import { DuckDBInstance } from '@duckdb/node-api';
import { Session } from 'chdb';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { COLUMNS } from '../property/sql.mjs';

// Whole numbers come as BigInt or text where they might be large; all here are small.
const plain = (value) => (typeof value === 'bigint' ? Number(value) : value);
const plainRow = (row) => Object.fromEntries(Object.entries(row).map(([name, value]) => [name, plain(value)]));

// Rows as lines of JSON, which both read with the types that they are told.
function written(directory, rows) {
  const file = join(directory, 'rows.ndjson');
  writeFileSync(file, rows.map((row) => JSON.stringify(row)).join('\n'));
  return file;
}

export class DuckDB {
  static name = 'DuckDB';

  static async open() {
    const peer = new DuckDB();
    peer.instance = await DuckDBInstance.create(':memory:');
    peer.connection = await peer.instance.connect();
    return peer;
  }

  async load(directory, rows) {
    const types = { text: 'VARCHAR', number: 'BIGINT', decimal: 'DOUBLE' };
    await this.connection.run(`CREATE OR REPLACE TABLE events (${COLUMNS.map(([name, type]) => `${name} ${types[type]}`).join(', ')});`);
    if (rows.length === 0) return;
    const columns = COLUMNS.map(([name, type]) => `${name}: '${types[type]}'`).join(', ');
    await this.connection.run(`INSERT INTO events SELECT * FROM read_json('${written(directory, rows)}',
      format = 'newline_delimited', columns = {${columns}});`);
  }

  async ask(statement) {
    const reader = await this.connection.runAndReadAll(statement);
    return reader.getRowObjectsJS().map(plainRow);
  }

  close() {
    this.connection.closeSync();
    this.instance.closeSync();
  }
}

// ClickHouse keeps to the standard where values are missing once it is asked to.
const STANDARD = 'SETTINGS join_use_nulls = 1, union_default_mode = \'ALL\', output_format_json_quote_64bit_integers = 0';

export class ClickHouse {
  static name = 'ClickHouse';

  static async open() {
    const peer = new ClickHouse();
    peer.session = new Session();
    peer.session.query('CREATE DATABASE peer');
    return peer;
  }

  async load(directory, rows) {
    const types = { text: 'Nullable(String)', number: 'Nullable(Int64)', decimal: 'Nullable(Float64)' };
    const columns = COLUMNS.map(([name, type]) => `${name} ${types[type]}`).join(', ');
    this.session.query('DROP TABLE IF EXISTS peer.events');
    this.session.query(`CREATE TABLE peer.events (${columns}) ENGINE = Memory`);
    if (rows.length === 0) return;
    this.session.query(`INSERT INTO peer.events SELECT * FROM file('${written(directory, rows)}', 'JSONEachRow', '${columns}')`);
  }

  async ask(statement) {
    const text = this.session.query(`${statement.replace(/;\s*$/, '').replaceAll(/\bevents\b/g, 'peer.events')} ${STANDARD}`, 'JSONEachRow');
    return text.split('\n').filter((line) => line !== '').map((line) => plainRow(JSON.parse(line)));
  }

  close() {
    this.session.cleanup?.();
  }
}
