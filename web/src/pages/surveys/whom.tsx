// Whom we ask, when, how many of them, in which waves, and by which ways.
import { useState } from "preact/hooks";
import { Button, Sheet } from "../../parts/basic";
import { Select, TextField } from "../../parts/field";
import { todayLabel } from "../../format";
import { MatcherEditor } from "../../query/matcher-editor";
import { EditSegment } from "../../query/segment-chips";
import { durationWords } from "../../query/words";
import { t } from "../../strings";
import { WAYS, type Definition, type When } from "./definition";
import { whenWords, whomWords } from "./words";

interface Props {
  survey: Definition;
  onChange: (survey: Definition) => void;
}

const SPANS = ["10m", "1h", "1d", "3d", "7d", "14d", "30d", "90d"];
const DELAYS = ["", "10m", "1h", "1d", "3d", "7d"];
const EVERY = ["30d", "60d", "90d", "180d", "365d"];
const SHARES = [1, 0.75, 0.5, 0.25, 0.1, 0.05];

/** A member that is undefined goes: the server refuses what says nothing. */
function withMember<K extends keyof Definition>(survey: Definition, name: K, value: Definition[K] | undefined): Definition {
  const next = { ...survey };
  if (value === undefined) delete next[name];
  else next[name] = value;
  return next;
}

const spans = (list: string[], chosen: string | undefined, none?: string) => {
  const all = chosen && !list.includes(chosen) ? [...list, chosen] : list;
  return all.map((each) => ({ value: each, text: each === "" ? (none ?? "") : durationWords(each) }));
};

export function Whom({ survey, onChange }: Props) {
  const [editing, setEditing] = useState(false);
  const ways = survey.ways ?? [...WAYS];
  return (
    <div class="stack">
      <Sheet title={t("survey.whom")}>
        <div class="stack">
          <p>
            {whomWords(survey)}{" "}
            <Button look="soft" onClick={() => setEditing(true)}>
              {t("segment.edit")}
            </Button>
          </p>
          <WhenEditor when={survey.when} onChange={(when) => onChange(withMember(survey, "when", when))} />
        </div>
      </Sheet>
      <Sheet title={t("survey.sampling")}>
        <div class="stack">
          <p class="dim">{t("survey.sampling.about")}</p>
          <div class="two-fields">
            <Select
              label={t("survey.share")}
              value={String(survey.sampling?.share ?? 1)}
              onChange={(value) => onChange(withMember(survey, "sampling", value === "1" ? undefined : { ...survey.sampling, share: Number(value) }))}
              options={[...new Set([...SHARES, survey.sampling?.share ?? 1])].map((share) => ({ value: String(share), text: share === 1 ? t("survey.share.all") : t("survey.share.some", { n: Math.round(share * 100) }) }))}
            />
            {survey.sampling && (
              <Select
                label={t("survey.share.period")}
                value={survey.sampling.period ?? ""}
                onChange={(period) => onChange(withMember(survey, "sampling", period ? { share: survey.sampling!.share, period } : { share: survey.sampling!.share }))}
                options={spans(["", ...EVERY], survey.sampling.period, t("survey.share.once"))}
              />
            )}
          </div>
        </div>
      </Sheet>
      <Sheet title={t("survey.waves")}>
        <div class="stack">
          <p class="dim">{t("survey.waves.about")}</p>
          <div class="two-fields">
            <Select
              label={t("survey.waves.every")}
              value={survey.waves?.every ?? ""}
              onChange={(every) => onChange(withMember(survey, "waves", every ? { from: survey.waves?.from ?? todayLabel(), every, ...(survey.waves?.most ? { most: survey.waves.most } : {}) } : undefined))}
              options={spans(["", ...EVERY], survey.waves?.every, t("survey.waves.none"))}
            />
            {survey.waves && <TextField type="date" label={t("survey.waves.from")} value={survey.waves.from} onInput={(from) => from && onChange(withMember(survey, "waves", { ...survey.waves!, from }))} />}
          </div>
        </div>
      </Sheet>
      <Sheet title={t("survey.ways")}>
        <ul class="plain stack">
          {WAYS.map((way) => (
            <li key={way}>
              <label class="row">
                <input
                  type="checkbox"
                  checked={ways.includes(way)}
                  onChange={(event) => {
                    const next = WAYS.filter((each) => (each === way ? event.currentTarget.checked : ways.includes(each)));
                    onChange(withMember(survey, "ways", next.length === WAYS.length || next.length === 0 ? undefined : next));
                  }}
                />
                {t(`survey.way.${way}`)}
              </label>
            </li>
          ))}
        </ul>
      </Sheet>
      {editing && (
        <EditSegment
          segment={survey.whom}
          onClose={() => setEditing(false)}
          onChange={(whom) => {
            onChange(withMember(survey, "whom", whom));
            setEditing(false);
          }}
        />
      )}
    </div>
  );
}

function WhenEditor({ when, onChange }: { when: When | undefined; onChange: (when: When | undefined) => void }) {
  const kind = !when ? "any" : when.did ? "did" : "not";
  const start = (next: string) => {
    if (next === "any") onChange(undefined);
    else if (next === "did") onChange({ did: when?.did_not ?? { event: "*" } });
    else onChange({ did_not: when?.did ?? { event: "*" }, for: "7d" });
  };
  return (
    <div class="stack">
      <Select
        label={t("survey.when")}
        value={kind}
        onChange={start}
        options={(["any", "did", "not"] as const).map((each) => ({ value: each, text: t(`survey.when.kind.${each}`) }))}
      />
      {when?.did && (
        <>
          <MatcherEditor label={t("survey.when.event")} matcher={when.did} onChange={(did) => onChange({ ...when, did })} />
          <div class="two-fields">
            <TextField
              type="number"
              label={t("survey.when.count")}
              value={String(when.times?.[1] ?? 1)}
              onInput={(text) => {
                const n = Math.max(1, Math.floor(Number(text) || 1));
                const { times: _, ...rest } = when;
                onChange(n === 1 ? rest : { ...rest, times: [">=", n] });
              }}
            />
            <Select
              label={t("survey.when.within")}
              value={when.within ?? ""}
              onChange={(within) => {
                const { within: _, ...rest } = when;
                onChange(within ? { ...rest, within } : rest);
              }}
              options={spans(["", ...SPANS], when.within, t("survey.when.ever"))}
            />
            <Select
              label={t("survey.when.wait")}
              value={when.delay ?? ""}
              onChange={(delay) => {
                const { delay: _, ...rest } = when;
                onChange(delay ? { ...rest, delay } : rest);
              }}
              options={spans(DELAYS, when.delay, t("survey.when.at.once"))}
            />
          </div>
        </>
      )}
      {when?.did_not && (
        <>
          <MatcherEditor label={t("survey.when.event")} matcher={when.did_not} onChange={(did_not) => onChange({ ...when, did_not })} />
          <Select label={t("survey.when.for")} value={when.for ?? "7d"} onChange={(span) => onChange({ ...when, for: span })} options={spans(SPANS, when.for)} />
        </>
      )}
      <p class="dim small">{whenWords(when)}</p>
    </div>
  );
}
