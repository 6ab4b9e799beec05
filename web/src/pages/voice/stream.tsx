// What they said: found by word, place and score; each to be read in its person's timeline, or picked.
import { useEffect, useState } from "preact/hooks";
import { api } from "../../api/client";
import { useAnswer, useLoad, usePoll } from "../../api/hooks";
import type { Verbatim, VerbatimsAnswer } from "../../api/types";
import { ExportMenu } from "../../charts/export";
import { wordsExports } from "../../evidence/export";
import { channelWords } from "../../evidence/people";
import { formatNumber } from "../../format";
import { Button, Empty, MarkedQuote, Moment, Problem, Skeleton, Tag, Warnings } from "../../parts/basic";
import { Select } from "../../parts/field";
import { channelIcon, Icon } from "../../parts/icon";
import { Avatar, customerHref, faceOf, factsOf } from "../../parts/person";
import { ScoreChip } from "../../parts/score";
import { toast } from "../../parts/toast";
import { cleanLine } from "../../safe";
import { useStore } from "../../store";
import { t, tOr } from "../../strings";
import { picks, picksText, setPicks, togglePick } from "./picks";
import { SIDES, wordsQuery, type VoiceState } from "./state";

const PAGE = 25;
const MORE = 100;
const FRESH_MS = 1000;
const TYPING_MS = 250;
const NONE = { rows: [], people: [] };

interface Props {
  state: VoiceState;
  set: (changes: Partial<VoiceState>) => void;
}

/** The newest page follows what comes in; it is asked for little while nothing does. */
function useNewest(query: object, hold: boolean): ReturnType<typeof useAnswer<VerbatimsAnswer>> {
  const load = useAnswer<VerbatimsAnswer>(query);
  const [seen, setSeen] = useState<string | null>(null);
  usePoll(async () => {
    const { total } = await api.ledger();
    const now = String(total.stored);
    if (seen !== null && seen !== now) load.reload();
    setSeen(now);
  }, FRESH_MS, hold);
  return load;
}

export function Stream({ state, set }: Props) {
  const query = { ...wordsQuery(state), limit: PAGE };
  const [more, setMore] = useState<{ rows: Verbatim[]; people: VerbatimsAnswer["people"] }>(NONE);
  // Whoever reads further down is not pulled back to the top by what comes in.
  const load = useNewest(query, more.rows.length > 0);
  const answer = load.data;
  const [cursor, setCursor] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  useEffect(() => {
    setMore(NONE);
    setCursor(answer?.cursor ?? null);
  }, [answer]);
  const rows = answer ? [...answer.verbatims, ...more.rows] : [];
  const traits = new Map([...(answer?.people ?? []), ...more.people].map((person) => [person.id, person.traits]));
  const picked = useStore(picks);
  const loadMore = async () => {
    setBusy(true);
    try {
      const next = await api.query<VerbatimsAnswer>({ ...query, limit: MORE, cursor, as_of: answer?.as_of });
      setMore({ rows: [...more.rows, ...next.verbatims], people: [...more.people, ...next.people] });
      setCursor(next.cursor);
    } catch {
      toast(t("drawer.more.failed"));
    } finally {
      setBusy(false);
    }
  };
  return (
    <section class="sheet stream-words" aria-label={t("words.own")} aria-busy={load.loading}>
      <header class="sheet-head">
        <h2>{t("words.own")}</h2>
        {answer && <span class="small dim">{t("words.count", { n: answer.total })}</span>}
        <span class="push small dim">{t(state.text?.trim() && (state.sort ?? "relevance") === "relevance" ? "words.order.relevance" : "words.order.newest")}</span>
      </header>
      <Filters state={state} set={set} />
      {load.error && <Problem error={load.error} retry={load.reload} />}
      <Warnings list={answer?.warnings.filter((line) => !line.includes("never seen"))} />
      {!answer && !load.error && <Skeleton rows={8} height={420} />}
      {answer && rows.length === 0 && (
        <Empty action={hasFilter(state) ? <Button onClick={() => set({ text: undefined, kind: undefined, channel: undefined, side: undefined, survey: undefined })}>{t("words.all")}</Button> : undefined}>
          {t(hasFilter(state) ? "words.none" : "words.empty")}
        </Empty>
      )}
      <ul class="plain">
        {rows.map((row) => (
          <Said key={row.id} verbatim={row} traits={traits.get(row.customer)} picked={picked.some((each) => each.id === row.id)} />
        ))}
      </ul>
      {cursor && answer && (
        <p class="center more">
          <Button look="soft" disabled={busy} onClick={() => void loadMore()}>
            {t("drawer.more", { n: formatNumber(answer.total - rows.length) })}
          </Button>
        </p>
      )}
      {picked.length > 0 && <PickBar list={picked} />}
    </section>
  );
}

const hasFilter = (state: VoiceState): boolean => Boolean(state.text?.trim() || state.kind || state.channel || state.side || state.survey);

