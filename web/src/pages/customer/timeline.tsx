// The timeline: what they did at the left, the spine, what they said and we did at the right.
import { useEffect, useRef, useState } from "preact/hooks";
import type { TimelineEvent, Wrong } from "../../api/types";
import { formatClock, formatDay, formatLength, todayLabel, addDays } from "../../format";
import { Kind, Moment, Quote, Tag, Value } from "../../parts/basic";
import { channelIcon, Icon } from "../../parts/icon";
import { ScoreChip } from "../../parts/score";
import { channelWords } from "../../evidence/people";
import { cleanLine, safeLink } from "../../safe";
import { useStore } from "../../store";
import { t, tOr } from "../../strings";
import { isBookkeeping, sideOf, type Row } from "./fold";
import { marks } from "./marks";

/** What the rows have in common: what went wrong where, and the place that was asked for. */
interface Around {
  wrong: Map<string, Wrong[]>;
  at?: string;
}

function dayWords(label: string): string {
  const today = todayLabel();
  const year: Intl.DateTimeFormatOptions = label.slice(0, 4) === today.slice(0, 4) ? {} : { year: "numeric" };
  const date = formatDay(label, { weekday: "short", day: "numeric", month: "short", ...year });
  if (label === today) return t("day.today", { date });
  if (label === addDays(today, -1)) return t("day.yesterday", { date });
  return date;
}

/** The name of an event as its sender wrote it; our own and bookkeeping in the reader's words. */
export const nameWords = (event: Pick<TimelineEvent, "event" | "properties">): string => {
  if (event.event === "contacted" && event.properties.outcome === "skipped") return t("event.contacted.skipped");
  if (event.event === "contacted" && event.properties.purpose === "survey") return t("event.contacted.survey");
  if (event.event === "consent") return t(event.properties.state === "withdrawn" ? "event.consent.withdrawn" : "event.consent.granted");
  return tOr(`event.${event.event}`, cleanLine(event.event));
};

const textOf = (event: TimelineEvent, name: string): string => (typeof event.properties[name] === "string" ? cleanLine(event.properties[name] as string) : "");

/** What matters of a contact: about what, and why not where it was spared. Of any other event nothing. */
export function contactHint(event: TimelineEvent): string {
  if (event.event !== "contacted" && event.event !== "survey shown") return "";
  const skipped = event.properties.outcome === "skipped";
  const reason = skipped ? tOr(`reason.${textOf(event, "reason")}`, textOf(event, "reason")) : "";
  return [event.channel ? channelWords(event.channel) : "", textOf(event, "survey") || textOf(event, "purpose"), reason].filter(Boolean).join(" · ");
}

function hintOf(event: TimelineEvent): string {
  if (event.event === "contacted" || event.event === "survey shown") return contactHint(event);
  if (event.event === "consent") return textOf(event, "purpose");
  const parts = Object.entries(event.properties)
    .filter(([name, value]) => !/(^|[._])(id|url|token|hash)$/i.test(name) && (typeof value === "string" ? value.length > 0 && value.length < 40 : typeof value === "number"))
    .slice(0, 3)
    .map(([, value]) => (typeof value === "number" ? String(value) : cleanLine(value as string)));
  return [...(event.channel ? [channelWords(event.channel)] : []), ...parts].join(" · ");
}

function PropertyValue({ value }: { value: unknown }) {
  const link = typeof value === "string" ? safeLink(value) : null;
  if (!link) return <Value value={value} />;
  return (
    <a class="out" href={link} target="_blank" rel="noopener noreferrer nofollow">
      <Value value={value} />
    </a>
  );
}

function Detail({ event }: { event: TimelineEvent }) {
  const entries = [...Object.entries(event.properties), ...Object.entries(event.traits ?? {}).map(([name, value]): [string, unknown] => [t("field.trait", { name }), value])];
  return (
    <dl class="facts detail">
      {entries.map(([name, value]) => (
        <div key={name}>
          <dt>{cleanLine(name)}</dt>
          <dd>
            <PropertyValue value={value} />
          </dd>
        </div>
      ))}
      <div>
        <dt>{t("timeline.when")}</dt>
        <dd>{event.ts}</dd>
      </div>
      <div>
        <dt>{t("timeline.received")}</dt>
        <dd>{event.received_at}</dd>
      </div>
      {event.source && (
        <div>
          <dt>{t("field.source")}</dt>
          <dd>
            <Value value={event.source} />
          </dd>
        </div>
      )}
      {event.message_id && (
        <div>
          <dt>{t("timeline.id")}</dt>
          <dd class="mono">
            <Value value={event.message_id} />
          </dd>
        </div>
      )}
    </dl>
  );
}

function WrongMark({ list }: { list: Wrong[] }) {
  return (
    <p class="wrong-mark small">
      <Tag tone="bad">{t("timeline.wrong")}</Tag>
      {list.map((each) => (
        <span key={each.kind}>{cleanLine(each.why)}</span>
      ))}
    </p>
  );
}

