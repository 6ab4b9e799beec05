// For how long things are kept: rules, and what they would take now.
import { useEffect, useState } from "preact/hooks";
import { ApiError, api } from "../../api/client";
import { useLoad } from "../../api/hooks";
import type { RetentionPreview, RetentionRules } from "../../api/types";
import { Button, Note, Problem, Sheet, Skeleton } from "../../parts/basic";
import { Select, TextField } from "../../parts/field";
import { toast } from "../../parts/toast";
import { t } from "../../strings";

interface Line {
  event: string;
  source: string;
  what: "rows" | "words";
  days: string;
}

const linesOf = (rules: RetentionRules): Line[] =>
  rules.rules.map((rule) => ({ event: rule.event ?? "", source: rule.source ?? "", what: rule.words ? "words" : "rows", days: String(rule.keep_days) }));

// Kinds of data that are no events: an age each.
const KINDS = ["quarantine", "responses", "audit"] as const;
type Ages = Record<(typeof KINDS)[number], string>;

const agesOf = (rules: RetentionRules): Ages => {
  const text = (days: number | null) => (days === null ? "" : String(days));
  return { quarantine: text(rules.quarantine_days), responses: text(rules.responses_days), audit: text(rules.audit_days) };
};

const rulesOf = (lines: Line[], ages: Ages): RetentionRules => {
  const days = (text: string) => (text.trim() ? Number(text) : null);
  return {
    rules: lines.map((line) => ({ event: line.event.trim() || null, source: line.source.trim() || null, words: line.what === "words", keep_days: Number(line.days) })),
    quarantine_days: days(ages.quarantine),
    responses_days: days(ages.responses),
    audit_days: days(ages.audit),
  };
};

function Would({ would }: { would: RetentionPreview }) {
  const { events, words, quarantined, responses, suspects, links, audit } = would;
  return (
    <Note tone={suspects > 0 ? "warn" : undefined}>
      {t("keeping.would", { events, words, quarantined })} {t("keeping.would.state", { responses, links, audit })}
      {suspects > 0 && <strong> {t("keeping.would.suspects", { suspects })}</strong>}
    </Note>
  );
}

export function Retention({ may }: { may: boolean }) {
  const load = useLoad("retention", () => api.retention());
  const [lines, setLines] = useState<Line[]>([]);
  const [ages, setAges] = useState<Ages>({ quarantine: "", responses: "", audit: "" });
  const [would, setWould] = useState<RetentionPreview>();
  const [error, setError] = useState<ApiError>();
  useEffect(() => {
    if (!load.data) return;
    setLines(linesOf(load.data));
    setAges(agesOf(load.data));
  }, [load.data]);
  const attempt = async (work: () => Promise<void>) => {
    setError(undefined);
    try {
      await work();
    } catch (problem) {
      if (problem instanceof ApiError) setError(problem);
    }
  };
  const save = (event: Event) => {
    event.preventDefault();
    void attempt(async () => {
      await api.saveRetention(rulesOf(lines, ages));
      toast(t("keeping.saved"));
    });
  };
  const look = () =>
    void attempt(async () => {
      setWould(await api.retentionPreview(rulesOf(lines, ages)));
    });
  const set = (at: number, part: Partial<Line>) => setLines(lines.map((line, i) => (i === at ? { ...line, ...part } : line)));
  return (
    <Sheet title={t("keeping.title")}>
      {load.error && <Problem error={load.error} retry={load.reload} />}
      {!load.data && !load.error && <Skeleton rows={3} />}
      {load.data && (
        <form class="stack" onSubmit={save}>
          <p class="small dim">{t("keeping.note")}</p>
          {lines.length === 0 && KINDS.every((kind) => !ages[kind].trim()) && <p>{t("keeping.none")}</p>}
          {lines.map((line, at) => (
            <div class="row wrap" key={at} role="group" aria-label={`${at + 1}`}>
              <TextField label={t("keeping.event")} value={line.event} onInput={(event) => set(at, { event })} />
              <TextField label={t("keeping.source")} value={line.source} onInput={(source) => set(at, { source })} />
              <Select
                label={t("keeping.what")}
                value={line.what}
                onChange={(what) => set(at, { what })}
                options={[
                  { value: "rows", text: t("keeping.rows") },
                  { value: "words", text: t("keeping.words") },
                ]}
              />
              <TextField label={t("keeping.days")} type="number" value={line.days} onInput={(days) => set(at, { days })} required />
              <Button look="quiet" icon="close" aria-label={t("keeping.remove", { n: at + 1 })} onClick={() => setLines(lines.filter((_, i) => i !== at))} />
            </div>
          ))}
          <p class="row">
            <Button look="soft" onClick={() => setLines([...lines, { event: "", source: "", what: "rows", days: "365" }])}>
              {t("keeping.add")}
            </Button>
          </p>
          <fieldset class="stack">
            <legend>{t("keeping.ages")}</legend>
            <p class="small dim">{t("keeping.ages.note")}</p>
            {KINDS.map((kind) => (
              <TextField key={kind} label={t(`keeping.${kind}`)} hint={t(`keeping.${kind}.note`)} type="number" value={ages[kind]} onInput={(days) => setAges({ ...ages, [kind]: days })} />
            ))}
          </fieldset>
          {would && <Would would={would} />}
          {error && <Problem error={error} />}
          <p class="row">
            <Button type="submit" look="primary" disabled={!may}>
              {t("save")}
            </Button>
            <Button look="soft" onClick={look}>
              {t("keeping.preview")}
            </Button>
            {!may && <span class="small dim">{t("admin.only")}</span>}
          </p>
        </form>
      )}
    </Sheet>
  );
}
