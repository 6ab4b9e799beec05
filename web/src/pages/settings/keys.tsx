// Keys: what may send, what may ask. A secret is shown once.
import { useState } from "preact/hooks";
import { ApiError, api } from "../../api/client";
import { useLoad } from "../../api/hooks";
import type { KeyKind, KeyRow } from "../../api/types";
import { Page } from "../../frame/frame";
import { Button, CopyButton, Empty, Moment, Note, Problem, Sheet, Skeleton, Tag } from "../../parts/basic";
import { Dialog } from "../../parts/dialog";
import { Radios, TextField } from "../../parts/field";
import { toast } from "../../parts/toast";
import { cleanLine } from "../../safe";
import { t } from "../../strings";
import { SettingsTabs } from "./page";
import { ORIGIN_EXAMPLE } from "./sdk";

export function Keys() {
  const load = useLoad("keys", () => api.keys());
  const [adding, setAdding] = useState(false);
  const [revoking, setRevoking] = useState<KeyRow>();
  const list = load.data?.keys ?? [];
  return (
    <Page
      above={<SettingsTabs here="keys" />}
      title={t("settings.keys")}
      lead={t("keys.lead")}
      tools={
        <Button look="primary" icon="plus" onClick={() => setAdding(true)}>
          {t("keys.add")}
        </Button>
      }
    >
      {load.error && <Problem error={load.error} retry={load.reload} />}
      <Sheet label={t("settings.keys")} flush>
        {!load.data && !load.error && <Skeleton rows={4} />}
        {load.data && list.length === 0 && <Empty action={<Button onClick={() => setAdding(true)}>{t("keys.add")}</Button>}>{t("keys.empty")}</Empty>}
        {list.length > 0 && (
          <table class="table">
            <thead>
              <tr>
                <th scope="col">{t("keys.name")}</th>
                <th scope="col">{t("keys.kind")}</th>
                <th scope="col" class="col-preview">
                  {t("keys.key")}
                </th>
                <th scope="col" class="num col-used">
                  {t("keys.used")}
                </th>
                <th scope="col">
                  <span class="away">{t("keys.revoke")}</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {list.map((key) => (
                <tr key={key.id}>
                  <th scope="row">
                    {cleanLine(key.name)}
                    {key.origins.length > 0 && <small class="dim block">{key.origins.map(cleanLine).join(", ")}</small>}
                  </th>
                  <td>
                    <Tag tone={key.kind === "secret" ? "warn" : undefined}>{t(`key.kind.${key.kind}`)}</Tag>
                  </td>
                  <td class="col-preview">
                    <span class="row">
                      <code class="clip">{cleanLine(key.key ?? `${key.prefix}…`)}</code>
                      {key.key && !key.revoked && <CopyButton text={key.key} />}
                    </span>
                  </td>
                  <td class="num nowrap col-used">{key.last_used ? <Moment at={key.last_used} /> : <span class="dim">{t("keys.never")}</span>}</td>
                  <td class="num">
                    {key.revoked ? (
                      <Tag tone="bad">{t("keys.revoked")}</Tag>
                    ) : (
                      <Button look="danger" onClick={() => setRevoking(key)} aria-label={t("keys.revoke.one", { name: key.name })}>
                        {t("keys.revoke")}
                      </Button>
                    )}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </Sheet>
      {adding && <AddKey onClose={() => setAdding(false)} onAdded={load.reload} />}
      {revoking && <Revoke row={revoking} onClose={() => setRevoking(undefined)} onDone={load.reload} />}
    </Page>
  );
}

function AddKey({ onClose, onAdded }: { onClose: () => void; onAdded: () => void }) {
  const [kind, setKind] = useState<KeyKind>("write");
  const [name, setName] = useState("");
  const [origins, setOrigins] = useState("");
  const [made, setMade] = useState("");
  const [error, setError] = useState<ApiError>();
  const add = async (event: Event) => {
    event.preventDefault();
    try {
      const { key } = await api.addKey(kind, name.trim(), kind === "secret" ? [] : origins.split(/[\s,]+/).filter(Boolean));
      setMade(key);
      onAdded();
    } catch (problem) {
      if (problem instanceof ApiError) setError(problem);
    }
  };
  if (made) {
    return (
      <Dialog title={t("keys.made")} onClose={onClose}>
        <div class="stack">
          {kind === "secret" && <Note tone="warn">{t("keys.once")}</Note>}
          <div class="well-box">
            <pre class="well wrap" tabIndex={0} aria-label={t("keys.key")}>
              {made}
            </pre>
            <CopyButton text={made} />
          </div>
          <p class="row end">
            <Button look="primary" onClick={onClose}>
              {t("done")}
            </Button>
          </p>
        </div>
      </Dialog>
    );
  }
  return (
    <Dialog title={t("keys.add")} onClose={onClose}>
      <form class="stack" onSubmit={(event) => void add(event)}>
        <Radios label={t("keys.kind")} value={kind} onChange={setKind} options={(["write", "client", "secret"] as const).map((each) => ({ value: each, text: t(`key.kind.${each}.long`) }))} />
        <TextField label={t("keys.name")} value={name} onInput={setName} hint={t("keys.name.hint")} required autofocus />
        {kind !== "secret" && <TextField label={t("keys.origins")} value={origins} onInput={setOrigins} placeholder={ORIGIN_EXAMPLE} hint={t("keys.origins.hint")} />}
        {error && <Problem error={error} />}
        <p class="row end">
          <Button look="quiet" onClick={onClose}>
            {t("cancel")}
          </Button>
          <Button type="submit" look="primary" disabled={!name.trim()}>
            {t("keys.add")}
          </Button>
        </p>
      </form>
    </Dialog>
  );
}

function Revoke({ row, onClose, onDone }: { row: KeyRow; onClose: () => void; onDone: () => void }) {
  const [error, setError] = useState<ApiError>();
  const revoke = async () => {
    try {
      await api.revokeKey(row.id);
      toast(t("keys.revoked.one", { name: row.name }));
      onDone();
      onClose();
    } catch (problem) {
      if (problem instanceof ApiError) setError(problem);
    }
  };
  return (
    <Dialog title={t("keys.revoke.one", { name: row.name })} onClose={onClose}>
      <div class="stack">
        <p>{t("keys.revoke.what")}</p>
        {error && <Problem error={error} />}
        <p class="row end">
          <Button look="quiet" onClick={onClose}>
            {t("cancel")}
          </Button>
          <Button look="danger" onClick={() => void revoke()}>
            {t("keys.revoke.do")}
          </Button>
        </p>
      </div>
    </Dialog>
  );
}
