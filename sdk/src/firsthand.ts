// The core: who is here, what they look at and do, and the one function `firsthand` that a page calls.
import { guard, listen, quietly, uid } from "./kit";
import { makeQueue, type Queue } from "./queue";
import { watch, type Struggle } from "./struggle";
import { ENDED_NAME, off, STATE_NAME, type Answered, type Bag, type Core, type Options } from "./types";

/** What is remembered of a visitor. */
interface Memory {
  a?: string; // the anonymous id
  u?: string; // the user
  o?: number; // 1: opted out, 2: opted in
}

interface Surveys {
  /** Shows a survey of ask/next, or goes on with the one that is open. */
  show(answer?: unknown, wanted?: boolean): void;
  feedback(): void;
  button(): void;
}

type Call = IArguments | unknown[];
interface Face {
  (...call: unknown[]): unknown;
  q?: Call[];
  version?: string;
  [method: string]: unknown;
}

const place = window as unknown as { firsthand?: Face };
const VERSION = "1";
const MEMORY = "fh";
const YEAR_S = 31_536_000;
const ASKS_MAX = 30; // of the server, whether there is something to ask, in one document

function start(script: HTMLScriptElement | null): void {
  const old = place.firsthand;
  if (old && old.version) return;

  let options: Options = { key: "" };
  let queue: Queue | undefined;
  let struggle: Struggle | undefined;
  let memory: Memory = {};
  let passing = "";
  let last = ""; // the page that was told of last
  let asks = 0;
  let asking = 0;

  // ---- storage: any of it may be forbidden -------------------------------------------------------
  const get = (name: string): string | null => quietly(() => localStorage.getItem(name)) as string | null;
  const set = (name: string, value: string): boolean => quietly(() => (localStorage.setItem(name, value), true)) === true;
  const del = (name: string): unknown => quietly(() => localStorage.removeItem(name));

  const load = (): Memory => {
    const { persistence } = options;
    const text = persistence === "cookie" ? (quietly(() => decodeURIComponent((/(?:^|; )fh=([^;]*)/.exec(document.cookie) || [])[1] || "")) as string) : get(MEMORY);
    const read = text && quietly(() => JSON.parse(text) as unknown);
    // With "memory" only the visitor's own yes or no outlives the page.
    if (read && typeof read === "object") memory = persistence === "memory" ? { ...memory, o: (read as Memory).o } : read;
    return memory;
  };
  const store = (): void => {
    const { persistence, cookieDomain } = options;
    const { o } = memory;
    const text = JSON.stringify(persistence === "memory" ? { o } : memory);
    if (persistence === "cookie")
      document.cookie = `fh=${encodeURIComponent(text)};path=/;max-age=${YEAR_S};SameSite=Lax${cookieDomain ? `;domain=${cookieDomain}` : ""}${location.protocol === "https:" ? ";Secure" : ""}`;
    else if (o || persistence !== "memory") set(MEMORY, text);
  };

  /** May not watch: by the visitor's word, else by the browser's sign, else for want of consent. */
  const quiet = (): boolean => {
    const { o } = load();
    const browser = navigator as Navigator & { globalPrivacyControl?: boolean; doNotTrack?: string };
    return o === 1 || (o !== 2 && (options.consent === "required" || (options.doNotTrack !== "ignore" && (browser.globalPrivacyControl === true || browser.doNotTrack === "1"))));
  };

  /** In quiet the id lives as long as the page. */
  const ids = (): { anonymousId: string; userId?: string } => {
    const silent = quiet();
    if (!memory.a && !silent) {
      memory.a = passing || uid();
      store();
    }
    return { anonymousId: memory.a || (passing ||= uid()), userId: memory.u };
  };

  // ---- sending ----------------------------------------------------------------------------------------
  const url = (path: string): string => options.host + path;
  const send = (path: string, body: string): Promise<Response> =>
    // text/plain and no header of our own: browsers send it without asking first. No cookies of anyone.
    fetch(url(path), { method: "POST", body, headers: { "content-type": "text/plain" }, credentials: "omit", referrerPolicy: "origin", keepalive: body.length < 21_000 });
  const post = async (path: string, body: Bag): Promise<Answered> => {
    try {
      const reply = await send(path, JSON.stringify({ key: options.key, ...body }));
      return { status: reply.status, retryS: +(reply.headers.get("retry-after") || 0), json: await reply.json().catch(() => null) };
    } catch {
      return { status: 0, retryS: 0, json: null };
    }
  };

  const path = (): string => location.pathname + (/^#!?\//.test(location.hash) ? location.hash.split("?")[0] : "");

  const push = (event: string, properties?: unknown, more?: Bag): void => {
    const { anonymousId, userId } = ids();
    const message = {
      event: String(event).slice(0, 200),
      message_id: uid(),
      ts: new Date().toISOString(),
      anonymousId,
      userId,
      channel: "web",
      properties: { ...(properties as Bag), "context.page.path": path().slice(0, 500) },
      ...more,
    };
    queue?.add(JSON.stringify(message));
  };
  const track = (event: unknown, properties?: unknown, more?: Bag): void => {
    if (queue && event && !quiet()) push(event as string, properties, more);
  };

  // ---- pages ------------------------------------------------------------------------------------------
  const page = (properties?: unknown): void => {
    if (quiet()) return;
    const query = new URLSearchParams(location.search);
    const found: Bag = {};
    for (const name of ["source", "medium", "campaign", "term", "content"]) {
      const value = query.get(`utm_${name}`);
      if (value) found[`context.campaign.${name === "campaign" ? "name" : name}`] = value.slice(0, 200);
    }
    for (const name of (options.params || "").split(/[\s,]+/)) {
      const value = name && query.get(name);
      if (value) found[`params.${name}`] = value.slice(0, 200);
    }
    const fresh = !memory.a;
    track(
      "page",
      {
        path: path().slice(0, 500),
        url: (location.origin + path()).slice(0, 1000),
        title: document.title.slice(0, 200),
        // Without its query: what others put there is not ours to keep.
        referrer: (last || document.referrer).split(/[?#]/)[0]!.slice(0, 500) || undefined,
        ...found,
        ...(properties as Bag),
      },
      fresh ? { traits: about() } : undefined,
    );
    last = location.origin + path();
    struggle?.page((options.searchParams || "q query s search keyword term").split(/[\s,]+/).map((name) => query.get(name) || "").join(""));
    ask();
  };
  const about = (): Bag => ({ language: navigator.language, timezone: quietly(() => Intl.DateTimeFormat().resolvedOptions().timeZone) });
  const moved = (): void => {
    if (last && location.origin + path() !== last) page();
  };

  // ---- surveys: the second script comes when there is something to show --------------------------------
  let surveys: Promise<Surveys> | undefined;
  const core: Core = {
    options,
    ids,
    say: (event, properties, text) => push(event, properties, { text }),
    post,
    get,
    set,
    del,
  };
  const withSurveys = (run: (loaded: Surveys) => void): void => {
    surveys ||= (import(url("/sdk/surveys.js")) as Promise<{ start(core: Core): Surveys }>).then((loaded) => loaded.start(core));
    surveys.then(run).catch(() => {
      surveys = undefined;
    });
  };
  /** Asks the server whether this person is to be asked now. */
  const ask = (event?: string, survey?: string): void => {
    // A survey by name is the visitor's wish (a link "Tell us"), and asked for in quiet too.
    if (!queue || (!survey && (quiet() || off(options.surveys) || asks >= ASKS_MAX || get(STATE_NAME)))) return;
    asks++;
    clearTimeout(asking);
    asking = window.setTimeout(
      guard(() => {
        void post("/api/v1/ask/next", { ...ids(), url: location.origin + path(), locale: navigator.language, event, survey }).then(({ status, json }) => {
          const { survey: found, reason } = (json || {}) as Bag;
          // Nothing runs, or nothing is for this key: asking again on this page is of no use.
          if ((status > 399 && status < 500 && status !== 429) || reason === "no-survey") asks = ASKS_MAX;
          if (found) withSurveys((loaded) => loaded.show(json, !!survey));
          else if (survey) methods.feedback!(); // who wants to say something is not sent away
        });
      }),
      survey ? 0 : 500,
    );
  };

  const methods: Record<string, (...args: never[]) => unknown> = {
    init(given: Options) {
      if (queue || !given || !given.key) return;
      options = core.options = { host: script ? script.src.replace(/(\/sdk)?\/[^/]*$/, "") : "", ...given };
      options.host = String(options.host).replace(/\/$/, "");
      queue = makeQueue(
        {
          now: Date.now,
          random: Math.random,
          get,
          set,
          del,
          names: () => (quietly(() => Object.keys(localStorage)) as string[]) || [],
          later: (ms, run) => window.setTimeout(guard(run), ms),
          cancel: (timer) => clearTimeout(timer),
          wrap: (events) => `{"key":${JSON.stringify(options.key)},"sentAt":"${new Date().toISOString()}","events":[${events}]}`,
          beacon: (body) => quietly(() => navigator.sendBeacon(url("/api/v1/events"), body)) === true,
          post(body, done) {
            send("/api/v1/events", body).then(
              (reply) => {
                const dropped = reply.ok && queue!.takeDropped();
                done(reply.status, +(reply.headers.get("retry-after") || 0));
                if (dropped) push("events dropped", { count: dropped });
              },
              () => done(0, 0),
            );
          },
        },
        `fh.q.${options.key.slice(0, 10)}.`,
        uid().slice(0, 8),
      );
      if (!off(options.struggle)) struggle = watch(track);
      listen(window, "online", () => queue!.flush());
      listen(window, "pagehide", () => {
        struggle?.leave();
        queue!.leave();
      });
      listen(window, "pageshow", (event) => {
        if ((event as PageTransitionEvent).persisted) {
          queue!.back();
          begin();
        }
      });
      if (!off(options.pages)) {
        // Navigation in one page. The page's own function runs first and as it would have.
        for (const name of ["pushState", "replaceState"] as const) {
          const theirs = history[name];
          history[name] = function (this: History, ...args: Parameters<History["pushState"]>) {
            theirs.apply(this, args);
            setTimeout(guard(moved));
          };
        }
        listen(window, "popstate hashchange", () => setTimeout(guard(moved)));
      }
      begin();
      if (get(STATE_NAME)) withSurveys((loaded) => loaded.show());
      if (options.feedback && !off(options.feedback)) withSurveys((loaded) => loaded.button());
    },
    page,
    track(event: string, properties?: unknown) {
      track(event, properties);
      ask(event);
    },
    identify(user: unknown, traits?: unknown) {
      if (!queue || !user || quiet()) return;
      const { u } = load();
      // Another person on the same device: what is known of the first stays with the first.
      if (u && u !== String(user)) methods.reset!();
      ids();
      memory.u = String(user).slice(0, 200);
      store();
      push("identify", undefined, { traits: { ...about(), ...(traits as Bag) } });
    },
    group(account: unknown, traits?: unknown) {
      if (account) track("group", traits, { identifiers: { account: String(account) } });
    },
    alias(user: unknown, previous?: unknown) {
      if (!queue || !user || quiet()) return;
      const { anonymousId, userId } = ids();
      push("alias", undefined, { userId: String(user), anonymousId: undefined, previousId: String(previous || userId || anonymousId) });
      memory.u = String(user);
      store();
    },
    reset() {
      load();
      memory = { o: memory.o };
      passing = "";
      store();
    },
    optOut() {
      queue?.clear();
      del(STATE_NAME);
      del(ENDED_NAME);
      memory = { o: 1 };
      passing = "";
      store();
    },
    optIn() {
      load();
      memory.o = 2;
      store();
      begin();
    },
    survey(id: string) {
      if (id) ask(undefined, id);
    },
    feedback() {
      if (queue) withSurveys((loaded) => loaded.feedback());
    },
  };

  const begin = (): void => {
    if (queue && !off(options.pages)) page();
  };

  const face = ((...call: unknown[]) => {
    const [name, ...args] = call;
    return Object.prototype.hasOwnProperty.call(methods, name as string) ? (face[name as string] as (...args: unknown[]) => unknown)(...args) : undefined;
  }) as Face;
  for (const name of Object.keys(methods)) face[name] = guard(methods[name] as () => unknown);
  face.version = VERSION;
  place.firsthand = face;
  const { dataset } = script || {};
  if (dataset?.key) face.init && (face.init as (options: Options) => void)({ ...(dataset as unknown as Options) });
  if (typeof old === "function" && Array.isArray(old.q)) for (const call of old.q) face(...Array.from(call as unknown[]));
}

quietly(() => start(document.currentScript as HTMLScriptElement | null));
