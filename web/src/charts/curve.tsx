// Shares by period: a line for each group, dashed and grey for the time compared with. What it shows stands as numbers
// in the table beside it; the axis is in percent, as there.
import { useRef } from "preact/hooks";
import { formatPoints } from "../format";
import { useWidth } from "./size";

export interface CurveLine {
  name: string;
  /** From 0 to 1. */
  values: (number | null)[];
  index: number;
  compared?: boolean;
  rest?: boolean;
}

const TOP = 10;
const BOTTOM = 24;
const LEFT = 42;
const RIGHT = 14;
const HEIGHT = 220;

const kindOf = (line: CurveLine): string => (line.compared ? "curve-was" : line.rest ? "curve-rest" : `curve-${(line.index % 5) + 1}`);

export function Curve({ labels, lines, summary }: { labels: string[]; lines: CurveLine[]; summary: string }) {
  const box = useRef<HTMLDivElement>(null);
  const width = useWidth(box);
  const most = Math.max(0, ...lines.flatMap((line) => line.values.map((value) => value ?? 0)));
  const top = [0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1].find((edge) => edge >= most) ?? 1;
  const inner = { w: Math.max(1, width - LEFT - RIGHT), h: HEIGHT - TOP - BOTTOM };
  const x = (at: number): number => LEFT + (labels.length > 1 ? (at / (labels.length - 1)) * inner.w : 0);
  const y = (share: number): number => TOP + inner.h * (1 - share / top);
  const every = Math.max(1, Math.ceil(labels.length / Math.max(2, Math.floor(inner.w / 52))));
  const path = (values: (number | null)[]): string => {
    let pen = "M";
    return values
      .map((value, at) => {
        if (value === null) {
          pen = "M";
          return "";
        }
        const step = `${pen}${x(at)} ${y(value)}`;
        pen = "L";
        return step;
      })
      .join("");
  };
  return (
    <div class="curve">
      <div ref={box} style={{ minHeight: `${HEIGHT}px` }}>
        {width > 60 && (
          <svg class="chart" width={width} height={HEIGHT} viewBox={`0 0 ${width} ${HEIGHT}`} role="img" aria-label={summary}>
            {[0, top / 2, top].map((tick) => (
              <g key={tick}>
                <path d={`M${LEFT} ${y(tick)}H${width - RIGHT}`} class={tick === 0 ? "zero-line" : "grid-line"} />
                <text x={LEFT - 6} y={y(tick) + 4} text-anchor="end">
                  {formatPoints(tick, top < 0.2 ? 1 : 0)}
                </text>
              </g>
            ))}
            {labels.map((label, at) =>
              at % every === 0 ? (
                <text key={label} x={x(at)} y={HEIGHT - 6} text-anchor="middle">
                  {label}
                </text>
              ) : null,
            )}
            {[...lines].reverse().map((line) => (
              <g key={`${line.name}${line.compared}`} class={kindOf(line)}>
                <path d={path(line.values)} />
                {!line.compared && line.values.map((value, at) => (value === null ? null : <circle key={at} cx={x(at)} cy={y(value)} r="2.4" />))}
              </g>
            ))}
          </svg>
        )}
      </div>
      {lines.length > 1 && (
        <ul class="legend" aria-hidden="true">
          {lines.map((line) => (
            <li key={`${line.name}${line.compared}`}>
              <svg width="18" height="8" viewBox="0 0 18 8" class={kindOf(line)}>
                <path d="M0 4h18" />
              </svg>
              {line.name}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
