// What one reader likes: read and applied. Apart from the store, because it also runs before the
// first paint, on its own.

export interface Prefs {
  theme: "system" | "light" | "dark";
  contrast: "system" | "high" | "normal";
  density: "normal" | "roomy";
  singleKeys: boolean;
  /** Single keys put elsewhere: from the usual key to the reader's own. */
  keys: Record<string, string>;
}

export const PREFS_NAME = "firsthand.prefs";
export const initialPrefs: Prefs = { theme: "system", contrast: "system", density: "normal", singleKeys: true, keys: {} };

export function readPrefs(): Prefs {
  try {
    const saved = JSON.parse(localStorage.getItem(PREFS_NAME) ?? "{}") as Partial<Prefs>;
    const keys = Object.entries(saved.keys ?? {}).filter(([, key]) => typeof key === "string");
    return { ...initialPrefs, ...saved, keys: Object.fromEntries(keys) };
  } catch {
    return initialPrefs;
  }
}

export function applyPrefs(prefs: Prefs): void {
  const root = document.documentElement;
  const set = (name: string, value: string | null) => (value ? root.setAttribute(name, value) : root.removeAttribute(name));
  set("data-theme", prefs.theme === "system" ? null : prefs.theme);
  set("data-contrast", prefs.contrast === "system" ? null : prefs.contrast);
  set("data-density", prefs.density === "roomy" ? "roomy" : null);
}
