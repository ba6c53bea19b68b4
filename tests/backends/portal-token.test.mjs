// The back ends that verify access tokens, with the tokens of a portal.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { outcome, startExamples } from "./examples.mjs";
import { bearerToken, post, startPortal } from "./portal.mjs";
import { serveProxy } from "./proxy.mjs";

let portal, proxy, apis;

before(async () => {
  portal = await startPortal();
  proxy = await serveProxy();
  const url = `http://127.0.0.1:${proxy.address().port}`;
  apis = await startExamples(["express", "fastapi", "axum"], portal.url, { http_proxy: url, HTTP_PROXY: url });
});
after(async () => {
  await Promise.all([...apis, portal].map((each) => each.stop()));
  proxy.close();
});

test("a token of the portal says who is calling, and a session token does not", async () => {
  const session = await bearerToken(portal);
  const authorization = `Bearer ${session}`;
  const me = await (await fetch(`${portal.url}/auth/me`, { headers: { authorization } })).json();
  const response = await post(portal, "/auth/token", {}, { authorization });
  assert.equal(response.status, 200);
  const { access_token: token, token_type: type } = await response.json();
  assert.equal(type, "Bearer");
  for (const { name, call } of apis) {
    const { sub, email, role, resources, sid } = await (await call("/whoami", token)).json();
    const { id, session: { id: ofMe } } = me;
    assert.deepEqual({ id: sub, email, role, resources, sid }, { id, email: me.email, role: me.role,
      resources: me.resources, sid: ofMe }, name);
    assert.equal(await outcome(await call("/payments", token, "POST")), "200", name);
    assert.equal(await outcome(await call("/whoami", session)), "401 not-authenticated", name);
  }
  const atPortal = await fetch(`${portal.url}/auth/me`, { headers: { authorization: `Bearer ${token}` } });
  assert.equal(await outcome(atPortal), "401 not-authenticated");

  // After signing out there is no other token, and this one works until it expires.
  await post(portal, "/auth/logout", {}, { authorization });
  assert.equal(await outcome(await post(portal, "/auth/token", {}, { authorization })), "401 not-authenticated");
  for (const { name, call } of apis) {
    assert.equal(await outcome(await call("/whoami", token)), "200", name);
  }
});
