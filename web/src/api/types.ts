// What the server answers, as far as the interface reads it: to questions, of surveys, and the rest, which is here.
export * from "./answer-types";
export * from "./survey-types";
import type { CustomersQuery, Query, Range, Segment, TrendQuery } from "../query/types";

export interface Session {
  user: { id: number; name: string; email: string; role: string };
  organisation: { name: string; timezone: string };
  version: string;
}

export interface OrganisationAsSet {
  name: string | null;
  timezone: string | null;
}

export interface Problem {
  title: string;
  status: number;
  detail?: string;
  pointer?: string;
  request_id?: string;
  setup?: boolean;
  /** What is set already, while there is no administrator. */
  organisation?: OrganisationAsSet;
}

export type Scalar = string | number | boolean;
export type Traits = Record<string, Scalar | Scalar[]>;

export interface CustomerRow {
  id: string;
  first_seen: string | null;
  last_seen: string | null;
  events: number;
  traits: Traits;
  value?: number;
}

export interface Verbatim {
  /** Where words are asked for as such; beside a list of people they have none. */
  id?: string;
  customer: string;
  ts: string;
  channel: string | null;
  event: string;
  text: string | null;
  score: number | null;
  scale: string | null;
  kind?: string | null;
  themes?: string[];
  sentiment?: number | null;
  /** What was looked for, as places in `text`: from, to (not included), in UTF-16 units. */
  matches?: [number, number][];
}

export interface Customer {
  id: string;
  known: boolean;
  identifiers: { kind: string; value: string }[];
  traits: Traits;
  first_seen: string | null;
  last_seen: string | null;
  events: number;
  channels: { channel: string | null; events: number; last_seen: string }[];
  accounts: string[];
  joined: { id: string; at: string }[];
}

/** One found while typing: by an identifier, or (matched null) by the name. */
export interface FoundCustomer {
  id: string;
  known: boolean;
  matched: { kind: string; value: string } | null;
  traits: Traits;
}

export interface Account {
  id: string;
  /** How many; `members` holds those seen last. */
  customers: number;
  first_seen: string | null;
  last_seen: string | null;
  events: number;
  traits: Traits;
  members: (CustomerRow & { known: boolean })[];
}

export interface TimelineEvent {
  /** Where it stands on its timeline. */
  place: string;
  event: string;
  ts: string;
  received_at: string;
  channel: string | null;
  source: string | null;
  message_id: string | null;
  properties: Record<string, unknown>;
  traits?: Record<string, unknown>;
  text: string | null;
  score: number | null;
  scale: string | null;
}

export type WrongKind = "low score" | "failed" | "repeated" | "abandoned" | "unanswered" | "waited";

/** Something that went wrong for a customer. */
export interface Wrong {
  kind: WrongKind;
  place: string;
  ts: string;
  event: string;
  channel: string | null;
  text: string | null;
  score: number | null;
  scale: string | null;
  times: number;
  since: string;
  ms: number | null;
  /** The place of the answer that came late. */
  answer: string | null;
  guessed: boolean;
  why: string;
}

export interface WrongAnswer {
  customer: string;
  total: number;
  found: Wrong[];
}

export interface ValueAmount {
  currency: Scalar | null;
  sum: number;
  events: number;
  average: number | null;
  first: string;
  last: ValueEvent;
  question: TrendQuery;
  others: { with_value: CustomersQuery; below: CustomersQuery };
}

export interface ValueEvent {
  place: string;
  ts: string;
  event: string;
  amount: number | null;
  currency?: Scalar | null;
}

export interface ValueAnswer {
  customer: string;
  rule: { event: string | string[]; property: string } | null;
  guessed: boolean;
  total: number;
  amounts: ValueAmount[];
  events: ValueEvent[];
}

export interface TimelinePage {
  customer: string;
  events: TimelineEvent[];
  cursor: string | null;
}

export interface NameRow {
  name: string;
  count: number;
  first_seen?: string;
  last_seen?: string;
}

export type CatalogueKind = "event" | "property" | "trait";
export interface Expected {
  type?: "string" | "number" | "boolean";
  values?: (string | number | boolean)[];
}
export interface CatalogueEntry {
  kind: CatalogueKind;
  name: string;
  count: number;
  first_seen: string | null;
  last_seen: string | null;
  recent: { count: number; customers: number; share: number; types: Record<string, number> } | null;
  owner: string | null;
  description: string | null;
  expected: Expected | null;
  updated: string | null;
  updated_by: string | null;
  /** Stored names that are shown as this one. */
  also: { name: string; count: number }[];
  hidden: boolean;
  blocked: { since: string; turned_away: number } | null;
  /** Its one number is the count; the groups of by_value are the examples. */
  unexpected: { count: number; question: Query; by_value?: Query; examples?: { value: string; count: number }[] } | null;
}
export interface CatalogueList {
  total: number;
  entries: CatalogueEntry[];
  cursor: string | null;
  unmeasured: string | null;
}
export interface CatalogueDetail extends CatalogueEntry {
  /** Of a property or trait: the events with it; of an event: its properties; with the share of the rows. */
  events?: { name: string; count: number; share: number }[];
  properties?: { name: string; count: number; share: number }[];
}

