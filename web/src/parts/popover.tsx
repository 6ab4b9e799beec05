// A panel that belongs to a button: opens below it, closes with Esc, a press outside, or done.
// Written here because the usual libraries put style elements into the page, which the content
// security policy of this product forbids.
import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

interface Props {
  label: string;
  button: (props: { "aria-haspopup": "dialog"; "aria-expanded": boolean; onClick: () => void }) => ComponentChildren;
  children: (close: () => void) => ComponentChildren;
  wide?: boolean;
}

export function Popover({ label, button, children, wide }: Props) {
  const [open, setOpen] = useState(false);
  const root = useRef<HTMLSpanElement>(null);
  const panel = useRef<HTMLDivElement>(null);

  const close = () => {
    setOpen(false);
    root.current?.querySelector<HTMLElement>("[aria-haspopup]")?.focus();
  };

  useLayoutEffect(() => {
    const element = panel.current;
    if (!open || !element || !root.current) return;
    place(element, root.current);
    const target = element.querySelector<HTMLElement>("[data-first], input, select, button, a[href]");
    (target ?? element).focus({ preventScroll: true });
  }, [open]);

  useEffect(() => {
    if (!open) return undefined;
    const outside = (event: Event) => {
      if (!root.current?.contains(event.target as Node)) setOpen(false);
    };
    const replace = () => {
      if (panel.current && root.current) place(panel.current, root.current);
    };
    document.addEventListener("pointerdown", outside);
    addEventListener("resize", replace);
    document.addEventListener("scroll", replace, true);
    return () => {
      document.removeEventListener("pointerdown", outside);
      removeEventListener("resize", replace);
      document.removeEventListener("scroll", replace, true);
    };
  }, [open]);

  return (
    <span
      class="popover"
      ref={root}
      onKeyDown={(event) => {
        if (open && event.key === "Escape" && !event.defaultPrevented) {
          event.preventDefault();
          event.stopPropagation();
          close();
        }
      }}
      onFocusOut={(event) => {
        const next = event.relatedTarget as Node | null;
        if (open && next && !root.current?.contains(next)) setOpen(false);
      }}
    >
      {button({ "aria-haspopup": "dialog", "aria-expanded": open, onClick: () => setOpen(!open) })}
      {open && (
        <div class={wide ? "panel wide" : "panel"} role="dialog" aria-label={label} tabIndex={-1} ref={panel}>
          {children(close)}
        </div>
      )}
    </span>
  );
}

/** Under the button, shifted so that it stays inside the window; above it when there is more room. */
function place(panel: HTMLElement, root: HTMLElement): void {
  // What scrolls sideways would cut the panel off.
  const fixed = root.closest(".scroll") !== null;
  panel.style.position = fixed ? "fixed" : "";
  panel.style.left = "0px";
  panel.style.top = "";
  panel.style.maxHeight = "";
  const anchor = root.getBoundingClientRect();
  const box = panel.getBoundingClientRect();
  const margin = 8;
  const width = document.documentElement.clientWidth;
  const left = Math.max(margin, Math.min(anchor.left, width - margin - box.width));
  panel.style.left = `${left - anchor.left}px`;
  const below = innerHeight - anchor.bottom - margin * 2;
  const above = anchor.top - margin * 2;
  if (box.height > below && above > below) {
    panel.style.top = "auto";
    panel.style.bottom = `${anchor.height + 6}px`;
    panel.style.maxHeight = `${above}px`;
  } else {
    panel.style.bottom = "auto";
    panel.style.maxHeight = `${Math.max(180, below)}px`;
  }
  if (fixed) placeFixed(panel, anchor, left);
}

/** By the window, or by the nearest element that holds what is fixed: the difference is measured. */
function placeFixed(panel: HTMLElement, anchor: DOMRect, left: number): void {
  const above = panel.style.bottom !== "auto";
  panel.style.bottom = "auto";
  panel.style.top = "0px";
  panel.style.left = "0px";
  const box = panel.getBoundingClientRect();
  panel.style.left = `${left - box.left}px`;
  panel.style.top = `${(above ? anchor.top - 6 - box.height : anchor.bottom + 6) - box.top}px`;
}
