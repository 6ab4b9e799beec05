// All that the palette can show for what was typed, in groups, best first.
import type { FoundCustomer } from "../api/types";
import type { IconName } from "../parts/icon";
import { customerHref, faceOf, factsOf, type Face } from "../parts/person";
import { dashboardHref } from "../pages/dashboards/state";
import { viewHref } from "../pages/journeys/views";
import { parseRange } from "../query/range";
import { daysWords, rangeWords } from "../query/words";
import { currentPlace, navigate } from "../router";
import { toSearch } from "../query/url";
import { cleanLine } from "../safe";
import { t, type Key } from "../strings";
import { applyRange, rangeApplies } from "./dates";
import type { Command } from "./commands";
import type { Names } from "./found";
import type { HereAction } from "./here";
import { bestScore, score } from "./match";
import { recent } from "./recent";

export interface Entry {
  key: string;
  name: string;
  note?: string;
  icon?: IconName;
  face?: Face;
  keys?: string;
  run: () => void;
}
export interface Group {
  key: string;
  title: string;
  entries: Entry[];
}

interface Scored {
  entry: Entry;
  score: number;
}

const MOST: Record<string, number> = { recent: 5, dates: 1, go: 7, people: 8, segments: 5, views: 5, dashboards: 4, surveys: 4, events: 6, do: 7, here: 8, search: 2 };

const best = (list: Scored[]): Scored[] => list.filter((each) => each.score > 0).sort((a, b) => b.score - a.score);

function group(key: keyof typeof MOST, list: Scored[]): { group: Group; score: number } | null {
  const sorted = best(list);
  if (sorted.length === 0) return null;
  return { group: { key, title: t(`palette.${key}` as Key), entries: sorted.slice(0, MOST[key]).map((each) => each.entry) }, score: sorted[0]!.score };
}

const commandEntry = (command: Command): Entry => ({ key: command.key, name: command.name, icon: command.icon, keys: command.keys, run: command.run });

function person(found: FoundCustomer): Entry {
  const face = faceOf(found.id, found.traits, found.known);
  const matched = found.matched && found.matched.value !== found.id && face.name !== found.matched.value ? cleanLine(found.matched.value) : cleanLine(found.id);
  return { key: `customer ${found.id}`, name: face.name, face, note: [...factsOf(found, 1), ...(face.name === matched ? [] : [matched])].join(" · "), run: () => navigate(customerHref(found.id)) };
}

function dates(typed: string): Scored[] {
  const range = parseRange(typed);
  if (!range) return [];
  const days = daysWords(range);
  const words = rangeWords(range);
  return [{
    score: 96,
    entry: {
      key: "range",
      name: t(rangeApplies(currentPlace().path) ? "palette.range" : "palette.range.trends", { range: words === days ? days : `${words}, ${days}` }),
      icon: "right",
      run: () => applyRange(range),
    },
  }];
}

export function entriesFor(typed: string, commands: Command[], here: HereAction[], names: Names, people: FoundCustomer[]): Group[] {
  const wanted = typed.trim();
  const hereEntries = (at: (name: string) => number): Scored[] => here.map((action) => ({ score: at(action.name), entry: { key: `here ${action.name}`, name: action.name, icon: "right", run: action.press } }));
  if (!wanted) {
    const last = recent().map((key) => commands.find((command) => command.key === key)).filter((command) => command !== undefined);
    const rest = commands.filter((command) => !last.includes(command));
    return [
      group("recent", last.map((command, index) => ({ score: 50 - index, entry: commandEntry(command) }))),
      group("go", rest.filter((each) => each.group === "go").map((command) => ({ score: 1, entry: commandEntry(command) }))),
      group("do", rest.filter((each) => each.group === "do").map((command) => ({ score: 1, entry: commandEntry(command) }))),
      group("here", hereEntries(() => 1)),
    ].filter((each) => each !== null).map((each) => each.group);
  }
  const commandScore = (command: Command): number => bestScore(wanted, command.name, command.also);
  const found = [
    group("dates", dates(wanted)),
    group("go", commands.filter((each) => each.group === "go").map((command) => ({ score: commandScore(command), entry: commandEntry(command) }))),
    group("people", people.map((each, index) => ({ score: 89 - index, entry: person(each) }))),
    group("segments", names.segments.map((each) => ({ score: score(wanted, each.name), entry: { key: `segment ${each.name}`, name: cleanLine(each.name), icon: "filter", run: () => navigate(`/customers?${toSearch({ segment: each.name })}`) } }))),
    group("views", names.views.map((each) => ({ score: score(wanted, each.name), entry: { key: `view ${each.id}`, name: cleanLine(each.name), note: t("view.by", { owner: cleanLine(each.owner) }), icon: "save", run: () => navigate(viewHref(each)) } }))),
    group("dashboards", names.dashboards.map((each) => ({ score: score(wanted, each.name), entry: { key: `dashboard ${each.id}`, name: cleanLine(each.name), note: t("view.by", { owner: cleanLine(each.owner) }), icon: "dashboard", run: () => navigate(dashboardHref(each.id)) } }))),
    group("surveys", names.surveys.map((each) => ({ score: score(wanted, each.name), entry: { key: `survey ${each.id}`, name: cleanLine(each.name), icon: "survey", run: () => navigate(`/surveys/${encodeURIComponent(each.id)}`) } }))),
    group("events", names.events.map((each) => ({ score: score(wanted, each.name), entry: { key: `event ${each.name}`, name: cleanLine(each.name), note: t("palette.event.note"), icon: "journeys", run: () => navigate(`/journeys/trends?${toSearch({ series: [{ event: each.name, measure: "customers" }] })}`) } }))),
    group("do", commands.filter((each) => each.group === "do").map((command) => ({ score: commandScore(command), entry: commandEntry(command) }))),
    group("here", hereEntries((name) => score(wanted, name) * 0.95)),
  ].filter((each) => each !== null);
  found.sort((a, b) => b.score - a.score);
  return [...found.map((each) => each.group), searches(wanted)];
}

/** What every text can be looked for in, always last. */
function searches(typed: string): Group {
  return {
    key: "search",
    title: t("palette.search"),
    entries: [
      { key: "search customers", name: t("palette.search.customers", { text: typed }), icon: "customers", run: () => navigate(`/customers?${toSearch({ search: typed })}`) },
      { key: "search words", name: t("palette.search.words", { text: typed }), icon: "voice", run: () => navigate(`/voice?${toSearch({ text: typed })}`) },
    ],
  };
}
