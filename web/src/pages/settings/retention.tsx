// For how long things are kept: rules, and what they would take now.
import { useEffect, useState } from "preact/hooks";
import { ApiError, api } from "../../api/client";
import { useLoad } from "../../api/hooks";
import type { RetentionRules } from "../../api/types";
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

const rulesOf = (lines: Line[], quarantine: string): RetentionRules => ({
  rules: lines.map((line) => ({ event: line.event.trim() || null, source: line.source.trim() || null, words: line.what === "words", keep_days: Number(line.days) })),
  quarantine_days: quarantine.trim() ? Number(quarantine) : null,
});

export function Retention({ may }: { may: boolean }) {
  const load = useLoad("retention", () => api.retention());
  const [lines, setLines] = useState<Line[]>([]);
  const [quarantine, setQuarantine] = useState("");
  const [would, setWould] = useState<string>();
  const [error, setError] = useState<ApiError>();
  useEffect(() => {
    if (!load.data) return;
    setLines(linesOf(load.data));
    setQuarantine(load.data.quarantine_days === null ? "" : String(load.data.quarantine_days));
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
      await api.saveRetention(rulesOf(lines, quarantine));
      toast(t("keeping.saved"));
    });
  };
  const look = () =>
    void attempt(async () => {
      const { events, words, quarantined } = await api.retentionPreview(rulesOf(lines, quarantine));
      setWould(t("keeping.would", { events, words, quarantined }));
    });
  const set = (at: number, part: Partial<Line>) => setLines(lines.map((line, i) => (i === at ? { ...line, ...part } : line)));
  return (
    <Sheet title={t("keeping.title")}>
      {load.error && <Problem error={load.error} retry={load.reload} />}
      {!load.data && !load.error && <Skeleton rows={3} />}
      {load.data && (
        <form class="stack" onSubmit={save}>
          <p class="small dim">{t("keeping.note")}</p>
          {lines.length === 0 && <p>{t("keeping.none")}</p>}
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
          <TextField label={t("keeping.quarantine")} type="number" value={quarantine} onInput={setQuarantine} />
          {would && <Note>{would}</Note>}
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
