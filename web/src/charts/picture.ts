// A chart as a picture of its own: what it is called, what it says, how many stand behind it. Only described here;
// drawn (picture-draw.ts) when somebody takes it along, so that no page carries the drawing code at first.

interface Described {
  title: string;
  /** The sentence of the chart. */
  summary: string;
  /** How many, when, as of when. */
  note: string;
}

export interface PictureLine {
  name: string;
  values: (number | null)[];
  /** Which colour and dash. */
  index: number;
  compared?: boolean;
  rest?: boolean;
}

export interface TimePicture {
  kind: "time";
  look: "lines" | "columns" | "stacked";
  labels: string[];
  lines: PictureLine[];
  /** Places of labels that are not over yet. */
  partial: number[];
  /** Something noted at a place between labels, in labels from the first. */
  marks?: { at: number; text: string }[];
}

export interface ScorePicture {
  kind: "score";
  labels: string[];
  rows: { value: number | null; low: number | null; high: number | null }[];
  ticks: { value: number; text: string }[];
  marks?: { at: number; text: string }[];
}

export interface BarsPicture {
  kind: "bars";
  rows: { name: string; value: number | null; text: string; before?: number | null }[];
}

export interface GridPicture {
  kind: "grid";
  head: string[];
  rows: { name: string; size: string; cells: { text: string; step: number | null }[] }[];
}

export interface FunnelPicture {
  kind: "funnel";
  steps: { name: string; count: number; text: string; rate: string; lost: string }[];
  parts: { name: string; counts: number[]; rest: boolean }[];
}

export interface FlowPicture {
  kind: "flow";
  columns: string[];
  nodes: { column: number; name: string; text: string; size: number }[];
  links: { from: number; to: number; size: number }[];
}

export type PictureBody = TimePicture | ScorePicture | BarsPicture | GridPicture | FunnelPicture | FlowPicture;
export type Picture = Described & { body: PictureBody };
