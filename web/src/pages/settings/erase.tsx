// Erasing one customer: what would go, why, and the identifier typed again: nothing brings it back.
import { useState } from "preact/hooks";
import { ApiError, api } from "../../api/client";
import { useLoad } from "../../api/hooks";
import { Button, Note, Problem, Skeleton } from "../../parts/basic";
import { Dialog } from "../../parts/dialog";
import { TextField } from "../../parts/field";
import { toast } from "../../parts/toast";
import { cleanLine } from "../../safe";
import { t } from "../../strings";

export function EraseDialog({ id, onClose, onDone }: { id: string; onClose: () => void; onDone: () => void }) {
  const preview = useLoad(`erase ${id}`, () => api.erasePreview(id));
  const [typed, setTyped] = useState("");
  const [reason, setReason] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<ApiError>();
  const would = preview.data?.would_erase;
  const erase = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    setError(undefined);
    try {
      const done = await api.erase(id, reason.trim());
      toast(t("erase.done", { receipt: done.receipt }));
      onDone();
      onClose();
    } catch (problem) {
      if (problem instanceof ApiError) setError(problem);
      setBusy(false);
    }
  };
  return (
    <Dialog title={t("erase.title", { name: cleanLine(id) })} onClose={onClose}>
      <form class="stack" onSubmit={(event) => void erase(event)}>
        {preview.error && <Problem error={preview.error} />}
        {!would && !preview.error && <Skeleton rows={2} />}
        {would && <Note tone="warn">{t("erase.would", { events: would.events, identifiers: would.identifiers })}</Note>}
        <p>{t("erase.note")}</p>
        <TextField label={t("erase.reason")} value={reason} onInput={setReason} autofocus />
        <TextField label={t("erase.type", { id: cleanLine(id) })} value={typed} onInput={setTyped} required />
        {error && <Problem error={error} />}
        <p class="row end">
          <Button look="quiet" onClick={onClose}>
            {t("cancel")}
          </Button>
          <Button type="submit" look="danger" disabled={busy || !would || typed.trim() !== cleanLine(id).trim()}>
            {busy ? t("erase.busy") : t("erase")}
          </Button>
        </p>
      </form>
    </Dialog>
  );
}
