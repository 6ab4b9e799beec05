// Sources: what sends events, how to connect one, and whether it arrives.
import { useState } from "preact/hooks";
import { ApiError, api } from "../../api/client";
import { useLoad } from "../../api/hooks";
import type { SourceRow } from "../../api/types";
import type { TableData } from "../../charts/data";
import { ExportMenu, tableExports } from "../../charts/export";
import { Page } from "../../frame/frame";
import { formatNumber } from "../../format";
import { Button, Empty, Moment, Problem, Sheet, Skeleton } from "../../parts/basic";
import { Dialog } from "../../parts/dialog";
import { TextField } from "../../parts/field";
import { channelIcon, Icon } from "../../parts/icon";
import { toast } from "../../parts/toast";
import { channelWords } from "../../evidence/people";
import { cleanLine } from "../../safe";
import { setParams, usePlace } from "../../router";
import { t } from "../../strings";
import { Channels } from "./channels";
import { Live } from "./live";
import { SettingsTabs } from "./page";
import { Snippets } from "./snippets";
import { SourceSettings } from "./source-settings";

const sourcesTable = (list: SourceRow[]): TableData => ({
  columns: ["name", "default_channel", "keys", "events", "last_received"].map((key) => ({ text: key, key })),
  rows: list.map((source) => ({
    key: source.name,
    cells: [source.name, source.default_channel ?? null, source.keys, source.events, source.last_received ?? null].map((value) => ({ value })),
  })),
});

export function Sources() {
  const { search } = usePlace();
  const chosen = new URLSearchParams(search).get("source") ?? undefined;
  const load = useLoad("sources", () => api.sources());
  const [adding, setAdding] = useState(false);
  const [changing, setChanging] = useState<string | null>(null);
  const list = load.data?.sources ?? [];
  return (
    <Page
      above={<SettingsTabs here="sources" />}
      title={t("settings.sources")}
      lead={t("sources.lead")}
      tools={
        <Button look="primary" icon="plus" onClick={() => setAdding(true)}>
          {t("sources.add")}
        </Button>
      }
    >
      {load.error && <Problem error={load.error} retry={load.reload} />}
      <Sheet
        title={t("sources.n", { n: list.length })}
        aside={<ExportMenu name={t("settings.sources")} {...tableExports(() => sourcesTable(list))} disabled={list.length === 0} />}
        flush
      >
        {!load.data && !load.error && <Skeleton rows={4} />}
        {load.data && list.length === 0 && <Empty>{t("sources.empty")}</Empty>}
        {list.length > 0 && (
          <table class="table">
            <thead>
              <tr>
                <th scope="col">{t("live.source")}</th>
                <th scope="col" class="col-source">
                  {t("sources.channel")}
                </th>
                <th scope="col" class="num col-minor">
                  {t("sources.keys")}
                </th>
                <th scope="col" class="num">
                  {t("sources.events")}
                </th>
                <th scope="col" class="num col-minor">
                  {t("pipeline.last.event")}
                </th>
                <th scope="col">
                  <span class="away">{t("sources.change")}</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {list.map((source) => (
                <tr key={source.name} aria-selected={chosen === source.name}>
                  <th scope="row">
                    <button type="button" class="link row" aria-pressed={chosen === source.name} onClick={() => setParams({ source: chosen === source.name ? undefined : source.name })}>
                      <Icon name={channelIcon(source.default_channel ?? source.name)} />
                      {cleanLine(source.name)}
                    </button>
                  </th>
                  <td class="col-source">{source.default_channel ? channelWords(source.default_channel) : <span class="dim">{t("sources.as.sent")}</span>}</td>
                  <td class="num col-minor">{formatNumber(source.keys)}</td>
                  <td class="num">{formatNumber(source.events)}</td>
                  <td class="num nowrap col-minor">{source.last_received ? <Moment at={source.last_received} /> : "–"}</td>
                  <td class="num">
                    <Button look="soft" aria-label={t("sources.change.one", { name: cleanLine(source.name) })} onClick={() => setChanging(source.name)}>
                      {t("sources.change")}
                    </Button>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </Sheet>
      <Channels onChange={load.reload} />
      <Sheet label={t("sources.connect")} flush>
        <header class="sheet-head">
          <h2>{chosen ? t("sources.connect.one", { name: chosen }) : t("sources.connect")}</h2>
        </header>
        <Snippets source={chosen} key={chosen} />
      </Sheet>
      <Live source={chosen} key={`live ${chosen}`} />
      {list.some((source) => source.name === changing) && <SourceSettings source={list.find((source) => source.name === changing)!} channels={CHANNELS} onClose={() => setChanging(null)} onSaved={load.reload} />}
      {adding && <AddSource onClose={() => setAdding(false)} onAdded={load.reload} />}
    </Page>
  );
}

const CHANNELS = ["web", "app", "email", "phone", "chat", "store", "social", "survey", "review"];

function AddSource({ onClose, onAdded }: { onClose: () => void; onAdded: () => void }) {
  const [name, setName] = useState("");
  const [channel, setChannel] = useState("");
  const [error, setError] = useState<ApiError>();
  const add = async (event: Event) => {
    event.preventDefault();
    try {
      await api.addSource(name.trim(), channel.trim());
      toast(t("sources.added", { name: name.trim() }));
      onAdded();
      onClose();
      setParams({ source: name.trim() });
    } catch (problem) {
      if (problem instanceof ApiError) setError(problem);
    }
  };
  return (
    <Dialog title={t("sources.add")} onClose={onClose}>
      <form class="stack" onSubmit={(event) => void add(event)}>
        <TextField label={t("sources.name")} value={name} onInput={setName} hint={t("sources.name.hint")} required autofocus />
        <TextField label={t("sources.channel.default")} value={channel} onInput={setChannel} list={CHANNELS} hint={t("sources.channel.hint")} />
        {error && <Problem error={error} />}
        <p class="row end">
          <Button look="quiet" onClick={onClose}>
            {t("cancel")}
          </Button>
          <Button type="submit" look="primary" disabled={!name.trim()}>
            {t("sources.add")}
          </Button>
        </p>
      </form>
    </Dialog>
  );
}
