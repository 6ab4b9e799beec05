// What one reader likes: read and applied. Apart from the store, because it also runs before the
// first paint, on its own.

export interface Prefs {
  theme: "system" | "light" | "dark";
  contrast: "system" | "high" | "normal";
  density: "normal" | "roomy";
  singleKeys: boolean;
}

export const PREFS_NAME = "firsthand.prefs";
export const initialPrefs: Prefs = { theme: "system", contrast: "system", density: "normal", singleKeys: true };

export function readPrefs(): Prefs {
  try {
    const saved = JSON.parse(localStorage.getItem(PREFS_NAME) ?? "{}") as Partial<Prefs>;
    return { ...initialPrefs, ...saved };
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
