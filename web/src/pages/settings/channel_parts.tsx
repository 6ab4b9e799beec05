// What the dialogs of channels share: the events that would be stored, and an address that is shown once.
import type { Preview } from "../../api/types";
import { formatNumber } from "../../format";
import { CopyButton, Empty, Moment, Note, Quote } from "../../parts/basic";
import { cleanLine } from "../../safe";
import { t } from "../../strings";

export function PreviewList({ preview }: { preview: Preview }) {
  if (preview.problem) {
    return (
      <Note tone="warn">
        <p>
          {cleanLine(preview.problem.detail)} {preview.problem.pointer && <code class="pointer">{cleanLine(preview.problem.pointer)}</code>}
        </p>
      </Note>
    );
  }
  if (preview.taken === false) {
    return (
      <Note tone="warn">
        <p>{t("channels.preview.none")}</p>
      </Note>
    );
  }
  if (!preview.events.length) return <Empty>{t("channels.preview.empty")}</Empty>;
  return (
    <ol class="previews" aria-label={t("channels.preview")}>
      {preview.events.map((item, index) => (
        <li key={index}>
          <p class="row wrap">
            <span class={`verdict ${item.verdict}`}>
              <i aria-hidden="true" /> {item.event ? cleanLine(item.event.event) : t("verdict.quarantined")}
            </span>
            {item.identifiers?.map((one) => (
              <code key={`${one.kind}:${one.value}`} class="clip">
                {cleanLine(`${one.kind}:${one.value}`)}
              </code>
            ))}
            {item.event && <Moment at={item.event.ts} />}
            {item.event?.scale && (
              <span>
                {cleanLine(item.event.scale)} <b>{formatNumber(Number(item.event.score))}</b>
              </span>
            )}
          </p>
          {item.event?.text && <Quote text={item.event.text} size="s" />}
          {item.reason && (
            <p class="small">
              {cleanLine(item.reason)} {item.field && <code class="pointer">{cleanLine(item.field)}</code>}
            </p>
          )}
          {item.event && Object.keys(item.event.properties).length > 0 && (
            <p class="small dim break">
              {Object.entries(item.event.properties)
                .map(([name, value]) => `${cleanLine(name)} ${cleanLine(Array.isArray(value) ? value.join(", ") : String(value))}`)
                .join(" · ")}
            </p>
          )}
        </li>
      ))}
    </ol>
  );
}

/** The address of a webhook: shown now, and never again. */
export function Made({ path }: { path: string }) {
  const address = location.origin + path;
  return (
    <div class="stack">
      <Note tone="warn">
        <p>{t("channels.made.once")}</p>
      </Note>
      <div class="well-box">
        <pre class="well wrap" tabIndex={0} aria-label={t("channels.made.address")}>
          {address}
        </pre>
        <CopyButton text={address} label={t("channels.made.copy")} />
      </div>
    </div>
  );
}
