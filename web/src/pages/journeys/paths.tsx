// Paths: what people do after an event, or before it.
import { useQuestion } from "../../api/hooks";
import type { PathsAnswer } from "../../api/types";
import type { TableData } from "../../charts/data";
import { ExportMenu, pictureNote, tableExports } from "../../charts/export";
import { FlowChart, flowOf, linkBefore, linkOpen } from "../../charts/flow";
import type { Picture } from "../../charts/picture";
import { DataTable } from "../../charts/table";
import { OpenNumber } from "../../evidence/number";
import { formatNumber, formatShare } from "../../format";
import { Empty } from "../../parts/basic";
import { Combo } from "../../parts/combo";
import { Select } from "../../parts/field";
import { MatcherEditor } from "../../query/matcher-editor";
import { fieldChoices } from "../../query/names";
import { DEFAULT_RANGE } from "../../query/range";
import type { PathsQuery } from "../../query/types";
import { comparedName, durationWords, fieldWords, groupWords, matcherWords, pathWords } from "../../query/words";
import { rich, t } from "../../strings";
import { AnswerSheet, JourneyFrame } from "./frame";
import { pathsQuery, STEPS_USUAL, useJourney, type PathsState } from "./state";

const GAPS = ["5m", "30m", "1h", "1d", "7d"];
const STEPS = [1, 2, 3, 4, 5, 6, 8];
/** Ways that are shown below the chart. */
const WAYS = 10;

export function PathsTab() {
  const [state, set] = useJourney<PathsState>();
  const load = useQuestion<PathsAnswer, PathsQuery>(pathsQuery(state));
  const { query } = load;
  const answer = query ? load.data : undefined;
  const what = state.what ?? { event: "" };
  const side = state.side === "end" ? "end" : "start";
  const title = query ? pathsTitle(query) : t("journeys.paths");
  const summary = answer ? pathsSummary(answer) : "";
  const gap = state.gap ?? "30m";
  return (
    <JourneyFrame
      tab="paths"
      state={state}
      set={set}
      title={title}
      lead={answer && query && <Lead query={query} answer={answer} />}
      range={DEFAULT_RANGE}
      builder={
        <div class="builder">
          <MatcherEditor
            label={t("paths.what")}
            matcher={what}
            onChange={(next) => set({ what: next })}
            before={<Select inline label={t("paths.side")} value={side} onChange={(next) => set({ side: next === "start" ? undefined : next })} options={(["start", "end"] as const).map((each) => ({ value: each, text: t(`paths.side.${each}`) }))} />}
          />
          <div class="row wrap">
            <Select inline label={t("paths.steps")} value={String(query?.steps ?? STEPS_USUAL)} onChange={(depth) => set({ depth: Number(depth) })} options={[...new Set([...STEPS, query?.steps ?? STEPS_USUAL])].map((n) => ({ value: String(n), text: t("paths.steps.n", { n }) }))} />
            <Select inline label={t("paths.gap")} value={gap} onChange={(next) => set({ gap: next === "30m" ? undefined : next })} options={[...new Set([...GAPS, gap])].map((each) => ({ value: each, text: t("paths.gap.n", { length: durationWords(each) }) }))} />
            <Combo label={t("paths.by")} value={state.by ?? "event"} show={fieldWords} load={async (prefix, signal) => [{ value: "event" }, ...(await fieldChoices(prefix, "*", signal))]} onChange={(by) => set({ by: by === "event" ? undefined : by })} />
          </div>
        </div>
      }
    >
      {query ? (
        <AnswerSheet
          load={load}
          answer={answer}
          table={state.table === true}
          onTable={() => set({ table: state.table ? undefined : true })}
          exports={answer ? { name: title, ...tableExports(() => linksTable(query, answer)), picture: () => pathsPicture(query, answer, title) } : null}
          head={<h2>{t("paths.head")}</h2>}
          height={360}
        >
          {answer && answer.links.length === 0 && <Empty>{t(answer.paths.length ? "paths.alone" : "paths.none")}</Empty>}
          {answer && answer.links.length > 0 && (
            <>
              {state.table ? <DataTable label={summary} table={linksTable(query, answer)} /> : <FlowChart query={query} answer={answer} summary={summary} />}
              <p class="small dim chart-note">{t("paths.note", { n: answer.links.length })}</p>
            </>
          )}
        </AnswerSheet>
      ) : (
        <section class="sheet" aria-label={t("answer")}>
          <Empty>{t("paths.pick")}</Empty>
        </section>
      )}
      {answer && query && answer.paths.length > 0 && (
        <section class="sheet" aria-label={t("paths.most")}>
          <header class="sheet-head">
            <h2>{t("paths.most")}</h2>
            <span class="push" />
            <ExportMenu name={`${title} ${t("paths.most")}`} {...tableExports(() => waysTable(query, answer))} />
          </header>
          <div class="chart-place">
            <DataTable label={t("paths.way")} table={{ ...waysTable(query, answer), rows: waysTable(query, answer).rows.slice(0, WAYS) }} />
          </div>
        </section>
      )}
    </JourneyFrame>
  );
}

