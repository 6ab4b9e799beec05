// The pipeline: everything that arrived, and what became of it.
import { api } from "../../api/client";
import { useLoad } from "../../api/hooks";
import type { Counts, Ledger, Status } from "../../api/types";
import { OpenNumber } from "../../evidence/number";
import { Page, health } from "../../frame/frame";
import { formatBytes, formatLength, formatNumber } from "../../format";
import { Ago, Empty, Moment, Sheet, Skeleton } from "../../parts/basic";
import type { TrendQuery } from "../../query/types";
import { cleanLine } from "../../safe";
import { useStore } from "../../store";
import { t, tOr } from "../../strings";
import { Live } from "./live";
import { SettingsTabs } from "./page";

const SEVEN = ["feedback", "contacted", "case opened", "case closed", "survey shown", "experiment exposed", "identify", "alias"];

/** Everything stored: "*" and the events that it leaves out. */
const storedQuery: TrendQuery = {
  kind: "trend",
  internal: "included",
  series: [{ event: ["*", ...SEVEN.slice(1)], measure: "count" }],
  interval: "quarter",
  range: { from: "1970-01-01", to: "2100-01-01" },
};

export function Pipeline() {
  const now = useStore(health);
  return (
    <Page
      above={<SettingsTabs here="pipeline" />}
      title={t("settings.pipeline")}
      lead={t("pipeline.lead")}
      tools={
        now?.status.last_event_at && (
          <span class="fresh">
            <i class="light good" aria-hidden="true" />
            <span>
              {t("pipeline.last")} <Ago at={now.status.last_event_at} />
              {typeof now.ledger.lag_ms === "number" && ` · ${t("pipeline.lag", { lag: formatLength(now.ledger.lag_ms) })}`}
            </span>
          </span>
        )
      }
    >
      {!now && <Skeleton rows={10} height={420} />}
      {now && (
        <>
          <Equation ledger={now.ledger} />
          <div class="two">
            <div class="brief-main">
              <SourcesTable ledger={now.ledger} />
              <Live />
            </div>
            <aside class="beside" aria-label={t("pipeline.beside")}>
              <QuarantineCard total={now.ledger.total.quarantined} />
              <UnexpectedCard />
              <Sheet title={t("pipeline.room")}>
                <dl class="facts wide-names">
                  <div>
                    <dt>{t("pipeline.events")}</dt>
                    <dd>{formatNumber(now.status.events)}</dd>
                  </div>
                  <div>
                    <dt>{t("pipeline.customers")}</dt>
                    <dd>
                      <OpenNumber query={{ kind: "customers", internal: "included" }} open={{}} n={now.status.customers} />
                    </dd>
                  </div>
                  <div>
                    <dt>{t("pipeline.segments")}</dt>
                    <dd>{formatNumber(now.status.segments)}</dd>
                  </div>
                  <div>
                    <dt>{t("pipeline.journal")}</dt>
                    <dd>{formatBytes(now.status.journal_bytes)}</dd>
                  </div>
                  <div>
                    <dt>{t("pipeline.disk")}</dt>
                    <dd>
                      {formatBytes(now.status.disk_free_bytes)}
                      {now.status.disk !== "good" && (
                        <p class="muted">
                          {t(`pipeline.disk.${now.status.disk}`, { low: formatBytes(now.status.disk_low_bytes), full: formatBytes(now.status.disk_full_bytes) })}
                        </p>
                      )}
                    </dd>
                  </div>
                  <Safe name={t("pipeline.backup")} state={now.status.backups} at={now.status.last_backup} />
                  {now.status.backups !== "off" && <Safe name={t("pipeline.test")} state={now.status.restore_tests} at={now.status.last_restore_test} />}
                  <div>
                    <dt>{t("pipeline.uptime")}</dt>
                    <dd>{formatLength(now.status.uptime_s * 1000, "long")}</dd>
                  </div>
                  <div>
                    <dt>{t("pipeline.refused.requests")}</dt>
                    <dd>{formatNumber(now.ledger.requests_refused)}</dd>
                  </div>
                  <div>
                    <dt>{t("pipeline.outside")}</dt>
                    <dd>
                      <Outside />
                    </dd>
                  </div>
                </dl>
              </Sheet>
            </aside>
          </div>
        </>
      )}
    </Page>
  );
}

