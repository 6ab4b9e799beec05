// The evidence drawer: who and what stands behind a number, and how it was computed.
import { useEffect, useRef, useState } from "preact/hooks";
import { api } from "../api/client";
import { useLoad } from "../api/hooks";
import type { CustomerRow, CustomersAnswer } from "../api/types";
import { formatDayRange, formatNumber, orgZone } from "../format";
import { useKey } from "../keys";
import { Button, Note, Problem, Skeleton } from "../parts/basic";
import { toast } from "../parts/toast";
import { openAsSegment } from "../query/as-segment";
import { comparedDays, rangeDays } from "../query/range";
import { cellWords, segmentWords } from "../query/words";
import { usePlace } from "../router";
import { t } from "../strings";
import { SaveSegment } from "../query/save-segment";
import { ExportMenu } from "../charts/export";
import { customersExports, wordsExports } from "./export";
import { HowComputed } from "./how";
import { People, Words } from "./people";
import { closeEvidence, readEvidence, type Evidence } from "./state";

type Tab = "people" | "words" | "how";
const PAGE = 50;

const ask = (evidence: Evidence, cursor: string | null, limit: number, withAsOf: boolean): object => {
  const { as_of: _, ...query } = evidence.q as unknown as Record<string, unknown>;
  const asOf = withAsOf && evidence.a ? { as_of: evidence.a } : {};
  // The number as it was shown: where it has changed since, the answer says so.
  const was = typeof evidence.n === "number" ? { was: evidence.n } : {};
  if (evidence.q.kind === "customers") return { ...query, ...asOf, limit, ...(cursor ? { cursor } : {}) };
  return { ...query, ...asOf, open: { ...evidence.o, limit, ...was, ...(cursor ? { cursor } : {}) } };
};

export function DrawerHost() {
  const { search } = usePlace();
  const evidence = readEvidence(search);
  useEffect(() => {
    document.documentElement.toggleAttribute("data-drawer", evidence !== null);
  }, [evidence !== null]);
  if (!evidence) return null;
  return <Drawer key={JSON.stringify([evidence.q, evidence.o])} evidence={evidence} />;
}

