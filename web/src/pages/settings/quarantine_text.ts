// JSON laid out on lines, letter for letter otherwise: parsing it would round large numbers and lose doubled names.

export function laidOut(json: string): string {
  let out = "";
  let depth = 0;
  let quoted = false;
  const line = () => `\n${"  ".repeat(depth)}`;
  for (let i = 0; i < json.length; i++) {
    const c = json[i]!;
    if (quoted) {
      out += c;
      if (c === "\\") out += json[++i] ?? "";
      else quoted = c !== '"';
      continue;
    }
    if (c === '"') {
      quoted = true;
      out += c;
    } else if (c === "{" || c === "[") {
      const end = json.slice(i + 1).match(/^\s*[}\]]/);
      if (end) {
        out += c + end[0].trim();
        i += end[0].length;
      } else {
        depth++;
        out += c + line();
      }
    } else if (c === "}" || c === "]") {
      depth = Math.max(0, depth - 1);
      out += line() + c;
    } else if (c === ",") out += c + line();
    else if (c === ":") out += ": ";
    else if (!/\s/.test(c)) out += c;
  }
  return out;
}
