// Conditions on an event or a trait, built by clicking.
import { useRef } from "preact/hooks";
import type { Scalar } from "../api/types";
import { Button } from "../parts/basic";
import { Combo } from "../parts/combo";
import { Select } from "../parts/field";
import { t, tOr } from "../strings";
import { fieldChoices, traitChoices, valueChoices } from "./names";
import type { Cond } from "./types";
import { fieldWords } from "./words";

export const OPS = ["=", "!=", ">", ">=", "<", "<=", "in", "not in", "contains", "starts with", "matches", "set", "not set"];
const NO_VALUE = ["set", "not set"];
const LISTS = ["in", "not in"];

/** What was typed, in the type it most likely has: numbers and true or false are not texts. */
export function typedValue(text: string, op: string): Scalar {
  if (["contains", "starts with", "matches"].includes(op)) return text;
  if (/^-?(0|[1-9]\d{0,14})(\.\d+)?$/.test(text)) return Number(text);
  if (text === "true" || text === "false") return text === "true";
  return text;
}

export function withOp(cond: [string, string, ...(Scalar | Scalar[])[]], op: string): [string, string, ...(Scalar | Scalar[])[]] {
  const [name, , value] = cond;
  if (NO_VALUE.includes(op)) return [name, op];
  const one = Array.isArray(value) ? (value[0] ?? "") : (value ?? "");
  return [name, op, LISTS.includes(op) ? (Array.isArray(value) ? value : one === "" ? [] : [one]) : one];
}

interface Props {
  cond: [string, string, ...(Scalar | Scalar[])[]];
  event: string;
  traits?: boolean;
  onChange: (cond: [string, string, ...(Scalar | Scalar[])[]]) => void;
  onRemove?: () => void;
}

export function CondEditor({ cond, event, traits, onChange, onRemove }: Props) {
  const [name, op, value] = cond;
  const seen = useRef(new Map<string, Scalar>());
  const typed = (text: string): Scalar => seen.current.get(text) ?? typedValue(text, op);
  const list = Array.isArray(value) ? value : [];
  const load = async (prefix: string, signal: AbortSignal) => {
    if (!name) return [];
    const found = await valueChoices(traits ? `customer.${name}` : name, event, prefix, signal);
    for (const choice of found) seen.current.set(choice.value, choice.typed);
    return found;
  };
  return (
    <div class="cond">
      <Combo
        label={traits ? t("cond.trait") : t("cond.field")}
        value={name}
        show={traits ? undefined : fieldWords}
        load={(prefix, signal) => (traits ? traitChoices(prefix, signal) : fieldChoices(prefix, event, signal))}
        onChange={(next) => {
          seen.current.clear();
          onChange(withOp([next, op, ""], op));
        }}
      />
      <Select inline label={t("cond.op")} value={op} onChange={(next) => onChange(withOp(cond, next))} options={OPS.map((each) => ({ value: each, text: tOr(`op.${each}`, each) }))} />
      {LISTS.includes(op) && (
        <span class="cond-list">
          {list.map((item, index) => (
            <button key={index} type="button" class="chip on" onClick={() => onChange([name, op, list.filter((_, at) => at !== index)])} aria-label={t("cond.remove.value", { value: String(item) })}>
              {String(item)} <span aria-hidden="true">×</span>
            </button>
          ))}
          <Combo label={t("cond.value.add")} value="" load={load} onChange={(text) => onChange([name, op, [...list, typed(text)]])} />
        </span>
      )}
      {!LISTS.includes(op) && !NO_VALUE.includes(op) && (
        <Combo label={t("cond.value")} value={value === undefined || Array.isArray(value) ? "" : String(value)} load={load} onChange={(text) => onChange([name, op, typed(text)])} />
      )}
      {onRemove && <Button look="quiet" icon="close" aria-label={t("cond.remove")} onClick={onRemove} />}
    </div>
  );
}

const complete = (cond: Cond): boolean => !Array.isArray(cond) || (cond[0] !== "" && (NO_VALUE.includes(cond[1]) || (cond[2] !== undefined && cond[2] !== "")));
/** Conditions that are still being written are not asked. */
export const finished = (list: Cond[] | undefined): Cond[] => (list ?? []).filter(complete);

export function Conds({ list, event, onChange }: { list: Cond[]; event: string; onChange: (list: Cond[]) => void }) {
  return (
    <div class="conds">
      {list.map((cond, index) =>
        Array.isArray(cond) ? (
          <CondEditor
            key={index}
            cond={cond as [string, string, ...(Scalar | Scalar[])[]]}
            event={event}
            onChange={(next) => onChange(list.map((each, at) => (at === index ? (next as Cond) : each)))}
            onRemove={() => onChange(list.filter((_, at) => at !== index))}
          />
        ) : (
          <AnyConds key={index} list={cond.any} event={event} onChange={(any) => onChange(any.length ? list.map((each, at) => (at === index ? { any } : each)) : list.filter((_, at) => at !== index))} />
        ),
      )}
      <p class="row">
        <Button look="quiet" icon="plus" onClick={() => onChange([...list, ["", "=", ""]])}>
          {list.length ? t("cond.and") : t("cond.add")}
        </Button>
        {list.length > 0 && (
          <Button look="quiet" icon="plus" onClick={() => onChange([...list, { any: [["", "=", ""], ["", "=", ""]] }])}>
            {t("cond.any")}
          </Button>
        )}
      </p>
    </div>
  );
}

function AnyConds({ list, event, onChange }: { list: Cond[]; event: string; onChange: (list: Cond[]) => void }) {
  return (
    <fieldset class="cond-any">
      <legend>{t("cond.any.of")}</legend>
      {list.map((cond, index) =>
        Array.isArray(cond) ? (
          <CondEditor
            key={index}
            cond={cond as [string, string, ...(Scalar | Scalar[])[]]}
            event={event}
            onChange={(next) => onChange(list.map((each, at) => (at === index ? (next as Cond) : each)))}
            onRemove={() => onChange(list.filter((_, at) => at !== index))}
          />
        ) : null,
      )}
      <Button look="quiet" icon="plus" onClick={() => onChange([...list, ["", "=", ""]])}>
        {t("cond.or")}
      </Button>
    </fieldset>
  );
}
