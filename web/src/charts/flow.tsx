// The ways people take: columns of names by depth, and bands between them as wide as they are often taken. Arrow keys
// go through the bands, Enter opens one. On a narrow page it is a list, step by step.
import { useMemo, useRef, useState } from "preact/hooks";
import type { PathLink, PathsAnswer } from "../api/types";
import { OpenNumber } from "../evidence/number";
import { openEvidence } from "../evidence/state";
import { formatNumber } from "../format";
import type { Open, PathsQuery } from "../query/types";
import { comparedName, groupWords, matcherWords } from "../query/words";
import { rich, t } from "../strings";
import { bandPath, layoutFlow, type FlowShape } from "./flow-layout";
import { useWidth } from "./size";

export interface Flow extends FlowShape {
  columns: string[];
  nodes: { column: number; name: string; size: number }[];
  links: { from: number; to: number; size: number; link: PathLink }[];
}

/** The columns of an answer: the event that was asked about stands first, or with `end` last. */
export function flowOf(query: PathsQuery, answer: PathsAnswer): Flow {
  const depth = Math.max(0, ...answer.links.map((link) => link.depth));
  const backwards = query.end !== undefined;
  const columnOf = (link: PathLink): number => (backwards ? depth - link.depth : link.depth - 1);
  const places = new Map<string, number>();
  const nodes: Flow["nodes"] = [];
  const into: number[] = [];
  const out: number[] = [];
  const place = (column: number, name: string): number => {
    const key = `${column} ${name}`;
    const found = places.get(key);
    if (found !== undefined) return found;
    places.set(key, nodes.length);
    into.push(0);
    out.push(0);
    return nodes.push({ column, name, size: 0 }) - 1;
  };
  const links = answer.links.map((link) => {
    const from = place(columnOf(link), link.from);
    const to = place(columnOf(link) + 1, link.to);
    out[from]! += link.count;
    into[to]! += link.count;
    return { from, to, size: link.count, link };
  });
  nodes.forEach((node, at) => (node.size = Math.max(into[at]!, out[at]!)));
  // The event itself is as large as the ways from it (to it), also where they end (begin) with it.
  const anchors = nodes.filter((node) => node.column === (backwards ? depth : 0));
  const all = answer.depths.find((each) => each.depth === 0)?.count ?? 0;
  if (anchors.length === 1) anchors[0]!.size = Math.max(anchors[0]!.size, all);
  // The largest stand on top; what was placed first among equals.
  const order = nodes.map((_, at) => at).sort((a, b) => nodes[b]!.size - nodes[a]!.size || a - b);
  const moved = new Map(order.map((from, to) => [from, to]));
  const what = matcherWords(query.start ?? query.end ?? { event: "*" });
  const columns = Array.from({ length: depth + 1 }, (_, column) => {
    const n = backwards ? depth - column : column;
    return n === 0 ? t("paths.column.anchor", { what }) : t(backwards ? "paths.column.before" : "paths.column.after", { n });
  });
  return {
    columns,
    nodes: order.map((at) => nodes[at]!),
    links: links.map((link) => ({ ...link, from: moved.get(link.from)!, to: moved.get(link.to)! })),
  };
}

interface Props {
  query: PathsQuery;
  answer: PathsAnswer;
  summary: string;
}

/** The least width of a column; less while the drawer takes its place, so that what was opened stays where it is. */
const COLUMN = 120;
const COLUMN_BESIDE = 60;
const TOP = 46;
/** With the number of the time compared with below. */
const TOP_COMPARED = 74;
/** What is lower than this lies between its neighbours, and no mark could be told from theirs. */
const LEAST_MARK = 8;

export const linkOpen = ({ depth, from, to }: PathLink): Open => ({ link: { depth, from, to } });
const linkWords = ({ from, to, count, customers }: PathLink): string => t("paths.link", { from: groupWords(from), to: groupWords(to), n: count, customers });

/** How often the same step was taken in the time compared with: its list holds the same steps in the same order. */
export const linkBefore = (answer: PathsAnswer, link: PathLink): number | undefined => answer.previous?.links[answer.links.indexOf(link)]?.count;

