// All dashboards, pinned ones first.
import { useState } from "preact/hooks";
import { ApiError, api } from "../../api/client";
import { useLoad } from "../../api/hooks";
import type { DashboardRow } from "../../api/types";
import { Page } from "../../frame/frame";
import { Button, Empty, Moment, Problem, Sheet, Skeleton } from "../../parts/basic";
import { Dialog } from "../../parts/dialog";
import { TextField } from "../../parts/field";
import { toast } from "../../parts/toast";
import { navigate } from "../../router";
import { cleanLine } from "../../safe";
import { rich, t } from "../../strings";
import { bodyOf, dashboardHref } from "./state";

export function DashboardList() {
  const load = useLoad("dashboards", () => api.dashboards());
  const [adding, setAdding] = useState(false);
  const list = load.data?.dashboards;
  const attempt = async (action: () => Promise<() => void>) => {
    try {
      const done = await action();
      load.reload();
      done();
    } catch {
      toast(t("dashboards.failed"));
    }
  };
  const pin = (row: DashboardRow) =>
    attempt(async () => {
      const now = await api.dashboard(row.id);
      await api.saveDashboard(row.id, { ...bodyOf(now), pinned: !row.pinned });
      return () => toast(t(row.pinned ? "dashboards.unpinned" : "dashboards.pinned", { name: cleanLine(row.name) }));
    });
  const remove = (row: DashboardRow) =>
    attempt(async () => {
      const now = await api.dashboard(row.id);
      await api.deleteDashboard(row.id);
      return () => toast(t("dashboards.deleted", { name: cleanLine(row.name) }), () => void api.addDashboard(bodyOf(now)).then(load.reload, () => toast(t("dashboards.failed"))));
    });
  return (
    <Page
      title={t("nav.dashboards")}
      lead={t("dashboards.lead")}
      tools={
        <Button look="primary" icon="plus" onClick={() => setAdding(true)}>
          {t("dashboards.add")}
        </Button>
      }
    >
      <Sheet label={t("nav.dashboards")} flush>
        {load.error && <Problem error={load.error} retry={load.reload} />}
        {!list && !load.error && <Skeleton rows={4} height={160} />}
        {list?.length === 0 && <Empty action={<a class="button" href="/journeys/trends">{t("dashboards.empty.do")}</a>}>{t("dashboards.empty")}</Empty>}
        {list && list.length > 0 && (
          <ul class="plain dashboard-list">
            {list.map((row) => (
              <li key={row.id} class="row" data-row>
                <a class="strong clip" href={dashboardHref(row.id)} dir="auto">
                  {cleanLine(row.name)}
                </a>
                <span class="small dim dashboard-by">{rich("dashboards.by", { owner: cleanLine(row.owner), when: <Moment at={row.updated} /> })}</span>
                <span class="push" />
                <Button look="quiet" icon="pin" aria-pressed={row.pinned} aria-label={t("dashboards.pin", { name: cleanLine(row.name) })} onClick={() => void pin(row)} />
                <Button look="quiet" icon="close" aria-label={t("dashboards.delete", { name: cleanLine(row.name) })} onClick={() => void remove(row)} />
              </li>
            ))}
          </ul>
        )}
      </Sheet>
      {adding && <NewDashboard onClose={() => setAdding(false)} />}
    </Page>
  );
}

function NewDashboard({ onClose }: { onClose: () => void }) {
  const [name, setName] = useState("");
  const [error, setError] = useState<ApiError>();
  const save = async (event: Event) => {
    event.preventDefault();
    try {
      const made = await api.addDashboard({ name: name.trim(), pinned: false, definition: { tiles: [] } });
      navigate(`${dashboardHref(made.id)}?arrange=true`);
    } catch (problem) {
      if (problem instanceof ApiError) setError(problem);
    }
  };
  return (
    <Dialog title={t("dashboards.add")} onClose={onClose}>
      <form class="stack" onSubmit={(event) => void save(event)}>
        <TextField label={t("dashboards.name")} value={name} onInput={setName} required autofocus />
        {error && <Problem error={error} />}
        <p class="row end">
          <Button look="quiet" onClick={onClose}>
            {t("cancel")}
          </Button>
          <Button type="submit" look="primary" disabled={!name.trim()}>
            {t("dashboards.add.do")}
          </Button>
        </p>
      </form>
    </Dialog>
  );
}
