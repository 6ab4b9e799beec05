// Who is left out of this page's answers, how many they are, and the switch that shows them too.
import { api, internalIncluded } from "../api/client";
import { useLoad } from "../api/hooks";
import { OpenNumber } from "../evidence/number";
import { currentPlace, usePlace } from "../router";
import { rich, t } from "../strings";

/** Pages whose answers are about customers. */
const ABOUT_CUSTOMERS = /^\/(customers|voice|journeys)?(\/(trends|funnels|retention|paths|lifecycle|stickiness|between|map|scores|stream))?$/;

export function InternalLine() {
  const { path } = usePlace();
  const shown = ABOUT_CUSTOMERS.test(path);
  const load = useLoad(shown ? "internal" : null, () => api.internal());
  if (!shown || !load.data || !load.data.segment) return null;
  const included = internalIncluded();
  const toggle = () => {
    const { path: here, search } = currentPlace();
    const params = new URLSearchParams(search);
    if (included) params.delete("internal");
    else params.set("internal", "included");
    /* Anew, so that every answer of the page is asked again. */
    location.assign(params.size ? `${here}?${params}` : here);
  };
  return (
    <p class="small dim internal-line">
      {rich(included ? "internal.included" : "internal.left.out", {
        n: <OpenNumber key="n" query={{ kind: "customers", internal: "only" }} open={{}} n={load.data.customers} />,
      })}{" "}
      <button type="button" class="link" onClick={toggle}>
        {t(included ? "internal.leave.out" : "internal.include")}
      </button>
    </p>
  );
}
