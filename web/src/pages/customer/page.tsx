// One customer: who, what is known, and everything they did and said, as it happens.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { api } from "../../api/client";
import { useLoad, usePoll } from "../../api/hooks";
import type { Customer, TimelineEvent } from "../../api/types";
import { channelWords } from "../../evidence/people";
import { Page } from "../../frame/frame";
import { formatDate, formatNumber, orgZone } from "../../format";
import { Button, Empty, Kind, Moment, Problem, Sheet, Skeleton, Value, type MarkKind } from "../../parts/basic";
import { Icon } from "../../parts/icon";
import { Avatar, faceOf, factsOf } from "../../parts/person";
import { Select } from "../../parts/field";
import { cleanLine } from "../../safe";
import { navigate, setParams, usePlace } from "../../router";
import { session } from "../../frame/session";
import { useStore } from "../../store";
import { t } from "../../strings";
import { toSearch } from "../../query/url";
import { lazy } from "../../parts/lazy";
import { foldTimeline, mergeNewest, sideOf, type Side } from "./fold";
import { above, isPlace } from "./marks";
import { Accounts } from "./accounts";
import { Reach } from "./reach";
import { Timeline } from "./timeline";

const Experience = lazy<{ id: string; turn: number }>(() => import("./experience").then((module) => module.Experience), true);

const EraseDialog = lazy<{ id: string; onClose: () => void; onDone: () => void }>(() => import("../settings/erase").then((module) => module.EraseDialog), true);

const Walk = lazy<{ person: Customer }>(() => import("./walk").then((module) => module.Walk), true);

const PAGE = 100;
/** How many newer events stand above the one that was asked for. */
const ABOVE = 20;
/** Asked twice a second, and for little, so that an event is seen within a second. */
const LIVE_MS = 500;
const LIVE_PAGE = 20;

export function CustomerPage({ id }: { id: string }) {
  const [turn, setTurn] = useState(0);
  const [erasing, setErasing] = useState(false);
  const role = useStore(session)?.user.role;
  const { search } = usePlace();
  const walking = new URLSearchParams(search).has("walk");
  const asked = new URLSearchParams(search).get("at") ?? "";
  const place = isPlace(asked) ? asked : "";
  const customer = useLoad<Customer>(`${id} ${turn}`, (signal) => api.customer(id, signal));
  const person = customer.data;
  const face = faceOf(person?.id ?? id, person?.traits, person?.known);
  const facts = person ? factsOf({ id: person.id, traits: person.traits }, 3) : [];
  return (
    <Page
      tools={
        person && (
          <Button look="soft" onClick={() => setParams({ walk: place || "start" })}>
            {t("customer.walk")}
          </Button>
        )
      }
      bar={
        <nav class="crumbs small dim" aria-label={t("crumbs")}>
          <a href="/customers">{t("customers.title")}</a>
          <Icon name="right" small />
          <span class="clip" dir="auto">
            {face.name}
          </span>
        </nav>
      }
      title={
        <div class="person">
          <Avatar face={face} size="l" />
          <div>
            <h1 dir="auto">{face.name}</h1>
            {person && (
              <p class="person-facts">
                {facts.map((fact) => (
                  <span key={fact}>{fact}</span>
                ))}
                {person.first_seen && <span>{t("customer.since", { date: formatDate(person.first_seen, { month: "long", year: "numeric" }) })}</span>}
                <span>
                  <a class="opens" href="#timeline" onClick={(event) => scrollToTimeline(event)}>
                    {t("customer.events", { n: person.events })}
                  </a>
                </span>
                {!person.known && <span>{t("not.signed.in")}</span>}
                {person.accounts.length > 0 && <span>{t("customer.member", { accounts: person.accounts.map(cleanLine).join(", ") })}</span>}
              </p>
            )}
          </div>
        </div>
      }
    >
      {customer.error && (customer.error.status === 404 ? (
        <Empty action={<a class="button" href={`/customers?${toSearch({ search: id })}`}>{t("customer.search")}</a>}>{t("customer.absent", { id })}</Empty>
      ) : (
        <Problem error={customer.error} retry={customer.reload} />
      ))}
      {!person && !customer.error && <Skeleton rows={10} height={480} />}
      {person && walking && <Walk person={person} />}
      {person && erasing && <EraseDialog id={person.id} onClose={() => setErasing(false)} onDone={() => navigate("/customers")} />}
      {person && (
        <div class="two">
          <TimelineSheet key={place} place={place} id={person.id} onNew={() => setTurn((n) => n + 1)} channels={person.channels.map((each) => each.channel)} />
          <aside class="beside" aria-label={t("customer.about")}>
            <Experience id={person.id} turn={turn} />
            {person.accounts.length > 0 && <Accounts person={person} />}
            <About person={person} />
            <Reach id={person.id} channels={person.channels.map((each) => each.channel)} turn={turn} />
            {role !== "viewer" && (
              <p class="row wrap">
                <a class="button quiet" href={`/api/v1/customers/${encodeURIComponent(person.id)}/export`} download>
                  {t("record.get")}
                </a>
                {role === "admin" && (
                  <Button look="quiet" onClick={() => setErasing(true)}>
                    {t("erase.open")}
                  </Button>
                )}
              </p>
            )}
          </aside>
        </div>
      )}
    </Page>
  );
}

