// Starter funnels, guessed from the names of events that exist.
import type { NameRow } from "../../api/types";

// The usual ways, as what a name would hold. The first match of each, most frequent first.
const WAYS: RegExp[][] = [
  [/view(ed)?$|^view|product view|page.?view/i, /cart|basket|product added/i, /checkout|delivery|shipping/i, /order (completed|placed)|purchase|paid|payment (done|succeeded|completed)/i],
  [/visit|landing|page.?view|^page$/i, /sign.?up|register|account created/i, /onboard|activat|first/i, /subscri|upgrade|trial (started|converted)|paid/i],
  [/search/i, /view|open|click/i, /cart|basket|save|book/i, /order|purchase|booked|paid/i],
];
const MOST = 3;

export function guessFunnels(names: NameRow[]): string[][] {
  const byCount = [...names].sort((a, b) => b.count - a.count || (a.name < b.name ? -1 : 1)).map((row) => row.name);
  const found: string[][] = [];
  for (const way of WAYS) {
    const steps: string[] = [];
    for (const pattern of way) {
      const hit = byCount.find((name) => pattern.test(name) && !steps.includes(name));
      if (hit) steps.push(hit);
    }
    if (steps.length >= 2 && !found.some((other) => other.join() === steps.join())) found.push(steps);
  }
  return found.slice(0, MOST);
}
