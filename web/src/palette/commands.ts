// Where one can go and what one can do from anywhere.
import { api } from "../api/client";
import { signOut } from "../frame/session";
import { TABS } from "../pages/journeys/state";
import { SETTINGS } from "../pages/settings/page";
import type { IconName } from "../parts/icon";
import { keyCap, keyFor } from "../keys";
import { savePrefs } from "../prefs";
import { navigate } from "../router";
import { PAGES } from "../routes";
import { t, type Key } from "../strings";
import { pressWhenThere } from "./here";

export interface Command {
  key: string;
  name: string;
  icon: IconName;
  group: "go" | "do";
  /** Other words for it. */
  also?: string;
  /** What to press instead. */
  keys?: string;
  run: () => void;
}

const go = (key: string, name: string, icon: IconName, path: string, more: Partial<Command> = {}): Command => ({ key, name, icon, group: "go", run: () => navigate(path), ...more });

/** Something that begins with a button of another page. */
const begin = (key: string, icon: IconName, path: string, button: Key, name: Key = button): Command => ({
  key, name: t(name), icon, group: "do",
  run: () => {
    navigate(path);
    pressWhenThere(t(button));
  },
});

const look = (key: string, name: Key, changes: Parameters<typeof savePrefs>[0]): Command => ({ key, name: t(name), icon: "eye", group: "do", also: t("settings.appearance"), run: () => savePrefs(changes) });

export function commands(showKeys: () => void): Command[] {
  return [
    ...PAGES.map((page) => go(`go ${page.key}`, t(page.label), page.icon, page.path, { keys: `${keyCap(keyFor("g"))} ${page.jump.toUpperCase()}` })),
    ...TABS.map((tab) => go(`go journeys ${tab}`, t("palette.part", { page: t("nav.journeys"), part: t(`journeys.${tab}`) }), "journeys", `/journeys/${tab}`)),
    ...SETTINGS.map((tab) => go(`go settings ${tab}`, t("palette.part", { page: t("nav.settings"), part: t(`settings.${tab}`) }), "settings", `/settings/${tab}`)),
    begin("do survey", "survey", "/surveys", "surveys.add"),
    begin("do dashboard", "dashboard", "/dashboards", "dashboards.add"),
    begin("do channel", "plus", "/settings/sources", "channels.add.webhook", "palette.channel.webhook"),
    begin("do feed", "plus", "/settings/sources", "channels.add.feed", "palette.channel.feed"),
    begin("do mailbox", "plus", "/settings/sources", "channels.add.mailbox", "palette.channel.mailbox"),
    begin("do source", "plus", "/settings/sources", "sources.add", "palette.source"),
    begin("do key", "key", "/settings/keys", "keys.add"),
    begin("do interview", "voice", "/voice", "interview.add"),
    begin("do segment", "filter", "/customers", "customers.and", "palette.segment"),
    look("look light", "palette.theme.light", { theme: "light" }),
    look("look dark", "palette.theme.dark", { theme: "dark" }),
    look("look system", "palette.theme.system", { theme: "system" }),
    look("look high", "palette.contrast.high", { contrast: "high" }),
    look("look normal", "palette.contrast.system", { contrast: "system" }),
    look("look roomy", "palette.density.roomy", { density: "roomy" }),
    look("look dense", "palette.density.normal", { density: "normal" }),
    look("keys on", "palette.keys.on", { singleKeys: true }),
    look("keys off", "palette.keys.off", { singleKeys: false }),
    { key: "do keys", name: t("palette.keys"), icon: "help", group: "do", keys: keyCap(keyFor("?")), run: showKeys },
    { key: "do out", name: t("sign.out"), icon: "out", group: "do", run: () => void signOut(api.signOut) },
  ];
}
