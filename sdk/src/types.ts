// What the two scripts agree on, and what a page may say.

export interface Options {
  /** The client key of a source, "ck_...". */
  key: string;
  /** Where the server, or the path of your own site that leads to it, is. Default: where the script came from. */
  host?: string;
  /** "storage" (default), "cookie", or "memory": then nothing of identity is stored. */
  persistence?: string;
  /** With "cookie": the domain to set it for, such as ".shop.example". */
  cookieDomain?: string;
  /** "honour" (default) or "ignore" Do Not Track and Global Privacy Control. */
  doNotTrack?: string;
  /** "required": nothing before optIn(). */
  consent?: string;
  /** Page views by themselves; false or "off": only by page(). */
  pages?: boolean | string;
  /** Signs of struggle; false or "off". */
  struggle?: boolean | string;
  /** Surveys in the page; false or "off". */
  surveys?: boolean | string;
  /** A feedback button; true or "on". */
  feedback?: boolean | string;
  /** Names of parameters of the address that may be sent, with commas or blanks between. */
  params?: string;
  /** Names of parameters that hold the words of a search. Default: q query s search keyword term. */
  searchParams?: string;
  /** Texts of the widget that replace its own, by name. */
  texts?: Record<string, string>;
}

export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };
export type Bag = Record<string, unknown>;

export interface Answered {
  status: number;
  retryS: number;
  json: unknown;
}

/** What surveys.js gets of the core. */
export interface Core {
  options: Options;
  /** The ids to ask and answer under. */
  ids(): { anonymousId: string; userId?: string };
  /** An event that the visitor sends on purpose: also under Do Not Track. */
  say(event: string, properties: Bag, text?: string): void;
  /** Sends to a path under the host; never rejects. Status 0: no answer. */
  post(path: string, body: Bag): Promise<Answered>;
  get(name: string): string | null;
  set(name: string, value: string): boolean;
  del(name: string): void;
}

export const STATE_NAME = "fh.s"; // the survey that is open
export const ENDED_NAME = "fh.d"; // the response that was dismissed last
export const off = (value: unknown): boolean => value === false || value === "off" || value === "false";
