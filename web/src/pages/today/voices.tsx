// The latest words, and one customer behind some of them.
import { api } from "../../api/client";
import { useLoad, type Load } from "../../api/hooks";
import type { Customer, CustomersAnswer, TimelineEvent, Verbatim } from "../../api/types";
import { WordRow, channelWords, useTraits } from "../../evidence/people";
import { formatDate } from "../../format";
import { Empty, Kind, Moment, Quote, Sheet, Skeleton } from "../../parts/basic";
import { Avatar, customerHref, faceOf, factsOf } from "../../parts/person";
import { cleanLine } from "../../safe";
import { t } from "../../strings";
import { foldTimeline, isBookkeeping } from "../customer/fold";
import { nameWords } from "../customer/timeline";

const newestFirst = (list: Verbatim[]): Verbatim[] => [...list].sort((a, b) => (a.ts < b.ts ? 1 : a.ts > b.ts ? -1 : 0));

export function LatestWords({ load }: { load: Load<CustomersAnswer> }) {
  const answer = load.data;
  const said = newestFirst((answer?.verbatims ?? []).filter((verbatim) => verbatim.text)).slice(0, 5);
  const traits = useTraits(said.map((verbatim) => verbatim.customer), answer?.customers ?? []);
  return (
    <Sheet title={t("words.title")} aside={t("words.order")} flush>
      {!answer && !load.error && <Skeleton rows={5} height={240} />}
      {answer && said.length === 0 && (
        <Empty action={<a class="button" href="/settings/sources">{t("words.empty.do")}</a>}>{t("words.empty")}</Empty>
      )}
      {load.error && <Empty>{t("words.failed")}</Empty>}
      <ul class="plain words">
        {said.map((verbatim, index) => (
          <WordRow key={index} verbatim={verbatim} traits={traits.get(verbatim.customer)} />
        ))}
      </ul>
    </Sheet>
  );
}

/** A different one each day: of those who said enough lately, chosen by the date. */
function chosen(list: Verbatim[]): Verbatim | undefined {
  const rich = newestFirst(list.filter((verbatim) => (verbatim.text?.length ?? 0) >= 40)).slice(0, 31);
  const day = Math.floor(Date.now() / 86_400_000);
  return rich.length ? rich[day % rich.length] : newestFirst(list.filter((verbatim) => verbatim.text))[0];
}

export function OneCustomer({ load }: { load: Load<CustomersAnswer> }) {
  const verbatim = load.data ? chosen(load.data.verbatims ?? []) : undefined;
  const person = useLoad<{ customer: Customer; events: TimelineEvent[] }>(verbatim ? verbatim.customer : null, async (signal) => {
    const [customer, timeline] = await Promise.all([api.customer(verbatim!.customer, signal), api.timeline(verbatim!.customer, { limit: 40 }, signal)]);
    return { customer, events: timeline.events };
  });
  if (!verbatim || !person.data) return null;
  const { customer, events } = person.data;
  const face = faceOf(customer.id, customer.traits, customer.known);
  const rows = foldTimeline(events.filter((event) => !isBookkeeping(event)))
    .filter((row) => row.kind === "event" || row.kind === "session")
    .slice(0, 5)
    .reverse();
  return (
    <Sheet title={t("one.title")} aside={t("one.note")}>
      <div class="one">
        <div class="who">
          <Avatar face={face} size="m" />
          <span class="who-name">
            <b dir="auto">{face.name}</b>
            <small>{[...factsOf(customer, 1), customer.first_seen ? t("one.since", { date: formatDate(customer.first_seen, { month: "short", year: "numeric" }) }) : ""].filter(Boolean).join(" · ")}</small>
          </span>
        </div>
        <Quote text={verbatim.text!} size="l" />
        <p class="byline">
          {channelWords(verbatim.channel)} · <Moment at={verbatim.ts} />
        </p>
        <ol class="mini">
          {rows.map((row) => {
            if (row.kind === "session") {
              const newest = row.events[0]!;
              return (
                <li key={row.key}>
                  <Moment at={newest.ts}>{formatDate(newest.ts, { day: "numeric", month: "short" })}</Moment>
                  <span class="spine">
                    <Kind kind="did" />
                  </span>
                  <span>
                    <span class="away">{t("side.did")} </span>
                    {row.trail.slice(-3).map((step) => cleanLine(step.name)).join(" → ")}
                  </span>
                </li>
              );
            }
            if (row.kind !== "event") return null;
            return (
              <li key={row.key}>
                <Moment at={row.event.ts}>{formatDate(row.event.ts, { day: "numeric", month: "short" })}</Moment>
                <span class="spine">
                  <Kind kind={row.side} />
                </span>
                <span>
                  <span class="away">{t(`side.${row.side}`)} </span>
                  {nameWords(row.event)}
                  {row.side === "said" && row.event.score !== null && ` · ${row.event.score}`}
                </span>
              </li>
            );
          })}
        </ol>
        <p>
          <a class="button" href={customerHref(customer.id)}>
            {t("one.read")}
          </a>
        </p>
      </div>
    </Sheet>
  );
}
