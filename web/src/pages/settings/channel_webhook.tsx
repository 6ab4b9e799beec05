// Adding a webhook: a sample delivery is pasted, what its fields are is corrected by choosing, what it would become is seen
// at once, and only then it gets an address.
import { useEffect, useId, useMemo, useState } from "preact/hooks";
import { ApiError, api } from "../../api/client";
import { useLoad } from "../../api/hooks";
import { Button, Note, Problem, Skeleton } from "../../parts/basic";
import { Dialog } from "../../parts/dialog";
import { Select, TextField } from "../../parts/field";
import { cleanLine } from "../../safe";
import { t } from "../../strings";
import { Made, PreviewList } from "./channel_parts";
import { channelName, choiceOf, KINDS, readSample, ROLES, ruleOf, SCALES, type Choice, type Role } from "./channel_rules";

const SETTLE_MS = 300;

/** The value once it has been left alone for a moment. */
function useSettled<T>(value: T): T {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), SETTLE_MS);
    return () => clearTimeout(timer);
  }, [value]);
  return settled;
}

export function AddWebhook({ onClose, onAdded }: { onClose: () => void; onAdded: () => void }) {
  const [name, setName] = useState("");
  const [sample, setSample] = useState("");
  const [choice, setChoice] = useState<Choice>();
  const [own, setOwn] = useState<string>(); // the definition, where it was edited as text
  const [path, setPath] = useState("");
  const [error, setError] = useState<ApiError>();
  const guessed = useMemo(() => (choice ? JSON.stringify({ rules: [ruleOf(choice, name)] }, null, 2) : ""), [choice, name]);
  const definition = own ?? guessed;
  const run = async (what: () => Promise<void>) => {
    setError(undefined);
    try {
      await what();
    } catch (problem) {
      if (problem instanceof ApiError) setError(problem);
    }
  };
  const read = () =>
    run(async () => {
      const suggestion = await api.suggestWebhook(name, sample);
      setOwn(undefined);
      setChoice(choiceOf(suggestion.fields, name));
    });
  const save = (event: Event) => {
    event.preventDefault();
    return run(async () => {
      const made = await api.saveChannel({ kind: "webhook", name, definition: JSON.parse(definition) });
      setPath(made.path ?? "");
      onAdded();
    });
  };
  if (path) {
    return (
      <Dialog title={t("channels.made", { name })} onClose={onClose} wide>
        <div class="stack">
          <p>{t("channels.made.where")}</p>
          <Made path={path} />
          <p class="row end">
            <Button look="primary" onClick={onClose}>
              {t("done")}
            </Button>
          </p>
        </div>
      </Dialog>
    );
  }
  const broken = own !== undefined && readSample(own).problem !== undefined;
  return (
    <Dialog title={t("channels.add.webhook")} onClose={onClose} wide>
      <form class="stack roomy" onSubmit={(event) => void save(event)}>
        <TextField label={t("channels.name")} value={name} onInput={(value) => setName(channelName(value))} hint={t("channels.name.hint", { name: name || t("channels.name.example") })} required autofocus />
        <Sample sample={sample} onInput={setSample} onRead={() => void read()} again={choice !== undefined} />
        {choice && own === undefined && <Fields choice={choice} onChange={setChoice} />}
        {choice && (
          <Text definition={definition} edited={own !== undefined} onInput={setOwn} onReset={() => setOwn(undefined)} broken={broken} />
        )}
        {choice && !broken && <Outcome name={name} definition={definition} sample={sample} />}
        {error && <Problem error={error} />}
        <p class="row end">
          <Button look="quiet" onClick={onClose}>
            {t("cancel")}
          </Button>
          <Button type="submit" look="primary" disabled={!name || !choice || broken}>
            {t("channels.make.address")}
          </Button>
        </p>
      </form>
    </Dialog>
  );
}

function Sample({ sample, onInput, onRead, again }: { sample: string; onInput: (text: string) => void; onRead: () => void; again: boolean }) {
  const id = useId();
  const problem = sample.trim() ? readSample(sample).problem : undefined;
  return (
    <div class="field">
      <label for={id}>{t("channels.sample")}</label>
      <textarea id={id} class="input code" rows={again ? 4 : 10} value={sample} spellcheck={false} onInput={(event) => onInput(event.currentTarget.value)} aria-describedby={`${id}-hint`} aria-invalid={problem !== undefined ? true : undefined} />
      <p id={`${id}-hint`} class={problem !== undefined ? "field-hint bad" : "field-hint"}>
        {problem === undefined ? t("channels.sample.hint") : t("channels.sample.bad", { why: cleanLine(problem) })}
      </p>
      <p>
        <Button disabled={!sample.trim() || problem !== undefined} onClick={onRead}>
          {again ? t("channels.sample.again") : t("channels.sample.read")}
        </Button>
      </p>
    </div>
  );
}

