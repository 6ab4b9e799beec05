// One entry of the catalogue, and the form in which people say what it is.
import { useState } from "preact/hooks";
import { ApiError, api } from "../../api/client";
import { useLoad } from "../../api/hooks";
import type { CatalogueDetail as Detail, CatalogueKind, Expected } from "../../api/types";
import { OpenNumber } from "../../evidence/number";
import { formatNumber, formatShare } from "../../format";
import { Button, Moment, Note, Problem, Sheet, Skeleton } from "../../parts/basic";
import { Dialog } from "../../parts/dialog";
import { Select, TextField } from "../../parts/field";
import { toast } from "../../parts/toast";
import { setParams } from "../../router";
import { cleanLine, cleanText } from "../../safe";
import { t } from "../../strings";
import { Check, Lines } from "./catalogue_fields";
import { recentQuery, lineOf, valueOf } from "./catalogue_query";

export function CatalogueDetail({ kind, name, onSaved }: { kind: CatalogueKind; name: string; onSaved: () => void }) {
  const load = useLoad(`entry ${kind} ${name}`, (signal) => api.catalogueEntry(kind, name, signal));
  const [editing, setEditing] = useState(false);
  const entry = load.data;
  return (
    <aside class="beside" aria-label={cleanLine(name)}>
      <Sheet
        title={
          <>
            <h2 class="whole">
              <bdi>{cleanLine(name)}</bdi>
            </h2>
            <Button look="quiet" class="push" icon="close" aria-label={t("catalogue.close", { name: cleanLine(name) })} onClick={() => setParams({ entry: undefined })} />
          </>
        }
        label={cleanLine(name)}
      >
        {load.error && <Problem error={load.error} retry={load.reload} />}
        {!entry && !load.error && <Skeleton rows={8} />}
        {entry && (
          <div class="stack">
            <p>{entry.description ? cleanText(entry.description) : <span class="dim">{t("catalogue.nothing.said")}</span>}</p>
            {entry.updated && entry.updated_by && (
              <p class="small dim">
                {t("catalogue.changed", { name: cleanLine(entry.updated_by) })} <Moment at={entry.updated} />
              </p>
            )}
            <Facts entry={entry} />
            {entry.blocked && <Note tone="warn">{t("catalogue.blocked.since", { n: entry.blocked.turned_away })}</Note>}
            <p>
              <Button onClick={() => setEditing(true)}>{t("catalogue.describe")}</Button>
            </p>
            <Unexpected entry={entry} />
            <Also entry={entry} onUndone={() => { load.reload(); onSaved(); }} />
            <Beside title={t("catalogue.properties")} list={entry.properties} kind="property" />
            <Beside title={t("catalogue.events")} list={entry.events} kind="event" />
          </div>
        )}
      </Sheet>
      {entry && editing && (
        <Describe
          entry={entry}
          onClose={() => setEditing(false)}
          onSaved={() => {
            load.reload();
            onSaved();
          }}
        />
      )}
    </aside>
  );
}

function expectedWords(expected: Expected | null): string {
  if (!expected) return t("catalogue.expected.any");
  if (expected.values) return t("catalogue.expected.values", { values: expected.values.map((value) => cleanLine(lineOf(value))).join(", ") });
  return t(`catalogue.expected.${expected.type ?? "any"}`);
}

function Facts({ entry }: { entry: Detail }) {
  const trait = entry.kind === "trait";
  return (
    <dl class="facts wide-names">
      <div>
        <dt>{t(trait ? "catalogue.has" : "catalogue.recent")}</dt>
        <dd>{entry.recent ? <OpenNumber query={recentQuery(entry)} open={trait ? {} : { series: 0 }} n={entry.recent.count} /> : "–"}</dd>
      </div>
      <div>
        <dt>{t("catalogue.all")}</dt>
        <dd>{formatNumber(entry.count)}</dd>
      </div>
      <div>
        <dt>{t("catalogue.first")}</dt>
        <dd>{entry.first_seen ? <Moment at={entry.first_seen} /> : t("catalogue.never")}</dd>
      </div>
      <div>
        <dt>{t("catalogue.last")}</dt>
        <dd>{entry.last_seen ? <Moment at={entry.last_seen} /> : t("catalogue.never")}</dd>
      </div>
      <div>
        <dt>{t("catalogue.owner")}</dt>
        <dd>{entry.owner ? cleanLine(entry.owner) : "–"}</dd>
      </div>
      {entry.kind !== "event" && (
        <div>
          <dt>{t("catalogue.expected")}</dt>
          <dd>{expectedWords(entry.expected)}</dd>
        </div>
      )}
      {entry.unexpected && (
        <div>
          <dt>{t("catalogue.unexpected")}</dt>
          <dd class={entry.unexpected.count ? "warn" : undefined}>
            <OpenNumber query={entry.unexpected.question} open={trait ? {} : { series: 0 }} n={entry.unexpected.count} />
          </dd>
        </div>
      )}
    </dl>
  );
}

