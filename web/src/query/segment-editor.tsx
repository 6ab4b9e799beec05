// A segment built by clicking: rows that must all hold (or any of them), each of which may be
// turned round. What the rows cannot say is kept as it is and shown in words.
import { Button } from "../parts/basic";
import { Combo } from "../parts/combo";
import { Select, TextField } from "../parts/field";
import { useLoad } from "../api/hooks";
import { api } from "../api/client";
import { todayLabel, addDays } from "../format";
import { t } from "../strings";
import { CondEditor, finished } from "./cond-editor";
import { MatcherEditor } from "./matcher-editor";
import type { Did, Matcher, Predicate, Segment, Sequence } from "./types";
import { durationWords, segmentWords } from "./words";
import type { Scalar } from "../api/types";

export interface Draft {
  mode: "all" | "any";
  rows: { not: boolean; is: Predicate }[];
}

const row = (segment: Segment): { not: boolean; is: Predicate } => {
  if (typeof segment === "string") return { not: false, is: { in: segment } };
  if ("not" in segment && typeof segment.not === "object" && !("not" in segment.not)) return { not: true, is: segment.not };
  return { not: false, is: segment };
};

export function toDraft(segment: Segment | undefined): Draft {
  if (segment === undefined) return { mode: "all", rows: [] };
  if (typeof segment === "object" && "all" in segment) return { mode: "all", rows: segment.all.map(row) };
  if (typeof segment === "object" && "any" in segment) return { mode: "any", rows: segment.any.map(row) };
  return { mode: "all", rows: [row(segment)] };
}

const named = ({ event }: Matcher): boolean => event.length > 0;

function ready(is: Predicate): boolean {
  if ("did" in is) return named(is.did);
  if ("sequence" in is) return is.sequence.every(named);
  if ("trait" in is) return finished([is.trait as never]).length === 1;
  if ("in" in is) return is.in !== "";
  if ("first_seen" in is) return is.first_seen[1] !== "";
  return true;
}

function tidyMatcher(matcher: Matcher): Matcher {
  const where = finished(matcher.where);
  return { event: matcher.event, ...(where.length ? { where } : {}) };
}

function tidy(is: Predicate): Predicate {
  if ("sequence" in is) return { ...is, sequence: is.sequence.map(tidyMatcher) };
  return "did" in is ? { ...is, did: tidyMatcher(is.did) } : is;
}

/** The segment that the rows say; undefined is everyone. Rows still being written are left out. */
export function fromDraft({ mode, rows }: Draft): Segment | undefined {
  const list = rows.filter(({ is }) => ready(is)).map(({ not, is }): Segment => (not ? { not: tidy(is) } : tidy(is)));
  if (list.length === 0) return undefined;
  if (list.length === 1) {
    const only = list[0]!;
    return typeof only === "object" && "in" in only ? only.in : only;
  }
  return mode === "all" ? { all: list } : { any: list };
}

const WITHIN = ["", "1d", "7d", "14d", "30d", "90d", "180d", "365d"];
const WINDOWS = ["10m", "1h", "1d", "7d", "30d", "90d"];
const STEPS_MAX = 20;
const TIMES = [">=", "<=", "=", ">", "<"];
const ROW_KINDS = ["did", "sequence", "trait", "first_seen", "in"] as const;
type RowKind = (typeof ROW_KINDS)[number];

const fresh = (kind: RowKind): Predicate => {
  if (kind === "did") return { did: { event: "" }, within: "30d" };
  if (kind === "sequence") return { sequence: [{ event: "" }, { event: "" }], window: "1d", within: "30d" };
  if (kind === "trait") return { trait: ["", "=", ""] };
  if (kind === "first_seen") return { first_seen: [">=", addDays(todayLabel(), -30)] };
  return { in: "" };
};

export function SegmentEditor({ draft, onChange }: { draft: Draft; onChange: (draft: Draft) => void }) {
  const set = (index: number, next: Draft["rows"][number] | null) =>
    onChange({ ...draft, rows: next ? draft.rows.map((each, at) => (at === index ? next : each)) : draft.rows.filter((_, at) => at !== index) });
  return (
    <div class="segment-editor">
      {draft.rows.length > 1 && (
        <Select
          label={t("segment.mode")}
          value={draft.mode}
          onChange={(mode) => onChange({ ...draft, mode })}
          options={[
            { value: "all", text: t("segment.mode.all") },
            { value: "any", text: t("segment.mode.any") },
          ]}
        />
      )}
      <ol class="plain">
        {draft.rows.map((each, index) => (
          <li key={index} class="segment-row">
            <Select
              inline
              label={t("segment.sense")}
              value={each.not ? "not" : "is"}
              onChange={(sense) => set(index, { ...each, not: sense === "not" })}
              options={[
                { value: "is", text: t("segment.sense.is") },
                { value: "not", text: t("segment.sense.not") },
              ]}
            />
            <Row is={each.is} onChange={(is) => set(index, { ...each, is })} />
            <Button look="quiet" icon="close" aria-label={t("segment.row.remove")} onClick={() => set(index, null)} />
          </li>
        ))}
      </ol>
      <p class="row wrap">
        {ROW_KINDS.map((kind) => (
          <Button key={kind} look="soft" icon="plus" onClick={() => onChange({ ...draft, rows: [...draft.rows, { not: false, is: fresh(kind) }] })}>
            {t(`segment.add.${kind}`)}
          </Button>
        ))}
      </p>
    </div>
  );
}

