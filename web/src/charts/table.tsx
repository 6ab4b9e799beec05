// The table twin: the same numbers as a chart, each of which opens.
import type { ComponentChildren } from "preact";
import { useKey } from "../keys";
import { t } from "../strings";
import { Icon } from "../parts/icon";

export interface Column {
  text: ComponentChildren;
  number?: boolean;
}

export function DataTable({ label, columns, rows, caption }: { label: string; columns: Column[]; rows: { key: string; cells: ComponentChildren[] }[]; caption?: string }) {
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={label}>
      <table class="table">
        {caption && <caption>{caption}</caption>}
        <thead>
          <tr>
            {columns.map((column, index) => (
              <th key={index} scope="col" class={column.number ? "num" : undefined}>
                {column.text}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.key}>
              {row.cells.map((cell, index) =>
                index === 0 ? (
                  <th key={index} scope="row" class={columns[index]?.number ? "num" : undefined}>
                    {cell}
                  </th>
                ) : (
                  <td key={index} class={columns[index]?.number ? "num" : undefined}>
                    {cell}
                  </td>
                ),
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Shows the table instead of the chart; T does the same. */
export function TwinButton({ on, toggle }: { on: boolean; toggle: () => void }) {
  useKey("t", toggle);
  return (
    <button type="button" class="button quiet" aria-pressed={on} onClick={toggle}>
      <Icon name="table" small />
      {t("table")}
      <kbd class="wide-only" aria-hidden="true">
        {t("key.t")}
      </kbd>
    </button>
  );
}
