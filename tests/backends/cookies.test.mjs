// Which host gets the session cookie, in a real browser: the portal's own, and no other. An API on another host gets an
// access token.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { chromium } from "playwright-core";
import { startPortal } from "./portal.mjs";

let server, chrome, portal;
const seen = [];

before(async () => {
  // Serves both the frontend and an API that notes the cookies that it gets.
  server = createServer((request, response) => {
    const { host, origin, cookie, authorization } = request.headers;
    if (host.startsWith("api.") && request.method !== "OPTIONS") seen.push({ cookie, authorization });
    const allowed = {
      "access-control-allow-origin": origin ?? "*", "access-control-allow-credentials": "true",
      "access-control-allow-headers": "content-type, authorization",
    };
    response.writeHead(200, { "content-type": "text/html", ...allowed }).end("<!doctype html><title>Page</title>");
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  portal = await startPortal(undefined, origin("portal"));
  const args = ["--no-sandbox", "--disable-gpu"];
  chrome = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args });
});
after(async () => { await chrome.close(); await portal.stop(); server.close(); });

const origin = (name) => `http://${name}.example.localhost:${server.address().port}`;

test("a script of the frontend calls the portal with the cookie, and an API on another host without it", async () => {
  const page = await chrome.newPage();
  await page.goto(origin("portal"));
  const call = (url, body, more) => page.evaluate(async ([url, body, more]) => {
    const headers = { "content-type": "application/json", ...more };
    const json = { method: "POST", headers, body: JSON.stringify(body) };
    const response = await fetch(url, { credentials: "include", ...(body ? json : {}) });
    return { status: response.status, text: await response.text() };
  }, [url, body, more]);

  await call(`${portal.url}/auth/request-login`, { email: "ada@example.com" });
  const code = /^\d{4} \d{4}$/m.exec((await portal.email(0)).text)[0];
  assert.equal((await call(`${portal.url}/auth/verify`, { code })).status, 200);
  const me = await call(`${portal.url}/auth/me`);
  assert.equal(JSON.parse(me.text).email, "ada@example.com");
  await call(`${origin("api")}/whoami`);
  const issued = JSON.parse((await call(`${portal.url}/auth/token`, {})).text);
  const authorization = `Bearer ${issued.access_token}`;
  await call(`${origin("api")}/payments`, {}, { authorization });
  const nothing = { cookie: undefined, authorization: undefined };
  assert.deepEqual(seen, [nothing, { ...nothing, authorization }]);
});
