// The back end that asks the portal whose session a bearer token is of.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { outcome, startExample } from "./examples.mjs";
import { bearerToken, post, startPortal } from "./portal.mjs";

let portal, api, token;

before(async () => {
  portal = await startPortal();
  api = await startExample("session", portal.url);
  token = await bearerToken(portal);
});
after(() => Promise.all([portal.stop(), api.stop()]));

test("a session says who is calling, until it is signed out", async () => {
  const response = await api.call("/whoami", token);
  assert.equal(response.status, 200);
  assert.equal((await response.json()).email, "ada@example.com");
  assert.equal(await outcome(await api.call("/payments", token, "POST")), "200");
  for (const wrong of [undefined, "", "x", token.slice(0, -4), `${token}x`]) {
    assert.equal(await outcome(await api.call("/whoami", wrong)), "401 not-authenticated", wrong);
  }

  const later = await startExample("session", portal.url, { CLOCK_AHEAD: "301" });
  assert.equal(await outcome(await later.call("/whoami", token)), "200");
  const refused = await outcome(await later.call("/payments", token, "POST"));
  assert.equal(refused, "401 reauthentication-required 300");
  await later.stop();

  const signedOut = await post(portal, "/auth/logout", {}, { authorization: `Bearer ${token}` });
  assert.equal(signedOut.status, 200);
  assert.equal(await outcome(await api.call("/whoami", token)), "401 not-authenticated");
});

test("nobody is let in while the portal cannot be reached", async () => {
  const lost = await startExample("session", "http://login.example.localhost:9");
  assert.equal((await lost.call("/whoami", token)).status, 503);
  await lost.stop();
});
