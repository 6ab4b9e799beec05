// A survey's definition as the builder changes it: pure functions, each of which gives a new definition.
import type { Segment } from "../../query/types";
import type { Matcher } from "../../query/types";

export const TYPES = ["nps", "csat", "ces", "stars", "open", "single", "multiple", "yes_no", "rank", "matrix", "number", "date"] as const;
export type QuestionType = (typeof TYPES)[number];
export const WAYS = ["hosted", "link", "widget", "email", "api"] as const;
export type Way = (typeof WAYS)[number];

/** One text, or one for each language. */
export type Text = string | Record<string, string>;
export type AnswerValue = string | number | boolean | string[] | Record<string, string> | null;

export interface Choice {
  id: string;
  label: Text;
}

export interface Condition {
  /** Left out: the question that the rule belongs to. */
  question?: string;
  op: string;
  value?: string | number | boolean | (string | number)[];
}

export interface Rule {
  if?: Condition;
  go: string;
}

export interface Question {
  id: string;
  type: QuestionType;
  title: Text;
  description?: Text;
  required?: boolean;
  choices?: Choice[];
  rows?: Choice[];
  min?: number;
  max?: number;
  low_label?: Text;
  high_label?: Text;
  next?: Rule[];
}

export interface When {
  did?: Matcher;
  times?: [string, number];
  within?: string;
  delay?: string;
  did_not?: Matcher;
  for?: string;
}

export interface Definition {
  name: string;
  languages?: string[];
  title?: Text;
  intro?: Text;
  questions: Question[];
  thanks?: Text;
  pages?: "one" | "all";
  theme?: Record<string, string>;
  ways?: Way[];
  priority?: number;
  whom?: Segment;
  when?: When;
  sampling?: { share: number; period?: string };
  waves?: { from: string; every: string; most?: number };
}

export const languagesOf = (survey: Definition): string[] => (survey.languages?.length ? survey.languages : ["en"]);

export function textIn(text: Text | undefined, language: string, languages: string[]): string {
  if (text === undefined) return "";
  if (typeof text === "string") return language === languages[0] ? text : "";
  return text[language] ?? "";
}

/** As it is shown: in the language, else in the first one. */
export const shownIn = (text: Text | undefined, language: string, languages: string[]): string => textIn(text, language, languages) || textIn(text, languages[0]!, languages);

/** With one language a text stays a text. Without any words it goes. */
export function withText(text: Text | undefined, language: string, languages: string[], value: string): Text | undefined {
  if (languages.length === 1) return value === "" ? undefined : value;
  const all: Record<string, string> = typeof text === "string" ? { [languages[0]!]: text } : { ...text };
  if (value === "") delete all[language];
  else all[language] = value;
  return Object.keys(all).length ? all : undefined;
}

const eachText = (survey: Definition, change: (text: Text) => Text): Definition => {
  const of = (text: Text | undefined): { t?: Text } => (text === undefined ? {} : { t: change(text) });
  const choices = (list: Choice[] | undefined) => list?.map((choice) => ({ ...choice, label: change(choice.label) }));
  const put = <T extends object>(object: T, names: (keyof T)[]): T => {
    const out = { ...object };
    for (const name of names) {
      const { t } = of(object[name] as Text | undefined);
      if (t !== undefined) (out[name] as Text) = t;
    }
    return out;
  };
  return {
    ...put(survey, ["title", "intro", "thanks"]),
    questions: survey.questions.map((question) => ({
      ...put(question, ["title", "description", "low_label", "high_label"]),
      ...(question.choices ? { choices: choices(question.choices)! } : {}),
      ...(question.rows ? { rows: choices(question.rows)! } : {}),
    })),
  };
};

export function addLanguage(survey: Definition, tag: string): Definition {
  const languages = languagesOf(survey);
  if (languages.includes(tag)) return survey;
  const spread = eachText(survey, (text) => (typeof text === "string" ? { [languages[0]!]: text } : text));
  return { ...spread, languages: [...languages, tag] };
}

export function removeLanguage(survey: Definition, tag: string): Definition {
  const languages = languagesOf(survey).filter((each) => each !== tag);
  if (languages.length === 0) return survey;
  const first = languages[0]!;
  const kept = eachText(survey, (text) => {
    if (typeof text === "string") return text;
    const { [tag]: gone, ...rest } = text;
    return languages.length === 1 ? (rest[first] ?? gone ?? "") : rest;
  });
  return { ...kept, languages };
}

