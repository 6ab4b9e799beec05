// Where the columns, names and bands of a flow lie: pure arithmetic, the same on the page and in a picture.

export interface FlowShape {
  columns: readonly string[];
  nodes: readonly { column: number; size: number }[];
  /** `from` and `to` are places in `nodes`. */
  links: readonly { from: number; to: number; size: number }[];
}

export interface PlacedNode {
  x: number;
  y: number;
  height: number;
  /** Down to the next name in the column. */
  room: number;
}

export interface PlacedLink {
  x1: number;
  y1: number;
  x2: number;
  y2: number;
  thick: number;
}

export interface FlowLayout {
  bar: number;
  height: number;
  columnWidth: number;
  columnX: (column: number) => number;
  nodes: PlacedNode[];
  links: PlacedLink[];
}

const BAR = 10;
/** The least distance from one name to the next, so that a line of text fits. */
const PITCH = 24;
const THICKEST = 260;

export function layoutFlow(shape: FlowShape, width: number, top: number): FlowLayout {
  const columns = Math.max(1, shape.columns.length);
  const columnWidth = width / columns;
  const inColumn = Array.from({ length: columns }, () => [] as number[]);
  shape.nodes.forEach((node, at) => inColumn[node.column]?.push(at));
  const most = Math.max(1, ...inColumn.map((list) => list.reduce((sum, at) => sum + shape.nodes[at]!.size, 0)));
  const scale = THICKEST / most;
  const nodes: PlacedNode[] = shape.nodes.map(() => ({ x: 0, y: 0, height: 0, room: 0 }));
  let height = top;
  inColumn.forEach((list, column) => {
    let y = top;
    for (const at of list) {
      const tall = Math.max(2, shape.nodes[at]!.size * scale);
      const room = Math.max(PITCH, tall + 12);
      nodes[at] = { x: column * columnWidth, y, height: tall, room };
      y += room;
    }
    height = Math.max(height, y);
  });
  // Bands leave and reach a name in the order of where they go and come from, so that few of them cross.
  const leaving = nodes.map((node) => node.y);
  const reaching = nodes.map((node) => node.y);
  const order = shape.links.map((_, at) => at);
  const links: PlacedLink[] = shape.links.map(() => ({ x1: 0, y1: 0, x2: 0, y2: 0, thick: 0 }));
  for (const at of [...order].sort((a, b) => nodes[shape.links[a]!.to]!.y - nodes[shape.links[b]!.to]!.y || a - b)) {
    const link = shape.links[at]!;
    const thick = Math.max(1, link.size * scale);
    links[at] = { ...links[at]!, x1: nodes[link.from]!.x + BAR, y1: leaving[link.from]!, thick };
    leaving[link.from]! += thick;
  }
  for (const at of [...order].sort((a, b) => nodes[shape.links[a]!.from]!.y - nodes[shape.links[b]!.from]!.y || a - b)) {
    const link = shape.links[at]!;
    links[at] = { ...links[at]!, x2: nodes[link.to]!.x, y2: reaching[link.to]! };
    reaching[link.to]! += links[at]!.thick;
  }
  return { bar: BAR, height, columnWidth, columnX: (column) => column * columnWidth, nodes, links };
}

export function bandPath({ x1, y1, x2, y2, thick }: PlacedLink): string {
  const middle = (x1 + x2) / 2;
  return `M${x1} ${y1}C${middle} ${y1} ${middle} ${y2} ${x2} ${y2}V${y2 + thick}C${middle} ${y2 + thick} ${middle} ${y1 + thick} ${x1} ${y1 + thick}z`;
}
