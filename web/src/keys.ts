// Keys: single ones and sequences, and chords with Control or Command. Single keys are off while typing and when the
// reader has turned them off, and each can be put on another key (prefs.keys).
import { useEffect, useRef } from "preact/hooks";
import { prefs } from "./prefs";
import { makeStore } from "./store";
import type { Key } from "./strings";

export type Handler = (event: KeyboardEvent) => void;
interface Binding {
  keys: string;
  run: Handler;
}

/** The single keys of the product, as they are unless the reader says otherwise, and what they do. */
export const SINGLE_KEYS: { key: string; what: Key }[] = [
  { key: "g", what: "keys.go" },
  { key: "/", what: "keys.find" },
  { key: "j", what: "keys.next" },
  { key: "k", what: "keys.previous" },
  { key: "x", what: "keys.choose" },
  { key: " ", what: "keys.peek" },
  { key: "e", what: "keys.edit" },
  { key: "t", what: "keys.table" },
  { key: "[", what: "keys.earlier" },
  { key: "]", what: "keys.later" },
  { key: "p", what: "keys.pause" },
  { key: "?", what: "keys.sheet" },
];

const bindings: Binding[] = [];
const chords: Binding[] = [];
let leader = "";
let leaderTimer: ReturnType<typeof setTimeout> | undefined;

const typing = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) && !(target instanceof HTMLInputElement && target.type === "checkbox"));

/** Space presses what it stands on. */
const pressable = (target: EventTarget | null): boolean => target instanceof HTMLElement && target.matches("button, input, summary, label, [role=tab], [tabindex='0'][role]");

/** The key that does what `key` does by default. */
export const keyFor = (key: string): string => (Object.hasOwn(prefs.get().keys, key) ? prefs.get().keys[key]! : key);
const asBound = (keys: string): string => keys.split(/(?<=.) /).map((key, index) => (index === 0 ? keyFor(key) : key)).join(" ");

/** How it is written on a key: "G", "Space". */
export const keyCap = (key: string): string => (key === " " ? "Space" : key.length === 1 ? key.toUpperCase() : key);

/** Which of the default keys stand on one that another one has too. */
export function clashes(own: Record<string, string>): Set<string> {
  const at = new Map<string, string[]>();
  for (const { key } of SINGLE_KEYS) {
    const now = own[key] ?? key;
    at.set(now, [...(at.get(now) ?? []), key]);
  }
  return new Set([...at.values()].filter((list) => list.length > 1).flat());
}

const normal = (event: KeyboardEvent): string => (event.key.length === 1 ? event.key.toLowerCase() : event.key);

function onChord(event: KeyboardEvent): void {
  if (event.altKey) return;
  const wanted = `mod+${event.shiftKey ? "shift+" : ""}${normal(event)}`;
  const hit = chords.findLast((chord) => chord.keys === wanted);
  if (!hit) return;
  // Typing has its own undo.
  if (wanted === "mod+z" && typing(event.target)) return;
  event.preventDefault();
  hit.run(event);
}

export function startKeys(): void {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing) return;
    if (event.metaKey || event.ctrlKey) return onChord(event);
    if (event.altKey || !prefs.get().singleKeys || typing(event.target) || document.querySelector("dialog[open]")) return;
    const key = normal(event);
    if (key === " " && pressable(event.target)) return;
    const wanted = leader ? `${leader} ${key}` : key;
    // The binding made last wins: a page's own before the frame's.
    const hit = bindings.findLast((binding) => asBound(binding.keys) === wanted);
    clearTimeout(leaderTimer);
    leader = "";
    if (hit) {
      event.preventDefault();
      hit.run(event);
    } else if (bindings.some((binding) => binding.keys.length > 1 && asBound(binding.keys).startsWith(`${key} `))) {
      leader = key;
      leaderTimer = setTimeout(() => (leader = ""), 1200);
    }
  });
}

function useBinding(list: Binding[], keys: string, run: Handler, on: boolean): void {
  const latest = useRef(run);
  latest.current = run;
  useEffect(() => {
    if (!on) return undefined;
    const binding: Binding = { keys, run: (event) => latest.current(event) };
    list.push(binding);
    boundKeys.set([...bindings, ...chords].map((each) => each.keys));
    return () => {
      list.splice(list.indexOf(binding), 1);
      boundKeys.set([...bindings, ...chords].map((each) => each.keys));
    };
  }, [keys, on]);
}

/** What is bound at the moment, for the sheet of keys. */
export const boundKeys = makeStore<string[]>([]);

export const useKey = (keys: string, run: Handler, on = true): void => useBinding(bindings, keys, run, on);
/** "mod+k": Control, or Command on a Mac. Works while typing too. */
export const useChord = (keys: string, run: Handler, on = true): void => useBinding(chords, keys, run, on);