export function FlowChart(props: Props) {
  const box = useRef<HTMLDivElement>(null);
  const width = useWidth(box, 760);
  const flow = useMemo(() => flowOf(props.query, props.answer), [props.answer]);
  const least = document.documentElement.hasAttribute("data-drawer") ? COLUMN_BESIDE : COLUMN;
  return <div ref={box}>{width >= flow.columns.length * least ? <Wide {...props} flow={flow} width={width} /> : <Narrow {...props} />}</div>;
}

function Wide({ query, answer, summary, flow, width }: Props & { flow: Flow; width: number }) {
  const [chosen, setChosen] = useState<number | null>(null);
  const layout = useMemo(() => layoutFlow(flow, width, answer.previous ? TOP_COMPARED : TOP), [flow, width]);
  const backwards = query.end !== undefined;
  const open = (at: number): void => {
    const { link } = flow.links[at]!;
    openEvidence({ q: query, o: linkOpen(link), n: link.count, a: answer.as_of });
  };
  // Bands of one step from top to bottom, as the eye goes through them.
  const order = flow.links.map((_, at) => at).sort((a, b) => layout.links[a]!.x1 - layout.links[b]!.x1 || layout.links[a]!.y1 - layout.links[b]!.y1);
  const largest = (list: number[]): number | undefined => [...list].sort((a, b) => flow.links[b]!.size - flow.links[a]!.size)[0];
  const go = (key: string): number | undefined => {
    const at = chosen ?? largest(order.filter((each) => flow.nodes[flow.links[each]!.from]!.column === 0))!;
    if (chosen === null) return at;
    const here = flow.links[at]!;
    const column = flow.nodes[here.from]!.column;
    const peers = order.filter((each) => flow.nodes[flow.links[each]!.from]!.column === column);
    const turn = (by: number) => peers[(peers.indexOf(at) + by + peers.length) % peers.length];
    const moves: Record<string, () => number | undefined> = {
      ArrowUp: () => turn(-1),
      ArrowDown: () => turn(1),
      ArrowRight: () => largest(order.filter((each) => flow.links[each]!.from === here.to)),
      ArrowLeft: () => largest(order.filter((each) => flow.links[each]!.to === here.from)),
      Home: () => order[0],
      End: () => order.at(-1),
    };
    return moves[key]?.() ?? at;
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (/^(Arrow|Home|End)/.test(event.key)) {
      event.preventDefault();
      setChosen(go(event.key) ?? null);
    } else if (event.key === "Enter" && chosen !== null) {
      event.preventDefault();
      open(chosen);
    }
  };
  const words = (link: PathLink): string => {
    const before = linkBefore(answer, link);
    return linkWords(link) + (before === undefined ? "" : `, ${t("chart.before", { n: before, compared: comparedName(query) })}`);
  };
  const said = chosen === null ? "" : words(flow.links[chosen]!.link);
  // The same names in the time compared with, as tall as they were in it.
  const was = useMemo(() => {
    if (!answer.previous) return null;
    const sizes = new Map(flowOf(query, { ...answer, links: answer.previous.links, depths: answer.previous.depths }).nodes.map((node) => [`${node.column} ${node.name}`, node.size]));
    return flow.nodes.map((node) => sizes.get(`${node.column} ${node.name}`) ?? 0);
  }, [answer, flow]);
  const tallest = flow.nodes.reduce((best, node, at) => (node.size > flow.nodes[best]!.size ? at : best), 0);
  const scale = layout.nodes[tallest] ? layout.nodes[tallest].height / Math.max(1, flow.nodes[tallest]!.size) : 0;
  return (
    <div class="chart-frame">
      <div class="chart-focus" role="application" aria-roledescription={t("chart.role")} aria-label={`${summary} ${t("chart.keys.flow")}`} tabIndex={0} onKeyDown={onKeyDown} onBlur={() => setChosen(null)}>
        <div class="flow" aria-hidden="true" style={{ height: `${layout.height}px` }} onPointerLeave={() => setChosen(null)}>
          <svg class="chart" width={width} height={layout.height} viewBox={`0 0 ${width} ${layout.height}`}>
            {flow.links.map(({ link }, at) => (
              <path key={`${link.depth} ${link.from} ${link.to}`} d={bandPath(layout.links[at]!)} class={at === chosen ? "flow-band chosen" : "flow-band"} onPointerMove={() => setChosen(at)} onClick={() => open(at)} />
            ))}
            {flow.nodes.map((node, at) => (
              <rect key={`${node.column} ${node.name}`} x={layout.nodes[at]!.x} y={layout.nodes[at]!.y} width={layout.bar} height={layout.nodes[at]!.height} class="fill-1" />
            ))}
            {was?.map((size, at) =>
              Math.max(size * scale, layout.nodes[at]!.height) < LEAST_MARK ? null : (
                <path key={at} class="flow-was" d={`M${layout.nodes[at]!.x - 3} ${layout.nodes[at]!.y + Math.min(size * scale, layout.nodes[at]!.room)}h${layout.bar + 6}`} />
              ),
            )}
          </svg>
          {flow.nodes.map((node, at) => (
            <span key={`${node.column} ${node.name}`} class="flow-name" style={{ left: `${layout.nodes[at]!.x + layout.bar + 5}px`, top: `${layout.nodes[at]!.y - 2}px`, maxWidth: `${layout.columnWidth - layout.bar - 14}px` }}>
              <span dir="auto">{groupWords(node.name)}</span> <b>{formatNumber(node.size)}</b>
            </span>
          ))}
          {chosen !== null && (
            <div class={layout.links[chosen]!.x1 > width / 2 ? "chart-tip right" : "chart-tip"} style={{ left: `${(layout.links[chosen]!.x1 + layout.links[chosen]!.x2) / 2}px`, top: `${Math.max(0, (layout.links[chosen]!.y1 + layout.links[chosen]!.y2) / 2 - 30)}px` }}>
              {said}
            </div>
          )}
        </div>
      </div>
      {flow.columns.map((words, column) => {
        const depth = answer.depths.find((each) => each.depth === (backwards ? flow.columns.length - 1 - column : column));
        return (
          <div key={column} class="flow-head" style={{ left: `${layout.columnX(column)}px`, maxWidth: `${layout.columnWidth - 10}px` }}>
            <small>{words}</small>
            {depth && <OpenNumber query={query} open={{ depth: depth.depth }} n={depth.count} asOf={answer.as_of} />}
            {depth && answer.previous && (
              <small>{rich("chart.was", { number: <OpenNumber query={query} open={{ depth: depth.depth, previous: true }} n={answer.previous.depths[depth.depth]?.count} asOf={answer.as_of} /> })}</small>
            )}
          </div>
        );
      })}
      <p class="away" aria-live="polite">
        {said}
      </p>
    </div>
  );
}

