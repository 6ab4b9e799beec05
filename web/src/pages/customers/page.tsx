// Customers: all of them, found by any identifier or trait, or by what they did.
import { useEffect, useState } from "preact/hooks";
import { api } from "../../api/client";
import { useAnswer, useLoad } from "../../api/hooks";
import type { CustomerRow, CustomersAnswer } from "../../api/types";
import { ExportMenu } from "../../charts/export";
import { customersExports } from "../../evidence/export";
import { OpenNumber } from "../../evidence/number";
import { Page } from "../../frame/frame";
import { formatNumber } from "../../format";
import { Button, Empty, Moment, Problem, Skeleton, TabLinks, Warnings } from "../../parts/basic";
import { customerHref, faceOf, Who, WhoAccount } from "../../parts/person";
import { toast } from "../../parts/toast";
import { showValue } from "../../safe";
import { navigate, setParams, usePlace } from "../../router";
import { rich, t } from "../../strings";
import { EditSegment, SegmentChips } from "../../query/segment-chips";
import { SaveSegment } from "../../query/save-segment";
import type { CustomersQuery, Segment } from "../../query/types";
import { fromSearch, toSearch } from "../../query/url";
import { condWords, fieldWords, segmentWords } from "../../query/words";

const PAGE = 50;
const NOT_COLUMNS = /name|email|phone|avatar|url|^id$/i;

interface State {
  segment?: Segment;
  search?: string;
  /** Accounts in place of people. */
  per?: "account";
  sort: string;
}

function readState(search: string): State {
  const params = fromSearch(search) as Partial<State>;
  return {
    segment: params.segment,
    search: params.search === undefined ? undefined : String(params.search),
    per: params.per === "account" ? "account" : undefined,
    sort: typeof params.sort === "string" ? params.sort : "-last_seen",
  };
}

const writeState = (state: State): void =>
  navigate(`/customers?${toSearch({ search: state.search || undefined, per: state.per, segment: state.segment, sort: state.sort === "-last_seen" ? undefined : state.sort })}`.replace(/\?$/, ""));

export function CustomersPage() {
  const { search } = usePlace();
  const state = readState(search);
  const [editing, setEditing] = useState(false);
  const [chosen, choose] = useState<Set<string>>(new Set());
  const query: CustomersQuery = {
    kind: "customers",
    ...(state.per ? { per: state.per } : {}),
    ...(state.segment === undefined ? {} : { segment: state.segment }),
    ...(state.search ? { search: state.search } : {}),
    sort: state.sort,
    limit: PAGE,
  };
  const first = useAnswer<CustomersAnswer>(query);
  const [more, setMore] = useState<CustomerRow[]>([]);
  const [cursor, setCursor] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  useEffect(() => {
    setMore([]);
    choose(new Set());
    setCursor(first.data?.cursor ?? null);
  }, [first.data]);
  const answer = first.data;
  const rows = answer ? [...answer.customers, ...more] : [];
  const columns = traitColumns(rows);
  const counted: CustomersQuery = { kind: "customers", ...(state.per ? { per: state.per } : {}), ...(state.segment === undefined ? {} : { segment: state.segment }), ...(state.search ? { search: state.search } : {}) };

  const loadMore = async () => {
    setBusy(true);
    try {
      const next = await api.customers({ ...query, cursor, as_of: answer?.as_of });
      setMore([...more, ...next.customers]);
      setCursor(next.cursor);
    } catch {
      toast(t("drawer.more.failed"));
    } finally {
      setBusy(false);
    }
  };
  const nothingAtAll = answer?.total === 0 && state.segment === undefined && !state.search && !state.per;
  const accounts = state.per !== undefined;
  return (
    <Page
      title={t("customers.title")}
      lead={answer && rich(leadOf(state), {
        n: answer.total,
        number: <OpenNumber query={counted} open={{}} n={answer.total} asOf={answer.as_of} />,
        search: state.search ? t("customers.lead.search", { text: state.search }) : "",
      })}
      above={<Switch state={state} />}
      bar={<SegmentChips segment={state.segment} onChange={(segment) => writeState({ ...state, segment })} />}
      tools={!nothingAtAll && (
        <ExportMenu {...customersExports(t("customers.title"), (limit, at) => ({ ...query, limit, ...(at ? { cursor: at } : {}) }))} disabled={!answer} />
      )}
    >
      <Tiles state={state} />
      <section class="sheet" aria-label={t(accounts ? "accounts.list" : "customers.list")} aria-busy={first.loading}>
        <div class="sheet-head sentence">
          <span>{t(accounts ? "accounts.who" : "segment.people.who.short")}</span>
          <Conditions state={state} onEdit={() => setEditing(true)} />
          {answer && <span class="push small dim">{t("segment.live", { ms: formatNumber(answer.stats.elapsed_ms) })}</span>}
        </div>
        {first.error && <Problem error={first.error} retry={first.reload} />}
        <Warnings list={answer?.warnings} />
        {!answer && !first.error && <Skeleton rows={10} height={420} />}
        {nothingAtAll && (
          <Empty action={<a class="button primary" href="/settings/sources">{t("customers.empty.do")}</a>}>{t("customers.empty")}</Empty>
        )}
        {answer && answer.total === 0 && !nothingAtAll && (
          (accounts && state.segment === undefined && !state.search
            ? <Empty>{t("accounts.empty")}</Empty>
            : <Empty action={<Button onClick={() => writeState({ sort: state.sort, per: state.per })}>{t(accounts ? "accounts.clear" : "customers.clear")}</Button>}>{t(accounts ? "accounts.none" : "customers.none")}</Empty>)
        )}
        {rows.length > 0 && <List accounts={accounts} rows={rows} columns={columns} sort={state.sort} onSort={(sort) => writeState({ ...state, sort })} words={answer?.verbatims} chosen={chosen} choose={choose} />}
        {cursor && answer && (
          <p class="center more">
            <Button look="soft" disabled={busy} onClick={() => void loadMore()}>
              {t("drawer.more", { n: formatNumber(answer.total - rows.length) })}
            </Button>
          </p>
        )}
      </section>
      {chosen.size > 0 && !accounts && <Chosen rows={rows.filter((row) => chosen.has(row.id))} clear={() => choose(new Set())} />}
      <p class="away" role="status">
        {answer ? t(accounts ? "accounts.found" : "customers.found", { n: answer.total }) : ""}
      </p>
      {editing && (
        <EditSegment
          segment={state.segment}
          onClose={() => setEditing(false)}
          onChange={(segment) => {
            writeState({ ...state, segment });
            setEditing(false);
          }}
        />
      )}
    </Page>
  );
}

