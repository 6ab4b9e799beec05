// All texts are external: no component holds a word that a reader would see.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import ts from "typescript";

const source = join(dirname(fileURLToPath(import.meta.url)), "../src");
const files = readdirSync(source, { recursive: true, encoding: "utf8" }).filter((name) => /\.tsx?$/.test(name));
const SEEN = new Set(["title", "aria-label", "aria-roledescription", "placeholder", "alt", "label", "hint", "aside", "lead", "error", "text", "summary", "caption"]);
const LETTERS = /\p{L}{2,}/u;

function literals(name) {
  const text = readFileSync(join(source, name), "utf8");
  const tree = ts.createSourceFile(name, text, ts.ScriptTarget.Latest, true, ts.ScriptKind.TSX);
  const found = [];
  const report = (node, words) => found.push(`${name}:${tree.getLineAndCharacterOfPosition(node.getStart()).line + 1}: ${words.trim()}`);
  const inner = (node) => {
    if (ts.isStringLiteralLike(node) && LETTERS.test(node.text)) report(node, node.text);
    else if (ts.isConditionalExpression(node)) [node.whenTrue, node.whenFalse].forEach(inner);
    else if (ts.isBinaryExpression(node) && node.operatorToken.kind !== ts.SyntaxKind.EqualsEqualsEqualsToken && node.operatorToken.kind !== ts.SyntaxKind.ExclamationEqualsEqualsToken) [node.left, node.right].forEach(inner);
    else if (ts.isTemplateExpression(node)) for (const span of [node.head, ...node.templateSpans.map((each) => each.literal)]) if (LETTERS.test(span.text)) report(span, span.text);
    else if (ts.isParenthesizedExpression(node)) inner(node.expression);
  };
  const walk = (node) => {
    if (ts.isJsxText(node) && LETTERS.test(node.text)) report(node, node.text);
    if (ts.isJsxExpression(node) && node.expression && (ts.isJsxElement(node.parent) || ts.isJsxFragment(node.parent))) inner(node.expression);
    if (ts.isJsxAttribute(node) && SEEN.has(node.name.getText()) && node.initializer) {
      if (ts.isStringLiteral(node.initializer)) { if (LETTERS.test(node.initializer.text)) report(node, node.initializer.text); }
      else if (node.initializer.expression) inner(node.initializer.expression);
    }
    ts.forEachChild(node, walk);
  };
  walk(tree);
  return found;
}

test("no component contains literal text that a reader would see", () => {
  assert.deepEqual(files.filter((name) => name.endsWith(".tsx")).flatMap(literals), []);
});

test("no colour is written outside the tokens", () => {
  const styles = join(source, "styles");
  const colours = readdirSync(styles)
    .filter((name) => name !== "tokens.css")
    .flatMap((name) => (readFileSync(join(styles, name), "utf8").match(/(#[0-9a-f]{3,8}\b|\brgba?\(|\bhsla?\()/gi) ?? []).filter((hit) => !["#lost"].includes(hit)).map((hit) => `${name}: ${hit}`));
  assert.deepEqual(colours, []);
});

test("no key stands twice: the later text would silently replace the other", () => {
  const seen = new Map();
  const twice = [];
  for (const name of readdirSync(join(source, "strings/en"))) {
    for (const hit of readFileSync(join(source, "strings/en", name), "utf8").matchAll(/^ {2}(?:"([^"]+)"|([a-z]\w*)): /gm)) {
      const key = hit[1] ?? hit[2];
      if (seen.has(key)) twice.push(`${key}: ${seen.get(key)}, ${name}`);
      seen.set(key, name);
    }
  }
  assert.deepEqual(twice, []);
});

test("every message is used, and every key that is used exists", () => {
  const en = {};
  for (const name of readdirSync(join(source, "strings/en"))) {
    for (const hit of readFileSync(join(source, "strings/en", name), "utf8").matchAll(/^ {2}(?:"([^"]+)"|([a-z]\w*)): "/gm)) en[hit[1] ?? hit[2]] = relative(source, name);
  }
  const code = files.filter((name) => !name.startsWith("strings/en")).map((name) => readFileSync(join(source, name), "utf8")).join("\n");
  const composed = [...code.matchAll(/\b(?:t|tOr|rich)\(\s*`([^`]+)`/g)].map((hit) => new RegExp(`^${hit[1].split(/\$\{(?:[^{}]|\{[^}]*\})*\}/).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join(".+")}$`));
  const unused = Object.keys(en).filter((key) => !code.includes(`"${key}"`) && !composed.some((pattern) => pattern.test(key)));
  assert.deepEqual(unused, []);
});
