// Ways to ask: the page's address and its QR code, personal links, one tap in an e-mail, the widget.
import { useState } from "preact/hooks";
import { ApiError, api } from "../../api/client";
import { useLoad } from "../../api/hooks";
import type { SurveyLinks, SurveyShown } from "../../api/types";
import { formatNumber } from "../../format";
import { Button, CopyButton, Empty, Note, Problem, Sheet } from "../../parts/basic";
import { Select } from "../../parts/field";
import { EditSegment } from "../../query/segment-chips";
import type { Segment } from "../../query/types";
import { segmentWords } from "../../query/words";
import { csvText, download } from "../../safe";
import { t, tOr } from "../../strings";
import { languagesOf, scaleOf, WAYS, type Definition } from "./definition";
import { titleOf } from "./words";

export function Share({ shown }: { shown: SurveyShown }) {
  if (shown.version === 0) {
    return (
      <Sheet label={t("survey.tab.share")}>
        <Empty>{t("share.draft")}</Empty>
      </Sheet>
    );
  }
  const survey = shown.definition as Definition;
  const ways = survey.ways ?? [...WAYS];
  return (
    <div class="two">
      <div class="stack">
        {ways.includes("hosted") && <Hosted id={shown.id} />}
        {ways.includes("link") && <Links id={shown.id} survey={survey} />}
      </div>
      <div class="stack beside">
        {ways.includes("email") && <Email id={shown.id} survey={survey} />}
        {ways.includes("widget") && (
          <Sheet title={t("share.widget")}>
            <p class="dim">{t("share.widget.about")}</p>
            <p>
              <a class="button" href="/settings/sources">
                {t("share.widget.do")}
              </a>
            </p>
          </Sheet>
        )}
      </div>
    </div>
  );
}

function Hosted({ id }: { id: string }) {
  const address = `${location.origin}/s/${id}`;
  const qr = useLoad(`survey qr ${id}`, (signal) => api.surveyQr(id, location.origin, signal));
  return (
    <Sheet title={t("share.hosted")}>
      <div class="stack">
        <p class="dim">{t("share.hosted.about")}</p>
        <div class="row wrap">
          <code class="clip address">{address}</code>
          <CopyButton text={address} />
          <a class="button soft" href={address} target="_blank" rel="noopener">
            {t("share.open")}
          </a>
        </div>
        <div class="row wrap">
          {qr.data && <QrCode svg={qr.data.svg} label={t("share.qr.alt", { address })} />}
          {qr.data && (
            <Button look="soft" icon="download" onClick={() => download(`${id}.svg`, "image/svg+xml", qr.data!.svg)}>
              {t("share.qr.save")}
            </Button>
          )}
          {qr.error && <Problem error={qr.error} retry={qr.reload} />}
        </div>
      </div>
    </Sheet>
  );
}

/** The sender's own mail tool puts the address of each personal link in its place. */
const PLACEHOLDER = "{{link}}";
/** Of the server's picture only the squares are taken: no markup is put into the page. */
function QrCode({ svg, label }: { svg: string; label: string }) {
  const box = /viewBox="([\d .-]+)"/.exec(svg)?.[1];
  // The last path: the one before it is the ground.
  const squares = [...svg.matchAll(/\sd="([MmHhVvLlZz\d .,-]+)"/g)].at(-1)?.[1];
  if (!box || !squares) return null;
  return (
    <svg class="qr" width={164} height={164} viewBox={box} role="img" aria-label={label}>
      <path d={squares} />
    </svg>
  );
}

const EXPIRES = ["", "7", "30", "90"];

