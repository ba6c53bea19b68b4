// The client in Chromium, where something goes wrong or happens at the same time.
import assert from "node:assert/strict";
import { after, before, beforeEach, afterEach, test } from "node:test";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { startPortal } from "../browser/portal.mjs";
import { serveApp } from "./app.mjs";
import { launch, openPage } from "./chromium.mjs";
import { compile, membersOf } from "./types.mjs";

const ADA = "ada@example.com";
let browser, server, portal, api, origin, page;

before(async () => {
  server = await serveApp(() => api);
  origin = `http://portal.example.localhost:${server.address().port}`;
  const set = ["SelfSignUp=on", "RequestsPerMinute=60", "RequestsPerHour=1000"].flatMap((each) => ["--set", each]);
  portal = await startPortal("--host", "login.example.localhost", "--frontend", origin, ...set);
  api = `http://login.example.localhost:${new URL(portal.url).port}`;
  browser = await launch();
});
after(async () => {
  await browser.close();
  await portal.stop();
  server.close();
});
beforeEach(async () => {
  page = await openPage(browser);
  await openClient(page);
});
afterEach(() => page.context().close());

/** Opens an empty page with the client in `client`, and the values of its user in `users`. */
async function openClient(on, options = "{}") {
  await on.goto(`${origin}/empty`);
  await on.evaluate(`(async () => {
    const { createClient } = await import("${api}/auth/client/1/vestibule.js");
    window.client = createClient("${api}", ${options});
    window.users = [];
    window.outcome = (promise) => promise.then((value) => ({ value }), (error) => ({ ...error }));
  })()`);
}

const call = (expression) => page.evaluate(`outcome(client.${expression})`);
const errorOf = async (expression) => (await call(expression)).type;
const follow = (on) => on.evaluate("void client.user.subscribe((user) => users.push(user && user.email))");
const waitForUsers = (on, expected) =>
  on.waitForFunction((text) => JSON.stringify(window.users) === text, JSON.stringify(expected));

async function signIn() {
  const before = await portal.emailCount();
  await call(`request({ email: "${ADA}" })`);
  const { code } = await portal.email(before);
  assert.equal((await call(`verify({ code: "Your code: ${code}." })`)).value?.user.email, ADA);
}

/** Answers all requests to a path as `answers` say, in turn; `null` loses the response, and after the last one they are
 * passed on. Returns the bodies of the requests. */
async function intercept(path, ...answers) {
  const bodies = [];
  await page.route(api + path, async (route) => {
    if (route.request().method() === "OPTIONS") return route.continue();
    bodies.push(route.request().postDataJSON());
    if (answers.length === 0) return route.continue();
    const answer = answers.shift();
    if (answer) return route.fulfill(withCors(answer));
    const headers = { "content-type": "application/json", origin };
    await fetch(api + path, { method: "POST", headers, body: route.request().postData() });
    return route.abort();
  });
  return bodies;
}
const withCors = (answer) => ({ ...answer, headers: {
  "access-control-allow-origin": origin, "access-control-allow-credentials": "true",
  "access-control-expose-headers": "retry-after", ...answer.headers,
} });
const json = (status, body, headers = {}) =>
  ({ status, body: JSON.stringify(body), headers: { "content-type": "application/json", ...headers } });

test("a lost response is asked for again with the same key, and the email is sent once", async () => {
  const bodies = await intercept("/auth/request-login", null);
  const before = await portal.emailCount();
  const { value } = await call(`request({ email: "${ADA}" })`);
  assert.ok(value.message);
  assert.equal(bodies.length, 2);
  assert.deepEqual(bodies[0], bodies[1]);
  assert.ok(bodies[0].idempotency_key.length >= 16);
  const { code } = await portal.email(before);
  assert.equal((await call(`verify({ code: "${code}" })`)).value.user.email, ADA);
  assert.equal(await portal.emailCount(), before + 1);
});

