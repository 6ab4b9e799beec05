// Who is signed in.
import type { Session } from "../api/types";
import { setZone } from "../format";
import { makeStore } from "../store";

export const session = makeStore<Session | null>(null);

export async function signOut(end: () => Promise<void>): Promise<void> {
  await end().catch(() => undefined);
  location.assign("/sign-in");
}

export function enter(next: Session): void {
  setZone(next.organisation.timezone);
  session.set(next);
}
