// What every dialog that adds a channel does: try the definition without storing anything, add it, say what is wrong.
import { useState } from "preact/hooks";
import { ApiError, api } from "../../api/client";
import type { Preview } from "../../api/types";
import { toast } from "../../parts/toast";
import { t } from "../../strings";

interface Body {
  kind: string;
  name: string;
  definition: object;
}

interface Adding {
  preview: Preview | undefined;
  busy: boolean;
  error: ApiError | undefined;
  tryIt: () => Promise<void>;
  add: (event: Event) => Promise<void>;
}

export function useAddChannel(body: () => Body, onAdded: () => void, onClose: () => void): Adding {
  const [preview, setPreview] = useState<Preview>();
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<ApiError>();
  const run = async (what: () => Promise<void>) => {
    setError(undefined);
    setBusy(true);
    try {
      await what();
    } catch (problem) {
      if (problem instanceof ApiError) setError(problem);
    } finally {
      setBusy(false);
    }
  };
  const tryIt = () => run(async () => setPreview(await api.testChannel(body())));
  const add = (event: Event) => {
    event.preventDefault();
    return run(async () => {
      const wanted = body();
      await api.saveChannel(wanted);
      toast(t("channels.added", { name: wanted.name }));
      onAdded();
      onClose();
    });
  };
  return { preview, busy, error, tryIt, add };
}
