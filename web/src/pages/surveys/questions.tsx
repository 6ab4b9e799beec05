// The questions, one card each; the chosen one is written in place, and says where its answers lead.
import { useState } from "preact/hooks";
import { Button, Tag } from "../../parts/basic";
import { TextField } from "../../parts/field";
import { Icon, type IconName } from "../../parts/icon";
import { Popover } from "../../parts/popover";
import { t } from "../../strings";
import {
  branchesOf, freshId, languagesOf, moveQuestion, newQuestion, removeQuestion, renameQuestion, scaleOf, setQuestion, takesChoices, textIn, TYPES, withText,
  type Choice, type Definition, type Question, type QuestionType, type Text,
} from "./definition";
import { Rules } from "./rules";
import { branchWords, targetWords, titleOf } from "./words";

interface Props {
  survey: Definition;
  at: number;
  language: string;
  onAt: (at: number) => void;
  onChange: (survey: Definition) => void;
}

const ICONS: Record<QuestionType, IconName> = {
  nps: "survey", csat: "survey", ces: "survey", stars: "review", open: "chat", single: "check", multiple: "check", yes_no: "check", rank: "table", matrix: "table", number: "survey", date: "survey",
};

export function Questions({ survey, at, language, onAt, onChange }: Props) {
  const add = (type: QuestionType) => {
    const question = newQuestion(survey, type, {
      title: t(`survey.new.${type}`),
      choice: (n) => t("survey.new.choice", { n }),
      row: (n) => t("survey.new.row", { n }),
      low: t(`survey.new.low`),
      high: t(`survey.new.high`),
    });
    onChange({ ...survey, questions: [...survey.questions, question] });
    onAt(survey.questions.length);
  };
  return (
    <section aria-label={t("survey.questions")} class="survey-questions">
      <ol class="plain">
        {survey.questions.map((question, index) => (
          <li key={question.id}>
            {index === at ? (
              <Editor survey={survey} at={index} language={language} onAt={onAt} onChange={onChange} />
            ) : (
              <button type="button" class="question-card" onClick={() => onAt(index)}>
                <Head question={question} />
                <span class="question-title">{titleOf(survey, question, language)}</span>
              </button>
            )}
            <Ways survey={survey} at={index} />
          </li>
        ))}
      </ol>
      <Popover
        label={t("survey.question.add")}
        button={(props) => (
          <button type="button" class="button soft" {...props}>
            <Icon name="plus" small />
            {t("survey.question.add")}
          </button>
        )}
      >
        {(close) => (
          <ul class="plain menu">
            {TYPES.map((type) => (
              <li key={type}>
                <button
                  type="button"
                  class="menu-item"
                  onClick={() => {
                    add(type);
                    close();
                  }}
                >
                  <Icon name={ICONS[type]} small /> {t(`survey.type.${type}`)}
                </button>
              </li>
            ))}
          </ul>
        )}
      </Popover>
    </section>
  );
}

function Head({ question }: { question: Question }) {
  return (
    <span class="question-kind">
      <Icon name={ICONS[question.type]} small />
      {t(`survey.type.${question.type}`)} · {t(question.required ? "survey.required" : "survey.optional")}
    </span>
  );
}

/** What hangs below a card: one line for each place that an answer leads to. */
function Ways({ survey, at }: { survey: Definition; at: number }) {
  const question = survey.questions[at]!;
  const branches = branchesOf(survey, at);
  if (branches.length === 0) {
    const always = question.next?.find((rule) => !rule.if);
    return <p class="way">{always ? <span>{t("survey.way.always", { to: targetWords(survey, always.go === "end" ? survey.questions.length : survey.questions.findIndex((each) => each.id === always.go)) })}</span> : null}</p>;
  }
  return (
    <ul class="plain way" aria-label={t("survey.way.label")}>
      {branches.map((branch) => (
        <li key={`${branch.to}${branch.skipped}`}>
          <b>{branchWords(survey, question, branch)}</b> <span>→ {targetWords(survey, branch.to)}</span>
        </li>
      ))}
    </ul>
  );
}

