// Several languages in one survey: which, and what is still missing in each.
import { useState } from "preact/hooks";
import { Button, Sheet, Tag } from "../../parts/basic";
import { TextField } from "../../parts/field";
import { localeTag, t } from "../../strings";
import { addLanguage, languagesOf, missingTexts, removeLanguage, type Definition } from "./definition";

export function languageName(tag: string): string {
  try {
    return new Intl.DisplayNames([localeTag() ?? "en"], { type: "language" }).of(tag) ?? tag;
  } catch {
    return tag;
  }
}

const EXAMPLE_TAG = "nb";
const TAG = /^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$/;

interface Props {
  survey: Definition;
  language: string;
  onLanguage: (tag: string) => void;
  onChange: (survey: Definition) => void;
}

export function Languages({ survey, language, onLanguage, onChange }: Props) {
  const [tag, setTag] = useState("");
  const [wrong, setWrong] = useState(false);
  const languages = languagesOf(survey);
  return (
    <Sheet title={t("survey.languages")}>
      <div class="stack">
        <p class="dim">{t("survey.languages.about")}</p>
        <ul class="plain language-list">
          {languages.map((each, index) => {
            const missing = missingTexts(survey, each);
            return (
              <li key={each} class="row wrap">
                <button type="button" class={each === language ? "chip on" : "chip"} aria-pressed={each === language} onClick={() => onLanguage(each)}>
                  {languageName(each)}
                </button>
                {index === 0 ? <Tag>{t("survey.languages.first")}</Tag> : missing > 0 ? <Tag tone="warn">{t("survey.languages.missing", { n: missing })}</Tag> : <Tag tone="good">{t("survey.languages.whole")}</Tag>}
                <span class="push" />
                {languages.length > 1 && (
                  <Button
                    look="quiet"
                    icon="close"
                    aria-label={t("survey.languages.remove", { name: languageName(each) })}
                    onClick={() => {
                      onChange(removeLanguage(survey, each));
                      if (each === language) onLanguage(languages.find((other) => other !== each)!);
                    }}
                  />
                )}
              </li>
            );
          })}
        </ul>
        <form
          class="row end"
          onSubmit={(event) => {
            event.preventDefault();
            const wanted = tag.trim();
            if (!TAG.test(wanted)) {
              setWrong(true);
              return;
            }
            setWrong(false);
            onChange(addLanguage(survey, wanted));
            onLanguage(wanted);
            setTag("");
          }}
        >
          <TextField label={t("survey.languages.add")} value={tag} onInput={setTag} placeholder={EXAMPLE_TAG} error={wrong ? t("survey.languages.wrong") : undefined} />
          <Button type="submit" icon="plus">
            {t("survey.languages.add.do")}
          </Button>
        </form>
      </div>
    </Sheet>
  );
}
