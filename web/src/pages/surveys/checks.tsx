// Before you publish: what the checks found, each with its place and what to do about it.
import type { SurveyFinding } from "../../api/types";
import { Button, Sheet } from "../../parts/basic";
import { Icon } from "../../parts/icon";
import { cleanText } from "../../safe";
import { t, tOr } from "../../strings";

const LEAST: [string[], "survey.check.ends" | "survey.check.contrast" | "survey.check.translated"][] = [
  [["no-end", "dead-branch", "unreachable", "loop", "empty"], "survey.check.ends"],
  [["contrast"], "survey.check.contrast"],
  [["translation"], "survey.check.translated"],
];

/** "/questions/2/title" is the third question. */
export function questionAt(pointer: string): number | null {
  const hit = /^\/questions\/(\d+)/.exec(pointer);
  return hit ? Number(hit[1]) : null;
}

export function Checks({ findings, onAt }: { findings: SurveyFinding[] | undefined; onAt: (at: number) => void }) {
  return (
    <Sheet title={t("survey.checks")}>
      <ul class="plain checks" aria-live="polite">
        {findings &&
          LEAST.filter(([codes]) => !findings.some((finding) => codes.includes(finding.code))).map(([, key]) => (
            <li key={key}>
              <span class="good">
                <Icon name="check" />
              </span>
              <span>{t(key)}</span>
            </li>
          ))}
        {(findings ?? []).map((finding, index) => {
          const at = questionAt(finding.pointer);
          return (
            <li key={index}>
              <span class={finding.severity === "error" ? "bad" : "warn"}>
                <Icon name="warning" />
              </span>
              <div>
                <p>
                  <span class="away">{t(finding.severity === "error" ? "survey.check.error" : "survey.check.warning")} </span>
                  <b>{tOr(`survey.finding.${finding.code}`, finding.code)}</b> {cleanText(finding.message)}
                </p>
                <p class="small dim">{cleanText(finding.fix)}</p>
                {at !== null && (
                  <Button look="soft" onClick={() => onAt(at)}>
                    {t("survey.check.show", { n: at + 1 })}
                  </Button>
                )}
              </div>
            </li>
          );
        })}
      </ul>
    </Sheet>
  );
}
