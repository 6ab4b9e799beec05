// Surveys and feedback in the page: loaded by the core when there is something to show.
//
// Everything lies in a closed shadow root with constructed style sheets, so that neither the page's rules nor its
// content security policy touch it. It is no modal: it takes no focus by itself, and keeps nobody in or out. What
// the visitor opened by hand takes the focus, and gives it back.
import { CSS, h, type Part } from "./dom";
import { fieldOf, type Field } from "./fields";
import { guard, listen } from "./kit";
import { given, recall, textIn, walk, type Survey } from "./logic";
import { bare, makeOutbox, type Open } from "./outbox";
import { rightToLeft, wordsIn, type Words } from "./texts";
import { ENDED_NAME, STATE_NAME, type Bag, type Core, type Json } from "./types";

const COLOURS: Record<string, string> = { accent: "#1d5240", accent_text: "#ffffff", background: "#ffffff", text: "#14231c", dark_accent: "#7fd0b0", dark_accent_text: "#10201a", dark_background: "#15171c", dark_text: "#edf3ef" };

interface Panel {
  host: HTMLElement;
  root: ShadowRoot;
  remove(): void;
}

/** A shadow root of our own at the end of the page. */
function panel(theme: Record<string, unknown> | undefined, side?: string): Panel {
  const colour = (name: string): string => {
    const wanted = theme && theme[name];
    return typeof wanted === "string" && /^#[0-9a-f]{6}$/i.test(wanted) ? wanted : COLOURS[name]!;
  };
  const vars = (dark: string): string => `.box,.tab{--a:${colour(`${dark}accent`)};--at:${colour(`${dark}accent_text`)};--b:${colour(`${dark}background`)};--t:${colour(`${dark}text`)}}`;
  const host = document.createElement("div");
  host.dataset.fh = side || "";
  const root = host.attachShadow({ mode: "closed" });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`${vars("")}@media (prefers-color-scheme:dark){${vars("dark_")}}${CSS}`);
  root.adoptedStyleSheets = [sheet];
  // Keys pressed in here are no short cuts of the page.
  for (const name of ["keydown", "keyup", "keypress"]) root.addEventListener(name, (event) => event.stopPropagation());
  document.body.append(host);
  return { host, root, remove: () => host.remove() };
}