test("every call with a key is repeated once, with that key, and a code never", async () => {
  const broken = json(503, { message: "Service Unavailable" });
  for (const [path, expression, count] of [
    ["request-login", `request({ email: "${ADA}" })`, 2],
    ["forgot-password", `forgot({ email: "${ADA}" })`, 2],
    ["sign-up", `signUp({ email: "${ADA}", name: "Ada" })`, 2],
    ["sign-in", `signIn({ email: "${ADA}", password: "x" })`, 2],
    ["activate", 'activate({ token: "x", password: "y" })', 2],
    ["reset-password", 'reset({ token: "x", password: "y" })', 2],
    ["change-password", 'changePassword({ current: "x", password: "y" })', 2],
    ["verify", 'verify({ token: "x" })', 2],
    ["verify", 'verify({ code: "00000000" })', 1],
    ["confirm", 'confirm({ password: "x" })', 1],
  ]) {
    await page.unrouteAll();
    const bodies = await intercept(`/auth/${path}`, broken, broken, broken);
    assert.equal(await errorOf(expression), "unavailable", expression);
    assert.equal(bodies.length, count, expression);
    assert.equal(new Set(bodies.map((body) => body.idempotency_key)).size, 1, expression);
  }
});

test("responses of API Gateway and of strangers are errors with a type", async () => {
  for (const [answer, type, retryAfter] of [
    [json(429, { message: "Too Many Requests" }), "too-many-attempts", 5],
    [json(429, { message: "Too Many Requests" }, { "retry-after": "9" }), "too-many-attempts", 9],
    [json(404, { message: "Not Found" }), "not-found"],
    [json(413, { message: "Request Entity Too Large" }), "payload-too-large"],
    [json(403, { message: "Forbidden" }), "unexpected"],
    [json(500, { message: "Internal Server Error" }), "unavailable"],
    [{ status: 200, body: "<h1>Log in to our Wi-Fi</h1>" }, "unexpected"],
    [{ status: 502, body: "<h1>Bad gateway</h1>" }, "unavailable"],
    [json(401, { type: "urn:vestibule:problem:invalid-credentials", detail: "No." }), "invalid-credentials"],
  ]) {
    await page.unrouteAll();
    await intercept("/auth/confirm", answer);
    const error = await call('confirm({ password: "x" })');
    assert.equal(error.type, type);
    assert.equal(error.status, answer.status);
    assert.equal(error.retryAfter, retryAfter);
    assert.ok(error.detail);
  }
  await page.unrouteAll();
  await page.route(`${api}/auth/confirm`, (route) => route.abort());
  const error = await call('confirm({ password: "x" })');
  assert.deepEqual([error.type, error.status], ["network", 0]);
});

test("responses have the fields that the types name", async () => {
  const program = compile("clients/js/vestibule.d.ts");
  const fieldsOf = (value) => Object.keys(value).sort();
  assert.deepEqual(fieldsOf((await call("config()")).value), membersOf(program, "Config"));
  await signIn();
  const { value: user } = await call("user.refresh()");
  assert.deepEqual(fieldsOf(user), membersOf(program, "User"));
  assert.deepEqual(fieldsOf(user.session), membersOf(program, "SessionInfo"));
  assert.deepEqual(fieldsOf(user.resources[0]), membersOf(program, "Resource"));
  const { value: sessions } = await call("sessions.list()");
  assert.deepEqual(fieldsOf(sessions[0]), membersOf(program, "Session"));
});

test("problems have their fields", async () => {
  const wrong = await call('signIn({ email: "no address", password: "x" })');
  assert.deepEqual([wrong.type, wrong.status, wrong.field], ["invalid-request", 400, "email"]);
  await call(`request({ email: "${ADA}" })`);
  const code = await call('verify({ code: "00000000" })');
  assert.deepEqual([code.type, code.attemptsLeft], ["invalid-token", 4]);
  assert.equal(await errorOf("sessions.list()"), "not-authenticated");
  assert.equal(await errorOf('sessions.end("x")'), "not-authenticated");
  assert.equal(await errorOf('sessions.end("../logout")'), "not-found");
});

test("listeners hear about the user once for each change, and immediately", async () => {
  await follow(page);
  await waitForUsers(page, [undefined, null]);
  await signIn();
  await waitForUsers(page, [undefined, null, ADA]);
  await page.evaluate("client.user.refresh()");
  await page.evaluate("window.same = () => users.push('same'); window.stop = client.user.subscribe(same);"
    + "client.user.subscribe(same); stop(); stop()");
  await call("logout()");
  await waitForUsers(page, [undefined, null, ADA, "same", "same", null, "same"]);
});