function Fields({ choice, onChange }: { choice: Choice; onChange: (choice: Choice) => void }) {
  const [all, setAll] = useState(false);
  const used = choice.fields.filter((field) => choice.roles[field.pointer]);
  const shown = all ? choice.fields : used;
  const setRole = (pointer: string, role: Role) => {
    const roles = { ...choice.roles };
    // Only properties may be many: the field that had this role before gives it up.
    if (role !== "" && role !== "property") for (const other of Object.keys(roles)) if (roles[other] === role) roles[other] = "";
    roles[pointer] = role;
    onChange({ ...choice, roles });
  };
  const scored = Object.values(choice.roles).includes("score");
  return (
    <fieldset class="stack plain">
      <legend>{t("channels.fields")}</legend>
      <div class="pair">
        <Select label={t("channels.words.kind")} value={choice.kind} onChange={(kind) => onChange({ ...choice, kind })} options={KINDS.map((value) => ({ value, text: t(`channels.words.kind.${value}`) }))} />
        {scored && <Select label={t("channels.scale")} value={choice.scale} onChange={(scale) => onChange({ ...choice, scale })} options={SCALES.map((value) => ({ value, text: t(`channels.scale.${value}`) }))} />}
      </div>
      <ul class="mapping" aria-label={t("channels.fields")}>
        {shown.map((field) => (
          <li key={field.pointer} class={choice.roles[field.pointer] ? "on" : undefined}>
            <div>
              <code class="break">{cleanLine(field.pointer)}</code>
              <span class="small dim clip">{cleanLine(String(field.sample))}</span>
            </div>
            <Select inline label={t("channels.role.of", { name: field.pointer })} value={choice.roles[field.pointer] ?? ""} onChange={(role) => setRole(field.pointer, role)} options={ROLES.map((value) => ({ value, text: value ? t(`channels.role.${value}`) : t("channels.role.none") }))} />
          </li>
        ))}
      </ul>
      <p>
        <Button look="soft" aria-expanded={all} onClick={() => setAll(!all)}>
          {all ? t("channels.fields.used") : t("channels.fields.all", { n: choice.fields.length - used.length })}
        </Button>
      </p>
    </fieldset>
  );
}

function Text({ definition, edited, onInput, onReset, broken }: { definition: string; edited: boolean; onInput: (text: string) => void; onReset: () => void; broken: boolean }) {
  const id = useId();
  return (
    <details>
      <summary>{t("channels.definition.edit")}</summary>
      <div class="field">
        <label for={id} class="away">
          {t("channels.definition")}
        </label>
        <textarea id={id} class="input code" rows={14} value={definition} spellcheck={false} aria-invalid={broken ? true : undefined} aria-describedby={`${id}-hint`} onInput={(event) => onInput(event.currentTarget.value)} />
        <p id={`${id}-hint`} class={broken ? "field-hint bad" : "field-hint"}>
          {broken ? t("channels.definition.bad") : t("channels.definition.hint")}
        </p>
        {edited && (
          <p>
            <Button look="soft" onClick={onReset}>
              {t("channels.definition.reset")}
            </Button>
          </p>
        )}
      </div>
    </details>
  );
}

function Outcome({ name, definition, sample }: { name: string; definition: string; sample: string }) {
  const key = useSettled(JSON.stringify([name, definition, sample]));
  const load = useLoad(key, () => {
    const [settledName, settledDefinition, settledSample] = JSON.parse(key) as [string, string, string];
    return api.previewWebhook(settledName, JSON.parse(settledDefinition), settledSample);
  });
  return (
    <section class="stack" aria-label={t("channels.preview")} aria-live="polite">
      <h3>{t("channels.preview")}</h3>
      {load.error && <Problem error={load.error} retry={load.reload} />}
      {!load.data && load.loading && <Skeleton rows={2} />}
      {load.data && <PreviewList preview={load.data} />}
      {load.data?.events.some((item) => item.verdict === "stored") && (
        <Note tone="good" icon="check">
          <p>{t("channels.preview.good")}</p>
        </Note>
      )}
    </section>
  );
}