function Links({ id, survey }: { id: string; survey: Definition }) {
  const [segment, setSegment] = useState<Segment | undefined>(undefined);
  const [editing, setEditing] = useState(false);
  const [once, setOnce] = useState(true);
  const [days, setDays] = useState("30");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<ApiError | null>(null);
  const [made, setMade] = useState<SurveyLinks | null>(null);
  const make = async () => {
    setBusy(true);
    setError(null);
    try {
      const links = await api.makeSurveyLinks(id, { ...(segment === undefined ? {} : { segment }), once, ...(days ? { expires: new Date(Date.now() + Number(days) * 86_400_000).toISOString() } : {}) });
      setMade(links);
      if (links.links.length) download(`${id}-links.csv`, "text/csv;charset=utf-8", csvText([["customer", "link"], ...links.links.map((link) => [link.customer, location.origin + link.path])]));
    } catch (problem) {
      if (problem instanceof ApiError) setError(problem);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Sheet title={t("share.links")}>
      <div class="stack">
        <p class="dim">{t("share.links.about")}</p>
        <p class="row wrap">
          <span>{segment === undefined ? t("share.links.whom") : segmentWords(segment)}</span>
          <Button look="soft" onClick={() => setEditing(true)}>
            {t("segment.edit")}
          </Button>
        </p>
        <div class="two-fields">
          <Select label={t("share.links.expire")} value={days} onChange={setDays} options={EXPIRES.map((each) => ({ value: each, text: each ? t("duration.d", { n: Number(each) }) : t("share.links.never") }))} />
          <label class="row">
            <input type="checkbox" checked={once} onChange={(event) => setOnce(event.currentTarget.checked)} />
            {t("share.links.once")}
          </label>
        </div>
        {error && <Problem error={error} />}
        {made && (
          <Note tone={made.links.length ? "good" : undefined}>
            <p>{t("share.links.made", { n: made.made })}</p>
            {made.skipped.length > 0 && <p>{t("share.links.skipped", { n: made.skipped.length, reasons: [...new Set(made.skipped.map((each) => tOr(`reason.${each.reason}`, each.reason)))].join(", ") })}</p>}
          </Note>
        )}
        <p>
          <Button disabled={busy} icon="download" onClick={() => void make()}>
            {t("share.links.make")}
          </Button>
        </p>
        {editing && (
          <EditSegment
            segment={segment ?? survey.whom}
            onClose={() => setEditing(false)}
            onChange={(next) => {
              setSegment(next);
              setEditing(false);
            }}
          />
        )}
      </div>
    </Sheet>
  );
}

function Email({ id, survey }: { id: string; survey: Definition }) {
  const scored = survey.questions.filter((question) => scaleOf(question.type));
  const [question, setQuestion] = useState(scored[0]?.id ?? "");
  const languages = languagesOf(survey);
  const [language, setLanguage] = useState(languages[0]!);
  const load = useLoad(question ? `survey snippet ${id} ${question} ${language}` : null, (signal) => api.surveySnippet(id, { question, language }, signal));
  return (
    <Sheet title={t("share.email")}>
      <div class="stack">
        <p class="dim">{t("share.email.about")}</p>
        {scored.length === 0 && <Empty>{t("share.email.none")}</Empty>}
        {scored.length > 1 && <Select label={t("survey.question.title")} value={question} onChange={setQuestion} options={scored.map((each) => ({ value: each.id, text: titleOf(survey, each) }))} />}
        {languages.length > 1 && <Select label={t("survey.languages")} value={language} onChange={setLanguage} options={languages.map((tag) => ({ value: tag, text: tag }))} />}
        {load.error && <Problem error={load.error} retry={load.reload} />}
        {load.data && (
          <>
            <div class="well-head">
              <span class="small dim">{t("share.email.size", { n: formatNumber(load.data.html.length) })}</span>
              <CopyButton text={load.data.html} />
            </div>
            <pre class="well wrap snippet" tabIndex={0} aria-label={t("share.email")}>
              {load.data.html}
            </pre>
          </>
        )}
        <p class="small dim">{t("share.email.hint", { link: PLACEHOLDER })}</p>
      </div>
    </Sheet>
  );
}
