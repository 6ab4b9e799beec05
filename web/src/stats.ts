// The little statistics that the interface does itself; everything else comes from the server.

/** Wilson's interval of a share, 95 % (Wilson 1927). */
export function wilson(hits: number, n: number): { low: number; high: number } | null {
  if (n <= 0) return null;
  const z = 1.959963984540054;
  const p = hits / n;
  const centre = p + (z * z) / (2 * n);
  const half = z * Math.sqrt((p * (1 - p)) / n + (z * z) / (4 * n * n));
  const scale = 1 + (z * z) / n;
  return { low: Math.max(0, (centre - half) / scale), high: Math.min(1, (centre + half) / scale) };
}

export type Verdict = "few" | "none" | "more" | "fewer";

/** Two counts need this many between them before a change is spoken of. */
export const LEAST_FOR_CHANGE = 20;

/** Whether a count clearly changed: two Poisson counts over equal times, conditional on their sum,
 *  with the square-root transform, at 99 % because many names are looked at together. */
export function countChange(now: number, before: number): Verdict {
  if (now + before < LEAST_FOR_CHANGE) return "few";
  const z = 2 * (Math.sqrt(now + 0.375) - Math.sqrt(before + 0.375)) / Math.SQRT2;
  if (Math.abs(z) < 2.576) return "none";
  return z > 0 ? "more" : "fewer";
}

/** How surprising the change is, to order by; 0 when there is too little. */
export function changeWeight(now: number, before: number): number {
  if (now + before < LEAST_FOR_CHANGE) return 0;
  return Math.abs(Math.sqrt(now + 0.375) - Math.sqrt(before + 0.375));
}
