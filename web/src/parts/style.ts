// The style of a part that comes later: a sheet of its own, taken up once, by what needs it.
const taken = new Set<string>();

export function takeStyle(text: string): void {
  if (taken.has(text) || typeof document === "undefined") return;
  taken.add(text);
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(text);
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
}
