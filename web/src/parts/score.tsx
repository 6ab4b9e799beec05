// An answer on its scale, drawn as the scale with the answer on it.
import { formatNumber } from "../format";
import { tOr } from "../strings";
import { cleanLine } from "../safe";
import { t } from "../strings";

const ENDS: Record<string, [number, number]> = { nps: [0, 10], csat: [1, 5], ces: [1, 7], stars: [1, 5] };

export function ScoreChip({ score, scale }: { score: number; scale: string }) {
  const ends = ENDS[scale];
  const name = tOr(`scale.${scale}`, cleanLine(scale));
  if (!ends) return <span class="tag">{t("score.plain", { n: score, scale: name })}</span>;
  const steps = Array.from({ length: ends[1] - ends[0] + 1 }, (_, index) => ends[0] + index);
  return (
    <span class="score-row">
      <span class="score" role="img" aria-label={t("score.of", { n: score, most: ends[1], scale: name })}>
        {steps.map((step) => (
          <i key={step} class={step === score ? "on" : undefined}>
            {formatNumber(step)}
          </i>
        ))}
      </span>
      <span class="small dim" aria-hidden="true">
        {name}
      </span>
    </span>
  );
}
