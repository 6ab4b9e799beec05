// Where a note lies on an axis of intervals, and which of them stand too close to each other to be told apart.
import type { Note } from "../api/types";
import { dayStart, isDateLabel } from "../format";
import { intervalEnd } from "../query/range";
import type { IntervalName } from "../query/types";

/** A note on an axis whose point n stands in the middle of interval n. */
export interface Mark {
  note: Note;
  at: number;
  /** Where it ended, for what lasted. */
  until?: number;
}

const startOf = (label: string): number => (isDateLabel(label) ? dayStart(label) : Date.parse(label));

function endOf(label: string, interval: IntervalName): number {
  if (!isDateLabel(label)) return Date.parse(label) + 3_600_000;
  return dayStart(intervalEnd(label, interval));
}

/** The beginnings of the intervals, and the end of the last. */
export function edgesOf(labels: string[], interval: IntervalName): number[] {
  if (labels.length === 0) return [];
  return [...labels.map(startOf), endOf(labels.at(-1)!, interval)];
}

/** Between -0.5, where the first begins, and one half past the last; null outside. */
export function placeOf(instant: number, edges: number[]): number | null {
  const count = edges.length - 1;
  if (count < 1 || instant < edges[0]! || instant >= edges[count]!) return null;
  let at = edges.findIndex((edge) => edge > instant) - 1;
  if (at < 0) at = count - 1;
  return at - 0.5 + (instant - edges[at]!) / (edges[at + 1]! - edges[at]!);
}

export function marksOf(notes: Note[], labels: string[], interval: IntervalName): Mark[] {
  const edges = edgesOf(labels, interval);
  const [first, last] = [-0.5, labels.length - 0.5];
  const list: Mark[] = [];
  for (const note of notes) {
    const at = placeOf(Date.parse(note.at), edges);
    const until = note.until ? Date.parse(note.until) : null;
    if (until === null) {
      if (at !== null) list.push({ note, at });
    } else if (labels.length > 0 && until > edges[0]! && Date.parse(note.at) < edges.at(-1)!) {
      list.push({ note, at: at ?? first, until: placeOf(until, edges) ?? last });
    }
  }
  return list;
}

/** Neighbours that would lie on each other stand together. */
export function clusters(marks: Mark[], x: (at: number) => number, least: number): { x: number; marks: Mark[] }[] {
  const list: { x: number; marks: Mark[] }[] = [];
  for (const mark of [...marks].sort((a, b) => a.at - b.at)) {
    const here = x(mark.at);
    const last = list.at(-1);
    if (last && here - last.x < least) last.marks.push(mark);
    else list.push({ x: here, marks: [mark] });
  }
  return list;
}
