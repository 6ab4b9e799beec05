// Quarantine: rows that could not be stored, with the reason, and their bytes as they came.
import { useEffect, useState } from "preact/hooks";
import { api } from "../../api/client";
import { useLoad } from "../../api/hooks";
import type { QuarantineRow } from "../../api/types";
import { Page } from "../../frame/frame";
import { formatBytes, formatNumber } from "../../format";
import { Button, CopyButton, Empty, Moment, Problem, Skeleton } from "../../parts/basic";
import { Dialog } from "../../parts/dialog";
import { toast } from "../../parts/toast";
import { cleanLine, cleanText } from "../../safe";
import { setParams, usePlace } from "../../router";
import { t } from "../../strings";
import { SettingsTabs } from "./page";
import { fixCommand } from "./sdk";

export function Quarantine() {
  const { search } = usePlace();
  const params = new URLSearchParams(search);
  const source = params.get("source") ?? "";
  const reason = params.get("reason") ?? "";
  const id = params.get("row");
  const load = useLoad(`${source}|${reason}`, () => api.quarantine({ limit: 50, source, reason }));
  const [more, setMore] = useState<QuarantineRow[]>([]);
  const [cursor, setCursor] = useState<string | null>(null);
  useEffect(() => {
    setMore([]);
    setCursor(load.data?.cursor ?? null);
  }, [load.data]);
  const rows = load.data ? [...load.data.rows, ...more] : [];
  const older = async () => {
    try {
      const next = await api.quarantine({ limit: 50, source, reason, cursor });
      setMore([...more, ...next.rows]);
      setCursor(next.cursor);
    } catch {
      toast(t("drawer.more.failed"));
    }
  };
  return (
    <Page above={<SettingsTabs here="quarantine" />} title={t("settings.quarantine")} lead={t("quarantine.lead")}>
      <section class="sheet" aria-label={t("settings.quarantine")} aria-busy={load.loading}>
        <header class="sheet-head">
          <h2>{load.data ? t("quarantine.rows", { n: load.data.total }) : t("settings.quarantine")}</h2>
          {[["source", source], ["reason", reason]].map(([name, value]) =>
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
      {id && <RowDialog id={id} onClose={() => setParams({ row: undefined })} />}
    </Page>
  );
}

function RowDialog({ id, onClose }: { id: string; onClose: () => void }) {
  const load = useLoad(id, () => api.quarantined(id));
  const row = load.data;
  return (
    <Dialog title={t("quarantine.row", { id })} onClose={onClose} wide>
      {load.error && <Problem error={load.error} retry={load.reload} />}
      {!row && !load.error && <Skeleton rows={5} />}
      {row && (
        <div class="stack">
          <dl class="facts">
            <div>
              <dt>{t("quarantine.reason")}</dt>
              <dd>
                {cleanLine(row.reason)} {row.field && <code class="pointer">{cleanLine(row.field)}</code>}
              </dd>
            </div>
            <div>
              <dt>{t("live.source")}</dt>
              <dd>{cleanLine(row.source)}</dd>
            </div>
            <div>
              <dt>{t("quarantine.when")}</dt>
              <dd>
                <Moment at={row.received_at}>{row.received_at}</Moment>
              </dd>
            </div>
            <div>
              <dt>{t("quarantine.size")}</dt>
              <dd>{formatBytes(row.bytes)}</dd>
            </div>
          </dl>
          <div class="well-head">
            <h3>{t("quarantine.bytes")}</h3>
            <CopyButton text={row.raw ?? row.preview} />
          </div>
          <pre class="well wrap" tabIndex={0} aria-label={t("quarantine.bytes")}>
            {cleanText(row.raw ?? row.preview)}
          </pre>
          <p class="small dim">{t("quarantine.mend")}</p>
          <pre class="well" tabIndex={0} aria-label={t("quarantine.command")}>{fixCommand(row.id)}</pre>
        </div>
      )}
    </Dialog>
  );
}