function scrollToTimeline(event: Event): void {
  event.preventDefault();
  document.getElementById("timeline")?.scrollIntoView({ block: "start" });
}

/** `place`: the timeline around it, which stands still; without one the newest, as they come. */
function TimelineSheet({ id, place, onNew, channels }: { id: string; place: string; onNew: () => void; channels: (string | null)[] }) {
  const { search } = usePlace();
  const params = new URLSearchParams(search);
  const hidden = new Set((params.get("hide") ?? "").split(",").filter(Boolean)) as Set<Side>;
  const channel = params.get("channel") ?? "";
  const unfolded = params.get("fold") === "no";
  const [events, setEvents] = useState<TimelineEvent[] | null>(null);
  const [cursor, setCursor] = useState<string | null>(null);
  const [failed, setFailed] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const [fresh, setFresh] = useState<Set<string>>(new Set());
  const [said, setSaid] = useState("");
  const [newer, setNewer] = useState<string | null>(null);
  const held = useRef(events);
  held.current = events;

  usePoll(async () => {
    try {
      const before = held.current;
      if (place) {
        if (before !== null) return;
        const [under, over] = await Promise.all([
          api.timeline(id, { limit: PAGE, cursor: above(place) }),
          api.timeline(id, { limit: ABOVE, cursor: place, order: "oldest" }),
        ]);
        setFailed(null);
        setEvents([...over.events.reverse(), ...under.events]);
        setCursor(under.cursor);
        setNewer(over.cursor);
        return;
      }
      let page = await api.timeline(id, { limit: before === null ? PAGE : LIVE_PAGE });
      setFailed(null);
      if (before === null) {
        setEvents(page.events);
        setCursor(page.cursor);
        return;
      }
      const key = (list: TimelineEvent[]) => JSON.stringify(list.slice(0, LIVE_PAGE).map((event) => [event.ts, event.event, event.message_id, event.received_at]));
      if (key(page.events) === key(before)) return;
      let merged = mergeNewest(page.events, before);
      if (!merged) {
        page = await api.timeline(id, { limit: PAGE });
        merged = mergeNewest(page.events, before);
      }
      const known = new Set(before.map((event) => event.received_at + event.event));
      const news = page.events.filter((event) => !known.has(event.received_at + event.event));
      setEvents(merged ?? page.events);
      if (!merged) setCursor(page.cursor);
      setFresh(new Set(news.map((event) => event.received_at)));
      if (news.length > 0) setSaid(t("timeline.new", { n: news.length, event: cleanLine(news[0]!.event) }));
      onNew();
    } catch (problem) {
      setFailed(problem);
    }
  }, LIVE_MS);

  const more = async (upwards: boolean) => {
    const from = upwards ? newer : cursor;
    if (!from) return;
    setBusy(true);
    try {
      const page = await api.timeline(id, { limit: PAGE, cursor: from, ...(upwards ? { order: "oldest" } : {}) });
      setEvents((now) => (upwards ? [...page.events.reverse(), ...(now ?? [])] : [...(now ?? []), ...page.events]));
      (upwards ? setNewer : setCursor)(page.cursor);
    } catch (problem) {
      setFailed(problem);
    } finally {
      setBusy(false);
    }
  };

  const counts = useMemo(() => {
    const result: Record<Side, number> = { did: 0, said: 0, we: 0 };
    for (const event of events ?? []) result[sideOf(event)] += 1;
    return result;
  }, [events]);
  const rows = useMemo(
    () => foldTimeline((events ?? []).filter((event) => !hidden.has(sideOf(event)) && (!channel || (event.channel ?? "(none)") === channel)), !unfolded),
    [events, search],
  );

  const toggle = (side: Side) => {
    const next = new Set(hidden);
    if (!next.delete(side)) next.add(side);
    setParams({ hide: next.size ? [...next].join(",") : undefined }, true);
  };
  return (
    <section class="sheet" aria-label={t("timeline")} id="timeline">
      <header class="sheet-head">
        <h2>{t("timeline")}</h2>
        <span class="row">
          {(["did", "said", "we"] as MarkKind[]).map((side) => (
            <button key={side} type="button" class={hidden.has(side) ? "chip" : "chip on"} aria-pressed={!hidden.has(side)} onClick={() => toggle(side)}>
              <Kind kind={side} />
              {t(`chip.${side}`)} <b>{formatNumber(counts[side])}{cursor ? "+" : ""}</b>
            </button>
          ))}
        </span>
        <span class="push row">
          {channels.length > 1 && (
            <Select
              inline
              label={t("timeline.channel")}
              value={channel}
              onChange={(next) => setParams({ channel: next || undefined }, true)}
              options={[{ value: "", text: t("timeline.channels") }, ...channels.map((each) => ({ value: each ?? "(none)", text: channelWords(each) }))]}
            />
          )}
          <Button look="quiet" aria-pressed={unfolded} onClick={() => setParams({ fold: unfolded ? undefined : "no" }, true)}>
            {unfolded ? t("timeline.fold") : t("timeline.unfold")}
          </Button>
        </span>
      </header>
      <div class="timeline-head" aria-hidden="true">
        <span>{t("timeline.zone", { zone: orgZone().split("/").pop()!.replaceAll("_", " ") })}</span>
        <span>{t("timeline.did")}</span>
        <span />
        <span>{t("timeline.said")}</span>
      </div>
      {events === null && !failed && <Skeleton rows={8} height={360} />}
      {failed !== null && events === null && <Empty>{t("timeline.failed")}</Empty>}
      {events?.length === 0 && <Empty>{t("timeline.empty")}</Empty>}
      {events && events.length > 0 && rows.length === 0 && <Empty>{t("timeline.all.hidden")}</Empty>}
      {place && (
        <p class="around row small">
          <span>{t("timeline.around", { date: formatDate(Number(place.split(".")[0])) })}</span>
          {newer && (
            <Button look="quiet" disabled={busy} onClick={() => void more(true)}>
              {t("timeline.newer")}
            </Button>
          )}
          <Button look="quiet" onClick={() => setParams({ at: undefined })}>
            {t("timeline.newest")}
          </Button>
        </p>
      )}
      <Timeline rows={rows} fresh={fresh} customer={id} at={place || undefined} />
      {cursor && (
        <p class="center more">
          <Button look="soft" disabled={busy} onClick={() => void more(false)}>
            {t("timeline.older")}
          </Button>
        </p>
      )}
      <p class="away" aria-live="polite">
        {said}
      </p>
    </section>
  );
}

