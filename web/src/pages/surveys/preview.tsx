// The survey as those who are asked will see it: it can be walked through, on a phone or a desktop.
import { useEffect, useState } from "preact/hooks";
import { Icon } from "../../parts/icon";
import { cleanText } from "../../safe";
import { t } from "../../strings";
import { languagesOf, nextOf, recallIn, scaleOf, shownIn, type AnswerValue, type Definition, type Question } from "./definition";
import { THEME } from "./look";

interface Props {
  survey: Definition;
  /** The question that is being written. */
  at: number;
  onAt: (at: number) => void;
  language: string;
}

type Device = "phone" | "desktop";

export function Preview({ survey, at, onAt, language }: Props) {
  const [device, setDevice] = useState<Device>("phone");
  const [dark, setDark] = useState(false);
  const [answers, setAnswers] = useState<Record<string, AnswerValue>>({});
  const [trail, setTrail] = useState<number[]>([]);
  const [ended, setEnded] = useState(false);
  useEffect(() => setEnded(false), [at]);
  const languages = languagesOf(survey);
  const question = survey.questions[at];
  const theme = { ...THEME, ...survey.theme };
  const [accent, onAccent, ground, ink] = dark ? [theme.dark_accent, theme.dark_accent_text, theme.dark_background, theme.dark_text] : [theme.accent, theme.accent_text, theme.background, theme.text];
  const rtl = /^(ar|he|fa|ur)\b/.test(language);
  const set = (value: AnswerValue) => question && setAnswers({ ...answers, [question.id]: value });
  const forward = () => {
    const to = nextOf(survey, at, answers);
    setTrail([...trail, at]);
    if (to >= survey.questions.length) setEnded(true);
    else onAt(to);
  };
  const back = () => {
    const before = trail.at(-1);
    setTrail(trail.slice(0, -1));
    if (ended) setEnded(false);
    else if (before !== undefined) onAt(before);
  };
  const restart = () => {
    setAnswers({});
    setTrail([]);
    setEnded(false);
    onAt(0);
  };
  const text = (value: Question["title"] | undefined) => cleanText(recallIn(survey, shownIn(value, language, languages), answers, language));
  return (
    <section aria-label={t("survey.preview")} class="survey-preview">
      <div class={`preview-frame ${device}`}>
        <div
          class="preview-page"
          lang={language}
          dir={rtl ? "rtl" : "ltr"}
          style={{ "--p-accent": accent, "--p-on-accent": onAccent, "--p-ground": ground, "--p-ink": ink }}
        >
          {survey.title && <p class="preview-brand">{text(survey.title)}</p>}
          {at === 0 && !ended && survey.intro && <p class="preview-intro">{text(survey.intro)}</p>}
          {ended || !question ? (
            <p class="preview-title">{survey.thanks ? text(survey.thanks) : t("survey.preview.thanks")}</p>
          ) : (
            <>
              <p class="preview-title">{text(question.title) || t("survey.question.untitled")}</p>
              {question.description && <p class="preview-about">{text(question.description)}</p>}
              <Control question={question} value={answers[question.id]} onChange={set} label={(value) => text(value)} />
            </>
          )}
          <div class="preview-foot">
            {trail.length > 0 ? (
              <button type="button" class="preview-back" onClick={back}>
                {t("survey.preview.back")}
              </button>
            ) : (
              <span>{survey.questions.length > 0 && !ended ? t("survey.preview.of", { n: at + 1, of: survey.questions.length }) : ""}</span>
            )}
            {!ended && question && (
              <button type="button" class="preview-next" onClick={forward} disabled={question.required === true && (answers[question.id] ?? null) === null}>
                {t("survey.preview.next")}
              </button>
            )}
          </div>
        </div>
      </div>
      <div class="row wrap preview-tools">
        <button type="button" class={device === "phone" ? "chip on" : "chip"} aria-pressed={device === "phone"} onClick={() => setDevice("phone")}>
          <Icon name="app" small />
          {t("survey.preview.phone")}
        </button>
        <button type="button" class={device === "desktop" ? "chip on" : "chip"} aria-pressed={device === "desktop"} onClick={() => setDevice("desktop")}>
          <Icon name="web" small />
          {t("survey.preview.desktop")}
        </button>
        <button type="button" class={dark ? "chip on" : "chip"} aria-pressed={dark} onClick={() => setDark(!dark)}>
          {t("survey.preview.dark")}
        </button>
        <button type="button" class="chip" onClick={restart}>
          {t("survey.preview.restart")}
        </button>
      </div>
    </section>
  );
}