/** Who is left out of questions. */
export interface InternalRules {
  email_domains?: string[];
  customers?: string[];
  addresses?: string[];
  segments?: string[];
  traits?: unknown[];
  bots?: boolean;
}
export interface Internal {
  rules: InternalRules;
  segment: unknown;
  customers: number;
}

export interface SavedSegment {
  name: string;
  segment: unknown;
  owner: string;
  updated: string;
}

export interface SavedView {
  id: number | string;
  name: string;
  page: string;
  query: Record<string, unknown>;
  /** Who saved it first. */
  owner: string;
  updated: string;
  /** Stands first, for everybody. */
  pinned: boolean;
}

/** One saved view, or words between them. */
export interface DashboardTile {
  view?: number | string;
  text?: string;
  width?: "half" | "full";
}
export interface DashboardDefinition {
  tiles: DashboardTile[];
  range?: Range;
  compare?: string;
  segment?: Segment;
}
export interface DashboardRow {
  id: number;
  name: string;
  owner: string;
  updated: string;
  pinned: boolean;
}
export interface Dashboard extends DashboardRow {
  definition: DashboardDefinition;
}
export type DashboardBody = Pick<Dashboard, "name" | "definition" | "pinned">;

export type NoteKind = "release" | "incident" | "campaign" | "other";

/** What happened at a time, or in a stretch of it. */
export interface Note {
  id: number;
  at: string;
  until: string | null;
  kind: NoteKind;
  text: string;
  owner: string;
  updated: string;
}

export interface Counts {
  received: number;
  stored: number;
  duplicate: number;
  quarantined: number;
  refused: number;
}

export interface Ledger {
  balanced: boolean;
  total: Counts;
  sources: ({ source: string; last_received: string | null } & Counts)[];
  requests_refused: number;
  /** Missing until something has arrived. */
  lag_ms?: number | null;
}

export interface QuarantineRow {
  id: string;
  source: string;
  received_at: string;
  reason: string;
  field: string | null;
  bytes: number;
  preview: string;
  raw?: string;
  /** How it came: own, segment, csv, ... */
  form?: string;
  /** The record as JSON, where it is some. */
  document?: string | null;
}

export interface QuarantineGroup {
  source: string;
  reason: string;
  field: string | null;
  rows: number;
  newest: string;
  suggestion: { title: string; patch: unknown[] } | null;
}

/** Which rows: some by their ids, or all of a group. */
export type MendRows = { ids: string[] } | { source: string; reason: string; field: string };
export interface MendExample {
  id: string;
  source: string | null;
  before: string;
  after: string | null;
  verdict: "stored" | "duplicate" | "quarantined" | "refused" | "absent" | "unfit";
  reason: string | null;
  field: string | null;
}
export interface Mended {
  dry_run: boolean;
  rows: number;
  stored: number;
  duplicate: number;
  quarantined: number;
  refused: number;
  absent: number;
  unfit: number;
  cursor: string | null;
  examples: MendExample[];
}

export interface LiveItem {
  seq: number;
  at: string;
  source: string;
  event: string | null;
  customer: string | null;
  verdict: "stored" | "duplicate" | "quarantined" | "refused";
  reason: string | null;
  channel: string | null;
}

export interface Status {
  version: string;
  uptime_s: number;
  events: number;
  customers: number;
  segments: number;
  journal_bytes: number;
  /** Below the second watermark ("full") no events are taken, below the first ("low") big work waits. */
  disk: "good" | "low" | "full";
  disk_free_bytes: number;
  disk_low_bytes: number;
  disk_full_bytes: number;
  quarantine_bytes: number;
  quarantine_bytes_max: number;
  oldest_lease_s: number | null;
  last_event_at: string | null;
  /** As the jobs tell it: when the last good ones were, and whether that is as it should be. */
  backups: Backups["state"];
  last_backup: string | null;
  restore_tests: Backups["restore_test_state"];
  last_restore_test: string | null;
}

/** What the server does by itself. */
export interface JobRow {
  name: string;
  every_s: number;
  running: boolean;
  waiting: boolean;
  next: string | null;
  last: string | null;
  last_good: string | null;
  took_ms: number;
  ok: boolean | null;
  failures: number;
  why: string | null;
  note: string | null;
}

/** A backup. One whose list is damaged has nothing but its number and why. */
export interface Generation {
  generation: number;
  damaged: string | null;
  moment?: string;
  events?: number;
  customers?: number;
  bytes?: number;
  copied_bytes?: number;
  version?: string;
}

