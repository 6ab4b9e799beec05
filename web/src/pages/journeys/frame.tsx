// What the tabs share: the tabs themselves, range, segment and views above; the question; the answer with its table
// twin and what can be taken along.
import { toChildArray, type ComponentChildren, type VNode } from "preact";
import { useContext } from "preact/hooks";
import type { Load } from "../../api/hooks";
import type { AnswerBase } from "../../api/types";
import { ExportMenu, type Exports } from "../../charts/export";
import { TwinButton } from "../../charts/table";
import { Page } from "../../frame/frame";
import { Empty, Moment, Problem, Skeleton, Warnings } from "../../parts/basic";
import { Select } from "../../parts/field";
import { RangePicker } from "../../query/range-picker";
import { SegmentChips } from "../../query/segment-chips";
import type { Range } from "../../query/types";
import { cleanLine } from "../../safe";
import { t } from "../../strings";
import type { Shared, TabName } from "./state";
import { JourneyTabs } from "./tabs";
import { TileContext, type Tile } from "./tile";
import { PinnedViews, useViews, ViewTools } from "./views";

interface FrameProps<T extends Shared> {
  tab: TabName;
  state: T;
  set: (changes: Partial<T>) => void;
  /** Where no view gives its name. */
  title: string;
  lead?: ComponentChildren;
  range: Range;
  /** The editors of the question. */
  builder: ComponentChildren;
  /** What stands before the question. */
  before?: ComponentChildren;
  children: ComponentChildren;
}

export function JourneyFrame<T extends Shared>(props: FrameProps<T>) {
  const tile = useContext(TileContext);
  return tile ? <TileFrame tile={tile} lead={props.lead} children={props.children} /> : <TabFrame {...props} />;
}

/** Of the sheets of a tab a tile has the first: the answer itself. */
function TileFrame({ tile, lead, children }: { tile: Tile; lead: ComponentChildren; children: ComponentChildren }) {
  const sheet = toChildArray(children).find((child) => (child as VNode).type === AnswerSheet);
  return (
    <>
      <header class="tile-head">
        <h2>
          <a href={tile.href}>{cleanLine(tile.name)}</a>
        </h2>
        {tile.tools}
      </header>
      {lead && <p class="tile-lead">{lead}</p>}
      {sheet ?? <Empty>{t("tile.nothing")}</Empty>}
    </>
  );
}

function TabFrame<T extends Shared>({ tab, state, set, title, lead, range, builder, before, children }: FrameProps<T>) {
  const views = useViews();
  const list = views.data?.views ?? [];
  const view = list.find((each) => String(each.id) === String(state.view));
  const change = (changes: Shared) => set(changes as Partial<T>);
  return (
    <Page
      above={<JourneyTabs here={tab} />}
      title={view ? cleanLine(view.name) : title}
      lead={lead}
      bar={
        <>
          <RangePicker
            range={state.range ?? range}
            onChange={(next) => change({ range: next })}
            compare={state.compare}
            onCompare={(how) => change({ compare: how })}
          />
          <SegmentChips segment={state.segment} onChange={(segment) => change({ segment })} />
        </>
      }
      tools={<ViewTools tab={tab} state={state} views={list} reload={views.reload} />}
    >
      <PinnedViews views={list} current={view} />
      {view && (
        <p class="small dim view-line">
          {t("view.line", { owner: cleanLine(view.owner) })} <Moment at={view.updated} />
        </p>
      )}
      {before}
      <section class="sheet" aria-label={t("builder")}>
        {builder}
        <div class="builder per">
          <Select inline label={t("per")} value={state.per ?? "customer"} onChange={(per) => change({ per: per === "account" ? per : undefined })} options={(["customer", "account"] as const).map((each) => ({ value: each, text: t(`per.${each}`) }))} />
        </div>
      </section>
      {children}
    </Page>
  );
}

interface AnswerProps<A> {
  load: Load<A>;
  /** The answer, where it belongs to the question as it stands. */
  answer: A | undefined;
  head: ComponentChildren;
  tools?: ComponentChildren;
  table: boolean;
  onTable: () => void;
  exports: Exports | null;
  /** About how high the chart is. */
  height?: number;
  after?: ComponentChildren;
  children: ComponentChildren;
}

export function AnswerSheet<A extends AnswerBase>({ load, answer, head, tools, table, onTable, exports, height = 280, after, children }: AnswerProps<A>) {
  const tile = useContext(TileContext);
  // A page has one answer, which is a landmark; tiles are many.
  const Answer = tile ? "div" : "section";
  return (
    <Answer class={tile ? "tile-answer" : "sheet"} aria-label={tile ? undefined : t("answer")} aria-busy={load.loading}>
      <header class={tile ? "tile-tools" : "sheet-head"}>
        {!tile && head}
        <span class="push" />
        {!tile && tools}
        <TwinButton on={table} toggle={onTable} keyed={!tile} />
        {exports && <ExportMenu {...exports} />}
      </header>
      <div class="chart-place">
        {load.error && <Problem error={load.error} retry={load.reload} />}
        <Warnings list={answer?.warnings} />
        {!answer && !load.error && load.loading && <Skeleton rows={6} height={height} />}
        {children}
      </div>
      {!tile && after}
    </Answer>
  );
}
