// Quotes that a reader picked, to take along. They stay until the tab is closed, in this browser only.
import type { Verbatim } from "../../api/types";
import { formatDate } from "../../format";
import { cleanText } from "../../safe";
import { makeStore } from "../../store";

const NAME = "firsthand.picks";
const MOST = 200;

function kept(): Verbatim[] {
  try {
    const list = JSON.parse(sessionStorage.getItem(NAME) ?? "[]") as unknown;
    return Array.isArray(list) ? (list as Verbatim[]).filter((each) => each && typeof each.id === "string") : [];
  } catch {
    return [];
  }
}

export const picks = makeStore<Verbatim[]>(typeof sessionStorage === "undefined" ? [] : kept());

export function setPicks(list: Verbatim[]): void {
  const next = list.slice(-MOST);
  try {
    sessionStorage.setItem(NAME, JSON.stringify(next));
  } catch {
    // Without room they stay for as long as the page does.
  }
  picks.set(next);
}

export function togglePick(verbatim: Verbatim): void {
  const list = picks.get();
  setPicks(list.some((each) => each.id === verbatim.id) ? list.filter((each) => each.id !== verbatim.id) : [...list, verbatim]);
}

/** One quote to a paragraph, with where and when; who said it stays behind. */
export const picksText = (list: Verbatim[], channel: (name: string | null) => string): string =>
  list.map((each) => `“${cleanText(each.text)}”\n${channel(each.channel)}, ${formatDate(each.ts)}`).join("\n\n");
