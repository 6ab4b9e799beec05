// What just happened, said once at the bottom of the page.
import { useEffect } from "preact/hooks";
import { makeStore, useStore } from "../store";
import { t } from "../strings";

interface Toast {
  text: string;
  undo?: () => void;
}
const current = makeStore<Toast | null>(null);

export const toast = (text: string, undo?: () => void): void => current.set({ text, undo });

export function Toaster() {
  const shown = useStore(current);
  useEffect(() => {
    if (!shown) return undefined;
    const timer = setTimeout(() => current.set(null), shown.undo ? 10_000 : 5000);
    return () => clearTimeout(timer);
  }, [shown]);
  return (
    <div class="toaster" role="status" aria-live="polite">
      {shown && (
        <div class="toast">
          <span>{shown.text}</span>
          {shown.undo && (
            <button
              type="button"
              onClick={() => {
                shown.undo?.();
                current.set(null);
              }}
            >
              {t("undo")}
            </button>
          )}
        </div>
      )}
    </div>
  );
}
