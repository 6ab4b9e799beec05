// Beside the timeline: what the customer was worth, and what went wrong for them. Each number opens, each trouble opens
// at its place.
import { useEffect, useRef, useState } from "preact/hooks";
import { api } from "../../api/client";
import { useAnswer, useLoad } from "../../api/hooks";
import type { CustomersAnswer, Scalar, TrendAnswer, ValueAmount, ValueAnswer, ValueEvent, Wrong, WrongAnswer } from "../../api/types";
import { OpenNumber } from "../../evidence/number";
import { channelWords } from "../../evidence/people";
import { formatDate, formatDay, formatInterval, formatNumber, formatShare } from "../../format";
import { Button, Moment, Problem, Quote, Sheet, Skeleton, Tag } from "../../parts/basic";
import { ScoreChip } from "../../parts/score";
import { takeStyle } from "../../parts/style";
import { setParams } from "../../router";
import { cleanLine } from "../../safe";
import { localeTag, textsOf } from "../../strings";
import { experience } from "../../strings/en/experience";
import style from "../../styles/experience.later.css";
import { nameWords } from "./timeline";
import { setMarks } from "./marks";

takeStyle(style);
const x = textsOf(experience);

const KINDS = {
  "low score": x("wrong.low score"), failed: x("wrong.failed"), repeated: x("wrong.repeated"),
  abandoned: x("wrong.abandoned"), unanswered: x("wrong.unanswered"), waited: x("wrong.waited"),
} as const;

const SHOWN = 5;
const MOST = 1000;

export function Experience({ id, turn }: { id: string; turn: number }) {
  const value = useLoad<ValueAnswer>(`${id} ${turn}`, (signal) => api.value(id, signal));
  const wrong = useLoad<WrongAnswer>(`${id} ${turn}`, (signal) => api.wrong(id, MOST, signal));
  useEffect(() => {
    if (wrong.data) setMarks(id, wrong.data.found);
  }, [wrong.data]);
  return (
    <>
      <Sheet title={x("value.title")} class="value">
        {value.error && <Problem error={value.error} retry={value.reload} />}
        {!value.data && !value.error && <Skeleton rows={4} height={160} />}
        {value.data && <Value answer={value.data} />}
      </Sheet>
      <Sheet title={x("wrong.title")} aside={wrong.data && wrong.data.total > 0 ? formatNumber(wrong.data.total) : undefined} class="wrong">
        {wrong.error && <Problem error={wrong.error} retry={wrong.reload} />}
        {!wrong.data && !wrong.error && <Skeleton rows={4} height={160} />}
        {wrong.data && <WrongList key={id} answer={wrong.data} />}
      </Sheet>
    </>
  );
}

/* ---- value ---- */

const isCode = (currency: Scalar | null | undefined): currency is string => typeof currency === "string" && /^[A-Za-z]{3}$/.test(currency);

/** An amount with its currency, in the reader's way where it is a code. */
export function amountWords(amount: number, currency: Scalar | null | undefined): string {
  const cents = Number.isInteger(amount) ? 0 : 2;
  if (isCode(currency)) {
    try {
      return new Intl.NumberFormat(localeTag(), {
        style: "currency", currency: currency.toUpperCase(), currencyDisplay: "code", minimumFractionDigits: cents, maximumFractionDigits: cents,
      }).format(amount);
    } catch {
      // No such code after all.
    }
  }
  const number = new Intl.NumberFormat(localeTag(), { minimumFractionDigits: cents, maximumFractionDigits: cents }).format(amount);
  return currency === null || currency === undefined ? number : `${number} ${cleanLine(String(currency))}`;
}