function Filters({ state, set }: Props) {
  const [text, setText] = useState(state.text ?? "");
  useEffect(() => setText(state.text ?? ""), [state.text]);
  useEffect(() => {
    if ((state.text ?? "") === text) return undefined;
    const timer = setTimeout(() => set({ text: text.trim() ? text : undefined }), TYPING_MS);
    return () => clearTimeout(timer);
  }, [text]);
  const kinds = useLoad("values kind feedback", (signal) => api.values("kind", "", "feedback", 20, signal));
  const channels = useLoad("values channel feedback", (signal) => api.values("channel", "", "feedback", 30, signal));
  const options = (list: { value: unknown }[] | undefined, chosen: string | undefined, any: string, words: (name: string) => string) => {
    const names = (list ?? []).map((row) => String(row.value)).filter((name) => name !== "");
    if (chosen && !names.includes(chosen)) names.push(chosen);
    return [{ value: "", text: any }, ...names.map((name) => ({ value: name, text: words(name) }))];
  };
  return (
    <div class="word-filters" role="search" aria-label={t("words.search")}>
      <label class="word-search">
        <Icon name="search" small />
        <span class="away">{t("words.search")}</span>
        <input type="search" value={text} placeholder={t("words.search.example")} onInput={(event) => setText(event.currentTarget.value)} maxLength={500} />
      </label>
      <Select inline label={t("words.kind")} value={state.kind ?? ""} onChange={(kind) => set({ kind: kind || undefined })} options={options(kinds.data?.values, state.kind, t("words.kind.any"), (name) => tOr(`said.${name}`, cleanLine(name)))} />
      <Select inline label={t("words.channel")} value={state.channel ?? ""} onChange={(channel) => set({ channel: channel || undefined })} options={options(channels.data?.values, state.channel, t("words.channel.any"), channelWords)} />
      {state.survey && (
        <button type="button" class="chip on" onClick={() => set({ survey: undefined })} aria-label={t("words.survey.clear", { name: cleanLine(state.survey) })}>
          {t("words.survey", { name: cleanLine(state.survey) })} <span aria-hidden="true">×</span>
        </button>
      )}
      <Select
        inline
        label={t("words.side")}
        value={state.side && SIDES[state.side] ? state.side : ""}
        onChange={(side) => set({ side: side || undefined })}
        options={[{ value: "", text: t("words.side.any") }, ...Object.keys(SIDES).map((side) => ({ value: side, text: tOr(`words.side.${side}`, side) }))]}
      />
    </div>
  );
}

function Said({ verbatim, traits, picked }: { verbatim: Verbatim; traits: Parameters<typeof faceOf>[1]; picked: boolean }) {
  const face = faceOf(verbatim.customer, traits);
  const themes = verbatim.themes ?? [];
  const facts = traits ? factsOf({ id: verbatim.customer, traits }, 1) : [];
  return (
    <li class="said">
      <Avatar face={face} size="m" />
      <div>
        <div class="said-line">
          <a class="strong" href={customerHref(verbatim.customer)} dir="auto">
            {face.name}
          </a>
          {facts.length > 0 && <span class="wide-only clip">{facts[0]}</span>}
          <Icon name={channelIcon(verbatim.channel)} small />
          <span>
            {verbatim.kind ? tOr(`said.${verbatim.kind}`, cleanLine(verbatim.kind)) : channelWords(verbatim.channel)}, <Moment at={verbatim.ts} />
          </span>
          <span class="push" />
          <button type="button" class="button soft pick" aria-pressed={picked} onClick={() => togglePick(verbatim)}>
            {picked && <Icon name="check" small />}
            {t(picked ? "quote.picked" : "quote.pick")}
          </button>
        </div>
        {verbatim.text && <MarkedQuote text={verbatim.text} matches={verbatim.matches} />}
        {verbatim.score !== null && verbatim.scale && <ScoreChip score={verbatim.score} scale={verbatim.scale} />}
        {themes.length > 0 && (
          <p class="row wrap">
            {themes.map((theme) => (
              <Tag key={theme}>{cleanLine(theme)}</Tag>
            ))}
          </p>
        )}
      </div>
    </li>
  );
}

function PickBar({ list }: { list: Verbatim[] }) {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(picksText(list, channelWords));
      setCopied(true);
      setTimeout(() => setCopied(false), 2000);
    } catch {
      toast(t("quote.copy.failed"));
    }
  };
  return (
    <div class="pick-bar" role="region" aria-label={t("quote.bar")}>
      <b>{t("quote.count", { n: list.length })}</b>
      <span class="push" />
      <Button look="soft" icon={copied ? "check" : "copy"} onClick={() => void copy()}>
        <span aria-live="polite">{copied ? t("copied") : t("quote.copy")}</span>
      </Button>
      <ExportMenu {...wordsExports(t("quote.file"), list)} />
      <Button look="quiet" icon="close" onClick={() => setPicks([])}>
        {t("quote.clear")}
      </Button>
    </div>
  );
}
