// Imports: what each file brought, and taking one back after a look at what would go.
import { useState } from "preact/hooks";
import { ApiError, api } from "../../api/client";
import { useLoad } from "../../api/hooks";
import type { ImportGone, ImportRow } from "../../api/types";
import { formatNumber } from "../../format";
import { Page } from "../../frame/frame";
import { session } from "../../frame/session";
import { Button, Empty, Moment, Note, Problem, Sheet, Skeleton, Tag } from "../../parts/basic";
import { Dialog } from "../../parts/dialog";
import { TextField } from "../../parts/field";
import { toast } from "../../parts/toast";
import { cleanLine } from "../../safe";
import { useStore } from "../../store";
import { t } from "../../strings";
import { SettingsTabs } from "./page";

const COUNTS = ["received", "stored", "duplicate", "quarantined", "refused"] as const;
const TONES = { running: "pen", ended: "line", stopped: "warn", "taken back": "bad" } as const;

const toldOf = (gone: ImportGone): string =>
  [
    t("imports.gone.events", { n: gone.events }),
    ...(["quarantined", "joins"] as const).filter((name) => gone[name] > 0).map((name) => t(`imports.gone.${name}`, { n: gone[name] })),
  ].join(", ");

export function Imports() {
  const load = useLoad("imports", () => api.imports());
  const may = useStore(session)?.user.role === "admin";
  const [taking, setTaking] = useState<ImportRow>();
  const list = load.data?.imports;
  return (
    <Page above={<SettingsTabs here="imports" />} title={t("settings.imports")} lead={t("imports.lead")}>
      <Sheet title={t("imports.list")} flush>
        {load.error && <Problem error={load.error} retry={load.reload} />}
        {!list && !load.error && <Skeleton rows={4} />}
        {list?.length === 0 && <Empty example={<code>{t("imports.example")}</code>}>{t("imports.none")}</Empty>}
        {list && list.length > 0 && <ImportTable list={list} may={may} onTake={setTaking} />}
      </Sheet>
      {taking && <TakeBack row={taking} onClose={() => setTaking(undefined)} onDone={load.reload} />}
    </Page>
  );
}

function ImportTable({ list, may, onTake }: { list: ImportRow[]; may: boolean; onTake: (row: ImportRow) => void }) {
  return (
    <div class="scroll" tabIndex={0} role="group" aria-label={t("imports.list")}>
      <table class="table">
        <thead>
          <tr>
            <th scope="col">{t("imports.file")}</th>
            <th scope="col">{t("imports.state")}</th>
            {COUNTS.map((name) => (
              <th scope="col" key={name} class="num">
                {t(`ledger.${name}`)}
              </th>
            ))}
            <th scope="col">{t("imports.begun")}</th>
            <th scope="col">{t("imports.take")}</th>
          </tr>
        </thead>
        <tbody>
          {list.map((row) => (
            <ImportLine key={row.number} row={row} may={may} onTake={onTake} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function ImportLine({ row, may, onTake }: { row: ImportRow; may: boolean; onTake: (row: ImportRow) => void }) {
  const name = t("imports.one", { number: row.number, name: cleanLine(row.name) });
  return (
    <tr>
      <th scope="row">
        <span dir="auto">{name}</span>
        <small class="dim block" dir="auto">
          {cleanLine(row.source)}
        </small>
      </th>
      <td>
        <Tag tone={TONES[row.state]}>{t(`imports.state.${row.state}`)}</Tag>
        {row.taken_back && <small class="dim block">{toldOf(row.taken_back)}</small>}
      </td>
      {COUNTS.map((count) => (
        <td key={count} class={count === "quarantined" && row.quarantined > 0 ? "num warn" : "num"}>
          {formatNumber(row[count])}
        </td>
      ))}
      <td class="nowrap">{row.begun_at ? <Moment at={row.begun_at} /> : "–"}</td>
      <td class="num">
        {may && row.may_be_taken_back && (
          <Button look="soft" aria-label={t("imports.take.one", { name })} onClick={() => onTake(row)}>
            {t("imports.take")}
          </Button>
        )}
      </td>
    </tr>
  );
}

/** Shows what would go, and wants the number typed: what goes can only come back out of the file. */
function TakeBack({ row, onClose, onDone }: { row: ImportRow; onClose: () => void; onDone: () => void }) {
  const preview = useLoad(`import ${row.number}`, () => api.importPreview(row.number));
  const [typed, setTyped] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<ApiError>();
  const take = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    try {
      const done = await api.undoImport(row.number);
      toast(t("imports.taken", { number: row.number, told: toldOf(done.taken_back) }));
      onDone();
      onClose();
    } catch (problem) {
      if (problem instanceof ApiError) setError(problem);
      setBusy(false);
    }
  };
  return (
    <Dialog title={t("imports.take.title", { number: row.number })} onClose={onClose}>
      <form class="stack" onSubmit={(event) => void take(event)}>
        <p dir="auto">
          {cleanLine(row.name)} <span class="dim">· {cleanLine(row.source)}</span>
        </p>
        {preview.error && <Problem error={preview.error} retry={preview.reload} />}
        {!preview.data && !preview.error && <Skeleton rows={2} />}
        {preview.data && <Note tone="warn">{t("imports.would", { told: toldOf(preview.data.takes) })}</Note>}
        <p>{t("imports.note")}</p>
        <TextField label={t("imports.type", { number: row.number })} value={typed} onInput={setTyped} required autofocus />
        {error && <Problem error={error} />}
        <p class="row end">
          <Button look="quiet" onClick={onClose}>
            {t("cancel")}
          </Button>
          <Button type="submit" look="danger" disabled={busy || !preview.data || typed.trim() !== String(row.number)}>
            {busy ? t("imports.taking") : t("imports.take")}
          </Button>
        </p>
      </form>
    </Dialog>
  );
}
