// The contact policy: how often, when, with whose consent; and who asked to be erased.
import { useEffect, useState } from "preact/hooks";
import { ApiError, api } from "../../api/client";
import { useLoad } from "../../api/hooks";
import type { ContactLimits, ContactPolicy, ContactPurpose } from "../../api/types";
import { Page } from "../../frame/frame";
import { session } from "../../frame/session";
import { Button, Problem, Sheet, Skeleton } from "../../parts/basic";
import { Select, TextField } from "../../parts/field";
import { toast } from "../../parts/toast";
import { toSearch } from "../../query/url";
import { cleanLine } from "../../safe";
import { useStore } from "../../store";
import { t } from "../../strings";
import { SettingsTabs } from "./page";

const words = (text: string) => text.split(",").map((each) => each.trim()).filter(Boolean);
const whole = (text: string) => (text.trim() === "" ? 0 : Number(text));

/** The policy as it is edited: lists of names as text, channels as rows. */
interface Draft {
  limits: ContactLimits;
  channels: { name: string; limits: ContactLimits }[];
  quiet: boolean;
  from: string;
  to: string;
  except: string;
  purposes: ContactPurpose[];
  corrections: string;
}

const draftOf = (policy: ContactPolicy): Draft => ({
  limits: { waiting_days: policy.waiting_days, caps: policy.caps },
  channels: Object.entries(policy.channels).map(([name, limits]) => ({ name, limits })),
  quiet: policy.quiet_hours !== null,
  from: policy.quiet_hours?.from ?? "21:00",
  to: policy.quiet_hours?.to ?? "08:00",
  except: (policy.quiet_hours?.except ?? ["web", "app"]).join(", "),
  purposes: policy.purposes,
  corrections: policy.corrections.join(", "),
});

const policyOf = (draft: Draft): ContactPolicy => ({
  ...draft.limits,
  channels: Object.fromEntries(draft.channels.map(({ name, limits }) => [name.trim(), limits])),
  quiet_hours: draft.quiet ? { from: draft.from, to: draft.to, except: words(draft.except) } : null,
  purposes: draft.purposes,
  corrections: words(draft.corrections),
});

const TOTALS = `/journeys/trends?${toSearch({ "series.0.event": "contacted", breakdown: "reason" })}`;

export function Contact() {
  const admin = useStore(session)?.user.role === "admin";
  const load = useLoad("policy", () => api.policy());
  const [draft, setDraft] = useState<Draft>();
  const [error, setError] = useState<ApiError>();
  useEffect(() => {
    if (load.data) setDraft(draftOf(load.data));
  }, [load.data]);
  const change = (part: Partial<Draft>) => setDraft((now) => now && { ...now, ...part });
  const save = async (event: Event) => {
    event.preventDefault();
    if (!draft) return;
    setError(undefined);
    try {
      setDraft(draftOf(await api.savePolicy(policyOf(draft))));
      toast(t("contact.saved"));
    } catch (problem) {
      if (problem instanceof ApiError) setError(problem);
    }
  };
  return (
    <Page above={<SettingsTabs here="contact" />} title={t("settings.contact")} lead={t("contact.lead")}>
      <div class="narrow">
        {load.error && <Problem error={load.error} retry={load.reload} />}
        {!draft && !load.error && <Skeleton rows={8} height={400} />}
        {draft && (
          <form class="stack roomy" onSubmit={(event) => void save(event)}>
            <Sheet title={t("contact.limits")} aside={<a href={TOTALS}>{t("contact.totals")}</a>}>
              <Limits limits={draft.limits} onChange={(limits) => change({ limits })} />
            </Sheet>
            <Channels draft={draft} change={change} />
            <Quiet draft={draft} change={change} />
            <Purposes draft={draft} change={change} />
            <Sheet title={t("contact.corrections")}>
              <TextField label={t("contact.corrections")} value={draft.corrections} onInput={(corrections) => change({ corrections })} hint={t("contact.corrections.hint")} />
            </Sheet>
            {error && <Problem error={error} />}
            <p class="row">
              <Button type="submit" look="primary" disabled={!admin}>
                {t("save")}
              </Button>
              {!admin && <span class="small dim">{t("admin.only")}</span>}
            </p>
          </form>
        )}
      </div>
    </Page>
  );
}

type Part = { draft: Draft; change: (part: Partial<Draft>) => void };

