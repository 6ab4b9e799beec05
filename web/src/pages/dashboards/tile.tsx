// One tile: a saved view, asked when it comes into sight, or a text. What is wrong with one stays in it.
import { Component, type ComponentChildren } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { DashboardTile, SavedView } from "../../api/types";
import { Button, Note, Skeleton } from "../../parts/basic";
import { cleanLine, cleanText } from "../../safe";
import { t } from "../../strings";
import { TAB } from "../journeys/page";
import { TABS } from "../journeys/state";
import { TileContext } from "../journeys/tile";
import { viewHref } from "../journeys/views";
import { tileState, type Filter } from "./state";

/** How far below the sight a tile is already asked. */
const AHEAD = "300px";

/** Whether the element has ever been in sight. */
function useSeen(): [(element: Element | null) => void, boolean] {
  const [seen, setSeen] = useState(false);
  const watching = useRef<IntersectionObserver>();
  const watch = (element: Element | null) => {
    watching.current?.disconnect();
    if (!element || seen) return;
    watching.current = new IntersectionObserver((entries) => entries.some((entry) => entry.isIntersecting) && setSeen(true), { rootMargin: AHEAD });
    watching.current.observe(element);
  };
  useEffect(() => () => watching.current?.disconnect(), []);
  return [watch, seen];
}

class Kept extends Component<{ otherwise: ComponentChildren; children: ComponentChildren }, { failed: boolean }> {
  override state = { failed: false };
  override componentDidCatch() {
    this.setState({ failed: true });
  }
  override render() {
    return this.state.failed ? this.props.otherwise : this.props.children;
  }
}

interface Props {
  tile: DashboardTile;
  /** Missing: it was deleted, or it is a text. */
  view: SavedView | undefined;
  filter: Filter;
  table: boolean;
  /** In their place, where tiles are arranged. */
  tools: ComponentChildren;
}

export function TileBody({ tile, view, filter, table, tools }: Props) {
  if (tile.text !== undefined) return <Words text={tile.text} tools={tools} />;
  if (!view) return <Missing tools={tools} />;
  return (
    <Kept otherwise={<Missing name={view.name} tools={tools} />}>
      <ViewTile view={view} filter={filter} table={table} tools={tools} />
    </Kept>
  );
}

/** The first line stands larger where others follow; the words are data. */
function Words({ text, tools }: { text: string; tools: ComponentChildren }) {
  const [first, ...rest] = cleanText(text).split("\n");
  const more = rest.join("\n").trim();
  return (
    <>
      <header class="tile-head">
        {more ? <h2 dir="auto">{first}</h2> : <p dir="auto">{first}</p>}
        {tools}
      </header>
      {more && (
        <p class="tile-words" dir="auto">
          {more}
        </p>
      )}
    </>
  );
}

function Missing({ name, tools }: { name?: string; tools: ComponentChildren }) {
  return (
    <>
      <header class="tile-head">
        <h2>{name === undefined ? t("tile.gone") : cleanLine(name)}</h2>
        {tools}
      </header>
      <Note>{t(name === undefined ? "tile.gone.why" : "tile.broken")}</Note>
    </>
  );
}

function ViewTile({ view, filter, table, tools }: { view: SavedView; filter: Filter; table: boolean; tools: ComponentChildren }) {
  const [watch, seen] = useSeen();
  // What is changed on the tile itself, the table in place of the chart, lasts as long as the page.
  const [changes, setChanges] = useState<Record<string, unknown>>({});
  const state = useMemo(() => ({ ...tileState(view, filter, table), ...changes }), [view, filter, table, changes]);
  const name = TABS.find((each) => each === view.query.tab) ?? "trends";
  const Tab = TAB[name];
  if (!seen) {
    return (
      <div ref={watch}>
        <header class="tile-head">
          <h2>{cleanLine(view.name)}</h2>
          {tools}
        </header>
        <Skeleton rows={6} height={260} />
      </div>
    );
  }
  return (
    <TileContext.Provider value={{ state, set: (more) => setChanges((before) => ({ ...before, ...more })), name: view.name, href: viewHref(view), tools }}>
      <Tab />
    </TileContext.Provider>
  );
}

interface ToolsProps {
  name: string;
  at: number;
  count: number;
  full: boolean;
  onMove: (by: -1 | 1) => void;
  onWidth: () => void;
  onEdit?: () => void;
  onRemove: () => void;
}

export function TileTools({ name, at, count, full, onMove, onWidth, onEdit, onRemove }: ToolsProps) {
  return (
    <span class="tile-arrange" role="group" aria-label={t("tile.arrange", { name })}>
      <Button look="quiet" icon="up" data-move="-1" aria-label={t("tile.earlier", { name })} disabled={at === 0} onClick={() => onMove(-1)} />
      <Button look="quiet" icon="down" data-move="1" aria-label={t("tile.later", { name })} disabled={at === count - 1} onClick={() => onMove(1)} />
      <Button look="quiet" aria-pressed={full} aria-label={t("tile.full", { name })} onClick={onWidth}>
        {t(full ? "tile.half" : "tile.whole")}
      </Button>
      {onEdit && (
        <Button look="quiet" aria-label={t("tile.edit", { name })} onClick={onEdit}>
          {t("tile.edit.short")}
        </Button>
      )}
      <Button look="quiet" icon="close" aria-label={t("tile.remove", { name })} onClick={onRemove} />
    </span>
  );
}
