// How to send events, to copy and paste: for each way, with this server's address and a real key.
import { useState } from "preact/hooks";
import { ApiError, api } from "../../api/client";
import { useLoad } from "../../api/hooks";
import type { KeyRow } from "../../api/types";
import { Button, CopyButton, Problem } from "../../parts/basic";
import { Select } from "../../parts/field";
import { t, type Key } from "../../strings";
import { SDKS, snippetOf, wantedKey, type SdkName } from "./sdk";

export function Snippets({ source }: { source?: string }) {
  const [sdk, setSdk] = useState<SdkName>("site");
  const keys = useLoad("keys", () => api.keys());
  const [error, setError] = useState<ApiError>();
  const [chosen, setChosen] = useState("");
  const usable = (keys.data?.keys ?? []).filter((key) => !key.revoked && key.kind !== "secret" && (!source || key.source === source));
  // What stands in a page everyone reads: there only the kind of key that is made for it is offered.
  const kind = wantedKey(sdk);
  const fitting = kind === "client" ? usable.filter((each) => each.kind === kind) : usable;
  const key: KeyRow | undefined = fitting.find((each) => String(each.id) === chosen) ?? fitting.find((each) => each.kind === kind) ?? fitting[0];
  const text = snippetOf(sdk, location.origin, key?.key ?? key?.prefix ?? t("snippet.key"));
  const makeKey = async () => {
    try {
      await api.addKey(kind, source ?? "web", []);
      keys.reload();
    } catch (problem) {
      if (problem instanceof ApiError) setError(problem);
    }
  };
  return (
    <div class="snippets">
      <div class="sheet-head">
        <div class="tabs" role="group" aria-label={t("snippet.way")}>
          {SDKS.map((name) => (
            <button key={name} type="button" aria-pressed={sdk === name} onClick={() => setSdk(name)}>
              {t(`snippet.${name}`)}
            </button>
          ))}
        </div>
      </div>
      <div class="sheet-body">
        {keys.data && fitting.length === 0 && (
          <p class="row">
            <span class="dim">{t(`snippet.no.key.${kind}` as Key)}</span>
            <Button look="primary" icon="key" onClick={() => void makeKey()}>
              {t(`snippet.make.key.${kind}` as Key)}
            </Button>
          </p>
        )}
        {error && <Problem error={error} />}
        <div class="well-box">
          <pre class="well" tabIndex={0} aria-label={t(`snippet.${sdk}`)}>
            {text}
          </pre>
          <CopyButton text={text} />
        </div>
        <p class="row small dim">
          {t(`snippet.${sdk}.note`)}
          {fitting.length > 1 && <Select inline label={t("snippet.with.key")} value={String(key?.id ?? "")} onChange={setChosen} options={fitting.map((each) => ({ value: String(each.id), text: `${each.name} (${each.prefix})` }))} />}
        </p>
      </div>
    </div>
  );
}
