// The organisation: its name, its zone, and the sessions of the one who looks.
import { useEffect, useState } from "preact/hooks";
import { ApiError, api } from "../../api/client";
import { useLoad } from "../../api/hooks";
import { enter, session } from "../../frame/session";
import { Page } from "../../frame/frame";
import { Button, Moment, Problem, Sheet, Skeleton, Tag } from "../../parts/basic";
import { TextField } from "../../parts/field";
import { toast } from "../../parts/toast";
import { cleanLine } from "../../safe";
import { useStore } from "../../store";
import { t } from "../../strings";
import { SettingsTabs } from "./page";

export function Organisation() {
  const who = useStore(session);
  const load = useLoad("settings", () => api.settings());
  const [form, setForm] = useState({ organisation: "", timezone: "" });
  const [error, setError] = useState<ApiError>();
  useEffect(() => {
    if (load.data) setForm({ organisation: load.data.organisation, timezone: load.data.timezone });
  }, [load.data]);
  const admin = who?.user.role === "admin";
  const save = async (event: Event) => {
    event.preventDefault();
    setError(undefined);
    try {
      await api.saveSettings(form);
      if (who) enter({ ...who, organisation: { name: form.organisation, timezone: form.timezone } });
      toast(t("settings.saved"));
    } catch (problem) {
      if (problem instanceof ApiError) setError(problem);
    }
  };
  const zones = (() => {
    try {
      return Intl.supportedValuesOf("timeZone");
    } catch {
      return [];
    }
  })();
  return (
    <Page above={<SettingsTabs here="organisation" />} title={t("settings.organisation")} lead={t("organisation.lead")}>
      <div class="narrow">
        <Sheet title={t("settings.organisation")}>
          {load.error && <Problem error={load.error} retry={load.reload} />}
          {!load.data && !load.error && <Skeleton rows={3} />}
          {load.data && (
            <form class="stack" onSubmit={(event) => void save(event)}>
              <TextField label={t("setup.organisation")} value={form.organisation} onInput={(organisation) => setForm({ ...form, organisation })} required />
              <TextField label={t("setup.zone")} value={form.timezone} onInput={(timezone) => setForm({ ...form, timezone })} list={zones} hint={t("setup.zone.hint")} required />
              {error && <Problem error={error} />}
              <p class="row">
                <Button type="submit" look="primary" disabled={!admin}>
                  {t("save")}
                </Button>
                {!admin && <span class="small dim">{t("admin.only")}</span>}
              </p>
            </form>
          )}
        </Sheet>
        <Sessions />
      </div>
    </Page>
  );
}

function Sessions() {
  const load = useLoad("sessions", () => api.sessions());
  const end = async (id: number | string) => {
    try {
      await api.endSession(id);
      load.reload();
      toast(t("sessions.ended"));
    } catch {
      toast(t("sessions.failed"));
    }
  };
  return (
    <Sheet title={t("sessions.title")} flush>
      {load.error && <Problem error={load.error} retry={load.reload} />}
      <ul class="plain rows">
        {(load.data?.sessions ?? []).map((each) => (
          <li key={each.id} class="row">
            <span class="clip">
              {cleanLine(each.agent)}
              <small class="dim block">
                {t("sessions.since")} <Moment at={each.created} /> · {t("seen.last")} <Moment at={each.last_seen} />
              </small>
            </span>
            <span class="push">
              {each.current ? (
                <Tag tone="pen">{t("sessions.this")}</Tag>
              ) : (
                <Button look="soft" onClick={() => void end(each.id)}>
                  {t("sessions.end")}
                </Button>
              )}
            </span>
          </li>
        ))}
      </ul>
    </Sheet>
  );
}
