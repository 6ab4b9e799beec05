// The sheet of shortcuts, behind the question mark.
import { useState } from "preact/hooks";
import { useKey } from "../keys";
import { Dialog } from "../parts/dialog";
import { PAGES } from "../routes";
import { t } from "../strings";

export function Shortcuts() {
  const [open, setOpen] = useState(false);
  useKey("?", () => setOpen(true));
  if (!open) return null;
  const rows: [string, string][] = [
    ...PAGES.map((entry): [string, string] => [`G ${entry.jump.toUpperCase()}`, t("keys.jump", { page: t(entry.label) })]),
    [t("key.slash"), t("keys.find")],
    [t("key.t"), t("keys.table")],
    [t("key.esc"), t("keys.close")],
    [t("key.arrows"), t("keys.points")],
    [t("key.enter"), t("keys.open")],
    [t("key.question"), t("keys.sheet")],
  ];
  return (
    <Dialog title={t("keys.title")} onClose={() => setOpen(false)}>
      <dl class="shortcut-list">
        {rows.map(([keys, what]) => (
          <div key={keys}>
            <dt>
              {keys.split(" ").map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      <p class="small dim">
        {t("keys.off")} <a href="/settings/appearance">{t("settings.appearance")}</a>
      </p>
    </Dialog>
  );
}
