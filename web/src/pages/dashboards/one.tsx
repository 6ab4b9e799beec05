// One dashboard: a filter above, tiles below. Arranging is by buttons; every change is saved at once.
import { useMemo, useRef, useState } from "preact/hooks";
import { ApiError, api } from "../../api/client";
import { Asking, useLoad } from "../../api/hooks";
import type { Dashboard, DashboardTile, SavedView } from "../../api/types";
import { TwinButton } from "../../charts/table";
import { Page } from "../../frame/frame";
import { evidenceSearch } from "../../evidence/state";
import { Button, CopyButton, Empty, Moment, Problem, Skeleton } from "../../parts/basic";
import { toast } from "../../parts/toast";
import { RangePicker } from "../../query/range-picker";
import { SegmentChips } from "../../query/segment-chips";
import { fromSearch, toSearch } from "../../query/url";
import { currentPlace, navigate, usePlace } from "../../router";
import { cleanLine } from "../../safe";
import { rich, t } from "../../strings";
import { useViews } from "../journeys/views";
import { RenameDialog, TextDialog, ViewDialog } from "./dialogs";
import { bodyOf, filterOf, kept, moved, TILES_MOST, withTiles } from "./state";
import { TileBody, TileTools } from "./tile";
import { inTurns } from "./turns";

/** Questions of the tiles on their way at once. */
const AT_ONCE = 3;

type Open = { what: "view" } | { what: "rename" } | { what: "text"; at?: number };

/** The link of what is on the page, without what is open beside it. */
function shareLink(): string {
  const { path, search } = currentPlace();
  const { arrange: _, ...state } = fromSearch(evidenceSearch(search, null));
  const text = toSearch(state);
  return location.origin + path + (text ? `?${text}` : "");
}

export function DashboardView({ id }: { id: string }) {
  const load = useLoad(`dashboard ${id}`, (signal) => api.dashboard(id, signal));
  const views = useViews();
  if (load.data) return <Shown key={load.data.id} first={load.data} views={views.data?.views} viewsError={views.error} />;
  return (
    <Page title={t("nav.dashboards")}>
      {load.error ? <Problem error={load.error} retry={load.reload} /> : <Skeleton rows={8} height={320} />}
    </Page>
  );
}

function Shown({ first, views, viewsError }: { first: Dashboard; views: SavedView[] | undefined; viewsError: ApiError | undefined }) {
  const { path, search } = usePlace();
  const [dashboard, setDashboard] = useState(first);
  const [open, setOpen] = useState<Open>();
  const ask = useMemo(() => inTurns(api.query, AT_ONCE), []);
  const place = useMemo(() => filterOf(dashboard.definition, search), [dashboard, search]);
  const { table, changed, ...filter } = place;
  const { ev: _, ...address } = fromSearch(search);
  const arranging = address.arrange === true;
  const set = (changes: Record<string, unknown>) => {
    const text = toSearch({ ...address, ...changes });
    navigate(text ? `${path}?${text}` : path);
  };
  const saved = useRef(first);
  const turn = useRef<Promise<unknown>>(Promise.resolve());
  /** What is shown is saved in the order of the changes; where that fails, what was saved last is shown again. */
  const save = (next: Dashboard) => {
    setDashboard(next);
    turn.current = turn.current.then(async () => {
      try {
        saved.current = await api.saveDashboard(next.id, bodyOf(next));
      } catch (problem) {
        setDashboard(saved.current);
        toast(problem instanceof ApiError && problem.status === 422 ? problem.message : t("dashboards.failed"));
      }
    });
    return turn.current;
  };
  const { tiles } = dashboard.definition;
  const setTiles = (next: DashboardTile[]) => save(withTiles(dashboard, next));
  const rename = (name: string) => save({ ...dashboard, name });
  const keep = async () => {
    await save({ ...dashboard, definition: kept(dashboard.definition, filter) });
    set({ range: undefined, compare: undefined, segment: undefined, all: undefined, alone: undefined });
  };
  return (
    <Page
      title={cleanLine(dashboard.name)}
      lead={rich("dashboards.by", { owner: cleanLine(dashboard.owner), when: <Moment at={dashboard.updated} /> })}
      bar={
        <>
          <RangePicker
            range={filter.range}
            onChange={(range) => set({ range })}
            compare={filter.compare}
            onCompare={(how) => set({ compare: how, alone: how || !dashboard.definition.compare ? undefined : true })}
          />
          <SegmentChips segment={filter.segment} onChange={(segment) => set({ segment, all: segment === undefined && dashboard.definition.segment !== undefined ? true : undefined })} />
        </>
      }
      tools={
        <>
          {changed && <Button look="soft" onClick={() => void keep()}>{t("dashboards.keep")}</Button>}
          <TwinButton on={table} toggle={() => set({ table: table ? undefined : true })} label={t("dashboards.tables")} />
          <CopyButton text={shareLink} label={t("view.share")} />
          <Button look={arranging ? "soft" : "primary"} aria-pressed={arranging} onClick={() => set({ arrange: arranging ? undefined : true })}>
            {t("dashboards.arrange")}
          </Button>
        </>
      }
    >
      {arranging && (
        <p class="row wrap tile-adding">
          <Button look="primary" icon="plus" disabled={tiles.length >= TILES_MOST} onClick={() => setOpen({ what: "view" })}>
            {t("tile.add.view")}
          </Button>
          <Button icon="plus" disabled={tiles.length >= TILES_MOST} onClick={() => setOpen({ what: "text" })}>
            {t("tile.add.text")}
          </Button>
          <Button look="quiet" onClick={() => setOpen({ what: "rename" })}>
            {t("dashboards.rename")}
          </Button>
        </p>
      )}
      {viewsError && <Problem error={viewsError} />}
      {tiles.length === 0 && <Empty>{t("dashboards.no.tiles")}</Empty>}
      {!views && !viewsError && tiles.length > 0 && <Skeleton rows={8} height={320} />}
      <Asking.Provider value={ask}>{views && <Tiles {...{ tiles, views, filter, table, arranging, setTiles }} onEdit={(at) => setOpen({ what: "text", at })} />}</Asking.Provider>
      {open?.what === "view" && <ViewDialog views={views ?? []} onPick={(view) => void setTiles([...tiles, { view }])} onClose={() => setOpen(undefined)} />}
      {open?.what === "rename" && <RenameDialog name={dashboard.name} onSave={(name) => void rename(name)} onClose={() => setOpen(undefined)} />}
      {open?.what === "text" && (
        <TextDialog
          text={open.at === undefined ? "" : (tiles[open.at]?.text ?? "")}
          onSave={(text) => void setTiles(open.at === undefined ? [...tiles, { text, width: "full" }] : tiles.map((tile, at) => (at === open.at ? { ...tile, text } : tile)))}
          onClose={() => setOpen(undefined)}
        />
      )}
    </Page>
  );
}

