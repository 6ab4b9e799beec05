// From the fields of a sample and what each is, to the rule of a webhook; and where the sample differs from JSON.
import type { Scalar, SuggestedField } from "../../api/types";

export const ROLES = ["", "time", "email", "person", "text", "score", "id", "type", "money", "currency", "property"] as const;
export type Role = (typeof ROLES)[number];
export const KINDS = ["ticket", "chat", "review", "post", "note", "order"] as const;
export type WordsKind = (typeof KINDS)[number];
export const SCALES = ["stars", "csat", "ces", "nps"] as const;
export type Scale = (typeof SCALES)[number];

export interface Choice {
  fields: SuggestedField[];
  roles: Record<string, Role>;
  kind: WordsKind;
  scale: Scale;
}

type Json = Scalar | Json[] | { [name: string]: Json };

/** The array that words come from: each of its elements becomes an event. */
export function eachOf({ fields, roles }: Choice): string | undefined {
  const words = fields.find((field) => roles[field.pointer] === "text");
  const at = words ? words.pointer.indexOf("/*/") : -1;
  return words && at >= 0 ? words.pointer.slice(0, at) : undefined;
}

/** A pointer as a rule says it: into the element at hand, or into the whole delivery. */
export function columnOf(pointer: string, each: string | undefined, all = false): string {
  const inner = each !== undefined && pointer.startsWith(`${each}/*/`);
  const column = inner ? `@${pointer.slice(each.length + 2)}` : pointer;
  return all ? column : column.replaceAll("/*", "/0");
}

const looksLikeHtml = (sample: Scalar): boolean => typeof sample === "string" && /<\/?[a-z][^>]*>/i.test(sample);
const lastName = (pointer: string): string => pointer.split("/").filter((part) => part && part !== "*").at(-1) ?? pointer;

/** The first field of each role makes the rule; every property is taken. */
export function ruleOf(choice: Choice, name: string): { [name: string]: Json } {
  const { fields, roles, kind, scale } = choice;
  const each = eachOf(choice);
  const first = (role: Role) => fields.find((field) => roles[field.pointer] === role);
  const column = (field: SuggestedField) => columnOf(field.pointer, each);
  const rule: { [name: string]: Json } = { name: kind === "order" ? "orders" : "words" };
  const [time, email, person, text, score, id, type, money, currency] =
    (["time", "email", "person", "text", "score", "id", "type", "money", "currency"] as const).map(first);
  if (each !== undefined) rule.each = each;
  if (type) rule.where = [[column(type), "=", type.sample]];
  rule.event = { const: kind === "order" ? "Order Completed" : "feedback" };
  if (time) {
    rule.ts = time.type === "number"
      ? { column: column(time), type: "time", format: Number(time.sample) > 1e11 ? "unix_ms" : "unix" }
      : column(time);
  }
  const identifiers: { [name: string]: Json } = {};
  if (email) identifiers.email = column(email);
  if (person) identifiers[`ext.${name || "webhook"}`] = column(person);
  if (email || person) rule.identifiers = identifiers;
  else rule.anonymous = "each";
  if (id) rule.message_id = column(id);
  if (text) rule.text = looksLikeHtml(text.sample) ? { column: column(text), type: "html" } : column(text);
  if (score) {
    rule.score = { column: column(score), type: "number" };
    rule.scale = { const: scale };
  }
  const properties: { [name: string]: Json } = kind === "order" ? {} : { kind: { const: kind } };
  if (money) properties.revenue = { column: column(money), type: "number" };
  if (currency) properties.currency = column(currency);
  for (const field of fields) {
    if (roles[field.pointer] === "property") properties[lastName(field.pointer)] = columnOf(field.pointer, each, true);
  }
  rule.properties = properties;
  return rule;
}

/** What the sample was taken for, as a start. */
export function choiceOf(fields: SuggestedField[], name: string): Choice {
  const roles: Record<string, Role> = {};
  for (const field of fields) roles[field.pointer] = ROLES.find((role) => role === field.role) ?? "";
  const type = String(fields.find((field) => field.role === "type")?.sample ?? "");
  const text = fields.find((field) => field.role === "text");
  const score = fields.find((field) => field.role === "score");
  const told = `${type} ${text?.pointer ?? ""} ${name}`.toLowerCase();
  const kind: WordsKind = !text && fields.some((field) => field.role === "money") ? "order"
    : score || told.includes("review") ? "review"
    : /ticket|desk/.test(told) ? "ticket"
    : /message|conversation|chat/.test(told) ? "chat"
    : "note";
  const scale: Scale = score && Number(score.sample) > 5 ? "nps" : score && /csat|satisf/i.test(score.pointer) ? "csat" : "stars";
  return { fields, roles, kind, scale };
}

/** The file's or clipboard's text as JSON, or where it breaks. */
export function readSample(text: string): { value?: unknown; problem?: string } {
  try {
    const value: unknown = JSON.parse(text);
    return value && typeof value === "object" ? { value } : { problem: "" };
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) };
  }
}

/** "Our Help Desk" becomes "our-help-desk". */
export const channelName = (text: string): string => text.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-+/, "").slice(0, 40);
