// Colours of the tokens as a canvas understands them: getPropertyValue gives "light-dark(..)", so
// the computed colour of a hidden element is read instead.
import { useEffect, useState } from "preact/hooks";
import { prefs } from "../prefs";

export interface Palette {
  series: string[];
  rest: string;
  grid: string;
  axis: string;
  ink: string;
  sheet: string;
  band: string;
}

export const DASHES: number[][] = [[], [6, 3], [2, 3], [9, 3, 2, 3], [1, 3]];

export function readPalette(): Palette {
  const probe = document.createElement("span");
  probe.hidden = true;
  document.body.append(probe);
  const read = (name: string): string => {
    probe.style.color = `var(--${name})`;
    return getComputedStyle(probe).color;
  };
  const palette = {
    series: ["c1", "c2", "c3", "c4", "c5"].map(read),
    rest: read("c-rest"),
    grid: read("c-grid"),
    axis: read("c-axis"),
    ink: read("ink"),
    sheet: read("sheet"),
    band: read("c-band"),
  };
  probe.remove();
  return palette;
}

/** The palette, read again when the theme changes. */
export function usePalette(): Palette {
  const [palette, setPalette] = useState(readPalette);
  useEffect(() => {
    const renew = () => setPalette(readPalette());
    const stop = prefs.watch(renew);
    const queries = ["(prefers-color-scheme: dark)", "(prefers-contrast: more)", "(forced-colors: active)"].map((text) => matchMedia(text));
    for (const query of queries) query.addEventListener("change", renew);
    return () => {
      stop();
      for (const query of queries) query.removeEventListener("change", renew);
    };
  }, []);
  return palette;
}
