// A look at one customer without leaving the list: who, and what happened last.
import { api } from "../api/client";
import { useLoad } from "../api/hooks";
import { keyCap, keyFor } from "../keys";
import { Empty, Kind, Moment, Problem, Quote, Skeleton } from "../parts/basic";
import { Dialog } from "../parts/dialog";
import { Avatar, customerHref, faceOf, factsOf } from "../parts/person";
import { ScoreChip } from "../parts/score";
import { isBookkeeping, sideOf } from "../pages/customer/fold";
import { nameWords } from "../pages/customer/timeline";
import { t } from "../strings";

const EVENTS = 8;

export function Peek({ id, onClose, onMove }: { id: string; onClose: () => void; onMove: (step: 1 | -1) => void }) {
  const load = useLoad(id, (signal) => Promise.all([api.customer(id, signal), api.timeline(id, { limit: EVENTS * 2 }, signal)]));
  const [person, page] = load.data ?? [];
  const face = faceOf(id, person?.traits, person?.known);
  const onKeyDown = (event: KeyboardEvent) => {
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (event.target instanceof HTMLButtonElement && key === " ") return;
    const step = key === keyFor("j") ? 1 : key === keyFor("k") ? -1 : 0;
    if (!step && key !== keyFor(" ")) return;
    event.preventDefault();
    if (step) onMove(step);
    else onClose();
  };
  return (
    <div onKeyDown={onKeyDown}>
      <Dialog title={t("peek.title", { name: face.name })} onClose={onClose}>
        <div class="stack" aria-busy={load.loading}>
          {load.error && <Problem error={load.error} retry={load.reload} />}
          {!person && !load.error && <Skeleton rows={6} height={260} />}
          {person && page && (
            <>
              <p class="row">
                <Avatar face={face} size="m" />
                <span>
                  <a class="strong" href={customerHref(person.id)} onClick={onClose} dir="auto">
                    {face.name}
                  </a>
                  <br />
                  <span class="small dim">{[...factsOf({ id: person.id, traits: person.traits }, 3), t("customer.events", { n: person.events })].join(" · ")}</span>
                </span>
              </p>
              {page.events.length === 0 && <Empty>{t("timeline.empty")}</Empty>}
              <ol class="plain peek-events" aria-label={t("peek.last")}>
                {page.events.filter((event) => !isBookkeeping(event)).slice(0, EVENTS).map((event, index) => (
                  <li key={index}>
                    <Kind kind={sideOf(event)} />
                    <span>
                      <span class="away">{t(`side.${sideOf(event)}`)} </span>
                      {nameWords(event)} <span class="small dim"><Moment at={event.ts} /></span>
                      {event.score !== null && event.scale && <ScoreChip score={event.score} scale={event.scale} />}
                      {event.text && <Quote text={event.text} size="s" />}
                    </span>
                  </li>
                ))}
              </ol>
            </>
          )}
          <p class="small dim">{t("peek.keys", { next: keyCap(keyFor("j")), previous: keyCap(keyFor("k")) })}</p>
        </div>
      </Dialog>
    </div>
  );
}
