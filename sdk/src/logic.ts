// The way through a survey, decided here as the server decides it: from the answers alone.
import type { Json } from "./types";

export type Text = string | Record<string, string> | undefined;
export interface Choice {
  id: string;
  label: Text;
}
export interface Rule {
  if?: { question?: string; op: string; value?: Json };
  go: string;
}
export interface Question {
  id: string;
  type: string;
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
export interface Survey {
  id: string;
  version: number;
  language?: string;
  dir?: string;
  title?: Text;
  intro?: Text;
  thanks?: Text;
  theme?: Record<string, string>;
  questions: Question[];
}
export type Answers = Record<string, Json>;

/** A member of its own; never one of the prototype, whatever the name. */
export const member = <T>(object: Record<string, T> | undefined | null, name: string): T | undefined =>
  object && Object.prototype.hasOwnProperty.call(object, name) ? object[name] : undefined;
const has = (answers: Answers, id: string): boolean => member(answers, id) !== undefined;

/** A text in the survey's language, else in its first. */
export const textIn = (text: Text, language: string): string => {
  if (!text || typeof text === "string") return text || "";
  return member(text, language) || member(text, Object.keys(text)[0] || "") || "";
};

/** Was it answered, and not passed over? */
export const given = (value: Json | undefined): boolean =>
  value !== undefined && value !== null && value !== "" && !(typeof value === "object" && Object.keys(value).length === 0);

const holds = (rule: Rule, own: Question, answers: Answers, questions: Question[]): boolean => {
  const test = rule.if;
  if (!test) return true;
  const id = test.question || own.id;
  const value = member(answers, id);
  const { op } = test;
  if (value === undefined || !given(value)) return op === "not answered" || op === "!=" || op === "not in";
  const wanted: unknown[] = Array.isArray(test.value) ? test.value : [test.value];
  // Of a rank the first place counts; of a matrix any row.
  const type = questions.find((question) => question.id === id)?.type;
  const values: unknown[] = Array.isArray(value) ? (type === "rank" ? value.slice(0, 1) : value) : value !== null && typeof value === "object" ? Object.values(value as object) : [value];
  const any = values.some((one) => wanted.includes(one));
  const [a, b] = [value as number | string, wanted[0] as number | string];
  switch (op) {
    case "=":
    case "in":
      return any;
    case "!=":
    case "not in":
      return !any;
    case ">":
      return a > b;
    case ">=":
      return a >= b;
    case "<":
      return a < b;
    case "<=":
      return a <= b;
    case "answered":
      return true;
    default:
      return false;
  }
};

/** The questions passed, and the one to be asked now; undefined at the end. */
export const walk = (questions: Question[], answers: Answers): { path: Question[]; at?: Question } => {
  const path: Question[] = [];
  let index = 0;
  while (index >= 0 && index < questions.length) {
    const question = questions[index]!;
    if (path.includes(question)) return { path };
    if (!has(answers, question.id)) return { path, at: question };
    path.push(question);
    const rule = (question.next || []).find((one) => holds(one, question, answers, questions));
    index = !rule ? index + 1 : rule.go === "end" ? questions.length : questions.findIndex((one) => one.id === rule.go);
  }
  return { path };
};

/** An answer as people read it: labels, not ids. */
const shown = (question: Question, value: Json, language: string): string => {
  const label = (id: unknown): string => textIn(question.choices?.find((choice) => choice.id === id)?.label, language);
  if (Array.isArray(value)) return value.map(label).join(", ");
  if (typeof value === "boolean") return value ? "✓" : "✗";
  if (value !== null && typeof value === "object")
    return (question.rows || []).filter((row) => member(value, row.id)).map((row) => `${textIn(row.label, language)}: ${label(member(value, row.id))}`).join(", ");
  return question.type === "single" ? label(value) : String(value);
};

/** A text with its {{QID}} filled in; one that was not answered leaves an ellipsis. */
export const recall = (text: string, questions: Question[], answers: Answers, language: string): string =>
  text.replace(/\{\{\s*([\w-]+)\s*\}\}/g, (_whole, id: string) => {
    const question = questions.find((one) => one.id === id);
    const value = member(answers, id);
    return question && value !== undefined && given(value) ? shown(question, value, language) : "…";
  });