function Limits({ limits, onChange }: { limits: ContactLimits; onChange: (limits: ContactLimits) => void }) {
  const set = (index: number, cap: [number, number]) => onChange({ ...limits, caps: limits.caps.map((each, at) => (at === index ? cap : each)) });
  return (
    <div class="stack">
      <TextField type="number" label={t("contact.waiting")} value={String(limits.waiting_days)} onInput={(text) => onChange({ ...limits, waiting_days: whole(text) })} hint={t("contact.waiting.hint")} />
      {limits.caps.map(([days, most], index) => (
        <div key={index} class="row wrap cap-row" role="group" aria-label={t("contact.caps")}>
          <TextField type="number" label={t("contact.cap.most")} value={String(most)} onInput={(text) => set(index, [days, whole(text)])} required />
          <TextField type="number" label={t("contact.cap.days")} value={String(days)} onInput={(text) => set(index, [whole(text), most])} required />
          <Button look="quiet" aria-label={t("contact.cap.remove", { n: most, days })} onClick={() => onChange({ ...limits, caps: limits.caps.filter((_, at) => at !== index) })}>
            {t("contact.remove")}
          </Button>
        </div>
      ))}
      {limits.caps.length < 8 && (
        <p>
          <Button look="soft" onClick={() => onChange({ ...limits, caps: [...limits.caps, [30, 1]] })}>
            {t("contact.cap.add")}
          </Button>
        </p>
      )}
    </div>
  );
}

function Channels({ draft, change }: Part) {
  const set = (index: number, part: Partial<Draft["channels"][number]>) =>
    change({ channels: draft.channels.map((each, at) => (at === index ? { ...each, ...part } : each)) });
  return (
    <Sheet title={t("contact.channels")}>
      <div class="stack roomy">
        {draft.channels.length === 0 && <p class="dim">{t("contact.channels.none")}</p>}
        {draft.channels.map((each, index) => (
          <fieldset key={index} class="stack part">
            <legend class="away">{cleanLine(each.name)}</legend>
            <TextField label={t("contact.channel")} value={each.name} onInput={(name) => set(index, { name })} required />
            <Limits limits={each.limits} onChange={(limits) => set(index, { limits })} />
            <p>
              <Button look="quiet" aria-label={t("contact.channel.remove", { channel: each.name })} onClick={() => change({ channels: draft.channels.filter((_, at) => at !== index) })}>
                {t("contact.remove")}
              </Button>
            </p>
          </fieldset>
        ))}
        <p>
          <Button look="soft" onClick={() => change({ channels: [...draft.channels, { name: "email", limits: { waiting_days: 0, caps: [[30, 2]] } }] })}>
            {t("contact.channel.add")}
          </Button>
        </p>
      </div>
    </Sheet>
  );
}

function Quiet({ draft, change }: Part) {
  return (
    <Sheet title={t("contact.quiet")}>
      <div class="stack">
        <label class="row">
          <input type="checkbox" checked={draft.quiet} onChange={(event) => change({ quiet: event.currentTarget.checked })} />
          <span>{t("contact.quiet.on")}</span>
        </label>
        {draft.quiet && (
          <>
            <div class="row wrap cap-row">
              <TextField type="time" label={t("contact.quiet.from")} value={draft.from} onInput={(from) => change({ from })} required />
              <TextField type="time" label={t("contact.quiet.to")} value={draft.to} onInput={(to) => change({ to })} required />
            </div>
            <TextField label={t("contact.quiet.except")} value={draft.except} onInput={(except) => change({ except })} hint={t("contact.quiet.except.hint")} />
          </>
        )}
      </div>
    </Sheet>
  );
}

function Purposes({ draft, change }: Part) {
  const set = (index: number, part: Partial<ContactPurpose>) =>
    change({ purposes: draft.purposes.map((each, at) => (at === index ? { ...each, ...part } : each)) });
  return (
    <Sheet title={t("contact.purposes")}>
      <div class="stack roomy">
        {draft.purposes.map((purpose, index) => (
          <fieldset key={index} class="stack part">
            <legend>
              <b>{cleanLine(purpose.title || purpose.name) || t("contact.purpose.new")}</b>
            </legend>
            <TextField label={t("contact.purpose.name")} value={purpose.name} onInput={(name) => set(index, { name })} hint={t("contact.purpose.name.hint")} required />
            <TextField label={t("contact.purpose.title")} value={purpose.title} onInput={(title) => set(index, { title })} />
            <Select
              label={t("contact.purpose.consent")}
              value={purpose.consent}
              onChange={(consent) => set(index, { consent })}
              options={[
                { value: "needed", text: t("contact.purpose.needed") },
                { value: "not needed", text: t("contact.purpose.not.needed") },
              ]}
            />
            {purpose.consent === "needed" ? (
              <TextField label={t("contact.purpose.wording")} value={purpose.wording} onInput={(wording) => set(index, { wording })} required />
            ) : (
              <TextField label={t("contact.purpose.reason")} value={purpose.reason} onInput={(reason) => set(index, { reason })} hint={t("contact.purpose.reason.hint")} required />
            )}
            <p>
              <Button
                look="quiet"
                aria-label={t("contact.purpose.remove", { name: purpose.title || purpose.name || t("contact.purpose.new") })}
                onClick={() => change({ purposes: draft.purposes.filter((_, at) => at !== index) })}
              >
                {t("contact.remove")}
              </Button>
            </p>
          </fieldset>
        ))}
        <p>
          <Button look="soft" onClick={() => change({ purposes: [...draft.purposes, { name: "", title: "", consent: "needed", reason: "", wording: "" }] })}>
            {t("contact.purpose.add")}
          </Button>
        </p>
      </div>
    </Sheet>
  );
}
