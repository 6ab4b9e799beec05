// A page, or a part of one, that comes when it is first opened. Where it cannot come (the server was renewed meanwhile, or is away),
// the reader is told and can load the whole page anew.
import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Page } from "../frame/frame";
import { t } from "../strings";
import { Button, Note, Sheet, Skeleton } from "./basic";

/** `part`: it is a part of a page, not one by itself. */
export function lazy<P extends object>(load: () => Promise<ComponentType<P>>, part = false): ComponentType<P> {
  let found: ComponentType<P> | undefined;
  return function Lazy(props: P) {
    const [state, setState] = useState<"waiting" | "here" | "failed">(found ? "here" : "waiting");
    useEffect(() => {
      if (found) return;
      load().then(
        (component) => {
          found = component;
          setState("here");
        },
        () => setState("failed"),
      );
    }, []);
    const Found = found;
    if (Found) return <Found {...props} />;
    const sheet = (
      <Sheet label={t("loading")}>
        {state === "waiting" ? (
          <Skeleton rows={8} height={320} />
        ) : (
          <Note tone="bad">
            <p>
              <b>{t("lazy.failed")}</b> {t("lazy.failed.do")}
            </p>
            <p>
              <Button onClick={() => location.reload()}>{t("lazy.again")}</Button>
            </p>
          </Note>
        )}
      </Sheet>
    );
    return part ? sheet : <Page title={t("product")}>{sheet}</Page>;
  };
}
