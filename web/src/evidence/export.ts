// Lists of customers and of words, taken along whole: page after page, from one snapshot where the server keeps it.
import { api } from "../api/client";
import { ndjson } from "../charts/data";
import type { Exports } from "../charts/export";
import type { CustomerRow, CustomersAnswer, Verbatim } from "../api/types";
import { csvText } from "../safe";

const PAGE = 1000;

export function customersCsv(rows: CustomerRow[]): string {
  const traits = [...new Set(rows.flatMap((row) => Object.keys(row.traits)))].sort();
  const withValue = rows.some((row) => row.value !== undefined);
  const head = ["id", "first_seen", "last_seen", "events", ...(withValue ? ["value"] : []), ...traits];
  const body = rows.map((row) => [
    row.id, row.first_seen, row.last_seen, row.events, ...(withValue ? [row.value] : []), ...traits.map((name) => row.traits[name]),
  ]);
  return csvText([head, ...body]);
}

const WORDS = ["ts", "customer", "channel", "event", "scale", "score", "text"] as const;

export const wordsCsv = (rows: Verbatim[]): string => csvText([[...WORDS], ...rows.map((row) => WORDS.map((name) => row[name]))]);

/** `page` asks for one page of the list. */
export function customersExports(name: string, page: (limit: number, cursor: string | null) => object): Exports {
  const all = async (): Promise<CustomerRow[]> => {
    const rows: CustomerRow[] = [];
    for (let at: string | null = null, turn = 0; turn === 0 || at; turn += 1) {
      const answer: CustomersAnswer = await api.customers(page(PAGE, at));
      rows.push(...answer.customers);
      at = answer.cursor;
    }
    return rows;
  };
  return { name, csv: async () => customersCsv(await all()), ndjson: async () => ndjson(await all()) };
}

export const wordsExports = (name: string, rows: Verbatim[]): Exports => ({ name, csv: () => wordsCsv(rows), ndjson: () => ndjson(rows) });
