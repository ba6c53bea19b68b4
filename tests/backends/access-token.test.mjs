// The back ends that verify access tokens: what they accept and refuse, on a host of their own.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { outcome, startExample } from "./examples.mjs";
import { startIssuer } from "./issuer.mjs";
import { serveProxy } from "./proxy.mjs";

const REFUSED = "401 not-authenticated";
const base64 = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
let issuer, proxy, environment;

before(async () => {
  issuer = await startIssuer();
  proxy = await serveProxy();
  const url = `http://127.0.0.1:${proxy.address().port}`;
  environment = { http_proxy: url, HTTP_PROXY: url };
});
after(() => { issuer.stop(); proxy.close(); });

/** Returns tokens that must be refused, by name. */
async function forgeries() {
  const { sign } = issuer;
  const claims = issuer.claims();
  const without = (name) => Object.fromEntries(Object.entries(claims).filter(([each]) => each !== name));
  const good = await sign(claims);
  const [head, body, signature] = good.split(".");
  return {
    empty: "",
    garbage: "x",
    "three empty parts": "..",
    "another audience": await sign({ ...claims, aud: "https://other.example" }),
    "no audience": await sign(without("aud")),
    "another issuer": await sign({ ...claims, iss: "https://other.example" }),
    "no issuer": await sign(without("iss")),
    expired: await sign({ ...claims, exp: claims.iat - 1 }),
    "no end": await sign(without("exp")),
    "the type of a session": await sign(claims, { typ: "session+jwt" }),
    "no type": await sign(claims, { typ: undefined }),
    "an unknown key": await sign(claims, { kid: "key-3" }),
    "no key": await sign(claims, { kid: undefined }),
    "a stranger's key": await sign(claims, { key: 2 }),
    "the other key": await sign(claims, { kid: "key-2" }),
    "the public key as a secret": await issuer.signWithPublicKey(claims),
    "no algorithm": `${base64({ alg: "none", typ: "at+jwt", kid: "key-1" })}.${body}.`,
    "another user": `${head}.${base64({ ...claims, sub: "usr_2" })}.${signature}`,
    "no signature": `${head}.${body}.`,
    "a cut signature": good.slice(0, -4),
  };
}

for (const name of ["express", "fastapi", "axum"]) {
  describe(name, () => {
    let api;
    before(async () => { api = await startExample(name, issuer.url, environment); });
    after(() => api.stop());

    test("tokens of both published keys are accepted", async () => {
      for (const key of [0, 1]) {
        const claims = issuer.claims();
        const response = await api.call("/whoami", await issuer.sign(claims, { key }));
        assert.equal(response.status, 200);
        assert.deepEqual(await response.json(), claims);
      }
    });

    test("all other tokens are refused, and so is no token", async () => {
      assert.equal(await outcome(await api.call("/whoami")), REFUSED);
      for (const [forgery, token] of Object.entries(await forgeries())) {
        assert.equal(await outcome(await api.call("/whoami", token)), REFUSED, forgery);
        assert.equal(await outcome(await api.call("/payments", token, "POST")), REFUSED, forgery);
      }
    });

    test("a payment needs a sign-in within five minutes", async () => {
      for (const [age, expected] of [[0, "200"], [290, "200"], [302, "401 reauthentication-required 300"]]) {
        const token = await issuer.sign(issuer.claims(age));
        assert.equal(await outcome(await api.call("/payments", token, "POST")), expected, String(age));
        assert.equal(await outcome(await api.call("/whoami", token)), "200");
      }
    });

    test("nobody is let in while the keys cannot be read", async () => {
      const lost = await startExample(name, "http://login.example.localhost:9", environment);
      const response = await lost.call("/whoami", await issuer.sign(issuer.claims()));
      assert.ok([401, 503].includes(response.status), `${response.status}`);
      await lost.stop();
    });
  });
}
