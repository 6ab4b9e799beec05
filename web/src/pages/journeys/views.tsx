// Saved views: a question with a name. The address is the question, so a view only keeps it.
import { useState } from "preact/hooks";
import { ApiError, api } from "../../api/client";
import { useLoad } from "../../api/hooks";
import type { SavedView } from "../../api/types";
import { Button, Problem } from "../../parts/basic";
import { Dialog } from "../../parts/dialog";
import { TextField } from "../../parts/field";
import { Icon } from "../../parts/icon";
import { Popover } from "../../parts/popover";
import { toast } from "../../parts/toast";
import { navigate } from "../../router";
import { t } from "../../strings";
import { toSearch } from "../../query/url";
import type { TabName } from "./state";

export const viewHref = (view: SavedView): string => {
  const { tab, ...state } = view.query;
  return `/journeys/${typeof tab === "string" ? tab : "trends"}?${toSearch({ ...state, view: view.id })}`;
};

export function useViews() {
  return useLoad("views", () => api.views());
}

export function ViewTools({ tab, state, views, reload }: { tab: TabName; state: object; views: SavedView[]; reload: () => void }) {
  const [saving, setSaving] = useState(false);
  return (
    <>
      <Popover
        label={t("views")}
        button={(props) => (
          <button type="button" class="button soft" {...props}>
            {t("views")}
            <Icon name="down" small />
          </button>
        )}
      >
        {(close) => <List views={views} reload={reload} close={close} />}
      </Popover>
      <Button look="primary" icon="save" onClick={() => setSaving(true)}>
        {t("view.save")}
      </Button>
      {saving && <SaveView tab={tab} state={state} views={views} reload={reload} onClose={() => setSaving(false)} />}
    </>
  );
}

function List({ views, reload, close }: { views: SavedView[]; reload: () => void; close: () => void }) {
  if (views.length === 0) return <p class="dim small menu-note">{t("views.none")}</p>;
  const remove = async (view: SavedView) => {
    try {
      await api.deleteView(view.id);
      reload();
      toast(t("view.deleted", { name: view.name }), () => {
        void api.addView(view.name, view.page, view.query).then(reload);
      });
    } catch {
      toast(t("view.failed"));
    }
  };
  return (
    <ul class="plain menu">
      {views.map((view) => (
        <li key={view.id} class="row">
          <a class="menu-item" href={viewHref(view)} onClick={close}>
            {view.name}
            <small class="dim"> {t("view.by", { owner: view.owner })}</small>
          </a>
          <Button look="quiet" icon="close" aria-label={t("view.delete", { name: view.name })} onClick={() => void remove(view)} />
        </li>
      ))}
    </ul>
  );
}

function SaveView({ tab, state, views, reload, onClose }: { tab: TabName; state: object; views: SavedView[]; reload: () => void; onClose: () => void }) {
  const { view: id, ...query } = state as Record<string, unknown>;
  const current = views.find((view) => String(view.id) === String(id));
  const [name, setName] = useState(current?.name ?? "");
  const [error, setError] = useState<ApiError>();
  const save = async (event: Event) => {
    event.preventDefault();
    try {
      const same = current && current.name === name.trim();
      const body = { tab, ...query };
      const saved = same ? current.id : (await api.addView(name.trim(), "journeys", body)).id;
      if (same) await api.saveView(current.id, name.trim(), "journeys", body);
      reload();
      toast(t("view.saved", { name: name.trim() }));
      onClose();
      navigate(`/journeys/${tab}?${toSearch({ ...query, view: saved })}`, true);
    } catch (problem) {
      if (problem instanceof ApiError) setError(problem);
    }
  };
  return (
    <Dialog title={t("view.save")} onClose={onClose}>
      <form class="stack" onSubmit={(event) => void save(event)}>
        <TextField label={t("view.name")} value={name} onInput={setName} hint={current ? t("view.same.name") : undefined} required autofocus />
        {error && <Problem error={error} />}
        <p class="row end">
          <Button look="quiet" onClick={onClose}>
            {t("cancel")}
          </Button>
          <Button type="submit" look="primary" disabled={!name.trim()}>
            {t("view.save")}
          </Button>
        </p>
      </form>
    </Dialog>
  );
}
