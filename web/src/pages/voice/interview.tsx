// An interview: what a customer said when somebody talked to them, with their consent, and the words that matter.
import { useRef, useState } from "preact/hooks";
import { ApiError, api } from "../../api/client";
import { Button, Note, Problem, Quote } from "../../parts/basic";
import { Dialog } from "../../parts/dialog";
import { TextField } from "../../parts/field";
import { customerHref } from "../../parts/person";
import { toast } from "../../parts/toast";
import { t } from "../../strings";

interface Kept {
  interview: string;
  customer: string;
  text: string;
}

export function InterviewDialog({ onClose }: { onClose: () => void }) {
  const [kept, setKept] = useState<Kept | null>(null);
  return (
    <Dialog title={t(kept ? "interview.pick" : "interview.add")} onClose={onClose} wide>
      {kept ? <Highlights kept={kept} onClose={onClose} /> : <Notes onKept={setKept} onClose={onClose} />}
    </Dialog>
  );
}

function Notes({ onKept, onClose }: { onKept: (kept: Kept) => void; onClose: () => void }) {
  const [customer, setCustomer] = useState("");
  const [title, setTitle] = useState("");
  const [text, setText] = useState("");
  const [participants, setParticipants] = useState("");
  const [consent, setConsent] = useState("");
  const [error, setError] = useState<ApiError | null>(null);
  const [busy, setBusy] = useState(false);
  // Sent again after a failure, it is the same interview.
  const id = useRef(`i_${crypto.randomUUID?.() ?? String(Date.now())}`);
  const keep = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      const names = participants.split(",").map((name) => name.trim()).filter(Boolean);
      const made = await api.addInterview({
        id: id.current, customer: customer.trim(), text,
        ...(title.trim() ? { title: title.trim() } : {}), ...(names.length ? { participants: names } : {}), ...(consent.trim() ? { consent: consent.trim() } : {}),
      });
      onKept({ interview: made.interview, customer: made.customer, text });
    } catch (problem) {
      if (problem instanceof ApiError) setError(problem);
    } finally {
      setBusy(false);
    }
  };
  return (
    <form class="stack" onSubmit={(event) => void keep(event)}>
      <div class="two-fields">
        <TextField label={t("interview.customer")} value={customer} onInput={setCustomer} hint={t("interview.customer.hint")} required autofocus />
        <TextField label={t("interview.title")} value={title} onInput={setTitle} />
      </div>
      <label class="field">
        <span>{t("interview.notes")}</span>
        <textarea class="input notes" rows={10} value={text} onInput={(event) => setText(event.currentTarget.value)} required maxLength={500_000} />
      </label>
      <div class="two-fields">
        <TextField label={t("interview.participants")} value={participants} onInput={setParticipants} hint={t("interview.participants.hint")} />
        <TextField label={t("interview.consent")} value={consent} onInput={setConsent} hint={t("interview.consent.hint")} />
      </div>
      {error && <Problem error={error} />}
      <p class="row end">
        <Button look="quiet" onClick={onClose}>
          {t("cancel")}
        </Button>
        <Button type="submit" look="primary" disabled={busy || !customer.trim() || !text.trim()}>
          {t("interview.keep")}
        </Button>
      </p>
    </form>
  );
}

function Highlights({ kept, onClose }: { kept: Kept; onClose: () => void }) {
  const [picked, setPicked] = useState<string[]>([]);
  const [error, setError] = useState<ApiError | null>(null);
  const area = useRef<HTMLTextAreaElement>(null);
  const pick = async () => {
    const field = area.current;
    const quote = field ? field.value.slice(field.selectionStart, field.selectionEnd).trim() : "";
    if (!quote) {
      toast(t("interview.pick.none"));
      return;
    }
    setError(null);
    try {
      await api.addHighlight({ customer: kept.customer, interview: kept.interview, quote });
      setPicked([...picked, quote]);
    } catch (problem) {
      if (problem instanceof ApiError) setError(problem);
    }
  };
  return (
    <div class="stack">
      <Note tone="good">
        <p>
          {t("interview.kept")} <a href={customerHref(kept.customer)}>{t("one.read")}</a>
        </p>
      </Note>
      <label class="field">
        <span>{t("interview.pick.how")}</span>
        <textarea class="input notes" rows={10} value={kept.text} readOnly ref={area} />
      </label>
      {error && <Problem error={error} />}
      <ul class="plain stack">
        {picked.map((quote, index) => (
          <li key={index}>
            <Quote text={quote} size="s" />
          </li>
        ))}
      </ul>
      <p class="row end">
        <Button icon="save" onClick={() => void pick()}>
          {t("interview.pick.do")}
        </Button>
        <Button look="primary" onClick={onClose}>
          {t("interview.done")}
        </Button>
      </p>
    </div>
  );
}
