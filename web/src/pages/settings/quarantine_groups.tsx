// What is wrong with how many rows, and a fix for them: looked at on a few rows, then done to all.
import { useState } from "preact/hooks";
import { ApiError, api } from "../../api/client";
import { useLoad } from "../../api/hooks";
import type { MendExample, MendRows, Mended, QuarantineGroup } from "../../api/types";
import { Button, Empty, Note, Problem, Skeleton } from "../../parts/basic";
import { Dialog } from "../../parts/dialog";
import { toast } from "../../parts/toast";
import { cleanLine, cleanText } from "../../safe";
import { t } from "../../strings";

const rowsOf = (group: QuarantineGroup): MendRows => ({ source: group.source, reason: group.reason, field: group.field ?? "" });
const addressOf = (group: QuarantineGroup): string =>
  `/settings/quarantine?${new URLSearchParams({ source: group.source, reason: group.reason, ...(group.field ? { field: group.field } : {}) })}`;

/** What was done, in one line. */
export const toldOf = (done: Mended): string =>
  [
    t("quarantine.told.stored", { n: done.stored }),
    ...(["duplicate", "quarantined", "refused", "absent"] as const).filter((name) => done[name] > 0).map((name) => t(`quarantine.told.${name}`, { n: done[name] })),
  ].join(", ");

/** All rows, call after call, each of which takes at most some thousands. */
async function mendAll(verb: "fix" | "replay" | "discard", body: Parameters<typeof api.mend>[1]): Promise<Mended> {
  let sum = await api.mend(verb, body);
  while (sum.cursor !== null) {
    const next = await api.mend(verb, { ...body, cursor: sum.cursor });
    for (const name of ["rows", "stored", "duplicate", "quarantined", "refused", "absent", "unfit"] as const) next[name] += sum[name];
    sum = { ...next, examples: sum.examples };
  }
  return sum;
}

export function QuarantineGroups({ load, onChanged }: { load: ReturnType<typeof useGroups>; onChanged: () => void }) {
  const [doing, setDoing] = useState<{ group: QuarantineGroup; verb: "fix" | "replay" | "discard" } | null>(null);
  const groups = load.data?.groups ?? [];
  return (
    <section class="sheet" aria-label={t("quarantine.groups")} aria-busy={load.loading}>
      <header class="sheet-head">
        <h2>{t("quarantine.groups")}</h2>
        {load.data && <span class="push small dim">{t("quarantine.waiting", { n: load.data.total })}</span>}
      </header>
      {load.error && <Problem error={load.error} retry={load.reload} />}
      {!load.data && !load.error && <Skeleton rows={4} height={160} />}
      {load.data && groups.length === 0 && <Empty>{t("quarantine.empty")}</Empty>}
      {groups.length > 0 && (
        <ul class="rows mend-groups">
          {groups.map((group) => (
            <li key={`${group.source}|${group.reason}|${group.field}`}>
              <div class="mend-what">
                <p>
                  <b class="strong">{cleanLine(group.reason)}</b> {group.field && <code class="pointer">{cleanLine(group.field)}</code>}
                </p>
                <p class="small dim">
                  <bdi>{cleanLine(group.source)}</bdi>
                  {" · "}
                  <a class="opens" href={addressOf(group)}>
                    {t("quarantine.rows", { n: group.rows })}
                  </a>
                </p>
                {group.suggestion && (
                  <p class="small">
                    <span class="dim">{t("quarantine.suggestion")}</span> {cleanLine(group.suggestion.title)}
                  </p>
                )}
              </div>
              <div class="mend-acts">
                {group.suggestion ? (
                  <Button
                    look="primary"
                    onClick={() => setDoing({ group, verb: group.suggestion!.patch.length > 0 ? "fix" : "replay" })}
                    aria-label={t("quarantine.preview.of", { n: group.rows, reason: cleanLine(group.reason) })}
                  >
                    {t("quarantine.preview", { n: group.rows })}
                  </Button>
                ) : (
                  <Button look="soft" onClick={() => setDoing({ group, verb: "replay" })} aria-label={t("quarantine.again.of", { reason: cleanLine(group.reason) })}>
                    {t("quarantine.again")}
                  </Button>
                )}
                <Button look="quiet" onClick={() => setDoing({ group, verb: "discard" })} aria-label={t("quarantine.discard.of", { reason: cleanLine(group.reason) })}>
                  {t("quarantine.discard")}
                </Button>
              </div>
            </li>
          ))}
        </ul>
      )}
      {load.data && load.data.rest > 0 && <p class="small dim center more">{t("quarantine.rest", { n: load.data.rest })}</p>}
      {doing && (
        <MendDialog
          {...doing}
          onClose={() => setDoing(null)}
          onDone={(done) => {
            setDoing(null);
            toast(toldOf(done));
            onChanged();
          }}
        />
      )}
    </section>
  );
}

