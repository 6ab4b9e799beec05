// A tab as a tile of a dashboard: its question comes from a saved view, not from the address; its answer stands without
// the editors.
import { createContext, type ComponentChildren } from "preact";

export interface Tile {
  state: Record<string, unknown>;
  set: (changes: Record<string, unknown>) => void;
  name: string;
  /** Where the whole tab is. */
  href: string;
  /** What can be done with the tile. */
  tools: ComponentChildren;
}

export const TileContext = createContext<Tile | null>(null);
