// Where the lines of an axis stand.

/** Whole steps of 1, 2 or 5 that hold the values. */
export function ticksOf(low: number, high: number): number[] {
  const span = high - low || 1;
  const rough = span / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((n) => n * power).find((n) => n >= rough)!;
  const from = Math.floor(low / step) * step;
  const ticks: number[] = [];
  for (let at = from; ticks.length < 12; at += step) {
    ticks.push(Number(at.toPrecision(12)));
    if (at >= high) break;
  }
  return ticks;
}
