// Walking through what one person lived through: one step at a time, with the waiting between them drawn to scale. The
// step stands in the address, so that "back" and a copied link work; pages of events come as they are needed.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { api } from "../../api/client";
import { useLoad } from "../../api/hooks";
import type { Customer, TimelineEvent, Wrong, WrongAnswer } from "../../api/types";
import { channelWords } from "../../evidence/people";
import { DAY_MS, formatBoth, formatClock, formatDate, formatLength } from "../../format";
import { keyFor } from "../../keys";
import { Button, Kind, Note, Quote, Skeleton, Tag, Value } from "../../parts/basic";
import { Avatar, faceOf } from "../../parts/person";
import { ScoreChip } from "../../parts/score";
import { takeStyle } from "../../parts/style";
import { prefs } from "../../prefs";
import { setParams, usePlace } from "../../router";
import { cleanLine } from "../../safe";
import { textsOf } from "../../strings";
import { experience } from "../../strings/en/experience";
import style from "../../styles/experience.later.css";
import { below, isPlace } from "./marks";
import { contactHint, nameWords } from "./timeline";
import { marksOf, openRequest, stepAt, stepsOf, type ScaleUnit, type Step } from "./walk-steps";

takeStyle(style);
const x = textsOf(experience);

const PAGE = 200;
/** So many steps before what is held runs out, more is fetched. */
const AHEAD = 10;
const PLAY_MS = 3500;
const HOUR_MS = 3_600_000;
/** A wait of two years and more is not drawn whole; its length says how long it was. */
const MARKS_DRAWN = 120;
const WRONG_MOST = 1000;
const UNITS: Record<ScaleUnit, string> = { hour: x("walk.scale.hour"), day: x("walk.scale.day"), week: x("walk.scale.week") };
const SIDES = { did: x("walk.did"), said: x("walk.said"), we: x("walk.we") } as const;
const WRONG = {
  "low score": x("wrong.low score"), failed: x("wrong.failed"), repeated: x("wrong.repeated"),
  abandoned: x("wrong.abandoned"), unanswered: x("wrong.unanswered"), waited: x("wrong.waited"),
} as const;

interface Held {
  /** Oldest first. */
  events: TimelineEvent[];
  /** Cursors of what comes before and after; null: nothing does. */
  before: string | null;
  after: string | null;
}

/** The events around a place; "" is the beginning. */
async function fetchAround(id: string, place: string): Promise<Held> {
  if (!place) {
    const page = await api.timeline(id, { limit: PAGE, order: "oldest" });
    return { events: page.events, before: null, after: page.cursor };
  }
  const [under, over] = await Promise.all([
    api.timeline(id, { limit: PAGE, cursor: place }),
    api.timeline(id, { limit: PAGE, cursor: below(place), order: "oldest" }),
  ]);
  return { events: [...under.events.reverse(), ...over.events], before: under.cursor, after: over.cursor };
}

/** What is held, and more of it at either end when the step comes near. */
function useEvents(id: string, place: string) {
  const [held, setHeld] = useState<Held | null>(null);
  const [failed, setFailed] = useState(false);
  const busy = useRef(false);
  const holds = (list: Held, at: string) => list.events.some((event) => event.place === at);
  const guard = async (work: () => Promise<void>) => {
    if (busy.current) return;
    busy.current = true;
    try {
      await work();
      setFailed(false);
    } catch {
      setFailed(true);
    } finally {
      busy.current = false;
    }
  };
  useEffect(() => {
    if (held && (!place || holds(held, place))) return;
    void guard(async () => setHeld(await fetchAround(id, place)));
  }, [id, place, held === null]);
  const grow = (forward: boolean) =>
    guard(async () => {
      const cursor = forward ? held?.after : held?.before;
      if (!held || !cursor) return;
      const page = await api.timeline(id, { limit: PAGE, cursor, ...(forward ? { order: "oldest" } : {}) });
      setHeld(forward ? { ...held, events: [...held.events, ...page.events], after: page.cursor } : { ...held, events: [...page.events.reverse(), ...held.events], before: page.cursor });
    });
  return { held, failed, grow };
}

