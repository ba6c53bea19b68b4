import type { Client, CurrentUser } from "./vestibule.js";

/** Returns the user, or null without a session, or undefined until that is known. */
export function useUser(client: Client): CurrentUser;