interface ControlProps {
  question: Question;
  value: AnswerValue | undefined;
  onChange: (value: AnswerValue) => void;
  label: (text: Question["title"]) => string;
}

function Control({ question, value, onChange, label }: ControlProps) {
  const scale = scaleOf(question.type);
  if (scale) {
    const steps = Array.from({ length: scale[1] - scale[0] + 1 }, (_, index) => scale[0] + index);
    return (
      <>
        <div class="preview-scale" role="radiogroup" aria-label={label(question.title)}>
          {steps.map((step) => (
            <button key={step} type="button" role="radio" aria-checked={value === step} class={question.type === "stars" && typeof value === "number" && step <= value ? "on" : undefined} onClick={() => onChange(step)}>
              {question.type === "stars" ? "★" : step}
              {question.type === "stars" && <span class="away">{step}</span>}
            </button>
          ))}
        </div>
        {(question.low_label || question.high_label) && (
          <p class="preview-ends">
            <span>{question.low_label && label(question.low_label)}</span>
            <span>{question.high_label && label(question.high_label)}</span>
          </p>
        )}
      </>
    );
  }
  if (question.type === "open") return <textarea class="preview-field" rows={4} aria-label={label(question.title)} value={typeof value === "string" ? value : ""} onInput={(event) => onChange(event.currentTarget.value || null)} />;
  if (question.type === "number" || question.type === "date") {
    return (
      <input
        class="preview-field"
        type={question.type}
        min={question.min}
        max={question.max}
        aria-label={label(question.title)}
        value={value === undefined || value === null ? "" : String(value)}
        onInput={(event) => onChange(event.currentTarget.value === "" ? null : question.type === "number" ? Number(event.currentTarget.value) : event.currentTarget.value)}
      />
    );
  }
  if (question.type === "matrix") {
    const rows = typeof value === "object" && value !== null && !Array.isArray(value) ? value : {};
    return (
      <div class="preview-list">
        {(question.rows ?? []).map((row) => (
          <label key={row.id} class="preview-row">
            <span>{label(row.label)}</span>
            <select class="preview-field" value={rows[row.id] ?? ""} onChange={(event) => onChange({ ...rows, [row.id]: event.currentTarget.value })}>
              <option value="" />
              {(question.choices ?? []).map((choice) => (
                <option key={choice.id} value={choice.id}>
                  {label(choice.label)}
                </option>
              ))}
            </select>
          </label>
        ))}
      </div>
    );
  }
  const options = question.type === "yes_no" ? [{ id: true as const, text: t("survey.yes") }, { id: false as const, text: t("survey.no") }] : (question.choices ?? []).map((choice) => ({ id: choice.id, text: label(choice.label) }));
  const many = question.type === "multiple" || question.type === "rank";
  const picked: unknown[] = Array.isArray(value) ? value : value === undefined || value === null ? [] : [value];
  const press = (id: string | boolean) => {
    if (!many) return onChange(id);
    const list = (picked as string[]).includes(id as string) ? (picked as string[]).filter((each) => each !== id) : [...(picked as string[]), id as string];
    return onChange(list.length ? list : null);
  };
  return (
    <div class="preview-list" role="group" aria-label={label(question.title)}>
      {options.map(({ id, text }) => (
        <button key={String(id)} type="button" aria-pressed={picked.includes(id)} class="preview-choice" onClick={() => press(id)}>
          {question.type === "rank" && picked.includes(id) ? `${picked.indexOf(id) + 1}. ` : ""}
          {text}
        </button>
      ))}
    </div>
  );
}
