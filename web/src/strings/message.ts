// A message with values: the part of ICU MessageFormat that this interface needs.
// {name}, {n, plural, =0 {..} one {# person} other {# people}}, {x, select, a {..} other {..}}.
// Parsed once per text; formatted to a string, or to a list so that a value may be an element.

export type Part =
  | { kind: "text"; text: string }
  | { kind: "value"; name: string }
  | { kind: "count" }
  | { kind: "choose"; name: string; plural: boolean; cases: Map<string, Part[]> };

const parsed = new Map<string, Part[]>();

class Reader {
  at = 0;
  constructor(readonly source: string) {}

  parts(nested: boolean, inPlural: boolean): Part[] {
    const list: Part[] = [];
    let text = "";
    const flush = () => {
      if (text) list.push({ kind: "text", text });
      text = "";
    };
    while (this.at < this.source.length) {
      const char = this.source[this.at]!;
      if (char === "}" && nested) break;
      if (char === "{") {
        flush();
        list.push(this.braced());
      } else if (char === "#" && inPlural) {
        flush();
        list.push({ kind: "count" });
        this.at += 1;
      } else {
        text += char;
        this.at += 1;
      }
    }
    flush();
    return list;
  }

  private word(): string {
    const start = this.at;
    while (this.at < this.source.length && !/[,{}\s]/.test(this.source[this.at]!)) this.at += 1;
    return this.source.slice(start, this.at);
  }

  private space(): void {
    while (/\s/.test(this.source[this.at] ?? "")) this.at += 1;
  }

  private expect(char: string): void {
    this.space();
    if (this.source[this.at] !== char) throw new Error(`message: ${char} expected at ${this.at}: ${this.source}`);
    this.at += 1;
  }

  private braced(): Part {
    this.expect("{");
    this.space();
    const name = this.word();
    this.space();
    if (this.source[this.at] === "}") {
      this.at += 1;
      return { kind: "value", name };
    }
    this.expect(",");
    this.space();
    const type = this.word();
    this.expect(",");
    const cases = new Map<string, Part[]>();
    for (this.space(); this.source[this.at] !== "}"; this.space()) {
      const label = this.word();
      if (!label) throw new Error(`message: a case is missing at ${this.at}: ${this.source}`);
      this.expect("{");
      cases.set(label, this.parts(true, type === "plural"));
      this.expect("}");
    }
    this.at += 1;
    if (!cases.has("other")) throw new Error(`message: no case "other": ${this.source}`);
    return { kind: "choose", name, plural: type === "plural", cases };
  }
}

export function parseMessage(source: string): Part[] {
  let parts = parsed.get(source);
  if (!parts) {
    parts = new Reader(source).parts(false, false);
    parsed.set(source, parts);
  }
  return parts;
}

export interface Locale {
  plural(n: number): string;
  number(n: number): string;
}

/** Formats to a list of texts and values; neighbouring texts are joined. */
export function formatParts(parts: Part[], values: Record<string, unknown>, locale: Locale, count?: number): unknown[] {
  const list: unknown[] = [];
  const push = (item: unknown) => {
    const last = list.length - 1;
    if (typeof item === "string" && typeof list[last] === "string") list[last] = (list[last] as string) + item;
    else list.push(item);
  };
  for (const part of parts) {
    if (part.kind === "text") push(part.text);
    else if (part.kind === "count") push(locale.number(count ?? 0));
    else if (part.kind === "value") {
      const value = values[part.name];
      push(typeof value === "number" ? locale.number(value) : (value ?? ""));
    } else {
      const value = values[part.name];
      const n = Number(value);
      const chosen = part.plural
        ? (part.cases.get(`=${n}`) ?? part.cases.get(locale.plural(n)))
        : part.cases.get(String(value));
      for (const item of formatParts(chosen ?? part.cases.get("other")!, values, locale, part.plural ? n : count)) push(item);
    }
  }
  return list;
}