/** How many texts a language lacks that the first one has. */
export function missingTexts(survey: Definition, language: string): number {
  const languages = languagesOf(survey);
  let n = 0;
  eachText(survey, (text) => {
    if (textIn(text, languages[0]!, languages) && !textIn(text, language, languages)) n += 1;
    return text;
  });
  return n;
}

export function freshId(base: string, taken: string[]): string {
  if (!taken.includes(base)) return base;
  let n = 2;
  while (taken.includes(`${base}_${n}`)) n += 1;
  return `${base}_${n}`;
}

const SCALES: Partial<Record<QuestionType, [number, number]>> = { nps: [0, 10], csat: [1, 5], ces: [1, 7], stars: [1, 5] };
export const scaleOf = (type: QuestionType): [number, number] | undefined => SCALES[type];
export const takesChoices = (type: QuestionType): boolean => ["single", "multiple", "rank", "matrix"].includes(type);

/** A question to begin with; `words` gives the texts in the reader's language. */
export function newQuestion(survey: Definition, type: QuestionType, words: { title: string; choice: (n: number) => string; row: (n: number) => string; low: string; high: string }): Question {
  const id = freshId(type === "nps" ? "recommend" : type, survey.questions.map((question) => question.id));
  const list = (n: number, prefix: string, label: (n: number) => string) => Array.from({ length: n }, (_, at) => ({ id: `${prefix}${at + 1}`, label: label(at + 1) }));
  const first = languagesOf(survey)[0]!;
  const text = (value: string): Text => (languagesOf(survey).length === 1 ? value : { [first]: value });
  return {
    id,
    type,
    title: text(words.title),
    ...(scaleOf(type) && type !== "stars" ? { low_label: text(words.low), high_label: text(words.high) } : {}),
    ...(takesChoices(type) ? { choices: list(3, "c", words.choice).map((choice) => ({ ...choice, label: text(choice.label) })) } : {}),
    ...(type === "matrix" ? { rows: list(2, "r", words.row).map((row) => ({ ...row, label: text(row.label) })) } : {}),
  };
}

export const setQuestion = (survey: Definition, at: number, question: Question): Definition => ({ ...survey, questions: survey.questions.map((each, index) => (index === at ? question : each)) });

/** Takes a question away, and with it whatever leads to it or asks for its answer. */
export function removeQuestion(survey: Definition, at: number): Definition {
  const gone = survey.questions[at]?.id;
  const questions = survey.questions
    .filter((_, index) => index !== at)
    .map((question) => {
      if (!question.next) return question;
      const next = question.next.filter((rule) => rule.go !== gone && rule.if?.question !== gone);
      const { next: _, ...rest } = question;
      return next.length ? { ...rest, next } : rest;
    });
  return { ...survey, questions };
}

export function moveQuestion(survey: Definition, at: number, to: number): Definition {
  if (to < 0 || to >= survey.questions.length || at === to) return survey;
  const questions = [...survey.questions];
  const [moved] = questions.splice(at, 1);
  questions.splice(to, 0, moved!);
  return { ...survey, questions };
}

/** Renames a question where it stands and everywhere it is meant: rules and recalls. */
export function renameQuestion(survey: Definition, from: string, to: string): Definition {
  const recall = (text: string): string => text.replaceAll(`{{${from}}}`, `{{${to}}}`);
  const texts = eachText(survey, (text) => (typeof text === "string" ? recall(text) : Object.fromEntries(Object.entries(text).map(([tag, value]) => [tag, recall(value)]))));
  return {
    ...texts,
    questions: texts.questions.map((question) => ({
      ...question,
      id: question.id === from ? to : question.id,
      ...(question.next
        ? { next: question.next.map((rule) => ({ ...rule, go: rule.go === from ? to : rule.go, ...(rule.if ? { if: { ...rule.if, ...(rule.if.question === from ? { question: to } : {}) } } : {}) })) }
        : {}),
    })),
  };
}

// ---- the way through ---------------------------------------------------------------------------

function compares(op: string, value: AnswerValue | undefined, wanted: Condition["value"]): boolean {
  const given = value !== undefined && value !== null && value !== "" && !(Array.isArray(value) && value.length === 0);
  if (op === "answered") return given;
  if (op === "not answered") return !given;
  const list: unknown[] = Array.isArray(value) ? value : [value];
  const one = (test: (item: unknown) => boolean): boolean => given && list.some(test);
  const wants: unknown[] = Array.isArray(wanted) ? wanted : [wanted];
  switch (op) {
    case "=":
      return one((item) => item === wanted);
    case "!=":
      return !one((item) => item === wanted);
    case "in":
      return one((item) => wants.includes(item));
    case "not in":
      return !one((item) => wants.includes(item));
    case ">":
      return one((item) => typeof item === "number" && item > Number(wanted));
    case ">=":
      return one((item) => typeof item === "number" && item >= Number(wanted));
    case "<":
      return one((item) => typeof item === "number" && item < Number(wanted));
    case "<=":
      return one((item) => typeof item === "number" && item <= Number(wanted));
    default:
      return false;
  }
}

