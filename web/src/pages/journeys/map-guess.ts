// The stages of a journey, guessed from the names of events that exist.
import type { NameRow } from "../../api/types";
import type { Stage } from "./state";

export type GuessName = "find" | "join" | "start" | "choose" | "pay" | "buy" | "receive" | "use" | "return";

// In the order in which they are lived through; of each the most frequent event that is not another's already.
const STAGES: [GuessName, RegExp][] = [
  ["find", /view(ed)?$|^view|visit|landing|page.?view|^page$|search/i],
  ["join", /sign.?up|regist|account created/i],
  ["start", /onboard|activat|trial/i],
  ["choose", /cart|basket|added|wish|save/i],
  ["pay", /checkout|payment|billing/i],
  ["buy", /order (completed|placed)|purchase|booked|subscri|upgrade|^paid/i],
  ["receive", /deliver|shipped|received|installed/i],
  ["use", /planned|created|used|played|opened/i],
  ["return", /return|refund|cancel/i],
];
/** What happens to somebody rather than being done by them is no stage. */
const NOT = /fail|error|declin|timeout|feedback|consent|chosen|removed/i;

/** At least three stages, or none: fewer are no journey. */
export function guessStages(names: NameRow[], nameOf: (stage: GuessName) => string): Stage[] {
  const byCount = [...names].sort((a, b) => b.count - a.count || (a.name < b.name ? -1 : 1)).map((row) => row.name).filter((name) => !NOT.test(name));
  const stages: Stage[] = [];
  for (const [stage, pattern] of STAGES) {
    const event = byCount.find((name) => pattern.test(name) && !stages.some((other) => other.event === name));
    if (event) stages.push({ event, name: nameOf(stage) });
  }
  return stages.length >= 3 ? stages : [];
}