function EventRow({ event, fresh, inner, around }: { event: TimelineEvent; fresh?: boolean; inner?: boolean; around: Around }) {
  const [open, setOpen] = useState(false);
  const row = useRef<HTMLLIElement>(null);
  const side = sideOf(event);
  const here = around.at === event.place;
  const wrong = around.wrong.get(event.place);
  useEffect(() => {
    if (!here) return;
    row.current?.scrollIntoView({ block: "center" });
    row.current?.querySelector<HTMLElement>(".event-name")?.focus({ preventScroll: true });
  }, [here]);
  const toggle = (
    <button type="button" class="event-name" aria-expanded={open} onClick={() => setOpen(!open)}>
      <span class="away">{t(`side.${side}`)} </span>
      {nameWords(event)}
    </button>
  );
  const kind = typeof event.properties.kind === "string" ? cleanLine(event.properties.kind) : "";
  return (
    <li ref={row} class={["event", side, fresh && "is-new", inner && "inner", here && "here"].filter(Boolean).join(" ")}>
      <Moment at={event.ts}>{formatClock(event.ts)}</Moment>
      <span class="spine">
        <Kind kind={side} />
      </span>
      <div class="event-text">
        {side === "said" ? (
          <>
            <p class="byline">
              <Icon name={channelIcon(event.channel)} small />
              {toggle}
              {kind && kind !== event.channel && <Tag>{kind}</Tag>}
              {event.channel && <span>{channelWords(event.channel)}</span>}
            </p>
            {event.score !== null && event.scale && <ScoreChip score={event.score} scale={event.scale} />}
            {event.text && <Quote text={event.text} />}
          </>
        ) : (
          <>
            {toggle}
            {!isBookkeeping(event) && hintOf(event) && <small>{hintOf(event)}</small>}
          </>
        )}
        {wrong && <WrongMark list={wrong} />}
        {open && <Detail event={event} />}
      </div>
    </li>
  );
}

function SessionRow({ row, fresh, around }: { row: Extract<Row, { kind: "session" }>; fresh: Set<string>; around: Around }) {
  const holds = row.events.some((event) => event.place === around.at);
  const [open, setOpen] = useState(holds);
  const wrong = open ? 0 : row.events.filter((event) => around.wrong.has(event.place)).length;
  useEffect(() => {
    if (holds) setOpen(true);
  }, [holds]);
  const newest = row.events[0]!;
  const oldest = row.events.at(-1)!;
  const lasted = Date.parse(newest.ts) - Date.parse(oldest.ts);
  const shown = row.trail.length > 6 ? [...row.trail.slice(0, 3), null, ...row.trail.slice(-2)] : row.trail;
  return (
    <>
      <li class="event did">
        <Moment at={oldest.ts}>{formatClock(oldest.ts)}</Moment>
        <span class="spine">
          <Kind kind="did" />
        </span>
        <div class="event-text">
          <button type="button" class="event-name" aria-expanded={open} onClick={() => setOpen(!open)}>
            <span class="away">{t("side.did")} </span>
            {t("timeline.session", { n: row.events.length })}
          </button>
          <small>{[newest.channel ? channelWords(newest.channel) : "", lasted >= 60_000 ? formatLength(lasted) : ""].filter(Boolean).join(" · ")}</small>
          <small class="trail">
            {shown.map((step, index) => (
              <span key={index}>
                {index > 0 && <i aria-hidden="true">→</i>} {step ? cleanLine(step.name) : "…"}
                {step && step.times > 1 ? ` ×${step.times}` : ""}
              </span>
            ))}
          </small>
          {wrong > 0 && (
            <p class="wrong-mark small">
              <Tag tone="bad">{t("timeline.wrong.times", { n: wrong })}</Tag>
            </p>
          )}
        </div>
      </li>
      {open && row.events.map((event) => <EventRow key={event.place} event={event} inner around={around} fresh={fresh.has(event.received_at)} />)}
    </>
  );
}

export function Timeline({ rows, fresh, customer = "", at }: { rows: Row[]; fresh: Set<string>; customer?: string; at?: string }) {
  const marked = useStore(marks);
  const around: Around = { wrong: marked.customer === customer ? marked.found : new Map(), at };
  return (
    <ol class="timeline">
      {rows.map((row) => {
        if (row.kind === "day") {
          return (
            <li key={row.key} class="day">
              <h3>{dayWords(row.label)}</h3>
              <span class="spine" />
            </li>
          );
        }
        if (row.kind === "silence") {
          return (
            <li key={row.key} class="silence">
              <span class="spine" />
              <span>{t("timeline.silence", { length: formatLength(row.ms, "long") })}</span>
            </li>
          );
        }
        if (row.kind === "session") return <SessionRow key={row.key} row={row} fresh={fresh} around={around} />;
        return <EventRow key={row.key} event={row.event} around={around} fresh={fresh.has(row.event.received_at)} />;
      })}
    </ol>
  );
}
