// The logic that needs no browser.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { TimelineEvent } from "../src/api/types";
import { addDays, dayStart, formatBytes, formatLength, formatNumber, formatShare, setLocale, setZone } from "../src/format";
import { foldTimeline, mergeNewest } from "../src/pages/customer/fold";
import { flowOf } from "../src/charts/flow";
import { scoreTicks } from "../src/charts/score";
import { addLanguage, branchesOf, contrast, edgesOf, missingTexts, nextOf, removeLanguage, removeQuestion, renameQuestion, type Definition } from "../src/pages/surveys/definition";
import { branchWords } from "../src/pages/surveys/words";
import { coverageQuery, silentQuery, wordsQuery } from "../src/pages/voice/state";
import { guessFunnels } from "../src/pages/journeys/guess";
import { lifecycleSummary } from "../src/pages/journeys/lifecycle";
import { betweenQuery, funnelQuery, habitQuery, pathsQuery, sane, trendQuery } from "../src/pages/journeys/state";
import { stickinessSummary } from "../src/pages/journeys/stickiness";
import { SDKS, snippetOf, wantedKey } from "../src/pages/settings/sdk";
import { evidenceSearch, readEvidence } from "../src/evidence/state";
import { groupConds, openAsSegment } from "../src/query/as-segment";
import { withMore } from "../src/query/group-menu";
import { pointsMore, returnShares } from "../src/charts/retention";
import { typedValue, withOp } from "../src/query/cond-editor";
import { comparedDays, parseRange, previousRange, rangeDays, stepRange, wholeDays } from "../src/query/range";
import { fromDraft, toDraft } from "../src/query/segment-editor";
import type { Cond, FunnelQuery, Segment, TrendQuery } from "../src/query/types";
import { fromSearch, toSearch } from "../src/query/url";
import { binWords, cellWords, edgeWords, segmentWords } from "../src/query/words";
import { cleanLine, cleanText, csvCell, csvText, safeLink } from "../src/safe";
import { countChange, wilson } from "../src/stats";
import { formatParts, parseMessage } from "../src/strings/message";
import { t } from "../src/strings";

setLocale("en-GB");
setZone("Europe/Oslo");

const locale = { plural: (n: number) => new Intl.PluralRules("en").select(n), number: (n: number) => String(n) };
const message = (text: string, values: Record<string, unknown>) => formatParts(parseMessage(text), values, locale);

test("a message takes plurals, exact cases, choices and nested values", () => {
  const text = "{n, plural, =0 {nobody} one {# person of {of}} other {# people of {of}}}";
  assert.deepEqual(message(text, { n: 0, of: 9 }), ["nobody"]);
  assert.deepEqual(message(text, { n: 1, of: 9 }), ["1 person of 9"]);
  assert.deepEqual(message(text, { n: 5, of: 9 }), ["5 people of 9"]);
  assert.deepEqual(message("{x, select, a {A} other {?}}", { x: "a" }), ["A"]);
});

test("a message keeps a value that is no text as it is", () => {
  const element = { an: "element" };
  assert.deepEqual(message("of {what} in all", { what: element }), ["of ", element, " in all"]);
});

test("a message without the case other is refused", () => {
  assert.throws(() => parseMessage("{n, plural, one {x}}"), /other/);
});

test("numbers carry a true minus and a dash where there is none", () => {
  assert.equal(formatNumber(-1234), "−1,234");
  assert.equal(formatNumber(NaN), "–");
  assert.equal(formatShare(0.3567), "35.7%");
  assert.equal(formatShare(null), "–");
  assert.equal(formatBytes(231_000_000), "231 MB");
  assert.equal(formatLength(11 * 7 * 86_400_000, "long"), "11 weeks");
});

test("a day begins at local midnight, also when the clocks change", () => {
  assert.equal(new Date(dayStart("2026-03-29")).toISOString(), "2026-03-28T23:00:00.000Z");
  assert.equal(new Date(dayStart("2026-03-30")).toISOString(), "2026-03-29T22:00:00.000Z");
  assert.equal(new Date(dayStart("2026-09-06", "America/Santiago")).toISOString(), "2026-09-06T04:00:00.000Z");
  assert.equal(addDays("2026-02-28", 1), "2026-03-01");
});

