// Privacy: who is to be erased, the receipts, what happens to those who come back, how long things are kept.
import { useState } from "preact/hooks";
import { api } from "../../api/client";
import { useLoad } from "../../api/hooks";
import type { Receipt } from "../../api/types";
import { formatNumber } from "../../format";
import { Page } from "../../frame/frame";
import { session } from "../../frame/session";
import { Button, CopyButton, Empty, Moment, Problem, Sheet, Skeleton } from "../../parts/basic";
import { Radios, TextField } from "../../parts/field";
import { toast } from "../../parts/toast";
import { cleanLine } from "../../safe";
import { useStore } from "../../store";
import { t } from "../../strings";
import { EraseDialog } from "./erase";
import { Erasures } from "./erasures";
import { SettingsTabs } from "./page";
import { Retention } from "./retention";

const SHOWN = 50;

export function Privacy() {
  const may = useStore(session)?.user.role === "admin";
  const [turn, setTurn] = useState(0);
  const again = () => setTurn((n) => n + 1);
  return (
    <Page above={<SettingsTabs here="privacy" />} title={t("settings.privacy")} lead={t("privacy.lead")}>
      <div class="stack roomy">
        <Erasures key={`wishes ${turn}`} may={may} onErased={again} />
        {may && <Somebody onErased={again} />}
        <Receipts key={`receipts ${turn}`} />
        <After may={may} />
        <Retention may={may} />
      </div>
    </Page>
  );
}

function Somebody({ onErased }: { onErased: () => void }) {
  const [id, setId] = useState("");
  const [erasing, setErasing] = useState<string>();
  const open = (event: Event) => {
    event.preventDefault();
    setErasing(id.trim());
  };
  return (
    <Sheet title={t("privacy.who")}>
      <form class="stack" onSubmit={open}>
        <TextField label={t("privacy.who.id")} value={id} onInput={setId} required />
        <p class="row">
          <Button type="submit" look="soft" disabled={!id.trim()}>
            {t("erase")} …
          </Button>
        </p>
      </form>
      {erasing && <EraseDialog id={erasing} onClose={() => setErasing(undefined)} onDone={onErased} />}
    </Sheet>
  );
}

function Receipts() {
  const load = useLoad("receipts", () => api.receipts(SHOWN));
  const list = load.data?.receipts;
  return (
    <Sheet title={t("receipts.title")} flush>
      {load.error && <Problem error={load.error} retry={load.reload} />}
      {!list && !load.error && <Skeleton rows={3} />}
      {list?.length === 0 && <Empty example={<code>{t("receipts.example")}</code>}>{t("receipts.none")}</Empty>}
      {list && list.length > 0 && <ReceiptTable list={list} />}
      {load.data && load.data.total > SHOWN && <p class="sheet-body small dim">{t("receipts.first", { n: SHOWN, total: load.data.total })}</p>}
    </Sheet>
  );
}

function ReceiptTable({ list }: { list: Receipt[] }) {
  return (
    <div class="scroll" tabIndex={0} role="group" aria-label={t("receipts.title")}>
      <table class="table">
        <thead>
          <tr>
            <th scope="col">{t("receipts.when")}</th>
            <th scope="col">{t("receipts.by")}</th>
            <th scope="col" class="num">
              {t("receipts.customers")}
            </th>
            <th scope="col" class="num">
              {t("receipts.events")}
            </th>
            <th scope="col" class="num">
              {t("receipts.rows")}
            </th>
            <th scope="col">{t("receipts.receipt")}</th>
          </tr>
        </thead>
        <tbody>
          {list.map((each) => (
            <tr key={each.receipt}>
              <th scope="row" class="nowrap">
                <Moment at={each.at} />
              </th>
              <td>
                <span dir="auto">{cleanLine(each.by)}</span>
                {each.reason && (
                  <small class="dim block" dir="auto">
                    {cleanLine(each.reason)}
                  </small>
                )}
              </td>
              <td class="num">{formatNumber(each.erased.customers)}</td>
              <td class="num">{formatNumber(each.erased.events)}</td>
              <td class="num">{formatNumber(each.erased.quarantined)}</td>
              <td class="nowrap">
                <code class="small">{each.receipt.slice(0, 11)}…</code> <CopyButton text={JSON.stringify(each)} label={t("receipts.copy", { receipt: each.receipt })} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function After({ may }: { may: boolean }) {
  const load = useLoad("privacy", () => api.privacy());
  const [after, setAfter] = useState<"new" | "refuse">();
  const save = async (value: "new" | "refuse") => {
    setAfter(value);
    await api.savePrivacy(value);
    toast(t("settings.saved"));
  };
  return (
    <Sheet title={t("privacy.after")}>
      {load.error && <Problem error={load.error} retry={load.reload} />}
      {load.data && (
        <fieldset class="plain" disabled={!may}>
          <Radios
            label={t("privacy.after.who")}
            value={after ?? load.data.after_erasure}
            onChange={(value) => void save(value)}
            options={[
              { value: "new", text: t("privacy.after.new") },
              { value: "refuse", text: t("privacy.after.refuse") },
            ]}
          />
        </fieldset>
      )}
    </Sheet>
  );
}
