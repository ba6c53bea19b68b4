// Express with express-session, and what a team writes by itself: hashed sign-in tokens, scrypt, and a JWT for its API.
import { createHash, randomBytes, scrypt, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";
import express from "express";
import session from "express-session";
import jwt from "jsonwebtoken";
import serverless from "serverless-http";
import { email as send, withToken } from "./event.mjs";

const secret = process.env.AUTH_SECRET;
// With Node's defaults: N = 16384, r = 8, p = 1.
const hashPassword = promisify(scrypt);
const users = new Map();
const tokens = new Map();
const sha256 = (text) => createHash("sha256").update(text).digest("hex");
const isEmail = (text) => typeof text === "string" && text.length < 255 && /^[^@\s]+@[^@\s]+\.[^@\s]+$/.test(text);

function findOrCreate(email) {
  if (!users.has(email)) users.set(email, { id: randomBytes(12).toString("hex"), email });
  return users.get(email);
}

/** Begins a session and returns a token for the team's API. */
const beginSession = (request, user) => new Promise((resolve, reject) => {
  request.session.regenerate((error) => {
    if (error) return reject(error);
    request.session.userId = user.id;
    request.session.email = user.email;
    const claims = { sub: user.id, email: user.email };
    resolve(jwt.sign(claims, secret, { algorithm: "HS256", expiresIn: "15m", issuer: "express" }));
  });
});

const app = express();
app.disable("x-powered-by");
app.set("trust proxy", 1);
app.use(express.json({ limit: "16kb" }));
app.use(session({
  name: "sid",
  secret,
  resave: false,
  saveUninitialized: false,
  cookie: { httpOnly: true, secure: true, sameSite: "lax", maxAge: 7 * 86_400_000 },
}));

app.post("/auth/register", async (request, response) => {
  const { email, password } = request.body ?? {};
  if (!isEmail(email) || typeof password !== "string" || password.length < 8) {
    return response.status(400).json({ error: "bad_request" });
  }
  const user = findOrCreate(email.toLowerCase());
  user.salt = randomBytes(16);
  user.hash = await hashPassword(password, user.salt, 64);
  response.json({ id: user.id });
});

app.post("/auth/request-login", async (request, response) => {
  const email = request.body?.email?.toLowerCase?.();
  if (!isEmail(email)) return response.status(400).json({ error: "bad_request" });
  const token = randomBytes(32).toString("base64url");
  tokens.set(sha256(token), { email, expiresAt: Date.now() + 900_000 });
  send(token);
  response.json({ ok: true });
});

app.get("/auth/verify", async (request, response) => {
  const key = sha256(String(request.query.token ?? ""));
  const token = tokens.get(key);
  if (!token || token.expiresAt < Date.now()) return response.status(400).json({ error: "invalid_token" });
  tokens.delete(key);
  const user = findOrCreate(token.email);
  response.json({ token: await beginSession(request, user), user: { id: user.id, email: user.email } });
});

app.post("/auth/sign-in", async (request, response) => {
  const { email, password } = request.body ?? {};
  if (!isEmail(email) || typeof password !== "string") return response.status(400).json({ error: "bad_request" });
  const user = users.get(email.toLowerCase());
  const hash = await hashPassword(password, user?.salt ?? Buffer.alloc(16), 64);
  if (!user?.hash || !timingSafeEqual(hash, user.hash)) {
    return response.status(401).json({ error: "invalid_credentials" });
  }
  response.json({ token: await beginSession(request, user), user: { id: user.id, email: user.email } });
});

app.get("/auth/me", (request, response) => {
  const { userId, email } = request.session;
  if (!userId) return response.status(401).json({ error: "unauthenticated" });
  response.json({ user: { id: userId, email } });
});

const handle = serverless(app);
export const handler = async (event, context) => withToken(await handle(event, context));
