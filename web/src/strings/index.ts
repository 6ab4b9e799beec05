// The texts of the interface, by key. t() gives a string; rich() a list whose values may be elements.
import type { ComponentChildren } from "preact";
import { en } from "./en";
import { formatParts, parseMessage } from "./message";
import { formatNumber, localeTag } from "../format";

export type Key = keyof typeof en;
export type Values = Record<string, string | number | undefined>;

let rules: Intl.PluralRules | undefined;
const locale = {
  plural(n: number): string {
    rules ??= new Intl.PluralRules(messagesLocale);
    return rules.select(n);
  },
  number: formatNumber,
};

/** The language of the messages; numbers and dates follow the reader's own locale. */
export const messagesLocale = "en";

export function t(key: Key, values: Values = {}): string {
  return formatParts(parseMessage(en[key]), values, locale).join("");
}

export function rich(key: Key, values: Record<string, ComponentChildren>): ComponentChildren {
  return formatParts(parseMessage(en[key]), values as Record<string, unknown>, locale) as ComponentChildren;
}

/** A key that is put together at run time, with what to show when there is none. */
export function tOr(key: string, otherwise: string, values: Values = {}): string {
  return Object.hasOwn(en, key) ? t(key as Key, values) : otherwise;
}

/** The texts of a part that comes later, and that nothing else uses: they come with it. */
export function textsOf<T extends Record<string, string>>(own: T): (key: keyof T, values?: Values) => string {
  return (key, values = {}) => formatParts(parseMessage(own[key]!), values, locale).join("");
}

/** The same, with elements in it. */
export function richOf<T extends Record<string, string>>(own: T): (key: keyof T, values: Record<string, ComponentChildren>) => ComponentChildren {
  return (key, values) => formatParts(parseMessage(own[key]!), values as Record<string, unknown>, locale) as ComponentChildren;
}

export { localeTag };
