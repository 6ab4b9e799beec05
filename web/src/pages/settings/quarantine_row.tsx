// One row of the quarantine: why it is here, and its text, to be mended by hand with the verdict beside it.
import { useEffect, useState } from "preact/hooks";
import { ApiError, api } from "../../api/client";
import { useLoad } from "../../api/hooks";
import type { MendExample, QuarantineRow } from "../../api/types";
import { formatBytes } from "../../format";
import { Button, CopyButton, Moment, Note, Problem, Skeleton } from "../../parts/basic";
import { Dialog } from "../../parts/dialog";
import { toast } from "../../parts/toast";
import { cleanLine, cleanText } from "../../safe";
import { t } from "../../strings";
import { toldOf, verdictText } from "./quarantine_groups";
import { laidOut } from "./quarantine_text";

/** How long nobody types before the server is asked what it would say. */
const PAUSE_MS = 350;

export function RowDialog({ id, onClose, onChanged }: { id: string; onClose: () => void; onChanged: () => void }) {
  const load = useLoad(id, () => api.quarantined(id));
  const row = load.data;
  return (
    <Dialog title={t("quarantine.row", { id })} onClose={onClose} wide>
      {load.error && <Problem error={load.error} retry={load.reload} />}
      {!row && !load.error && <Skeleton rows={5} />}
      {row && (
        <div class="stack">
          <Facts row={row} />
          <div class="well-head">
            <h3>{t("quarantine.bytes")}</h3>
            <CopyButton text={row.raw ?? row.preview} />
          </div>
          <pre class="well wrap" tabIndex={0} aria-label={t("quarantine.bytes")}>
            {cleanText(row.raw ?? row.preview)}
          </pre>
          <Mending key={row.id} row={row} onChanged={onChanged} />
        </div>
      )}
    </Dialog>
  );
}

function Facts({ row }: { row: QuarantineRow }) {
  return (
    <dl class="facts">
      <div>
        <dt>{t("quarantine.reason")}</dt>
        <dd>
          {cleanLine(row.reason)} {row.field && <code class="pointer">{cleanLine(row.field)}</code>}
        </dd>
      </div>
      <div>
        <dt>{t("live.source")}</dt>
        <dd>{cleanLine(row.source)}</dd>
      </div>
      <div>
        <dt>{t("quarantine.when")}</dt>
        <dd>
          <Moment at={row.received_at}>{row.received_at}</Moment>
        </dd>
      </div>
      <div>
        <dt>{t("quarantine.size")}</dt>
        <dd>{formatBytes(row.bytes)}</dd>
      </div>
    </dl>
  );
}

function Mending({ row, onChanged }: { row: QuarantineRow; onChanged: () => void }) {
  const first = row.document ? laidOut(row.document) : (row.raw ?? row.preview);
  const [text, setText] = useState(first);
  const [verdict, setVerdict] = useState<{ of: string; example: MendExample } | null>(null);
  const [error, setError] = useState<ApiError | null>(null);
  const [busy, setBusy] = useState(false);
  const [sure, setSure] = useState(false);
  const changed = text !== first;
  const ask = (dry_run: boolean, signal?: AbortSignal) =>
    changed ? api.mend("fix", { ids: [row.id], text, dry_run, examples: 1 }, signal) : api.mend("replay", { ids: [row.id], dry_run, examples: 1 }, signal);
  useEffect(() => {
    const abort = new AbortController();
    const timer = setTimeout(() => {
      ask(true, abort.signal).then(
        (answer) => {
          if (abort.signal.aborted) return;
          setError(null);
          if (answer.examples[0]) setVerdict({ of: text, example: answer.examples[0] });
        },
        (caught: unknown) => {
          if (!abort.signal.aborted) setError(caught instanceof ApiError ? caught : new ApiError({ title: String(caught), status: -1 }));
        },
      );
    }, PAUSE_MS);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [text]);
  const settled = verdict?.of === text ? verdict.example : null;
  const good = settled?.verdict === "stored" || settled?.verdict === "duplicate";
  const act = async (run: () => ReturnType<typeof api.mend>) => {
    setBusy(true);
    try {
      toast(toldOf(await run()));
      onChanged();
    } catch (caught) {
      setError(caught instanceof ApiError ? caught : new ApiError({ title: String(caught), status: -1 }));
    }
    setBusy(false);
  };
  return (
    <form
      class="stack"
      onSubmit={(event) => {
        event.preventDefault();
        if (good && !busy) void act(() => ask(false));
      }}
    >
      <div class="field">
        <label for="mend-text">{t("quarantine.hand")}</label>
        <textarea
          id="mend-text"
          class="input code"
          rows={Math.min(14, Math.max(4, first.split("\n").length + 1))}
          value={text}
          spellcheck={false}
          dir="ltr"
          maxLength={500_000}
          aria-describedby="mend-verdict"
          onInput={(event) => setText(event.currentTarget.value)}
        />
        <p id="mend-verdict" class={good ? "field-hint good" : "field-hint"} aria-live="polite">
          {settled ? t("quarantine.verdict.now", { verdict: verdictText(settled) }) : t("quarantine.asking")}
        </p>
      </div>
      {error && <Problem error={error} />}
      {sure && <Note tone="warn">{t("quarantine.discard.note", { n: 1 })}</Note>}
      <div class="form-acts">
        <Button look="primary" type="submit" disabled={!good || busy}>
          {changed ? t("quarantine.fix.one") : t("quarantine.again.one")}
        </Button>
        {changed && (
          <Button look="quiet" onClick={() => setText(first)}>
            {t("quarantine.as.it.came")}
          </Button>
        )}
        <Button
          look={sure ? "danger" : "quiet"}
          disabled={busy}
          onClick={() => (sure ? void act(() => api.mend("discard", { ids: [row.id] })) : setSure(true))}
        >
          {sure ? t("quarantine.discard.n", { n: 1 }) : t("quarantine.discard")}
        </Button>
      </div>
    </form>
  );
}
