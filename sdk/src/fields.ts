// The twelve types of questions as form controls of the browser: its keys, its roles, its reading aloud.
import { h } from "./dom";
import { member, textIn, type Choice, type Question } from "./logic";
import type { Words } from "./texts";
import type { Json } from "./types";

export interface Field {
  body: HTMLElement;
  /** What is answered now; null: nothing. */
  read(): Json;
  /** What cannot be right, in words; "": nothing. */
  fault(): string;
  /** The control that takes the focus when it is needed. */
  first: HTMLElement;
}

/** `chosen`: by a click, which is an answer even where the choice was made already. */
type Changed = (chosen?: boolean) => void;

const SCALES: Record<string, [number, number]> = { nps: [0, 10], csat: [1, 5], ces: [1, 7], stars: [1, 5] };
const WORDS_MAX = 5000; // characters: the server takes 20,000 bytes

interface Mark {
  value: Json;
  text: string;
  said?: string;
  look?: string;
}

/** Radios or checkboxes that look like what the design says, and are what they are. */
function choices(name: string, marks: Mark[], type: string, look: string, chosen: Json[], changed: Changed): { body: HTMLElement; inputs: HTMLInputElement[] } {
  const inputs: HTMLInputElement[] = [];
  const labels = marks.map((mark) => {
    const input = h("input", { type, name, "aria-label": mark.said, onclick: () => changed(true), onchange: () => changed() });
    input.checked = chosen.includes(mark.value);
    inputs.push(input);
    return h("label", { class: `c ${mark.look || ""}` }, input, h("span", { "aria-hidden": !!mark.said && "true" }, mark.text));
  });
  return { body: h("div", { class: look }, ...labels), inputs };
}

const pick = (marks: Mark[], inputs: HTMLInputElement[]): Json[] => marks.filter((_mark, index) => inputs[index]!.checked).map((mark) => mark.value);

export function fieldOf(question: Question, value: Json | undefined, language: string, words: Words, changed: Changed, typed: (text: string) => void): Field {
  const { type } = question;
  const marksOf = (list: Choice[] | undefined): Mark[] => (list || []).map((choice) => ({ value: choice.id, text: textIn(choice.label, language) }));
  const scale = member(SCALES, type);
  const group = `f${question.id}`;

  if (scale || type === "single" || type === "yes_no" || type === "multiple") {
    const marks: Mark[] = scale
      ? Array.from({ length: scale[1] - scale[0] + 1 }, (_none, index) => {
          const score = index + scale[0];
          return type === "stars" ? { value: score, text: "★", said: `${score} ${words.of} 5`, look: "star" } : { value: score, text: String(score) };
        })
      : type === "yes_no"
        ? [{ value: true, text: words.yes! }, { value: false, text: words.no! }]
        : marksOf(question.choices);
    const many = type === "multiple";
    const { body, inputs } = choices(group, marks, many ? "checkbox" : "radio", scale ? "row" : "list", many && Array.isArray(value) ? value : value === undefined ? [] : [value], changed);
    const low = textIn(question.low_label, language);
    const high = textIn(question.high_label, language);
    return {
      body: h("div", { class: "f" }, body, (low || high) && h("div", { class: "ends dim" }, h("span", {}, low), h("span", {}, high))),
      read: () => {
        const found = pick(marks, inputs);
        return many ? (found.length ? found : null) : found.length ? found[0]! : null;
      },
      fault: () => "",
      first: inputs[0]!,
    };
  }

  if (type === "rank") {
    const list = marksOf(question.choices);
    const kept = Array.isArray(value) ? value : [];
    let order = [...list].sort((a, b) => (kept.indexOf(a.value) + 1 || 99) - (kept.indexOf(b.value) + 1 || 99));
    let touched = kept.length > 0;
    const body = h("ol", {});
    const live = h("div", { class: "sr", role: "status" });
    const fill = (focus?: Mark, up?: boolean): void => {
      const move = (mark: Mark, by: number): void => {
        const at = order.indexOf(mark);
        order = order.filter((one) => one !== mark);
        order.splice(at + by, 0, mark);
        touched = true;
        fill(mark, by < 0);
        live.textContent = `${mark.text}: ${at + by + 1} ${words.of} ${order.length}`;
        changed();
      };
      let target: HTMLElement | undefined;
      body.replaceChildren(
        ...order.map((mark, index) => {
          const button = (said: string, sign: string, by: number): HTMLButtonElement =>
            h("button", { type: "button", "aria-label": `${said}: ${mark.text}`, "aria-disabled": order[index + by] ? undefined : "true", onclick: () => order[index + by] && move(mark, by) }, sign);
          const [higher, lower] = [button(words.up!, "↑", -1), button(words.down!, "↓", 1)];
          if (mark === focus) target = up ? higher : lower;
          return h("li", {}, h("span", {}, `${index + 1}. ${mark.text}`), higher, lower);
        }),
      );
      target?.focus();
    };
    fill();
    return {
      body: h("div", { class: "f" }, body, live),
      // The order as it stands is an answer once it was touched, or where one is needed.
      read: () => (touched || question.required ? order.map((mark) => mark.value) : null),
      fault: () => "",
      first: body.querySelector("button")!,
    };
  }

  if (type === "matrix") {
    const kept = value && typeof value === "object" && !Array.isArray(value) ? value : {};
    const marks = marksOf(question.choices);
    const rows = (question.rows || []).map((row) => ({ id: row.id, label: textIn(row.label, language), ...choices(`${group}.${row.id}`, marks, "radio", "list", [member(kept, row.id) ?? null], changed) }));
    return {
      body: h("div", { class: "f" }, ...rows.map((row) => h("fieldset", { class: "m" }, h("legend", {}, row.label), row.body))),
      read: () => {
        const found: Record<string, Json> = {};
        for (const row of rows) {
          const [chosen] = pick(marks, row.inputs);
          if (chosen !== undefined) Object.defineProperty(found, row.id, { value: chosen, enumerable: true });
        }
        return Object.keys(found).length ? found : null;
      },
      fault: () => "",
      first: rows[0]!.inputs[0]!,
    };
  }

  const title = textIn(question.title, language);
  if (type === "number" || type === "date") {
    const input = h("input", { class: "i", type, "aria-label": title, min: question.min, max: question.max, step: type === "number" ? "any" : undefined, onchange: () => changed() });
    if (value !== undefined && value !== null) input.value = String(value);
    const { min, max } = question;
    return {
      body: h("div", { class: "f" }, input),
      read: () => (input.value === "" ? null : type === "number" ? Number(input.value) : input.value),
      fault: () => (input.validity.badInput || !input.validity.valid ? (type === "number" ? words.from!.replace("{0}", String(min ?? "−∞")).replace("{1}", String(max ?? "∞")) : words.needed!) : ""),
      first: input,
    };
  }

  const area = h("textarea", { "aria-label": title, maxlength: WORDS_MAX, rows: 4, oninput: () => typed(area.value), onchange: () => changed() });
  area.value = typeof value === "string" ? value : "";
  return { body: h("div", { class: "f" }, area), read: () => area.value.trim() || null, fault: () => "", first: area };
}