interface TilesProps {
  tiles: DashboardTile[];
  views: SavedView[];
  filter: ReturnType<typeof filterOf> | Omit<ReturnType<typeof filterOf>, "changed" | "table">;
  table: boolean;
  arranging: boolean;
  setTiles: (tiles: DashboardTile[]) => Promise<unknown>;
  onEdit: (at: number) => void;
}

function Tiles({ tiles, views, filter, table, arranging, setTiles, onEdit }: TilesProps) {
  const list = useRef<HTMLOListElement>(null);
  const move = (at: number, by: -1 | 1) => {
    void setTiles(moved(tiles, at, by));
    // What was moved keeps the focus; at the end of the list its other button has it.
    requestAnimationFrame(() => {
      const tile = list.current?.children[at + by];
      (tile?.querySelector<HTMLElement>(`[data-move="${by}"]:not(:disabled)`) ?? tile?.querySelector<HTMLElement>("[data-move]:not(:disabled)"))?.focus();
    });
  };
  const remove = (at: number) => {
    void setTiles(tiles.filter((_, other) => other !== at));
    toast(t("tile.removed"), () => void setTiles(tiles));
  };
  const seen = new Map<string, number>();
  return (
    <ol class="plain dashboard" ref={list}>
      {tiles.map((tile, at) => {
        const view = tile.view === undefined ? undefined : views.find((each) => String(each.id) === String(tile.view));
        const name = view ? cleanLine(view.name) : tile.text === undefined ? t("tile.gone") : cleanLine(tile.text).slice(0, 40);
        // The same view may stand twice: the nth of a name stays itself when another one moves.
        const kind = `${tile.view ?? tile.text}`;
        const nth = seen.get(kind) ?? 0;
        seen.set(kind, nth + 1);
        const full = tile.width === "full";
        const tools = arranging && (
          <TileTools
            name={name}
            at={at}
            count={tiles.length}
            full={full}
            onMove={(by) => move(at, by)}
            onWidth={() => void setTiles(tiles.map((each, other) => (other === at ? { ...each, width: full ? "half" : "full" } : each)))}
            onEdit={tile.text === undefined ? undefined : () => onEdit(at)}
            onRemove={() => remove(at)}
          />
        );
        return (
          <li key={`${kind} ${nth}`} class={`dash-tile${full ? " full" : ""}${tile.text === undefined ? "" : " words"}`} aria-label={name}>
            <TileBody tile={tile} view={view} filter={filter} table={table} tools={tools} />
          </li>
        );
      })}
    </ol>
  );
}
