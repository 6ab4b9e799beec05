// What there is to select from: press a column and it stands in the statement; and statements to begin with.
import { api } from "../../../api/client";
import { useLoad } from "../../../api/hooks";
import type { SqlTable } from "../../../api/types";
import { Problem, Skeleton } from "../../../parts/basic";
import { cleanLine } from "../../../safe";
import { t } from "../../../strings";
import { EXAMPLES } from "./examples";

/** In double quotes, those inside doubled. */
const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`;

function Table({ table, open, insert }: { table: SqlTable; open: boolean; insert: (words: string) => void }) {
  return (
    <details open={open}>
      <summary>
        <code>{table.name}</code>
      </summary>
      <p class="small dim">{table.meaning}</p>
      <ul class="plain">
        {table.columns.map((column) => (
          <li key={column.name}>
            <button type="button" class="sql-column" title={column.meaning} onClick={() => insert(column.name)}>
              <code>{column.name}</code>
              <span class="small dim">{column.type.toLowerCase()}</span>
            </button>
          </li>
        ))}
        {table.named.map((name) => (
          <li key={name}>
            <button type="button" class="sql-column" onClick={() => insert(quoted(name))}>
              <code>
                <bdi>{cleanLine(quoted(name))}</bdi>
              </code>
            </button>
          </li>
        ))}
      </ul>
    </details>
  );
}

export function Schema({ insert, run }: { insert: (words: string) => void; run: (sql: string) => void }) {
  const load = useLoad("sql.schema", (signal) => api.sqlSchema(signal));
  return (
    <aside class="stack sql-aside" aria-label={t("sql.tables")}>
      <section class="sheet" aria-label={t("sql.examples")}>
        <header class="sheet-head">
          <h2>{t("sql.examples")}</h2>
        </header>
        <ul class="plain menu">
          {EXAMPLES.map((example) => (
            <li key={example.label}>
              <button type="button" class="menu-item" onClick={() => run(example.sql)}>
                {t(example.label)}
              </button>
            </li>
          ))}
        </ul>
      </section>
      <section class="sheet" aria-label={t("sql.tables")}>
        <header class="sheet-head">
          <h2>{t("sql.tables")}</h2>
        </header>
        <div class="sheet-body sql-tables">
          {load.error && <Problem error={load.error} retry={load.reload} />}
          {!load.data && !load.error && <Skeleton rows={6} />}
          {load.data?.tables.map((table, index) => <Table key={table.name} table={table} open={index === 0} insert={insert} />)}
        </div>
      </section>
    </aside>
  );
}
