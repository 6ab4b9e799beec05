// A saved view onto a dashboard: one that is there, or a new one.
import { useState } from "preact/hooks";
import { ApiError, api } from "../../api/client";
import { useLoad } from "../../api/hooks";
import type { SavedView } from "../../api/types";
import { Button, Problem } from "../../parts/basic";
import { Dialog } from "../../parts/dialog";
import { Select, TextField } from "../../parts/field";
import { toast } from "../../parts/toast";
import { cleanLine } from "../../safe";
import { t } from "../../strings";
import { bodyOf, withTiles } from "./state";

const NEW = "new";

export function AddToDashboard({ view, onClose }: { view: SavedView; onClose: () => void }) {
  const load = useLoad("dashboards", () => api.dashboards());
  const list = load.data?.dashboards ?? [];
  const [picked, setPicked] = useState<string>();
  const [name, setName] = useState("");
  const [error, setError] = useState<ApiError>();
  const chosen = picked ?? (list.length > 0 ? String(list[0]!.id) : NEW);
  const save = async (event: Event) => {
    event.preventDefault();
    try {
      const tile = { view: Number(view.id) };
      const saved =
        chosen === NEW
          ? await api.addDashboard({ name: name.trim(), pinned: false, definition: { tiles: [tile] } })
          : await api.dashboard(chosen).then((now) => api.saveDashboard(now.id, bodyOf(withTiles(now, [...now.definition.tiles, tile]))));
      toast(t("dashboards.view.added", { view: cleanLine(view.name), name: cleanLine(saved.name) }));
      onClose();
    } catch (problem) {
      if (problem instanceof ApiError) setError(problem);
    }
  };
  return (
    <Dialog title={t("dashboards.add.view.to", { view: cleanLine(view.name) })} onClose={onClose}>
      <form class="stack" onSubmit={(event) => void save(event)}>
        {load.error && <Problem error={load.error} retry={load.reload} />}
        {load.data && list.length > 0 && (
          <Select label={t("dashboards.which")} value={chosen} onChange={setPicked} options={[...list.map((each) => ({ value: String(each.id), text: cleanLine(each.name) })), { value: NEW, text: t("dashboards.new.one") }]} />
        )}
        {load.data && chosen === NEW && <TextField label={t("dashboards.name")} value={name} onInput={setName} required autofocus />}
        {error && <Problem error={error} />}
        <p class="row end">
          <Button look="quiet" onClick={onClose}>
            {t("cancel")}
          </Button>
          <Button type="submit" look="primary" disabled={!load.data || (chosen === NEW && !name.trim())}>
            {t("dashboards.add.do")}
          </Button>
        </p>
      </form>
    </Dialog>
  );
}
