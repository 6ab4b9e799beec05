// SQL: an editor, the tables beside it, the answer below. The statement stands in the address.
import { useEffect, useRef, useState } from "preact/hooks";
import { api } from "../../../api/client";
import { useLoad } from "../../../api/hooks";
import type { SqlAnswer } from "../../../api/types";
import { ExportMenu, tableExports } from "../../../charts/export";
import { Page } from "../../../frame/frame";
import { Button, Empty, Skeleton } from "../../../parts/basic";
import { setParams, usePlace } from "../../../router";
import { t } from "../../../strings";
import { JourneyTabs, SQL_TAB } from "../tabs";
import { SqlProblem } from "./problem";
import { Result, resultTable } from "./result";
import { Schema } from "./schema";
import { EXAMPLES } from "./examples";

/** What fits into an address that every server and browser on the way takes. */
const ADDRESS_CHARS_MAX = 6000;

export function SqlPage() {
  const { search } = usePlace();
  const shared = new URLSearchParams(search).get("sql") ?? "";
  const [text, setText] = useState(shared);
  const [asked, setAsked] = useState<string | null>(shared || null);
  const editor = useRef<HTMLTextAreaElement>(null);
  const load = useLoad<SqlAnswer>(asked, (signal) => api.sql(asked!, signal), false);
  const tooLong = encodeURIComponent(text).length > ADDRESS_CHARS_MAX;

  // Back, forward and links bring another statement.
  useEffect(() => {
    if (!shared) return;
    setText(shared);
    setAsked(shared);
  }, [shared]);

  const run = (statement: string) => {
    if (!statement.trim()) {
      editor.current?.focus();
      return;
    }
    setText(statement);
    if (statement === asked) load.reload();
    else setAsked(statement);
    setParams({ sql: encodeURIComponent(statement).length > ADDRESS_CHARS_MAX ? undefined : statement });
  };

  const insert = (words: string) => {
    const area = editor.current;
    if (!area) return;
    const { selectionStart: from, selectionEnd: to } = area;
    setText(text.slice(0, from) + words + text.slice(to));
    requestAnimationFrame(() => {
      area.focus();
      area.setSelectionRange(from + words.length, from + words.length);
    });
  };

  return (
    <Page above={<JourneyTabs here={SQL_TAB} />} title={t("sql.title")} lead={t("sql.lead")}>
      <div class="sql">
        <div class="stack">
          <section class="sheet" aria-label={t("sql.statement")}>
            <form
              class="sheet-body stack"
              onSubmit={(event) => {
                event.preventDefault();
                run(text);
              }}
            >
              <textarea
                ref={editor}
                class="input code"
                aria-label={t("sql.statement")}
                aria-describedby="sql-keys"
                aria-invalid={load.error?.problem.pointer === "/sql" ? true : undefined}
                rows={8}
                spellcheck={false}
                autocapitalize="off"
                autocomplete="off"
                value={text}
                placeholder={EXAMPLES[0]!.sql}
                onInput={(event) => setText(event.currentTarget.value)}
                onKeyDown={(event) => {
                  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
                  event.preventDefault();
                  run(text);
                }}
              />
              <div class="row">
                {load.loading ? (
                  <Button icon="close" onClick={() => setAsked(null)}>
                    {t("sql.cancel")}
                  </Button>
                ) : (
                  <Button look="primary" type="submit">
                    {t("sql.run")}
                  </Button>
                )}
                <span class="small dim" id="sql-keys">
                  {t("sql.keys")}
                </span>
              </div>
              {tooLong && <p class="small dim">{t("sql.long")}</p>}
            </form>
          </section>
          <section class="sheet" aria-label={t("answer")} aria-busy={load.loading}>
            <header class="sheet-head">
              <h2>{t("answer")}</h2>
              <p class="small dim" role="status">
                {load.data ? said(load.data) : load.loading ? t("sql.running") : ""}
              </p>
              <span class="push" />
              {load.data && <ExportMenu name={t("sql.file")} {...tableExports(() => resultTable(load.data!))} />}
            </header>
            {load.error && <SqlProblem error={load.error} text={asked ?? text} editor={editor} />}
            {load.loading && (
              <div class="sheet-body">
                <Skeleton rows={6} />
              </div>
            )}
            {load.data && <Result key={asked} answer={load.data} />}
            {!load.data && !load.error && !load.loading && <Empty>{t("sql.begin")}</Empty>}
          </section>
        </div>
        <Schema insert={insert} run={run} />
      </div>
    </Page>
  );
}

function said({ row_count, elapsed_ms, rows_scanned, truncated }: SqlAnswer): string {
  const words = t("sql.said", { n: row_count, ms: elapsed_ms, read: rows_scanned });
  return truncated ? `${words} ${t("sql.truncated")}` : words;
}
