// Who asked to be erased, by when, and closing it.
import { useState } from "preact/hooks";
import { ApiError, api } from "../../api/client";
import { useLoad } from "../../api/hooks";
import type { ErasureRow } from "../../api/types";
import { formatDate } from "../../format";
import { Button, Moment, Problem, Sheet, Skeleton, Tag } from "../../parts/basic";
import { Dialog } from "../../parts/dialog";
import { TextField } from "../../parts/field";
import { toast } from "../../parts/toast";
import { cleanLine } from "../../safe";
import { t } from "../../strings";
import { EraseDialog } from "./erase";

export function Erasures({ may, onErased }: { may: boolean; onErased: () => void }) {
  const load = useLoad("erasures", () => api.erasures());
  const [closing, setClosing] = useState<ErasureRow>();
  const [erasing, setErasing] = useState<string>();
  const list = load.data?.requests ?? [];
  return (
    <Sheet title={t("erasures.title")} flush>
      {load.error && <Problem error={load.error} retry={load.reload} />}
      {!load.data && !load.error && <Skeleton rows={2} />}
      {load.data && <p class="sheet-body small dim">{list.length === 0 ? t("erasures.none") : t("erasures.note")}</p>}
      <ul class="plain rows">
        {list.map((each) => (
          <li key={each.id} class="row">
            <span class="clip">
              {each.closed_by && each.customer.startsWith("er_") ? (
                <code class="small">{cleanLine(each.customer)}</code>
              ) : (
                <a href={`/customers/${encodeURIComponent(each.customer)}`} dir="auto">
                  {cleanLine(each.customer)}
                </a>
              )}
              <small class="dim block">
                {t("erasures.asked")} <Moment at={each.asked} /> · {t("erasures.due")} <Moment at={each.due}>{formatDate(each.due)}</Moment>
                {each.closed && (
                  <>
                    {" "}
                    · {t("erasures.closed")} <Moment at={each.closed} /> {t("erasures.by", { name: cleanLine(each.closed_by ?? "") })}
                  </>
                )}
              </small>
              {each.note && <small class="block">{cleanLine(each.note)}</small>}
            </span>
            <span class="push row">
              {each.overdue && <Tag tone="bad">{t("erasures.late")}</Tag>}
              {!each.closed && may && (
                <Button look="danger" aria-label={t("erase.title", { name: cleanLine(each.customer) })} onClick={() => setErasing(each.customer)}>
                  {t("erase")} …
                </Button>
              )}
              {!each.closed && (
                <Button look="soft" aria-label={t("erasures.close.one", { customer: each.customer })} onClick={() => setClosing(each)}>
                  {t("erasures.close")}
                </Button>
              )}
            </span>
          </li>
        ))}
      </ul>
      {erasing && <EraseDialog id={erasing} onClose={() => setErasing(undefined)} onDone={onErased} />}
      {closing && <Close row={closing} onClose={() => setClosing(undefined)} onDone={load.reload} />}
    </Sheet>
  );
}

function Close({ row, onClose, onDone }: { row: ErasureRow; onClose: () => void; onDone: () => void }) {
  const [note, setNote] = useState("");
  const [error, setError] = useState<ApiError>();
  const close = async (event: Event) => {
    event.preventDefault();
    try {
      await api.closeErasure(row.id, note.trim());
      toast(t("erasures.closed.one", { customer: row.customer }));
      onDone();
      onClose();
    } catch (problem) {
      if (problem instanceof ApiError) setError(problem);
    }
  };
  return (
    <Dialog title={t("erasures.close.one", { customer: row.customer })} onClose={onClose}>
      <form class="stack" onSubmit={(event) => void close(event)}>
        <p>{t("erasures.close.what")}</p>
        <TextField label={t("erasures.close.note")} value={note} onInput={setNote} required autofocus />
        {error && <Problem error={error} />}
        <p class="row end">
          <Button look="quiet" onClick={onClose}>
            {t("cancel")}
          </Button>
          <Button type="submit" look="primary" disabled={!note.trim()}>
            {t("erasures.close")}
          </Button>
        </p>
      </form>
    </Dialog>
  );
}
