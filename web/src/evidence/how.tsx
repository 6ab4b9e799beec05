// How it was computed: the question as it was asked, and what was read to answer it.
import type { CustomersAnswer } from "../api/types";
import { formatBoth, formatNumber, orgZone } from "../format";
import { CopyButton, Warnings } from "../parts/basic";
import { t } from "../strings";
import { daysWords, rangeWords, segmentWords } from "../query/words";
import type { Evidence } from "./state";

export function HowComputed({ evidence, answer, asked }: { evidence: Evidence; answer: CustomersAnswer; asked: object }) {
  const { q } = evidence;
  const text = JSON.stringify(asked, null, 2);
  const range = q.kind === "customers" ? null : (q.range ?? "last 30 days");
  const rows: [string, string][] = [
    [t("how.asof"), formatBoth(answer.as_of)],
    ...(range ? ([[t("how.range"), `${rangeWords(range)} (${daysWords(range)})`]] as [string, string][]) : []),
    [t("how.zone"), (q.kind !== "customers" && q.timezone) || orgZone()],
    [t("how.who"), segmentWords(q.segment)],
    [t("how.scanned"), t("how.scanned.words", { events: formatNumber(answer.stats.events_scanned), customers: formatNumber(answer.stats.customers) })],
    [t("how.took"), t("how.ms", { n: formatNumber(answer.stats.elapsed_ms) })],
  ];
  return (
    <div class="how">
      <dl class="facts">
        {rows.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <Warnings list={answer.warnings} />
      <div class="well-head">
        <h3>{t("how.question")}</h3>
        <CopyButton text={text} />
      </div>
      <pre class="well" tabIndex={0} aria-label={t("how.question")}>
        {text}
      </pre>
      <p class="small dim">{t("how.rerun")}</p>
    </div>
  );
}
