// The number that opens: a figure, maybe with its noun, that opens to exactly those people.
import type { ComponentChildren } from "preact";
import { formatNumber } from "../format";
import { cellWords } from "../query/words";
import type { Open, Query } from "../query/types";
import { usePlace } from "../router";
import { t } from "../strings";
import { openEvidence, readEvidence, sameCell } from "./state";

interface Props {
  query: Query;
  open: Open;
  n: number | null | undefined;
  asOf?: string;
  /** What is shown where it is not the bare number. */
  children?: ComponentChildren;
  class?: string;
}

export function OpenNumber({ query, open, n, asOf, children, class: extra }: Props) {
  const { search } = usePlace();
  if (n === null || n === undefined) return <span class="dim">–</span>;
  const opened = sameCell(readEvidence(search), query, open);
  return (
    <button
      type="button"
      class={extra ? `opens ${extra}` : "opens"}
      aria-label={t("open.name", { what: cellWords(query, open, n) })}
      aria-expanded={opened}
      aria-haspopup="dialog"
      onClick={(event) => {
        event.stopPropagation();
        openEvidence({ q: query, o: open, n, a: asOf });
      }}
    >
      {children ?? formatNumber(n)}
    </button>
  );
}
