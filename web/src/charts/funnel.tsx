// The funnel: bars to one scale, aligned at the top; those who went on flow to the next bar, those
// who stopped peel off downwards with their number. On a narrow page it is a list of steps.
import type { ComponentChildren } from "preact";
import { useRef } from "preact/hooks";
import type { FunnelAnswer } from "../api/types";
import { OpenNumber } from "../evidence/number";
import { openEvidence } from "../evidence/state";
import { formatNumber, formatShare } from "../format";
import { cleanLine } from "../safe";
import { t } from "../strings";
import type { FunnelQuery, Open } from "../query/types";
import { comparedName, groupWords } from "../query/words";
import { useWidth } from "./size";

interface Props {
  query: FunnelQuery;
  answer: FunnelAnswer;
  open: Open | null;
  summary: string;
}

const TOP = 52;
const TALL = 172;
const BASE = TOP + TALL + 18;
const HEIGHT = BASE + 46;
const BAR = 60;

interface Slice {
  group: string | null;
  counts: number[];
}

function slices(answer: FunnelAnswer): Slice[] {
  if (!answer.groups?.length) return [{ group: null, counts: answer.steps.map((step) => step.count) }];
  return answer.groups.map((group) => ({ group: group.group, counts: group.steps.map((step) => step.count) }));
}

export function FunnelChart(props: Props) {
  const box = useRef<HTMLDivElement>(null);
  const width = useWidth(box, 760);
  const steps = props.answer.steps.length;
  const wide = width >= Math.max(520, steps * 118);
  return (
    <div class="funnel" ref={box}>
      {wide ? <Wide {...props} width={width} /> : <Narrow {...props} />}
    </div>
  );
}

function Wide({ query, answer, open, summary, width }: Props & { width: number }) {
  const { steps, previous: before } = answer;
  const parts = slices(answer);
  const first = Math.max(1, steps[0]?.count ?? 0);
  const gap = steps.length > 1 ? (width - BAR) / (steps.length - 1) : 0;
  const high = (n: number): number => (n / first) * TALL;
  const x = (index: number): number => index * gap;

  return (
    <div class="funnel-wide" style={{ height: `${HEIGHT}px` }}>
      <svg class="chart" width={width} height={HEIGHT} viewBox={`0 0 ${width} ${HEIGHT}`} role="img" aria-label={summary}>
        <defs>
          <pattern id="lost-chosen" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
            <path d="M0 0V6" class="hatch" />
          </pattern>
          <linearGradient id="lost" x1="0" y1="0" x2="0" y2="1">
            <stop offset="0" class="lost-from" />
            <stop offset="1" class="lost-to" />
          </linearGradient>
        </defs>
        {steps.slice(0, -1).map((step, index) => {
          const next = steps[index + 1]!;
          const from = x(index) + BAR;
          const left = from + 26;
          const chosen = open?.outcome === "dropped" && open.step === next.step;
          const kept = high(Math.min(next.count, step.count));
          const whole = high(step.count);
          const lost = whole - kept;
          const wide = Math.min(gap * 0.44, Math.max(lost * 0.82, lost > 0 ? 3 : 0));
          const path = `M${from} ${TOP + kept}C${from + gap * 0.28} ${TOP + kept} ${left + wide} ${TOP + kept + 26} ${left + wide} ${BASE}H${left}C${left} ${Math.min(BASE, TOP + whole + 14)} ${from + 18} ${TOP + whole} ${from} ${TOP + whole}z`;
          return (
            <g key={step.step}>
              {kept > 0 && <path d={`M${from} ${TOP}H${x(index + 1)}V${TOP + kept}H${from}z`} class="flow" />}
              {lost > 0 && <path d={path} class={chosen ? "lost-ground" : "lost"} />}
              {lost > 0 && chosen && <path d={path} class="lost-chosen" />}
              {lost > 0 && (
                <path d={path} class="lost-hit" onClick={() => openEvidence({ q: query, o: { step: next.step, outcome: "dropped" }, n: step.count - next.count, a: answer.as_of })} />
              )}
            </g>
          );
        })}
        {steps.map((step, index) => {
          let top = TOP;
          return (
            <g key={step.step}>
              {parts.map((part, at) => {
                const count = part.counts[index] ?? 0;
                const tall = Math.max(count > 0 ? 1.5 : 0, high(count) - (parts.length > 1 ? 1.5 : 0));
                const y = top;
                top += high(count);
                const o: Open = { step: step.step, outcome: "reached", ...(part.group === null ? {} : { group: part.group }) };
                return (
                  <g key={at} class="bar-hit" onClick={() => openEvidence({ q: query, o, n: count, a: answer.as_of })}>
                    <rect x={x(index)} y={y} width={BAR} height={tall} rx="1.5" class={part.group === "(other)" ? "fill-rest" : `fill-${(at % 5) + 1}`} />
                    {parts.length > 1 && tall > 15 && part.group !== "(other)" && (
                      <text x={x(index) + BAR / 2} y={y + tall / 2 + 4} text-anchor="middle" class={`on-${(at % 5) + 1}`}>
                        {formatNumber(count)}
                      </text>
                    )}
                  </g>
                );
              })}
            </g>
          );
        })}
        {before &&
          steps.slice(1).map((step, index) => {
            // How many would be left here of those now one step before, had as many gone on as then.
            const kept = before.steps[index]!.count > 0 ? steps[index]!.count * (before.steps[index + 1]!.count / before.steps[index]!.count) : null;
            return kept === null ? null : <path key={step.step} d={`M${x(index + 1) - 8} ${TOP + high(kept)}h${BAR + 16}`} class="was" />;
          })}
      </svg>
      {steps.map((step, index) => (
        <Head key={step.step} last={index === steps.length - 1 && index > 0} x={x(index)} gap={gap} name={`${step.step} ${cleanLine(step.label)}`} width={width}>
          <OpenNumber query={query} open={{ step: step.step, outcome: "reached" }} n={step.count} asOf={answer.as_of} />
        </Head>
      ))}
      {steps.slice(1).map((step, index) => {
        const lost = steps[index]!.count - step.count;
        const y = TOP + Math.max(10, high(step.count) / 2);
        return (
          <div key={step.step}>
            <span class="funnel-rate" style={{ right: `${width - x(index + 1) + 9}px`, top: `${y - 10}px` }}>
              {formatShare(step.rate_from_previous)}
            </span>
            <span class="funnel-lost" style={{ left: `${x(index) + BAR + 26}px`, top: `${BASE + 4}px`, maxWidth: `${Math.max(90, gap - 30)}px` }}>
              <OpenNumber query={query} open={{ step: step.step, outcome: "dropped" }} n={lost} asOf={answer.as_of}>
                {t("funnel.stopped", { n: lost })}
              </OpenNumber>
              {before && before.steps[index]!.count > 0 && (
                <small>{t("funnel.before.rate", { compared: comparedName(query), rate: formatShare(before.steps[index + 1]?.rate_from_previous ?? null) })}</small>
              )}
            </span>
          </div>
        );
      })}
    </div>
  );
}

