// What can be done on the page that is open: its own buttons, by the names they bear. A page need not list them a
// second time, and none is forgotten.
import { cleanLine } from "../safe";

export interface HereAction {
  name: string;
  press: () => void;
}

const SKIP = ".opens, [role=tab], [role=option], .range-step, .palette-button, .event-name, .sort, [disabled]";

const nameOf = (element: HTMLElement): string => {
  const labelled = element.getAttribute("aria-label");
  if (labelled) return cleanLine(labelled).trim();
  const copy = element.cloneNode(true) as HTMLElement;
  for (const silent of copy.querySelectorAll("[aria-hidden=true]")) silent.remove();
  return cleanLine(copy.textContent).replace(/\s+/g, " ").trim();
};

/** Buttons and links that look like buttons; of those with one name the first. */
export function actionsHere(root: ParentNode = document): HereAction[] {
  const found = new Map<string, HereAction>();
  for (const element of root.querySelectorAll<HTMLElement>(".main button, .main a.button, .drawer-foot button")) {
    if (element.matches(SKIP) || element.closest("[inert], [role=dialog] .panel") || element.getClientRects().length === 0) continue;
    const name = nameOf(element);
    if (name.length > 1 && name.length <= 80 && !found.has(name)) found.set(name, { name, press: () => press(element) });
  }
  return [...found.values()];
}

function press(element: HTMLElement): void {
  element.focus();
  element.click();
}

/** Presses a button of that name as soon as the page has it; a page that never gets one is left as it is. */
export function pressWhenThere(name: string, withinMs = 5000): void {
  const until = performance.now() + withinMs;
  const look = () => {
    const hit = actionsHere().find((action) => action.name === name);
    if (hit) hit.press();
    else if (performance.now() < until) setTimeout(look, 50);
  };
  look();
}
