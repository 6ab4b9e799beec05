// The catalogue: events, properties and traits, what was seen of them and what people say of them.
import { useEffect, useState } from "preact/hooks";
import { api } from "../../api/client";
import { useLoad } from "../../api/hooks";
import type { CatalogueEntry, CatalogueKind, CatalogueList } from "../../api/types";
import { tableCsv, tableNdjson, type TableData } from "../../charts/data";
import { ExportMenu } from "../../charts/export";
import { OpenNumber } from "../../evidence/number";
import { formatNumber, formatShare } from "../../format";
import { Page } from "../../frame/frame";
import { Button, Empty, Moment, Note, Problem, Sheet, Skeleton, TabLinks, Tag } from "../../parts/basic";
import { toast } from "../../parts/toast";
import { setParams, usePlace } from "../../router";
import { cleanLine } from "../../safe";
import { t } from "../../strings";
import { CatalogueDetail } from "./catalogue_entry";
import { recentQuery } from "./catalogue_query";
import { Insiders } from "./insiders";
import { SettingsTabs } from "./page";

const KINDS: CatalogueKind[] = ["event", "property", "trait"];
const WAIT_MS = 200;

/** All of them, not only those that were scrolled to. */
async function everyEntry(kind: CatalogueKind, words: string): Promise<CatalogueEntry[]> {
  const all: CatalogueEntry[] = [];
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const page: CatalogueList = await api.catalogue({ kind, search: words, cursor });
    all.push(...page.entries);
    cursor = page.cursor;
  }
  return all;
}

const catalogueTable = (entries: CatalogueEntry[]): TableData => ({
  columns: ["name", "recent", "share", "types", "last_seen", "owner", "description", "hidden", "blocked", "unexpected"].map((key) => ({ text: key, key })),
  rows: entries.map((entry) => ({
    key: entry.name,
    cells: [
      entry.name,
      entry.recent?.count ?? null,
      entry.recent?.share ?? null,
      entry.recent ? Object.keys(entry.recent.types ?? {}).join(" ") : null,
      entry.last_seen ?? null,
      entry.owner ?? null,
      entry.description ?? null,
      Boolean(entry.hidden),
      Boolean(entry.blocked),
      entry.unexpected?.count ?? null,
    ].map((value) => ({ value })),
  })),
});

export function Catalogue() {
  const { search } = usePlace();
  const params = new URLSearchParams(search);
  const kind = KINDS.find((each) => each === params.get("kind")) ?? "event";
  const words = params.get("q") ?? "";
  const chosen = params.get("entry");
  const load = useLoad(`catalogue ${kind} ${words}`, (signal) => api.catalogue({ kind, search: words }, signal));
  const [more, setMore] = useState<CatalogueEntry[]>([]);
  const [cursor, setCursor] = useState<string | null>(null);
  useEffect(() => {
    setMore([]);
    setCursor(load.data?.cursor ?? null);
  }, [load.data]);
  const older = async () => {
    try {
      const next = await api.catalogue({ kind, search: words, cursor });
      setMore([...more, ...next.entries]);
      setCursor(next.cursor);
    } catch {
      toast(t("drawer.more.failed"));
    }
  };
  const entries = load.data ? [...load.data.entries, ...more] : [];
  const insiders = params.get("kind") === "internal";
  const tabs = KINDS.map((each) => ({ href: `/settings/catalogue?kind=${each}`, text: t(`catalogue.kind.${each}`), here: each === kind && !insiders }));
  if (insiders) {
    return (
      <Page above={<SettingsTabs here="catalogue" />} title={t("settings.catalogue")} lead={t("catalogue.lead")}>
        <div class="catalogue-tools">
          <TabLinks label={t("catalogue.kind")} tabs={[...tabs, { href: "/settings/catalogue?kind=internal", text: t("internal.title"), here: true }]} />
        </div>
        <Insiders />
      </Page>
    );
  }
  return (
    <Page above={<SettingsTabs here="catalogue" />} title={t("settings.catalogue")} lead={t("catalogue.lead")}>
      <div class="catalogue-tools">
        <TabLinks label={t("catalogue.kind")} tabs={[...tabs, { href: "/settings/catalogue?kind=internal", text: t("internal.title"), here: false }]} />
        <Search words={words} key={kind} />
      </div>
      {load.data?.unmeasured && <Note tone="warn">{t("catalogue.unmeasured", { why: cleanLine(load.data.unmeasured) })}</Note>}
      <div class={chosen ? "two catalogue chosen" : "catalogue"}>
        <Sheet
          title={load.data ? t("catalogue.n", { n: load.data.total }) : t(`catalogue.kind.${kind}`)}
          aside={
            <ExportMenu
              name={t(`catalogue.kind.${kind}`)}
              csv={async () => tableCsv(catalogueTable(await everyEntry(kind, words)))}
              ndjson={async () => tableNdjson(catalogueTable(await everyEntry(kind, words)))}
              disabled={entries.length === 0}
            />
          }
          flush
        >
          {load.error && <Problem error={load.error} retry={load.reload} />}
          {!load.data && !load.error && <Skeleton rows={10} height={420} />}
          {load.data && entries.length === 0 && <Empty>{words ? t("catalogue.n", { n: 0 }) : t("live.empty")}</Empty>}
          {load.data && entries.length > 0 && <Entries kind={kind} list={load.data} entries={entries} chosen={chosen} />}
          {cursor && load.data && (
            <p class="center more">
              <Button look="soft" onClick={() => void older()}>
                {t("drawer.more", { n: formatNumber(load.data.total - entries.length) })}
              </Button>
            </p>
          )}
        </Sheet>
        {chosen && <CatalogueDetail kind={kind} name={chosen} key={`${kind} ${chosen}`} onSaved={load.reload} />}
      </div>
    </Page>
  );
}

