// What a person does in a real browser, with JavaScript on and off. This catches what no HTTP client shows: form-action on
// redirects, Referrer-Policy and `Origin: null`, cookies across origins of one site, the content security policy.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { chromium } from "playwright-core";
import { serveFrontend } from "./frontend.mjs";
import { startPortal } from "./portal.mjs";

const args = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
let browser;

before(async () => {
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args });
});
after(() => browser.close());

/** A browser of its own. Whatever the content security policy refuses, or a script throws, fails the test. */
async function person(javaScriptEnabled) {
  const context = await browser.newContext({ javaScriptEnabled });
  const page = await context.newPage();
  const complaints = [];
  const icon = (message) => message.location().url.endsWith("/favicon.ico");
  page.on("console", (message) => { if (message.type() === "error" && !icon(message)) complaints.push(message.text()); });
  page.on("pageerror", (error) => complaints.push(String(error)));
  return { context, page, done: async () => { assert.deepEqual(complaints, []); await context.close(); } };
}

/** Asks for a link on the sign-in page of a portal with passwords, where a password is the first choice. */
async function asksForLink({ page }, portal, email) {
  await page.goto(`${portal.url}/auth/sign-in`);
  await page.getByText("Email me a link instead").click();
  await page.getByRole("group").getByLabel("Email address").fill(email);
  await page.getByRole("button", { name: "Email me a sign-in link" }).click();
  await page.waitForURL(`${portal.url}/auth/check-email`);
}

/** Signs in on the sign-in page, which the person is on. */
async function signsIn({ page }, email, password) {
  await page.getByLabel("Email address").first().fill(email);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
}

async function me(person, portal) {
  const answer = await person.context.request.get(`${portal.url}/auth/me`);
  return answer.ok() ? (await answer.json()).email : answer.status();
}

