// The rows of the drawer: who, what they added to the number, and what they said around it.
import { api } from "../api/client";
import { useLoad } from "../api/hooks";
import type { CustomerRow, CustomersAnswer, Verbatim } from "../api/types";
import { formatNumber } from "../format";
import { Empty, Kind, Moment, Quote } from "../parts/basic";
import { accountHref, Avatar, customerHref, faceOf, faceOfAccount, factsOf } from "../parts/person";
import { ScoreChip } from "../parts/score";
import { cleanLine } from "../safe";
import { t, tOr } from "../strings";
import type { Evidence } from "./state";

export const channelWords = (channel: string | null | undefined): string => (channel ? tOr(`channel.${channel}`, cleanLine(channel)) : t("channel.none"));

function Row({ row, said, showValue, account }: { row: CustomerRow; said: Verbatim | undefined; showValue: boolean; account: boolean }) {
  const face = account ? faceOfAccount(row.id) : faceOf(row.id, row.traits);
  const facts = account ? [] : factsOf(row);
  return (
    <li class="evidence-row" data-row={account ? undefined : row.id}>
      <Avatar face={face} size="m" />
      <div>
        <div class="evidence-line">
          <a class="strong" href={account ? accountHref(row.id) : customerHref(row.id)} dir="auto">
            {face.name}
          </a>
          <span class="small dim clip">{facts.length ? facts.join(" · ") : face.known ? null : t("not.signed.in")}</span>
          {showValue && row.value !== undefined && <span class="push strong">{formatNumber(row.value)}</span>}
        </div>
        <div class="small dim row">
          <Kind kind="did" />
          {row.last_seen ? (
            <span>
              {t("seen.last")} <Moment at={row.last_seen} />
              {row.first_seen && (
                <>
                  {" · "}
                  {t("seen.first")} <Moment at={row.first_seen} />
                </>
              )}
            </span>
          ) : (
            <span>{t("seen.never")}</span>
          )}
        </div>
        {!account && (
          <a class="small" href={`${customerHref(row.id)}?walk=start`} aria-label={t("drawer.follow.name", { name: face.name })}>
            {t("drawer.follow")}
          </a>
        )}
        {said?.text && (
          <>
            <Quote text={said.text} size="s" />
            <p class="byline">
              {channelWords(said.channel)} · <Moment at={said.ts} />
            </p>
          </>
        )}
      </div>
    </li>
  );
}

export function People({ evidence, answer, people, said }: { evidence: Evidence; answer: CustomersAnswer; people: CustomerRow[]; said: Verbatim[] }) {
  if (people.length === 0) return <Empty>{t("drawer.nobody")}</Empty>;
  const bySpeaker = new Map<string, Verbatim>();
  for (const verbatim of said) {
    if (verbatim.text && !bySpeaker.has(verbatim.customer)) bySpeaker.set(verbatim.customer, verbatim);
  }
  const withValue = people.some((row) => row.value !== undefined);
  return (
    <>
      <p class="drawer-sub">
        <b>{t("drawer.of", { n: formatNumber(people.length), total: formatNumber(answer.total) })}</b>
        <span>{withValue ? valueNote(evidence) : null}</span>
      </p>
      <ul class="plain">
        {people.map((row) => (
          <Row key={row.id} row={row} said={bySpeaker.get(row.id)} showValue={withValue} account={evidence.q.per !== undefined} />
        ))}
      </ul>
    </>
  );
}

function valueNote({ q, o }: Evidence): string {
  if (q.kind !== "trend") return t("drawer.value");
  const measure = q.series[o.series ?? 0]?.measure ?? "count";
  return measure === "count" ? t("drawer.value.count") : t("drawer.value");
}

const NAMED_MOST = 40;

/** Traits of those who spoke: the list of people may not have come to them yet. */
export function useTraits(ids: string[], people: CustomerRow[]): Map<string, CustomerRow["traits"]> {
  const held = new Map(people.map((row) => [row.id, row.traits]));
  const missing = [...new Set(ids)].filter((id) => !held.has(id)).slice(0, NAMED_MOST);
  const more = useLoad(missing.length ? JSON.stringify(missing) : null, (signal) =>
    Promise.all(missing.map((id) => api.customer(id, signal).catch(() => null))),
  );
  for (const customer of more.data ?? []) if (customer) held.set(customer.id, customer.traits);
  return held;
}

export function Words({ people, said, total }: { people: CustomerRow[]; said: Verbatim[]; total: number }) {
  const spoken = said.filter((verbatim) => verbatim.text);
  const traits = useTraits(spoken.map((verbatim) => verbatim.customer), people);
  if (spoken.length === 0) return <Empty>{t("drawer.silent")}</Empty>;
  return (
    <>
      <p class="drawer-sub">
        {total > spoken.length && <b>{t("drawer.of", { n: formatNumber(spoken.length), total: formatNumber(total) })}</b>}
        <span>{t("drawer.words.rule")}</span>
      </p>
      <ul class="plain">
        {spoken.map((verbatim, index) => (
          <WordRow key={index} verbatim={verbatim} traits={traits.get(verbatim.customer)} />
        ))}
      </ul>
    </>
  );
}

export function WordRow({ verbatim, traits }: { verbatim: Verbatim; traits: CustomerRow["traits"] | undefined }) {
  const face = faceOf(verbatim.customer, traits);
  return (
    <li class="evidence-row" data-row={verbatim.customer}>
      <Avatar face={face} size="m" />
      <div>
        {verbatim.text && <Quote text={verbatim.text} size="s" />}
        {verbatim.score !== null && verbatim.scale && <ScoreChip score={verbatim.score} scale={verbatim.scale} />}
        <p class="byline">
          <a class="strong" href={customerHref(verbatim.customer)} dir="auto">
            {face.name}
          </a>
          {" · "}
          {channelWords(verbatim.channel)} · <Moment at={verbatim.ts} />
        </p>
      </div>
    </li>
  );
}
