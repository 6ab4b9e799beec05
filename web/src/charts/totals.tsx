// One bar for each group: how many, and how many before.
import type { ComponentChildren } from "preact";
import { formatNumber } from "../format";
import { t } from "../strings";

export interface Total {
  key: string;
  name: ComponentChildren;
  value: number | null;
  before?: number | null;
  number: ComponentChildren;
  beforeNumber?: ComponentChildren;
}

export function Totals({ list, summary, compared }: { list: Total[]; summary: string; compared: string }) {
  const most = Math.max(1, ...list.flatMap((item) => [item.value ?? 0, item.before ?? 0]));
  return (
    <ul class="totals" aria-label={summary}>
      {list.map((item) => (
        <li key={item.key}>
          <span class="totals-name">{item.name}</span>
          <span class="totals-track" aria-hidden="true">
            <i style={{ width: `${((item.value ?? 0) / most) * 100}%` }} />
            {item.before !== undefined && item.before !== null && (
              <b style={{ left: `${(item.before / most) * 100}%` }} title={t("chart.before", { n: formatNumber(item.before), compared })} />
            )}
          </span>
          <span class="totals-value">
            {item.number}
            {item.beforeNumber && <small class="dim"> {item.beforeNumber}</small>}
          </span>
        </li>
      ))}
    </ul>
  );
}
