// One survey: its questions with a preview beside them, its look, its languages, whom it asks, what came back.
import { useEffect, useRef, useState } from "preact/hooks";
import { ApiError, api } from "../../api/client";
import { useLoad } from "../../api/hooks";
import type { SurveyFinding, SurveyShown } from "../../api/types";
import { Page } from "../../frame/frame";
import { formatClock } from "../../format";
import { Button, Note, Problem, Sheet, Skeleton, TabLinks } from "../../parts/basic";
import { Dialog } from "../../parts/dialog";
import { Select, TextField } from "../../parts/field";
import { Icon } from "../../parts/icon";
import { toast } from "../../parts/toast";
import { navigate } from "../../router";
import { cleanLine } from "../../safe";
import { t } from "../../strings";
import { Answers } from "./answers";
import { Audience } from "./audience";
import { Checks } from "./checks";
import { languagesOf, type Definition } from "./definition";
import { languageName, Languages } from "./languages";
import { StatusTag, surveyHref } from "./library";
import { Look } from "./look";
import { LogicMap } from "./map";
import { Preview } from "./preview";
import { Questions } from "./questions";
import { Share } from "./share";
import { Whom } from "./whom";
import { secondsWords } from "./words";

const TABS = ["questions", "look", "languages", "whom", "share", "answers"] as const;
type Tab = (typeof TABS)[number];
const SAVE_AFTER_MS = 700;

type Saving = { kind: "saved"; at: string | null } | { kind: "writing" } | { kind: "failed"; error: ApiError };

export function SurveyPage({ id, tab }: { id: string; tab: string | undefined }) {
  const load = useLoad<SurveyShown>(`survey ${id}`, (signal) => api.survey(id, signal));
  if (load.error) {
    return (
      <Page title={t("surveys.title")} bar={<Crumb />}>
        <Problem error={load.error} retry={load.reload} />
      </Page>
    );
  }
  if (!load.data) {
    return (
      <Page title={t("surveys.title")} bar={<Crumb />}>
        <Sheet label={t("surveys.title")}>
          <Skeleton rows={8} height={320} />
        </Sheet>
      </Page>
    );
  }
  const here = TABS.find((each) => each === tab) ?? (load.data.status === "draft" ? "questions" : "answers");
  return <Survey key={id} shown={load.data} tab={here} reload={load.reload} />;
}

const Crumb = ({ name }: { name?: string }) => (
  <nav class="crumbs small dim" aria-label={t("crumbs")}>
    <a href="/surveys">{t("surveys.title")}</a>
    {name && (
      <>
        <Icon name="right" small />
        <span>{cleanLine(name)}</span>
      </>
    )}
  </nav>
);

/** Drafts save themselves a moment after the last change; a change while one is saved waits for it. */
function useDraft(shown: SurveyShown): { survey: Definition; change: (next: Definition) => void; saving: Saving; findings: SurveyFinding[]; seconds: number; flush: () => Promise<boolean> } {
  const [survey, setSurvey] = useState((shown.draft ?? shown.definition) as Definition);
  const [saving, setSaving] = useState<Saving>({ kind: "saved", at: null });
  const [result, setResult] = useState({ findings: shown.findings, seconds: shown.seconds });
  const wanted = useRef<Definition | null>(null);
  const running = useRef<Promise<boolean> | null>(null);
  const timer = useRef<ReturnType<typeof setTimeout>>();
  const save = async (): Promise<boolean> => {
    let good = true;
    while (wanted.current) {
      const next = wanted.current;
      wanted.current = null;
      try {
        const answer = await api.saveSurvey(shown.id, next);
        setResult({ findings: answer.findings, seconds: answer.seconds });
        setSaving({ kind: "saved", at: new Date().toISOString() });
        good = true;
      } catch (error) {
        good = false;
        if (error instanceof ApiError) setSaving({ kind: "failed", error });
      }
    }
    running.current = null;
    return good;
  };
  const flush = (): Promise<boolean> => {
    clearTimeout(timer.current);
    running.current ??= save();
    return running.current;
  };
  const change = (next: Definition) => {
    setSurvey(next);
    setSaving({ kind: "writing" });
    wanted.current = next;
    clearTimeout(timer.current);
    timer.current = setTimeout(() => void flush(), SAVE_AFTER_MS);
  };
  useEffect(() => {
    const leave = () => {
      if (wanted.current) void flush();
    };
    // A tab that is closed or hidden may never run again: what is not saved yet goes now.
    addEventListener("pagehide", leave);
    document.addEventListener("visibilitychange", leave);
    return () => {
      removeEventListener("pagehide", leave);
      document.removeEventListener("visibilitychange", leave);
      leave();
    };
  }, []);
  return { survey, change, saving, ...result, flush };
}

