// Who a customer is to a reader: a name, two letters and a quiet hue that stays the same.
import type { CustomerRow, Traits } from "../api/types";
import { cleanLine } from "../safe";
import { t } from "../strings";

const text = (value: unknown): string => (typeof value === "string" ? cleanLine(value).trim() : "");

const first = (traits: Traits, names: string[]): string => {
  for (const name of names) {
    const found = text(Array.isArray(traits[name]) ? (traits[name] as unknown[])[0] : traits[name]);
    if (found) return found;
  }
  return "";
};

export interface Face {
  name: string;
  letters: string;
  hue: number;
  known: boolean;
}

function hash(source: string): number {
  let h = 2166136261;
  for (let i = 0; i < source.length; i += 1) h = Math.imul(h ^ source.charCodeAt(i), 16777619);
  return h >>> 0;
}

// The list says no more than the id; ids that devices make up look like these.
const isAnonymous = (id: string): boolean => id.startsWith("anonymous:") || /^[0-9a-f]{8}-[0-9a-f]{4}-/i.test(id) || /(^|[-_:])[0-9a-f]{10,}$/i.test(id) || /^(anon|visitor)[-_:]/i.test(id);

export function faceOf(id: string, traits: Traits = {}, known?: boolean): Face {
  const full = first(traits, ["name", "full_name", "fullName", "displayName"]);
  const given = [first(traits, ["firstName", "first_name", "firstname"]), first(traits, ["lastName", "last_name", "lastname"])].filter(Boolean).join(" ");
  const named = full || given || first(traits, ["email", "username"]);
  const anonymous = known === undefined ? !named && isAnonymous(id) : !known && !named;
  const bare = cleanLine(id.replace(/^anonymous:/, ""));
  const name = named || (anonymous ? t("visitor", { id: bare.length > 12 ? bare.slice(-6) : bare }) : bare);
  const words = (named.includes("@") ? named.split("@")[0]!.replace(/[._-]+/g, " ") : named || bare).split(/\s+/).filter(Boolean);
  const letter = (word: string | undefined): string => [...(word ?? "")].find((char) => /[\p{L}\p{N}]/u.test(char)) ?? "";
  const letters = anonymous ? bare.slice(-2) : (letter(words[0]) + (words.length > 1 ? letter(words.at(-1)) : "")).toLocaleUpperCase();
  return { name, letters: letters || "?", hue: hash(id) % 360, known: !anonymous };
}

export function Avatar({ face, size }: { face: Face; size?: "xs" | "m" | "l" }) {
  return (
    <span class={["face", size, !face.known && "visitor"].filter(Boolean).join(" ")} style={{ "--hue": String(face.hue) }} aria-hidden="true">
      {face.letters}
    </span>
  );
}

/** An account goes by its id: its traits are those of its people. */
export const faceOfAccount = (id: string): Face => faceOf(id, {}, true);
export const accountHref = (id: string): string => `/customers/accounts/${encodeURIComponent(id)}`;

export const customerHref = (id: string): string => `/customers/${encodeURIComponent(id)}`;

/** One or two facts that say more than an id: traits that are short and not the name again. */
export function factsOf(row: { id: string; traits: Traits }, most = 2): string[] {
  const skip = /name|email|phone|avatar|^id$|createdat|created_at|url|photo/i;
  const liked = ["city", "town", "country", "plan", "company", "segment"];
  const names = Object.keys(row.traits).filter((name) => !skip.test(name));
  names.sort((a, b) => (liked.indexOf(a) + 1 || 99) - (liked.indexOf(b) + 1 || 99) || (a < b ? -1 : 1));
  return names
    .map((name) => row.traits[name])
    .filter((value): value is string => typeof value === "string" && value.length > 0 && value.length < 25 && !/^\d{4}-/.test(value))
    .slice(0, most)
    .map(cleanLine);
}

export function Who({ row, size, facts }: { row: Pick<CustomerRow, "id" | "traits">; size?: "xs" | "m"; facts?: boolean }) {
  const face = faceOf(row.id, row.traits);
  const list = facts ? factsOf(row) : [];
  return (
    <a class="who" href={customerHref(row.id)}>
      <Avatar face={face} size={size} />
      <span class="who-name">
        <b dir="auto">{face.name}</b>
        {facts && <small>{list.length ? list.join(" · ") : !face.known ? t("not.signed.in") : face.name === cleanLine(row.id) ? t("no.traits") : cleanLine(row.id)}</small>}
      </span>
    </a>
  );
}

export function WhoAccount({ id, size }: { id: string; size?: "xs" | "m" }) {
  const face = faceOfAccount(id);
  return (
    <a class="who" href={accountHref(id)}>
      <Avatar face={face} size={size} />
      <span class="who-name">
        <b dir="auto">{face.name}</b>
      </span>
    </a>
  );
}
