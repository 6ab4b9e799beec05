// Which number is open. It stands in the address (ev), so that a copied link opens it again and
// "back" closes it. What is shown is derived from the question and the cell, never from the link.
import { currentPlace, navigate } from "../router";
import type { Open, Query } from "../query/types";

export interface Evidence {
  /** The question the number came from. */
  q: Query;
  /** The cell. */
  o: Open;
  /** The number as it was shown. */
  n?: number;
  /** The instant whose snapshot answered. */
  a?: string;
}

let opener: Element | null = null;

export function readEvidence(search: string): Evidence | null {
  const text = new URLSearchParams(search).get("ev");
  if (!text) return null;
  try {
    const value = JSON.parse(text) as Evidence;
    if (!value || typeof value.q !== "object" || typeof value.q?.kind !== "string") return null;
    return { ...value, o: value.o && typeof value.o === "object" ? value.o : {} };
  } catch {
    return null;
  }
}

export function evidenceSearch(search: string, evidence: Evidence | null): string {
  const params = new URLSearchParams(search);
  params.delete("ev");
  const rest = search.replace(/^\?/, "").split("&").filter((pair) => pair && !pair.startsWith("ev=")).join("&");
  if (!evidence) return rest ? `?${rest}` : "";
  return `?${rest ? `${rest}&` : ""}ev=${encodeURIComponent(JSON.stringify(evidence))}`;
}

export function openEvidence(evidence: Evidence): void {
  const before = readEvidence(currentPlace().search);
  if (!before) opener = document.activeElement;
  const { path, search } = currentPlace();
  navigate(path + evidenceSearch(search, evidence), before !== null);
}

export function closeEvidence(): void {
  const { path, search } = currentPlace();
  navigate(path + evidenceSearch(search, null), true);
  if (opener instanceof HTMLElement && opener.isConnected) opener.focus();
  else document.getElementById("main")?.focus({ preventScroll: true });
  opener = null;
}

export const sameCell = (a: Evidence | null, q: Query, o: Open): boolean =>
  a !== null && JSON.stringify(a.o) === JSON.stringify(o) && JSON.stringify(a.q) === JSON.stringify(q);
