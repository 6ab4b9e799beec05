// Where a statement is wrong: from the server's words to a place in the editor.
import assert from "node:assert/strict";
import { test } from "node:test";
import { offsetOf, placeOf } from "../src/pages/journeys/sql/problem";
import { resultTable } from "../src/pages/journeys/sql/result";
import { tableCsv, tableNdjson } from "../src/charts/data";

test("a place is read out of the server's words, and nothing else is taken for one", () => {
  assert.deepEqual(placeOf("line 2, column 8: no such column: evnt; did you mean event?"), { line: 2, column: 8, words: "no such column: evnt; did you mean event?" });
  assert.deepEqual(placeOf("line 1, column 1: two\nlines"), { line: 1, column: 1, words: "two\nlines" });
  assert.equal(placeOf("took longer than it may"), null);
  assert.equal(placeOf("in line 2, column 8: x"), null);
});

test("a place is found in the text by characters, and never lies outside", () => {
  const text = "SELECT '👍', évent\nFROM evnts";
  assert.equal(text.slice(offsetOf(text, { line: 1, column: 13 })), "évent\nFROM evnts");
  assert.equal(text.slice(offsetOf(text, { line: 2, column: 6 })), "evnts");
  assert.equal(offsetOf(text, { line: 9, column: 9 }), text.length);
  assert.equal(offsetOf("", { line: 1, column: 1 }), 0);
});

test("an answer is exported whole, with each column once and no formula", () => {
  const answer = { columns: ["a", "a", "=b"], rows: [[1, null, "=1+1"], [2.5, "x,\"y", "z"]], row_count: 2, truncated: false, rows_scanned: 2, elapsed_ms: 1 };
  assert.equal(tableCsv(resultTable(answer)), 'a,a 2,"\'=b"\r\n1,,"\'=1+1"\r\n2.5,"x,""y",z\r\n');
  assert.equal(tableNdjson(resultTable(answer)), '{"a":1,"a 2":null,"=b":"=1+1"}\n{"a":2.5,"a 2":"x,\\"y","=b":"z"}\n');
});
