// Quarantine: what could not be stored, by what is wrong with it, and row by row.
import { useEffect, useState } from "preact/hooks";
import { api } from "../../api/client";
import { useLoad } from "../../api/hooks";
import type { QuarantineRow } from "../../api/types";
import { Page } from "../../frame/frame";
import { formatNumber } from "../../format";
import { Button, Empty, Moment, Problem, Skeleton } from "../../parts/basic";
import { toast } from "../../parts/toast";
import { cleanLine } from "../../safe";
import { setParams, usePlace } from "../../router";
import { t } from "../../strings";
import { SettingsTabs } from "./page";
import { QuarantineGroups, useGroups } from "./quarantine_groups";
import { RowDialog } from "./quarantine_row";

export function Quarantine() {
  const { search } = usePlace();
  const params = new URLSearchParams(search);
  const source = params.get("source") ?? "";
  const reason = params.get("reason") ?? "";
  const field = params.get("field") ?? "";
  const id = params.get("row");
  const groups = useGroups();
  const load = useLoad(`${source}|${reason}|${field}`, () => api.quarantine({ limit: 50, source, reason, field }));
  const changed = () => {
    groups.reload();
    load.reload();
  };
  const [more, setMore] = useState<QuarantineRow[]>([]);
  const [cursor, setCursor] = useState<string | null>(null);
  useEffect(() => {
    setMore([]);
    setCursor(load.data?.cursor ?? null);
  }, [load.data]);
  const rows = load.data ? [...load.data.rows, ...more] : [];
  const older = async () => {
    try {
      const next = await api.quarantine({ limit: 50, source, reason, field, cursor });
      setMore([...more, ...next.rows]);
      setCursor(next.cursor);
    } catch {
      toast(t("drawer.more.failed"));
    }
  };
  return (
    <Page above={<SettingsTabs here="quarantine" />} title={t("settings.quarantine")} lead={t("quarantine.lead")}>
      <QuarantineGroups load={groups} onChanged={changed} />
      <section class="sheet" aria-label={t("quarantine.all")} aria-busy={load.loading}>
        <header class="sheet-head">
          <h2>{load.data ? t("quarantine.rows", { n: load.data.total }) : t("quarantine.all")}</h2>
          {[["source", source], ["reason", reason], ["field", field]].map(([name, value]) =>
            value ? (
              <button key={name} type="button" class="chip on" onClick={() => setParams({ [name!]: undefined })} aria-label={t("filter.remove", { value })}>
                <span class="clip">{cleanLine(value)}</span> <span aria-hidden="true">×</span>
              </button>
            ) : null,
          )}
        </header>
        {load.error && <Problem error={load.error} retry={load.reload} />}
        {!load.data && !load.error && <Skeleton rows={8} height={320} />}
        {load.data && rows.length === 0 && <Empty>{t("quarantine.empty")}</Empty>}
        {rows.length > 0 && (
          <table class="table">
            <thead>
              <tr>
                <th scope="col">{t("quarantine.when")}</th>
                <th scope="col" class="col-source">
                  {t("live.source")}
                </th>
                <th scope="col">{t("quarantine.reason")}</th>
                <th scope="col" class="col-preview">
                  {t("quarantine.bytes")}
                </th>
                <th scope="col">
                  <span class="away">{t("quarantine.open")}</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {rows.map((row) => (
                <tr key={row.id}>
                  <td class="nowrap">
                    <Moment at={row.received_at} />
                  </td>
                  <td class="col-source">
                    <button type="button" class="link" onClick={() => setParams({ source: row.source })}>
                      {cleanLine(row.source)}
                    </button>
                  </td>
                  <td>
                    {cleanLine(row.reason)} {row.field && <code class="pointer">{cleanLine(row.field)}</code>}
                  </td>
                  <td class="col-preview">
                    <code class="preview">{cleanLine(row.preview)}</code>
                  </td>
                  <td class="num">
                    <Button look="soft" onClick={() => setParams({ row: row.id })} aria-label={t("quarantine.open.row", { id: row.id })}>
                      {t("quarantine.open")}
                    </Button>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
        {cursor && load.data && (
          <p class="center more">
            <Button look="soft" onClick={() => void older()}>
              {t("drawer.more", { n: formatNumber(load.data.total - rows.length) })}
            </Button>
          </p>
        )}
      </section>
      {id && (
        <RowDialog
          id={id}
          onClose={() => setParams({ row: undefined })}
          onChanged={() => {
            setParams({ row: undefined });
            changed();
          }}
        />
      )}
    </Page>
  );
}