/** When the last good one was, and what is wrong with that. */
function Safe({ name, state, at }: { name: string; state: Status["backups"]; at: string | null }) {
  const wrong = state === "good" ? "" : tOr(`pipeline.backup.${state}`, "");
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        <a href="/settings/backups" class={state === "late" || state === "failing" ? "bad" : undefined}>
          {at ? <Moment at={at} /> : wrong}
          {at && wrong && ` (${wrong})`}
        </a>
      </dd>
    </div>
  );
}

const PARTS = ["stored", "duplicate", "quarantined", "refused"] as const;

function Equation({ ledger }: { ledger: Ledger }) {
  const { total } = ledger;
  const sum = PARTS.reduce((all, name) => all + total[name], 0);
  const adds = ledger.balanced && sum === total.received;
  return (
    <section class="sheet ledger" aria-label={t("ledger")}>
      <dl class="equation">
        <Part name="received" total={total} />
        {PARTS.map((name, index) => (
          <Part key={name} name={name} total={total} sign={index === 0 ? "=" : "+"} />
        ))}
      </dl>
      <div class="ledger-bar" aria-hidden="true">
        {PARTS.map((name) => (total[name] > 0 ? <i key={name} class={`part-${name}`} style={{ flexGrow: String(total[name]) }} /> : null))}
      </div>
      <p class={adds ? "small good" : "small bad"} role="status">
        <b>{adds ? t("ledger.adds.up") : t("ledger.adds.not", { sum: formatNumber(sum), received: formatNumber(total.received) })}</b> <span class="dim">{t("ledger.note")}</span>
      </p>
    </section>
  );
}

function Part({ name, total, sign }: { name: keyof Counts; total: Counts; sign?: string }) {
  return (
    <div>
      {sign && (
        <span class="sign" aria-hidden="true">
          {sign}
        </span>
      )}
      <dd class={name === "quarantined" && total[name] > 0 ? "warn" : undefined}>
        {name === "quarantined" ? (
          <a class="opens" href="/settings/quarantine">
            {formatNumber(total[name])}
          </a>
        ) : name === "stored" ? (
          <OpenNumber query={storedQuery} open={{ series: 0 }} n={total.stored} />
        ) : (
          formatNumber(total[name])
        )}
      </dd>
      <dt>{t(`ledger.${name}`)}</dt>
    </div>
  );
}