function Unexpected({ entry }: { entry: Detail }) {
  const { by_value: question, examples } = entry.unexpected ?? {};
  if (!question || !examples?.length) return null;
  return (
    <section>
      <h3>{t("catalogue.examples")}</h3>
      <ul class="plain reasons">
        {examples.map(({ value, count }) => (
          <li key={value}>
            <bdi class="clip">{cleanLine(value)}</bdi>
            <span class="push">
              <OpenNumber query={question} open={{ series: 0, group: value }} n={count} />
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** Names that go by this one, each to be undone by itself. */
function Also({ entry, onUndone }: { entry: Detail; onUndone: () => void }) {
  const [error, setError] = useState<ApiError>();
  if (!entry.also.length) return null;
  const undo = async (name: string) => {
    try {
      await api.describe(entry.kind, name, { shown_as: null });
      toast(t("catalogue.saved"));
      onUndone();
    } catch (problem) {
      if (problem instanceof ApiError) setError(problem);
    }
  };
  return (
    <section>
      <h3>{t("catalogue.also")}</h3>
      <ul class="plain reasons">
        {entry.also.map(({ name, count }) => (
          <li key={name}>
            <bdi>{cleanLine(name)}</bdi>
            <span class="push row">
              <span class="num dim">{formatNumber(count)}</span>
              <Button look="soft" aria-label={t("catalogue.also.undo.one", { name: cleanLine(name) })} onClick={() => void undo(name)}>
                {t("catalogue.also.undo")}
              </Button>
            </span>
          </li>
        ))}
      </ul>
      {error && <Problem error={error} />}
    </section>
  );
}

function Beside({ title, list, kind }: { title: string; list: Detail["events"]; kind: CatalogueKind }) {
  if (!list?.length) return null;
  return (
    <section>
      <h3>{title}</h3>
      <ul class="plain reasons">
        {list.map((each) => (
          <li key={each.name}>
            <a class="clip" href={`/settings/catalogue?kind=${kind}&entry=${encodeURIComponent(each.name)}`}>
              <bdi>{cleanLine(each.name)}</bdi>
            </a>
            <span class="push num dim">{formatShare(each.share)}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

type Form = "any" | "string" | "number" | "boolean" | "list";
const formOf = (expected: Expected | null): Form => (!expected ? "any" : expected.values ? "list" : (expected.type ?? "any"));

function Describe({ entry, onClose, onSaved }: { entry: Detail; onClose: () => void; onSaved: () => void }) {
  const [owner, setOwner] = useState(entry.owner ?? "");
  const [description, setDescription] = useState(entry.description ?? "");
  const [form, setForm] = useState<Form>(formOf(entry.expected));
  const [lines, setLines] = useState((entry.expected?.values ?? []).map(lineOf).join("\n"));
  const [shownAs, setShownAs] = useState("");
  const [hidden, setHidden] = useState(entry.hidden);
  const [blocked, setBlocked] = useState(entry.blocked !== null);
  const names = useLoad(entry.kind === "trait" ? null : `names ${entry.kind}`, (signal) => api.names(entry.kind, "", "", signal));
  const [error, setError] = useState<ApiError>();
  const save = async (event: Event) => {
    event.preventDefault();
    const values = lines.split("\n").map((line) => line.trim()).filter(Boolean).map(valueOf);
    const expected = form === "any" ? null : form === "list" ? { values } : { type: form };
    try {
      await api.describe(entry.kind, entry.name, {
        owner,
        description,
        hidden,
        blocked,
        ...(entry.kind === "event" ? {} : { expected }),
        ...(shownAs.trim() ? { shown_as: shownAs.trim() } : {}),
      });
      toast(t("catalogue.saved"));
      if (shownAs.trim()) setParams({ entry: shownAs.trim() });
      onSaved();
      onClose();
    } catch (problem) {
      if (problem instanceof ApiError) setError(problem);
    }
  };
  return (
    <Dialog title={t("catalogue.describe.one", { name: cleanLine(entry.name) })} onClose={onClose}>
      <form class="stack" onSubmit={(event) => void save(event)}>
        <TextField label={t("catalogue.owner")} value={owner} onInput={setOwner} autofocus />
        <Lines label={t("catalogue.description")} value={description} onInput={setDescription} />
        {entry.kind !== "event" && (
          <Select
            label={t("catalogue.expected")}
            value={form}
            onChange={setForm}
            options={(["any", "string", "number", "boolean", "list"] as const).map((value) => ({ value, text: t(`catalogue.expected.${value}`) }))}
          />
        )}
        {form === "list" && <Lines label={t("catalogue.expected.lines")} value={lines} onInput={setLines} hint={t("catalogue.expected.lines.hint")} />}
        {entry.kind !== "trait" && (
          <TextField label={t("catalogue.shown.as")} value={shownAs} onInput={setShownAs} list={(names.data?.names ?? []).map(({ name }) => name).filter((name) => name !== entry.name)} placeholder={entry.name} hint={t("catalogue.shown.as.hint")} />
        )}
        <Check label={t("catalogue.hidden")} checked={hidden} onChange={setHidden} />
        <Check label={t("catalogue.blocked")} checked={blocked} onChange={setBlocked} hint={t(entry.kind === "event" ? "catalogue.blocked.event" : "catalogue.blocked.field")} />
        {error && <Problem error={error} />}
        <p class="row end">
          <Button look="quiet" onClick={onClose}>
            {t("cancel")}
          </Button>
          <Button type="submit" look="primary">
            {t("catalogue.save")}
          </Button>
        </p>
      </form>
    </Dialog>
  );
}