export function start(core: Core): { show(answer?: unknown, wanted?: boolean): void; feedback(): void; button(): void } {
  let shown: Panel | undefined;
  let touched = false; // the visitor is at the question on show, in this tab
  let current = ""; // the question on show, or "thanks"
  let known: string | undefined; // its answer as this tab knows it, in JSON
  const outbox = makeOutbox({
    now: Date.now,
    random: Math.random,
    get: () => core.get(STATE_NAME),
    set: (value) => core.set(STATE_NAME, value),
    del: () => core.del(STATE_NAME),
    post: core.post,
    later: (ms, run) => window.setTimeout(guard(run), ms),
    cancel: (timer) => clearTimeout(timer),
  });
  listen(window, "online", outbox.wake);
  listen(window, "storage", (event) => {
    const { key } = event as StorageEvent;
    if (key !== STATE_NAME && key !== null) return;
    // Another tab went on: show where it is, or go where it ended.
    const open = outbox.read();
    if (shown && current !== "thanks") {
      if (!open || open.closed || open.finished || !open.at) hide();
      else if (!touched && (open.at !== current || JSON.stringify(open.answers[current]) !== known)) draw(open);
    }
    outbox.flush();
  });

  const hide = (): void => {
    shown?.remove();
    shown = undefined;
    current = "";
  };
  const dismiss = (): void => {
    hide();
    // Also where the server, which knows of no dismissal, would go on with it.
    core.set(ENDED_NAME, outbox.read()?.response || "");
    outbox.close();
  };

  const boxOf = (words: Words, language: string, dir: string, titleId: string, onclose: () => void, ...parts: Part[]): HTMLElement => {
    const box = h(
      "div",
      { class: "box", role: "dialog", "aria-labelledby": titleId, lang: language, dir, onkeydown: (event: KeyboardEvent) => event.key === "Escape" && onclose() },
      h("button", { class: "x", type: "button", "aria-label": words.close, onclick: onclose }, "×"),
      ...parts,
    );
    return box;
  };

  /** `focus`: the visitor is in here already, or opened it. */
  function draw(open: Open, focus?: boolean): void {
    const { survey, answers } = open;
    const language = survey.language || document.documentElement.lang || "en";
    const dir = survey.dir || (rightToLeft(language) ? "rtl" : "ltr");
    const words = wordsIn(language, core.options.texts);
    const text = (value: Survey["title"]): string => recall(textIn(value, language), survey.questions, answers, language);
    const first = !shown;
    shown ||= panel(survey.theme);
    const { root } = shown;
    const { path, at } = walk(survey.questions, answers);
    // Where the visitor was, as long as it is still on the way.
    const way = at ? [...path, at] : path;
    const question = open.at === undefined ? at : way.find((one) => one.id === open.at) || at;
    touched = false;

    if (!question) {
      current = "thanks";
      const title = h("h2", { id: "t", tabindex: -1 }, text(survey.thanks) || words.thanks!);
      const note = h("p", { class: "dim", role: "status" });
      root.replaceChildren(boxOf(words, language, dir, "t", hide, title, note, h("div", { class: "bar" }, h("button", { class: "go", type: "button", onclick: hide }, words.close!))));
      if (focus) title.focus();
      outbox.finish();
      setTimeout(
        guard(() => {
          if (core.get(STATE_NAME)) note.textContent = words.later!;
        }),
        3000,
      );
      return;
    }

    current = question.id;
    if (open.at !== current) outbox.go(current);
    const draft = open.draft && open.draft[0] === question.id ? open.draft[1] : undefined;
    let field: Field;
    const error = h("p", { class: "err", role: "alert", id: "e" });
    const next = h("button", { class: "go", type: "button", onclick: () => go() });
    const label = (): void => {
      const value = field.read();
      const last = !walk(survey.questions, { ...answers, [question.id]: value }).at;
      next.textContent = given(value) || question.required ? (last ? words.send! : words.next!) : words.skip!;
      error.textContent = "";
    };
    // Only what was changed here is said: another tab may have a later answer.
    known = JSON.stringify(answers[question.id]);
    const say = (value: Json, chosen?: boolean): void => {
      const text = JSON.stringify(value);
      if (text === known && !chosen) return;
      known = text;
      answers[question.id] = value;
      outbox.answer(question.id, value);
    };
    const keep = (chosen?: boolean): void => {
      touched = true;
      label();
      // A choice is kept at once; words when they are left, or sent. What is chosen once more here counts again:
      // another tab may have said something else in the meantime.
      const value = field.read();
      if (value !== null && !field.fault()) say(value, chosen);
    };
    const typed = (words: string): void => {
      touched = true;
      label();
      outbox.draft(question.id, words.slice(0, 5000));
    };
    const go = (): void => {
      const value = field.read();
      const fault = field.fault() || (question.required && !given(value) ? words.needed! : "");
      error.textContent = fault;
      if (fault) {
        field.first.setAttribute("aria-describedby", "e");
        field.first.focus();
        return;
      }
      // Nothing said here takes nothing away that was said in another tab.
      if (value !== null || known !== undefined || outbox.read()?.answers[question.id] === undefined) say(value);
      const now = outbox.read();
      if (!now) return hide();
      const after = walk(now.survey.questions, now.answers);
      const index = after.path.findIndex((one) => one.id === question.id);
      now.at = (after.path[index + 1] || after.at)?.id;
      outbox.go(now.at);
      draw(now, true);
    };

    field = fieldOf(question, draft ?? answers[question.id], language, words, keep, typed);
    label();
    const intro = question === way[0] ? text(survey.intro) : "";
    const description = text(question.description);
    const before = way[way.indexOf(question) - 1];
    const title = h("legend", { id: "t", tabindex: -1 }, text(question.title));
    const count = survey.questions.length;
    root.replaceChildren(
      boxOf(
        words,
        language,
        dir,
        "t",
        dismiss,
        intro && h("p", { class: "dim" }, intro),
        h("fieldset", { class: "q" }, title, description && h("p", { class: "dim" }, description), field.body),
        error,
        h(
          "div",
          { class: "bar" },
          before &&
            h(
              "button",
              {
                type: "button",
                onclick: () => {
                  outbox.go(before.id);
                  draw(outbox.read() || open, true);
                },
              },
              words.back!,
            ),
          count > 1 && h("span", { class: "dim" }, `${Math.min(survey.questions.indexOf(question) + 1, count)} ${words.of} ${count}`),
          next,
        ),
      ),
    );
    if (focus) title.focus();
    else if (first) {
      // Said politely by who reads aloud; the focus stays where it is.
      const live = h("div", { class: "sr", role: "status", lang: language });
      root.append(live);
      setTimeout(guard(() => (live.textContent = `${words.hello}: ${text(question.title)}`)), 100);
    }
  }

  /** What the server has to say in answer to ask/next; nothing: the survey that is open already. */
  const show = (answer?: unknown, wanted?: boolean): void => {
    let open = outbox.read();
    const asked = answer as { survey?: Survey; response?: string; token?: string } | undefined;
    if (!open && asked && (wanted || asked.response !== core.get(ENDED_NAME)) && asked.survey && Array.isArray(asked.survey.questions) && asked.survey.questions.length && asked.response) {
      outbox.begin({ response: asked.response, token: asked.token || "", survey: asked.survey, answers: bare(), pending: bare(), acked: bare(), seq: 0 });
      open = outbox.read();
    }
    if (open && !open.closed && !open.finished && !shown) draw(open);
    outbox.flush();
  };

  // ---- feedback -------------------------------------------------------------------------------------------
  let form: Panel | undefined;
  const feedback = (): void => {
    if (form) return;
    const language = document.documentElement.lang || navigator.language || "en";
    const words = wordsIn(language, core.options.texts);
    const opener = document.activeElement;
    form = panel(undefined);
    const { root } = form;
    const close = (): void => {
      form?.remove();
      form = undefined;
      if (tab) tab.host.hidden = false;
      if (tabButton) tabButton.focus();
      else if (opener instanceof HTMLElement && opener.isConnected) opener.focus();
    };
    const area = h("textarea", { "aria-labelledby": "t", maxlength: 5000, rows: 5 });
    const moods = ["good", "neutral", "bad"];
    const inputs = moods.map((mood) => h("input", { type: "radio", name: "mood", value: mood }));
    const error = h("p", { class: "err", role: "alert" });
    const send = (): void => {
      const text = area.value.trim();
      const mood = inputs.find((input) => input.checked)?.value;
      if (!text && !mood) {
        error.textContent = words.needed!;
        area.focus();
        return;
      }
      const properties: Bag = { kind: "note", mood };
      core.say("feedback", properties, text || undefined);
      const title = h("h2", { id: "t", tabindex: -1 }, words.thanks!);
      root.replaceChildren(boxOf(words, language, rightToLeft(language) ? "rtl" : "ltr", "t", close, title, h("div", { class: "bar" }, h("button", { class: "go", type: "button", onclick: close }, words.close!))));
      title.focus();
    };
    root.replaceChildren(
      boxOf(
        words,
        language,
        rightToLeft(language) ? "rtl" : "ltr",
        "t",
        close,
        h("h2", { id: "t" }, words.prompt!),
        h("div", { class: "f" }, area),
        h("fieldset", { class: "m" }, h("legend", {}, words.mood!), h("div", { class: "row" }, ...moods.map((mood, index) => h("label", { class: "c" }, inputs[index], h("span", {}, words[mood]!))))),
        error,
        h("div", { class: "bar" }, h("button", { class: "go", type: "button", onclick: send }, words.send!)),
      ),
    );
    area.focus();
    if (tab) tab.host.hidden = true;
  };

  let tab: Panel | undefined;
  let tabButton: HTMLElement | undefined;
  const button = (): void => {
    if (tab) return;
    const language = document.documentElement.lang || navigator.language || "en";
    tab = panel(undefined, "start");
    tabButton = h("button", { class: "tab", type: "button", lang: language, onclick: feedback }, wordsIn(language, core.options.texts).feedback!);
    tab.root.append(tabButton);
  };

  return { show: guard(show), feedback: guard(feedback), button: guard(button) };
}
