// How this browser shows things. Kept here, not on the server.
import { Page } from "../../frame/frame";
import { Sheet } from "../../parts/basic";
import { Radios } from "../../parts/field";
import { prefs, savePrefs } from "../../prefs";
import { useStore } from "../../store";
import { t } from "../../strings";
import { OwnKeys } from "./own-keys";
import { SettingsTabs } from "./page";

export function Appearance() {
  const now = useStore(prefs);
  return (
    <Page above={<SettingsTabs here="appearance" />} title={t("settings.appearance")} lead={t("appearance.lead")}>
      <div class="narrow">
        <Sheet label={t("settings.appearance")}>
          <div class="stack roomy">
            <Radios label={t("appearance.theme")} value={now.theme} onChange={(theme) => savePrefs({ theme })} options={(["system", "light", "dark"] as const).map((value) => ({ value, text: t(`theme.${value}`) }))} />
            <Radios label={t("appearance.contrast")} value={now.contrast} onChange={(contrast) => savePrefs({ contrast })} options={(["system", "high", "normal"] as const).map((value) => ({ value, text: t(`contrast.${value}`) }))} />
            <Radios label={t("appearance.density")} value={now.density} onChange={(density) => savePrefs({ density })} options={(["normal", "roomy"] as const).map((value) => ({ value, text: t(`density.${value}`) }))} />
            <label class="check">
              <input type="checkbox" checked={now.singleKeys} onChange={(event) => savePrefs({ singleKeys: event.currentTarget.checked })} />
              <span>
                {t("appearance.keys")}
                <small class="dim block">{t("appearance.keys.hint")}</small>
              </span>
            </label>
            <OwnKeys />
          </div>
        </Sheet>
      </div>
    </Page>
  );
}