test("a query survives the address and back", () => {
  const queries: Record<string, unknown>[] = [
    { series: [{ event: "Order Completed", measure: "sum:price", where: [["price", ">", 100], { any: [["a.b", "=", "5"], ["c", "in", ["x", 2, true]]] }] }], range: { from: "2026-05-01", to: "2026-05-31" } },
    { steps: [{ event: ["A", "B"] }, { event: "C & D = 100%?#" }], window: "7d", breakdown: { by: "price", bins: [0, 10, 100] }, segment: { all: [{ did: { event: "x" }, times: [">=", 3] }, { not: { in: "loyal" } }] } },
    { search: "true", view: 7, table: true, note: "[1", n: "12", empty: "", list: [], "odd.name": "x", "p%2Eq": 1 },
  ];
  for (const query of queries) assert.deepEqual(fromSearch(toSearch(query)), query);
});

test("an address written by hand cannot put anything into a prototype", () => {
  const state = fromSearch("__proto__.polluted=1&constructor.prototype.polluted=1");
  assert.equal(({} as Record<string, unknown>).polluted, undefined);
  assert.equal(Object.getPrototypeOf(state), Object.prototype);
});

test("an address of the wrong shape asks nothing wrong", () => {
  assert.equal(trendQuery(sane(fromSearch("series=5"))), null);
  assert.equal(funnelQuery(sane(fromSearch("steps.0=A&steps.1.event=B")))?.steps.length, 1);
});

test("typed ranges are understood", () => {
  const today = "2026-11-24";
  assert.equal(parseRange("last 7 days", today), "last 7 days");
  assert.equal(parseRange("now-7d", today), "last 7 days");
  assert.deepEqual(parseRange("yesterday", today), { from: "2026-11-23", to: "2026-11-23" });
  assert.deepEqual(parseRange("2026-05-01 to 2026-05-14", today), { from: "2026-05-01", to: "2026-05-14" });
  assert.deepEqual(parseRange("last quarter", today), { from: "2026-07-01", to: "2026-09-30" });
  for (const wrong of ["", "soon", "last 0 days", "2026-05-14 to 2026-05-01", "2026-13-01"]) assert.equal(parseRange(wrong, today), null);
});

test("ranges have the days that the server gives them", () => {
  const today = "2026-11-24";
  assert.deepEqual(rangeDays("last 30 days", today), { from: "2026-10-26", to: "2026-11-24" });
  assert.deepEqual(rangeDays("last 2 weeks", today), { from: "2026-11-16", to: "2026-11-29" });
  assert.deepEqual(rangeDays("last 3 months", today), { from: "2026-09-01", to: "2026-11-30" });
  assert.deepEqual(previousRange("last 1 month", today), { from: "2026-10-01", to: "2026-10-31" });
  assert.deepEqual(previousRange("last 7 days", today), { from: "2026-11-11", to: "2026-11-17" });
  assert.equal(stepRange("last 7 days", 1, today), null);
  assert.deepEqual(stepRange({ from: "2026-11-01", to: "2026-11-07" }, 1, today), { from: "2026-11-08", to: "2026-11-14" });
  assert.deepEqual(wholeDays("last 7 days", today), { from: "2026-11-17", to: "2026-11-23" });
});

test("the days compared with are those that the server finds", () => {
  const today = "2026-11-24"; // a Tuesday
  assert.deepEqual(comparedDays("last 7 days", "previous", today), { from: "2026-11-11", to: "2026-11-17" });
  assert.deepEqual(comparedDays("last 7 days", "year", today), { from: "2025-11-18", to: "2025-11-24" });
  assert.deepEqual(comparedDays("last 2 weeks", "year", today), { from: "2025-11-17", to: "2025-11-30" });
  assert.deepEqual(comparedDays("last 1 month", "year", today), { from: "2025-11-01", to: "2025-11-30" });
  assert.deepEqual(comparedDays("last 1 month", "year", "2025-02-10"), { from: "2024-02-01", to: "2024-02-29" });
  assert.deepEqual(comparedDays({ from: "2024-02-29", to: "2024-03-02" }, "year", today), { from: "2023-02-28", to: "2023-03-02" });
  assert.deepEqual(comparedDays("last 7 days", "weekday", today), { from: "2026-11-11", to: "2026-11-17" });
  assert.deepEqual(comparedDays("last 10 days", "weekday", today), { from: "2026-11-01", to: "2026-11-10" });
  assert.deepEqual(comparedDays({ from: "2026-11-03", to: "2026-11-03" }, "weekday", today), { from: "2026-10-27", to: "2026-10-27" });
});

