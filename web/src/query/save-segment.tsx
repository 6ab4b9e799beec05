// Gives a segment a name, so that it can be used everywhere.
import { useState } from "preact/hooks";
import { ApiError, api } from "../api/client";
import { Button, Problem } from "../parts/basic";
import { Dialog } from "../parts/dialog";
import { TextField } from "../parts/field";
import { toast } from "../parts/toast";
import { t } from "../strings";
import type { Segment } from "./types";
import { segmentWords } from "./words";

export function SaveSegment({ segment, onClose, onSaved }: { segment: Segment; onClose: () => void; onSaved?: (name: string) => void }) {
  const [name, setName] = useState("");
  const [error, setError] = useState<ApiError>();
  const save = async (event: Event) => {
    event.preventDefault();
    try {
      const body = typeof segment === "string" ? { in: segment } : segment;
      await api.saveSegment(name.trim(), body);
      toast(t("segment.saved", { name: name.trim() }));
      onSaved?.(name.trim());
      onClose();
    } catch (problem) {
      if (problem instanceof ApiError) setError(problem);
    }
  };
  return (
    <Dialog title={t("segment.save")} onClose={onClose}>
      <form onSubmit={(event) => void save(event)} class="stack">
        <p class="dim">{t("segment.people.who", { what: segmentWords(segment) })}</p>
        <TextField label={t("segment.name")} value={name} onInput={setName} required autofocus />
        {error && <Problem error={error} />}
        <p class="row end">
          <Button look="quiet" onClick={onClose}>
            {t("cancel")}
          </Button>
          <Button type="submit" look="primary" disabled={!name.trim()}>
            {t("segment.save.do")}
          </Button>
        </p>
      </form>
    </Dialog>
  );
}
