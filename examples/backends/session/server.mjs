import { createServer } from "node:http";

const { PORTAL, PORT } = process.env;
const problem = (type, more) => ({ type: `urn:vestibule:problem:${type}`, status: 401, ...more });

/** Asks the portal whose session this is. Returns the user, or undefined. */
async function signedIn(request) {
  const headers = { authorization: request.headers.authorization ?? "" };
  const me = await fetch(`${PORTAL}/auth/me`, { headers });
  if (me.status === 401) return undefined;
  if (me.status === 200) return me.json();
  throw new Error(`The portal answered ${me.status}.`);
}

const isRecent = ({ session }, seconds) =>
  Date.now() - Date.parse(session.auth_time) <= seconds * 1000;

async function answer(request) {
  const user = await signedIn(request);
  if (!user) return problem("not-authenticated");
  if (request.url !== "/payments" || isRecent(user, 300)) return { ...user, status: 200 };
  return problem("reauthentication-required", { max_age: 300 });
}

createServer(async (request, response) => {
  const body = await answer(request).catch(() => ({ status: 503 }));
  const type = body.status === 401 ? "application/problem+json" : "application/json";
  response.writeHead(body.status, { "content-type": type }).end(JSON.stringify(body));
}).listen(PORT, "127.0.0.1");
