// The one place that speaks to the server. Every path of the API that the interface uses is here.
import type {
  Account, Backups,
  CatalogueDetail, Internal, InternalRules, CatalogueEntry, CatalogueKind, CatalogueList, ChannelRow, Consents, ContactPolicy, Customer, CustomersAnswer, Dashboard, DashboardBody, DashboardRow, ErasureRow, FoundCustomer, ImportGone, ImportRow, JobRow, KeyKind, KeyRow, Ledger, LiveItem, NameRow, Preview, Problem,
  MendRows, Mended, Note, NoteKind, QuarantineGroup, QuarantineRow, Receipt, RetentionPreview, RetentionRules, SavedSegment, SavedView, Scalar, Session, SessionRow, SourceRow, SqlAnswer, SqlTable, Status, SuggestedField, SurveyAudience, SurveyLinks, SurveyResponse,
  SurveyResults, SurveyRow, SurveyShown, SurveySuspect, SurveyTemplate, TimelinePage, ValueAnswer, Why, WrongAnswer,
} from "./types";

export class ApiError extends Error {
  constructor(readonly problem: Problem, readonly retryAfterS: number | null = null) {
    super(problem.detail || problem.title);
    this.name = "ApiError";
  }
  get status(): number {
    return this.problem.status;
  }
}

type Listener = () => void;
const signedOut = new Set<Listener>();
/** Called when the server says 401 to anything but the question who is signed in. */
export function onSignedOut(listener: Listener): () => void {
  signedOut.add(listener);
  return () => signedOut.delete(listener);
}

interface Options {
  method?: string;
  body?: unknown;
  signal?: AbortSignal;
  quiet401?: boolean;
  /** Goes on when the page is left. Browsers allow that for small bodies only (KEEPALIVE_BYTES in all). */
  outlives?: boolean;
}
/** What the Fetch standard lets all requests of a page that outlive it carry together. */
const KEEPALIVE_BYTES = 64 * 1024;

