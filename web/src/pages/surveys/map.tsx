// The logic map: every question in its order, and every way that leads from one to another.
import { t } from "../../strings";
import { branchesOf, edgesOf, type Definition } from "./definition";
import { branchWords, targetWords, titleOf } from "./words";

const ROW = 40;
const TOP = 20;
const STEP = 16;

export function LogicMap({ survey, at, onAt }: { survey: Definition; at: number; onAt: (at: number) => void }) {
  const edges = edgesOf(survey);
  const n = survey.questions.length;
  const y = (index: number) => TOP + index * ROW;
  // Long ways lie further out than short ones, so that they do not cover each other.
  const jumps = edges.filter((edge) => edge.to !== edge.from + 1).sort((a, b) => Math.abs(a.to - a.from) - Math.abs(b.to - b.from));
  const width = 30 + jumps.length * STEP;
  return (
    <div class="logic-map">
      <svg class="chart" width={width} height={y(n) + TOP} viewBox={`0 0 ${width} ${y(n) + TOP}`} aria-hidden="true">
        {edges
          .filter((edge) => edge.to === edge.from + 1)
          .map((edge) => (
            <path key={`${edge.from}`} class="map-way" d={`M${width - 10} ${y(edge.from) + 7}V${y(edge.to) - 7}`} />
          ))}
        {jumps.map((edge, index) => {
          const x = width - 24 - index * STEP;
          const back = edge.to <= edge.from;
          return (
            <g key={`${edge.from}-${edge.to}`}>
              <path class={back ? "map-way back" : "map-way"} d={`M${width - 16} ${y(edge.from)}H${x + 6}Q${x} ${y(edge.from)} ${x} ${y(edge.from) + (back ? -6 : 6)}V${y(edge.to) + (back ? 6 : -6)}Q${x} ${y(edge.to)} ${x + 6} ${y(edge.to)}H${width - 18}`} />
              <path class="map-head" d={`M${width - 22} ${y(edge.to) - 3.5}L${width - 16} ${y(edge.to)}L${width - 22} ${y(edge.to) + 3.5}`} />
            </g>
          );
        })}
        {survey.questions.map((question, index) => (
          <circle key={question.id} class={index === at ? "map-node on" : "map-node"} cx={width - 10} cy={y(index)} r={5} />
        ))}
        <rect class="map-end" x={width - 14} y={y(n) - 4} width={8} height={8} />
      </svg>
      <ol class="plain">
        {survey.questions.map((question, index) => {
          const branches = branchesOf(survey, index);
          return (
            <li key={question.id}>
              <button type="button" class={index === at ? "map-question on" : "map-question"} aria-current={index === at ? "step" : undefined} onClick={() => onAt(index)}>
                <span class="clip">{`${index + 1}. ${titleOf(survey, question)}`}</span>
              </button>
              <ul class="away">
                {branches.map((branch) => (
                  <li key={`${branch.to}${branch.skipped}`}>{t("survey.map.way", { answers: branchWords(survey, question, branch), to: targetWords(survey, branch.to) })}</li>
                ))}
              </ul>
            </li>
          );
        })}
        <li class="map-question dim">{t("survey.map.end")}</li>
      </ol>
    </div>
  );
}