/** Where a question leads with these answers: the place of a question, or the number of them for the end. */
export function nextOf(survey: Definition, at: number, answers: Record<string, AnswerValue>): number {
  const question = survey.questions[at];
  for (const rule of question?.next ?? []) {
    const holds = !rule.if || compares(rule.if.op, answers[rule.if.question ?? question!.id], rule.if.value);
    if (!holds) continue;
    if (rule.go === "end") return survey.questions.length;
    const to = survey.questions.findIndex((each) => each.id === rule.go);
    if (to >= 0) return to;
  }
  return at + 1;
}

export interface Branch {
  /** The answers that lead there; undefined: every other way. */
  answers: AnswerValue[];
  to: number;
  skipped: boolean;
}

/** The answers that there can be to a question, where they can be listed. */
function possible(question: Question): AnswerValue[] {
  const scale = scaleOf(question.type);
  if (scale) return Array.from({ length: scale[1] - scale[0] + 1 }, (_, index) => scale[0] + index);
  if (question.type === "yes_no") return [true, false];
  if (question.type === "single") return (question.choices ?? []).map((choice) => choice.id);
  return [];
}

/** By answer: where each of them leads. Empty where the question always leads to one place. */
export function branchesOf(survey: Definition, at: number): Branch[] {
  const question = survey.questions[at];
  if (!question?.next?.length) return [];
  const list: Branch[] = [];
  const add = (answer: AnswerValue, to: number, skipped: boolean) => {
    const found = list.find((branch) => branch.to === to && branch.skipped === skipped);
    if (found) found.answers.push(answer);
    else list.push({ answers: [answer], to, skipped });
  };
  for (const answer of possible(question)) add(answer, nextOf(survey, at, { [question.id]: answer }), false);
  if (!question.required) add(null, nextOf(survey, at, {}), true);
  const places = new Set(list.map((branch) => branch.to));
  return places.size > 1 ? list : [];
}

/** Every place that a question may lead to, whatever the answers: the edges of the map. */
export function edgesOf(survey: Definition): { from: number; to: number }[] {
  const edges: { from: number; to: number }[] = [];
  survey.questions.forEach((question, from) => {
    const places = new Set<number>();
    let always = false;
    for (const rule of question.next ?? []) {
      const to = rule.go === "end" ? survey.questions.length : survey.questions.findIndex((each) => each.id === rule.go);
      if (to >= 0 && !always) places.add(to);
      if (!rule.if) always = true;
    }
    const answers = possible(question);
    const covered = answers.length > 0 && question.required === true && answers.every((answer) => (question.next ?? []).some((rule) => !rule.if || ((rule.if.question ?? question.id) === question.id && compares(rule.if.op, answer, rule.if.value))));
    if (!always && !covered) places.add(from + 1);
    for (const to of [...places].sort((a, b) => a - b)) edges.push({ from, to });
  });
  return edges;
}

/** Fills {{QID}} with what was answered, for the preview; ids of choices become labels. */
export function recallIn(survey: Definition, text: string, answers: Record<string, AnswerValue>, language: string): string {
  const languages = languagesOf(survey);
  return text.replace(/\{\{([A-Za-z0-9_-]{1,40})\}\}/g, (_, id: string) => {
    const question = survey.questions.find((each) => each.id === id);
    const value = answers[id];
    if (!question || value === undefined || value === null || typeof value === "object") return "…";
    const choice = question.choices?.find((each) => each.id === value);
    return choice ? shownIn(choice.label, language, languages) : String(value);
  });
}

// ---- contrast --------------------------------------------------------------------------------------

function luminance(colour: string): number {
  const hit = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(colour);
  if (!hit) return 0;
  const [r, g, b] = hit.slice(1).map((part) => {
    const c = parseInt(part!, 16) / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
}

/** WCAG's contrast of two colours, 1 to 21. */
export function contrast(a: string, b: string): number {
  const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (high! + 0.05) / (low! + 0.05);
}
