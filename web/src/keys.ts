// Single keys and sequences. Off while typing, and when the reader has turned them off.
import { useEffect, useRef } from "preact/hooks";
import { prefs } from "./prefs";

export type Handler = (event: KeyboardEvent) => void;
interface Binding {
  keys: string;
  run: Handler;
}

const bindings: Binding[] = [];
let leader = "";
let leaderTimer: ReturnType<typeof setTimeout> | undefined;

const typing = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));

export function startKeys(): void {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.metaKey || event.ctrlKey || event.altKey || event.isComposing) return;
    if (!prefs.get().singleKeys || typing(event.target) || document.querySelector("dialog[open]")) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const wanted = leader ? `${leader} ${key}` : key;
    // The binding made last wins: a page's own before the frame's.
    const hit = bindings.findLast((binding) => binding.keys === wanted);
    clearTimeout(leaderTimer);
    leader = "";
    if (hit) {
      event.preventDefault();
      hit.run(event);
    } else if (bindings.some((binding) => binding.keys.startsWith(`${key} `))) {
      leader = key;
      leaderTimer = setTimeout(() => (leader = ""), 1200);
    }
  });
}

export function useKey(keys: string, run: Handler, on = true): void {
  const latest = useRef(run);
  latest.current = run;
  useEffect(() => {
    if (!on) return undefined;
    const binding: Binding = { keys, run: (event) => latest.current(event) };
    bindings.push(binding);
    return () => {
      bindings.splice(bindings.indexOf(binding), 1);
    };
  }, [keys, on]);
}
