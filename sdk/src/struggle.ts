// Signs of struggle: clicks in anger, clicks that do nothing, errors of scripts, searches over and
// over, forms left half-filled. Each is an event with few properties, a few times a page at most.
// What people type is never read, nor is the text of the page.
import { clean, listen, quietly } from "./kit";
import type { Bag } from "./types";

type Send = (event: string, properties: Bag) => void;

const EACH_MAX = 5; // of each kind, between two page views
const RAGE_CLICKS = 3;
const RAGE_MS = 1000;
const RAGE_PX = 30;
const DEAD_MS = 2500;
const SEARCHES = 3;
const SEARCH_MS = 120_000;

const FIELDS = "input,select,textarea,[contenteditable]";
const CLICKABLE = "a[href],button,summary,[role=button],[role=link],[role=tab],[role=menuitem],[onclick]";

/** What an element is called: by the page's own data-fh-name, else by its tag, id and classes. */
const nameOf = (element: Element): string => {
  const named = element.closest("[data-fh-name]");
  if (named) return clean(named.getAttribute("data-fh-name"), 80);
  return clean([element.tagName.toLowerCase() + (element.id ? `#${element.id}` : ""), ...Array.from(element.classList).slice(0, 3)].join("."), 80);
};

export interface Struggle {
  /** Another page: counts begin anew, a form that was left is told of. */
  page(search: string): void;
  leave(): void;
}

export function watch(send: Send): Struggle {
  let counts: Record<string, number> = {};
  let clicks: { x: number; y: number; t: number }[] = [];
  let raged = false;
  let searches: number[] = [];
  let searched = "";
  let form: Element | null = null;
  let fields = new Set<unknown>();
  let seen: string[] = [];

  const tell = (event: string, properties: Bag): void => {
    counts[event] = (counts[event] || 0) + 1;
    if (counts[event]! <= EACH_MAX) send(event, properties);
  };

  const abandoned = (): void => {
    if (form && fields.size) tell("form abandoned", { form: nameOf(form), fields: fields.size });
    form = null;
  };

  const dead = (target: Element): void => {
    let alive = false;
    const wake = (): void => {
      alive = true;
    };
    const sleeper = new MutationObserver(wake);
    sleeper.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
    const signs = ["scroll", "focusin", "focusout", "blur", "selectionchange", "visibilitychange", "beforeunload", "pagehide", "hashchange", "popstate", "submit"];
    for (const sign of signs) addEventListener(sign, wake, true);
    const address = location.href;
    setTimeout(() => {
      sleeper.disconnect();
      for (const sign of signs) removeEventListener(sign, wake, true);
      if (!alive && location.href === address) quietly(() => tell("dead click", { element: nameOf(target) }));
    }, DEAD_MS);
  };

  listen(document, "click", (event) => {
    const { clientX: x, clientY: y, timeStamp: t, target } = event as MouseEvent;
    if (!event.isTrusted || !(target instanceof Element) || target.matches("[data-fh]")) return;
    clicks = clicks.filter((one) => t - one.t < RAGE_MS && Math.hypot(one.x - x, one.y - y) < RAGE_PX);
    clicks.push({ x, y, t });
    const typing = target.closest(`${FIELDS},label,option`);
    if (clicks.length < 2) raged = false; // one burst is told once
    if (clicks.length >= RAGE_CLICKS && !typing && !raged) {
      raged = true;
      tell("rage click", { element: nameOf(target) });
    }
    const thing = target.closest(CLICKABLE);
    const modified = (event as MouseEvent).ctrlKey || (event as MouseEvent).metaKey || (event as MouseEvent).shiftKey;
    const leads = thing && /^(mailto|tel|sms|blob|data):|^#$/.test(thing.getAttribute("href") || "");
    if (thing && !typing && !modified && !leads && !thing.hasAttribute("download") && !thing.hasAttribute("target") && clicks.length < 2 && (counts["dead click"] || 0) < EACH_MAX) dead(thing);
  });

  const fault = (message: unknown, file: unknown, line: number): void => {
    const text = clean(message, 120);
    if (seen.includes(text) || seen.length > 50) return;
    seen.push(text);
    tell("script error", { message: text, file: clean(file || "", 120), line });
  };
  listen(window, "error", (event) => {
    const { message, filename, lineno } = event as ErrorEvent;
    if (message) fault(message, filename, lineno);
  });
  listen(window, "unhandledrejection", (event) => {
    const reason: unknown = (event as PromiseRejectionEvent).reason;
    fault(reason instanceof Error ? `${reason.name}: ${reason.message}` : "a promise was broken", "", 0);
  });

  listen(document, "change", (event) => {
    const owner = event.target instanceof Element ? event.target.closest("form") : null;
    if (!owner) return;
    if (owner !== form) {
      form = owner;
      fields = new Set();
    }
    fields.add(event.target);
  });
  listen(document, "submit", () => {
    form = null;
  });

  return {
    page(search) {
      abandoned();
      counts = {};
      clicks = [];
      if (search && search !== searched) {
        const now = Date.now();
        searches = [...searches.filter((at) => now - at < SEARCH_MS), now];
        if (searches.length >= SEARCHES) {
          tell("repeated search", { searches: searches.length });
          searches = [];
        }
      }
      searched = search;
    },
    leave: abandoned,
  };
}
