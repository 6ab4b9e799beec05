// The rows of an answer: worked by keys, a few hundred at a time, exported whole.
import { useRef, useState } from "preact/hooks";
import type { SqlAnswer, SqlValue } from "../../../api/types";
import type { TableData } from "../../../charts/data";
import { Button, Empty } from "../../../parts/basic";
import { cleanLine } from "../../../safe";
import { navigate } from "../../../router";
import { t } from "../../../strings";

const STEP = 200;
const customerHref = (id: string) => `/customers/${encodeURIComponent(id)}`;

export function resultTable({ columns, rows }: SqlAnswer): TableData {
  return { columns: columns.map((text) => ({ text })), rows: rows.map((row, at) => ({ key: String(at), cells: row.map((value) => ({ value })) })) };
}

function Cell({ value, customer }: { value: SqlValue; customer: boolean }) {
  if (value === null) return <td class="dim">{t("sql.null")}</td>;
  if (typeof value === "number") return <td class="num">{String(value)}</td>;
  const words = cleanLine(String(value));
  return (
    <td>
      {customer ? (
        <a href={customerHref(String(value))} tabIndex={-1}>
          <bdi>{words}</bdi>
        </a>
      ) : (
        <bdi title={words.length > 60 ? words : undefined}>{words}</bdi>
      )}
    </td>
  );
}

export function Result({ answer }: { answer: SqlAnswer }) {
  const [shown, setShown] = useState(STEP);
  const [at, setAt] = useState(0);
  const body = useRef<HTMLTableSectionElement>(null);
  const { columns, rows } = answer;
  const who = columns.indexOf("customer");
  const count = Math.min(shown, rows.length);
  const numbers = columns.map((_, column) => rows.length > 0 && rows.slice(0, STEP).every((row) => row[column] === null || typeof row[column] === "number"));

  if (rows.length === 0) return <Empty>{t("sql.none")}</Empty>;
  const move = (to: number) => {
    const next = Math.max(0, Math.min(count - 1, to));
    setAt(next);
    body.current?.rows[next]?.focus();
  };
  const keys: Record<string, () => void> = {
    ArrowDown: () => move(at + 1),
    ArrowUp: () => move(at - 1),
    PageDown: () => move(at + 10),
    PageUp: () => move(at - 10),
    Home: () => move(0),
    End: () => move(count - 1),
    Enter: () => {
      const id = rows[at]?.[who];
      if (typeof id === "string" && id) navigate(customerHref(id));
    },
  };
  return (
    <>
      <div class="scroll">
        <table class="table sql-table">
          <caption class="away">{who < 0 ? t("sql.caption") : t("sql.caption.who")}</caption>
          <thead>
            <tr>
              {columns.map((name, column) => (
                <th key={column} scope="col" class={numbers[column] ? "num" : undefined}>
                  <bdi>{cleanLine(name)}</bdi>
                </th>
              ))}
            </tr>
          </thead>
          <tbody
            ref={body}
            onKeyDown={(event) => {
              const act = event.ctrlKey || event.metaKey || event.altKey ? undefined : keys[event.key];
              if (!act) return;
              event.preventDefault();
              act();
            }}
          >
            {rows.slice(0, count).map((row, index) => (
              <tr key={index} tabIndex={index === at ? 0 : -1} onFocus={() => setAt(index)}>
                {row.map((value, column) => (
                  <Cell key={column} value={value} customer={column === who && value !== ""} />
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {count < rows.length && (
        <p class="sheet-body row">
          <Button onClick={() => setShown(shown + STEP)}>{t("sql.more")}</Button>
          <span class="small dim">{t("sql.shown", { n: count, of: rows.length })}</span>
        </p>
      )}
    </>
  );
}