test("an answer that is late does not undo a sign-in", async () => {
  let release;
  const late = new Promise((resolve) => { release = resolve; });
  await page.route(`${api}/auth/session`, async (route) => {
    await late;
    await route.fulfill(withCors(json(200, null)));
  }, { times: 1 });
  await follow(page);
  await signIn();
  await waitForUsers(page, [undefined, ADA]);
  release();
  await page.waitForTimeout(200);
  await waitForUsers(page, [undefined, ADA]);
});

test("a failure does not sign anybody out, and a session that has ended does", async () => {
  await follow(page);
  await signIn();
  await waitForUsers(page, [undefined, null, ADA]);
  const broken = json(503, { message: "Service Unavailable" });
  await intercept("/auth/session", broken, broken);
  assert.equal(await errorOf("user.refresh()"), "unavailable");
  await waitForUsers(page, [undefined, null, ADA]);
  await page.context().clearCookies();
  assert.equal(await errorOf("sessions.list()"), "not-authenticated");
  await waitForUsers(page, [undefined, null, ADA, null]);
});

test("a session that expires is noticed without a click", async () => {
  const other = await openPage(browser);
  await other.clock.install();
  await openClient(other);
  page = [other, await page.context().close()][0];
  await follow(page);
  await signIn();
  await waitForUsers(page, [undefined, null, ADA]);
  await page.context().clearCookies();
  await page.clock.fastForward("23:59:00");
  await waitForUsers(page, [undefined, null, ADA]);
  await page.clock.fastForward("00:02:00");
  await waitForUsers(page, [undefined, null, ADA, null]);
});

test("nothing is asked while nobody listens", async () => {
  const bodies = await intercept("/auth/session");
  await page.evaluate(() => dispatchEvent(new Event("focus")));
  await page.evaluate("client.user.subscribe(() => {})()");
  await page.waitForTimeout(200);
  const first = bodies.length;
  assert.ok(first <= 1);
  await page.evaluate(() => dispatchEvent(new Event("focus")));
  await page.waitForTimeout(200);
  assert.equal(bodies.length, first);
});

test("the token of a link leaves the address bar, and the next link replaces it", async () => {
  const take = () => page.evaluate("client.takeToken()");
  assert.equal(await take(), null);
  await page.evaluate(() => { location.hash = "token=one"; });
  assert.equal(await take(), "one");
  assert.equal(page.url(), `${origin}/empty`);
  assert.equal(await take(), "one");
  await page.evaluate(() => { location.hash = "token=two"; });
  assert.equal(await errorOf('reset({ password: "three quiet otters paint" })'), "invalid-token");
  assert.equal(await take(), null);
});

test("a client without cookies keeps its session in any storage", async () => {
  const storage = `(() => { window.items = new Map(); return {
    getItem: async (key) => items.get(key) ?? null, setItem: async (key, value) => void items.set(key, value) }; })()`;
  await openClient(page, `{ transport: "bearer", storage: ${storage} }`);
  await follow(page);
  await signIn();
  assert.deepEqual(await page.context().cookies(), []);
  const kept = async () => JSON.parse(await page.evaluate(`items.get("vestibule:${api}")`));
  assert.ok((await kept()).token);
  const { known } = await kept();
  assert.ok(known[ADA]);
  const bodies = await intercept("/auth/request-login");
  await call('request({ email: " Ada@Example.com " })');
  assert.equal(bodies[0].known, known[ADA]);
  await call("logout()");
  assert.deepEqual(Object.keys(await kept()).includes("token"), false);
  assert.ok((await kept()).known[ADA]);
  await waitForUsers(page, [undefined, null, ADA, null]);
});

test("React renders who is signed in", async () => {
  const script = `import { createElement } from "react"; import { createRoot } from "react-dom/client";
    import { useUser } from "../../clients/js/react.js";
    const Name = () => {
      const user = useUser(window.client);
      return user === undefined ? "…" : user?.email ?? "nobody";
    };
    createRoot(document.body).render(createElement(Name));`;
  const folder = fileURLToPath(new URL(".", import.meta.url));
  const bundle = await build({ stdin: { contents: script, resolveDir: folder }, bundle: true, write: false,
    nodePaths: [`${folder}node_modules`], define: { "process.env.NODE_ENV": '"production"' } });
  await page.evaluate(bundle.outputFiles[0].text);
  await page.getByText("nobody").waitFor();
  await signIn();
  await page.getByText(ADA).waitFor();
});