const leadOf = ({ segment, search, per }: State) => {
  if (per) return segment === undefined && !search ? "accounts.lead" : "accounts.lead.some";
  return segment === undefined && !search ? "customers.lead" : "customers.lead.some";
};

/** People, or the accounts that they belong to: the same conditions for both. */
function Switch({ state }: { state: State }) {
  const href = (per: State["per"]) => `/customers?${toSearch({ search: state.search || undefined, per, segment: state.segment })}`.replace(/\?$/, "");
  return (
    <TabLinks
      label={t("customers.switch")}
      tabs={[
        { href: href(undefined), text: t("customers.people"), here: !state.per },
        { href: href("account"), text: t("accounts.title"), here: state.per !== undefined },
      ]}
    />
  );
}

/** The traits that fill two columns best: common, short, and with more than one value. */
function traitColumns(rows: CustomerRow[]): string[] {
  const counts = new Map<string, number>();
  for (const row of rows) {
    for (const name of Object.keys(row.traits)) if (!NOT_COLUMNS.test(name)) counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).slice(0, 2).map(([name]) => name);
}

function Conditions({ state, onEdit }: { state: State; onEdit: () => void }) {
  const { segment, search } = state;
  const parts = segment === undefined ? [] : typeof segment === "object" && "all" in segment ? segment.all : [segment];
  return (
    <>
      {parts.map((part, index) => (
        <span key={index} class="row">
          {index > 0 && <span>{t("words.and").trim()}</span>}
          <button type="button" class="chip" onClick={onEdit}>
            <span class="clip">{typeof part === "string" ? t("segment.in", { name: part }) : "trait" in part ? condWords(part.trait as never) : segmentWords(part)}</span>
          </button>
        </span>
      ))}
      {search && (
        <button type="button" class="chip on" onClick={() => setParams({ search: undefined })} aria-label={t("customers.search.clear", { text: search })}>
          {t("customers.search.chip", { text: search })} <span aria-hidden="true">×</span>
        </button>
      )}
      {parts.length === 0 && !search && <span class="chip plain-chip">{t("customers.any")}</span>}
      <button type="button" class="chip add" onClick={onEdit}>
        {t("customers.and")}
      </button>
    </>
  );
}

const SORTS = { name: "customer.name", last: "last_seen", first: "first_seen", events: "events" } as const;

function SortHead({ text, by, sort, onSort, number }: { text: string; by: string; sort: string; onSort: (sort: string) => void; number?: boolean }) {
  const down = sort === `-${by}`;
  const up = sort === by;
  return (
    <th scope="col" class={number ? "num" : undefined} aria-sort={down ? "descending" : up ? "ascending" : "none"}>
      <button type="button" class="sort" onClick={() => onSort(down ? by : `-${by}`)}>
        {text} <span aria-hidden="true">{down ? "↓" : up ? "↑" : ""}</span>
      </button>
    </th>
  );
}

