// An issuer of access tokens like those of a portal, which also signs what no portal would.
import { createServer } from "node:http";
import { SignJWT, exportJWK, generateKeyPair } from "jose";

const seconds = () => Math.floor(Date.now() / 1000);

/** Starts an issuer with two keys on login.example.localhost. */
export async function startIssuer() {
  const kids = ["key-1", "key-2"];
  const pairs = await Promise.all([...kids, "stranger"].map(() => generateKeyPair("RS256", { extractable: true })));
  const keys = await Promise.all(kids.map(async (kid, n) => {
    const jwk = await exportJWK(pairs[n].publicKey);
    return { ...jwk, kid, alg: "RS256", use: "sig" };
  }));
  const server = createServer((request, response) => {
    const isKeys = request.url === "/.well-known/jwks.json";
    response.writeHead(isKeys ? 200 : 404, { "content-type": "application/json" });
    response.end(isKeys ? JSON.stringify({ keys }) : "{}");
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://login.example.localhost:${server.address().port}`;

  /** Returns the claims of a user who signed in `age` seconds ago. */
  const claims = (age = 0) => ({
    iss: url, aud: url, sub: "usr_1", email: "ada@example.com", role: "partner", resources: [], sid: "s",
    auth_time: seconds() - age, amr: ["otp"], iat: seconds(), exp: seconds() + 300, jti: crypto.randomUUID(),
  });
  const header = (n) => ({ alg: "RS256", typ: "at+jwt", kid: kids[n] });
  return {
    url,
    keys,
    claims,
    /** Signs these claims with the first key, the second, or that of a stranger (2). */
    sign: (payload, { key = 0, ...more } = {}) =>
      new SignJWT(payload).setProtectedHeader({ ...header(key % 2), ...more }).sign(pairs[key].privateKey),
    /** Signs with HS256, the secret being what everybody knows: a public key. */
    signWithPublicKey: (payload) => new SignJWT(payload).setProtectedHeader({ ...header(0), alg: "HS256" })
      .sign(new TextEncoder().encode(JSON.stringify(keys[0]))),
    stop: () => server.close(),
  };
}