for (const js of [true, false]) {
  describe(`JavaScript ${js ? "on" : "off"}`, () => {
    describe("with a frontend on another origin of the same site", () => {
      let portal, frontend, origin;
      before(async () => {
        frontend = await serveFrontend(() => portal.url);
        origin = `http://localhost:${frontend.address().port}`;
        portal = await startPortal("--frontend", origin);
      });
      after(async () => { await portal.stop(); frontend.close(); });

      test("asks on the frontend, follows the link, lands on its dashboard, goes back, signs out", async () => {
        const ada = await person(js);
        await ada.page.goto(`${origin}/login`);
        await ada.page.getByLabel(js ? "scripted" : "plain").fill("ada@example.com");
        await ada.page.getByRole("button", { name: js ? "Scripted" : "Plain form" }).click();
        await ada.page.getByText(js ? "we'll send it a sign-in link" : "Check your email").first().waitFor();

        const mail = await portal.mail(0);
        await ada.page.goto(mail.links[0], { waitUntil: "commit" });
        if (!js) await ada.page.getByRole("button", { name: "Sign in" }).click();
        await ada.page.waitForURL(`${origin}/`);
        if (js) await ada.page.getByText("ada@example.com").waitFor();
        assert.equal(await me(ada, portal), "ada@example.com");

        await ada.page.goto(mail.links[0]);
        assert.equal(ada.page.url(), `${origin}/`, "going back to the link leads to the dashboard");

        const other = await person(js);
        await other.page.goto(mail.links[0]);
        await other.page.getByText("a••@example.com").waitFor();
        await other.page.getByRole("button", { name: "Sign in" }).click();
        await other.page.waitForURL(`${origin}/login?error=invalid_token&reason=used`);
        assert.equal(await me(other, portal), 401);
        await other.done();

        await ada.page.getByRole("button", { name: "Sign out" }).click();
        await ada.page.waitForURL(`${origin}/login`);
        assert.equal(await me(ada, portal), 401);
        await ada.done();
      });
    });

    describe("with the built-in pages alone", () => {
      let portal;
      before(async () => { portal = await startPortal("--user", "eve@example.com"); });
      after(() => portal.stop());

      test("another browser sees a masked address and a button, and only the button signs in", async () => {
        const ada = await person(js);
        await asksForLink(ada, portal, "ada@example.com");
        const mail = await portal.mail(0);

        const phone = await person(js);
        await phone.page.goto(mail.links[0]);
        await phone.page.getByText("a••@example.com").waitFor();
        await phone.page.waitForTimeout(500);
        assert.equal(await me(phone, portal), 401);
        await phone.page.getByRole("button", { name: "Sign in" }).dblclick();
        await phone.page.waitForURL(`${portal.url}/auth/signed-in`);
        assert.equal(await me(phone, portal), "ada@example.com");
        await phone.page.goBack();
        assert.notEqual(await me(phone, portal), 401, "going back ends signed in");
        await phone.page.goto(`${portal.url}/auth/signed-in`);
        await phone.page.getByRole("button", { name: "Sign out" }).click();
        await phone.page.waitForURL(`${portal.url}/auth/sign-in`);
        assert.equal(await me(phone, portal), 401);
        await phone.done();
        await ada.done();
      });

      test("signs in with the code, after a wrong one", async () => {
        const eve = await person(js);
        await asksForLink(eve, portal, "eve@example.com");
        const { code } = await portal.mail(1);
        const wrong = code === "0000 0000" ? "1111 1111" : "0000 0000";
        await eve.page.getByLabel("8-digit code").fill(wrong);
        await eve.page.getByRole("button").click();
        await eve.page.getByRole("alert").getByText("doesn’t work").waitFor();
        await eve.page.getByLabel("8-digit code").fill(code);
        await eve.page.getByRole("button").click();
        await eve.page.waitForURL(`${portal.url}/auth/signed-in`);
        assert.equal(await me(eve, portal), "eve@example.com");
        await eve.done();
      });

      test("nobody can sign up where users are invited", async () => {
        const mallory = await person(js);
        await mallory.page.goto(`${portal.url}/auth/sign-in`);
        assert.equal(await mallory.page.getByRole("link", { name: "Sign up" }).count(), 0);
        assert.equal((await mallory.context.request.get(`${portal.url}/auth/sign-up`)).status(), 404);
        await mallory.done();
      });
    });

    describe("with passwords, and anybody may sign up", () => {
      let portal;
      before(async () => { portal = await startPortal("--set", "SelfSignUp=on", "--set", "RequestsPerMinute=10"); });
      after(() => portal.stop());

      test("an invited user activates, signs out, signs in, forgets her password and sets another", async () => {
        const grace = await person(js);
        const { page } = grace;
        await asksForLink(grace, portal, "grace@example.com");
        await page.goto((await portal.mail(0)).links[0]);
        await page.getByText("g••@example.com").waitFor();
        await page.getByLabel("Password", { exact: true }).fill("two otters");
        await page.getByRole("button", { name: "Set password and sign in" }).click();
        await page.getByRole("alert").getByText("Use at least 15 characters.").waitFor();
        await page.getByLabel("Password", { exact: true }).fill("three quiet otters paint");
        await page.getByRole("button", { name: "Set password and sign in" }).click();
        await page.waitForURL(`${portal.url}/auth/signed-in`);
        assert.equal(await me(grace, portal), "grace@example.com");

        await page.getByRole("button", { name: "Sign out" }).click();
        await page.waitForURL(`${portal.url}/auth/sign-in`);
        await signsIn(grace, "grace@example.com", "three quiet otters pant");
        await page.getByRole("alert").getByText("Wrong email address or password.").waitFor();
        assert.equal(await me(grace, portal), 401);
        await signsIn(grace, "grace@example.com", "three quiet otters paint");
        await page.waitForURL(`${portal.url}/auth/signed-in`);

        const phone = await person(js);
        await phone.page.goto(`${portal.url}/auth/sign-in`);
        await phone.page.getByRole("link", { name: "Forgot your password?" }).click();
        await phone.page.getByLabel("Email address").fill("grace@example.com");
        await phone.page.getByRole("button", { name: "Email me a link" }).click();
        await phone.page.getByRole("heading", { name: "Check your email" }).waitFor();
        await phone.page.goto((await portal.mail(1)).links[0]);
        await phone.page.getByLabel("New password").fill("a lantern under the bridge");
        const show = phone.page.getByLabel("Show password");
        assert.equal(await show.count(), js ? 1 : 0, "what does nothing without JavaScript is not there without it");
        if (js) {
          await show.check();
          assert.equal(await phone.page.getByLabel("New password").getAttribute("type"), "text");
        }
        await phone.page.getByRole("button", { name: "Change password" }).click();
        await phone.page.getByRole("status").getByText("Your password was changed.").waitFor();
        assert.equal(await me(grace, portal), 401, "every session has ended");
        assert.deepEqual((await portal.mail(2)).links, [], "the notice has no link");
        await signsIn(phone, "grace@example.com", "a lantern under the bridge");
        await phone.page.waitForURL(`${portal.url}/auth/signed-in`);
        assert.equal(await me(phone, portal), "grace@example.com");
        await phone.done();
        await grace.done();
      });

      test("somebody signs up, and is signed in with the first password", async () => {
        const joan = await person(js);
        await joan.page.goto(`${portal.url}/auth/sign-in`);
        await joan.page.getByRole("link", { name: "Sign up" }).click();
        await joan.page.getByLabel("Name").fill("Joan");
        await joan.page.getByLabel("Email address").fill("joan@example.com");
        await joan.page.getByRole("button", { name: "Sign up" }).click();
        await joan.page.getByText("We’ve emailed you a link.").waitFor();
        await joan.page.goto((await portal.mail(3)).links[0]);
        await joan.page.getByLabel("Password", { exact: true }).fill("three quiet otters paint");
        await joan.page.getByRole("button", { name: "Set password and sign in" }).click();
        await joan.page.waitForURL(`${portal.url}/auth/signed-in`);
        assert.equal(await me(joan, portal), "joan@example.com");
        await joan.done();
      });
    });
  });
}