export interface Backups {
  directory: string | null;
  data: string;
  state: "off" | "unreadable" | "late" | "failing" | "none" | "good";
  restore_test_state: "off" | "late" | "failing" | "none" | "good";
  problem: string | null;
  settings: Record<"backup_every_hours" | "backup_keep" | "restore_test_every_days" | "restore_test_mb", number>;
  backup: JobRow;
  restore_test: JobRow;
  total: number;
  generations: Generation[];
}

export type KeyKind = "write" | "client" | "secret";

export interface KeyRow {
  id: number | string;
  kind: KeyKind;
  name: string;
  source: string | null;
  prefix: string;
  key?: string;
  created: string;
  last_used: string | null;
  revoked: string | null;
  origins: string[];
}

export interface SourcePattern {
  name: string;
  pattern: string;
}

export interface SourceRow {
  name: string;
  keys: number;
  default_channel: string | null;
  settings?: { zone?: string; origins?: string[]; mask?: string[]; patterns?: SourcePattern[]; quota_minute?: number; quota_day?: number };
  events: number;
  last_received: string | null;
}

export interface ChannelRow {
  id: number;
  kind: "webhook" | "feed" | "mailbox";
  name: string;
  definition: Record<string, unknown>;
  paused: boolean;
  created: string;
  last: string | null;
  last_good: string | null;
  next: string | null;
  failures: number;
  why: string | null;
  note: string | null;
  received: number;
  stored: number;
  duplicate: number;
  quarantined: number;
  refused: number;
  shapes: { at: string; fields: string[] }[];
}

export interface SuggestedField {
  pointer: string;
  type: "string" | "number" | "boolean" | "null";
  sample: Scalar;
  role: string | null;
}

/** What would be stored of a sample or of a feed's newest items. */
export interface Preview {
  title?: string | null;
  problem?: { pointer: string; detail: string } | null;
  taken?: boolean;
  total: number;
  events: {
    verdict: "stored" | "duplicate" | "quarantined" | "refused";
    rule?: string | null;
    reason: string | null;
    field: string | null;
    event: TimelineEvent | null;
    identifiers?: { kind: string; value: string }[];
  }[];
}

export interface SessionRow {
  id: number | string;
  created: string;
  last_seen: string;
  current: boolean;
  agent: string;
}

export interface ContactLimits {
  waiting_days: number;
  /** Pairs of days and how many contacts at most. */
  caps: [number, number][];
}
export interface ContactPurpose {
  name: string;
  title: string;
  consent: "needed" | "not needed";
  reason: string;
  wording: string;
}
export interface ContactPolicy extends ContactLimits {
  channels: Record<string, ContactLimits>;
  quiet_hours: { from: string; to: string; except: string[] } | null;
  purposes: ContactPurpose[];
  corrections: string[];
}

export interface Why {
  allowed: boolean;
  reason: string;
  next_at: string | null;
  rules: { rule: string; passed: boolean; text: string; next_at: string | null }[];
  contacts: { at: string; channel: string | null; purpose: string | null }[];
}

export interface Consent {
  purpose: string;
  title: string | null;
  needed: boolean;
  state: "none" | "granted" | "withdrawn";
  since: string | null;
  until: string | null;
  wording: string | null;
  how: string | null;
  source: string | null;
}
export interface Consents {
  muted: boolean;
  muted_until: string | null;
  consents: Consent[];
}

/** What taking an import back takes. */
export interface ImportGone {
  events: number;
  quarantined: number;
  joins: number;
  /** That nothing else is known of; known once it is done. */
  customers?: number;
}

export interface ImportRow {
  number: number;
  source: string;
  name: string;
  state: "running" | "ended" | "stopped" | "taken back";
  begun_at: string | null;
  ended_at: string | null;
  received: number;
  stored: number;
  duplicate: number;
  quarantined: number;
  refused: number;
  may_be_taken_back: boolean;
  taken_back_at: string | null;
  taken_back?: ImportGone;
}

export interface Receipt {
  receipt: string;
  at: string;
  by: string;
  reason: string | null;
  erased: { customers: number; events: number; identifiers: number; quarantined: number };
  hashes: string[];
  mac: string;
}

export interface RetentionRules {
  rules: { event: string | null; source: string | null; words: boolean; keep_days: number }[];
  quarantine_days: number | null;
  responses_days: number | null;
  audit_days: number | null;
}

export interface RetentionPreview {
  events: number;
  words: number;
  quarantined: number;
  responses: number;
  suspects: number;
  links: number;
  audit: number;
}

export interface ErasureRow {
  id: number;
  customer: string;
  asked: string;
  due: string;
  overdue: boolean;
  closed: string | null;
  closed_by: string | null;
  note: string | null;
}

export type SqlValue = string | number | null;
export interface SqlAnswer {
  columns: string[];
  rows: SqlValue[][];
  row_count: number;
  truncated: boolean;
  /** That were read of the tables. */
  rows_scanned: number;
  elapsed_ms: number;
}
export interface SqlTable {
  name: string;
  meaning: string;
  columns: { name: string; type: string; meaning: string }[];
  /** Columns of properties or traits: "properties.country". */
  named: string[];
}