function SourcesTable({ ledger }: { ledger: Ledger }) {
  return (
    <Sheet title={t("settings.sources")} aside={t("pipeline.sources.note")} flush>
      {ledger.sources.length === 0 && <Empty action={<a class="button" href="/settings/sources">{t("sources.connect")}</a>}>{t("live.empty")}</Empty>}
      {ledger.sources.length > 0 && (
        <div class="scroll" tabIndex={0} role="group" aria-label={t("settings.sources")}>
          <table class="table">
            <thead>
              <tr>
                <th scope="col">{t("live.source")}</th>
                {(["received", "stored", "duplicate", "quarantined", "refused"] as const).map((name) => (
                  <th scope="col" key={name} class={name === "stored" ? "num col-stored" : name === "duplicate" || name === "refused" ? "num col-minor" : "num"}>
                    {t(`ledger.${name}`)}
                  </th>
                ))}
                <th scope="col" class="num">
                  {t("pipeline.last.event")}
                </th>
              </tr>
            </thead>
            <tbody>
              {ledger.sources.map((source) => (
                <tr key={source.source}>
                  <th scope="row">{cleanLine(source.source)}</th>
                  <td class="num">{formatNumber(source.received)}</td>
                  <td class="num col-stored">
                    <OpenNumber query={{ ...storedQuery, series: [{ ...storedQuery.series[0]!, where: [["source", "=", source.source]] }] }} open={{ series: 0 }} n={source.stored} />
                  </td>
                  <td class="num col-minor">{formatNumber(source.duplicate)}</td>
                  <td class={source.quarantined ? "num warn" : "num"}>
                    {source.quarantined ? (
                      <a class="opens" href={`/settings/quarantine?source=${encodeURIComponent(source.source)}`}>
                        {formatNumber(source.quarantined)}
                      </a>
                    ) : (
                      0
                    )}
                  </td>
                  <td class="num col-minor">{formatNumber(source.refused)}</td>
                  <td class="num nowrap">{source.last_received ? <Moment at={source.last_received} /> : "–"}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Sheet>
  );
}

function QuarantineCard({ total }: { total: number }) {
  const load = useLoad(total > 0 ? `quarantine ${total}` : null, () => api.quarantine({ limit: 50 }));
  const reasons = new Map<string, { n: number; source: string }>();
  for (const row of load.data?.rows ?? []) {
    const held = reasons.get(row.reason);
    reasons.set(row.reason, { n: (held?.n ?? 0) + 1, source: row.source });
  }
  return (
    <Sheet title={t("settings.quarantine")} aside={total > 0 ? t("quarantine.nothing.lost") : undefined}>
      {total === 0 && <p class="dim">{t("quarantine.empty")}</p>}
      <ul class="plain reasons">
        {[...reasons].slice(0, 5).map(([reason, { n, source }]) => (
          <li key={reason}>
            <span>
              {cleanLine(reason)}
              <small class="dim">{cleanLine(source)}</small>
            </span>
            <a class="opens push" href={`/settings/quarantine?reason=${encodeURIComponent(reason)}`}>
              {formatNumber(n)}
              {(load.data?.rows.length ?? 0) < total ? "+" : ""}
            </a>
          </li>
        ))}
      </ul>
      {total > 0 && (
        <p>
          <a class="button" href="/settings/quarantine">
            {t("quarantine.look", { n: total })}
          </a>
        </p>
      )}
    </Sheet>
  );
}

/** Values that are not as the catalogue expects them. */
function UnexpectedCard() {
  const load = useLoad("unexpected", () => api.unexpected());
  const list = load.data?.entries ?? [];
  return (
    <Sheet title={t("catalogue.report")} aside={<a href="/settings/catalogue?kind=property">{t("catalogue.report.look")}</a>}>
      {load.error && <p class="dim">{t("catalogue.unmeasured", { why: cleanLine(load.error.message) })}</p>}
      {load.data && list.length === 0 && <p class="dim">{t("catalogue.report.none")}</p>}
      <ul class="plain reasons">
        {list.slice(0, 5).map((entry) => (
          <li key={`${entry.kind} ${entry.name}`}>
            <span>
              <a href={`/settings/catalogue?kind=${entry.kind}&entry=${encodeURIComponent(entry.name)}`}>
                <bdi>{cleanLine(entry.name)}</bdi>
              </a>
              <small class="dim clip">{(entry.unexpected?.examples ?? []).map(({ value }) => cleanLine(value)).join(", ")}</small>
            </span>
            {entry.unexpected && (
              <span class="push">
                <OpenNumber query={entry.unexpected.question} open={entry.kind === "trait" ? {} : { series: 0 }} n={entry.unexpected.count} />
              </span>
            )}
          </li>
        ))}
      </ul>
    </Sheet>
  );
}

/** What leaves the server: only the reading of feeds and mailboxes that somebody configured. */
function Outside() {
  const load = useLoad("channels", () => api.channels());
  if (!load.data) return <>–</>;
  const read = load.data.channels.filter((channel) => channel.kind !== "webhook" && !channel.paused).length;
  return read === 0 ? <>{t("pipeline.outside.nothing")}</> : <a href="/settings/sources">{t("pipeline.outside.reads", { n: read })}</a>;
}
