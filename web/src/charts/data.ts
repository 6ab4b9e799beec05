// A table as data: what is shown and what is exported come from the same cells, so that they cannot differ.
import type { ComponentChildren } from "preact";
import { csvText } from "../safe";

export type Plain = string | number | boolean | null;

export interface Column {
  text: string;
  number?: boolean;
  /** Its name in an exported line; the text where it is missing. */
  key?: string;
  /** How it is headed where it is not by its text. */
  show?: ComponentChildren;
}

/** A value, and how it is shown where it is not shown as it is. */
export interface Cell {
  value: Plain;
  show?: ComponentChildren;
}

export interface TableData {
  columns: Column[];
  rows: { key: string; cells: Cell[] }[];
}

/** Names of members: each once, however alike the columns are called. */
function memberNames(columns: Column[]): string[] {
  const taken = new Set<string>();
  return columns.map((column) => {
    const wanted = column.key ?? column.text;
    let name = wanted;
    for (let n = 2; taken.has(name); n += 1) name = `${wanted} ${n}`;
    taken.add(name);
    return name;
  });
}

export const tableCsv = (table: TableData): string => csvText([memberNames(table.columns), ...table.rows.map((row) => row.cells.map((cell) => cell.value))]);

export const ndjson = (rows: object[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join("");

export function tableNdjson(table: TableData): string {
  const names = memberNames(table.columns);
  return ndjson(table.rows.map((row) => Object.fromEntries(row.cells.map((cell, at) => [names[at]!, cell.value]))));
}
