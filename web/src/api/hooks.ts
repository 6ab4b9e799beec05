// Loading as hooks: the answer before stays on the page while the next one is on its way, so that
// nothing jumps, and an answer that was overtaken is thrown away.
import { createContext } from "preact";
import { useCallback, useContext, useEffect, useMemo, useRef, useState } from "preact/hooks";
import { ApiError, api } from "./client";

export interface Load<T> {
  data: T | undefined;
  error: ApiError | undefined;
  loading: boolean;
  reload: () => void;
  /** What `data` belongs to: the key before, while the next one is on its way. */
  dataKey: string | undefined;
}

const asApiError = (error: unknown): ApiError =>
  error instanceof ApiError ? error : new ApiError({ title: String(error), status: -1 });

/** Loads when the key changes; a null key loads nothing. */
export function useLoad<T>(key: string | null, load: (signal: AbortSignal) => Promise<T>, keep = true): Load<T> {
  const [state, setState] = useState<{ data?: T; dataKey?: string; error?: ApiError; loading: boolean }>({ loading: key !== null });
  const [turn, setTurn] = useState(0);
  const latest = useRef(load);
  latest.current = load;
  useEffect(() => {
    if (key === null) {
      setState({ loading: false });
      return undefined;
    }
    const abort = new AbortController();
    setState((before) => (keep ? { data: before.data, dataKey: before.dataKey, loading: true } : { loading: true }));
    latest.current(abort.signal).then(
      (data) => {
        if (!abort.signal.aborted) setState({ data, dataKey: key, loading: false });
      },
      (error: unknown) => {
        if (!abort.signal.aborted) setState({ error: asApiError(error), loading: false });
      },
    );
    return () => abort.abort();
  }, [key, turn]);
  const reload = useCallback(() => setTurn((n) => n + 1), []);
  return { data: state.data, dataKey: state.dataKey, error: state.error, loading: state.loading, reload };
}

/** How questions are asked: at once, or one after another where many stand on a page. */
export const Asking = createContext<typeof api.query>(api.query);

/** The answer to a question of the query language; null asks nothing. */
export function useAnswer<T>(query: object | null): Load<T> {
  const ask = useContext(Asking);
  return useLoad<T>(query ? JSON.stringify(query) : null, (signal) => ask<T>(query, signal));
}

/** The same, with the question that the answer belongs to: while the next answer is on its way the one before is shown
 *  with its own question, so that no number opens to what it is not. */
export function useQuestion<T, Q extends object>(wanted: Q | null): Load<T> & { query: Q | null } {
  const key = wanted && JSON.stringify(wanted);
  const ask = useContext(Asking);
  const load = useLoad<T>(key, (signal) => ask<T>(wanted, signal));
  const answered = load.data === undefined ? undefined : load.dataKey;
  const before = useMemo(() => (answered === undefined ? null : (JSON.parse(answered) as Q)), [answered]);
  return { ...load, query: wanted && (before ?? wanted) };
}

/** Calls at once and then every so often while the page is visible; stops while paused. */
export function usePoll(action: () => Promise<void> | void, everyMs: number, paused = false): void {
  const latest = useRef(action);
  latest.current = action;
  useEffect(() => {
    if (paused) return undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let stopped = false;
    const step = async () => {
      clearTimeout(timer);
      if (document.visibilityState === "visible") {
        try {
          await latest.current();
        } catch {
          // The next turn tries again; what is on the page says when it was last heard.
        }
      }
      if (!stopped) timer = setTimeout(step, everyMs);
    };
    const wake = () => {
      if (document.visibilityState === "visible") void step();
    };
    void step();
    document.addEventListener("visibilitychange", wake);
    return () => {
      stopped = true;
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", wake);
    };
  }, [everyMs, paused]);
}