function Editor({ survey, at, language, onAt, onChange }: Props) {
  const question = survey.questions[at]!;
  const languages = languagesOf(survey);
  const set = (next: Question) => onChange(setQuestion(survey, at, next));
  const setText = (name: "title" | "description" | "low_label" | "high_label", value: string) => {
    const next = withText(question[name], language, languages, value);
    const { [name]: _, ...rest } = question;
    set(next === undefined && name !== "title" ? (rest as Question) : { ...question, [name]: next ?? "" });
  };
  const first = languages[0]!;
  const hint = (text: Text | undefined) => (language === first ? undefined : textIn(text, first, languages));
  return (
    <div class="question-card on" role="group" aria-label={t("survey.question.edit", { n: at + 1 })}>
      <div class="row wrap">
        <Head question={question} />
        <span class="push" />
        <Button look="quiet" icon="up" aria-label={t("survey.question.up")} disabled={at === 0} onClick={() => (onChange(moveQuestion(survey, at, at - 1)), onAt(at - 1))} />
        <Button look="quiet" icon="down" aria-label={t("survey.question.down")} disabled={at === survey.questions.length - 1} onClick={() => (onChange(moveQuestion(survey, at, at + 1)), onAt(at + 1))} />
        <Button look="quiet" icon="close" aria-label={t("survey.question.remove")} onClick={() => (onChange(removeQuestion(survey, at)), onAt(Math.max(0, at - 1)))} />
      </div>
      <TextField label={t("survey.question.title")} value={textIn(question.title, language, languages)} hint={hint(question.title)} onInput={(value) => setText("title", value)} />
      <TextField label={t("survey.question.description")} value={textIn(question.description, language, languages)} hint={hint(question.description)} onInput={(value) => setText("description", value)} />
      {scaleOf(question.type) && question.type !== "stars" && (
        <div class="two-fields">
          <TextField label={t("survey.question.low")} value={textIn(question.low_label, language, languages)} hint={hint(question.low_label)} onInput={(value) => setText("low_label", value)} />
          <TextField label={t("survey.question.high")} value={textIn(question.high_label, language, languages)} hint={hint(question.high_label)} onInput={(value) => setText("high_label", value)} />
        </div>
      )}
      {question.type === "number" && <NumberEnds question={question} onChange={set} />}
      {question.type === "matrix" && <Choices label={t("survey.rows")} list={question.rows ?? []} prefix="r" language={language} languages={languages} onChange={(rows) => set({ ...question, rows })} />}
      {takesChoices(question.type) && <Choices label={t("survey.choices")} list={question.choices ?? []} prefix="c" language={language} languages={languages} onChange={(choices) => set({ ...question, choices })} />}
      <label class="row">
        <input type="checkbox" checked={question.required === true} onChange={(event) => set({ ...question, required: event.currentTarget.checked || undefined })} />
        {t("survey.question.required")}
      </label>
      <Rules
        survey={survey}
        at={at}
        onChange={(rules) => {
          const { next: _, ...rest } = question;
          set(rules.length ? { ...question, next: rules } : rest);
        }}
      />
      <Rename survey={survey} question={question} onChange={onChange} />
    </div>
  );
}

/** The id is what rules, recalls and results know the question by. */
function Rename({ survey, question, onChange }: { survey: Definition; question: Question; onChange: (survey: Definition) => void }) {
  const [text, setText] = useState(question.id);
  const good = /^[A-Za-z0-9_-]{1,40}$/.test(text) && (text === question.id || !survey.questions.some((each) => each.id === text));
  return (
    <details class="more-details">
      <summary>{t("survey.question.more")}</summary>
      <form
        class="row end"
        onSubmit={(event) => {
          event.preventDefault();
          if (good && text !== question.id) onChange(renameQuestion(survey, question.id, text));
        }}
      >
        <TextField label={t("survey.question.id")} value={text} onInput={setText} hint={t("survey.question.id.hint", { recall: `{{${question.id}}}` })} error={good ? undefined : t("survey.question.id.wrong")} />
        <Button type="submit" disabled={!good || text === question.id}>
          {t("survey.question.id.do")}
        </Button>
      </form>
      <Tag>{question.type}</Tag>
    </details>
  );
}

function NumberEnds({ question, onChange }: { question: Question; onChange: (question: Question) => void }) {
  const set = (name: "min" | "max", text: string) => {
    const { [name]: _, ...rest } = question;
    onChange(text === "" ? rest : { ...question, [name]: Number(text) });
  };
  return (
    <div class="two-fields">
      <TextField type="number" label={t("survey.question.min")} value={question.min === undefined ? "" : String(question.min)} onInput={(value) => set("min", value)} />
      <TextField type="number" label={t("survey.question.max")} value={question.max === undefined ? "" : String(question.max)} onInput={(value) => set("max", value)} />
    </div>
  );
}

function Choices({ label, list, prefix, language, languages, onChange }: { label: string; list: Choice[]; prefix: string; language: string; languages: string[]; onChange: (list: Choice[]) => void }) {
  const set = (at: number, value: string) => onChange(list.map((choice, index) => (index === at ? { ...choice, label: withText(choice.label, language, languages, value) ?? "" } : choice)));
  const move = (at: number, to: number) => {
    const next = [...list];
    const [moved] = next.splice(at, 1);
    next.splice(to, 0, moved!);
    onChange(next);
  };
  return (
    <fieldset class="choice-list">
      <legend>{label}</legend>
      <ol class="plain">
        {list.map((choice, at) => (
          <li key={choice.id} class="row">
            <input class="input" aria-label={t("survey.choice", { n: at + 1 })} value={textIn(choice.label, language, languages)} placeholder={language === languages[0] ? undefined : textIn(choice.label, languages[0]!, languages)} onInput={(event) => set(at, event.currentTarget.value)} />
            <Button look="quiet" icon="up" aria-label={t("survey.choice.up", { n: at + 1 })} disabled={at === 0} onClick={() => move(at, at - 1)} />
            <Button look="quiet" icon="close" aria-label={t("survey.choice.remove", { n: at + 1 })} disabled={list.length < 2} onClick={() => onChange(list.filter((_, index) => index !== at))} />
          </li>
        ))}
      </ol>
      <Button
        look="quiet"
        icon="plus"
        onClick={() => {
          const id = freshId(`${prefix}${list.length + 1}`, list.map((choice) => choice.id));
          onChange([...list, { id, label: withText(undefined, languages[0]!, languages, t(prefix === "r" ? "survey.new.row" : "survey.new.choice", { n: list.length + 1 })) ?? "" }]);
        }}
      >
        {t("survey.choice.add")}
      </Button>
    </fieldset>
  );
}