test("shares of all cohorts leave out the period under way and what is too few", () => {
  const query = { kind: "retention", start: { event: "a" }, return: { event: "b" }, interval: "week" } as const;
  const cohorts = [
    { start: "2026-11-02", size: 40, returned: [40, 20, 10] },
    { start: "2026-11-09", size: 60, returned: [60, 30, 1] },
    { start: "2026-11-16", size: 100, returned: [90, 5, null] },
  ];
  assert.deepEqual(returnShares(query, cohorts, "2026-11-24T12:00:00.000Z"), [190 / 200, 50 / 100, 10 / 40]);
  assert.deepEqual(returnShares(query, [{ start: "2026-11-02", size: 29, returned: [29] }], "2026-11-24T12:00:00.000Z"), [null]);
  assert.equal(pointsMore(0.42, 0.39), "+3");
  assert.equal(pointsMore(0.39, 0.42), "−3");
  assert.equal(pointsMore(0.39, null), "");
});

test("cells of CSV are no formulas, and numbers stay numbers", () => {
  assert.equal(csvCell("=1+1"), `"'=1+1"`);
  for (const first of ["+", "-", "@", "\t", "\r"]) assert.ok(csvCell(`${first}x`).startsWith(`"'`), first);
  assert.equal(csvCell(-5), "-5");
  assert.equal(csvCell('a "b", c'), '"a ""b"", c"');
  assert.equal(csvText([["a", null, true]]), "a,,true\r\n");
});

test("customers' words cannot reorder or hide what stands around them", () => {
  assert.equal(cleanText("a\u202Eb\u2066c\u0007d\u{E0041}"), "abcd");
  assert.equal(cleanText("👩‍🚀 العربية\nx"), "👩‍🚀 العربية\nx");
  assert.equal(cleanText("\uD800x"), "x");
  assert.equal(cleanLine("a\r\nb"), "a b");
});

test("only harmless schemes are links", () => {
  assert.equal(safeLink("https://shop.example/a"), "https://shop.example/a");
  assert.equal(safeLink("mailto:a@b.example"), "mailto:a@b.example");
  for (const bad of ["javascript:alert(1)", "JAVASCRIPT:alert(1)", " data:text/html,x", "//evil.example", "ftp://x"]) assert.equal(safeLink(bad), null, bad);
});

const event = (ts: string, name: string, more: Partial<TimelineEvent> = {}): TimelineEvent => ({
  event: name, ts, received_at: ts, channel: "web", source: "web", message_id: ts, properties: {}, text: null, score: null, scale: null, ...more,
});

test("a visit is folded to its trail, and silence is named", () => {
  const rows = foldTimeline([
    event("2026-05-20T10:04:00.000Z", "Left"),
    event("2026-05-20T10:03:00.000Z", "Delivery"),
    event("2026-05-20T10:02:00.000Z", "Delivery"),
    event("2026-05-20T10:00:00.000Z", "Cart"),
    event("2026-05-01T10:00:00.000Z", "feedback", { text: "hm", score: 3, scale: "nps" }),
  ]);
  assert.deepEqual(rows.map((row) => row.kind), ["day", "session", "silence", "day", "event"]);
  const session = rows[1]!;
  assert.ok(session.kind === "session");
  assert.deepEqual(session.trail, [{ name: "Cart", times: 1 }, { name: "Delivery", times: 2 }, { name: "Left", times: 1 }]);
});

test("two events are not folded, a pause of more than half an hour divides", () => {
  const rows = foldTimeline([event("2026-05-20T11:00:00.000Z", "C"), event("2026-05-20T10:20:00.000Z", "B"), event("2026-05-20T10:00:00.000Z", "A")]);
  assert.deepEqual(rows.map((row) => row.kind), ["day", "event", "event", "event"]);
});