function Head({ x, gap, name, last, width, children }: { x: number; gap: number; name: string; last: boolean; width: number; children: ComponentChildren }) {
  // The last one ends at its bar, so it shares the room between the last two bars with the one before it.
  const shared = (gap + BAR) / 2 - 7;
  const beforeLast = gap > 0 && x + 1.5 * gap > width - BAR;
  const place = last ? { right: "0px", maxWidth: `${shared}px` } : { left: `${x}px`, maxWidth: `${beforeLast ? shared : (gap || width) - 14}px` };
  return (
    <span class={last ? "funnel-head last" : "funnel-head"} style={place}>
      <small title={name}>{name}</small>
      <b>{children}</b>
    </span>
  );
}

function Narrow({ query, answer, open, summary }: Props) {
  const first = Math.max(1, answer.steps[0]?.count ?? 0);
  const parts = slices(answer);
  return (
    <ol class="funnel-list" aria-label={summary}>
      {answer.steps.map((step, index) => {
        const lost = index > 0 ? answer.steps[index - 1]!.count - step.count : 0;
        const chosen = open?.outcome === "dropped" && open.step === step.step;
        return (
          <li key={step.step}>
            {index > 0 && (
              <p class={chosen ? "funnel-drop chosen" : "funnel-drop"}>
                <OpenNumber query={query} open={{ step: step.step, outcome: "dropped" }} n={lost} asOf={answer.as_of}>
                  {t("funnel.stopped", { n: lost })}
                </OpenNumber>
                <span class="dim">
                  {t("funnel.went.on", { share: formatShare(step.rate_from_previous) })}
                  {answer.previous && `, ${t("funnel.before.rate", { compared: comparedName(query), rate: formatShare(answer.previous.steps[index]?.rate_from_previous ?? null) })}`}
                </span>
              </p>
            )}
            <p class="row base">
              <span>
                {step.step} {cleanLine(step.label)}
              </span>
              <b class="push">
                <OpenNumber query={query} open={{ step: step.step, outcome: "reached" }} n={step.count} asOf={answer.as_of} />
              </b>
            </p>
            <div class="funnel-track" aria-hidden="true">
              {parts.map((part, at) => (
                <i key={at} class={part.group === "(other)" ? "ground-rest" : `ground-${(at % 5) + 1}`} style={{ width: `${((part.counts[index] ?? 0) / first) * 100}%` }} title={groupWords(part.group)} />
              ))}
            </div>
          </li>
        );
      })}
    </ol>
  );
}
