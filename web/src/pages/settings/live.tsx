// What arrives, as it arrives, with its verdict. Can be paused and narrowed to one source.
import { useState } from "preact/hooks";
import { api } from "../../api/client";
import { usePoll } from "../../api/hooks";
import type { LiveItem } from "../../api/types";
import { formatBoth, formatStamp } from "../../format";
import { keyCap, keyFor, useKey } from "../../keys";
import { Empty, Sheet } from "../../parts/basic";
import { Icon } from "../../parts/icon";
import { customerHref, faceOf } from "../../parts/person";
import { Select } from "../../parts/field";
import { cleanLine } from "../../safe";
import { t } from "../../strings";

const HELD = 200;
const SHOWN = 30;

export function Live({ source }: { source?: string }) {
  const [items, setItems] = useState<LiveItem[]>([]);
  const [after, setAfter] = useState(0);
  const [paused, setPaused] = useState(false);
  const [only, setOnly] = useState("");
  useKey("p", () => setPaused(!paused));
  usePoll(async () => {
    const live = await api.live(after);
    // A ring that begins again belongs to a server that was started again.
    if (live.seq < after) setItems([]);
    setAfter(live.seq);
    if (live.items.length) {
      const newest = [...live.items].sort((a, b) => b.seq - a.seq);
      setItems((held) => [...newest, ...held].slice(0, HELD));
    }
  }, 1000, paused);
  const wanted = source ?? only;
  const shown = items.filter((item) => !wanted || item.source === wanted).slice(0, SHOWN);
  const sources = [...new Set(items.map((item) => item.source))].sort();
  return (
    <Sheet
      label={t("live")}
      flush
      title={
        <>
          <h2>{t("live")}</h2>
          <span class="row small dim">
            <i class={paused ? "light off" : "light good"} aria-hidden="true" />
            {paused ? t("live.paused") : t("live.running")}
          </span>
          <span class="push row">
            {!source && sources.length > 1 && <Select inline label={t("live.source")} value={only} onChange={setOnly} options={[{ value: "", text: t("live.sources") }, ...sources.map((each) => ({ value: each, text: cleanLine(each) }))]} />}
            <button type="button" class="button quiet" aria-pressed={paused} onClick={() => setPaused(!paused)}>
              <Icon name={paused ? "play" : "pause"} small />
              {paused ? t("live.resume") : t("live.pause")}
              <kbd class="wide-only" aria-hidden="true">
                {keyCap(keyFor("p"))}
              </kbd>
            </button>
          </span>
        </>
      }
    >
      {shown.length === 0 && <Empty>{t("live.empty")}</Empty>}
      {shown.length > 0 && (
        <table class="table stream">
          <thead>
            <tr>
              <th scope="col">{t("live.time")}</th>
              <th scope="col" class="col-source">
                {t("live.source")}
              </th>
              <th scope="col">{t("live.event")}</th>
              <th scope="col" class="col-customer">
                {t("live.customer")}
              </th>
              <th scope="col">{t("live.verdict")}</th>
            </tr>
          </thead>
          <tbody>
            {shown.map((item) => (
              <tr key={item.seq}>
                <td class="mono" title={formatBoth(item.at)}>
                  {formatStamp(item.at)}
                </td>
                <td class="col-source">{cleanLine(item.source)}</td>
                <td>{item.event ? cleanLine(item.event) : "–"}</td>
                <td class="col-customer">
                  {item.customer ? (
                    <a class="opens" href={customerHref(item.customer)}>
                      {faceOf(item.customer).name}
                    </a>
                  ) : (
                    "–"
                  )}
                </td>
                <td>
                  <span class={`verdict ${item.verdict}`}>
                    <i aria-hidden="true" />
                    {item.verdict === "quarantined" ? <a href="/settings/quarantine">{t(`verdict.${item.verdict}`)}</a> : t(`verdict.${item.verdict}`)}
                  </span>
                  {item.reason && <small class="dim verdict-reason"> {cleanLine(item.reason)}</small>}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Sheet>
  );
}