test("equal events keep keys of their own", () => {
  const twice = event("2026-05-20T11:00:00.000Z", "feedback", { message_id: null, text: "x" });
  const keys = foldTimeline([twice, twice]).map((row) => row.key);
  assert.equal(new Set(keys).size, keys.length);
});

test("new events go on top of those held, and a gap is noticed", () => {
  const held = ["5", "4", "3", "2", "1"].map((n) => event(`2026-05-20T10:00:0${n}.000Z`, n));
  const news = event("2026-05-20T10:00:06.000Z", "6");
  assert.deepEqual(mergeNewest([news, held[0]!, held[1]!], held)?.map((each) => each.event), ["6", "5", "4", "3", "2", "1"]);
  assert.equal(mergeNewest([news], held), null);
});

test("a segment goes through the editor unchanged", () => {
  const segments: Segment[] = [
    { all: [{ did: { event: "Order", where: [["price", ">", 5]] }, times: [">=", 3], within: "30d" }, { not: { did: { event: "Ticket" }, within: "14d" } }] },
    { any: [{ trait: ["plan", "=", "pro"] }, { first_seen: ["<", "2026-01-01"] }, { score: "nps", is: ["<=", 6], which: "latest", within: "90d" }] },
    { did: { event: "Order" } },
    { sequence: [{ event: "A" }, { event: "B" }], window: "10m" },
    "loyal",
  ];
  for (const segment of segments) assert.deepEqual(fromDraft(toDraft(segment)), segment);
  assert.equal(fromDraft(toDraft(undefined)), undefined);
});

test("a sequence loses what is not written to its end, and is not asked before each step has its event", () => {
  const steps = { sequence: [{ event: "A", where: [["price", ">", ""]] as Cond[] }, { event: "B", where: [["price", ">", 5]] as Cond[] }], window: "1h" };
  assert.deepEqual(fromDraft(toDraft(steps)), { sequence: [{ event: "A" }, { event: "B", where: [["price", ">", 5]] }], window: "1h" });
  assert.equal(fromDraft(toDraft({ ...steps, sequence: [{ event: "A" }, { event: "" }] })), undefined);
});

test("rows that are still being written are not asked", () => {
  assert.equal(fromDraft({ mode: "all", rows: [{ not: false, is: { did: { event: "" } } }, { not: false, is: { trait: ["", "=", ""] } }] }), undefined);
});

test("typed values have the type that they most likely have", () => {
  assert.equal(typedValue("12.5", "="), 12.5);
  assert.equal(typedValue("007", "="), "007");
  assert.equal(typedValue("true", "="), true);
  assert.equal(typedValue("12", "contains"), "12");
  assert.deepEqual(withOp(["a", "=", "x"], "in"), ["a", "in", ["x"]]);
  assert.deepEqual(withOp(["a", "in", ["x", "y"]], "set"), ["a", "set"]);
});

const trend: TrendQuery = { kind: "trend", series: [{ event: "Order Completed", measure: "customers" }], interval: "day", range: { from: "2026-05-01", to: "2026-05-31" }, breakdown: "country" };

test("a cell of a trend is said as a segment with its day and group", () => {
  assert.deepEqual(openAsSegment(trend, { series: 0, interval: "2026-05-02", group: "NL" }), {
    did: { event: "Order Completed", where: [["country", "=", "NL"], ["ts", ">=", "2026-05-01T22:00:00.000Z"], ["ts", "<", "2026-05-02T22:00:00.000Z"]] },
  });
  assert.equal(openAsSegment(trend, { series: 0, group: "(other)" }), null);
  assert.equal(openAsSegment({ ...trend, series: [{ event: "x", measure: "sum:price" }] }, { series: 0 }), null);
  assert.equal(openAsSegment(trend, { series: 0, previous: true }), null);
});

