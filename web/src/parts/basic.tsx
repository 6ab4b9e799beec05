// The small parts that every page is made of.
import type { ComponentChildren, JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { ApiError } from "../api/client";
import { formatAgo, formatBoth } from "../format";
import { cleanText, showValue } from "../safe";
import { t, type Key } from "../strings";
import { Icon, type IconName } from "./icon";

type ButtonProps = Omit<JSX.HTMLAttributes<HTMLButtonElement>, "icon"> & {
  look?: "primary" | "quiet" | "soft" | "danger";
  icon?: IconName;
  type?: "button" | "submit";
  disabled?: boolean;
  children?: ComponentChildren;
};

export function Button({ look, icon, children, class: extra, type = "button", ...rest }: ButtonProps) {
  const classes = ["button", look, !children && "square", extra].filter(Boolean).join(" ");
  return (
    <button type={type} class={classes} {...rest}>
      {icon && <Icon name={icon} small={Boolean(children)} />}
      {children}
    </button>
  );
}

export function Tag({ tone, children }: { tone?: "good" | "bad" | "warn" | "pen" | "line"; children: ComponentChildren }) {
  return <span class={tone ? `tag ${tone}` : "tag"}>{children}</span>;
}

/** A moment in words, with both zones on hover. */
export function Moment({ at, children }: { at: string; children?: ComponentChildren }) {
  return (
    <time dateTime={at} title={formatBoth(at)}>
      {children ?? formatAgo(at)}
    </time>
  );
}

/** A time "4 s ago" that keeps itself right. */
export function Ago({ at }: { at: string }) {
  const [, tick] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => tick((n) => n + 1), 5000);
    return () => clearInterval(timer);
  }, []);
  return <Moment at={at} />;
}

export type MarkKind = "did" | "said" | "we";
export const Kind = ({ kind }: { kind: MarkKind }) => <i class={`kind ${kind}`} aria-hidden="true" />;

/** A customer's own words: serif, as text, in their own direction. */
export function Quote({ text, size }: { text: string; size?: "s" | "l" }) {
  return (
    <blockquote class={size ? `quote ${size}` : "quote"} dir="auto">
      {cleanText(text)}
    </blockquote>
  );
}

/** The same with the marker under the very words that were looked for. */
export function MarkedQuote({ text, matches = [], size }: { text: string; matches?: [number, number][]; size?: "s" | "l" }) {
  const parts: ComponentChildren[] = [];
  let at = 0;
  for (const [from, to] of matches) {
    if (from < at || to > text.length || to <= from) continue;
    parts.push(cleanText(text.slice(at, from)), <mark key={from}>{cleanText(text.slice(from, to))}</mark>);
    at = to;
  }
  parts.push(cleanText(text.slice(at)));
  return (
    <blockquote class={size ? `quote ${size}` : "quote"} dir="auto">
      {parts}
    </blockquote>
  );
}

export function Value({ value }: { value: unknown }) {
  return <bdi>{showValue(value)}</bdi>;
}

export function Sheet({ title, aside, children, label, class: extra, flush }: {
  title?: ComponentChildren;
  aside?: ComponentChildren;
  children: ComponentChildren;
  label?: string;
  class?: string;
  flush?: boolean;
}) {
  return (
    <section class={extra ? `sheet ${extra}` : "sheet"} aria-label={label ?? (typeof title === "string" ? title : undefined)}>
      {title !== undefined && (
        <header class="sheet-head">
          {typeof title === "string" ? <h2>{title}</h2> : title}
          {aside !== undefined && <span class="push small dim">{aside}</span>}
        </header>
      )}
      {flush ? children : <div class="sheet-body">{children}</div>}
    </section>
  );
}

export function Empty({ children, action, example }: { children: ComponentChildren; action?: ComponentChildren; example?: ComponentChildren }) {
  return (
    <div class="empty">
      <p>{children}</p>
      {action}
      {example && (
        <div class="example">
          <span class="example-tag">{t("example")}</span>
          {example}
        </div>
      )}
    </div>
  );
}

