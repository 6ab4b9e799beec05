// A text field that completes from what exists. What is typed counts too: names may come later.
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { formatShort } from "../format";
import { cleanLine } from "../safe";
import { t } from "../strings";

export interface Choice {
  value: string;
  label?: string;
  count?: number;
}

interface Props {
  label: string;
  value: string;
  onChange: (value: string) => void;
  load: (prefix: string, signal: AbortSignal) => Promise<Choice[]>;
  placeholder?: string;
  show?: (value: string) => string;
  first?: boolean;
}

/** Pressing a choice leaves the focus in the field. Taken when let go: a list that is gone before would let the press through
 *  to what lies under it. */
const keepFocus = (event: Event) => event.preventDefault();

export function Combo({ label, value, onChange, load, placeholder, show = cleanLine, first }: Props) {
  const id = useId();
  const [text, setText] = useState<string | null>(null);
  const [choices, setChoices] = useState<Choice[]>([]);
  const [open, setOpen] = useState(false);
  const [at, setAt] = useState(-1);
  const latest = useRef(load);
  latest.current = load;
  const input = useRef<HTMLInputElement>(null);
  const list = useRef<HTMLUListElement>(null);

  useEffect(() => {
    if (!open) return undefined;
    const abort = new AbortController();
    const timer = setTimeout(() => {
      latest.current(text ?? "", abort.signal).then(
        (found) => {
          if (!abort.signal.aborted) {
            setChoices(found);
            setAt(-1);
          }
        },
        () => undefined,
      );
    }, text ? 120 : 0);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [open, text]);

  useEffect(() => {
    list.current?.children[at]?.scrollIntoView({ block: "nearest" });
  }, [at]);

  const take = (chosen: string) => {
    setText(null);
    setOpen(false);
    if (chosen !== value) onChange(chosen);
  };
  const leave = () => {
    if (text !== null && text.trim() !== "" && text !== value) onChange(text);
    setText(null);
    setOpen(false);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (!open) setOpen(true);
      else if (choices.length) setAt((at + (event.key === "ArrowDown" ? 1 : at <= 0 ? choices.length : -1) + choices.length) % choices.length);
    } else if (event.key === "Enter" && open) {
      event.preventDefault();
      const chosen = choices[at];
      if (chosen) take(chosen.value);
      else if (text?.trim()) take(choices.find((choice) => choice.value.toLowerCase() === text.trim().toLowerCase())?.value ?? text.trim());
      else setOpen(false);
    } else if (event.key === "Escape" && open) {
      event.preventDefault();
      event.stopPropagation();
      setText(null);
      setOpen(false);
    }
  };

  return (
    <span class="combo">
      <input
        ref={input}
        type="text"
        role="combobox"
        class="input"
        aria-label={label}
        aria-expanded={open}
        aria-controls={id}
        aria-autocomplete="list"
        aria-activedescendant={open && at >= 0 ? `${id}-${at}` : undefined}
        autocomplete="off"
        spellcheck={false}
        data-first={first || undefined}
        placeholder={placeholder ?? label}
        value={text ?? (value ? show(value) : "")}
        onFocus={(event) => event.currentTarget.select()}
        onClick={() => setOpen(true)}
        onInput={(event) => {
          setText(event.currentTarget.value);
          setOpen(true);
        }}
        onKeyDown={onKeyDown}
        onBlur={leave}
      />
      <ul id={id} role="listbox" class="choices" aria-label={label} hidden={!open} ref={list}>
        {choices.map((choice, index) => (
          <li
            key={choice.value}
            id={`${id}-${index}`}
            role="option"
            aria-selected={index === at}
            onMouseDown={keepFocus}
            onClick={() => take(choice.value)}
          >
            <span>{choice.label ?? cleanLine(choice.value)}</span>
            {choice.count !== undefined && <small>{formatShort(choice.count)}</small>}
          </li>
        ))}
        {open && choices.length === 0 && (text?.trim() ? (
          <li
            class="none"
            role="option"
            aria-selected="false"
            onMouseDown={keepFocus}
            onClick={() => take(text.trim())}
          >
            {t("combo.as.typed", { text: cleanLine(text) })}
          </li>
        ) : (
          <li class="none" role="option" aria-selected="false" aria-disabled="true">{t("combo.nothing")}</li>
        ))}
      </ul>
    </span>
  );
}