function Survey({ shown, tab, reload }: { shown: SurveyShown; tab: Tab; reload: () => void }) {
  const { survey, change, saving, findings, seconds, flush } = useDraft(shown);
  const [at, setAt] = useState(0);
  const [language, setLanguage] = useState(languagesOf(survey)[0]!);
  const [publishing, setPublishing] = useState(false);
  const place = Math.min(at, Math.max(0, survey.questions.length - 1));
  const known = languagesOf(survey).includes(language) ? language : languagesOf(survey)[0]!;
  const errors = findings.filter((finding) => finding.severity === "error").length;
  const builder = tab !== "answers" && tab !== "share";
  return (
    <Page
      title={cleanLine(survey.name)}
      bar={<Crumb name={survey.name} />}
      above={<TabLinks label={t("survey.tabs")} tabs={TABS.map((each) => ({ href: surveyHref(shown.id, each), text: t(`survey.tab.${each}`), here: each === tab }))} />}
      lead={
        <span class="row wrap" role="status">
          <StatusTag status={shown.status} />
          <span>{t("survey.lead", { n: survey.questions.length, length: secondsWords(seconds) })}</span>
          <span class="dim">{saving.kind === "writing" ? t("survey.saving") : saving.kind === "failed" ? t("survey.unsaved") : saving.at ? t("survey.saved", { time: formatClock(saving.at) }) : ""}</span>
        </span>
      }
      tools={<Tools shown={shown} errors={errors} onPublish={() => setPublishing(true)} reload={reload} />}
    >
      {saving.kind === "failed" && <Problem error={saving.error} retry={() => void flush()} />}
      {builder && (
        <div class="builder-columns">
          <div class="stack">
            <BuilderHead survey={survey} language={known} onLanguage={setLanguage} onChange={change} />
            {tab === "questions" && <Questions survey={survey} at={place} language={known} onAt={setAt} onChange={change} />}
            {tab === "look" && <Look survey={survey} language={known} onChange={change} />}
            {tab === "languages" && <Languages survey={survey} language={known} onLanguage={setLanguage} onChange={change} />}
            {tab === "whom" && <Whom survey={survey} onChange={change} />}
          </div>
          <Preview survey={survey} at={place} onAt={setAt} language={known} />
          <aside aria-label={t("survey.beside")}>
            <Audience survey={survey} id={shown.id} saved={saving.kind === "saved" ? (saving.at ?? "") : "writing"} />
            <Checks
              findings={findings}
              onAt={(index) => {
                setAt(index);
                if (tab !== "questions") navigate(surveyHref(shown.id, "questions"));
              }}
            />
            {survey.questions.length > 1 && (
              <Sheet title={t("survey.map")}>
                <LogicMap survey={survey} at={place} onAt={setAt} />
              </Sheet>
            )}
          </aside>
        </div>
      )}
      {tab === "share" && <Share shown={shown} />}
      {tab === "answers" && <Answers shown={shown} />}
      {publishing && (
        <Publish
          shown={shown}
          onClose={() => setPublishing(false)}
          publish={async () => {
            if (!(await flush())) return;
            await api.publishSurvey(shown.id);
            setPublishing(false);
            toast(t("survey.published"));
            reload();
            navigate(surveyHref(shown.id, "share"));
          }}
        />
      )}
    </Page>
  );
}

function BuilderHead({ survey, language, onLanguage, onChange }: { survey: Definition; language: string; onLanguage: (tag: string) => void; onChange: (survey: Definition) => void }) {
  const languages = languagesOf(survey);
  return (
    <div class="two-fields">
      <TextField label={t("surveys.name")} value={survey.name} onInput={(name) => name.trim() && onChange({ ...survey, name })} />
      {languages.length > 1 && <Select label={t("survey.language")} value={language} onChange={onLanguage} options={languages.map((tag) => ({ value: tag, text: languageName(tag) }))} />}
    </div>
  );
}

function Tools({ shown, errors, onPublish, reload }: { shown: SurveyShown; errors: number; onPublish: () => void; reload: () => void }) {
  const [busy, setBusy] = useState(false);
  const pause = async () => {
    setBusy(true);
    try {
      await (shown.status === "live" ? api.pauseSurvey(shown.id) : api.publishSurvey(shown.id));
      reload();
    } catch (error) {
      toast(error instanceof ApiError ? (error.problem.detail ?? error.problem.title) : t("problem.other"));
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      {(shown.status === "live" || shown.status === "paused") && (
        <Button look="soft" icon={shown.status === "live" ? "pause" : "play"} disabled={busy} onClick={() => void pause()}>
          {t(shown.status === "live" ? "survey.pause" : "survey.resume")}
        </Button>
      )}
      {shown.status !== "closed" && (
        <Button look="primary" disabled={errors > 0} title={errors > 0 ? t("survey.publish.errors", { n: errors }) : undefined} onClick={onPublish}>
          {t("survey.publish")}
        </Button>
      )}
    </>
  );
}

function Publish({ shown, publish, onClose }: { shown: SurveyShown; publish: () => Promise<void>; onClose: () => void }) {
  const [error, setError] = useState<ApiError | null>(null);
  const [busy, setBusy] = useState(false);
  return (
    <Dialog title={t("survey.publish.title")} onClose={onClose}>
      <div class="stack">
        <p>{t(shown.version === 0 ? "survey.publish.first" : "survey.publish.next", { n: shown.version + 1 })}</p>
        <Note>{t("survey.publish.kept")}</Note>
        {error && <Problem error={error} />}
        <p class="row end">
          <Button onClick={onClose}>{t("cancel")}</Button>
          <Button
            look="primary"
            disabled={busy}
            onClick={async () => {
              setBusy(true);
              try {
                await publish();
              } catch (problem) {
                if (problem instanceof ApiError) setError(problem);
              } finally {
                setBusy(false);
              }
            }}
          >
            {t("survey.publish.do")}
          </Button>
        </p>
      </div>
    </Dialog>
  );
}
