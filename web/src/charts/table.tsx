// The table twin: the same numbers as a chart, each of which opens.
import { keyCap, keyFor, useKey } from "../keys";
import { t } from "../strings";
import { showValue } from "../safe";
import { Icon } from "../parts/icon";
import type { Cell, TableData } from "./data";

const shown = (cell: Cell) => (cell.show === undefined ? (cell.value === null ? "" : showValue(cell.value)) : cell.show);

export function DataTable({ label, table: { columns, rows } }: { label: string; table: TableData }) {
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={label}>
      <table class="table">
        <thead>
          <tr>
            {columns.map((column, index) => (
              <th key={index} scope="col" class={column.number ? "num" : undefined}>
                {column.show ?? column.text}
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
                    {shown(cell)}
                  </th>
                ) : (
                  <td key={index} class={columns[index]?.number ? "num" : undefined}>
                    {shown(cell)}
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

/** Shows the table instead of the chart; T does the same, unless `keyed` is false: there are many of them on the page. */
export function TwinButton({ on, toggle, keyed = true, label }: { on: boolean; toggle: () => void; keyed?: boolean; label?: string }) {
  useKey("t", toggle, keyed);
  return (
    <button type="button" class="button quiet" aria-pressed={on} onClick={toggle}>
      <Icon name="table" small />
      {label ?? t("table")}
      {keyed && (
        <kbd class="wide-only" aria-hidden="true">
          {keyCap(keyFor("t"))}
        </kbd>
      )}
    </button>
  );
}
