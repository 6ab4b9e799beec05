// Opens the command palette, by key or by its button in the bar. The palette itself comes when it is first wanted.
import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { useChord, useKey } from "../keys";
import { actionsHere, type HereAction } from "../palette/here";
import { Icon } from "../parts/icon";
import { toast } from "../parts/toast";
import { makeStore, useStore } from "../store";
import { t } from "../strings";
import { showShortcuts } from "./shortcuts";

type Loaded = ComponentType<{ here: HereAction[]; onClose: () => void; onKeys: () => void }>;

const PRELOAD_MS = 1500;

const here = makeStore<HereAction[] | null>(null);

/** What can be done on the page is read before the palette lies over it. */
export const openPalette = (): void => here.set(actionsHere());

export function PaletteHost() {
  const open = useStore(here);
  const [palette, setPalette] = useState<{ component: Loaded } | null>(null);
  useChord("mod+k", () => (here.get() ? here.set(null) : openPalette()));
  useKey("/", openPalette);
  useEffect(() => {
    if (palette) return undefined;
    const load = () =>
      import("../palette/palette").then(
        (module) => setPalette({ component: module.Palette }),
        () => {
          if (here.get()) toast(t("palette.failed"));
          here.set(null);
        },
      );
    if (open) {
      void load();
      return undefined;
    }
    // Ahead of need, once the page has come to rest: what is typed right after the key must not be lost.
    const timer = setTimeout(load, PRELOAD_MS);
    return () => clearTimeout(timer);
  }, [open, palette]);
  const Loaded = palette?.component;
  if (!open || !Loaded) return null;
  return <Loaded here={open} onClose={() => here.set(null)} onKeys={showShortcuts} />;
}

export function PaletteButton() {
  return (
    <button type="button" class="palette-button" aria-haspopup="dialog" aria-keyshortcuts="Control+K Meta+K" onClick={openPalette}>
      <Icon name="search" small />
      <span class="wide">{t("palette.button")}</span>
      <span class="narrow">{t("palette.button.short")}</span>
      <kbd aria-hidden="true">{/Mac|iP/.test(navigator.platform) ? t("key.mod.mac") : t("key.mod")}</kbd>
    </button>
  );
}
