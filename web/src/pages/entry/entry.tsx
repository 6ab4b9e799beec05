// Coming in: sign-in with a password, a one-time link, and the first administrator of a new server.
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { ApiError, api } from "../../api/client";
import type { OrganisationAsSet, Session } from "../../api/types";
import { Button, Note, Problem } from "../../parts/basic";
import { TextField } from "../../parts/field";
import { Mark } from "../../parts/icon";
import { usePlace } from "../../router";
import { t } from "../../strings";
import { Backdrop } from "./backdrop";

interface Props {
  setup: boolean;
  /** Set already, by the demo or from the command line. */
  organisation?: OrganisationAsSet | undefined;
  onEntered: (session: Session) => void;
}

/** The token of a one-time link stands in the fragment, which no server and no log ever sees. It is
 *  taken out of the address at once, so that it is not in the history either. */
function takeToken(): string {
  const token = decodeURIComponent(location.hash.replace(/^#/, ""));
  if (token) history.replaceState(null, "", location.pathname + location.search);
  return token;
}

export function Entry({ setup, organisation, onEntered }: Props) {
  const { path } = usePlace();
  const [token] = useState(takeToken);
  const isSetup = path === "/setup";
  return (
    <div class="entry">
      <div class="entry-side">
        <header class="brand">
          <Mark />
          <span>{t("product")}</span>
        </header>
        <main class="entry-form" id="main">
          {isSetup ? <Setup token={token} organisation={organisation} onEntered={onEntered} /> : token ? <ByLink token={token} onEntered={onEntered} /> : <SignIn setup={setup} onEntered={onEntered} />}
        </main>
        <footer class="small dim">{t("entry.foot", { host: location.host })}</footer>
      </div>
      <Backdrop />
    </div>
  );
}

function useSubmit(action: () => Promise<Session>, onEntered: (session: Session) => void) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<ApiError>();
  const submit = async (event?: Event) => {
    event?.preventDefault();
    setBusy(true);
    setError(undefined);
    try {
      onEntered(await action());
    } catch (problem) {
      setError(problem instanceof ApiError ? problem : new ApiError({ title: String(problem), status: -1 }));
      setBusy(false);
    }
  };
  return { busy, error, submit };
}

function greeting(): string {
  const hour = new Date().getHours();
  return t(hour < 5 ? "entry.night" : hour < 12 ? "entry.morning" : hour < 18 ? "entry.day" : "entry.evening");
}

function SignIn({ setup, onEntered }: Props) {
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const [shown, setShown] = useState(false);
  const { busy, error, submit } = useSubmit(() => api.signIn(email.trim(), password), onEntered);
  return (
    <form class="stack" onSubmit={(event) => void submit(event)}>
      <h1>{greeting()}</h1>
      <p class="lead">{t("entry.sign.in.lead")}</p>
      {setup && <Note>{t("entry.needs.setup")}</Note>}
      <TextField label={t("email")} type="email" value={email} onInput={setEmail} autocomplete="username" required autofocus />
      <div class="with-eye">
        <TextField label={t("password")} type={shown ? "text" : "password"} value={password} onInput={setPassword} autocomplete="current-password" required />
        <Button look="quiet" icon="eye" aria-pressed={shown} aria-label={t("password.show")} onClick={() => setShown(!shown)} />
      </div>
      {error && <EntryProblem error={error} wrong={t("entry.wrong")} />}
      <Button type="submit" look="primary" class="full" disabled={busy}>
        {t("sign.in")}
      </Button>
      <p class="small dim">{t("entry.link.hint")}</p>
    </form>
  );
}

function EntryProblem({ error, wrong }: { error: ApiError; wrong: string }): ComponentChildren {
  if (error.status === 401) return <Note tone="bad">{wrong}</Note>;
  if (error.status === 429) return <Note tone="bad">{t("entry.too.often", { n: error.retryAfterS ?? 60 })}</Note>;
  return <Problem error={error} />;
}

function ByLink({ token, onEntered }: { token: string; onEntered: (session: Session) => void }) {
  const { busy, error, submit } = useSubmit(() => api.signInLink(token), onEntered);
  useEffect(() => {
    void submit();
  }, []);
  return (
    <div class="stack">
      <h1>{error ? t("entry.link.failed") : t("entry.link.title")}</h1>
      {busy && !error && <p class="lead" role="status">{t("entry.link.wait")}</p>}
      {error && (
        <>
          <EntryProblem error={error} wrong={t("entry.link.used")} />
          <a class="button" href="/sign-in">
            {t("entry.with.password")}
          </a>
        </>
      )}
    </div>
  );
}

function zones(): string[] {
  try {
    return Intl.supportedValuesOf("timeZone");
  } catch {
    return [];
  }
}

const PASSWORD_LEAST = 12;

function Setup({ token, organisation, onEntered }: { token: string; organisation: Props["organisation"]; onEntered: (session: Session) => void }) {
  const [form, setForm] = useState({
    organisation: organisation?.name ?? "",
    name: "",
    email: "",
    password: "",
    timezone: organisation?.timezone ?? Intl.DateTimeFormat().resolvedOptions().timeZone,
  });
  const set = (name: keyof typeof form) => (value: string) => setForm({ ...form, [name]: value });
  const { busy, error, submit } = useSubmit(() => api.setup({ token, ...form, email: form.email.trim() }), onEntered);
  if (!token) {
    return (
      <div class="stack">
        <h1>{t("setup.title")}</h1>
        <Note>{t("setup.no.token")}</Note>
        <p class="dim">{t("setup.no.token.do")}</p>
      </div>
    );
  }
  return (
    <form class="stack" onSubmit={(event) => void submit(event)}>
      <h1>{t("setup.title")}</h1>
      <p class="lead">{t("setup.lead")}</p>
      <TextField label={t("setup.organisation")} value={form.organisation} onInput={set("organisation")} autocomplete="organization" required autofocus />
      <TextField label={t("setup.name")} value={form.name} onInput={set("name")} autocomplete="name" required />
      <TextField label={t("email")} type="email" value={form.email} onInput={set("email")} autocomplete="username" required />
      <TextField label={t("password")} type="password" value={form.password} onInput={set("password")} autocomplete="new-password" minLength={PASSWORD_LEAST} hint={t("setup.password", { n: PASSWORD_LEAST })} required />
      <TextField label={t("setup.zone")} value={form.timezone} onInput={set("timezone")} list={zones()} hint={t("setup.zone.hint")} required />
      {error && <EntryProblem error={error} wrong={t("setup.used")} />}
      <Button type="submit" look="primary" class="full" disabled={busy}>
        {t("setup.do")}
      </Button>
    </form>
  );
}