function Narrow({ query, answer, summary }: Props) {
  const depths = [...new Set(answer.links.map((link) => link.depth))].sort((a, b) => (query.end ? b - a : a - b));
  const most = Math.max(1, ...answer.links.map((link) => link.count));
  return (
    <ol class="flow-list plain" aria-label={summary}>
      {depths.map((depth) => (
        <li key={depth}>
          <p class="small dim">{t(query.end ? "paths.column.before" : "paths.column.after", { n: depth })}</p>
          <ul class="plain">
            {answer.links
              .filter((link) => link.depth === depth)
              .map((link) => (
                <li key={`${link.from} ${link.to}`}>
                  <span class="row base">
                    <span>
                      <bdi>{groupWords(link.from)}</bdi> <span aria-hidden="true">→</span> <bdi>{groupWords(link.to)}</bdi>
                    </span>
                    <b class="push">
                      <OpenNumber query={query} open={linkOpen(link)} n={link.count} asOf={answer.as_of} />
                      {answer.previous && (
                        <small class="dim"> {rich("chart.was", { number: <OpenNumber query={query} open={{ ...linkOpen(link), previous: true }} n={linkBefore(answer, link)} asOf={answer.as_of} /> })}</small>
                      )}
                    </b>
                  </span>
                  <span class="flow-track" aria-hidden="true">
                    <i style={{ width: `${(link.count / most) * 100}%` }} />
                  </span>
                </li>
              ))}
          </ul>
        </li>
      ))}
    </ol>
  );
}