async function call<T>(path: string, { method = "GET", body, signal, quiet401, outlives }: Options = {}): Promise<T> {
  const headers: Record<string, string> = { Accept: "application/json" };
  if (method !== "GET") {
    headers["X-Firsthand"] = "1";
    headers["Content-Type"] = "application/json";
  }
  const sent = body === undefined ? (method === "POST" || method === "PUT" ? "{}" : undefined) : JSON.stringify(body);
  let response: Response;
  try {
    response = await fetch(path, {
      method,
      headers,
      body: sent,
      keepalive: outlives && new Blob([sent ?? ""]).size < KEEPALIVE_BYTES / 2,
      signal,
      credentials: "same-origin",
      cache: "no-store",
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError({ title: "unreachable", status: 0 });
  }
  if (response.status === 204) return undefined as T;
  const text = await response.text();
  let value: unknown;
  try {
    value = text ? JSON.parse(text) : undefined;
  } catch {
    value = undefined;
  }
  if (response.ok && value !== undefined) return value as T;
  const problem = (value && typeof value === "object" ? value : {}) as Partial<Problem>;
  const retry = Number(response.headers.get("Retry-After"));
  const error = new ApiError(
    {
      ...problem,
      title: problem.title ?? response.statusText,
      status: response.ok ? 502 : response.status,
      request_id: problem.request_id ?? response.headers.get("X-Request-Id") ?? undefined,
    },
    Number.isFinite(retry) && retry > 0 ? retry : null,
  );
  if (response.status === 401 && !quiet401) for (const listener of signedOut) listener();
  throw error;
}

const part = encodeURIComponent;
const search = (values: Record<string, string | number | undefined | null>): string => {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    if (value !== undefined && value !== null && value !== "") params.set(name, String(value));
  }
  const text = params.toString();
  return text ? `?${text}` : "";
};

/** Whether the page shows internal customers too: it stands in the address, and counts for every question of the page. */
export const internalIncluded = (): boolean => new URLSearchParams(location.search).get("internal") === "included";
const asked = (body: unknown): unknown =>
  internalIncluded() && typeof body === "object" && body !== null && !("internal" in body) ? { ...body, internal: "included" } : body;

export const api = {
  session: () => call<Session>("/api/v1/session", { quiet401: true }),
  setup: (body: { token: string; name: string; email: string; password: string; organisation: string; timezone?: string }) =>
    call<Session>("/api/v1/setup", { method: "POST", body, quiet401: true }),
  signIn: (email: string, password: string) =>
    call<Session>("/api/v1/sign-in", { method: "POST", body: { email, password }, quiet401: true }),
  signInLink: (token: string) => call<Session>("/api/v1/sign-in/link", { method: "POST", body: { token }, quiet401: true }),
  signOut: () => call<void>("/api/v1/sign-out", { method: "POST", quiet401: true }),
  sessions: () => call<{ sessions: SessionRow[] }>("/api/v1/sessions"),
  endSession: (id: SessionRow["id"]) => call<void>(`/api/v1/sessions/${part(String(id))}`, { method: "DELETE" }),
  settings: () => call<{ organisation: string; timezone: string }>("/api/v1/settings"),
  saveSettings: (body: { organisation: string; timezone: string }) => call<unknown>("/api/v1/settings", { method: "PUT", body }),

  query: <T>(body: unknown, signal?: AbortSignal) => call<T>("/api/v1/query", { method: "POST", body: asked(body), signal }),
  customers: (body: unknown, signal?: AbortSignal) => call<CustomersAnswer>("/api/v1/query", { method: "POST", body: asked(body), signal }),
  findCustomers: (begins: string, by: "identifier" | "name", limit: number, signal?: AbortSignal) =>
    call<{ customers: FoundCustomer[]; more: boolean }>(`/api/v1/customers${search({ begins, by, limit })}`, { signal }),
  customer: (id: string, signal?: AbortSignal) => call<Customer>(`/api/v1/customers/${part(id)}`, { signal }),
  account: (id: string, limit: number, signal?: AbortSignal) => call<Account>(`/api/v1/accounts/${part(id)}${search({ limit })}`, { signal }),
  value: (id: string, signal?: AbortSignal) => call<ValueAnswer>(`/api/v1/customers/${part(id)}/value`, { signal }),
  wrong: (id: string, limit: number, signal?: AbortSignal) => call<WrongAnswer>(`/api/v1/customers/${part(id)}/wrong${search({ limit })}`, { signal }),
  timeline: (id: string, options: { limit?: number; cursor?: string | null; before?: string; order?: "oldest" }, signal?: AbortSignal) =>
    call<TimelinePage>(`/api/v1/customers/${part(id)}/timeline${search(options)}`, { signal }),

  contactWhy: (id: string, purpose: string, channel: string, signal?: AbortSignal) =>
    call<Why>(`/api/v1/customers/${part(id)}/contact${search({ purpose, channel })}`, { signal }),
  consents: (id: string, signal?: AbortSignal) => call<Consents>(`/api/v1/customers/${part(id)}/consents`, { signal }),
  preferenceLink: (id: string) => call<{ path: string; expires: string }>(`/api/v1/customers/${part(id)}/preference-link`, { method: "POST" }),
  policy: () => call<ContactPolicy>("/api/v1/policy"),
  savePolicy: (policy: ContactPolicy) => call<ContactPolicy>("/api/v1/policy", { method: "PUT", body: policy }),
  imports: () => call<{ imports: ImportRow[] }>("/api/v1/imports"),
  importPreview: (number: number) => call<{ number: number; takes: ImportGone }>(`/api/v1/imports/${number}`),
  undoImport: (number: number) => call<{ number: number; taken_back: ImportGone }>(`/api/v1/imports/${number}/undo`, { method: "POST", body: {} }),
  erasures: () => call<{ open: number; requests: ErasureRow[] }>("/api/v1/erasures"),
  erasePreview: (customer: string) => call<{ would_erase: { customers: number; events: number; identifiers: number } }>("/api/v1/erasures", { method: "POST", body: { customer, dry_run: true } }),
  erase: (customer: string, reason: string) => call<Receipt>("/api/v1/erasures", { method: "POST", body: { customer, ...(reason ? { reason } : {}) } }),
  receipts: (limit: number) => call<{ total: number; receipts: Receipt[] }>(`/api/v1/erasures/receipts${search({ limit })}`),
  privacy: () => call<{ after_erasure: "new" | "refuse" }>("/api/v1/privacy"),
  savePrivacy: (after: "new" | "refuse") => call<unknown>("/api/v1/privacy", { method: "PUT", body: { after_erasure: after } }),
  retention: () => call<RetentionRules>("/api/v1/retention"),
  saveRetention: (rules: RetentionRules) => call<RetentionRules>("/api/v1/retention", { method: "PUT", body: rules }),
  retentionPreview: (rules: RetentionRules) => call<RetentionPreview>("/api/v1/retention/preview", { method: "POST", body: rules }),
  closeErasure: (id: number, note: string) => call<unknown>(`/api/v1/erasures/${id}/close`, { method: "POST", body: { note } }),

  sql: (statement: string, signal?: AbortSignal) => call<SqlAnswer>("/api/v1/sql", { method: "POST", body: { sql: statement }, signal }),
  sqlSchema: (signal?: AbortSignal) => call<{ tables: SqlTable[] }>("/api/v1/sql/schema", { signal }),
  names: (kind: string, prefix = "", event = "", signal?: AbortSignal) =>
    call<{ names: NameRow[] }>(`/api/v1/names${search({ kind, prefix, event })}`, { signal }),
  values: (property: string, prefix = "", event = "", limit = 50, signal?: AbortSignal) =>
    call<{ values: { value: Scalar; count: number }[] }>(`/api/v1/names/values${search({ property, event, prefix, limit })}`, { signal }),

  catalogue: (options: { kind: CatalogueKind; search?: string; limit?: number; cursor?: string | null }, signal?: AbortSignal) =>
    call<CatalogueList>(`/api/v1/catalogue${search(options)}`, { signal }),
  catalogueEntry: (kind: CatalogueKind, name: string, signal?: AbortSignal) => call<CatalogueDetail>(`/api/v1/catalogue/${kind}/${part(name)}`, { signal }),
  describe: (kind: CatalogueKind, name: string, body: object) => call<unknown>(`/api/v1/catalogue/${kind}/${part(name)}`, { method: "PUT", body }),
  internal: () => call<Internal>("/api/v1/internal"),
  saveInternal: (body: InternalRules | Record<keyof InternalRules, null>) => call<unknown>("/api/v1/internal", { method: "PUT", body }),
  unexpected: () => call<{ entries: CatalogueEntry[] }>("/api/v1/catalogue/unexpected"),

  surveys: () => call<{ surveys: SurveyRow[] }>("/api/v1/surveys"),
  surveyTemplates: () => call<{ templates: SurveyTemplate[] }>("/api/v1/surveys/templates"),
  survey: (id: string, signal?: AbortSignal) => call<SurveyShown>(`/api/v1/surveys/${part(id)}`, { signal }),
  addSurvey: (definition: unknown) => call<SurveyShown>("/api/v1/surveys", { method: "POST", body: { definition } }),
  saveSurvey: (id: string, definition: unknown) => call<SurveyShown>(`/api/v1/surveys/${part(id)}`, { method: "PUT", body: { definition }, outlives: true }),
  deleteSurvey: (id: string) => call<void>(`/api/v1/surveys/${part(id)}`, { method: "DELETE" }),
  publishSurvey: (id: string) => call<SurveyShown>(`/api/v1/surveys/${part(id)}/publish`, { method: "POST" }),
  pauseSurvey: (id: string) => call<SurveyShown>(`/api/v1/surveys/${part(id)}/pause`, { method: "POST" }),
  closeSurvey: (id: string) => call<SurveyShown>(`/api/v1/surveys/${part(id)}/close`, { method: "POST" }),

  surveyResults: (id: string, filter: object, signal?: AbortSignal) => call<SurveyResults>(`/api/v1/surveys/${part(id)}/results${search(filter as Record<string, string>)}`, { signal }),
  surveyResponses: (id: string, options: object, signal?: AbortSignal) =>
    call<{ total: number; responses: SurveyResponse[]; cursor: string | null }>(`/api/v1/surveys/${part(id)}/responses${search(options as Record<string, string>)}`, { signal }),
  surveySuspects: (id: string, signal?: AbortSignal) => call<{ total: number; suspects: SurveySuspect[]; cursor: string | null }>(`/api/v1/surveys/${part(id)}/suspects`, { signal }),
  decideSuspect: (id: string, response: string, what: "release" | "discard") => call<unknown>(`/api/v1/surveys/${part(id)}/suspects/${part(response)}/${what}`, { method: "POST" }),
  surveyAudience: (id: string, signal?: AbortSignal) => call<SurveyAudience>(`/api/v1/surveys/${part(id)}/audience`, { signal }),
  makeSurveyLinks: (id: string, body: object) => call<SurveyLinks>(`/api/v1/surveys/${part(id)}/links`, { method: "POST", body }),
  surveyQr: (id: string, address: string, signal?: AbortSignal) => call<{ text: string; svg: string }>(`/api/v1/surveys/${part(id)}/qr${search({ address })}`, { signal }),
  surveySnippet: (id: string, options: { question: string; language: string }, signal?: AbortSignal) => call<{ html: string }>(`/api/v1/surveys/${part(id)}/snippet${search(options)}`, { signal }),

  segments: () => call<{ segments: SavedSegment[] }>("/api/v1/segments"),
  saveSegment: (name: string, segment: unknown) => call<unknown>(`/api/v1/segments/${part(name)}`, { method: "PUT", body: { segment } }),
  deleteSegment: (name: string) => call<void>(`/api/v1/segments/${part(name)}`, { method: "DELETE" }),
  views: () => call<{ views: SavedView[] }>("/api/v1/views"),
  addView: (view: Pick<SavedView, "name" | "page" | "query" | "pinned">) => call<{ id: SavedView["id"] }>("/api/v1/views", { method: "POST", body: view }),
  saveView: (id: SavedView["id"], view: Pick<SavedView, "name" | "page" | "query" | "pinned">) => call<unknown>(`/api/v1/views/${part(String(id))}`, { method: "PUT", body: view }),
  deleteView: (id: SavedView["id"]) => call<void>(`/api/v1/views/${part(String(id))}`, { method: "DELETE" }),

  dashboards: () => call<{ dashboards: DashboardRow[] }>("/api/v1/dashboards"),
  dashboard: (id: number | string, signal?: AbortSignal) => call<Dashboard>(`/api/v1/dashboards/${part(String(id))}`, { signal }),
  addDashboard: (body: DashboardBody) => call<Dashboard>("/api/v1/dashboards", { method: "POST", body }),
  saveDashboard: (id: number, body: DashboardBody) => call<Dashboard>(`/api/v1/dashboards/${id}`, { method: "PUT", body }),
  deleteDashboard: (id: number) => call<void>(`/api/v1/dashboards/${id}`, { method: "DELETE" }),

  notes: (from: string, to: string, signal?: AbortSignal) => call<{ total: number; notes: Note[] }>(`/api/v1/notes${search({ from, to })}`, { signal }),
  addNote: (body: { at: string; until: string | null; kind: NoteKind; text: string }) => call<Note>("/api/v1/notes", { method: "POST", body }),
  saveNote: (id: number, body: { at: string; until: string | null; kind: NoteKind; text: string }) => call<Note>(`/api/v1/notes/${id}`, { method: "PUT", body }),
  deleteNote: (id: number) => call<void>(`/api/v1/notes/${id}`, { method: "DELETE" }),

  ledger: () => call<Ledger>("/api/v1/ledger"),
  quarantine: (options: { cursor?: string | null; limit?: number; source?: string; reason?: string; field?: string }) =>
    call<{ total: number; rows: QuarantineRow[]; cursor: string | null }>(`/api/v1/quarantine${search(options)}`),
  quarantined: (id: string) => call<QuarantineRow>(`/api/v1/quarantine/${part(id)}`),
  quarantineGroups: () => call<{ groups: QuarantineGroup[]; total: number; rest: number }>("/api/v1/quarantine/groups"),
  mend: (verb: "fix" | "replay" | "discard", body: MendRows & { patch?: unknown[]; text?: string; dry_run?: boolean; examples?: number; cursor?: string }, signal?: AbortSignal) =>
    call<Mended>(`/api/v1/quarantine/${verb}`, { method: "POST", body, signal }),
  live: (after: number, limit = 100) => call<{ seq: number; items: LiveItem[] }>(`/api/v1/live${search({ after, limit })}`),
  status: () => call<Status>("/api/v1/status"),
  backups: () => call<Backups>("/api/v1/backups"),
  /** It begins when its turn comes; what became of it is asked for later. */
  runJob: (name: string) => call<JobRow>(`/api/v1/jobs/${part(name)}/run`, { method: "POST", body: { wait: false } }),
  keys: () => call<{ keys: KeyRow[] }>("/api/v1/keys"),
  addKey: (kind: KeyKind, name: string, origins: string[]) =>
    call<{ id: KeyRow["id"]; key: string }>("/api/v1/keys", { method: "POST", body: { kind, name, ...(origins.length ? { origins } : {}) } }),
  revokeKey: (id: KeyRow["id"]) => call<void>(`/api/v1/keys/${part(String(id))}`, { method: "DELETE" }),
  channels: () => call<{ channels: ChannelRow[] }>("/api/v1/channels"),
  saveChannel: (body: { kind: string; name: string; definition: unknown }) =>
    call<{ id: number; path?: string }>("/api/v1/channels", { method: "POST", body }),
  testChannel: (body: { id: number } | { kind: string; name: string; definition: unknown }) =>
    call<Preview>("/api/v1/channels/test", { method: "POST", body }),
  pauseChannel: (id: number, paused: boolean) => call<unknown>(`/api/v1/channels/${id}/pause`, { method: "POST", body: { paused } }),
  pollChannel: (id: number) => call<ChannelRow>(`/api/v1/channels/${id}/poll`, { method: "POST" }),
  channelAddress: (id: number) => call<{ id: number; path?: string }>(`/api/v1/channels/${id}/address`, { method: "POST" }),
  removeChannel: (id: number) => call<void>(`/api/v1/channels/${id}`, { method: "DELETE" }),
  suggestWebhook: (name: string, payload: string) =>
    call<{ fields: SuggestedField[]; missing: string[] }>("/api/v1/webhooks/suggest", { method: "POST", body: { name, payload } }),
  previewWebhook: (name: string, definition: unknown, payload: string) =>
    call<Preview>("/api/v1/webhooks/preview", { method: "POST", body: { name, definition, payload } }),
  saveSource: (body: object) => call<unknown>("/api/v1/sources", { method: "POST", body }),
  addInterview: (body: object) => call<{ interview: string; customer: string }>("/api/v1/interviews", { method: "POST", body }),
  addHighlight: (body: object) => call<unknown>("/api/v1/interviews/highlights", { method: "POST", body }),
  sources: () => call<{ sources: SourceRow[] }>("/api/v1/sources"),
  addSource: (name: string, channel: string) =>
    call<unknown>("/api/v1/sources", { method: "POST", body: { name, ...(channel ? { default_channel: channel } : {}) } }),
};
