// Whether the data can be trusted: the ledger in one line, each source, what waits in quarantine.
import { formatAgo, formatNumber } from "../../format";
import { Sheet, Skeleton } from "../../parts/basic";
import type { Health } from "../../frame/frame";
import { cleanLine } from "../../safe";
import { t } from "../../strings";

const STALE_MS = 24 * 3_600_000;

export function HealthCard({ now }: { now: Health | null }) {
  if (!now) return <Sheet title={t("health.title")}><Skeleton rows={4} /></Sheet>;
  const { ledger } = now;
  const { total } = ledger;
  return (
    <Sheet title={t("health.title")} aside={<a class="link" href="/settings/pipeline">{t("health.open")}</a>}>
      <ul class="plain health">
        <li>
          <i class={ledger.balanced ? "light good" : "light bad"} aria-hidden="true" />
          <span>
            {ledger.balanced ? t("health.adds.up") : t("health.adds.not")}
            <br />
            <span class="small dim">
              {t("health.equation", {
                received: formatNumber(total.received), stored: formatNumber(total.stored), duplicate: formatNumber(total.duplicate),
                quarantined: formatNumber(total.quarantined), refused: formatNumber(total.refused),
              })}
            </span>
          </span>
        </li>
        {ledger.sources.slice(0, 6).map((source) => {
          const age = source.last_received ? Date.now() - Date.parse(source.last_received) : Infinity;
          return (
            <li key={source.source}>
              <i class={age < STALE_MS ? "light good" : "light off"} aria-hidden="true" />
              <span>{cleanLine(source.source)}</span>
              <span class="push dim small">{source.last_received ? formatAgo(source.last_received) : t("health.never")}</span>
            </li>
          );
        })}
        {total.quarantined > 0 && (
          <li>
            <i class="light warn" aria-hidden="true" />
            <a class="opens" href="/settings/quarantine">
              {t("health.quarantine", { n: total.quarantined })}
            </a>
          </li>
        )}
      </ul>
    </Sheet>
  );
}
