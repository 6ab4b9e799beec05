// Surveys in words: types, branches, whom and when.
import { cleanLine } from "../../safe";
import { durationWords, matcherWords, segmentWords } from "../../query/words";
import { formatNumber } from "../../format";
import { t } from "../../strings";
import { languagesOf, scaleOf, shownIn, type AnswerValue, type Branch, type Definition, type Question, type When } from "./definition";

export const titleOf = (survey: Definition, question: Question, language = languagesOf(survey)[0]!): string =>
  cleanLine(shownIn(question.title, language, languagesOf(survey))) || t("survey.question.untitled");

function answerWords(survey: Definition, question: Question, value: AnswerValue): string {
  if (value === true || value === false) return t(value ? "survey.yes" : "survey.no");
  const choice = question.choices?.find((each) => each.id === value);
  if (choice) return cleanLine(shownIn(choice.label, languagesOf(survey)[0]!, languagesOf(survey))) || choice.id;
  return String(value);
}

/** "0 to 6", "7 or 8", "It costs too much", "skipped". */
export function branchWords(survey: Definition, question: Question, branch: Branch): string {
  if (branch.skipped) return t("survey.branch.skipped");
  const numbers = branch.answers.filter((value): value is number => typeof value === "number");
  if (scaleOf(question.type) && numbers.length === branch.answers.length) {
    const runs: [number, number][] = [];
    for (const n of [...numbers].sort((a, b) => a - b)) {
      const last = runs.at(-1);
      if (last && last[1] === n - 1) last[1] = n;
      else runs.push([n, n]);
    }
    return runs
      .map(([from, to]) => (from === to ? formatNumber(from) : to === from + 1 ? t("survey.branch.two", { from, to }) : t("survey.branch.run", { from, to })))
      .join(t("words.or"));
  }
  const names = branch.answers.map((value) => answerWords(survey, question, value));
  return names.length > 3 ? t("survey.branch.more", { first: names.slice(0, 2).join(", "), n: names.length - 2 }) : names.join(t("words.or"));
}

export const targetWords = (survey: Definition, to: number): string => {
  const question = survey.questions[to];
  return question ? t("survey.to.question", { n: to + 1, title: titleOf(survey, question) }) : t("survey.to.end");
};

export function whenWords(when: When | undefined): string {
  if (!when) return t("survey.when.any");
  const parts: string[] = [];
  if (when.did) {
    const [op, n] = when.times ?? [">=", 1];
    const what = matcherWords(when.did);
    parts.push(op === ">=" && n === 1 ? t("survey.when.did", { what }) : t("survey.when.times", { what, op, n }));
    if (when.within) parts.push(t("segment.within", { length: durationWords(when.within) }).trim());
    if (when.delay) parts.push(t("survey.when.delay", { length: durationWords(when.delay) }));
  }
  if (when.did_not) parts.push(t("survey.when.not", { what: matcherWords(when.did_not), length: durationWords(when.for ?? "7d") }));
  return parts.join(", ");
}

export const whomWords = (survey: Definition): string => (survey.whom === undefined ? t("segment.everyone") : segmentWords(survey.whom));

/** "1 min 10 s": what the longest way through takes. */
export function secondsWords(seconds: number): string {
  const minutes = Math.floor(seconds / 60);
  const rest = Math.round((seconds % 60) / 10) * 10;
  if (minutes === 0) return t("survey.seconds", { n: Math.max(10, rest) });
  return rest === 0 || rest === 60 ? t("survey.minutes", { n: minutes + (rest === 60 ? 1 : 0) }) : t("survey.minutes.seconds", { n: minutes, s: rest });
}
