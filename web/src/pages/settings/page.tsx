// Settings: is the data safe, correct and ours.
import { useEffect } from "preact/hooks";
import { TabLinks } from "../../parts/basic";
import { lazy } from "../../parts/lazy";
import { navigate } from "../../router";
import type { PageProps } from "../../routes";
import { t } from "../../strings";
import { Appearance } from "./appearance";
import { Contact } from "./contact";
import { Keys } from "./keys";
import { Organisation } from "./organisation";
import { Pipeline } from "./pipeline";
import { Quarantine } from "./quarantine";
import { Sources } from "./sources";

const Export = lazy(() => import("./export").then((module) => module.Export));
const Imports = lazy(() => import("./imports").then((module) => module.Imports));
const Backups = lazy(() => import("./backups").then((module) => module.Backups));
const Privacy = lazy(() => import("./privacy").then((module) => module.Privacy));
const Catalogue = lazy(() => import("./catalogue").then((module) => module.Catalogue));

export const SETTINGS = ["pipeline", "catalogue", "quarantine", "imports", "sources", "keys", "contact", "privacy", "backups", "export", "organisation", "appearance"] as const;
export type SettingsName = (typeof SETTINGS)[number];

const PAGES = { pipeline: Pipeline, catalogue: Catalogue, quarantine: Quarantine, imports: Imports, sources: Sources, keys: Keys, contact: Contact, privacy: Privacy, backups: Backups, export: Export, organisation: Organisation, appearance: Appearance };

export function SettingsPage({ rest }: PageProps) {
  const name = SETTINGS.find((each) => each === rest[0]);
  useEffect(() => {
    if (!name) navigate("/settings/pipeline", true);
  }, [name]);
  if (!name) return null;
  const Here = PAGES[name];
  return <Here />;
}

export function SettingsTabs({ here }: { here: SettingsName }) {
  return <TabLinks label={t("nav.settings")} tabs={SETTINGS.map((name) => ({ href: `/settings/${name}`, text: t(`settings.${name}`), here: name === here }))} />;
}