function Drawer({ evidence }: { evidence: Evidence }) {
  const [tab, setTab] = useState<Tab>("people");
  const [more, setMore] = useState<CustomerRow[]>([]);
  const [cursor, setCursor] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const [saving, setSaving] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const heading = useRef<HTMLHeadingElement>(null);

  const key = JSON.stringify([evidence.q, evidence.o]);
  const first = useLoad<CustomersAnswer>(key, (signal) => api.customers(ask(evidence, null, PAGE, true), signal), false);
  useEffect(() => {
    setMore([]);
    setCursor(first.data?.cursor ?? null);
  }, [first.data]);
  useEffect(() => heading.current?.focus({ preventScroll: true }), []);
  useKey("Escape", closeEvidence);
  // On a phone it lies over the page, which then can be neither reached nor read.
  const [covers] = useState(() => matchMedia("(max-width: 720px)").matches);
  useEffect(() => {
    const page = document.querySelector(".app");
    page?.toggleAttribute("inert", covers);
    return () => page?.removeAttribute("inert");
  }, [covers]);

  const answer = first.data;
  const people = answer ? [...answer.customers, ...more] : [];
  // The words are those of the whole cell, the newest of them, on every page alike.
  const said = (answer?.verbatims ?? []).filter((verbatim) => verbatim.text);
  const shown = evidence.n ?? answer?.total ?? 0;
  const segment = openAsSegment(evidence.q, evidence.o);

  const loadMore = async () => {
    if (!cursor) return;
    setBusy(true);
    try {
      const next = await api.customers(ask(evidence, cursor, PAGE, true));
      setMore([...more, ...next.customers]);
      setCursor(next.cursor);
    } catch {
      toast(t("drawer.more.failed"));
    } finally {
      setBusy(false);
    }
  };

  const tabs: [Tab, string, number | null][] = [
    ["people", t("drawer.people"), answer?.total ?? null],
    ["words", t("drawer.words"), answer ? (answer.verbatims_total ?? said.length) : null],
    ["how", t("drawer.how"), null],
  ];

  return (
    <div
      class="drawer"
      role="dialog"
      aria-modal={covers}
      aria-labelledby="drawer-title"
      ref={root}
      onKeyDown={(event) => {
        if (event.key === "Escape" && !event.defaultPrevented) {
          event.preventDefault();
          closeEvidence();
        }
      }}
    >
      <div class="drawer-head">
        <div class="row small dim">
          <span>{t(`kind.${evidence.q.kind}`)}</span>
          <span class="push" />
          <kbd class="wide-only">{t("key.esc")}</kbd>
          <Button look="quiet" icon="close" aria-label={t("close")} onClick={closeEvidence} />
        </div>
        <h2 id="drawer-title" tabIndex={-1} ref={heading}>
          {cellWords(evidence.q, evidence.o, shown)}
        </h2>
        <p class="small dim">{contextWords(evidence)}</p>
        <div class="drawer-tabs" role="tablist" aria-label={t("drawer.tabs")} onKeyDown={(event) => moveTab(event, tabs.map(([name]) => name), tab, setTab)}>
          {tabs.map(([name, text, n]) => (
            <button key={name} type="button" role="tab" id={`tab-${name}`} aria-selected={tab === name} aria-controls="drawer-panel" tabIndex={tab === name ? 0 : -1} onClick={() => setTab(name)}>
              {text} {n !== null && (
                <span class="dim">{formatNumber(n)}</span>
              )}
            </button>
          ))}
        </div>
      </div>
      <div class="drawer-body" role="tabpanel" id="drawer-panel" aria-labelledby={`tab-${tab}`} tabIndex={0} aria-busy={first.loading}>
        {first.error && <Problem error={first.error} retry={first.reload} />}
        {!answer && !first.error && <Skeleton rows={8} />}
        {answer?.moved && (
          <Note tone="warn">{t("drawer.moved", { was: formatNumber(answer.moved.was), now: formatNumber(answer.moved.now) })}</Note>
        )}
        {answer && tab === "people" && <People evidence={evidence} answer={answer} people={people} said={said} />}
        {answer && tab === "words" && <Words people={people} said={said} total={answer.verbatims_total ?? said.length} />}
        {answer && tab === "how" && <HowComputed evidence={evidence} answer={answer} asked={ask(evidence, null, PAGE, true)} />}
        {answer && tab === "people" && cursor && (
          <p class="center">
            <Button look="soft" disabled={busy} onClick={() => void loadMore()}>
              {t("drawer.more", { n: formatNumber(Math.max(0, answer.total - people.length)) })}
            </Button>
          </p>
        )}
      </div>
      <div class="drawer-foot">
        {segment !== null && (
          <Button icon="save" onClick={() => setSaving(true)}>
            {t("segment.save")}
          </Button>
        )}
        {tab === "words" ? (
          <ExportMenu {...wordsExports(t("drawer.words"), said)} disabled={said.length === 0} />
        ) : (
          <ExportMenu {...customersExports(t("drawer.people"), (limit, at) => ask(evidence, at, limit, true))} disabled={!answer} />
        )}
      </div>
      {saving && segment !== null && <SaveSegment segment={segment} onClose={() => setSaving(false)} />}
    </div>
  );
}

function moveTab(event: KeyboardEvent, names: Tab[], tab: Tab, setTab: (tab: Tab) => void): void {
  const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
  if (!step) return;
  event.preventDefault();
  const next = names[(names.indexOf(tab) + step + names.length) % names.length]!;
  setTab(next);
  document.getElementById(`tab-${next}`)?.focus();
}

function contextWords({ q, o }: Evidence): string {
  const who = q.segment !== undefined ? t("drawer.among", { segment: segmentWords(q.segment) }) : "";
  if (q.kind === "customers") return who || t("drawer.all");
  const range = q.range ?? "last 30 days";
  const days = o.previous ? comparedDays(range, q.compare ?? "previous") : rangeDays(range);
  return t("drawer.range", { days: formatDayRange(days.from, days.to), zone: q.timezone ?? orgZone() }) + (who ? ` · ${who}` : "");
}
