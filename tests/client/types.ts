// A program that uses every function and field of the client. `tsc --strict` must accept it.
import { createClient, VestibuleError } from "../../clients/js/vestibule.js";
import type { Config, CurrentUser, ProblemType, Session, User } from "../../clients/js/vestibule.js";
import { useUser } from "../../clients/js/react.js";

const portal = createClient("https://login.example.com");
const items = new Map<string, string>();
const storage = {
  getItem: async (key: string) => items.get(key) ?? null,
  setItem: async (key: string, value: string) => { items.set(key, value); },
};
createClient("https://login.example.com", { transport: "bearer", storage });

/** Narrows an error to each field that its type has. */
function describe(error: unknown): string | number | undefined {
  if (!(error instanceof VestibuleError)) throw error;
  const type: ProblemType = error.type;
  switch (type) {
    case "weak-password": return error.reason;
    case "too-many-attempts": return error.retryAfter;
    case "invalid-token": return error.attemptsLeft;
    case "reauthentication-required": return error.maxAge;
    case "invalid-request": return error.field;
    default: return `${error.status} ${error.detail} ${error.message}`;
  }
}

async function callEverything(): Promise<void> {
  const config: Config = await portal.config();
  const minimum: number | undefined = config.password?.minimum;
  const limits: number[] = [config.code.digits, config.code.minutes, config.code.attempts, config.link_minutes];
  const { message }: { message: string } = await portal.request({ email: "a@example.com", next: "/reports" });
  await portal.forgot({ email: "a@example.com" });
  await portal.signUp({ email: "a@example.com", name: "Ada" });
  const { user, next } = await portal.verify({ code: "1234 5678" });
  await portal.verify({ token: "x", code: "1234 5678" });
  await portal.signIn({ email: "a@example.com", password: "x" });
  const token: string | null = portal.takeToken();
  await portal.activate({ password: "x" });
  await portal.reset({ password: "x", token: token ?? "" });
  await portal.confirm({ password: "x" });
  await portal.confirm({ code: "1234 5678" });
  await portal.changePassword({ current: "x", password: "y" });
  const sessions: Session[] = await portal.sessions.list();
  const current = sessions.find((session) => session.current);
  if (current) await portal.sessions.end(current.id);
  await portal.sessions.endOthers();
  const accessToken: string = await portal.accessToken();
  await portal.logout();
  const signedIn: User = user;
  const page: string | null = next;
  const stop: () => void = portal.user.subscribe((value: CurrentUser) => value?.session.amr[0]);
  stop();
  const found: User | null = (await portal.user.refresh()) ?? portal.user.get() ?? null;
  console.log(minimum, limits, message, accessToken, signedIn.resources[0]?.slug, page, found);
}

const Name = (): string => useUser(portal)?.name ?? "";

// What must not compile.
// @ts-expect-error a code or a token is required
void portal.verify({});
// @ts-expect-error the name is required
void portal.signUp({ email: "a@example.com" });
// @ts-expect-error there is no such transport
createClient("https://login.example.com", { transport: "header" });
// @ts-expect-error only the client creates errors
new VestibuleError();

export { Name, callEverything, describe };
