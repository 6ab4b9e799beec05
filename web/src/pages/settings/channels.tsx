// Other channels: webhooks and feeds, how each is doing, and what to do when one fails.
import { useState } from "preact/hooks";
import { ApiError, api } from "../../api/client";
import { useLoad, usePoll } from "../../api/hooks";
import type { ChannelRow } from "../../api/types";
import { formatNumber } from "../../format";
import { Button, CopyButton, Empty, Moment, Note, Problem, Sheet, Skeleton, Tag } from "../../parts/basic";
import { Dialog } from "../../parts/dialog";
import { Icon } from "../../parts/icon";
import { toast } from "../../parts/toast";
import { cleanLine } from "../../safe";
import { setParams, usePlace } from "../../router";
import { t } from "../../strings";
import { AddFeed } from "./channel_feed";
import { AddMailbox } from "./channel_mailbox";
import { Made, PreviewList } from "./channel_parts";
import { AddWebhook } from "./channel_webhook";

const LOOK_EVERY_MS = 10_000;

export function Channels({ onChange }: { onChange: () => void }) {
  const { search } = usePlace();
  const params = new URLSearchParams(search);
  const load = useLoad("channels", () => api.channels());
  usePoll(load.reload, LOOK_EVERY_MS, !load.data?.channels.length);
  const list = load.data?.channels ?? [];
  const adding = params.get("add");
  const open = list.find((each) => String(each.id) === params.get("channel"));
  const close = () => setParams({ add: undefined, channel: undefined });
  const changed = () => {
    load.reload();
    onChange();
  };
  return (
    <Sheet label={t("channels.title")} flush>
      <header class="sheet-head">
        <h2>{t("channels.title")}</h2>
        <span class="push row wrap">
          <Button icon="plus" onClick={() => setParams({ add: "webhook" })}>
            {t("channels.add.webhook")}
          </Button>
          <Button icon="plus" onClick={() => setParams({ add: "feed" })}>
            {t("channels.add.feed")}
          </Button>
          <Button icon="plus" onClick={() => setParams({ add: "mailbox" })}>
            {t("channels.add.mailbox")}
          </Button>
        </span>
      </header>
      {load.error && <Problem error={load.error} retry={load.reload} />}
      {!load.data && !load.error && <Skeleton rows={2} />}
      {load.data && list.length === 0 && <Empty>{t("channels.empty")}</Empty>}
      {list.length > 0 && (
        <table class="table">
          <thead>
            <tr>
              <th scope="col">{t("channels.name")}</th>
              <th scope="col">{t("channels.state")}</th>
              <th scope="col" class="num col-minor">
                {t("channels.stored")}
              </th>
              <th scope="col" class="num col-source">
                {t("channels.last")}
              </th>
              <th scope="col">
                <span class="away">{t("channels.open")}</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {list.map((channel) => (
              <tr key={channel.id}>
                <th scope="row">
                  <span class="row">
                    <Icon name={channel.kind === "webhook" ? "import" : channel.kind === "feed" ? "review" : "mail"} />
                    <span>
                      {cleanLine(channel.name)}
                      <small class="dim block">{t(`channels.kind.${channel.kind}`)}</small>
                    </span>
                  </span>
                </th>
                <td>
                  <State channel={channel} />
                  {channel.why && <small class="block">{cleanLine(channel.why)}</small>}
                </td>
                <td class="num col-minor">{formatNumber(channel.stored)}</td>
                <td class="num nowrap col-source">{channel.last ? <Moment at={channel.last} /> : "–"}</td>
                <td class="num">
                  <Button look="soft" onClick={() => setParams({ channel: String(channel.id) })} aria-label={t("channels.open.one", { name: channel.name })}>
                    {t("channels.open")}
                  </Button>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {adding === "webhook" && <AddWebhook onClose={close} onAdded={changed} />}
      {adding === "feed" && <AddFeed onClose={close} onAdded={changed} />}
      {adding === "mailbox" && <AddMailbox onClose={close} onAdded={changed} />}
      {open && <One channel={open} onClose={close} onChange={changed} />}
    </Sheet>
  );
}

function State({ channel }: { channel: ChannelRow }) {
  if (channel.paused) return <Tag>{t("channels.state.paused")}</Tag>;
  if (channel.why) return <Tag tone="bad">{t("channels.state.failing", { n: channel.failures })}</Tag>;
  if (!channel.last) return <Tag tone="warn">{t("channels.state.waiting")}</Tag>;
  return <Tag tone="good">{t("channels.state.works")}</Tag>;
}

function One({ channel, onClose, onChange }: { channel: ChannelRow; onClose: () => void; onChange: () => void }) {
  const [error, setError] = useState<ApiError>();
  const [path, setPath] = useState("");
  const [sure, setSure] = useState(false);
  const [busy, setBusy] = useState(false);
  const act = (what: () => Promise<unknown>, said?: string) => async () => {
    setError(undefined);
    setBusy(true);
    try {
      await what();
      if (said) toast(said);
      onChange();
    } catch (problem) {
      if (problem instanceof ApiError) setError(problem);
    } finally {
      setBusy(false);
    }
  };
  const remove = act(async () => {
    await api.removeChannel(channel.id);
    onClose();
  }, t("channels.removed", { name: channel.name }));
  const polled = channel.kind !== "webhook";
  return (
    <Dialog title={channel.name} onClose={onClose} wide>
      <div class="stack">
        {channel.why && (
          <Note tone="bad">
            <p>{cleanLine(channel.why)}</p>
            {channel.next && <p class="small">{t("channels.again", { n: channel.failures })}</p>}
          </Note>
        )}
        <dl class="facts">
          <div>
            <dt>{t("channels.kind")}</dt>
            <dd>{t(`channels.kind.${channel.kind}`)}</dd>
          </div>
          {polled && (
            <div>
              <dt>{channel.kind === "feed" ? t("channels.feed.url") : t("channels.mailbox.url")}</dt>
              <dd class="break">{cleanLine(String(channel.definition.url ?? ""))}</dd>
            </div>
          )}
          {(["received", "stored", "duplicate", "quarantined", "refused"] as const).map((name) => (
            <div key={name}>
              <dt>{t(`ledger.${name}`)}</dt>
              <dd>{formatNumber(channel[name])}</dd>
            </div>
          ))}
          {channel.last_good && (
            <div>
              <dt>{t("channels.last.good")}</dt>
              <dd>
                <Moment at={channel.last_good} />
              </dd>
            </div>
          )}
          {channel.next && (
            <div>
              <dt>{t("channels.next")}</dt>
              <dd>
                <Moment at={channel.next} />
              </dd>
            </div>
          )}
          {channel.note && (
            <div>
              <dt>{t("channels.note")}</dt>
              <dd>{cleanLine(channel.note)}</dd>
            </div>
          )}
        </dl>
        {channel.quarantined > 0 && (
          <p>
            <a href={`/settings/quarantine?source=${encodeURIComponent(channel.name)}`}>{t("channels.look.quarantine", { n: channel.quarantined })}</a>
          </p>
        )}
        {path && <Made path={path} />}
        {!polled && channel.shapes.length > 0 && (
          <details>
            <summary>{t("channels.shapes", { n: channel.shapes.length })}</summary>
            <p class="small dim">{t("channels.shapes.note")}</p>
            {channel.shapes.map((shape) => (
              <pre key={shape.at} class="well wrap" tabIndex={0} aria-label={t("channels.shape")}>
                {shape.fields.map(cleanLine).join("\n")}
              </pre>
            ))}
          </details>
        )}
        <details>
          <summary>{t("channels.definition")}</summary>
          <div class="well-box">
            <pre class="well wrap" tabIndex={0} aria-label={t("channels.definition")}>
              {JSON.stringify(channel.definition, null, 2)}
            </pre>
            <CopyButton text={JSON.stringify(channel.definition, null, 2)} />
          </div>
        </details>
        {polled && <Try id={channel.id} />}
        {error && <Problem error={error} />}
        <p class="row end wrap">
          {sure ? (
            <Button look="danger" disabled={busy} onClick={() => void remove()}>
              {t("channels.remove.sure")}
            </Button>
          ) : (
            <Button look="quiet" onClick={() => setSure(true)}>
              {t("channels.remove")}
            </Button>
          )}
          {!polled && (
            <Button disabled={busy} onClick={() => void act(async () => setPath((await api.channelAddress(channel.id)).path ?? ""), t("channels.address.new"))()}>
              {t("channels.address")}
            </Button>
          )}
          <Button disabled={busy} icon={channel.paused ? "play" : "pause"} onClick={() => void act(() => api.pauseChannel(channel.id, !channel.paused))()}>
            {channel.paused ? t("channels.resume") : t("channels.pause")}
          </Button>
          {polled && !channel.paused && (
            <Button look="primary" disabled={busy} onClick={() => void act(() => api.pollChannel(channel.id), t("channels.polled"))()}>
              {busy ? t("channels.polling") : t("channels.poll")}
            </Button>
          )}
        </p>
      </div>
    </Dialog>
  );
}

function Try({ id }: { id: number }) {
  const [on, setOn] = useState(false);
  const load = useLoad(on ? `channel-test-${id}` : null, () => api.testChannel({ id }));
  return (
    <details onToggle={(event) => setOn(event.currentTarget.open)}>
      <summary>{t("channels.try.newest")}</summary>
      {load.error && <Problem error={load.error} retry={load.reload} />}
      {load.loading && <Skeleton rows={3} />}
      {load.data && <PreviewList preview={load.data} />}
    </details>
  );
}
