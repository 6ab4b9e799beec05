// What the server has for what was typed: customers as one types, and names that are fetched once for each opening.
import { useEffect, useState } from "preact/hooks";
import { api } from "../api/client";
import { useLoad } from "../api/hooks";
import type { DashboardRow, FoundCustomer, NameRow, SavedSegment, SavedView, SurveyRow } from "../api/types";

const WAIT_MS = 60;
export const PEOPLE_MOST = 8;
const NAME_LEAST = 2;

export interface Names {
  segments: SavedSegment[];
  views: SavedView[];
  dashboards: DashboardRow[];
  events: NameRow[];
  surveys: SurveyRow[];
}
const NOTHING: Names = { segments: [], views: [], dashboards: [], events: [], surveys: [] };

/** A part that the reader has no right to, or that fails, is empty: the others are still of use. */
export function useNames(): Names {
  const load = useLoad("palette names", async (signal) => {
    const [segments, views, dashboards, events, surveys] = await Promise.allSettled([api.segments(), api.views(), api.dashboards(), api.names("event", "", "", signal), api.surveys()]);
    return {
      segments: segments.status === "fulfilled" ? segments.value.segments : [],
      views: views.status === "fulfilled" ? views.value.views : [],
      dashboards: dashboards.status === "fulfilled" ? dashboards.value.dashboards : [],
      events: events.status === "fulfilled" ? events.value.names : [],
      surveys: surveys.status === "fulfilled" ? surveys.value.surveys : [],
    };
  });
  return load.data ?? NOTHING;
}

interface People {
  typed: string;
  list: FoundCustomer[];
  busy: boolean;
}

/** By identifiers at once; by names, which are read of everyone, as soon as they are there. */
export function usePeople(typed: string): People {
  const [people, setPeople] = useState<People>({ typed: "", list: [], busy: false });
  const wanted = typed.trim();
  useEffect(() => {
    if (!wanted) {
      setPeople({ typed: "", list: [], busy: false });
      return undefined;
    }
    const abort = new AbortController();
    let waiting = wanted.length >= NAME_LEAST ? 2 : 1;
    const held = { identifier: [] as FoundCustomer[], name: [] as FoundCustomer[] };
    const ask = (by: "identifier" | "name") =>
      api.findCustomers(wanted, by, PEOPLE_MOST, abort.signal).then(
        (answer) => {
          held[by] = answer.customers;
        },
        () => undefined,
      ).then(() => {
        if (abort.signal.aborted) return;
        waiting -= 1;
        const ids = new Set(held.identifier.map((each) => each.id));
        setPeople({ typed: wanted, list: [...held.identifier, ...held.name.filter((each) => !ids.has(each.id))].slice(0, PEOPLE_MOST), busy: waiting > 0 });
      });
    setPeople((before) => ({ ...before, busy: true }));
    const timer = setTimeout(() => {
      void ask("identifier");
      if (wanted.length >= NAME_LEAST) void ask("name");
    }, WAIT_MS);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [wanted]);
  return people;
}
