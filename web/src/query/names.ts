// What exists, for completion.
import { api } from "../api/client";
import type { Choice } from "../parts/combo";
import { showValue } from "../safe";
import { t } from "../strings";
import { fieldWords } from "./words";
import type { Scalar } from "../api/types";

const has = (name: string, prefix: string): boolean => name.toLowerCase().includes(prefix.toLowerCase());

export async function eventChoices(prefix: string, signal: AbortSignal, withAny = true): Promise<Choice[]> {
  const { names } = await api.names("event", prefix, "", signal);
  const any = withAny && has(t("event.any"), prefix) ? [{ value: "*", label: t("event.any") }] : [];
  return [...any, ...names.slice(0, 60).map((row) => ({ value: row.name, count: row.count }))];
}

const OWN = ["channel", "score", "scale", "source", "text"];
const BUILT_IN = ["customer.known", "customer.first_seen", "customer.last_seen", "customer.events"];

/** Properties of an event, its own fields and traits. */
export async function fieldChoices(prefix: string, event: string, signal: AbortSignal): Promise<Choice[]> {
  const bare = prefix.replace(/^customer\./, "");
  const [properties, traits] = await Promise.all([
    prefix.startsWith("customer.") ? { names: [] } : api.names("property", prefix, event === "*" ? "" : event, signal),
    api.names("trait", bare, "", signal),
  ]);
  const own = [...OWN, ...BUILT_IN].filter((name) => has(name, prefix) || has(fieldWords(name), prefix));
  return [
    ...properties.names.slice(0, 40).map((row) => ({ value: row.name, count: row.count })),
    ...traits.names.slice(0, 40).map((row) => ({ value: `customer.${row.name}`, label: t("field.trait", { name: row.name }), count: row.count })),
    ...own.map((name) => ({ value: name, label: fieldWords(name) })),
  ];
}

export async function traitChoices(prefix: string, signal: AbortSignal): Promise<Choice[]> {
  const { names } = await api.names("trait", prefix, "", signal);
  return names.slice(0, 60).map((row) => ({ value: row.name, count: row.count }));
}

export async function numberChoices(prefix: string, event: string, signal: AbortSignal): Promise<Choice[]> {
  const { names } = await api.names("property", prefix, event === "*" ? "" : event, signal);
  return names.slice(0, 60).map((row) => ({ value: row.name, count: row.count }));
}

/** Values of a field; the type each has in the data is kept, so that 5 and "5" stay apart. */
export async function valueChoices(field: string, event: string, prefix: string, signal: AbortSignal): Promise<(Choice & { typed: Scalar })[]> {
  const { values } = await api.values(field, prefix, event === "*" ? "" : event, 50, signal);
  return values.map((row) => ({ value: String(row.value), label: showValue(row.value), count: row.count, typed: row.value }));
}
