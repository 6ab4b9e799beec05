// Who is left out of questions: the organisation's own people, tests and bots.
import { useState } from "preact/hooks";
import { ApiError, api } from "../../api/client";
import { useLoad } from "../../api/hooks";
import type { InternalRules } from "../../api/types";
import { OpenNumber } from "../../evidence/number";
import { Button, Problem, Sheet, Skeleton } from "../../parts/basic";
import { toast } from "../../parts/toast";
import { rich, t } from "../../strings";
import { Check, Lines } from "./catalogue_fields";

const LISTS = ["email_domains", "customers", "segments", "addresses"] as const;
const LABELS = { email_domains: "internal.domains", customers: "internal.customers", segments: "internal.segments", addresses: "internal.addresses" } as const;

export function Insiders() {
  const load = useLoad("internal", () => api.internal());
  return (
    <Sheet title={t("internal.title")}>
      <p class="dim">{t("internal.lead")}</p>
      {load.error && <Problem error={load.error} retry={load.reload} />}
      {!load.data && !load.error && <Skeleton rows={6} />}
      {load.data && (
        <>
          <p role="status">
            {load.data.segment
              ? rich("internal.now", { n: <OpenNumber key="n" query={{ kind: "customers", internal: "only" }} open={{}} n={load.data.customers} /> })
              : t("internal.none")}
          </p>
          <Rules rules={load.data.rules} onSaved={load.reload} />
        </>
      )}
    </Sheet>
  );
}

function Rules({ rules, onSaved }: { rules: InternalRules; onSaved: () => void }) {
  const [lists, setLists] = useState(Object.fromEntries(LISTS.map((name) => [name, (rules[name] ?? []).join("\n")])));
  const [bots, setBots] = useState(rules.bots ?? false);
  const [error, setError] = useState<ApiError>();
  const save = async (event: Event) => {
    event.preventDefault();
    const values = LISTS.map((name) => [name, (lists[name] ?? "").split("\n").map((line) => line.trim()).filter(Boolean)]);
    try {
      await api.saveInternal({ ...Object.fromEntries(values), bots });
      setError(undefined);
      toast(t("catalogue.saved"));
      onSaved();
    } catch (problem) {
      if (problem instanceof ApiError) setError(problem);
    }
  };
  return (
    <form class="stack" onSubmit={(event) => void save(event)}>
      {LISTS.map((name) => (
        <Lines
          key={name}
          label={t(LABELS[name])}
          value={lists[name] ?? ""}
          onInput={(text) => setLists({ ...lists, [name]: text })}
          hint={name === "email_domains" ? t("internal.domains.hint") : name === "addresses" ? t("internal.addresses.hint") : undefined}
        />
      ))}
      <Check label={t("internal.bots")} checked={bots} onChange={setBots} hint={t("internal.bots.hint")} />
      {Boolean(rules.traits?.length) && <p class="small dim">{t("internal.traits", { n: rules.traits!.length })}</p>}
      {error && <Problem error={error} />}
      <p class="row end">
        <Button type="submit" look="primary">
          {t("catalogue.save")}
        </Button>
      </p>
    </form>
  );
}
