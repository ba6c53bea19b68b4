// The local portal on login.example.localhost, and clients that sign in.
import { startPortal as start } from "../browser/portal.mjs";

export const FRONTEND = "http://portal.example.localhost:5173";
const ADA = "ada@example.com";

/** Starts a portal. `url` is its public URL, by default that of its own port. */
export async function startPortal(publicUrl, frontend = FRONTEND) {
  const options = ["--host", "login.example.localhost", "--frontend", frontend, "--set", "AccessTokens=on"];
  const set = publicUrl ? ["--set", `PublicUrl=${publicUrl}`] : [];
  const portal = await start(...options, ...set);
  const { port } = new URL(portal.url);
  const own = `http://login.example.localhost:${port}`;
  return { ...portal, own, url: publicUrl ?? own };
}

/** Starts a portal whose port, state and keys outlast a restart. */
export async function startLastingPortal(port, data) {
  const options = ["--host", "login.example.localhost", "--frontend", FRONTEND, "--port", String(port), "--data", data];
  const set = ["AccessTokens=on", "AccessTokenMinutes=60"].flatMap((each) => ["--set", each]);
  return { ...await start(...options, ...set), url: `http://login.example.localhost:${port}` };
}

/** Posts JSON to the portal as a script of the frontend does. */
export function post(portal, path, body, headers = {}) {
  const all = { "content-type": "application/json", origin: FRONTEND, ...headers };
  return fetch(portal.url + path, { method: "POST", headers: all, body: JSON.stringify(body) });
}

/** Signs Ada in with the code of an email. Returns the response. The portal must not have sent an email before. */
async function signIn(portal, transport, headersOf) {
  const requested = await post(portal, "/auth/request-login", { email: ADA, transport });
  const { request } = await requested.json();
  const { text } = await portal.email(0);
  const code = /^\d{4} \d{4}$/m.exec(text)[0];
  const body = transport === "bearer" ? { request, code, transport } : { code };
  return post(portal, "/auth/verify", body, headersOf(requested));
}

/** Signs in as an app without cookies. Returns the session token. */
export async function bearerToken(portal) {
  const response = await signIn(portal, "bearer", () => ({}));
  return (await response.json()).session.token;
}

/** Signs in as a browser. Returns the `Cookie` header of the session. */
export async function sessionCookie(portal) {
  const cookies = (response) => response.headers.getSetCookie().map((each) => each.split(";")[0]);
  const response = await signIn(portal, "cookie", (requested) => ({ cookie: cookies(requested).join("; ") }));
  return cookies(response).find((each) => each.includes(".sid="));
}