function Value({ answer }: { answer: ValueAnswer }) {
  if (!answer.rule) return <p class="dim">{x("value.no.rule")}</p>;
  const event = cleanLine([answer.rule.event].flat().join(", "));
  const rule = x(answer.guessed ? "value.guess" : "value.rule", { event, property: cleanLine(answer.rule.property) });
  return (
    <>
      {answer.amounts.length === 0 && <p class="dim">{x("value.none")}</p>}
      {answer.amounts.map((amount) => (
        <Amount key={String(amount.currency)} amount={amount} several={answer.amounts.length > 1} />
      ))}
      {answer.events.length > 0 && <Events list={answer.events} total={answer.total} />}
      <p class="small dim">{rule}</p>
    </>
  );
}

function Amount({ amount, several }: { amount: ValueAmount; several: boolean }) {
  const trend = useAnswer<TrendAnswer>(amount.question);
  const answer = trend.data;
  const money = (n: number) => amountWords(n, amount.currency);
  const number = (series: number, shown: string) =>
    answer ? (
      <OpenNumber query={amount.question} open={{ series }} n={answer.series[series]?.total ?? null} asOf={answer.as_of}>
        {shown}
      </OpenNumber>
    ) : (
      <span>{shown}</span>
    );
  return (
    <div class="amount">
      <p class="amount-sum">
        {number(0, money(amount.sum))} <span class="small dim">{several && amount.currency === null ? x("value.no.currency") : x("value.sum")}</span>
      </p>
      <p class="amount-facts">
        <span>
          {number(1, formatNumber(amount.events))} {x("value.events", { n: amount.events })}
        </span>
        {amount.average !== null && amount.events > 1 && (
          <span>
            {number(2, money(amount.average))} {x("value.average")}
          </span>
        )}
        <span>
          {x("value.last")} <PlaceLink event={amount.last} />
        </span>
      </p>
      {answer && answer.intervals.length > 1 && <Over amount={amount} answer={answer} />}
      <Rank amount={amount} />
    </div>
  );
}

/** Bars by month, to one scale from zero; each month opens. */
function Over({ amount, answer }: { amount: ValueAmount; answer: TrendAnswer }) {
  const values = (answer.series[0]?.values ?? []).map((each) => each ?? 0);
  const most = Math.max(...values.map(Math.abs), 0);
  if (most === 0) return null;
  const month = (label: string) => formatInterval(label, "month", true);
  const first = answer.intervals[0]!;
  const last = answer.intervals.at(-1)!;
  const label = x("value.over.label", {
    from: month(first), to: month(last), months: values.filter((each) => each !== 0).length, most: month(answer.intervals[values.findIndex((each) => Math.abs(each) === most)]!),
  });
  return (
    <figure class="over">
      <ul class="plain over-bars" aria-label={label}>
        {values.map((each, at) => {
          const name = month(answer.intervals[at]!);
          return (
            <li key={answer.intervals[at]} title={each === 0 ? x("value.over.none", { month: name }) : x("value.over", { month: name, amount: amountWords(each, amount.currency) })}>
              {each !== 0 && (
                <OpenNumber query={amount.question} open={{ series: 0, interval: answer.intervals[at] }} n={each} asOf={answer.as_of} class="over-bar">
                  <i class={each < 0 ? "taken" : undefined} style={{ height: `${Math.max(4, (Math.abs(each) / most) * 44)}px` }} />
                </OpenNumber>
              )}
            </li>
          );
        })}
      </ul>
      <figcaption class="small dim">
        <span>{formatDay(first, { month: "short", year: "numeric" })}</span>
        <span>{formatDay(last, { month: "short", year: "numeric" })}</span>
      </figcaption>
    </figure>
  );
}

