// The function behind the authorizer, on the portal's own host: the cookie reaches both.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { handler } from "../../examples/backends/lambda/index.mjs";
import { outcome } from "./examples.mjs";
import { serveGateway } from "./gateway.mjs";
import { FRONTEND, post, sessionCookie, startPortal } from "./portal.mjs";

let portal, gateway, cookie;
const call = (path, headers, method = "GET") => fetch(portal.url + path, { method, headers });

before(async () => {
  gateway = await serveGateway(() => portal, handler);
  portal = await startPortal(`http://login.example.localhost:${gateway.address().port}`);
  cookie = await sessionCookie(portal);
});
after(async () => { await portal.stop(); gateway.close(); });

test("the function learns who is calling, until they sign out", async () => {
  const me = await (await call("/auth/me", { cookie })).json();
  const response = await call("/api/whoami", { cookie });
  assert.equal(response.status, 200);
  const { id, email, role, resources } = me;
  assert.deepEqual(await response.json(), { id, email, role, resources });
  const token = cookie.split("=")[1];
  assert.equal((await call("/api/whoami", { authorization: `Bearer ${token}` })).status, 200);
  for (const wrong of [{}, { cookie: `${cookie}x` }, { authorization: "Bearer x" }]) {
    assert.equal((await call("/api/whoami", wrong)).status, 401);
  }
  assert.equal((await call("/api/payments", { cookie, origin: FRONTEND }, "POST")).status, 200);
  assert.equal((await call("/api/payments", { cookie, origin: "http://other.localhost" }, "POST")).status, 403);

  assert.equal((await post(portal, "/auth/logout", {}, { cookie })).status, 200);
  assert.equal((await call("/api/whoami", { cookie })).status, 401);
});

test("a payment needs a sign-in within five minutes", async () => {
  for (const [age, expected] of [[0, "200"], [299, "200"], [302, "401 reauthentication-required 300"]]) {
    // A REST API passes numbers as text.
    for (const read of [Number, String]) {
      const lambda = { user_id: "usr_1", resources: "[]", auth_time: read(Math.floor(Date.now() / 1000) - age) };
      const answer = await handler({ rawPath: "/api/payments", requestContext: { authorizer: { lambda } } });
      assert.equal(await outcome(new Response(answer.body, { status: answer.statusCode })), expected);
    }
  }
});
