// Customers' words and whatever else came from outside: shown as text, never as instruction.

// Controls but for line breaks and tabs; the bidirectional embeddings, overrides and isolates;
// marks that hide or reorder text; the byte order mark; tags; unpaired surrogates.
const HIDDEN =
  /[\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F-\u009F\u061C\u200B\u200E\u200F\u202A-\u202E\u2060-\u2069\uFEFF\uFFF9-\uFFFB\u{E0000}-\u{E007F}\uD800-\uDFFF]/gu;

/** Text for display: what could reorder, hide or disturb what stands around it is left out. */
export function cleanText(text: string | null | undefined): string {
  return (text ?? "").replace(HIDDEN, "");
}

/** One line of it: breaks become spaces. */
export function cleanLine(text: string | null | undefined): string {
  return cleanText(text).replace(/[\r\n\t\u2028\u2029]+/g, " ");
}

export function showValue(value: unknown): string {
  if (value === null || value === undefined) return "–";
  if (Array.isArray(value)) return value.map(showValue).join(", ");
  if (typeof value === "object") return cleanLine(JSON.stringify(value));
  return cleanLine(String(value));
}

/** A link that may be followed, or null: only http, https and mailto. */
export function safeLink(text: string): string | null {
  if (!/^(https?:\/\/|mailto:)/i.test(text)) return null;
  try {
    const url = new URL(text);
    return ["http:", "https:", "mailto:"].includes(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}

/** A cell of CSV that no spreadsheet takes for a formula. Numbers stay numbers. */
export function csvCell(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  let text = typeof value === "string" ? value : JSON.stringify(value);
  if (/^[=+\-@\t\r]/.test(text)) text = `'${text}`;
  return /[",\r\n\t']/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

export function csvText(rows: unknown[][]): string {
  return rows.map((row) => `${row.map(csvCell).join(",")}\r\n`).join("");
}

export function download(name: string, type: string, content: string | Blob): void {
  const url = URL.createObjectURL(new Blob([content], { type }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
