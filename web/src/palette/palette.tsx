// The command palette: everything one can go to, find or do, by typing. A combobox with a list in groups; the focus
// stays in the field.
import { useEffect, useId, useMemo, useRef, useState } from "preact/hooks";
import { Icon } from "../parts/icon";
import { Avatar } from "../parts/person";
import { t } from "../strings";
import { commands as allCommands } from "./commands";
import { entriesFor, type Entry } from "./entries";
import { useNames, usePeople } from "./found";
import type { HereAction } from "./here";
import { remember } from "./recent";

interface Props {
  here: HereAction[];
  onClose: () => void;
  onKeys: () => void;
}

export function Palette({ here, onClose, onKeys }: Props) {
  const id = useId();
  const dialog = useRef<HTMLDialogElement>(null);
  const list = useRef<HTMLDivElement>(null);
  const [typed, setTyped] = useState("");
  const [chosen, setChosen] = useState<string | null>(null);
  const names = useNames();
  const people = usePeople(typed);
  const commands = useMemo(() => allCommands(onKeys), []);
  const groups = useMemo(() => entriesFor(typed, commands, here, names, people.typed && typed.trim() ? people.list : []), [typed, names, people]);
  const flat = groups.flatMap((group) => group.entries);
  const at = Math.max(0, flat.findIndex((entry) => entry.key === chosen));
  const optionId = (index: number): string => `${id}-${index}`;

  useEffect(() => {
    const before = document.activeElement;
    const element = dialog.current;
    element?.showModal();
    return () => {
      element?.close();
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  useEffect(() => document.getElementById(optionId(at))?.scrollIntoView({ block: "nearest" }), [at, chosen]);

  const take = (entry: Entry | undefined) => {
    if (!entry) return;
    if (commands.some((command) => command.key === entry.key)) remember(entry.key);
    onClose();
    // The dialog gives the focus back first; what follows may want it elsewhere.
    setTimeout(entry.run, 0);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const last = flat.length - 1;
    const moves: Record<string, number> = { ArrowDown: at >= last ? 0 : at + 1, ArrowUp: at <= 0 ? last : at - 1, PageDown: Math.min(last, at + 8), PageUp: Math.max(0, at - 8) };
    const next = moves[event.key];
    if (next !== undefined) {
      event.preventDefault();
      setChosen(flat[next]?.key ?? null);
    } else if (event.key === "Enter" && !event.isComposing) {
      event.preventDefault();
      take(flat[at]);
    }
  };

  let index = -1;
  return (
    <dialog
      class="dialog palette"
      ref={dialog}
      aria-label={t("palette.title")}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onClick={(event) => {
        if (event.target === dialog.current) onClose();
      }}
    >
      <div class="palette-field">
        <Icon name="search" />
        <input
          type="text"
          role="combobox"
          aria-label={t("palette.label")}
          aria-expanded={flat.length > 0}
          aria-controls={`${id}-list`}
          aria-autocomplete="list"
          aria-activedescendant={flat.length ? optionId(at) : undefined}
          autocomplete="off"
          spellcheck={false}
          placeholder={t("palette.placeholder")}
          value={typed}
          onInput={(event) => {
            setTyped(event.currentTarget.value);
            setChosen(null);
          }}
          onKeyDown={onKeyDown}
        />
        <button type="button" class="button quiet square" aria-label={t("close")} onClick={onClose}>
          <Icon name="close" />
        </button>
      </div>
      <div class="palette-list" role="listbox" id={`${id}-list`} aria-label={t("palette.results")} ref={list} tabIndex={-1}>
        {groups.map((group) => (
          <div key={group.key} role="group" aria-label={group.title}>
            <p class="palette-group" aria-hidden="true">
              {group.title}
            </p>
            {group.entries.map((entry) => {
              index += 1;
              const own = index;
              return (
                <div
                  key={entry.key}
                  id={optionId(own)}
                  role="option"
                  class="palette-option"
                  aria-selected={own === at}
                  onPointerMove={() => setChosen(entry.key)}
                  onClick={() => take(entry)}
                >
                  {entry.face ? <Avatar face={entry.face} size="xs" /> : <Icon name={entry.icon ?? "right"} />}
                  <span class="palette-name" dir="auto">
                    {entry.name}
                  </span>
                  {entry.note && (
                    <small class="dim" dir="auto">
                      {entry.note}
                    </small>
                  )}
                  {entry.keys && (
                    <span class="push palette-keys" aria-hidden="true">
                      {entry.keys.split(" ").map((key) => (
                        <kbd key={key}>{key}</kbd>
                      ))}
                    </span>
                  )}
                </div>
              );
            })}
          </div>
        ))}
      </div>
      <p class="palette-foot small dim" role="status">
        {people.busy ? t("palette.looking") : t("palette.count", { n: flat.length })}
      </p>
    </dialog>
  );
}