test("who reached a step of a funnel, or came no further, is a segment", () => {
  const funnel: FunnelQuery = { kind: "funnel", steps: [{ event: "A" }, { event: "B" }], window: "7d", range: { from: "2026-05-01", to: "2026-05-01" }, segment: "loyal" };
  const first = { event: "A", where: [["ts", ">=", "2026-04-30T22:00:00.000Z"], ["ts", "<", "2026-05-01T22:00:00.000Z"]] };
  assert.deepEqual(openAsSegment(funnel, { step: 1, outcome: "reached" }), { all: [{ in: "loyal" }, { did: first }] });
  const both = { sequence: [first, { event: "B" }], window: "7d" };
  assert.deepEqual(openAsSegment(funnel, { step: 2, outcome: "reached" }), { all: [{ in: "loyal" }, both] });
  assert.deepEqual(openAsSegment(funnel, { step: 2, outcome: "dropped" }), { all: [{ in: "loyal" }, { did: first }, { not: both }] });
  assert.equal(openAsSegment({ ...funnel, order: "strict" }, { step: 2, outcome: "reached" }), null);
  assert.equal(openAsSegment(funnel, { step: 3, outcome: "reached" }), null);
  assert.equal(openAsSegment(funnel, { step: 2, outcome: "reached", group: "NL" }), null);
});

test("a cell repeats the number that was clicked", () => {
  assert.equal(cellWords(trend, { series: 0, interval: "2026-05-12", group: "NL" }, 402), "402 customers did “Order Completed”, Tue 12 May, NL");
  assert.equal(cellWords(trend, { series: 0 }, 1), "1 customer did “Order Completed”");
  assert.match(segmentWords({ all: [{ did: { event: "Order" }, times: [">=", 3], within: "30d" }] }), /^did Order at least 3 times within 30 days$/);
});

test("an open number stands in the address and leaves the rest alone", () => {
  const search = "?series.0.event=Order+Completed&range=last+7+days";
  const opened = evidenceSearch(search, { q: trend, o: { series: 0 }, n: 5 });
  assert.deepEqual(readEvidence(opened), { q: trend, o: { series: 0 }, n: 5 });
  assert.equal(evidenceSearch(opened, null), search);
  for (const bad of ["?ev=x", "?ev=5", "?ev={}", '?ev={"q":7}']) assert.equal(readEvidence(bad), null);
});

test("a change is spoken of only where there is enough", () => {
  assert.equal(countChange(9, 3), "few");
  assert.equal(countChange(100, 105), "none");
  assert.equal(countChange(200, 100), "more");
  assert.equal(countChange(10, 60), "fewer");
});

test("the interval of a share is Wilson's", () => {
  const range = wilson(1512, 4236)!;
  assert.ok(Math.abs(range.low - 0.3426) < 0.0005 && Math.abs(range.high - 0.3715) < 0.0005);
  assert.equal(wilson(0, 0), null);
});

test("starter funnels are guessed from the names that exist", () => {
  const names = ["Product Viewed", "Added To Cart", "Checkout Started", "Order Completed"].map((name, index) => ({ name, count: 100 - index }));
  assert.deepEqual(guessFunnels(names)[0], ["Product Viewed", "Added To Cart", "Checkout Started", "Order Completed"]);
  assert.deepEqual(guessFunnels([{ name: "x", count: 1 }]), []);
});

test("texts of the interface take their values", () => {
  assert.equal(t("funnel.stopped", { n: 956 }), "956 stopped");
  assert.equal(t("changes.lead", { n: 0, of: 6 }), "Nothing clearly changed among 6 kinds of events.");
});

test("every snippet that sends names this server and the key, and pages of other protocols the packages they need", () => {
  for (const name of SDKS.filter((each) => each !== "csv")) {
    const text = snippetOf(name, "https://firsthand.example", "pk_1");
    assert.match(text, /firsthand\.example/, name);
    assert.match(text, /pk_1/, name);
  }
  assert.match(snippetOf("posthog", "https://firsthand.example", "ck_1"), /posthog\.init\("ck_1", \{ api_host: "https:\/\/firsthand\.example" \}\)[^]*posthog-node/);
  assert.match(snippetOf("rudder", "https://firsthand.example", "pk_1"), /configUrl: "https:\/\/firsthand\.example"[^]*rudder-sdk-node/);
  assert.equal(wantedKey("posthog"), "client");
  assert.equal(wantedKey("rudder"), "write");
});