const pathsTitle = (query: PathsQuery): string => (query.end ? t("paths.title.end", { what: matcherWords(query.end) }) : t("paths.title.start", { what: matcherWords(query.start!) }));

function Lead({ query, answer }: { query: PathsQuery; answer: PathsAnswer }) {
  const all = answer.depths.find((each) => each.depth === 0)?.count ?? 0;
  const next = answer.links.find((link) => link.depth === 1);
  if (!all || !next) return <>{t(all ? "paths.alone" : "paths.none")}</>;
  return (
    <>
      {rich(query.end ? "paths.lead.end" : "paths.lead.start", {
        number: <OpenNumber query={query} open={{ depth: 0 }} n={all} asOf={answer.as_of} />,
        what: matcherWords(query.end ?? query.start!),
        to: groupWords(query.end ? next.from : next.to),
        share: formatShare(next.count / all),
      })}
    </>
  );
}

export function pathsSummary(answer: PathsAnswer): string {
  const all = answer.depths.find((each) => each.depth === 0)?.count ?? 0;
  const list = answer.links.slice(0, 3).map((link) => `${pathWords([link.from, link.to])} (${formatNumber(link.count)})`).join(", ");
  return list ? t("paths.summary", { n: all, list }) : t("answer.empty");
}

const beforeColumn = (query: PathsQuery, answer: PathsAnswer): TableData["columns"] =>
  answer.previous ? [{ text: t("chart.previous.of", { name: t("paths.times"), compared: comparedName(query) }), number: true, key: "count_before" }] : [];

function linksTable(query: PathsQuery, answer: PathsAnswer): TableData {
  return {
    columns: [
      { text: t("paths.depth"), number: true, key: "depth" },
      { text: t("paths.from"), key: "from" },
      { text: t("paths.to"), key: "to" },
      { text: t("paths.times"), number: true, key: "count" },
      { text: t("paths.people"), number: true, key: "customers" },
      ...beforeColumn(query, answer),
    ],
    rows: answer.links.map((link) => ({
      key: `${link.depth} ${link.from} ${link.to}`,
      cells: [
        { value: link.depth },
        { value: link.from, show: groupWords(link.from) },
        { value: link.to, show: groupWords(link.to) },
        { value: link.count, show: <OpenNumber query={query} open={linkOpen(link)} n={link.count} asOf={answer.as_of} /> },
        { value: link.customers, show: <OpenNumber query={query} open={linkOpen(link)} n={link.count} asOf={answer.as_of}>{formatNumber(link.customers)}</OpenNumber> },
        ...(answer.previous ? [{ value: linkBefore(answer, link) ?? null, show: <OpenNumber query={query} open={{ ...linkOpen(link), previous: true }} n={linkBefore(answer, link)} asOf={answer.as_of} /> }] : []),
      ],
    })),
  };
}

function waysTable(query: PathsQuery, answer: PathsAnswer): TableData {
  return {
    columns: [
      { text: t("paths.way"), key: "events" },
      { text: t("paths.times"), number: true, key: "count" },
      { text: t("paths.people"), number: true, key: "customers" },
      ...beforeColumn(query, answer),
    ],
    rows: answer.paths.map((path, at) => ({
      key: path.events.join(" "),
      cells: [
        { value: path.events.join(" → "), show: pathWords(path.events) },
        { value: path.count, show: <OpenNumber query={query} open={{ path: path.events }} n={path.count} asOf={answer.as_of} /> },
        { value: path.customers, show: <OpenNumber query={query} open={{ path: path.events }} n={path.count} asOf={answer.as_of}>{formatNumber(path.customers)}</OpenNumber> },
        ...(answer.previous ? [{ value: answer.previous.paths[at]?.count ?? null, show: <OpenNumber query={query} open={{ path: path.events, previous: true }} n={answer.previous.paths[at]?.count} asOf={answer.as_of} /> }] : []),
      ],
    })),
  };
}

function pathsPicture(query: PathsQuery, answer: PathsAnswer, title: string): Picture {
  const flow = flowOf(query, answer);
  return {
    title,
    summary: pathsSummary(answer),
    note: pictureNote(answer, answer.depths.find((each) => each.depth === 0)?.count ?? null, query.range, query.timezone),
    body: {
      kind: "flow",
      columns: flow.columns,
      nodes: flow.nodes.map((node) => ({ column: node.column, name: groupWords(node.name), text: formatNumber(node.size), size: node.size })),
      links: flow.links.map(({ from, to, size }) => ({ from, to, size })),
    },
  };
}
