// What is wrong with a statement, and a way to the very place.
import type { RefObject } from "preact";
import type { ApiError } from "../../../api/client";
import { Button, Note, Problem } from "../../../parts/basic";
import { cleanText } from "../../../safe";
import { t } from "../../../strings";

export interface Place {
  line: number;
  column: number;
  words: string;
}

/** "line 2, column 8: no such column: x" */
export function placeOf(detail: string): Place | null {
  const found = /^line (\d+), column (\d+): ([^]*)$/.exec(detail);
  return found && { line: Number(found[1]), column: Number(found[2]), words: found[3]! };
}

/** Where that place is in the text, as editors count; columns count characters, not halves of them. */
export function offsetOf(text: string, { line, column }: Pick<Place, "line" | "column">): number {
  const lines = text.split("\n");
  const before = lines.slice(0, line - 1).reduce((sum, each) => sum + each.length + 1, 0);
  return Math.min(text.length, before + [...(lines[line - 1] ?? "")].slice(0, column - 1).join("").length);
}

export function SqlProblem({ error, text, editor }: { error: ApiError; text: string; editor: RefObject<HTMLTextAreaElement> }) {
  const place = error.status === 422 ? placeOf(error.problem.detail ?? "") : null;
  if (!place) {
    return (
      <div class="sheet-body">
        <Problem error={error} />
      </div>
    );
  }
  const go = () => {
    const area = editor.current;
    if (!area) return;
    const at = offsetOf(text, place);
    const word = /^[\p{L}\p{N}_.]+/u.exec(text.slice(at))?.[0].length ?? 1;
    area.focus();
    area.setSelectionRange(at, at + word);
  };
  return (
    <div class="sheet-body">
      <Note tone="warn">
        <p>
          <b>{t("sql.wrong")}</b> <bdi>{cleanText(place.words)}</bdi>
        </p>
        <p>
          <Button onClick={go}>{t("sql.go", { line: place.line, column: place.column })}</Button>
        </p>
      </Note>
    </div>
  );
}
