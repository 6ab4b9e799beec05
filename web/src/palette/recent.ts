// What was last done through the palette, newest first. Commands only: whom somebody looked at is not kept.
const NAME = "firsthand.recent";
const MOST = 6;

export function recent(): string[] {
  try {
    const list = JSON.parse(localStorage.getItem(NAME) ?? "[]") as unknown;
    return Array.isArray(list) ? list.filter((each): each is string => typeof each === "string").slice(0, MOST) : [];
  } catch {
    return [];
  }
}

export function remember(key: string): void {
  try {
    localStorage.setItem(NAME, JSON.stringify([key, ...recent().filter((each) => each !== key)].slice(0, MOST)));
  } catch {
    // A browser that keeps nothing forgets it.
  }
}
