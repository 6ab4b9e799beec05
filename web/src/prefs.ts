// What one reader likes, kept in this browser only.
import { applyPrefs, initialPrefs, PREFS_NAME, readPrefs, type Prefs } from "./prefs-apply";
import { makeStore } from "./store";

export const prefs = makeStore<Prefs>(typeof localStorage === "undefined" ? initialPrefs : readPrefs());

export function savePrefs(changes: Partial<Prefs>): void {
  const next = { ...prefs.get(), ...changes };
  try {
    localStorage.setItem(PREFS_NAME, JSON.stringify(next));
  } catch {
    // A browser that keeps nothing still shows the choice until the page goes.
  }
  applyPrefs(next);
  prefs.set(next);
}
