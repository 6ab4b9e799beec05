// "Then, by the answer": the rules that lead from a question to another.
import { Button } from "../../parts/basic";
import { Select } from "../../parts/field";
import { t, tOr } from "../../strings";
import { languagesOf, scaleOf, shownIn, type Condition, type Definition, type Question, type Rule } from "./definition";
import { targetWords, titleOf } from "./words";

const NUMBER_OPS = ["=", "!=", "<=", "<", ">=", ">", "answered", "not answered"];
const CHOICE_OPS = ["=", "!=", "answered", "not answered"];
const OPEN_OPS = ["answered", "not answered"];

function opsOf(question: Question | undefined): string[] {
  if (!question) return OPEN_OPS;
  if (scaleOf(question.type) || question.type === "number") return NUMBER_OPS;
  if (["single", "multiple", "yes_no"].includes(question.type)) return CHOICE_OPS;
  return OPEN_OPS;
}

const needsValue = (op: string): boolean => op !== "answered" && op !== "not answered";

function firstValue(question: Question | undefined): string | number | boolean | undefined {
  if (!question) return undefined;
  const scale = scaleOf(question.type);
  if (scale) return scale[0];
  if (question.type === "yes_no") return true;
  if (question.type === "number") return question.min ?? 0;
  return question.choices?.[0]?.id;
}

function valueOptions(survey: Definition, question: Question): { value: string; text: string; raw: string | number | boolean }[] {
  const scale = scaleOf(question.type);
  if (scale) return Array.from({ length: scale[1] - scale[0] + 1 }, (_, index) => ({ value: String(scale[0] + index), text: String(scale[0] + index), raw: scale[0] + index }));
  if (question.type === "yes_no") return [{ value: "true", text: t("survey.yes"), raw: true }, { value: "false", text: t("survey.no"), raw: false }];
  const languages = languagesOf(survey);
  return (question.choices ?? []).map((choice) => ({ value: choice.id, text: shownIn(choice.label, languages[0]!, languages) || choice.id, raw: choice.id }));
}

interface Props {
  survey: Definition;
  at: number;
  onChange: (rules: Rule[]) => void;
}

export function Rules({ survey, at, onChange }: Props) {
  const own = survey.questions[at]!;
  const rules = own.next ?? [];
  const set = (index: number, rule: Rule | null) => onChange(rule ? rules.map((each, place) => (place === index ? rule : each)) : rules.filter((_, place) => place !== index));
  const targets = [
    ...survey.questions.map((question, index) => ({ value: question.id, text: targetWords(survey, index), index })).filter(({ index }) => index !== at),
    { value: "end", text: t("survey.to.end"), index: survey.questions.length },
  ];
  return (
    <fieldset class="rules">
      <legend>{t("survey.rules")}</legend>
      {rules.length === 0 && <p class="dim small">{t("survey.rules.none", { to: targetWords(survey, at + 1) })}</p>}
      <ol class="plain stack">
        {rules.map((rule, index) => (
          <RuleRow key={index} survey={survey} own={own} at={at} rule={rule} targets={targets} onChange={(next) => set(index, next)} onRemove={() => set(index, null)} />
        ))}
      </ol>
      {rules.length > 0 && rules.every((rule) => rule.if) && <p class="dim small">{t("survey.rules.else", { to: targetWords(survey, at + 1) })}</p>}
      <Button look="quiet" icon="plus" onClick={() => onChange([...rules, { if: { op: opsOf(own)[0]!, ...(firstValue(own) === undefined ? {} : { value: firstValue(own)! }) }, go: "end" }])}>
        {t("survey.rules.add")}
      </Button>
    </fieldset>
  );
}

function RuleRow({ survey, own, at, rule, targets, onChange, onRemove }: { survey: Definition; own: Question; at: number; rule: Rule; targets: { value: string; text: string }[]; onChange: (rule: Rule) => void; onRemove: () => void }) {
  const about = rule.if ? survey.questions.find((question) => question.id === (rule.if!.question ?? own.id)) : undefined;
  const condition = rule.if;
  const setIf = (next: Condition | undefined) => onChange(next ? { if: next, go: rule.go } : { go: rule.go });
  const earlier = survey.questions.slice(0, at + 1);
  const withValue = (op: string, question: Question | undefined, value: Condition["value"] | undefined): Condition => {
    const base: Condition = { ...(question && question.id !== own.id ? { question: question.id } : {}), op };
    return needsValue(op) ? { ...base, value: value ?? firstValue(question) ?? 0 } : base;
  };
  const options = about ? valueOptions(survey, about) : [];
  const single = condition && !Array.isArray(condition.value) ? condition.value : undefined;
  return (
    <li class="rule">
      <span class="row wrap">
        <Select
          inline
          label={t("survey.rule.about")}
          value={condition ? (condition.question ?? own.id) : ""}
          onChange={(id) => {
            if (id === "") return setIf(undefined);
            const question = survey.questions.find((each) => each.id === id);
            return setIf(withValue(opsOf(question)[0]!, question, undefined));
          }}
          options={[...earlier.map((question) => ({ value: question.id, text: question.id === own.id ? t("survey.rule.this") : titleOf(survey, question) })), { value: "", text: t("survey.rule.always") }]}
        />
        {condition && (
          <Select inline label={t("cond.op")} value={condition.op} onChange={(op) => setIf(withValue(op, about, needsValue(condition.op) ? condition.value : undefined))} options={[...new Set([...opsOf(about), condition.op])].map((op) => ({ value: op, text: tOr(`survey.op.${op}`, op) }))} />
        )}
        {condition && needsValue(condition.op) && Array.isArray(condition.value) && <span class="tag">{condition.value.join(", ")}</span>}
        {condition && needsValue(condition.op) && !Array.isArray(condition.value) && options.length > 0 && (
          <Select inline label={t("cond.value")} value={String(single)} onChange={(value) => setIf({ ...condition, value: options.find((each) => each.value === value)?.raw ?? value })} options={options} />
        )}
        {condition && needsValue(condition.op) && !Array.isArray(condition.value) && options.length === 0 && (
          <input class="input number" type="number" aria-label={t("cond.value")} value={String(single ?? 0)} onInput={(event) => setIf({ ...condition, value: Number(event.currentTarget.value) })} />
        )}
      </span>
      <span class="row wrap">
        <span aria-hidden="true">→</span>
        <Select inline label={t("survey.rule.go")} value={rule.go} onChange={(go) => onChange({ ...rule, go })} options={targets} />
        <Button look="quiet" icon="close" aria-label={t("survey.rule.remove")} onClick={onRemove} />
      </span>
    </li>
  );
}