const repair = (): Definition => ({
  name: "After a repair",
  languages: ["en", "nb"],
  questions: [
    { id: "nps", type: "nps", title: { en: "How likely?", nb: "Hvor sannsynlig?" }, required: true, next: [{ if: { op: "<=", value: 6 }, go: "better" }, { if: { op: "<=", value: 8 }, go: "missing" }] },
    { id: "best", type: "open", title: "What was good?", next: [{ go: "end" }] },
    { id: "missing", type: "open", title: { en: "You gave {{nps}}. What was missing?" }, next: [{ go: "end" }] },
    { id: "better", type: "open", title: "What should we do?" },
  ],
});

test("branches say which answers lead where, in ranges", () => {
  const survey = repair();
  assert.deepEqual(branchesOf(survey, 0).map((branch) => [branchWords(survey, survey.questions[0]!, branch), branch.to]), [["0 to 6", 3], ["7 or 8", 2], ["9 or 10", 1]]);
  assert.deepEqual(edgesOf(survey), [{ from: 0, to: 1 }, { from: 0, to: 2 }, { from: 0, to: 3 }, { from: 1, to: 4 }, { from: 2, to: 4 }, { from: 3, to: 4 }]);
  assert.equal(nextOf(survey, 0, { nps: 7 }), 2);
  assert.equal(nextOf(survey, 0, {}), 1);
  assert.equal(nextOf(survey, 1, {}), 4);
});

test("a question that goes takes along what leads to it; a renamed one is found everywhere", () => {
  const gone = removeQuestion(repair(), 3);
  assert.deepEqual(gone.questions[0]!.next, [{ if: { op: "<=", value: 8 }, go: "missing" }]);
  const renamed = renameQuestion(repair(), "missing", "lacks");
  assert.equal(renamed.questions[0]!.next![1]!.go, "lacks");
  const other = renameQuestion(repair(), "nps", "recommend");
  assert.deepEqual(other.questions[2]!.title, { en: "You gave {{recommend}}. What was missing?" });
});

test("languages are added and taken away without losing words", () => {
  assert.equal(missingTexts(repair(), "nb"), 3);
  const three = addLanguage(repair(), "de");
  assert.deepEqual(three.questions[1]!.title, { en: "What was good?" });
  assert.equal(missingTexts(three, "de"), 4);
  const one = removeLanguage(removeLanguage(three, "de"), "nb");
  assert.deepEqual([one.languages, one.questions[0]!.title], [["en"], "How likely?"]);
});

test("a survey's contrast is WCAG's", () => {
  assert.equal(contrast("#000000", "#ffffff"), 21);
  assert.ok(Math.abs(contrast("#767676", "#ffffff") - 4.54) < 0.01);
});

test("a score is drawn on the part of its scale that it moves in", () => {
  const row = (value: number | null, low = value, high = value) => ({ value, low, high, n: 40, distribution: {}, asked: 0, shown: 0, started: 0, finished: 0 });
  assert.deepEqual(scoreTicks([row(40, 34, 46), row(null), row(52, 47, 57)], [-100, 100]), [30, 40, 50, 60]);
  assert.deepEqual(scoreTicks([row(null)], [1, 7]), [1, 7]);
  assert.deepEqual(scoreTicks([row(-100, -100, -100)], [-100, 100]), [-100, -98]);
});

test("the silent of a group are those who were here and said nothing", () => {
  const query = coverageQuery({ range: { from: "2026-05-01", to: "2026-05-31" } }, "customer.plan");
  const silent = silentQuery(query, "pro") as { segment: { all: [unknown, { not: unknown }] } };
  assert.equal(silent.segment.all.length, 2);
  assert.ok("not" in silent.segment.all[1]);
  assert.equal(silentQuery(query, "(other)"), null);
});

test("words are sorted by closeness where some are looked for, and a side that is none asks nothing", () => {
  assert.equal(wordsQuery({ text: " late " }).sort, "relevance");
  assert.equal(wordsQuery({ side: "nonsense", kind: "review" }).where!.length, 1);
});

test("bins of times are said with whole edges", () => {
  assert.deepEqual([0, 3, 8, 11].map((bin) => binWords(bin)), ["under 1 s", "1 min to 5 min", "1 d to 3 d", "over 30 d"]);
  assert.equal(edgeWords(21_600_000), "6 h");
  const query = betweenQuery({ from: { event: "A" }, to: { event: "B" } })!;
  assert.equal(cellWords(query, { bin: 4 }, 2), "2 times from “A” to “B”, 5 min to 30 min");
  assert.equal(betweenQuery({ from: { event: "A" }, to: { event: "" } }), null);
});

