// Ways as a picture: columns of events, and bands between them as wide as they are often taken.
import type { PrintPalette } from "./colours";
import { bandPath, layoutFlow } from "./flow-layout";
import type { FlowPicture } from "./picture";
import type { Drawn } from "./picture-draw";
import { fit, paint, path, rect, text } from "./svg";

export function drawFlow(body: FlowPicture, width: number, p: PrintPalette): Drawn {
  const layout = layoutFlow(body, width, 22);
  const heads = body.columns.map((words, at) => text(layout.columnX(at), 12, fit(words, 11, layout.columnWidth), { colour: p.ink3 }));
  const bands = layout.links.map((link) => path(bandPath(link), `${paint("fill", p.series[0]!)} fill-opacity="0.22"`));
  const nodes = layout.nodes.map(
    (node, at) =>
      rect(node.x, node.y, layout.bar, node.height, paint("fill", p.series[0]!)) +
      text(node.x + layout.bar + 6, node.y + 11, fit(`${body.nodes[at]!.name} ${body.nodes[at]!.text}`, 11, layout.columnWidth - layout.bar - 10), { colour: p.ink }),
  );
  return { height: layout.height, marks: heads.join("") + bands.join("") + nodes.join("") };
}
