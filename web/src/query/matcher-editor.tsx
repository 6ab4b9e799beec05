// Which event, and with which properties: a chip that opens to its conditions.
import type { ComponentChildren } from "preact";
import { Button } from "../parts/basic";
import { Combo } from "../parts/combo";
import { Popover } from "../parts/popover";
import { Icon } from "../parts/icon";
import { t } from "../strings";
import { Conds, finished } from "./cond-editor";
import { eventChoices } from "./names";
import type { Matcher } from "./types";
import { condWords, eventWords } from "./words";

interface Props {
  label: string;
  matcher: Matcher;
  onChange: (matcher: Matcher) => void;
  onRemove?: () => void;
  before?: ComponentChildren;
  children?: ComponentChildren;
  anyEvent?: boolean;
}

const oneEvent = (event: string | string[]): string => (typeof event === "string" ? event : event.length === 1 ? event[0]! : "");

export function MatcherEditor({ label, matcher, onChange, onRemove, before, children, anyEvent = true }: Props) {
  const where = matcher.where ?? [];
  const whole = finished(where);
  const many = Array.isArray(matcher.event) && matcher.event.length > 1;
  return (
    <div class="matcher" role="group" aria-label={label}>
      {before}
      {many ? (
        <button type="button" class="chip on" onClick={() => onChange({ ...matcher, event: (matcher.event as string[])[0] ?? "*" })}>
          {eventWords(matcher.event)} <span aria-hidden="true">×</span>
        </button>
      ) : (
        <Combo label={t("event.pick")} value={oneEvent(matcher.event)} show={eventWords} load={(prefix, signal) => eventChoices(prefix, signal, anyEvent)} onChange={(event) => onChange({ ...matcher, event })} />
      )}
      {children}
      <Popover
        label={t("cond.title", { event: eventWords(matcher.event) })}
        wide
        button={(props) => (
          <button type="button" class={whole.length ? "chip on" : "chip add"} {...props}>
            <Icon name="filter" small />
            {whole.length ? whole.map(condWords).join(t("words.and")) : t("cond.where")}
          </button>
        )}
      >
        {() => (
          <>
            <h3>{t("cond.title", { event: eventWords(matcher.event) })}</h3>
            <Conds list={where} event={oneEvent(matcher.event)} onChange={(next) => onChange({ ...matcher, where: next.length ? next : undefined })} />
          </>
        )}
      </Popover>
      {onRemove && <Button look="quiet" icon="close" aria-label={t("matcher.remove", { label })} onClick={onRemove} />}
    </div>
  );
}