/** Searches while one types, a moment after the last key. */
function Search({ words }: { words: string }) {
  const [text, setText] = useState(words);
  useEffect(() => {
    if (text.trim() === words) return undefined;
    const timer = setTimeout(() => setParams({ q: text.trim() || undefined }, true), WAIT_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return <input class="input" type="search" value={text} aria-label={t("catalogue.search")} placeholder={t("catalogue.search")} maxLength={200} onInput={(event) => setText(event.currentTarget.value)} />;
}

function Entries({ kind, list, entries, chosen }: { kind: CatalogueKind; list: CatalogueList; entries: CatalogueEntry[]; chosen: string | null }) {
  return (
    <div class="scroll" tabIndex={0} role="group" aria-label={t(`catalogue.kind.${kind}`)}>
      <table class="table">
        <thead>
          <tr>
            <th scope="col">{t("catalogue.name")}</th>
            <th scope="col" class="num">
              {t(kind === "trait" ? "catalogue.has" : "catalogue.recent")}
            </th>
            <th scope="col" class="num col-minor" title={t(kind === "trait" ? "catalogue.share.trait" : "catalogue.share.event")}>
              {t("catalogue.share")}
            </th>
            {kind !== "event" && (
              <th scope="col" class="col-source">
                {t("catalogue.types")}
              </th>
            )}
            <th scope="col" class="num col-minor">
              {t("catalogue.last")}
            </th>
            <th scope="col" class="col-minor">
              {t("catalogue.owner")}
            </th>
            {kind !== "event" && (
              <th scope="col" class="num">
                {t("catalogue.unexpected")}
              </th>
            )}
          </tr>
        </thead>
        <tbody>
          {entries.map((entry) => (
            <tr key={entry.name} aria-selected={entry.name === chosen}>
              <th scope="row">
                <button type="button" class="link row" aria-pressed={entry.name === chosen} onClick={() => setParams({ entry: entry.name === chosen ? undefined : entry.name })}>
                  <bdi>{cleanLine(entry.name)}</bdi>
                </button>
                {entry.hidden && <Tag>{t("catalogue.is.hidden")}</Tag>}
                {entry.blocked && <Tag tone="bad">{t("catalogue.is.blocked")}</Tag>}
                {entry.description && <small class="dim block clip">{cleanLine(entry.description)}</small>}
              </th>
              <td class="num">{entry.recent ? <OpenNumber query={recentQuery(entry)} open={kind === "trait" ? {} : { series: 0 }} n={entry.recent.count} /> : "–"}</td>
              <td class="num col-minor">{entry.recent ? formatShare(entry.recent.share) : "–"}</td>
              {kind !== "event" && <td class="col-source">{entry.recent ? typeWords(entry.recent.types) : "–"}</td>}
              <td class="num nowrap col-minor">{entry.last_seen ? <Moment at={entry.last_seen} /> : t("catalogue.never")}</td>
              <td class="col-minor">{entry.owner ? cleanLine(entry.owner) : <span class="dim">–</span>}</td>
              {kind !== "event" && (
                <td class={entry.unexpected?.count ? "num warn" : "num"}>{entry.unexpected ? <OpenNumber query={entry.unexpected.question} open={kind === "trait" ? {} : { series: 0 }} n={entry.unexpected.count} /> : <span class="dim">–</span>}</td>
              )}
            </tr>
          ))}
        </tbody>
      </table>
      {list.total === 0 && <p class="dim">{t("catalogue.n", { n: 0 })}</p>}
    </div>
  );
}

/** "text, number": an instant is a text too, and is called what it is where all texts are. */
export function typeWords(types: Record<string, number>): string {
  const all = types.string !== undefined && types.string === types.instant;
  const names = Object.keys(types).filter((name) => (all ? name !== "string" : name !== "instant"));
  return names.map((name) => t(`catalogue.type.${name}` as "catalogue.type.string")).join(", ") || "–";
}
