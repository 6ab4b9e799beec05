// Contact: may this customer be contacted now and why, what they agreed to, and the link to their own page.
import { useState } from "preact/hooks";
import { ApiError, api } from "../../api/client";
import { useLoad } from "../../api/hooks";
import type { Consents, Why } from "../../api/types";
import { channelWords } from "../../evidence/people";
import { formatDate, formatTime } from "../../format";
import { Button, CopyButton, Moment, Problem, Sheet, Skeleton, Tag } from "../../parts/basic";
import { Select } from "../../parts/field";
import { cleanLine, cleanText } from "../../safe";
import { t, type Key } from "../../strings";

const REASONS = ["muted", "no-consent", "quiet-hours", "waiting-time", "cap", "history-too-long"];
const reasonWords = (reason: string) => (REASONS.includes(reason) ? t(`reach.reason.${reason}` as Key) : cleanLine(reason));

export function Reach({ id, channels, turn }: { id: string; channels: (string | null)[]; turn: number }) {
  const [purpose, setPurpose] = useState("survey");
  const [channel, setChannel] = useState("");
  const why = useLoad<Why>(`${id} ${purpose} ${channel} ${turn}`, (signal) => api.contactWhy(id, purpose, channel, signal));
  const consents = useLoad<Consents>(`${id} ${turn}`, (signal) => api.consents(id, signal));
  const known = [...new Set([...channels.filter((each): each is string => each !== null), "web", "email"])];
  return (
    <Sheet title={t("reach.title")}>
      <div class="stack">
        <div class="row wrap">
          <Select
            inline
            label={t("reach.purpose")}
            value={purpose}
            onChange={setPurpose}
            options={(consents.data?.consents ?? [{ purpose: "survey", title: null }]).map((each) => ({ value: each.purpose, text: cleanLine(each.title || each.purpose) }))}
          />
          <Select
            inline
            label={t("reach.channel")}
            value={channel}
            onChange={setChannel}
            options={[{ value: "", text: t("reach.channel.any") }, ...known.map((each) => ({ value: each, text: channelWords(each) }))]}
          />
        </div>
        {why.error && <Problem error={why.error} retry={why.reload} />}
        {!why.data && !why.error && <Skeleton rows={3} />}
        {why.data && <Verdict why={why.data} />}
        {consents.error && <Problem error={consents.error} retry={consents.reload} />}
        {consents.data && <ConsentList consents={consents.data} />}
        {why.data && <Contacts why={why.data} />}
        <OwnPage key={id} id={id} />
      </div>
    </Sheet>
  );
}

function Verdict({ why }: { why: Why }) {
  return (
    <div>
      <p class="row wrap">
        <Tag tone={why.allowed ? "good" : "warn"}>{why.allowed ? t("reach.yes") : t("reach.no")}</Tag>
        {!why.allowed && <span class="small">{reasonWords(why.reason)}</span>}
        {!why.allowed && why.next_at && (
          <span class="small dim">
            <Moment at={why.next_at}>{t("reach.again", { date: formatTime(why.next_at) })}</Moment>
          </span>
        )}
      </p>
      {!why.allowed && !why.next_at && <p class="small dim">{t("reach.never")}</p>}
      <details class="reach-rules">
        <summary>{t("reach.rules")}</summary>
        <ul class="plain">
          {why.rules.map((rule, index) => (
            <li key={index} class={rule.passed ? "small dim" : "small"}>
              <span aria-hidden="true">{rule.passed ? "✓" : "✕"}</span> <span class="away">{rule.passed ? t("reach.passed") : t("reach.stopped")}</span> {cleanText(rule.text)}
            </li>
          ))}
        </ul>
      </details>
    </div>
  );
}

function ConsentList({ consents }: { consents: Consents }) {
  return (
    <div>
      <h3 class="small">{t("reach.consents")}</h3>
      {consents.muted && (
        <p class="small">
          {consents.muted_until ? t("reach.muted.until", { date: formatTime(consents.muted_until) }) : t("reach.muted")}
        </p>
      )}
      <dl class="facts">
        {consents.consents.map((each) => (
          <div key={each.purpose}>
            <dt>{cleanLine(each.title || each.purpose)}</dt>
            <dd title={each.wording ? cleanText(each.wording) : undefined}>
              {each.state === "none"
                ? t(each.needed ? "reach.state.none.needed" : "reach.state.none.free")
                : t(`reach.state.${each.state}`, { date: each.since ? formatDate(each.since) : "" })}
              {each.until && <span class="dim"> · {t("reach.until", { date: formatTime(each.until) })}</span>}
              {each.how && <small class="dim block">{cleanLine(each.how)}</small>}
            </dd>
          </div>
        ))}
      </dl>
    </div>
  );
}

function Contacts({ why }: { why: Why }) {
  return (
    <div>
      <h3 class="small">{t("reach.contacts")}</h3>
      {why.contacts.length === 0 && <p class="small dim">{t("reach.contacts.none")}</p>}
      <dl class="facts">
        {why.contacts.slice(0, 5).map((each) => (
          <div key={each.at}>
            <dt>{cleanLine(each.purpose ?? "")}</dt>
            <dd>
              {channelWords(each.channel)} <span class="dim">· <Moment at={each.at} /></span>
            </dd>
          </div>
        ))}
      </dl>
    </div>
  );
}

function OwnPage({ id }: { id: string }) {
  const [link, setLink] = useState<{ url: string; expires: string }>();
  const [error, setError] = useState<ApiError>();
  const make = async () => {
    setError(undefined);
    try {
      const made = await api.preferenceLink(id);
      setLink({ url: location.origin + made.path, expires: made.expires });
    } catch (problem) {
      if (problem instanceof ApiError) setError(problem);
    }
  };
  return (
    <div>
      <h3 class="small">{t("reach.link")}</h3>
      <p class="small dim">{t("reach.link.what")}</p>
      {error && <Problem error={error} />}
      {link ? (
        <div class="stack">
          <div class="well-box">
            <pre class="well wrap" tabIndex={0} aria-label={t("reach.link.label")}>
              {link.url}
            </pre>
            <CopyButton text={link.url} />
          </div>
          <p class="small dim">{t("reach.link.until", { date: formatTime(link.expires) })}</p>
        </div>
      ) : (
        <Button look="soft" onClick={() => void make()}>
          {t("reach.link.make")}
        </Button>
      )}
    </div>
  );
}