test("stickiness is said by those who did it in more than half of the intervals", () => {
  const answer = { kind: "stickiness" as const, counts: [{ intervals: 1, customers: 50 }, { intervals: 2, customers: 30 }, { intervals: 3, customers: 20 }], partial: [], warnings: [], as_of: "", stats: { events_scanned: 0, customers: 0, elapsed_ms: 0 } };
  const query = habitQuery("stickiness", { interval: "week" });
  assert.equal(stickinessSummary(query, answer), "100 people did it; 50 of them (50.0%) in at least 2 of 3 weeks, 50 in one only.");
  assert.equal(stickinessSummary(query, { ...answer, counts: [] }), "Nothing in this range.");
});

test("lifecycle is said of the last interval that is over", () => {
  const answer = { kind: "lifecycle" as const, intervals: ["2026-05-04", "2026-05-11"], new: [3, 9], returning: [5, 9], resurrected: [1, 9], dormant: [2, 9], partial: ["2026-05-11"], warnings: [], as_of: "", stats: { events_scanned: 0, customers: 0, elapsed_ms: 0 } };
  assert.equal(lifecycleSummary(habitQuery("lifecycle", {}), answer), "In the week of Mon 4 May: 3 new, 5 again, 1 back after a pause; 2 went quiet.");
  assert.equal(lifecycleSummary(habitQuery("lifecycle", {}), { ...answer, partial: answer.intervals }), "Nothing in this range is over yet.");
});

test("a flow has its columns in order of time, whichever side was asked about", () => {
  const links = [{ depth: 1, from: "A", to: "B", count: 6, customers: 5 }, { depth: 2, from: "B", to: "A", count: 2, customers: 2 }, { depth: 1, from: "A", to: "C", count: 1, customers: 1 }];
  const base = { kind: "paths" as const, links, paths: [], depths: [{ depth: 0, count: 10, customers: 8 }], partial: [], warnings: [], as_of: "", stats: { events_scanned: 0, customers: 0, elapsed_ms: 0 } };
  const flow = flowOf(pathsQuery({ what: { event: "A" } })!, base);
  assert.deepEqual(flow.columns, ["A", "1 step later", "2 steps later"]);
  assert.deepEqual(flow.nodes.map((node) => [node.column, node.name, node.size]), [[0, "A", 10], [1, "B", 6], [2, "A", 2], [1, "C", 1]]);
  assert.deepEqual(flow.links.map(({ from, to }) => [from, to]), [[0, 1], [1, 2], [0, 3]]);
  const back = flowOf(pathsQuery({ what: { event: "A" }, side: "end" })!, { ...base, links: [{ depth: 1, from: "B", to: "A", count: 3, customers: 3 }, { depth: 2, from: "C", to: "B", count: 2, customers: 2 }] });
  assert.deepEqual(back.columns, ["2 steps before", "1 step before", "A"]);
  assert.deepEqual(back.nodes.map((node) => [node.column, node.name]), [[2, "A"], [1, "B"], [0, "C"]]);
  assert.deepEqual(flowOf(pathsQuery({ what: { event: "A" } })!, { ...base, links: [] }).links, []);
});

test("a group is a condition that keeps or leaves out exactly its values", () => {
  assert.deepEqual(groupConds("device", "phone"), [["device", "=", "phone"]]);
  assert.deepEqual(groupConds("device", "phone", true), [["device", "!=", "phone"]]);
  assert.deepEqual(groupConds("size", "5"), [["size", "in", ["5", 5]]]);
  assert.deepEqual(groupConds("gift", "true", true), [["gift", "not in", ["true", true]]]);
  assert.deepEqual(groupConds("plan", "(none)"), [["plan", "not set"]]);
  assert.deepEqual(groupConds("plan", "(none)", true), [["plan", "set"]]);
  assert.equal(groupConds("plan", "(other)"), null);
  assert.equal(groupConds({ by: "price", bins: [1] }, "<1"), null);
  assert.deepEqual(withMore({ event: "A", where: [["x", "=", 1]] }, [["x", "=", 1], ["y", "set"]]), { event: "A", where: [["x", "=", 1], ["y", "set"]] });
});
