// Events as a file: which form, what time, whose. The browser takes the file as it is made.
import { useState } from "preact/hooks";
import { api } from "../../api/client";
import { useLoad } from "../../api/hooks";
import { Page } from "../../frame/frame";
import { Sheet } from "../../parts/basic";
import { Radios, Select, TextField } from "../../parts/field";
import { cleanLine } from "../../safe";
import { t } from "../../strings";
import { SettingsTabs } from "./page";

const FORMATS = ["ndjson", "csv", "parquet"] as const;
type Format = (typeof FORMATS)[number];

interface Wanted {
  format: Format;
  time: "all" | "range";
  from: string;
  to: string;
  segment: string;
  event: string;
  source: string;
}

/** The address of the file, or nothing while the range is none. */
function address({ format, time, from, to, segment, event, source }: Wanted): string | undefined {
  if (time === "range" && (!from || !to || to < from)) return undefined;
  const asked = { format, ...(time === "range" && { from, to }), segment, event: event.trim(), source };
  const search = new URLSearchParams(Object.entries(asked).filter(([, value]) => value !== ""));
  return `/api/v1/export?${search}`;
}

export function Export() {
  const segments = useLoad("segments", () => api.segments());
  const sources = useLoad("sources", () => api.sources());
  const events = useLoad("export.events", () => api.names("event", "", ""));
  const [wanted, setWanted] = useState<Wanted>({ format: "ndjson", time: "all", from: "", to: "", segment: "", event: "", source: "" });
  const set = (change: Partial<Wanted>) => setWanted({ ...wanted, ...change });
  const href = address(wanted);
  const any = { value: "", text: t("export.any") };
  const named = (names: string[]) => [any, ...names.map((value) => ({ value, text: cleanLine(value) }))];
  return (
    <Page above={<SettingsTabs here="export" />} title={t("settings.export")} lead={t("export.lead")}>
      <div class="narrow">
        <Sheet title={t("export.title")}>
          <div class="stack">
            <Radios label={t("export.format")} value={wanted.format} onChange={(format) => set({ format })} options={FORMATS.map((value) => ({ value, text: t(`export.${value}`) }))} />
            <p class="small dim">{t(`export.${wanted.format}.note`)}</p>
            <Radios
              label={t("export.time")}
              value={wanted.time}
              onChange={(time) => set({ time })}
              options={[
                { value: "all", text: t("export.all") },
                { value: "range", text: t("export.range") },
              ]}
            />
            {wanted.time === "range" && (
              <>
                <TextField label={t("export.from")} type="date" value={wanted.from} onInput={(from) => set({ from })} />
                <TextField label={t("export.to")} type="date" value={wanted.to} onInput={(to) => set({ to })} error={wanted.from && wanted.to && wanted.to < wanted.from ? t("export.reversed") : undefined} />
              </>
            )}
            <Select label={t("export.segment")} value={wanted.segment} onChange={(segment) => set({ segment })} options={named((segments.data?.segments ?? []).map(({ name }) => name))} />
            <TextField label={t("export.event")} value={wanted.event} onInput={(event) => set({ event })} list={(events.data?.names ?? []).map(({ name }) => name)} hint={t("export.event.hint")} />
            <Select label={t("export.source")} value={wanted.source} onChange={(source) => set({ source })} options={named((sources.data?.sources ?? []).map(({ name }) => name))} />
            <p class="row">
              {href ? (
                <a class="button primary" href={href} download>
                  {t("export.do")}
                </a>
              ) : (
                <span class="small dim">{t("export.needs")}</span>
              )}
            </p>
          </div>
        </Sheet>
      </div>
    </Page>
  );
}
