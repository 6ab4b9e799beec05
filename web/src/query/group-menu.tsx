// A group of a breakdown as a button: open its people, look at it alone, leave it out, break it down further.
import { useState } from "preact/hooks";
import { Combo } from "../parts/combo";
import { Icon } from "../parts/icon";
import { Popover } from "../parts/popover";
import { t } from "../strings";
import { groupConds } from "./as-segment";
import { fieldChoices } from "./names";
import type { Breakdown, Cond, Matcher } from "./types";
import { fieldWords, groupWords } from "./words";

export interface GroupChange {
  /** Conditions to be added to the events that were broken down. */
  conds: Cond[];
  /** By what they are broken down then. */
  breakdown: Breakdown | undefined;
}

interface Props {
  breakdown: Breakdown;
  group: string;
  event: string;
  /** The class of its colour. */
  swatch: string;
  onOpen: () => void;
  /** Whom that opens, where it is not everybody in the group. */
  openText?: string;
  onChange: (change: GroupChange) => void;
}

/** The ground of the n-th group, as charts have it. */
export const groupSwatch = (group: string, index: number): string => (group === "(other)" ? "ground-rest" : `ground-${(index % 5) + 1}`);

export function GroupMenu({ breakdown, group, event, swatch, onOpen, openText, onChange }: Props) {
  const name = groupWords(group);
  return (
    <Popover
      label={t("group.menu", { group: name })}
      button={(props) => (
        <button type="button" class="group-button" {...props}>
          <i class={`swatch ${swatch}`} aria-hidden="true" />
          <bdi>{name}</bdi>
          <Icon name="down" small />
        </button>
      )}
    >
      {(close) => <Panel {...{ breakdown, group, event, swatch, onOpen, onChange, close, name, ...(openText ? { openText } : {}) }} />}
    </Popover>
  );
}

function Panel({ breakdown, group, event, onOpen, openText, onChange, close, name }: Props & { close: () => void; name: string }) {
  const [further, setFurther] = useState(false);
  const only = groupConds(breakdown, group);
  const others = groupConds(breakdown, group, true);
  const then = (action: () => void) => () => {
    close();
    action();
  };
  return (
    <div class="stack">
      <ul class="plain menu">
        <li>
          <button type="button" class="menu-item" onClick={then(onOpen)}>
            {openText ?? t("group.open")}
          </button>
        </li>
        {only && others && (
          <>
            <li>
              <button type="button" class="menu-item" onClick={then(() => onChange({ conds: only, breakdown: undefined }))}>
                {t("group.only", { group: name })}
              </button>
            </li>
            <li>
              <button type="button" class="menu-item" onClick={then(() => onChange({ conds: others, breakdown }))}>
                {t("group.leave", { group: name })}
              </button>
            </li>
            {!further && (
              <li>
                <button type="button" class="menu-item" onClick={() => setFurther(true)}>
                  {t("group.further", { group: name })}
                </button>
              </li>
            )}
          </>
        )}
      </ul>
      {further && only && (
        <Combo
          first
          label={t("group.further", { group: name })}
          value=""
          show={fieldWords}
          load={(prefix, signal) => fieldChoices(prefix, event, signal)}
          onChange={(by) => then(() => onChange({ conds: only, breakdown: by }))()}
        />
      )}
    </div>
  );
}

/** Adds conditions to a matcher; one that is there already is not added twice. */
export function withMore<M extends Matcher>(matcher: M, conds: Cond[]): M {
  const where = matcher.where ?? [];
  const held = new Set(where.map((cond) => JSON.stringify(cond)));
  return { ...matcher, where: [...where, ...conds.filter((cond) => !held.has(JSON.stringify(cond)))] };
}
