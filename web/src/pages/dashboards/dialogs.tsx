// What stands on a dashboard is chosen and written in dialogs.
import { useId, useState } from "preact/hooks";
import type { SavedView } from "../../api/types";
import { Button, Empty } from "../../parts/basic";
import { Dialog } from "../../parts/dialog";
import { Select, TextField } from "../../parts/field";
import { cleanLine } from "../../safe";
import { t } from "../../strings";
import { TEXT_BYTES } from "./state";

const bytes = (text: string): number => new TextEncoder().encode(text).length;

function Actions({ ready, save, onClose }: { ready: boolean; save: string; onClose: () => void }) {
  return (
    <p class="row end">
      <Button look="quiet" onClick={onClose}>
        {t("cancel")}
      </Button>
      <Button type="submit" look="primary" disabled={!ready}>
        {save}
      </Button>
    </p>
  );
}

export function ViewDialog({ views, onPick, onClose }: { views: SavedView[]; onPick: (view: number) => void; onClose: () => void }) {
  const list = views.filter((view) => view.page === "journeys");
  const [chosen, setChosen] = useState(String(list[0]?.id ?? ""));
  return (
    <Dialog title={t("tile.add.view")} onClose={onClose}>
      {list.length === 0 ? (
        <Empty action={<a class="button" href="/journeys/trends">{t("dashboards.empty.do")}</a>}>{t("tile.no.views")}</Empty>
      ) : (
        <form
          class="stack"
          onSubmit={(event) => {
            event.preventDefault();
            onPick(Number(chosen));
            onClose();
          }}
        >
          <Select label={t("tile.which")} value={chosen} onChange={setChosen} options={list.map((view) => ({ value: String(view.id), text: cleanLine(view.name) }))} />
          <Actions ready={chosen !== ""} save={t("dashboards.add.do")} onClose={onClose} />
        </form>
      )}
    </Dialog>
  );
}

export function RenameDialog({ name: before, onSave, onClose }: { name: string; onSave: (name: string) => void; onClose: () => void }) {
  const [name, setName] = useState(before);
  return (
    <Dialog title={t("dashboards.rename")} onClose={onClose}>
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault();
          onSave(name.trim());
          onClose();
        }}
      >
        <TextField label={t("dashboards.name")} value={name} onInput={setName} required autofocus />
        <Actions ready={name.trim() !== ""} save={t("dashboards.save")} onClose={onClose} />
      </form>
    </Dialog>
  );
}

export function TextDialog({ text: before, onSave, onClose }: { text: string; onSave: (text: string) => void; onClose: () => void }) {
  const [text, setText] = useState(before);
  const id = useId();
  const long = bytes(text.trim()) > TEXT_BYTES;
  return (
    <Dialog title={t(before ? "tile.edit.text" : "tile.add.text")} onClose={onClose}>
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault();
          onSave(text.trim());
          onClose();
        }}
      >
        <div class="field">
          <label for={id}>{t("tile.text")}</label>
          <textarea id={id} class="input notes" rows={6} value={text} onInput={(event) => setText(event.currentTarget.value)} aria-describedby={`${id}-hint`} aria-invalid={long || undefined} autofocus />
          <p id={`${id}-hint`} class={long ? "field-hint bad" : "field-hint"}>
            {t(long ? "tile.text.long" : "tile.text.hint")}
          </p>
        </div>
        <Actions ready={text.trim() !== "" && !long} save={t("dashboards.save")} onClose={onClose} />
      </form>
    </Dialog>
  );
}
