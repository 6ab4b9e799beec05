// Saved views: a question with a name. The address is the question, so a view only keeps it.
import { useState } from "preact/hooks";
import { ApiError, api } from "../../api/client";
import { useLoad } from "../../api/hooks";
import type { SavedView } from "../../api/types";
import { Button, CopyButton, Moment, Problem } from "../../parts/basic";
import { Dialog } from "../../parts/dialog";
import { TextField } from "../../parts/field";
import { Icon } from "../../parts/icon";
import { Popover } from "../../parts/popover";
import { toast } from "../../parts/toast";
import { currentPlace, navigate } from "../../router";
import { evidenceSearch } from "../../evidence/state";
import { cleanLine } from "../../safe";
import { t } from "../../strings";
import { toSearch } from "../../query/url";
import { AddToDashboard } from "../dashboards/add";
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
  const [adding, setAdding] = useState<SavedView>();
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
        {(close) => (
          <List
            views={views}
            reload={reload}
            close={close}
            onAdd={(view) => {
              close();
              setAdding(view);
            }}
          />
        )}
      </Popover>
      <CopyButton text={shareLink} label={t("view.share")} />
      <Button look="primary" icon="save" onClick={() => setSaving(true)}>
        {t("view.save")}
      </Button>
      {adding && <AddToDashboard view={adding} onClose={() => setAdding(undefined)} />}
      {saving && <SaveView tab={tab} state={state} views={views} reload={reload} onClose={() => setSaving(false)} />}
    </>
  );
}

const of = (view: SavedView): Pick<SavedView, "name" | "page" | "query" | "pinned"> => ({ name: view.name, page: view.page, query: view.query, pinned: view.pinned });

function List({ views, reload, close, onAdd }: { views: SavedView[]; reload: () => void; close: () => void; onAdd: (view: SavedView) => void }) {
  if (views.length === 0) return <p class="dim small menu-note">{t("views.none")}</p>;
  const attempt = async (action: () => Promise<unknown>, done: () => void) => {
    try {
      await action();
      reload();
      done();
    } catch {
      toast(t("view.failed"));
    }
  };
  const remove = (view: SavedView) =>
    attempt(
      () => api.deleteView(view.id),
      () => toast(t("view.deleted", { name: view.name }), () => void api.addView(of(view)).then(reload)),
    );
  const pin = (view: SavedView) => attempt(() => api.saveView(view.id, { ...of(view), pinned: !view.pinned }), () => toast(t(view.pinned ? "view.unpinned" : "view.pinned", { name: view.name })));
  return (
    <ul class="plain menu">
      {views.map((view) => (
        <li key={view.id} class="row">
          <a class="menu-item" href={viewHref(view)} onClick={close}>
            {cleanLine(view.name)}
            <small class="dim">
              {" "}
              {t("view.by", { owner: cleanLine(view.owner) })}, <Moment at={view.updated} />
            </small>
          </a>
          <Button look="quiet" icon="dashboard" aria-label={t("view.to.dashboard", { name: view.name })} onClick={() => onAdd(view)} />
          <Button look="quiet" icon="pin" aria-pressed={view.pinned} aria-label={t("view.pin", { name: view.name })} onClick={() => void pin(view)} />
          <Button look="quiet" icon="close" aria-label={t("view.delete", { name: view.name })} onClick={() => void remove(view)} />
        </li>
      ))}
    </ul>
  );
}

/** Those that stand first for everybody. */
export function PinnedViews({ views, current }: { views: SavedView[]; current: SavedView | undefined }) {
  const list = views.filter((view) => view.pinned && view.page === "journeys");
  if (list.length === 0) return null;
  return (
    <nav class="row wrap pinned" aria-label={t("views.pinned")}>
      {list.map((view) => (
        <a key={view.id} class={view === current ? "chip on" : "chip"} href={viewHref(view)} aria-current={view === current ? "page" : undefined}>
          <span class="clip">{cleanLine(view.name)}</span>
        </a>
      ))}
    </nav>
  );
}

/** The link of what is on the page, without what is open beside it. */
function shareLink(): string {
  const { path, search } = currentPlace();
  return location.origin + path + evidenceSearch(search, null);
}

function SaveView({ tab, state, views, reload, onClose }: { tab: TabName; state: object; views: SavedView[]; reload: () => void; onClose: () => void }) {
  const { view: id, ...query } = state as Record<string, unknown>;
  const current = views.find((view) => String(view.id) === String(id));
  const [name, setName] = useState(current?.name ?? "");
  const [pinned, setPinned] = useState(current?.pinned ?? false);
  const [error, setError] = useState<ApiError>();
  const save = async (event: Event) => {
    event.preventDefault();
    try {
      const same = current && current.name === name.trim();
      const body = { tab, ...query };
      const saved = same ? current.id : (await api.addView({ name: name.trim(), page: "journeys", query: body, pinned })).id;
      if (same) await api.saveView(current.id, { name: name.trim(), page: "journeys", query: body, pinned });
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
        <label class="check">
          <input type="checkbox" checked={pinned} onChange={(event) => setPinned(event.currentTarget.checked)} />
          {t("view.pin.first")}
        </label>
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