/** Lines that keep the height of what is on its way. */
export function Skeleton({ rows = 3, height }: { rows?: number; height?: number }) {
  return (
    <div class="skeleton" role="status" style={height ? { minHeight: `${height}px` } : undefined}>
      <span class="away">{t("loading")}</span>
      {Array.from({ length: rows }, (_, index) => (
        <i key={index} />
      ))}
    </div>
  );
}

export function Note({ tone, icon = "warning", children }: { tone?: "warn" | "bad" | "good"; icon?: IconName; children: ComponentChildren }) {
  return (
    <div class={tone ? `note ${tone}` : "note"} role={tone === "bad" ? "alert" : "status"}>
      <Icon name={icon} />
      <div>{children}</div>
    </div>
  );
}

function problemKeys(status: number): { what: Key; todo: Key } {
  if (status === 0) return { what: "problem.unreachable", todo: "problem.unreachable.do" };
  if (status === 403) return { what: "problem.forbidden", todo: "problem.forbidden.do" };
  if (status === 404) return { what: "problem.absent", todo: "problem.absent.do" };
  if (status === 422 || status === 400) return { what: "problem.question", todo: "problem.question.do" };
  if (status === 429 || status === 503) return { what: "problem.busy", todo: "problem.busy.do" };
  return { what: "problem.other", todo: "problem.other.do" };
}

/** What happened, whether the data is safe, what to do, and an id to quote. */
export function Problem({ error, retry }: { error: ApiError; retry?: () => void }) {
  const { what, todo } = problemKeys(error.status);
  const { detail, pointer, request_id: id } = error.problem;
  return (
    <Note tone={error.status === 422 ? "warn" : "bad"}>
      <p>
        <b>{t(what)}</b> {error.status > 0 && detail ? <span>{cleanText(detail)}</span> : null}
        {pointer ? <code class="pointer">{cleanText(pointer)}</code> : null}
      </p>
      <p>
        {error.status !== 422 && `${t("problem.safe")} `}
        {t(todo)} {error.retryAfterS ? t("problem.wait", { n: error.retryAfterS }) : null}
      </p>
      {(id || retry) && (
        <p class="row">
          {retry && <Button onClick={retry}>{t("again")}</Button>}
          {id && <span class="small">{t("problem.id", { id })}</span>}
        </p>
      )}
    </Note>
  );
}

export function Warnings({ list }: { list: string[] | undefined }) {
  if (!list?.length) return null;
  return (
    <Note tone="warn">
      <ul class="plain">
        {list.map((line) => (
          <li key={line}>{cleanText(line)}</li>
        ))}
      </ul>
    </Note>
  );
}

export function TabLinks({ label, tabs }: { label: string; tabs: { href: string; text: string; here: boolean }[] }) {
  return (
    <nav class="tabs" aria-label={label}>
      {tabs.map((tab) => (
        <a key={tab.href} href={tab.href} aria-current={tab.here ? "page" : undefined}>
          {tab.text}
        </a>
      ))}
    </nav>
  );
}

/** Copies, and says so for a moment. */
export function CopyButton({ text: given, label }: { text: string | (() => string); label?: string }) {
  const [done, setDone] = useState(false);
  const timer = useRef<ReturnType<typeof setTimeout>>();
  useEffect(() => () => clearTimeout(timer.current), []);
  const copy = async () => {
    const text = typeof given === "string" ? given : given();
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      // Without a secure context there is no clipboard; a selected field does as well.
      const area = document.createElement("textarea");
      area.value = text;
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
    setDone(true);
    timer.current = setTimeout(() => setDone(false), 2000);
  };
  return (
    <Button look="soft" icon={done ? "check" : "copy"} onClick={() => void copy()}>
      <span aria-live="polite">{done ? t("copied") : (label ?? t("copy"))}</span>
    </Button>
  );
}
