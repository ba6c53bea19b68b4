// Better Auth: passwords, sign-in links by email, and sessions in a database that is a Map. The entry "minimal" is the
// documented one for small bundles. Its parts load at the first use, so two requests during the init make the first
// real one faster.
import { betterAuth } from "better-auth/minimal";
import { magicLink } from "better-auth/plugins/magic-link";
import { email, fromResponse, toRequest, withToken } from "./event.mjs";
import { mapAdapter } from "./map-adapter.mjs";

const host = "login.example.com";
const origin = `https://${host}`;

const auth = betterAuth({
  baseURL: origin,
  basePath: "/auth",
  secret: process.env.AUTH_SECRET,
  database: mapAdapter(),
  emailAndPassword: { enabled: true },
  plugins: [magicLink({ sendMagicLink: async ({ token }) => email(token) })],
});

export const handler = async (event) => withToken(await fromResponse(await auth.handler(toRequest(event))));

const warmUp = (method, rawPath, headers, body) => handler({
  rawPath,
  headers: { host, origin, ...headers },
  body,
  requestContext: { domainName: host, http: { method } },
});
await warmUp("GET", "/auth/get-session", { cookie: "__Secure-better-auth.session_token=a.b" });
await warmUp("POST", "/auth/sign-in/magic-link", { "content-type": "application/json" }, "{}");
