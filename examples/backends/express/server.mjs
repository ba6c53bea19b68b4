import express from "express";
import { createRemoteJWKSet, jwtVerify } from "jose";

const { PORTAL: issuer, PORT } = process.env;
const keys = createRemoteJWKSet(new URL(`${issuer}/.well-known/jwks.json`));
const requiredClaims = ["exp", "sub"];
const rules = { issuer, audience: issuer, algorithms: ["RS256"], typ: "at+jwt", requiredClaims };
const outages = [undefined, "ERR_JWKS_TIMEOUT", "ERR_JOSE_GENERIC"];
const problem = (response, type, more) => response.status(401).type("application/problem+json")
  .send(JSON.stringify({ type: `urn:vestibule:problem:${type}`, status: 401, ...more }));

async function signedIn(request, response, next) {
  const token = request.get("authorization")?.replace(/^Bearer /, "") ?? "";
  try {
    request.user = (await jwtVerify(token, keys, rules)).payload;
  } catch ({ code }) {
    if (outages.includes(code)) return response.sendStatus(503);
    return problem(response, "not-authenticated");
  }
  next();
}

const isRecent = (user, seconds) => Date.now() / 1000 - user.auth_time <= seconds;
const recent = (seconds) => ({ user }, response, next) => isRecent(user, seconds)
  ? next() : problem(response, "reauthentication-required", { max_age: seconds });

express().use(signedIn)
  .get("/whoami", ({ user }, response) => response.json(user))
  .post("/payments", recent(300), ({ user }, response) => response.json(user))
  .listen(PORT, "127.0.0.1");
