// What is counted: how often, how many customers, or something of a property.
import { Combo } from "../parts/combo";
import { Select } from "../parts/field";
import { t } from "../strings";
import { numberChoices } from "./names";

const PLAIN = ["customers", "count", "per_customer", "sessions"] as const;
const OF = ["sum", "avg", "min", "max", "p50", "p90", "p99"] as const;

export function MeasurePicker({ measure, event, onChange }: { measure: string | undefined; event: string; onChange: (measure: string) => void }) {
  const [name = "count", property = ""] = (measure ?? "count").split(/:(.*)/s);
  const numeric = (OF as readonly string[]).includes(name);
  return (
    <>
      <Select
        inline
        label={t("measure.pick")}
        value={name}
        onChange={(next) => onChange((OF as readonly string[]).includes(next) ? `${next}:${property}` : next)}
        options={[...PLAIN, ...OF].map((each) => ({ value: each as string, text: t(`measure.short.${each}`) }))}
      />
      {numeric && <Combo label={t("measure.property")} value={property} load={(prefix, signal) => numberChoices(prefix, event, signal)} onChange={(next) => onChange(`${name}:${next}`)} />}
    </>
  );
}

/** A numeric measure without a property is not a question yet. */
export const measureReady = (measure: string | undefined): boolean => !measure?.endsWith(":");