interface ListProps {
  accounts: boolean;
  rows: CustomerRow[];
  columns: string[];
  sort: string;
  onSort: (sort: string) => void;
  words: CustomersAnswer["verbatims"];
  chosen: Set<string>;
  choose: (chosen: Set<string>) => void;
}

function List({ accounts, rows, columns, sort, onSort, words, chosen, choose }: ListProps) {
  const said = new Map((words ?? []).map((word) => [word.customer, word]));
  const head = { sort, onSort };
  return (
    <table class="table customers">
      <thead>
        <tr>
          {!accounts && (
            <th scope="col" class="col-choose">
              <span class="away">{t("customers.choose")}</span>
            </th>
          )}
          <th scope="col">{t(accounts ? "accounts.name" : "customers.name")}</th>
          {said.size > 0 && <th scope="col" class="col-words">{t("customers.last.word")}</th>}
          {columns.map((name) => (
            <th scope="col" key={name} class="col-trait">
              {fieldWords(name)}
            </th>
          ))}
          <SortHead text={t("customers.events")} by={SORTS.events} number {...head} />
          <SortHead text={t("customers.first")} by={SORTS.first} {...head} />
          <SortHead text={t("customers.last")} by={SORTS.last} {...head} />
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={row.id} class={chosen.has(row.id) ? "tall chosen" : "tall"} data-row={accounts ? undefined : row.id}>
            {!accounts && (
              <td class="col-choose">
                <input type="checkbox" aria-label={t("customers.choose.one", { name: faceOf(row.id, row.traits).name })} checked={chosen.has(row.id)} onChange={() => choose(toggled(chosen, row.id))} />
              </td>
            )}
            <th scope="row">
              {accounts ? <WhoAccount id={row.id} size="m" /> : <Who row={row} size="m" facts />}
            </th>
            {said.size > 0 && <td class="col-words quote s">{said.get(row.id)?.text ?? ""}</td>}
            {columns.map((name) => (
              <td key={name} class="col-trait">
                <bdi>{row.traits[name] === undefined ? "" : showValue(row.traits[name])}</bdi>
              </td>
            ))}
            <td class="num col-events">
              {accounts ? formatNumber(row.events) : (
                <a class="opens" href={customerHref(row.id)} aria-label={t("customers.events.open", { n: row.events })}>
                  {formatNumber(row.events)}
                </a>
              )}
            </td>
            <td class="col-first dim">{row.first_seen ? <Moment at={row.first_seen} /> : "–"}</td>
            <td class="col-last">{row.last_seen ? <Moment at={row.last_seen} /> : "–"}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function toggled(set: Set<string>, id: string): Set<string> {
  const next = new Set(set);
  if (!next.delete(id)) next.add(id);
  return next;
}

/** What can be done with those chosen in the list. */
function Chosen({ rows, clear }: { rows: CustomerRow[]; clear: () => void }) {
  const [saving, setSaving] = useState(false);
  const segment: Segment = { trait: ["id", "in", rows.map((row) => row.id)] };
  return (
    <div class="chosen-bar" role="group" aria-label={t("customers.chosen", { n: rows.length })}>
      <span role="status">{t("customers.chosen", { n: rows.length })}</span>
      <Button icon="save" onClick={() => setSaving(true)}>
        {t("segment.save")}
      </Button>
      <ExportMenu {...customersExports(t("customers.chosen.name"), (limit, at) => ({ kind: "customers", segment, limit, ...(at ? { cursor: at } : {}) }))} />
      <Button look="quiet" icon="close" aria-label={t("customers.chosen.none")} onClick={clear} />
      {saving && <SaveSegment segment={segment} onClose={() => setSaving(false)} onSaved={clear} />}
    </div>
  );
}

/** Everyone and the saved segments, each with how many they are now. */
function Tiles({ state }: { state: State }) {
  const saved = useLoad("segments", () => api.segments());
  const names = (saved.data?.segments ?? []).slice(0, 4).map((each) => each.name);
  if (names.length === 0) return null;
  return (
    <nav class="tiles" aria-label={t("customers.tiles")}>
      <Tile name={undefined} state={state} />
      {names.map((name) => (
        <Tile key={name} name={name} state={state} />
      ))}
    </nav>
  );
}

function Tile({ name, state }: { name: string | undefined; state: State }) {
  const count = useAnswer<CustomersAnswer>({ kind: "customers", limit: 1, ...(state.per ? { per: state.per } : {}), ...(name === undefined ? {} : { segment: name }) });
  const here = state.segment === name;
  return (
    <a class="tile" href={`/customers?${toSearch({ per: state.per, segment: name })}`.replace(/\?$/, "")} aria-current={here ? "true" : undefined}>
      <span class="clip">{name ?? t("segment.everyone")}</span>
      <b>{count.data ? formatNumber(count.data.total) : "–"}</b>
    </a>
  );
}