export const useGroups = () => useLoad("groups", () => api.quarantineGroups());

interface DialogProps {
  group: QuarantineGroup;
  verb: "fix" | "replay" | "discard";
  onClose: () => void;
  onDone: (done: Mended) => void;
}

function MendDialog({ group, verb, onClose, onDone }: DialogProps) {
  const patch = verb === "fix" ? { patch: group.suggestion?.patch ?? [] } : {};
  const body = { ...rowsOf(group), ...patch };
  const trial = useLoad(`${verb} ${JSON.stringify(body)}`, () => mendAll(verb, { ...body, dry_run: true, examples: 3 }));
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<ApiError | null>(null);
  const seen = trial.data;
  const some = seen ? seen.rows - seen.quarantined - seen.absent : 0;
  const run = async () => {
    setBusy(true);
    setError(null);
    try {
      onDone(await mendAll(verb, body));
    } catch (caught) {
      setError(caught instanceof ApiError ? caught : new ApiError({ title: String(caught), status: -1 }));
      setBusy(false);
    }
  };
  const title = verb === "fix" ? cleanLine(group.suggestion?.title ?? "") : verb === "replay" ? t("quarantine.again") : t("quarantine.discard.title", { n: group.rows });
  return (
    <Dialog title={title} onClose={onClose} wide>
      <div class="stack">
        <p>
          {cleanLine(group.reason)} {group.field && <code class="pointer">{cleanLine(group.field)}</code>} <span class="dim">· {cleanLine(group.source)}</span>
        </p>
        {trial.error && <Problem error={trial.error} retry={trial.reload} />}
        {!seen && !trial.error && <Skeleton rows={4} height={160} />}
        {seen && verb !== "discard" && <p aria-live="polite">{t("quarantine.would", { told: toldOf(seen) })}</p>}
        {seen && verb === "discard" && <Note tone="warn">{t("quarantine.discard.note", { n: some })}</Note>}
        {seen && verb !== "discard" && seen.examples.map((example) => <Example key={example.id} example={example} />)}
        {error && <Problem error={error} />}
        {seen && (
          <div class="form-acts">
            <Button look={verb === "discard" ? "danger" : "primary"} disabled={busy || some === 0} onClick={() => void run()}>
              {verb === "discard" ? t("quarantine.discard.n", { n: some }) : verb === "fix" ? t("quarantine.fix.n", { n: some }) : t("quarantine.again.n", { n: some })}
            </Button>
            <Button look="quiet" onClick={onClose}>
              {t("cancel")}
            </Button>
          </div>
        )}
      </div>
    </Dialog>
  );
}

function Example({ example }: { example: MendExample }) {
  return (
    <figure class="mend-example" aria-label={t("quarantine.row", { id: example.id })}>
      <figcaption class="small dim">
        {t("quarantine.row", { id: example.id })}: {verdictText(example)}
      </figcaption>
      <pre class="well wrap" tabIndex={0} aria-label={t("quarantine.before")}>
        {cleanText(example.before)}
      </pre>
      {example.after !== null && (
        <pre class="well wrap after" tabIndex={0} aria-label={t("quarantine.after")}>
          {cleanText(example.after)}
        </pre>
      )}
    </figure>
  );
}

export const verdictText = (example: MendExample): string => {
  const verdict = t(`quarantine.verdict.${example.verdict}`);
  return example.reason ? `${verdict}: ${cleanLine(example.reason)}${example.field ? ` (${cleanLine(example.field)})` : ""}` : verdict;
};

