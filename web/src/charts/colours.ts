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

/** What a picture that is taken along needs besides: the steps of a grid, and labels on colours. */
export interface PrintPalette extends Palette {
  ink2: string;
  ink3: string;
  desk: string;
  line: string;
  steps: string[];
  onDark: string;
  onSeries: string[];
}

export const DASHES: number[][] = [[], [6, 3], [2, 3], [9, 3, 2, 3], [1, 3]];

type Read = (name: string) => string;

function withProbe<T>(scheme: "light" | null, use: (read: Read) => T): T {
  const probe = document.createElement("span");
  probe.hidden = true;
  if (scheme) probe.style.colorScheme = scheme;
  document.body.append(probe);
  const result = use((name) => {
    probe.style.color = `var(--${name})`;
    return getComputedStyle(probe).color;
  });
  probe.remove();
  return result;
}

const SERIES = ["1", "2", "3", "4", "5"];

const basic = (read: Read): Palette => ({
  series: SERIES.map((n) => read(`c${n}`)),
  rest: read("c-rest"),
  grid: read("c-grid"),
  axis: read("c-axis"),
  ink: read("ink"),
  sheet: read("sheet"),
  band: read("c-band"),
});

export const readPalette = (): Palette => withProbe(null, basic);

/** On paper and in slides a chart is light, whatever the screen is. */
export const printPalette = (): PrintPalette =>
  withProbe("light", (read) => ({
    ...basic(read),
    ink2: read("ink-2"),
    ink3: read("ink-3"),
    desk: read("desk"),
    line: read("line"),
    steps: ["1", "2", "3", "4", "5", "6", "7"].map((n) => read(`q${n}`)),
    onDark: read("on-q-dark"),
    onSeries: SERIES.map((n) => read(`on-c${n}`)),
  }));

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