/** Asked by itself: it looks at everybody, and nothing waits for it. */
function Rank({ amount }: { amount: ValueAmount }) {
  const { with_value, below } = amount.others;
  const all = useAnswer<CustomersAnswer>({ ...with_value, limit: 1 });
  const less = useAnswer<CustomersAnswer>({ ...below, limit: 1 });
  if (!all.data || !less.data) return <p class="small dim amount-rank" />;
  const currency = amount.currency === null ? x("value.no.currency") : cleanLine(String(amount.currency));
  if (all.data.total <= 1) return <p class="small dim amount-rank">{x("value.rank.only", { currency })}</p>;
  const share = formatShare(Math.floor((100 * less.data.total) / all.data.total) / 100, 0);
  const [before, between, after] = x("value.rank", { below: "\u0001", all: "\u0001", currency, share }).split("\u0001");
  return (
    <p class="small dim amount-rank">
      {before}
      <OpenNumber query={below} open={{}} n={less.data.total} asOf={less.data.as_of} />
      {between}
      <OpenNumber query={with_value} open={{}} n={all.data.total} asOf={all.data.as_of} />
      {after}
    </p>
  );
}

function showPlace(place: string): void {
  setParams({ at: place });
}

function PlaceLink({ event }: { event: ValueEvent }) {
  return (
    <button type="button" class="opens" onClick={() => showPlace(event.place)} title={x("wrong.show")}>
      <Moment at={event.ts}>{formatDate(event.ts)}</Moment>
    </button>
  );
}

function Events({ list, total }: { list: ValueEvent[]; total: number }) {
  const shown = list.slice(0, 4);
  return (
    <div>
      <h3 class="small dim">
        {x("value.list")} · {x("value.list.all", { n: total })}
      </h3>
      <ul class="plain value-events">
        {shown.map((event) => (
          <li key={event.place}>
            <PlaceLink event={event} />
            <span class="clip small dim">{cleanLine(event.event)}</span>
            <span class="push">{event.amount === null ? x("value.amount.none") : amountWords(event.amount, event.currency)}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}

/* ---- what went wrong ---- */

function WrongList({ answer }: { answer: WrongAnswer }) {
  const [most, setMost] = useState(SHOWN);
  const list = useRef<HTMLUListElement>(null);
  if (answer.total === 0) return <p class="dim">{x("wrong.none")}</p>;
  const left = answer.found.length - most;
  return (
    <>
      <ul class="plain wrong-list" ref={list}>
        {answer.found.slice(0, most).map((each) => (
          <WrongRow key={`${each.kind} ${each.place}`} wrong={each} />
        ))}
      </ul>
      {left > 0 && (
        <Button
          look="quiet"
          onClick={() => {
            setMost(most + 20);
            requestAnimationFrame(() => list.current?.querySelectorAll<HTMLElement>("li > button")[most]?.focus());
          }}
        >
          {x("wrong.more", { n: Math.min(20, left) })}
        </Button>
      )}
      {answer.total > answer.found.length && <p class="small dim">{x("wrong.most", { shown: answer.found.length, n: answer.total })}</p>}
      <p class="small dim">{x("wrong.rules")}</p>
    </>
  );
}

function WrongRow({ wrong }: { wrong: Wrong }) {
  const [open, setOpen] = useState(false);
  return (
    <li>
      <button type="button" class="wrong-place" onClick={() => showPlace(wrong.place)} title={x("wrong.show")}>
        <Tag tone="bad">{KINDS[wrong.kind]}</Tag>
        <b dir="auto">{nameWords({ event: wrong.event, properties: {} })}</b>
        <span class="small dim push">
          <Moment at={wrong.ts}>{formatDate(wrong.ts)}</Moment>
        </span>
      </button>
      {wrong.score !== null && wrong.scale && <ScoreChip score={wrong.score} scale={wrong.scale} />}
      {wrong.text && <Quote text={wrong.text} size="s" />}
      <p class="small dim wrong-why">
        {wrong.channel && !open && <span>{channelWords(wrong.channel)} · </span>}
        {open ? (
          <span>{cleanLine(wrong.why)}</span>
        ) : (
          <button type="button" class="link" aria-expanded={false} onClick={() => setOpen(true)}>
            {x("wrong.why")}
          </button>
        )}
        {wrong.guessed && !open && <Tag tone="line">{x("wrong.guess")}</Tag>}
      </p>
    </li>
  );
}
