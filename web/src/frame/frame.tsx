// The frame around every page: rail, bar, page, and the bar of tabs on phones.
import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import { api } from "../api/client";
import { usePoll } from "../api/hooks";
import type { Ledger, Status } from "../api/types";
import { keyCap, keyFor, useKey } from "../keys";
import { Ago, Button } from "../parts/basic";
import { Icon, Mark } from "../parts/icon";
import { Popover } from "../parts/popover";
import { Avatar, faceOf } from "../parts/person";
import { cleanLine } from "../safe";
import { navigate, usePlace } from "../router";
import { makeStore, useStore } from "../store";
import { t } from "../strings";
import { PAGES, pageAt, type PageEntry } from "../routes";
import { InternalLine } from "./internal";
import { PaletteButton } from "./palette-host";
import { useRowKeys } from "./rows";
import { session, signOut } from "./session";

export interface Health {
  ledger: Ledger;
  status: Status;
}
export const health = makeStore<Health | null>(null);

const shortcut = (entry: PageEntry): string => `${keyCap(keyFor("g"))} ${entry.jump.toUpperCase()}`;

function Freshness() {
  const now = useStore(health);
  if (!now) return <span class="fresh">{t("health.asking")}</span>;
  const { ledger, status } = now;
  const last = status.last_event_at;
  const room = status.disk;
  const tone = !ledger.balanced || room === "full" ? "bad" : room === "low" ? "warn" : !last ? "off" : ledger.total.quarantined > 0 ? "warn" : "good";
  return (
    <a class="fresh" href="/settings/pipeline">
      <i class={`light ${tone}`} aria-hidden="true" />
      <span>
        {!ledger.balanced ? t("health.unbalanced") : room !== "good" ? t(`health.room.${room}`) : !last ? t("health.none") : t("health.good")}
        {last && (
          <>
            <br />
            {t("health.last")} <Ago at={last} />
          </>
        )}
      </span>
    </a>
  );
}

function Rail({ here }: { here: PageEntry | undefined }) {
  const who = useStore(session);
  return (
    <nav class="rail" aria-label={t("nav.main")}>
      <a class="brand" href="/" aria-label={t("nav.home")}>
        <Mark />
        <span>{t("product")}</span>
      </a>
      <p class="organisation">{who ? cleanLine(who.organisation.name) : ""}</p>
      {PAGES.map((entry) => (
        <a key={entry.key} class={entry.last ? "nav last" : "nav"} href={entry.path} aria-current={entry === here ? "page" : undefined} aria-label={t(entry.label)} title={`${t(entry.label)} (${shortcut(entry)})`}>
          <Icon name={entry.icon} />
          <span>{t(entry.label)}</span>
          <kbd aria-hidden="true">{shortcut(entry)}</kbd>
        </a>
      ))}
      <div class="rail-foot">
        <Freshness />
        {who && (
          <Popover
            label={t("account")}
            button={(props) => (
              <button type="button" class="account" {...props}>
                <Avatar face={{ ...faceOf(who.user.email, { name: who.user.name }), known: true }} size="xs" />
                <span>{cleanLine(who.user.name)}</span>
              </button>
            )}
          >
            {() => (
              <div class="stack account-panel">
                <p>
                  <b>{cleanLine(who.user.name)}</b>
                  <br />
                  <span class="small dim">{cleanLine(who.user.email)}</span>
                </p>
                <a class="menu-item" href="/settings/appearance">
                  {t("settings.appearance")}
                </a>
                <Button look="quiet" icon="out" onClick={() => void signOut(api.signOut)}>
                  {t("sign.out")}
                </Button>
                <p class="small dim">{t("version", { version: who.version })}</p>
              </div>
            )}
          </Popover>
        )}
      </div>
    </nav>
  );
}

function TabBar({ here }: { here: PageEntry | undefined }) {
  return (
    <nav class="tabbar" aria-label={t("nav.phone")}>
      {PAGES.filter((entry) => entry.phone).map((entry) => (
        <a key={entry.key} href={entry.path} aria-current={entry === here ? "page" : undefined}>
          <Icon name={entry.icon} />
          {t(entry.label)}
        </a>
      ))}
    </nav>
  );
}

/** A page: what stands in its bar, its heading, its content. */
export function Page({ bar, title, lead, tools, above, children }: {
  bar?: ComponentChildren;
  title: ComponentChildren;
  lead?: ComponentChildren;
  tools?: ComponentChildren;
  above?: ComponentChildren;
  children: ComponentChildren;
}) {
  useEffect(() => {
    const text = document.querySelector("h1")?.textContent;
    document.title = text ? t("page.title", { page: text }) : t("product");
  });
  return (
    <div class="main">
      <header class="bar" aria-label={t("bar")}>
        {bar}
        <span class="push" />
        <PaletteButton />
      </header>
      <main class="page" id="main" tabIndex={-1}>
        {above}
        <div class="page-head">
          <div>
            {typeof title === "string" ? <h1>{title}</h1> : title}
            {lead && <p class="lead">{lead}</p>}
          </div>
          {tools && <div class="page-tools">{tools}</div>}
        </div>
        <InternalLine />
        {children}
      </main>
    </div>
  );
}

export function Frame({ children }: { children: ComponentChildren }) {
  const { path } = usePlace();
  const here = pageAt(path)?.entry;
  useRowKeys();
  usePoll(async () => {
    const [ledger, status] = await Promise.all([api.ledger(), api.status()]);
    health.set({ ledger, status });
  }, 10_000);
  return (
    <>
      <a
        class="skip"
        href="#main"
        onClick={(event) => {
          event.preventDefault();
          document.getElementById("main")?.focus();
        }}
      >
        {t("skip")}
      </a>
      <div class="app">
        <Rail here={here} />
        {children}
        <TabBar here={here} />
      </div>
      {PAGES.map((entry) => (
        <Jump key={entry.key} entry={entry} />
      ))}
    </>
  );
}

function Jump({ entry }: { entry: PageEntry }) {
  useKey(`g ${entry.jump}`, () => navigate(entry.path));
  return null;
}
