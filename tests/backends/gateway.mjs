// One host, as a custom domain of API Gateway: `/api/` is a function behind the authorizer, and everything else is the
// portal's.
import { createServer } from "node:http";

const read = async (request) => Buffer.concat(await request.toArray());

/** Returns the event of a request (payload 2.0), with cookies in a field of their own. */
function eventOf(request) {
  const { cookie, ...headers } = request.headers;
  const context = { http: { method: request.method, path: request.url, sourceIp: "192.0.2.1" }, stage: "$default" };
  const cookies = cookie === undefined ? {} : { cookies: cookie.split("; ") };
  return {
    version: "2.0", type: "REQUEST", routeKey: "$default", rawPath: request.url, rawQueryString: "", headers,
    requestContext: context, ...cookies,
  };
}

/** Asks the authorizer. Returns the context, or the status that the gateway refuses with. */
async function authorize(portal, event) {
  const answer = await fetch(`${portal.own}/_local/authorizer`, { method: "POST", body: JSON.stringify(event) });
  const { isAuthorized, context, errorMessage } = await answer.json();
  if (!answer.ok) return { status: 500 };
  if (errorMessage === "Unauthorized") return { status: 401 };
  return isAuthorized === true ? { context } : { status: 403 };
}

async function callFunction(portal, handler, request, response) {
  const event = eventOf(request);
  const { context, status } = await authorize(portal, event);
  if (status) return response.writeHead(status).end();
  event.requestContext.authorizer = { lambda: context };
  const { statusCode, headers, body } = await handler(event);
  response.writeHead(statusCode, headers).end(body);
}

async function forward(portal, request, response) {
  const { method, headers } = request;
  const body = ["GET", "HEAD"].includes(method) ? undefined : await read(request);
  const { connection, "content-length": length, ...kept } = headers;
  const answer = await fetch(portal.own + request.url, { method, headers: kept, body, redirect: "manual" });
  response.writeHead(answer.status, [...answer.headers].flat());
  response.end(Buffer.from(await answer.arrayBuffer()));
}

/** Starts the gateway and returns its server. `portal` returns the portal, which starts later. */
export function serveGateway(portal, handler) {
  const server = createServer((request, response) => {
    const isApi = request.url.startsWith("/api/");
    const done = isApi ? callFunction(portal(), handler, request, response) : forward(portal(), request, response);
    done.catch(() => response.writeHead(500).end());
  });
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server)));
}