function Row({ is, onChange }: { is: Predicate; onChange: (is: Predicate) => void }) {
  if ("did" in is) return <DidRow is={is} onChange={onChange} />;
  if ("sequence" in is) return <SequenceRow is={is} onChange={onChange} />;
  if ("trait" in is) {
    return (
      <div class="segment-parts">
        <span>{t("segment.trait.is")}</span>
        <CondEditor traits event="" cond={is.trait as [string, string, ...(Scalar | Scalar[])[]]} onChange={(trait) => onChange({ trait })} />
      </div>
    );
  }
  if ("first_seen" in is) {
    return (
      <div class="segment-parts">
        <span>{t("segment.first_seen.is")}</span>
        <Select inline label={t("cond.op")} value={is.first_seen[0]} onChange={(op) => onChange({ first_seen: [op, is.first_seen[1]] })} options={["<", "<=", "=", ">=", ">"].map((op) => ({ value: op, text: t(`op.date.${op as "="}`) }))} />
        <TextField type="date" label={t("segment.date")} value={is.first_seen[1]} onInput={(date) => onChange({ first_seen: [is.first_seen[0], date] })} />
      </div>
    );
  }
  if ("in" in is) return <SavedRow name={is.in} onChange={(name) => onChange({ in: name })} />;
  return <span class="segment-kept">{segmentWords(is)}</span>;
}

function DidRow({ is, onChange }: { is: Did; onChange: (is: Predicate) => void }) {
  const [op, n] = is.times ?? [">=", 1];
  return (
    <div class="segment-parts">
      <span>{t("segment.did.is")}</span>
      <MatcherEditor label={t("event.pick")} matcher={is.did} onChange={(did) => onChange({ ...is, did })} />
      <Select inline label={t("segment.times.op")} value={op} onChange={(next) => onChange({ ...is, times: [next, n] })} options={TIMES.map((each) => ({ value: each, text: t(`op.times.${each as "="}`) }))} />
      <input class="input number" type="number" min={0} aria-label={t("segment.times.n")} value={n} onInput={(event) => onChange({ ...is, times: [op, Math.max(0, Math.floor(Number(event.currentTarget.value) || 0))] })} />
      <span>{t("segment.times.word")}</span>
      <Within value={is.within} onChange={(within) => onChange({ ...is, within })} />
    </div>
  );
}

function SequenceRow({ is, onChange }: { is: Sequence; onChange: (is: Predicate) => void }) {
  const set = (sequence: Matcher[]) => onChange({ ...is, sequence });
  const windows = WINDOWS.includes(is.window) ? WINDOWS : [...WINDOWS, is.window];
  return (
    <div class="segment-parts">
      <span>{t("segment.sequence.is")}</span>
      <ol class="segment-steps">
        {is.sequence.map((matcher, at) => (
          <li key={at}>
            <MatcherEditor
              label={t("segment.sequence.step", { n: at + 1 })}
              matcher={matcher}
              before={<span class="step-key" aria-hidden="true">{at + 1}</span>}
              onChange={(next) => set(is.sequence.map((each, place) => (place === at ? next : each)))}
              onRemove={is.sequence.length > 1 ? () => set(is.sequence.filter((_, place) => place !== at)) : undefined}
            />
          </li>
        ))}
      </ol>
      {is.sequence.length < STEPS_MAX && (
        <Button look="soft" icon="plus" onClick={() => set([...is.sequence, { event: "" }])}>
          {t("segment.sequence.add")}
        </Button>
      )}
      <Select inline label={t("segment.sequence.window")} value={is.window} onChange={(window) => onChange({ ...is, window })} options={windows.map((each) => ({ value: each, text: t("segment.sequence.within", { length: durationWords(each) }) }))} />
      <Within value={is.within} onChange={(within) => onChange({ ...is, within })} />
    </div>
  );
}

function Within({ value, onChange }: { value: string | undefined; onChange: (value: string | undefined) => void }) {
  const now = value ?? "";
  const options = WITHIN.includes(now) ? WITHIN : [...WITHIN, now];
  return <Select inline label={t("segment.within.pick")} value={now} onChange={(next) => onChange(next || undefined)} options={options.map((each) => ({ value: each, text: each ? t("segment.within.option", { length: durationWords(each) }) : t("segment.ever") }))} />;
}

function SavedRow({ name, onChange }: { name: string; onChange: (name: string) => void }) {
  const saved = useLoad("segments", () => api.segments());
  return (
    <div class="segment-parts">
      <span>{t("segment.in.is")}</span>
      <Combo label={t("segment.saved.pick")} value={name} load={async (prefix) => (saved.data?.segments ?? []).filter((each) => each.name.toLowerCase().includes(prefix.toLowerCase())).map((each) => ({ value: each.name }))} onChange={onChange} />
    </div>
  );
}
