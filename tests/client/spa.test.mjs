// The journeys of examples/spa: with cookies from another origin of the portal's site, without cookies from another
// site, and with cookies from there, which cannot work and says so.
import assert from "node:assert/strict";
import axe from "axe-core";
import { after, before, test } from "node:test";
import { startPortal } from "../browser/portal.mjs";
import { serveApp } from "./app.mjs";
import { launch, openPage } from "./chromium.mjs";

const ADA = "ada@example.com";
const EVE = "eve@example.com";
const GRACE = "grace@example.com";
const PASSWORD = "three quiet otters paint";
const NEXT_PASSWORD = "seven loud herons whistle";
const called = new Set();
let browser, server, portal, api, origins;

before(async () => {
  server = await serveApp(() => api);
  const { port } = server.address();
  const named = (host) => `http://${host}.localhost:${port}`;
  origins = { cookie: named("portal.example"), bearer: named("bearer.elsewhere"), foreign: named("portal.elsewhere") };
  const app = origins.cookie;
  const set = [
    "LoginPath=/", "SelfSignUp=on", "AccessTokens=on", "RequestsPerMinute=60", "RequestsPerHour=1000",
    `ResetUrl=${app}/reset.html`, `ActivateUrl=${app}/activate.html`,
    `AllowedOrigins=${origins.bearer},${origins.foreign}`,
  ].flatMap((each) => ["--set", each]);
  portal = await startPortal("--host", "login.example.localhost", "--frontend", app, "--user", EVE, ...set);
  api = `http://login.example.localhost:${new URL(portal.url).port}`;
  browser = await launch();
});
after(async () => {
  await browser.close();
  await portal.stop();
  server.close();
});

const form = (page, call) => page.locator(`form[data-call=${call}]`);

/** Fills in a form of the app and submits it. */
async function submit(page, call, fields = {}) {
  for (const [name, value] of Object.entries(fields)) await form(page, call).locator(`[name=${name}]`).fill(value);
  await form(page, call).getByRole("button").click();
}

/** Does something that sends an email, and returns the email. */
async function emailOf(act) {
  const before = await portal.emailCount();
  await act();
  return portal.email(before);
}

/** Requests a code on the app's page, which must be open, and returns the email. */
async function requestCode(page, email) {
  const sent = await emailOf(() => submit(page, "request", { email }));
  await statusOf(page, "request", /./);
  return sent;
}

async function signInByCode(page, email, origin) {
  await page.goto(origin);
  const { code } = await requestCode(page, email);
  await submit(page, "verify", { code });
  await page.getByText(`(${email})`).waitFor();
}

const signedOut = (page) => page.getByRole("heading", { name: "Sign in", exact: true }).waitFor();
const alertOf = (page, call, text) => form(page, call).getByRole("alert").getByText(text).waitFor();
const statusOf = (page, call, text) => form(page, call).getByRole("status").getByText(text).waitFor();
const focus = (page) => page.evaluate(() => dispatchEvent(new Event("focus")));
const linkOf = (email, page) => email.links.find((link) => link.includes(page));

test("an invitation is accepted on the app's own page, and a password is reset there", async () => {
  const page = await openPage(browser, called);
  await page.goto(origins.cookie);
  const invitation = await emailOf(() => submit(page, "request", { email: GRACE }));
  const link = linkOf(invitation, "/activate.html#token=");
  await page.goto(link);
  await page.waitForFunction(() => !location.hash);
  await page.reload();
  await submit(page, "activate", { password: "password password" });
  await alertOf(page, "activate", /./);
  await submit(page, "activate", { password: PASSWORD });
  await page.waitForURL(`${origins.cookie}/`);
  await page.getByText(`(${GRACE})`).waitFor();
  await submit(page, "logout");
  await signedOut(page);

  const reset = await emailOf(() => submit(page, "forgot", { email: GRACE }));
  await page.goto(linkOf(reset, "/reset.html#token="));
  await submit(page, "reset", { password: NEXT_PASSWORD });
  await page.waitForURL(`${origins.cookie}/`);
  await signedOut(page);
  await submit(page, "signIn", { email: GRACE, password: PASSWORD });
  await alertOf(page, "signIn", /./);
  await submit(page, "signIn", { email: GRACE, password: NEXT_PASSWORD });
  await page.getByText(`(${GRACE})`).waitFor();

  await page.goto(linkOf(reset, "/reset.html#token="));
  await submit(page, "reset", { password: "another very quiet otter" });
  await alertOf(page, "reset", "already been used");
  await page.reload();
  await alertOf(page, "reset", "doesn’t work");
  await page.context().close();
});

test("a code signs in, in every tab, and signing out is seen there too", async () => {
  const page = await openPage(browser, called);
  const tab = await page.context().newPage();
  await tab.goto(origins.cookie);
  await signedOut(tab);
  await page.goto(origins.cookie);
  const { code } = await requestCode(page, ADA);
  await submit(page, "verify", { code: code === "0000 0000" ? "1111 1111" : "0000 0000" });
  await alertOf(page, "verify", "Attempts left: 4.");
  const input = form(page, "verify").getByRole("textbox");
  assert.equal(await input.getAttribute("aria-invalid"), "true");
  await submit(page, "verify", { code });
  await page.getByText(`(${ADA})`).waitFor();
  await tab.getByText(`(${ADA})`).waitFor();
  await submit(tab, "logout");
  await signedOut(page);
  await page.context().close();
});

