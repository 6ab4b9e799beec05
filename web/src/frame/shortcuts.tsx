// The sheet of keys, behind the question mark: those that do something here first.
import { boundKeys, keyCap, keyFor, SINGLE_KEYS, useKey } from "../keys";
import { Dialog } from "../parts/dialog";
import { PAGES } from "../routes";
import { makeStore, useStore } from "../store";
import { t } from "../strings";

const open = makeStore(false);
export const showShortcuts = (): void => open.set(true);

const mod = (): string => (/Mac|iP/.test(navigator.platform) ? t("key.cmd") : t("key.ctrl"));

function Rows({ rows }: { rows: [string[], string][] }) {
  return (
    <dl class="shortcut-list">
      {rows.map(([keys, what]) => (
        <div key={what}>
          <dt>
            {keys.map((key) => (
              <kbd key={key}>{key}</kbd>
            ))}
          </dt>
          <dd>{what}</dd>
        </div>
      ))}
    </dl>
  );
}

export function Shortcuts() {
  const shown = useStore(open);
  const bound = useStore(boundKeys);
  useKey("?", showShortcuts);
  if (!shown) return null;
  const single = SINGLE_KEYS.filter(({ key }) => key !== "g");
  const row = ({ key, what }: (typeof SINGLE_KEYS)[number]): [string[], string] => [[keyCap(keyFor(key))], t(what)];
  const elsewhere = single.filter(({ key }) => !bound.includes(key));
  return (
    <Dialog title={t("keys.title")} onClose={() => open.set(false)}>
      <Rows
        rows={[
          [[mod(), t("key.k")], t("keys.palette")],
          ...single.filter(({ key }) => bound.includes(key)).map(row),
          ...(bound.includes("mod+z") ? ([[[mod(), t("key.z")], t("keys.back")]] as [string[], string][]) : []),
          [[t("key.esc")], t("keys.close")],
          [[t("key.arrows")], t("keys.points")],
          [[t("key.enter")], t("keys.open")],
        ]}
      />
      <h3 class="small">{t("keys.pages")}</h3>
      <Rows rows={PAGES.map((entry) => [[keyCap(keyFor("g")), entry.jump.toUpperCase()], t(entry.label)])} />
      {elsewhere.length > 0 && (
        <>
          <h3 class="small">{t("keys.elsewhere")}</h3>
          <Rows rows={elsewhere.map(row)} />
        </>
      )}
      <p class="small dim">
        {t("keys.off")} <a href="/settings/appearance">{t("settings.appearance")}</a>
      </p>
    </Dialog>
  );
}
