// How the events of a source are taken: its channel and zone, and what is masked before anything is stored.
import { useState } from "preact/hooks";
import { ApiError, api } from "../../api/client";
import type { SourcePattern, SourceRow } from "../../api/types";
import { Button, Note, Problem } from "../../parts/basic";
import { Dialog } from "../../parts/dialog";
import { TextField } from "../../parts/field";
import { toast } from "../../parts/toast";
import { t } from "../../strings";
import { ORIGIN_EXAMPLE } from "./sdk";

const MASKS = ["email", "phone", "card", "iban", "ip"] as const;
const PATTERNS_MOST = 20;

export function SourceSettings({ source, channels, onClose, onSaved }: { source: SourceRow; channels: string[]; onClose: () => void; onSaved: () => void }) {
  const before = source.settings ?? {};
  const [channel, setChannel] = useState(source.default_channel ?? "");
  const [zone, setZone] = useState(before.zone ?? "");
  const [origins, setOrigins] = useState((before.origins ?? []).join(", "));
  const [mask, setMask] = useState<string[]>(before.mask ?? []);
  const [patterns, setPatterns] = useState<SourcePattern[]>(before.patterns ?? []);
  const [minute, setMinute] = useState(before.quota_minute ? String(before.quota_minute) : "");
  const [day, setDay] = useState(before.quota_day ? String(before.quota_day) : "");
  const [error, setError] = useState<ApiError>();
  const save = async (event: Event) => {
    event.preventDefault();
    setError(undefined);
    const pages = origins.split(/[\s,]+/).filter(Boolean);
    const whole = patterns.filter((each) => each.name.trim() && each.pattern);
    try {
      await api.saveSource({
        name: source.name,
        default_channel: channel.trim() || null,
        settings: { zone: zone.trim() || null, origins: pages.length ? pages : null, mask: mask.length ? mask : null, patterns: whole.length ? whole : null, quota_minute: Number(minute) || null, quota_day: Number(day) || null },
      });
      toast(t("sources.saved", { name: source.name }));
      onSaved();
      onClose();
    } catch (problem) {
      if (problem instanceof ApiError) setError(problem);
    }
  };
  return (
    <Dialog title={t("sources.settings", { name: source.name })} onClose={onClose}>
      <form class="stack" onSubmit={(event) => void save(event)}>
        <TextField label={t("sources.channel.default")} value={channel} onInput={setChannel} list={channels} hint={t("sources.channel.hint")} />
        <TextField label={t("sources.zone")} value={zone} onInput={setZone} hint={t("sources.zone.hint")} placeholder={Intl.DateTimeFormat().resolvedOptions().timeZone} />
        <TextField label={t("sources.origins")} value={origins} onInput={setOrigins} hint={t("sources.origins.hint")} placeholder={ORIGIN_EXAMPLE} />
        <fieldset class="radios">
          <legend>{t("sources.mask")}</legend>
          <p class="small dim">{t("sources.mask.about")}</p>
          <div class="choices-row">
            {MASKS.map((kind) => (
              <label key={kind}>
                <input type="checkbox" checked={mask.includes(kind)} onChange={(event) => setMask(MASKS.filter((each) => (each === kind ? event.currentTarget.checked : mask.includes(each))))} />
                <span>{t(`mask.${kind}`)}</span>
              </label>
            ))}
          </div>
        </fieldset>
        <fieldset class="choice-list">
          <legend>{t("sources.patterns")}</legend>
          {patterns.map((each, at) => (
            <div key={at} class="row end">
              <TextField label={t("sources.pattern.name")} value={each.name} onInput={(name) => setPatterns(patterns.map((other, index) => (index === at ? { ...other, name } : other)))} />
              <TextField label={t("sources.pattern")} value={each.pattern} onInput={(pattern) => setPatterns(patterns.map((other, index) => (index === at ? { ...other, pattern } : other)))} />
              <Button look="quiet" icon="close" aria-label={t("sources.pattern.remove", { name: each.name })} onClick={() => setPatterns(patterns.filter((_, index) => index !== at))} />
            </div>
          ))}
          <Button look="quiet" icon="plus" disabled={patterns.length >= PATTERNS_MOST} onClick={() => setPatterns([...patterns, { name: "", pattern: "" }])}>
            {t("sources.pattern.add")}
          </Button>
        </fieldset>
        <Note>{t("sources.mask.note")}</Note>
        <div class="two-fields">
          <TextField label={t("sources.quota.minute")} type="number" value={minute} onInput={setMinute} />
          <TextField label={t("sources.quota.day")} type="number" value={day} onInput={setDay} hint={t("sources.quota.hint")} />
        </div>
        {error && <Problem error={error} />}
        <p class="row end">
          <Button look="quiet" onClick={onClose}>
            {t("cancel")}
          </Button>
          <Button type="submit" look="primary">
            {t("sources.save")}
          </Button>
        </p>
      </form>
    </Dialog>
  );
}
