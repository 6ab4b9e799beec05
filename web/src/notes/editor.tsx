// Writes, changes or deletes one note.
import { useState } from "preact/hooks";
import { ApiError, api } from "../api/client";
import type { Note, NoteKind } from "../api/types";
import { dayLabel, formatClock, orgZone } from "../format";
import { Button, Problem } from "../parts/basic";
import { Dialog } from "../parts/dialog";
import { Select, TextField } from "../parts/field";
import { toast } from "../parts/toast";
import { t } from "../strings";

const KINDS: NoteKind[] = ["release", "incident", "campaign", "other"];

/** What the form holds: days and a clock of the organisation's zone, as they are read. */
interface Form {
  day: string;
  clock: string;
  until: string;
}

function formOf(note: Note | undefined, day: string): Form {
  if (!note) return { day, clock: "", until: "" };
  const clock = formatClock(note.at);
  return { day: dayLabel(note.at), clock: clock === "00:00" ? "" : clock, until: note.until ? dayLabel(Date.parse(note.until) - 1) : "" };
}

export function NoteEditor({ note, day, onClose, onDone }: { note: Note | undefined; day: string; onClose: () => void; onDone: () => void }) {
  const before = formOf(note, day);
  const [form, setForm] = useState(before);
  const [text, setText] = useState(note?.text ?? "");
  const [kind, setKind] = useState<NoteKind>(note?.kind ?? "release");
  const [error, setError] = useState<ApiError>();
  const change = (changes: Partial<Form>) => setForm({ ...form, ...changes });
  // What was not touched keeps the very instant that it had.
  const at = note && form.day === before.day && form.clock === before.clock ? note.at : form.clock ? `${form.day} ${form.clock}` : form.day;
  const until = note && form.until === before.until ? note.until : form.until || null;

  const save = async (event: Event) => {
    event.preventDefault();
    const body = { at, until, kind, text };
    try {
      await (note ? api.saveNote(note.id, body) : api.addNote(body));
      toast(t(note ? "note.changed" : "note.added"));
      onDone();
    } catch (problem) {
      if (problem instanceof ApiError) setError(problem);
    }
  };
  const remove = async () => {
    if (!note) return;
    try {
      await api.deleteNote(note.id);
      toast(t("note.deleted"), () => {
        void api.addNote({ at: note.at, until: note.until, kind: note.kind, text: note.text }).then(onDone);
      });
      onDone();
    } catch (problem) {
      if (problem instanceof ApiError) setError(problem);
    }
  };
  return (
    <Dialog title={t(note ? "note.change" : "note.add")} onClose={onClose}>
      <form class="stack" onSubmit={(event) => void save(event)}>
        <TextField label={t("note.text")} value={text} onInput={setText} required autofocus placeholder={t("note.example")} />
        <Select label={t("note.kind")} value={kind} onChange={setKind} options={KINDS.map((each) => ({ value: each, text: t(`note.kind.${each}`) }))} />
        <div class="note-times">
          <TextField label={t("note.day")} type="date" value={form.day} onInput={(value) => change({ day: value })} required />
          <TextField label={t("note.clock")} type="time" value={form.clock} onInput={(clock) => change({ clock })} />
          <TextField label={t("note.until")} type="date" value={form.until} onInput={(value) => change({ until: value })} />
        </div>
        <p class="small dim">{note ? t("note.by", { owner: note.owner, zone: orgZone() }) : t("note.zone", { zone: orgZone() })}</p>
        {error && <Problem error={error} />}
        <p class="row end">
          {note && (
            <Button look="quiet" class="start" onClick={() => void remove()}>
              {t("note.delete")}
            </Button>
          )}
          <Button look="quiet" onClick={onClose}>
            {t("cancel")}
          </Button>
          <Button type="submit" look="primary" disabled={!text.trim() || !form.day}>
            {t("note.save")}
          </Button>
        </p>
      </form>
    </Dialog>
  );
}
