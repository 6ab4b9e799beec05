// Lists by keys: next and previous row, choose one, look at one without leaving. A row is whatever bears data-row with
// a customer's id; the drawer's rows come before the page's while it is open.
import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { useKey } from "../keys";
import { toast } from "../parts/toast";
import { makeStore, useStore } from "../store";
import { t } from "../strings";

const seen = (element: Element): boolean => element.getClientRects().length > 0;

function rowsNow(): HTMLElement[] {
  const drawer = [...document.querySelectorAll<HTMLElement>(".drawer [data-row]")].filter(seen);
  return drawer.length ? drawer : [...document.querySelectorAll<HTMLElement>("#main [data-row]")].filter(seen);
}

const here = (): HTMLElement | null => document.activeElement?.closest<HTMLElement>("[data-row]") ?? null;

/** The row `step` further; it takes the focus. */
export function moveRow(step: 1 | -1, from = here()): HTMLElement | undefined {
  const rows = rowsNow();
  const at = from ? rows.indexOf(from) : -1;
  const next = rows[at < 0 ? (step > 0 ? 0 : rows.length - 1) : Math.max(0, Math.min(rows.length - 1, at + step))];
  const target = next?.querySelector<HTMLElement>("a[href], button");
  target?.focus();
  next?.scrollIntoView({ block: "nearest" });
  return next;
}

const peeked = makeStore<{ id: string; row: HTMLElement } | null>(null);

export function useRowKeys(): void {
  useKey("j", () => void moveRow(1));
  useKey("k", () => void moveRow(-1));
  useKey("x", () => here()?.querySelector<HTMLInputElement>("input[type=checkbox]")?.click());
  useKey(" ", () => {
    const row = here();
    const id = row?.dataset.row;
    if (row && id) peeked.set({ id, row });
  });
}

type Loaded = ComponentType<{ id: string; onClose: () => void; onMove: (step: 1 | -1) => void }>;

export function PeekHost() {
  const now = useStore(peeked);
  const [peek, setPeek] = useState<{ component: Loaded } | null>(null);
  useEffect(() => {
    if (!now || peek) return;
    import("./peek").then(
      (module) => setPeek({ component: module.Peek }),
      () => {
        peeked.set(null);
        toast(t("palette.failed"));
      },
    );
  }, [now, peek]);
  const Loaded = peek?.component;
  if (!now || !Loaded) return null;
  const move = (step: 1 | -1) => {
    const row = moveRow(step, now.row);
    if (row?.dataset.row) peeked.set({ id: row.dataset.row, row });
  };
  const close = () => {
    peeked.set(null);
    now.row.querySelector<HTMLElement>("a[href], button")?.focus();
  };
  return <Loaded id={now.id} onMove={move} onClose={close} />;
}
