// How it looks: colours with their contrast, one question a page or all, what is said before and after.
import { Sheet, Tag } from "../../parts/basic";
import { Radios, TextField } from "../../parts/field";
import { t } from "../../strings";
import { contrast, languagesOf, textIn, withText, type Definition, type Text } from "./definition";

/** What the server takes where nothing is set. */
export const THEME: Record<string, string> = {
  accent: "#1d5240",
  accent_text: "#ffffff",
  background: "#ffffff",
  text: "#14231c",
  dark_accent: "#7fd0b0",
  dark_accent_text: "#10201a",
  dark_background: "#15171c",
  dark_text: "#edf3ef",
};
const PAIRS: [string, string][] = [["text", "background"], ["accent_text", "accent"], ["dark_text", "dark_background"], ["dark_accent_text", "dark_accent"]];
const ENOUGH = 4.5;

interface Props {
  survey: Definition;
  language: string;
  onChange: (survey: Definition) => void;
}

export function Look({ survey, language, onChange }: Props) {
  const theme = { ...THEME, ...survey.theme };
  const languages = languagesOf(survey);
  const set = (name: string, value: string) => {
    const next = { ...survey.theme, [name]: value };
    for (const each of Object.keys(next)) if (next[each] === THEME[each]) delete next[each];
    const { theme: _, ...rest } = survey;
    onChange(Object.keys(next).length ? { ...rest, theme: next } : rest);
  };
  const text = (name: "title" | "intro" | "thanks", label: string) => (
    <TextField
      label={label}
      value={textIn(survey[name] as Text | undefined, language, languages)}
      onInput={(value) => {
        const { [name]: old, ...rest } = survey;
        const next = withText(old as Text | undefined, language, languages, value);
        onChange(next === undefined ? (rest as Definition) : { ...survey, [name]: next });
      }}
    />
  );
  return (
    <div class="stack">
      <Sheet title={t("survey.look.words")}>
        <div class="stack">
          {text("title", t("survey.look.title"))}
          {text("intro", t("survey.look.intro"))}
          {text("thanks", t("survey.look.thanks"))}
          <Radios
            label={t("survey.look.pages")}
            value={survey.pages ?? "one"}
            onChange={(pages) => onChange({ ...survey, pages })}
            options={[
              { value: "one", text: t("survey.look.pages.one") },
              { value: "all", text: t("survey.look.pages.all") },
            ]}
          />
        </div>
      </Sheet>
      <Sheet title={t("survey.look.colours")}>
        <ul class="plain colours">
          {PAIRS.map(([ink, ground]) => {
            const ratio = contrast(theme[ink]!, theme[ground]!);
            return (
              <li key={ink}>
                <label>
                  <span>{t(`survey.colour.${ground}` as "survey.colour.background")}</span>
                  <input type="color" value={theme[ground]} onInput={(event) => set(ground, event.currentTarget.value)} />
                </label>
                <label>
                  <span>{t(`survey.colour.${ink}` as "survey.colour.text")}</span>
                  <input type="color" value={theme[ink]} onInput={(event) => set(ink, event.currentTarget.value)} />
                </label>
                <Tag tone={ratio >= ENOUGH ? "good" : "bad"}>{t(ratio >= ENOUGH ? "survey.contrast.good" : "survey.contrast.low", { ratio: ratio.toFixed(1) })}</Tag>
              </li>
            );
          })}
        </ul>
      </Sheet>
    </div>
  );
}
