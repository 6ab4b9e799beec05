// Notes on charts: what happened that the numbers alone do not say. A lane above the chart holds them; a press on its
// empty part, or N at a point, writes one.
import type { ComponentChildren } from "preact";
import { useMemo, useState } from "preact/hooks";
import { api } from "../api/client";
import { useLoad } from "../api/hooks";
import type { Note } from "../api/types";
import { dayLabel, formatClock, formatDate, todayLabel } from "../format";
import { Button } from "../parts/basic";
import { Dialog } from "../parts/dialog";
import { Icon } from "../parts/icon";
import { DEFAULT_RANGE, rangeDays } from "../query/range";
import type { IntervalName, Range } from "../query/types";
import { cleanLine } from "../safe";
import { t } from "../strings";
import { NoteEditor } from "./editor";
import { clusters, marksOf, type Mark } from "./place";

export interface ChartNotes {
  marks: Mark[];
  /** Opens what stands at one place. */
  open: (marks: Mark[]) => void;
  /** Writes one on the day of an interval; today where none is given. */
  add: (label?: string) => void;
  /** What is open at the moment, to be put beside the chart. */
  dialog: ComponentChildren;
}

export const noteWhen = (note: Note): string => {
  const day = formatDate(note.at);
  const clock = formatClock(note.at);
  const from = clock === "00:00" ? day : `${day}, ${clock}`;
  if (!note.until) return from;
  return t("note.from.to", { from, to: formatDate(Date.parse(note.until) - 1) });
};

export function useChartNotes(range: Range | undefined, labels: string[], interval: IntervalName): ChartNotes {
  const days = rangeDays(range ?? DEFAULT_RANGE);
  const load = useLoad(`notes ${days.from} ${days.to}`, (signal) => api.notes(days.from, days.to, signal));
  const [opened, setOpened] = useState<Note[] | null>(null);
  const [editing, setEditing] = useState<{ note?: Note; day: string } | null>(null);
  const notes = load.data?.notes;
  const marks = useMemo(() => marksOf(notes ?? [], labels, interval), [notes, labels, interval]);
  const done = () => {
    setEditing(null);
    setOpened(null);
    load.reload();
  };
  return {
    marks,
    open: (list) => (list.length === 1 ? setEditing({ note: list[0]!.note, day: dayLabel(list[0]!.note.at) }) : setOpened(list.map((mark) => mark.note))),
    add: (label) => setEditing({ day: label?.slice(0, 10) ?? todayLabel() }),
    dialog: (
      <>
        {opened && !editing && (
          <Dialog title={t("notes")} onClose={() => setOpened(null)}>
            <ul class="plain menu">
              {opened.map((note) => (
                <li key={note.id}>
                  <button type="button" class="menu-item note-item" onClick={() => setEditing({ note, day: dayLabel(note.at) })}>
                    <b>{cleanLine(note.text)}</b>
                    <small class="dim">
                      {t(`note.kind.${note.kind}`)} · {noteWhen(note)}
                    </small>
                  </button>
                </li>
              ))}
            </ul>
          </Dialog>
        )}
        {editing && <NoteEditor note={editing.note} day={editing.day} onClose={() => setEditing(null)} onDone={done} />}
      </>
    ),
  };
}

export const pictureMarks = (notes: ChartNotes): { at: number; text: string }[] => notes.marks.map((mark) => ({ at: mark.at, text: cleanLine(mark.note.text) }));

export const NoteButton = ({ notes }: { notes: ChartNotes }) => (
  <Button look="quiet" icon="flag" onClick={() => notes.add()}>
    {t("note.add")}
  </Button>
);

const LEAST = 26;

/** The lane above a chart: a flag at each place, its words as far as there is room. */
export function NoteLane({ notes, x, left, right, at }: { notes: ChartNotes; x: (at: number) => number; left: number; right: number; at: (x: number) => string | undefined }) {
  const list = clusters(notes.marks, x, LEAST);
  return (
    <div
      class="note-lane"
      title={t("note.lane")}
      onClick={(event) => {
        if (event.target !== event.currentTarget) return;
        notes.add(at(event.clientX - event.currentTarget.getBoundingClientRect().left));
      }}
    >
      {list.map((cluster, index) => {
        const from = Math.max(left, Math.min(right - 24, cluster.x - 12));
        const room = (list[index + 1] ? Math.min(right, list[index + 1]!.x - 14) : right) - from;
        const one = cluster.marks.length === 1 ? cluster.marks[0]!.note : null;
        const words = one ? cleanLine(one.text) : t("note.many", { n: cluster.marks.length });
        return (
          <button
            key={cluster.marks[0]!.note.id}
            type="button"
            class={one ? `note-flag ${one.kind}` : "note-flag"}
            style={{ left: `${from}px`, maxWidth: `${Math.max(24, room)}px` }}
            title={one ? `${words} · ${noteWhen(one)}` : cluster.marks.map((mark) => cleanLine(mark.note.text)).join(", ")}
            aria-label={one ? t("note.open", { kind: t(`note.kind.${one.kind}`), text: words, when: noteWhen(one) }) : t("note.open.many", { n: cluster.marks.length })}
            onClick={() => notes.open(cluster.marks)}
          >
            <Icon name="flag" small />
            {room > 56 && <span>{words}</span>}
          </button>
        );
      })}
    </div>
  );
}
