// Scores in figures and words.
import type { ScoreDifference, ScoreRow } from "../../api/types";
import type { ScoreMetric } from "../../query/types";
import { t } from "../../strings";

/** The ends of what is drawn: NPS from -100 to 100, a share, or the scale itself. */
export const ENDS: Record<ScoreMetric, [number, number]> = { nps: [-100, 100], csat: [0, 1], ces: [1, 7], stars: [1, 5] };

const signed = (n: number, digits: number): string => {
  const text = new Intl.NumberFormat(undefined, { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(Math.abs(n));
  return n < 0 && Number(text.replace(/[^\d]/g, "")) !== 0 ? `−${text}` : text;
};

export function scoreFigure(metric: ScoreMetric, value: number): string {
  if (metric === "csat") return t("score.percent", { n: signed(value * 100, 0) });
  return signed(value, metric === "nps" ? 0 : 1);
}

/** "35–47", and "−26 to −20" where a sign is in play. */
export function scoreRange(metric: ScoreMetric, low: number, high: number): string {
  const [a, b] = [scoreFigure(metric, low), scoreFigure(metric, high)];
  if (metric === "csat") return t("score.range", { low: signed(low * 100, 0), high: signed(high * 100, 0) });
  return t(low < 0 || high < 0 ? "score.range.signed" : "score.range", { low: a, high: b });
}

/** The change of a score: by how much, and whether that is clear. */
export function changeOf(metric: ScoreMetric, difference: ScoreDifference | null | undefined): { tone: "good" | "bad" | "none"; text: string } | null {
  if (!difference || difference.value === null) return null;
  const scale = metric === "csat" ? 100 : 1;
  const digits = metric === "ces" || metric === "stars" ? 1 : 0;
  if (!difference.clear) return { tone: "none", text: t("score.unclear") };
  const size = signed(Math.abs(difference.value) * scale, digits);
  const n = Number(Math.abs(difference.value * scale).toFixed(digits));
  const points = metric === "nps" || metric === "csat" ? t("score.points", { n, shown: size }) : size;
  return difference.value > 0 ? { tone: "good", text: t("score.better", { points }) } : { tone: "bad", text: t("score.worse", { points }) };
}

export interface Part {
  part: "detractors" | "passives" | "promoters";
  n: number;
}

/** Those who would not, perhaps, and would recommend: from the distribution of an NPS. */
export function npsParts(row: ScoreRow): Part[] {
  const sum = (from: number, to: number) => {
    let n = 0;
    for (let score = from; score <= to; score += 1) n += row.distribution[String(score)] ?? 0;
    return n;
  };
  return [
    { part: "detractors", n: sum(0, 6) },
    { part: "passives", n: sum(7, 8) },
    { part: "promoters", n: sum(9, 10) },
  ];
}
