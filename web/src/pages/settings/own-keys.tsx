// Single keys, each on the key the reader wants it on. A key that two share is said, and works for the page's own.
import { clashes, keyCap, SINGLE_KEYS } from "../../keys";
import { Button } from "../../parts/basic";
import { prefs, savePrefs } from "../../prefs";
import { useStore } from "../../store";
import { t } from "../../strings";

/** What may be a single key: one character that can be seen, or the space. */
const one = (key: string): string | null => (key.length === 1 ? key.toLowerCase() : null);

export function OwnKeys() {
  const now = useStore(prefs);
  const double = clashes(now.keys);
  const put = (key: string, own: string) => {
    const { [key]: _, ...others } = now.keys;
    savePrefs({ keys: own === key ? others : { ...others, [key]: own } });
  };
  const onKeyDown = (key: string) => (event: KeyboardEvent) => {
    // Tab and the like keep their work, so that nobody is caught in the field.
    const own = event.ctrlKey || event.metaKey || event.altKey ? null : one(event.key);
    if (own === null) return;
    event.preventDefault();
    put(key, own);
  };
  return (
    <fieldset class="own-keys" disabled={!now.singleKeys}>
      <legend>{t("appearance.own.keys")}</legend>
      <p class="small dim">{t("appearance.own.keys.hint")}</p>
      <div class="own-keys-grid">
        {SINGLE_KEYS.map(({ key, what }) => (
          <label key={key} class="own-key">
            <span>{t(what)}</span>
            <input class="input" type="text" readOnly value={keyCap(now.keys[key] ?? key)} onKeyDown={onKeyDown(key)} aria-invalid={double.has(key) || undefined} />
            {double.has(key) && <small class="bad">{t("appearance.own.keys.double")}</small>}
          </label>
        ))}
      </div>
      {Object.keys(now.keys).length > 0 && (
        <Button look="quiet" onClick={() => savePrefs({ keys: {} })}>
          {t("appearance.own.keys.reset")}
        </Button>
      )}
    </fieldset>
  );
}
