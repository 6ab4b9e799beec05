// How many in each class: columns where there is room for them, bars below each other where there is not. Every
// number opens, and so does the column above it.
import { useRef } from "preact/hooks";
import { OpenNumber } from "../evidence/number";
import { openEvidence } from "../evidence/state";
import { rich, t } from "../strings";
import type { Open, Query } from "../query/types";
import { comparedName } from "../query/words";
import { useWidth } from "./size";
import { Totals } from "./totals";

export interface ColumnItem {
  key: string;
  /** Under the column; as short as it can be. */
  name: string;
  /** Beside a bar. */
  long?: string;
  n: number;
  open: Open;
  /** How many in the time compared with. */
  before?: number;
}

const LEAST = 42;

export function Columns({ query, items, asOf, summary }: { query: Query; items: ColumnItem[]; asOf: string; summary: string }) {
  const box = useRef<HTMLDivElement>(null);
  const width = useWidth(box, 760);
  return <div ref={box}>{width >= items.length * LEAST ? <Wide {...{ query, items, asOf, summary }} /> : <Narrow {...{ query, items, asOf, summary }} />}</div>;
}

function Wide({ query, items, asOf, summary }: { query: Query; items: ColumnItem[]; asOf: string; summary: string }) {
  const most = Math.max(1, ...items.flatMap((item) => [item.n, item.before ?? 0]));
  const share = (n: number): string => `${(n / most) * 100}%`;
  return (
    <ul class="columns" aria-label={summary}>
      {items.map((item) => (
        <li key={item.key}>
          <OpenNumber query={query} open={item.open} n={item.n} asOf={asOf} />
          {item.before !== undefined && (
            <small class="dim">
              <OpenNumber query={query} open={{ ...item.open, previous: true }} n={item.before} asOf={asOf} />
            </small>
          )}
          <span class="columns-track" aria-hidden="true" onClick={() => openEvidence({ q: query, o: item.open, n: item.n, a: asOf })}>
            <i style={{ height: share(item.n) }} />
            {item.before !== undefined && <b style={{ bottom: share(item.before) }} title={t("chart.before", { n: item.before, compared: comparedName(query) })} />}
          </span>
          <span class="columns-name">{item.name}</span>
        </li>
      ))}
    </ul>
  );
}

function Narrow({ query, items, asOf, summary }: { query: Query; items: ColumnItem[]; asOf: string; summary: string }) {
  return (
    <Totals
      summary={summary}
      compared={comparedName(query)}
      list={items.map((item) => ({
        key: item.key,
        name: item.long ?? item.name,
        value: item.n,
        before: item.before,
        number: <OpenNumber query={query} open={item.open} n={item.n} asOf={asOf} />,
        beforeNumber: item.before === undefined ? undefined : rich("chart.was", { number: <OpenNumber query={query} open={{ ...item.open, previous: true }} n={item.before} asOf={asOf} /> }),
      }))}
    />
  );
}
