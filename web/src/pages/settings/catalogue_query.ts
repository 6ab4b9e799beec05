// The questions behind the catalogue's numbers.
import type { CatalogueEntry } from "../../api/types";
import type { Query } from "../../query/types";

/** "*" and the seven that it leaves out: every event there is. */
export const EVERY_EVENT = ["*", "contacted", "case opened", "case closed", "survey shown", "experiment exposed", "identify", "alias"];

/** Whose number is "the last 30 days" of an entry; of a trait, the customers that have it. */
export function recentQuery(entry: CatalogueEntry): Query {
  if (entry.kind === "trait") return { kind: "customers", internal: "included", segment: { trait: [`traits.${entry.name}`, "set"] } };
  const series = entry.kind === "event" ? { event: entry.name } : { event: EVERY_EVENT, where: [[`properties.${entry.name}`, "set"] as [string, string]] };
  return { kind: "trend", internal: "included", series: [{ ...series, measure: "count" }], interval: "day", range: "last 30 days" };
}

/** The words of a form as a value: numbers, true, false and quoted texts as JSON has them, else the text itself. */
export function valueOf(line: string): string | number | boolean {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") return value;
  } catch {
    // Not JSON: a text as it stands.
  }
  return line;
}

/** And back, so that it is read as the same value again. */
export const lineOf = (value: string | number | boolean): string => (typeof value === "string" && valueOf(value) === value ? value : JSON.stringify(value));
