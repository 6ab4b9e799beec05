// Who is counted, as chips: everyone, a saved segment, or one built on the spot.
import { useState } from "preact/hooks";
import { api } from "../api/client";
import { useLoad } from "../api/hooks";
import type { CustomersAnswer } from "../api/types";
import { useAnswer } from "../api/hooks";
import { formatNumber } from "../format";
import { useKey } from "../keys";
import { Button } from "../parts/basic";
import { Dialog } from "../parts/dialog";
import { Icon } from "../parts/icon";
import { Popover } from "../parts/popover";
import { t } from "../strings";
import { SaveSegment } from "./save-segment";
import { fromDraft, SegmentEditor, toDraft } from "./segment-editor";
import type { Segment } from "./types";
import { segmentWords } from "./words";

interface Props {
  segment: Segment | undefined;
  onChange: (segment: Segment | undefined) => void;
}

export function SegmentChips({ segment, onChange }: Props) {
  const [editing, setEditing] = useState(false);
  useKey("e", () => setEditing(true));
  return (
    <>
      <Popover
        label={t("segment.pick")}
        button={(props) => (
          <button type="button" class={segment === undefined ? "chip" : "chip on"} {...props}>
            <span class="clip">{segmentWords(segment)}</span>
            <Icon name="down" small />
          </button>
        )}
      >
        {(close) => (
          <Saved
            segment={segment}
            onPick={(next) => {
              onChange(next);
              close();
            }}
          />
        )}
      </Popover>
      <button type="button" class="chip add" aria-label={t(segment === undefined ? "segment.new" : "segment.edit")} onClick={() => setEditing(true)}>
        <Icon name="plus" small />
        <span class="wide-only">{segment === undefined ? t("segment.new") : t("segment.edit")}</span>
      </button>
      {editing && (
        <EditSegment
          segment={segment}
          onClose={() => setEditing(false)}
          onChange={(next) => {
            onChange(next);
            setEditing(false);
          }}
        />
      )}
    </>
  );
}

function Saved({ segment, onPick }: { segment: Segment | undefined; onPick: (segment: Segment | undefined) => void }) {
  const saved = useLoad("segments", () => api.segments());
  return (
    <ul class="plain menu">
      <li>
        <button type="button" class="menu-item" aria-pressed={segment === undefined} onClick={() => onPick(undefined)}>
          {t("segment.everyone")}
        </button>
      </li>
      {(saved.data?.segments ?? []).map((each) => (
        <li key={each.name}>
          <button type="button" class="menu-item" aria-pressed={segment === each.name} onClick={() => onPick(each.name)} title={segmentWords(each.segment as Segment)}>
            {each.name}
          </button>
        </li>
      ))}
      {saved.data?.segments.length === 0 && <li class="dim small menu-note">{t("segment.none.saved")}</li>}
    </ul>
  );
}

export function EditSegment({ segment, onChange, onClose }: Props & { onClose: () => void }) {
  const start = toDraft(segment);
  const [draft, setDraft] = useState(start.rows.length ? start : { mode: "all" as const, rows: [{ not: false, is: { did: { event: "" }, within: "30d" } }] });
  const [saving, setSaving] = useState(false);
  const made = fromDraft(draft);
  const count = useAnswer<CustomersAnswer>({ kind: "customers", limit: 1, ...(made === undefined ? {} : { segment: made }) });
  return (
    <Dialog title={t("segment.people.title")} onClose={onClose} wide>
      <div class="stack">
        <SegmentEditor draft={draft} onChange={setDraft} />
        <p class="segment-count" role="status">
          {count.error ? t("segment.count.failed", { why: count.error.problem.detail ?? count.error.problem.title }) : count.data ? t("segment.count", { n: count.data.total, shown: formatNumber(count.data.total) }) : t("loading")}
          {count.data && <span class="dim small"> {t("segment.live", { ms: formatNumber(count.data.stats.elapsed_ms) })}</span>}
        </p>
        <p class="row end wrap">
          <Button look="quiet" icon="save" disabled={made === undefined || typeof made === "string"} onClick={() => setSaving(true)}>
            {t("segment.save")}
          </Button>
          <Button look="primary" onClick={() => onChange(made)}>
            {t("segment.apply")}
          </Button>
        </p>
      </div>
      {saving && made !== undefined && <SaveSegment segment={made} onClose={() => setSaving(false)} onSaved={(name) => onChange(name)} />}
    </Dialog>
  );
}
