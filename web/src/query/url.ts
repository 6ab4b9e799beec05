// A query in the address: readable, and back again without loss.
//
// Every leaf is one parameter whose name is its path: series.0.event=Order Completed. A leaf is a
// scalar or a list of scalars. Texts stand as they are unless they would read as JSON; everything
// else is JSON. Members whose value is undefined are left out.

type Plain = string | number | boolean | null | Plain[] | { [name: string]: Plain | undefined };

const isScalar = (value: unknown): boolean => value === null || typeof value !== "object";

function encodeLeaf(value: unknown): string {
  if (typeof value !== "string") return JSON.stringify(value);
  try {
    JSON.parse(value);
    return JSON.stringify(value);
  } catch {
    return value;
  }
}

function decodeLeaf(text: string): Plain {
  try {
    return JSON.parse(text) as Plain;
  } catch {
    return text;
  }
}

// A dot or a percent sign inside a name would break the path.
const escapeName = (name: string): string => name.replace(/[%.]/g, (c) => (c === "." ? "%2E" : "%25"));
const unescapeName = (name: string): string => name.replace(/%2E|%25/g, (c) => (c === "%2E" ? "." : "%"));

export function encodeParams(value: unknown, prefix = "", out: [string, string][] = []): [string, string][] {
  if (value === undefined) return out;
  if (isScalar(value) || (Array.isArray(value) && value.every(isScalar)) || Object.keys(value as object).length === 0) {
    out.push([prefix, encodeLeaf(value)]);
    return out;
  }
  for (const [name, member] of Object.entries(value as object)) {
    encodeParams(member, prefix ? `${prefix}.${escapeName(name)}` : escapeName(name), out);
  }
  return out;
}

export function decodeParams(params: Iterable<[string, string]>): Record<string, Plain> {
  const root: Record<string, unknown> = Object.create(null);
  for (const [path, text] of params) {
    const names = path.split(".").map(unescapeName);
    let at = root;
    for (const name of names.slice(0, -1)) {
      const next = at[name];
      if (next === null || typeof next !== "object" || Array.isArray(next)) at[name] = Object.create(null);
      at = at[name] as Record<string, unknown>;
    }
    at[names.at(-1)!] = decodeLeaf(text);
  }
  return lists(root) as Record<string, Plain>;
}

/** Objects whose names are 0, 1, 2 .. are the lists they came from. */
function lists(value: unknown): Plain {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return value as Plain;
  const entries = Object.entries(value);
  const made = entries.map(([name, member]) => [name, lists(member)] as const);
  if (made.length > 0 && made.every(([name]) => /^\d+$/.test(name))) {
    return [...made].sort((a, b) => Number(a[0]) - Number(b[0])).map(([, member]) => member);
  }
  return Object.fromEntries(made);
}

export function toSearch(value: Record<string, unknown>): string {
  // Colons, slashes and commas are as good in a query as anywhere; left alone they can be read.
  const text = new URLSearchParams(encodeParams(value)).toString();
  return text.replace(/%3A/g, ":").replace(/%2F/g, "/").replace(/%2C/g, ",").replace(/%5B/g, "[").replace(/%5D/g, "]").replace(/%3E/g, ">").replace(/%3C/g, "<");
}

export function fromSearch(text: string): Record<string, Plain> {
  return decodeParams(new URLSearchParams(text));
}