test("a link signs in, and the waiting tab notices when it gets the focus", async () => {
  const page = await openPage(browser, called);
  await page.goto(`${origins.cookie}/?next=/index.html`);
  const email = await requestCode(page, ADA);
  const tab = await page.context().newPage();
  await tab.goto(email.links[0], { waitUntil: "commit" });
  await tab.waitForURL(`${origins.cookie}/index.html`);
  await tab.getByText(`(${ADA})`).waitFor();
  await focus(page);
  await page.getByText(`(${ADA})`).waitFor();
  await page.goto(email.links[0].slice(0, -4));
  await page.waitForURL(/\?error=/);
  await page.context().close();
});

test("an account is requested, and its link signs in", async () => {
  const page = await openPage(browser, called);
  await page.goto(origins.cookie);
  const email = await emailOf(() => submit(page, "signUp", { name: "Joan", email: "joan@example.com" }));
  await page.goto(linkOf(email, "/activate.html#token="));
  await submit(page, "activate", { password: PASSWORD });
  await page.getByText("Joan (joan@example.com)").waitFor();
  await page.context().close();
});

test("sessions are listed and ended, and the others see it on focus", async () => {
  const pages = [];
  for (let n = 0; n < 3; n += 1) pages.push(await openPage(browser, called));
  const [first, second, page] = pages;
  for (const each of pages) await signInByCode(each, EVE, origins.cookie);
  const ends = form(page, "end");
  await ends.nth(2).waitFor();
  await ends.nth(1).getByRole("button").click();
  await ends.nth(2).waitFor({ state: "detached" });
  await focus(second);
  await signedOut(second);
  await submit(page, "endOthers");
  await statusOf(page, "endOthers", "have ended");
  await focus(first);
  await signedOut(first);
  await ends.getByRole("button").click();
  await signedOut(page);
  for (const each of pages) await each.context().close();
});

test("a user confirms, and changes the password, which ends the other sessions", async () => {
  const [page, other] = [await openPage(browser, called), await openPage(browser, called)];
  for (const each of [page, other]) {
    await each.goto(origins.cookie);
    await submit(each, "signIn", { email: GRACE, password: NEXT_PASSWORD });
    await each.getByText(`(${GRACE})`).waitFor();
  }
  await submit(page, "confirm", { password: "wrong" });
  await alertOf(page, "confirm", /./);
  await submit(page, "confirm", { password: NEXT_PASSWORD });
  await statusOf(page, "confirm", "Thank you.");
  await submit(page, "changePassword", { current: NEXT_PASSWORD, password: PASSWORD });
  await statusOf(page, "changePassword", "Your password was changed.");
  await page.getByText(`(${GRACE})`).waitFor();
  await focus(other);
  await signedOut(other);
  await page.context().close();
  await other.context().close();
});

test("from another site, an app signs in without cookies", async () => {
  const page = await openPage(browser, called);
  await signInByCode(page, ADA, origins.bearer);
  await page.reload();
  await page.getByText(`(${ADA})`).waitFor();
  await form(page, "end").first().waitFor();
  assert.deepEqual(await page.context().cookies(), []);
  const tab = await page.context().newPage();
  await tab.goto(origins.bearer);
  await tab.getByText(`(${ADA})`).waitFor();
  await submit(tab, "logout");
  await signedOut(page);
  await submit(page, "signIn", { email: GRACE, password: PASSWORD });
  await page.getByText(`(${GRACE})`).waitFor();
  const token = await page.evaluate(async () => (await import("/portal.js")).portal.accessToken());
  assert.equal(token.split(".").length, 3);
  const user = await page.evaluate(async () => (await import("/portal.js")).portal.user.refresh());
  assert.equal(user.email, GRACE);
  await page.context().close();
});

test("from another site with cookies, signing in says why it has no effect", async () => {
  const page = await openPage(browser);
  await page.goto(origins.foreign);
  await submit(page, "signIn", { email: GRACE, password: PASSWORD });
  await alertOf(page, "signIn", /did not keep the cookies of http:\/\/login.example.localhost/);
  const { code } = await requestCode(page, ADA);
  await submit(page, "verify", { code });
  await alertOf(page, "verify", /bearer/);
  await page.context().close();
});

test("axe-core finds nothing in the pages of the example", async () => {
  const page = await openPage(browser, called);
  const check = async () => {
    await page.evaluate(axe.source);
    const { violations } = await page.evaluate("axe.run()");
    assert.deepEqual(violations.map(({ id, nodes }) => `${id}: ${nodes[0].html}`), []);
  };
  for (const path of ["/reset.html", "/activate.html", "/?error=invalid-token"]) {
    await page.goto(origins.cookie + path);
    await page.getByRole("alert").getByText("doesn’t work").waitFor();
    await check();
  }
  await signInByCode(page, ADA, origins.cookie);
  await form(page, "end").first().waitFor();
  await check();
  await page.context().close();
});

test("the journeys call every function of the client", async () => {
  const page = await openPage(browser, called);
  await page.goto(origins.cookie);
  const all = await page.evaluate(async () => {
    const { portal } = await import("/portal.js");
    const functions = (part, path = "") => Object.entries(part).flatMap(([name, value]) =>
      typeof value === "function" ? [path + name] : functions(value, `${name}.`));
    return functions(portal);
  });
  assert.deepEqual([...called].sort(), all.sort());
  await page.context().close();
});
