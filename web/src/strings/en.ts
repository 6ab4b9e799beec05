// English. One file per part of the interface, so that a translation has the same shape.
import { frame } from "./en/frame";
import { palette } from "./en/palette";
import { evidence } from "./en/evidence";
import { query } from "./en/query";
import { today } from "./en/today";
import { customers } from "./en/customers";
import { journeys } from "./en/journeys";
import { dashboards } from "./en/dashboards";
import { notes } from "./en/notes";
import { surveys } from "./en/surveys";
import { voice } from "./en/voice";
import { settings } from "./en/settings";
import { sql } from "./en/sql";
import { channels } from "./en/channels";
import { contact } from "./en/contact";
import { privacy } from "./en/privacy";
import { catalogue } from "./en/catalogue";

export const en = { ...frame, ...palette, ...evidence, ...query, ...today, ...customers, ...journeys, ...notes, ...dashboards, ...sql, ...settings, ...channels, ...contact, ...privacy, ...catalogue, ...voice, ...surveys } as const;
