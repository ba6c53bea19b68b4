import { useSyncExternalStore } from "react";

const unknown = () => undefined;

/** Returns who is signed in with `client`: undefined until that is known, and null for nobody. */
export function useUser(client) {
  const { subscribe, get } = client.user;
  return useSyncExternalStore(subscribe, get, unknown);
}
