// The library: which surveys there are, how each is doing, and templates to begin from.
import { useState } from "preact/hooks";
import { ApiError, api } from "../../api/client";
import { useLoad } from "../../api/hooks";
import type { SurveyRow, SurveyTemplate } from "../../api/types";
import { Page } from "../../frame/frame";
import { formatNumber } from "../../format";
import { Button, Empty, Moment, Problem, Sheet, Skeleton, Tag } from "../../parts/basic";
import { Dialog } from "../../parts/dialog";
import { TextField } from "../../parts/field";
import { navigate } from "../../router";
import { cleanLine, cleanText } from "../../safe";
import { t } from "../../strings";
import { TYPES, type Definition, type QuestionType } from "./definition";

export const surveyHref = (id: string, tab = ""): string => `/surveys/${encodeURIComponent(id)}${tab ? `/${tab}` : ""}`;
const TONES = { draft: undefined, live: "good", paused: "warn", closed: undefined } as const;

export function StatusTag({ status }: { status: SurveyRow["status"] }) {
  return <Tag tone={TONES[status]}>{t(`survey.status.${status}`)}</Tag>;
}

export function SurveysPage() {
  const load = useLoad("surveys", () => api.surveys());
  const [adding, setAdding] = useState(false);
  const list = load.data?.surveys ?? [];
  return (
    <Page
      title={t("surveys.title")}
      lead={t("surveys.lead")}
      tools={
        <Button look="primary" icon="plus" onClick={() => setAdding(true)}>
          {t("surveys.add")}
        </Button>
      }
    >
      {load.error && <Problem error={load.error} retry={load.reload} />}
      <Sheet label={t("surveys.title")} flush>
        {!load.data && !load.error && <Skeleton rows={5} />}
        {load.data && list.length === 0 && <Empty action={<Button onClick={() => setAdding(true)}>{t("surveys.empty.do")}</Button>}>{t("surveys.empty")}</Empty>}
        {list.length > 0 && (
          <table class="table surveys">
            <thead>
              <tr>
                <th scope="col">{t("surveys.name")}</th>
                <th scope="col">{t("surveys.status")}</th>
                <th scope="col" class="num col-first">
                  {t("survey.questions")}
                </th>
                <th scope="col" class="col-first">
                  {t("survey.languages")}
                </th>
                <th scope="col" class="col-last">
                  {t("surveys.changed")}
                </th>
              </tr>
            </thead>
            <tbody>
              {list.map((survey) => (
                <tr key={survey.id} class="tall">
                  <th scope="row">
                    <a class="strong" href={surveyHref(survey.id)} dir="auto">
                      {cleanLine(survey.name)}
                    </a>
                    <small class="block dim">{survey.id}</small>
                  </th>
                  <td>
                    <span class="row wrap">
                      <StatusTag status={survey.status} />
                      {survey.has_draft && survey.version > 0 && <Tag tone="pen">{t("surveys.draft.too")}</Tag>}
                    </span>
                  </td>
                  <td class="num col-first">{formatNumber(survey.questions)}</td>
                  <td class="col-first">{survey.languages.join(", ")}</td>
                  <td class="col-last">
                    <Moment at={survey.updated} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </Sheet>
      {adding && <NewSurvey onClose={() => setAdding(false)} />}
    </Page>
  );
}

function NewSurvey({ onClose }: { onClose: () => void }) {
  const load = useLoad("survey templates", () => api.surveyTemplates());
  const [name, setName] = useState("");
  const [error, setError] = useState<ApiError | null>(null);
  const [busy, setBusy] = useState(false);
  const make = async (definition: Definition) => {
    setBusy(true);
    setError(null);
    try {
      const made = await api.addSurvey(name.trim() ? { ...definition, name: name.trim() } : definition);
      onClose();
      navigate(surveyHref(made.id));
    } catch (problem) {
      if (problem instanceof ApiError) setError(problem);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Dialog title={t("surveys.add")} onClose={onClose} wide>
      <div class="stack">
        <TextField label={t("surveys.new.name")} value={name} onInput={setName} placeholder={t("surveys.new.name.example")} hint={t("surveys.new.name.hint")} />
        {error && <Problem error={error} />}
        <ul class="plain templates">
          <li>
            <button type="button" class="template" disabled={busy} onClick={() => void make({ name: t("surveys.new.blank.name"), questions: [] })}>
              <b>{t("surveys.new.blank")}</b>
              <span class="small dim">{t("surveys.new.blank.about")}</span>
            </button>
          </li>
          {(load.data?.templates ?? []).map((template) => (
            <Template key={template.id} template={template} busy={busy} onPick={() => void make(template.definition as Definition)} />
          ))}
        </ul>
        {!load.data && !load.error && <Skeleton rows={6} />}
        {load.error && <Problem error={load.error} retry={load.reload} />}
      </div>
    </Dialog>
  );
}

function Template({ template, busy, onPick }: { template: SurveyTemplate; busy: boolean; onPick: () => void }) {
  const survey = template.definition as Definition;
  const kinds = TYPES.filter((type): type is QuestionType => survey.questions.some((question) => question.type === type));
  return (
    <li>
      <button type="button" class="template" disabled={busy} onClick={onPick}>
        <b>{cleanLine(survey.name)}</b>
        <span class="small dim">{cleanText(template.summary)}</span>
        <span class="small">{kinds.map((type) => t(`survey.type.${type}`)).join(" · ")}</span>
      </button>
    </li>
  );
}
