// Signed in or not, and which page.
import { Component, type ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { ApiError, api, onSignedOut } from "./api/client";
import type { OrganisationAsSet } from "./api/types";
import { DrawerHost } from "./evidence/drawer";
import { Frame, Page } from "./frame/frame";
import { enter, session } from "./frame/session";
import { PaletteHost } from "./frame/palette-host";
import { PeekHost } from "./frame/rows";
import { Shortcuts } from "./frame/shortcuts";
import { Entry } from "./pages/entry/entry";
import { Empty, Problem } from "./parts/basic";
import { Toaster } from "./parts/toast";
import { navigate, usePlace } from "./router";
import { pageAt } from "./routes";
import { useStore } from "./store";
import { t } from "./strings";

type Gate = { state: "asking" } | { state: "in" } | { state: "out"; setup: boolean; organisation?: OrganisationAsSet | undefined } | { state: "failed"; error: ApiError };

export function App() {
  const { path } = usePlace();
  const signedIn = useStore(session);
  const [gate, setGate] = useState<Gate>({ state: "asking" });

  const ask = () => {
    api.session().then(
      (found) => {
        enter(found);
        setGate({ state: "in" });
      },
      (problem: unknown) => {
        if (problem instanceof ApiError && problem.status === 401) setGate({ state: "out", setup: problem.problem.setup === true, organisation: problem.problem.organisation });
        else if (problem instanceof ApiError) setGate({ state: "failed", error: problem });
      },
    );
  };
  useEffect(ask, []);
  useEffect(
    () =>
      onSignedOut(() => {
        session.set(null);
        setGate({ state: "out", setup: false });
      }),
    [],
  );

  const entryPath = path === "/sign-in" || path === "/setup";
  // A one-time link works although somebody is signed in already: it says who comes now.
  const withToken = entryPath && location.hash.length > 1;
  useEffect(() => {
    if (gate.state === "in" && entryPath && !withToken) navigate("/", true);
  }, [gate.state, path]);

  if (gate.state === "asking") return null;
  if (gate.state === "failed") {
    return (
      <main class="lone">
        <h1>{t("product")}</h1>
        <Problem error={gate.error} retry={ask} />
      </main>
    );
  }
  if (gate.state === "out" || withToken || !signedIn) {
    return (
      <>
        <Entry
          setup={gate.state === "out" && gate.setup}
          organisation={gate.state === "out" ? gate.organisation : undefined}
          onEntered={(found) => {
            enter(found);
            setGate({ state: "in" });
            if (entryPath) navigate("/", true);
          }}
        />
        <Toaster />
      </>
    );
  }
  const at = pageAt(path);
  const Here = at?.entry.page;
  return (
    <>
      <Frame>
        <Fence key={path}>{Here ? <Here rest={at.rest} /> : <Nowhere />}</Fence>
      </Frame>
      <DrawerHost />
      <PaletteHost />
      <PeekHost />
      <Shortcuts />
      <Toaster />
    </>
  );
}

function Nowhere() {
  return (
    <Page title={t("nowhere.title")}>
      <Empty action={<a class="button" href="/">{t("nowhere.home")}</a>}>{t("nowhere.text")}</Empty>
    </Page>
  );
}

/** A fault in one page leaves the frame standing. */
class Fence extends Component<{ children: ComponentChildren }, { failed: Error | null }> {
  override state = { failed: null as Error | null };
  static override getDerivedStateFromError(error: Error) {
    return { failed: error };
  }
  override componentDidCatch(error: Error) {
    console.error(error);
  }
  override render() {
    if (!this.state.failed) return this.props.children;
    return (
      <Page title={t("fault.title")}>
        <Problem error={new ApiError({ title: String(this.state.failed), status: -1 })} retry={() => this.setState({ failed: null })} />
      </Page>
    );
  }
}
