// The first steps, each of which is ticked by real data and by nothing else.
import { useState } from "preact/hooks";
import { api } from "../../api/client";
import { useLoad, usePoll } from "../../api/hooks";
import type { CustomersAnswer, LiveItem } from "../../api/types";
import { useAnswer } from "../../api/hooks";
import { Button, Kind, Quote, Sheet } from "../../parts/basic";
import { Icon } from "../../parts/icon";
import type { Health } from "../../frame/frame";
import { cleanLine } from "../../safe";
import { t, type Key } from "../../strings";
import { Snippets } from "../settings/snippets";

const DISMISSED = "firsthand.steps.dismissed";

export interface Step {
  key: "key" | "event" | "person" | "word" | "view";
  done: boolean;
  href: string;
}

export function useSteps(now: Health | null): { list: Step[]; done: boolean; dismissed: boolean; dismiss: () => void } {
  const [dismissed, setDismissed] = useState(() => {
    try {
      return localStorage.getItem(DISMISSED) === "yes";
    } catch {
      return false;
    }
  });
  const events = now?.status.events ?? 0;
  const has = events > 0 && !dismissed;
  const tick = has ? Math.ceil(Math.log2(events + 1)) : 0;
  const keys = useLoad(dismissed ? null : "keys", () => api.keys());
  const views = useLoad(dismissed ? null : "views", () => api.views());
  // The number of events is no part of these questions; asking again when it has doubled is enough.
  const known = useAnswer<CustomersAnswer>(has && tick ? { kind: "customers", segment: { trait: ["known", "=", true] }, limit: 1 } : null);
  const words = useLoad(has ? `feedback ${tick}` : null, (signal) => api.names("event", "feedback", "", signal));
  const list: Step[] = [
    { key: "key", done: (keys.data?.keys ?? []).some((key) => !key.revoked) || events > 0, href: "/settings/keys" },
    { key: "event", done: events > 0, href: "/settings/sources" },
    { key: "person", done: (known.data?.total ?? 0) > 0, href: "/settings/sources" },
    { key: "word", done: (words.data?.names ?? []).some((row) => row.name === "feedback"), href: "/settings/sources" },
    { key: "view", done: (views.data?.views.length ?? 0) > 0, href: "/journeys/funnels" },
  ];
  const loading = now === null || known.loading || words.loading || views.loading || keys.loading;
  return {
    list,
    done: loading || list.every((step) => step.done),
    dismissed,
    dismiss: () => {
      try {
        localStorage.setItem(DISMISSED, "yes");
      } catch {
        // Shown again next time; nothing is lost.
      }
      setDismissed(true);
    },
  };
}

export function FirstSteps({ steps }: { steps: ReturnType<typeof useSteps> }) {
  const done = steps.list.filter((step) => step.done).length;
  const next = steps.list.find((step) => !step.done);
  return (
    <Sheet title={t("steps.title")} aside={t("steps.count", { done, of: steps.list.length })} flush>
      <ol class="plain steps">
        {steps.list.map((step, index) => (
          <li key={step.key} class={step.done ? "done" : step === next ? "next" : undefined}>
            <span class="step-mark" aria-hidden="true">
              {step.done ? <Icon name="check" small /> : index + 1}
            </span>
            <span>
              {step.done ? <span>{t(`step.${step.key}` as Key)}</span> : <a href={step.href}>{t(`step.${step.key}` as Key)}</a>}
              <span class="away">{step.done ? t("step.done") : t("step.open")}</span>
              <small>{t(`step.${step.key}.hint` as Key)}</small>
            </span>
          </li>
        ))}
      </ol>
      {done >= 2 && (
        <p class="card-note">
          <Button look="quiet" onClick={steps.dismiss}>
            {t("steps.dismiss")}
          </Button>
        </p>
      )}
    </Sheet>
  );
}

/** How to send a first event, and whether it has come. */
FirstSteps.Send = function Send() {
  const [items, setItems] = useState<LiveItem[]>([]);
  const [after, setAfter] = useState(0);
  usePoll(async () => {
    const live = await api.live(after);
    setAfter(live.seq);
    if (live.items.length) setItems((held) => [...live.items, ...held].slice(0, 3));
  }, 1000);
  return (
    <Sheet label={t("first.send")} flush>
      <Snippets />
      <div class="listening" role="status">
        <i class={items.length ? "light good" : "pulse"} aria-hidden="true" />
        {items.length === 0 && (
          <span>
            <b>{t("listening")}</b> {t("listening.nothing")}
          </span>
        )}
        {items.length > 0 && (
          <ul class="plain">
            {items.map((item) => (
              <li key={item.seq}>
                <b>{cleanLine(item.event ?? "")}</b> {t(`verdict.${item.verdict}`)} {item.reason ? cleanLine(item.reason) : ""}
              </li>
            ))}
          </ul>
        )}
      </div>
    </Sheet>
  );
};

FirstSteps.Example = function Example() {
  return (
    <ol class="timeline">
      <li class="event did">
        <span />
        <span class="spine">
          <Kind kind="did" />
        </span>
        <div class="event-text">
          {t("sample.did")}
          <small>{t("sample.did.hint")}</small>
        </div>
      </li>
      <li class="event said">
        <span />
        <span class="spine">
          <Kind kind="said" />
        </span>
        <div class="event-text">
          <Quote text={t("sample.said")} />
          <small class="dim">{t("sample.said.hint")}</small>
        </div>
      </li>
      <li class="event we">
        <span />
        <span class="spine">
          <Kind kind="we" />
        </span>
        <div class="event-text">{t("sample.we")}</div>
      </li>
      <li class="event did">
        <span />
        <span class="spine">
          <Kind kind="did" />
        </span>
        <div class="event-text">{t("sample.again")}</div>
      </li>
    </ol>
  );
};
