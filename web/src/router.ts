// Where we are is the address, and nothing else. Links are plain links; this catches the clicks.
import { makeStore, useStore } from "./store";

export interface Place {
  path: string;
  search: string;
}

const here = (): Place => ({ path: location.pathname, search: location.search });
const place = makeStore<Place>({ path: "/", search: "" });

export function startRouter(): void {
  place.set(here());
  addEventListener("popstate", () => place.set(here()));
  document.addEventListener("click", (event) => {
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = (event.target as Element | null)?.closest?.("a[href]");
    if (!(link instanceof HTMLAnchorElement) || link.target || link.hasAttribute("download") || link.origin !== location.origin) return;
    if (link.hash && link.pathname === location.pathname) return;
    event.preventDefault();
    navigate(link.pathname + link.search);
  });
}

export function navigate(to: string, replace = false): void {
  const before = location.pathname;
  if (to === location.pathname + location.search) return;
  if (replace) history.replaceState(null, "", to);
  else history.pushState(null, "", to);
  place.set(here());
  if (before !== location.pathname && !replace) {
    scrollTo(0, 0);
    // A reader of screens is told of the new page by the focus moving to it.
    requestAnimationFrame(() => document.getElementById("main")?.focus({ preventScroll: true }));
  }
}

export const usePlace = (): Place => useStore(place);
export const currentPlace = (): Place => place.get();

/** Changes search parameters and keeps the others; undefined removes one. */
export function setParams(changes: Record<string, string | undefined>, replace = false): void {
  const params = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined) params.delete(name);
    else params.set(name, value);
  }
  const text = params.toString();
  navigate(location.pathname + (text ? `?${text}` : ""), replace);
}
