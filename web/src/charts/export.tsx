// One menu for whatever can be taken along: the numbers as CSV or NDJSON, the chart as SVG or PNG.
import { useState } from "preact/hooks";
import type { AnswerBase } from "../api/types";
import { formatBoth, formatDayRange, formatNumber, orgZone } from "../format";
import { Icon } from "../parts/icon";
import { Popover } from "../parts/popover";
import { toast } from "../parts/toast";
import { DEFAULT_RANGE, rangeDays } from "../query/range";
import type { Range } from "../query/types";
import { download } from "../safe";
import { t } from "../strings";
import { printPalette } from "./colours";
import { tableCsv, tableNdjson, type TableData } from "./data";
import type { Picture } from "./picture";

type Text = () => string | Promise<string>;

export interface Exports {
  /** Of the file, without its ending. */
  name: string;
  csv?: Text;
  ndjson?: Text;
  picture?: () => Picture;
}

export const tableExports = (table: () => TableData): Pick<Exports, "csv" | "ndjson"> => ({
  csv: () => tableCsv(table()),
  ndjson: () => tableNdjson(table()),
});

/** Letters and digits of what it is called; never a path, never a name that an operating system refuses. */
export function fileName(name: string, ending: string): string {
  const words = name.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
  const plain = words.join("-").slice(0, 60).replace(/-$/, "");
  return `${plain || "firsthand"}.${ending}`;
}

/** How many stand behind it, which days, in whose time, and as of when. */
export function pictureNote(answer: AnswerBase, n: number | string | null, range: Range | undefined, zone: string | undefined): string {
  const days = rangeDays(range ?? DEFAULT_RANGE);
  return t("export.note", { n: typeof n === "number" ? formatNumber(n) : (n ?? "–"), days: formatDayRange(days.from, days.to), zone: zone ?? orgZone(), at: formatBoth(answer.as_of) });
}

const SCALE = 2;

async function drawn(picture: Picture) {
  const { drawPicture } = await import("./picture-draw");
  return drawPicture(picture, printPalette());
}

async function png(picture: Picture): Promise<Blob> {
  const { svg, width, height } = await drawn(picture);
  const image = new Image();
  // As data: the content security policy takes images from nowhere else but this server.
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
  await image.decode();
  const canvas = document.createElement("canvas");
  canvas.width = width * SCALE;
  canvas.height = height * SCALE;
  canvas.getContext("2d")!.drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((done, fail) => canvas.toBlob((blob) => (blob ? done(blob) : fail(new Error("no picture"))), "image/png"));
}

interface Format {
  ending: "csv" | "ndjson" | "svg" | "png";
  type: string;
  make: () => Promise<string | Blob> | string;
}

function formats({ csv, ndjson, picture }: Exports): Format[] {
  return [
    ...(csv ? [{ ending: "csv" as const, type: "text/csv;charset=utf-8", make: csv }] : []),
    ...(ndjson ? [{ ending: "ndjson" as const, type: "application/x-ndjson;charset=utf-8", make: ndjson }] : []),
    ...(picture
      ? [
          { ending: "svg" as const, type: "image/svg+xml;charset=utf-8", make: async () => (await drawn(picture())).svg },
          { ending: "png" as const, type: "image/png", make: () => png(picture()) },
        ]
      : []),
  ];
}

export function ExportMenu({ disabled, ...exports }: Exports & { disabled?: boolean }) {
  const [busy, setBusy] = useState(false);
  const take = async (format: Format) => {
    setBusy(true);
    try {
      const name = fileName(exports.name, format.ending);
      download(name, format.type, await format.make());
      toast(t("exported.as", { name }));
    } catch {
      toast(t("export.failed"));
    } finally {
      setBusy(false);
    }
  };
  return (
    <Popover
      label={t("export")}
      button={(props) => (
        <button type="button" class="button quiet" disabled={disabled || busy} {...props}>
          <Icon name="download" small />
          {t("export")}
        </button>
      )}
    >
      {(close) => (
        <ul class="plain menu">
          {formats(exports).map((format) => (
            <li key={format.ending}>
              <button
                type="button"
                class="menu-item"
                onClick={() => {
                  close();
                  void take(format);
                }}
              >
                {t(`take.${format.ending}`)}
              </button>
            </li>
          ))}
        </ul>
      )}
    </Popover>
  );
}