export function Walk({ person }: { person: Customer }) {
  const { search } = usePlace();
  const wanted = new URLSearchParams(search).get("walk") ?? "";
  const place = isPlace(wanted) ? wanted : "";
  const { held, failed, grow } = useEvents(person.id, place);
  const wrong = useLoad<WrongAnswer>(person.id, (signal) => api.wrong(person.id, WRONG_MOST, signal));
  const found = wrong.data?.found ?? [];
  const steps = useMemo(() => stepsOf(held?.events ?? [], held?.before === null), [held]);
  const at = place ? stepAt(steps, place) : 0;
  const step = steps[at];
  const [playing, setPlaying] = useState(false);
  const root = useRef<HTMLDialogElement>(null);

  const leave = () => setParams({ walk: undefined });
  // Who goes on faster than the next page comes goes on when it is there.
  const goesOn = useRef(false);
  const go = (to: number) => {
    const next = steps[to];
    goesOn.current = !next && to >= steps.length && held?.after !== null;
    if (next) setParams({ walk: next.place }, true);
  };
  useEffect(() => {
    if (goesOn.current) go(at + 1);
  }, [steps]);
  useEffect(() => {
    const before = document.activeElement;
    root.current?.showModal();
    return () => {
      root.current?.close();
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  useEffect(() => {
    if (held?.after && at >= steps.length - AHEAD) void grow(true);
    if (held?.before && at < AHEAD) void grow(false);
  }, [held, at]);
  useEffect(() => {
    if (!playing) return undefined;
    if (at >= steps.length - 1 && !held?.after) {
      setPlaying(false);
      return undefined;
    }
    const timer = setTimeout(() => go(at + 1), PLAY_MS);
    return () => clearTimeout(timer);
  }, [playing, at, steps.length]);

  const onKey = (event: KeyboardEvent) => {
    const target = event.target as HTMLElement;
    if (event.ctrlKey || event.metaKey || event.altKey || target.matches("input, select")) return;
    const single = prefs.get().singleKeys ? event.key.toLowerCase() : "";
    const by = event.key === "ArrowRight" || event.key === "ArrowDown" || single === keyFor("j") ? 1 : event.key === "ArrowLeft" || event.key === "ArrowUp" || single === keyFor("k") ? -1 : 0;
    if (!by) return;
    event.preventDefault();
    setPlaying(false);
    go(at + by);
  };
  const jump = async (ts: number) => {
    setPlaying(false);
    const page = await api.timeline(person.id, { limit: 1, order: "oldest", cursor: below(`${ts}.0`) }).catch(() => null);
    const event = page?.events[0];
    if (event) setParams({ walk: event.place }, true);
  };
  const face = faceOf(person.id, person.traits, person.known);
  const title = x("walk.title", { name: face.name });
  return (
    <dialog
      ref={root}
      class="walk"
      aria-labelledby="walk-title"
      onKeyDown={onKey}
      onCancel={(event) => {
        event.preventDefault();
        leave();
      }}
    >
      <header class="walk-head">
        <Avatar face={face} size="m" />
        <h2 id="walk-title" dir="auto" tabIndex={-1} autofocus>
          {title}
        </h2>
        <Button look="soft" icon="close" onClick={leave}>
          {x("walk.leave")}
        </Button>
      </header>
      {failed && <Note tone="bad">{x("walk.failed")}</Note>}
      {!held && !failed && <Skeleton rows={6} height={320} />}
      {held && steps.length === 0 && <p class="walk-none">{x("walk.empty")}</p>}
      {step && (
        <Stage
          step={step}
          scene={steps.filter((each) => each.scene === step.scene)}
          wrong={found}
          first={at === 0 && held?.before === null}
          last={at === steps.length - 1 && held?.after === null}
          onGo={(to) => setParams({ walk: to.place }, true)}
          onNext={() => {
            setPlaying(false);
            go(at + 1);
          }}
        />
      )}
      {step && (
        <footer class="walk-foot">
          <Scrubber person={person} at={Date.parse(step.events[0]!.ts)} wrong={found} onJump={(ts) => void jump(ts)} />
          <div class="walk-buttons">
            <Button icon="left" disabled={at === 0 && held?.before === null} onClick={() => (setPlaying(false), go(at - 1))}>
              {x("walk.previous")}
            </Button>
            <Button look="soft" aria-pressed={playing} onClick={() => setPlaying(!playing)}>
              {playing ? x("walk.stop") : x("walk.play")}
            </Button>
            <Button look="primary" disabled={at === steps.length - 1 && held?.after === null} onClick={() => (setPlaying(false), go(at + 1))}>
              {x("walk.next")}
            </Button>
          </div>
          <p class="small dim walk-help">{x("walk.help")}</p>
        </footer>
      )}
    </dialog>
  );
}

/* ---- one step ---- */

const plain = (value: unknown): value is string | number | boolean => typeof value === "number" || typeof value === "boolean" || (typeof value === "string" && value.length > 0 && value.length < 80);

/** What was visited, searched, bought: a few properties, ids and addresses of machines aside. */
function factsOf(event: TimelineEvent): [string, unknown][] {
  return Object.entries(event.properties).filter(([name, value]) => plain(value) && !/(^|[._])(id|ip|token|hash|version|response|wave)$|useragent/i.test(name)).slice(0, 6);
}

const momentWords = (ts: string): string => `${formatDate(ts, { weekday: "short", day: "numeric", month: "short", year: "numeric" })}, ${formatClock(ts)}`;

interface Waiting {
  /** What is drawn to scale. */
  ms: number;
  words: string;
  /** A request still waits: so it is said besides. */
  open: string;
  late: boolean;
}

/** The time before a step: since the step before; of an answer, since what it answers. */
function waitingOf(step: Step, wrong: Wrong[], first: boolean): Waiting {
  const request = openRequest(step, wrong);
  const since = request ? Date.parse(step.events[0]!.ts) - request.since : 0;
  const length = formatLength(Math.max(since, 1000), "long");
  if (request?.answered) return { ms: since, words: x("walk.unanswered", { length }), open: "", late: true };
  const open = request && since >= HOUR_MS ? x("walk.unanswered.so.far", { length }) : "";
  if (step.waited === null) return { ms: 0, words: first ? x("walk.first") : "", open, late: false };
  return { ms: step.waited, words: step.waited < 60_000 ? "" : x("walk.later", { length: formatLength(step.waited, "long") }), open, late: false };
}

/** The step as one sentence, for who hears it. */
function sentence(step: Step, waiting: Waiting): string {
  const event = step.events[0]!;
  const parts = [momentWords(event.ts), waiting.words, waiting.open, `${SIDES[step.side]}: ${nameWords(event)}`];
  if (step.events.length > 1) parts.push(x("walk.times", { n: step.events.length }));
  if (event.channel) parts.push(channelWords(event.channel));
  if (event.score !== null && event.scale) parts.push(x("walk.score", { score: event.score, scale: cleanLine(event.scale) }));
  if (event.text) parts.push(cleanLine(event.text));
  return `${parts.filter(Boolean).join(". ")}.`;
}

function Stage({ step, scene, wrong, first, last, onGo, onNext }: { step: Step; scene: Step[]; wrong: Wrong[]; first: boolean; last: boolean; onGo: (to: Step) => void; onNext: () => void }) {
  const event = step.events[0]!;
  const here = scene.indexOf(step);
  const lasted = Date.parse(scene.at(-1)!.events.at(-1)!.ts) - Date.parse(scene[0]!.events[0]!.ts);
  const troubles = wrong.filter((each) => step.events.some((one) => one.place === each.place));
  const request = last ? openRequest(step, wrong) : null;
  const waiting = waitingOf(step, wrong, first);
  return (
    <div class="walk-body">
      <p class="away" aria-live="polite" aria-atomic="true">
        {sentence(step, waiting)}
      </p>
      {/* Who taps goes on; keys and buttons do the same. */}
      <div class="walk-stage" onClick={(tap) => !(tap.target as Element).closest("button, a") && !getSelection()?.toString() && onNext()}>
        <Wait waiting={waiting} />
        <p class="walk-when">
          <time dateTime={event.ts} title={formatBoth(event.ts)}>
            {momentWords(event.ts)}
          </time>
          <span>{scene.length > 1 ? `${lasted < 60_000 ? x("walk.scene.short") : x("walk.scene", { length: formatLength(lasted, "long") })} · ${x("walk.step", { at: here + 1, of: scene.length })}` : x("walk.moment")}</span>
        </p>
        <Told step={step} />
        {troubles.map((each) => (
          <p class="walk-trouble" key={each.kind}>
            <Tag tone="bad">{WRONG[each.kind]}</Tag> <span>{cleanLine(each.why)}</span>
          </p>
        ))}
        {last && <p class="dim">{request && !request.answered ? x("walk.since", { length: formatLength(Date.now() - request.since, "long") }) : x("walk.last")}</p>}
      </div>
      {scene.length > 1 && <Trail scene={scene} here={here} onGo={onGo} />}
    </div>
  );
}

function Told({ step }: { step: Step }) {
  const event = step.events[0]!;
  const ours = contactHint(event);
  const facts = ours ? [] : factsOf(event);
  return (
    <div class={`walk-told ${step.side}`}>
      <p class="walk-name">
        <Kind kind={step.side} />
        <span class="small dim">
          {SIDES[step.side]}
          {event.channel ? ` · ${channelWords(event.channel)}` : ""}
        </span>
      </p>
      <h3 dir="auto">
        {nameWords(event)}
        {step.events.length > 1 && <span class="dim"> ×{step.events.length}</span>}
      </h3>
      {event.score !== null && event.scale && <ScoreChip score={event.score} scale={event.scale} />}
      {event.text && <Quote text={event.text} size="l" />}
      {ours && <p>{ours}</p>}
      {facts.length > 0 && step.side !== "said" && (
        <dl class="facts">
          {facts.map(([name]) => (
            <div key={name}>
              <dt>{cleanLine(name)}</dt>
              <dd>
                {/* Of several: what differed, in order. */}
                {[...new Set(step.events.map((one) => one.properties[name]).filter(plain))].slice(0, 5).map((value, index) => (
                  <span key={index}>
                    {index > 0 && ", "}
                    <Value value={value} />
                  </span>
                ))}
              </dd>
            </div>
          ))}
        </dl>
      )}
    </div>
  );
}

/** A mark an hour, a day or a week, and the length in words. */
function Wait({ waiting }: { waiting: Waiting }) {
  const { ms, words, open, late } = waiting;
  const drawn = words ? marksOf(ms) : null;
  const n = drawn ? Math.min(drawn.n, MARKS_DRAWN) : 0;
  if (!words && !open) return null;
  return (
    <div class={late ? "walk-wait late" : "walk-wait"}>
      {n > 0 && (
        <svg viewBox={`0 0 ${n * 7} 14`} style={{ width: `${n * 7}px` }} aria-hidden="true" preserveAspectRatio="none">
          {Array.from({ length: n }, (_, index) => (
            <rect key={index} x={index * 7} y={index % 7 === 0 ? 0 : 4} width="2" height={index % 7 === 0 ? 14 : 10} />
          ))}
        </svg>
      )}
      {words && (
        <p>
          <b>{words}</b> {drawn && n > 0 && <span class="small dim">{UNITS[drawn.unit]}</span>}
        </p>
      )}
      {open && <p class="walk-open">{open}</p>}
    </div>
  );
}

function Trail({ scene, here, onGo }: { scene: Step[]; here: number; onGo: (to: Step) => void }) {
  const list = useRef<HTMLOListElement>(null);
  useEffect(() => {
    list.current?.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest" });
  }, [here]);
  return (
    <nav class="walk-trail" aria-label={x("walk.steps")}>
      <ol class="plain" ref={list}>
        {scene.map((step, index) => (
          <li key={step.place}>
            <button type="button" aria-current={index === here ? "step" : undefined} onClick={() => onGo(step)}>
              <Kind kind={step.side} />
              <span class="clip" dir="auto">
                {nameWords(step.events[0]!)}
                {step.events.length > 1 && ` ×${step.events.length}`}
              </span>
              <span class="small dim push">{formatClock(step.events[0]!.ts)}</span>
            </button>
          </li>
        ))}
      </ol>
    </nav>
  );
}

/* ---- the whole life on one line ---- */

function Scrubber({ person, at, wrong, onJump }: { person: Customer; at: number; wrong: Wrong[]; onJump: (ts: number) => void }) {
  const from = person.first_seen ? Date.parse(person.first_seen) : at;
  const to = Math.max(person.last_seen ? Date.parse(person.last_seen) : at, from + 1, at);
  const [held, setHeld] = useState<number | null>(null);
  const unit = to - from > 40 * DAY_MS ? DAY_MS : to - from > 2 * DAY_MS ? DAY_MS / 24 : 60_000;
  const value = held ?? at;
  const share = (ts: number) => `${((ts - from) / (to - from)) * 100}%`;
  return (
    <div class="walk-scrub">
      <svg class="walk-scrub-marks" aria-hidden="true" width="100%" height="10">
        {wrong.map((each) => (
          <rect key={`${each.kind} ${each.place}`} x={share(Date.parse(each.ts))} y="0" width="2" height="10" />
        ))}
      </svg>
      <input
        type="range"
        aria-label={x("walk.scrub")}
        aria-valuetext={momentWords(new Date(value).toISOString())}
        min={from}
        max={to}
        step={unit}
        value={value}
        onInput={(event) => setHeld(Number(event.currentTarget.value))}
        onChange={(event) => {
          setHeld(null);
          onJump(Number(event.currentTarget.value));
        }}
      />
      <p class="small dim walk-ends" aria-hidden="true">
        <span>{formatDate(from)}</span>
        <b>{formatDate(value)}</b>
        <span>{formatDate(to)}</span>
      </p>
    </div>
  );
}
