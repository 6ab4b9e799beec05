// The way through a survey, and texts with earlier answers in them.
import assert from "node:assert/strict";
import { test } from "node:test";
import { clean } from "../src/kit";
import { given, recall, textIn, walk, type Question, type Rule } from "../src/logic";
import { rightToLeft, wordsIn } from "../src/texts";
import type { Json } from "../src/types";

const questions = (next: Rule[], type = "nps"): Question[] => [
  { id: "a", type, title: "A", next, choices: [{ id: "x", label: "The X" }, { id: "y", label: { en: "Why", de: "Warum" } }], rows: [{ id: "r", label: "Row" }] },
  { id: "b", type: "open", title: "B" },
  { id: "c", type: "open", title: "C" },
];
const after = (rule: Rule, value: Json, type?: string): string => walk(questions([rule], type), { a: value }).at?.id ?? "end";

test("each operator decides as the server does", () => {
  const table: [string, Json | undefined, Json, boolean, string?][] = [
    ["=", 9, 9, true], ["=", 9, 8, false], ["!=", 9, 8, true], ["!=", 9, 9, false], [">", 6, 7, true], [">", 7, 7, false], [">=", 7, 7, true],
    ["<", 7, 6, true], ["<", 7, 7, false], ["<=", 7, 7, true], ["in", [1, 2], 2, true], ["in", [1, 2], 3, false], ["not in", [1, 2], 3, true],
    ["not in", [1, 2], 1, false], ["answered", undefined, 0, true], ["not answered", undefined, 0, false], ["answered", undefined, null, false],
    ["not answered", undefined, null, true], ["=", 9, null, false], ["!=", 9, null, true], ["not in", [9], null, true], [">", 0, null, false],
    ["=", "x", ["y", "x"], true, "multiple"], ["=", "x", ["y", "x"], false, "rank"], ["=", "y", ["y", "x"], true, "rank"],
    ["=", "x", { r: "x" }, true, "matrix"], ["!=", "x", { r: "x" }, false, "matrix"], ["=", true, true, true, "yes_no"], ["=", true, false, false, "yes_no"],
    ["=", "x", "x", true, "single"], [">", "2026-01-01", "2026-05-01", true, "date"], ["answered", undefined, [], false, "multiple"], ["answered", undefined, false, true, "yes_no"],
    ["no such", 1, 1, false],
  ];
  for (const [op, value, answer, holds, type] of table) assert.equal(after({ if: { op, value }, go: "c" }, answer, type), holds ? "c" : "b", `${JSON.stringify(answer)} ${op} ${JSON.stringify(value)}`);
});

test("a rule without a condition, to the end, about another question, in a circle", () => {
  assert.equal(after({ go: "end" }, 1), "end");
  assert.equal(after({ if: { question: "c", op: "not answered" }, go: "c" }, 1), "c");
  assert.equal(after({ if: { question: "constructor", op: "answered" }, go: "c" }, 1), "b");
  const circle: Question[] = [{ id: "a", type: "nps", title: "", next: [{ go: "b" }] }, { id: "b", type: "nps", title: "", next: [{ go: "a" }] }];
  assert.equal(walk(circle, { a: 1, b: 1 }).at, undefined);
  assert.deepEqual(walk(circle, { a: 1 }).path.map((question) => question.id), ["a"]);
});

test("earlier answers stand in texts as people read them", () => {
  const list = questions([], "single");
  assert.equal(recall("{{a}} and {{ b }}!", list, { a: "y", b: "words" }, "de"), "Warum and words!");
  assert.equal(recall("{{a}} {{c}} {{none}} {{__proto__}}", list, { a: null }, "en"), "… … … …");
  assert.equal(recall("{{a}}", questions([], "rank"), { a: ["y", "x"] }, "en"), "Why, The X");
  assert.equal(recall("{{a}}", questions([], "matrix"), { a: { r: "x" } }, "en"), "Row: The X");
  assert.equal(recall("$& {{b}}", list, { b: "$1 {{a}}" }, "en"), "$& $1 {{a}}");
});

test("texts fall back to the first language, and never to what is inherited", () => {
  assert.equal(textIn({ en: "Hello", de: "Hallo" }, "de"), "Hallo");
  assert.equal(textIn({ en: "Hello" }, "fr"), "Hello");
  assert.equal(textIn({ en: "Hello" }, "constructor"), "Hello");
  assert.equal(textIn(undefined, "en"), "");
  assert.deepEqual([given(0), given(false), given(""), given([]), given({}), given(null), given(undefined)], [true, true, false, false, false, false, false]);
});

test("the widget has all of its words in every language, and a page may replace them", () => {
  const english = wordsIn("en");
  for (const language of ["de", "fr", "es", "it", "pt-BR", "nl", "no", "nn-NO", "nb", "sv", "pl", "ar", "ja", "zh-Hans"]) {
    const words = wordsIn(language);
    assert.deepEqual(Object.keys(words), Object.keys(english));
    for (const name of Object.keys(words)) assert.ok(words[name] && words[name]!.length > 0, `${language} ${name}`);
    assert.notDeepEqual(words, english, language);
    assert.match(words.from!, /\{0\}.*\{1\}/);
  }
  assert.deepEqual(wordsIn("constructor"), english);
  assert.equal(wordsIn("de", { next: "Los" }).next, "Los");
  assert.ok(rightToLeft("ar-EG") && rightToLeft("he") && !rightToLeft("en") && !rightToLeft("arn"));
});

test("what is told of errors and elements bears nothing of a person", () => {
  assert.equal(clean('Cannot read "anna" of user 4711 at https://a.example/x?token=abc', 200), "Cannot read … of user 0 at https://a.example/x");
  assert.equal(clean("anna.berg@mail.example failed", 200), "@ failed");
  assert.equal(clean("x".repeat(1000), 120).length, 120);
  assert.equal(clean("button#pay-1234.big", 80), "button#pay-0.big");
});