function About({ person }: { person: Customer }) {
  const traits = Object.entries(person.traits);
  const [all, setAll] = useState(false);
  useEffect(() => setAll(false), [person.id]);
  const shown = all ? traits : traits.slice(0, 12);
  return (
    <>
      <Sheet title={t("customer.traits")}>
        {traits.length === 0 && <p class="dim">{t("customer.traits.none")}</p>}
        <dl class="facts">
          {shown.map(([name, value]) => (
            <div key={name}>
              <dt>{cleanLine(name)}</dt>
              <dd>
                <Value value={value} />
              </dd>
            </div>
          ))}
        </dl>
        {traits.length > shown.length && (
          <Button look="quiet" onClick={() => setAll(true)}>
            {t("customer.traits.all", { n: traits.length })}
          </Button>
        )}
      </Sheet>
      <Sheet title={t("customer.channels")}>
        <dl class="facts">
          {person.channels.map((each) => (
            <div key={each.channel ?? ""}>
              <dt>{channelWords(each.channel)}</dt>
              <dd>
                {t("customer.channel", { n: each.events })} <span class="dim">· <Moment at={each.last_seen} /></span>
              </dd>
            </div>
          ))}
        </dl>
      </Sheet>
      <Sheet title={t("customer.identifiers")}>
        <dl class="facts">
          {person.identifiers.map((each) => (
            <div key={`${each.kind}:${each.value}`}>
              <dt>{cleanLine(each.kind)}</dt>
              <dd class="mono">
                <Value value={each.value} />
              </dd>
            </div>
          ))}
          {person.joined.map((each) => (
            <div key={each.id}>
              <dt>{t("customer.joined")}</dt>
              <dd>
                <span class="mono">
                  <Value value={each.id} />
                </span>{" "}
                <span class="dim">
                  <Moment at={each.at} />
                </span>
              </dd>
            </div>
          ))}
        </dl>
      </Sheet>
    </>
  );
}
