// Journeys in a real browser, with JavaScript on and off. They test what an HTTP client cannot: form-action on
// redirects, Referrer-Policy and `Origin: null`, cookies across origins of one site, and the content security policy.
import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { chromium } from "playwright-core";
import { launch, launchOptions } from "./chromium.mjs";
import { serveFrontend } from "./frontend.mjs";
import { startPortal } from "./portal.mjs";

let chrome;

before(async () => {
  chrome = await launch();
});
after(() => chrome.close());

/** Opens a browser with cookies of its own. `done` fails if a script threw, or if the content security policy blocked
 * anything. */
async function openBrowser(javaScriptEnabled) {
  const context = await chrome.newContext({ javaScriptEnabled });
  const page = await context.newPage();
  const errors = [];
  const isIcon = (message) => message.location().url.endsWith("/favicon.ico");
  page.on("console", (message) => {
    if (message.type() === "error" && !isIcon(message)) errors.push(message.text());
  });
  page.on("pageerror", (error) => errors.push(String(error)));
  return { context, page, done: async () => { assert.deepEqual(errors, []); await context.close(); } };
}

/** Opens a browser that blocks all cookies, and returns its page. */
async function openBrowserWithoutCookies(javaScriptEnabled) {
  const folder = await mkdtemp(join(tmpdir(), "no-cookies-"));
  await mkdir(join(folder, "Default"));
  const preferences = { profile: { default_content_setting_values: { cookies: 2 } } };
  await writeFile(join(folder, "Default", "Preferences"), JSON.stringify(preferences));
  const context = await chromium.launchPersistentContext(folder, { ...launchOptions, javaScriptEnabled });
  const done = async () => { await context.close(); await rm(folder, { recursive: true }); };
  return { context, page: await context.newPage(), done };
}

/** Types the address on the sign-in page, which must be open, and goes on to the second step. */
async function typeAddress(page, email) {
  await page.getByLabel("Email address").fill(email);
  await page.getByRole("button", { name: "Continue" }).click();
  await page.getByText(email).waitFor();
}

/** Requests a link on the sign-in page. */
async function requestLink({ page }, portal, email) {
  await page.goto(`${portal.url}/auth/sign-in`);
  await typeAddress(page, email);
  await page.getByRole("button", { name: "Email me a link and a code" }).click();
  await page.waitForURL(`${portal.url}/auth/check-email`);
}

/** Signs in with a password. The sign-in page must be open. */
async function signIn({ page }, email, password) {
  await typeAddress(page, email);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
}

/** Waits for a page that is reached twice: the second submission of a form aborts the navigation of the first. */
const arriveTwice = (page, url) => page.waitForURL(url).catch(() => page.waitForURL(url));

/** Lets every response take at least 400 ms: a second click aborts the first request, which is carried out. */
async function slowDown({ context, page }) {
  const session = await context.newCDPSession(page);
  const conditions = { offline: false, latency: 400, downloadThroughput: -1, uploadThroughput: -1 };
  await session.send("Network.emulateNetworkConditions", conditions);
}

/** Returns the email address of the signed-in user, or the status of the response if there is none. */
async function me({ context }, portal) {
  const response = await context.request.get(`${portal.url}/auth/me`);
  return response.ok() ? (await response.json()).email : response.status();
}

for (const js of [true, false]) {
  /** Enters a code. A script submits it as soon as it is complete. */
  const enterCode = async ({ page }, code) => {
    await page.getByLabel("8-digit code").fill(code);
    if (!js) await page.getByRole("button", { name: "Sign in" }).click();
  };

  describe(`JavaScript ${js ? "on" : "off"}`, () => {
    describe("with a frontend on another origin of the same site", () => {
      let portal, frontend, origin;
      before(async () => {
        frontend = await serveFrontend(() => portal.url);
        origin = `http://localhost:${frontend.address().port}`;
        portal = await startPortal("--frontend", origin);
      });
      after(async () => { await portal.stop(); frontend.close(); });

      test("a user requests a link on the frontend, lands on its dashboard, goes back, and signs out", async () => {
        const ada = await openBrowser(js);
        await ada.page.goto(`${origin}/login`);
        await ada.page.getByLabel(js ? "scripted" : "plain").fill("ada@example.com");
        await ada.page.getByRole("button", { name: js ? "Scripted" : "Plain form" }).click();
        await ada.page.getByText(js ? "we’ll send a link and a code to it" : "Check your email").first().waitFor();

        const email = await portal.email(0);
        await ada.page.goto(email.links[0], { waitUntil: "commit" });
        if (!js) await ada.page.getByRole("button", { name: "Sign in" }).click();
        await ada.page.waitForURL(`${origin}/`);
        if (js) await ada.page.getByText("ada@example.com").waitFor();
        assert.equal(await me(ada, portal), "ada@example.com");

        await ada.page.goto(email.links[0]);
        assert.equal(ada.page.url(), `${origin}/`, "the used link redirects to the dashboard");

        const other = await openBrowser(js);
        await other.page.goto(email.links[0]);
        await other.page.getByText("ada@example.com").waitFor();
        await other.page.getByRole("button", { name: "Sign in" }).click();
        await other.page.waitForURL(`${email.links[0]}?error=used-token`);
        await other.page.getByRole("button", { name: "End the other session" }).waitFor();
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
      before(async () => { portal = await startPortal("--user", "eve@example.com", "--set", "RequestsPerMinute=10"); });
      after(() => portal.stop());

      test("another browser sees the address and a button, and only the button signs in", async () => {
        const ada = await openBrowser(js);
        await requestLink(ada, portal, "ada@example.com");
        const email = await portal.email(0);

        const phone = await openBrowser(js);
        await phone.page.goto(email.links[0]);
        await phone.page.getByText("ada@example.com").waitFor();
        await phone.page.waitForTimeout(500);
        assert.equal(await me(phone, portal), 401);
        await phone.page.getByRole("button", { name: "Sign in" }).dblclick();
        await phone.page.waitForURL(`${portal.url}/auth/account`);
        assert.equal(await me(phone, portal), "ada@example.com");
        await phone.page.goBack();
        assert.notEqual(await me(phone, portal), 401, "going back does not sign out");
        await phone.page.goto(`${portal.url}/auth/account`);
        await phone.page.getByRole("button", { name: "Sign out" }).click();
        await phone.page.waitForURL(`${portal.url}/auth/sign-in`);
        assert.equal(await me(phone, portal), 401);
        await phone.done();
        await ada.done();
      });

      test("a user signs in with the code, after a wrong one", async () => {
        const eve = await openBrowser(js);
        await requestLink(eve, portal, "eve@example.com");
        const { code } = await portal.email(1);
        const wrong = code === "0000 0000" ? "1111 1111" : "0000 0000";
        await enterCode(eve, wrong);
        await eve.page.getByRole("alert").getByText("You have 4 attempts left.").waitFor();
        // The field has the focus, as on the other pages with a form.
        await eve.page.keyboard.insertText(`        ${code.replace(" ", "-")}        `);
        if (!js) await eve.page.getByRole("button", { name: "Sign in" }).click();
        await eve.page.waitForURL(`${portal.url}/auth/account`);
        assert.equal(await me(eve, portal), "eve@example.com");
        await eve.done();
      });

      // Without JavaScript, no page can tell that the back-forward cache shows it.
      if (js) test("going back after signing out does not show the session", async () => {
        const eve = await openBrowser(js);
        const { page } = eve;
        await requestLink(eve, portal, "eve@example.com");
        await page.goto((await portal.email(2)).links[0], { waitUntil: "commit" });
        await page.waitForURL(`${portal.url}/auth/account`);
        const heading = page.getByRole("heading", { name: "Your account" });
        await heading.waitFor();
        await page.evaluate(() => addEventListener("pageshow", (event) => {
          if (event.persisted) sessionStorage.setItem("wasPersisted", "true");
        }));
        await page.getByRole("button", { name: "Sign out" }).click();
        await page.waitForURL(`${portal.url}/auth/sign-in`);
        await page.goBack({ waitUntil: "commit" });
        await page.getByRole("heading", { name: "You’re not signed in" }).waitFor();
        assert.equal(await heading.count(), 0);
        const wasPersisted = await page.evaluate(() => sessionStorage.getItem("wasPersisted"));
        assert.equal(wasPersisted, "true", "the back-forward cache kept the page");
        await eve.done();
      });

      test("a browser that blocks cookies is told so", async () => {
        const eve = await openBrowserWithoutCookies(js);
        const phone = await openBrowser(js);
        await requestLink(phone, portal, "ada@example.com");
        const { links } = await portal.email(js ? 3 : 2);
        await eve.page.goto(links[0]);
        await eve.page.getByRole("button", { name: "Sign in" }).click();
        await eve.page.getByText("this browser is probably blocking cookies").waitFor();
        await eve.page.getByRole("link", { name: "Sign in" }).click();
        await eve.page.waitForURL(`${portal.url}/auth/sign-in`);
        await eve.page.getByLabel("Email address").fill("eve@example.com");
        await eve.page.getByRole("button", { name: "Continue" }).click();
        await eve.page.getByLabel("Email address").waitFor();
        await eve.page.getByLabel("Password", { exact: true }).waitFor();
        await eve.page.goto(`${portal.url}/auth/check-email`);
        await eve.page.getByText("this browser blocks cookies").waitFor();
        await eve.done();
        await phone.done();
      });

      test("a link of another user does not submit itself, and says whose session it ends", async () => {
        const eve = await openBrowser(js);
        await requestLink(eve, portal, "ada@example.com");
        await eve.page.goto((await portal.email(js ? 4 : 3)).links[0], { waitUntil: "commit" });
        if (!js) await eve.page.getByRole("button", { name: "Sign in" }).click();
        await eve.page.waitForURL(`${portal.url}/auth/account`);
        await requestLink(eve, portal, "eve@example.com");
        await eve.page.goto((await portal.email(js ? 5 : 4)).links[0]);
        await eve.page.getByText("already signed in as ada@example.com").waitFor();
        await eve.page.waitForTimeout(500);
        assert.equal(await me(eve, portal), "ada@example.com");
        await eve.page.getByRole("button", { name: "Sign in" }).click();
        await eve.page.waitForURL(`${portal.url}/auth/account`);
        assert.equal(await me(eve, portal), "eve@example.com");
        await eve.done();
      });

      test("a second email too soon says how long to wait, and keeps the address", async () => {
        const impatient = await startPortal();
        const ada = await openBrowser(js);
        await requestLink(ada, impatient, "ada@example.com");
        const again = ada.page.getByRole("button", { name: "Send again" });
        if (js) {
          assert.match(await again.textContent(), /^Send again \(\d:\d\d\)$/);
          assert.equal(await again.isDisabled(), true);
        } else {
          await again.click();
          await ada.page.getByRole("alert").getByText("Too many attempts. Try again in").waitFor();
          await ada.page.getByText("ada@example.com").waitFor();
        }
        await impatient.stop();
        await ada.done();
      });

      test("nobody can sign up if sign-up is off", async () => {
        const mallory = await openBrowser(js);
        await mallory.page.goto(`${portal.url}/auth/sign-in`);
        assert.equal(await mallory.page.getByRole("link", { name: "Sign up" }).count(), 0);
        assert.equal((await mallory.context.request.get(`${portal.url}/auth/sign-up`)).status(), 404);
        await mallory.done();
      });
    });

    describe("with passwords and sign-up", () => {
      let portal;
      before(async () => { portal = await startPortal("--set", "SelfSignUp=on", "--set", "RequestsPerMinute=10"); });
      after(() => portal.stop());

      test("an invited user sets a password, signs out and in, and resets the forgotten password", async () => {
        const grace = await openBrowser(js);
        const { page } = grace;
        await requestLink(grace, portal, "grace@example.com");
        await page.goto((await portal.email(0)).links[0]);
        await page.getByText("grace@example.com").waitFor();
        const field = page.getByLabel("Password", { exact: true });
        await field.fill("two otters");
        await page.getByRole("button", { name: "Set password and sign in" }).click();
        assert.equal(await field.inputValue(), "two otters", "a short password never leaves the page");
        await field.fill("passwordpassword");
        await page.getByRole("button", { name: "Set password and sign in" }).click();
        await page.getByRole("alert").getByText("Choose a different password.").waitFor();
        assert.equal(await field.getAttribute("aria-invalid"), "true");
        await page.getByLabel("Password", { exact: true }).fill("three quiet otters paint");
        await page.getByRole("button", { name: "Set password and sign in" }).click();
        await page.waitForURL(`${portal.url}/auth/account`);
        assert.equal(await me(grace, portal), "grace@example.com");

        await page.getByRole("button", { name: "Sign out" }).click();
        await page.waitForURL(`${portal.url}/auth/sign-in`);
        await signIn(grace, "grace@example.com", "three quiet otters pant");
        await page.getByRole("alert").getByText("Wrong email address or password.").waitFor();
        assert.equal(await me(grace, portal), 401);
        // The address is still there, and the field to correct has the focus.
        await page.getByText("grace@example.com").waitFor();
        await page.keyboard.insertText("three quiet otters paint");
        await page.keyboard.press("Enter");
        await page.waitForURL(`${portal.url}/auth/account`);

        const phone = await openBrowser(js);
        await phone.page.goto(`${portal.url}/auth/sign-in?next=/_local/inbox`);
        await typeAddress(phone.page, "grace@example.com");
        await phone.page.getByRole("link", { name: "Forgot your password?" }).click();
        assert.equal(await phone.page.getByLabel("Email address").inputValue(), "grace@example.com");
        await phone.page.getByRole("button", { name: "Email me a link" }).click();
        await phone.page.getByRole("heading", { name: "Check your email" }).waitFor();
        await phone.page.goto((await portal.email(1)).links[0]);
        await phone.page.getByLabel("New password").fill("a lantern under the bridge");
        const show = phone.page.getByLabel("Show password");
        assert.equal(await show.count(), js ? 1 : 0, "the checkbox needs JavaScript");
        if (js) {
          await show.check();
          assert.equal(await phone.page.getByLabel("New password").getAttribute("type"), "text");
        }
        await phone.page.getByRole("button", { name: "Change password" }).click();
        await phone.page.getByRole("status").getByText("Your password was changed.").waitFor();
        assert.equal(await me(grace, portal), 401, "the reset ends all sessions");
        assert.match((await portal.email(2)).links[0], /\/auth\/report\//, "the notice can be reported");
        await signIn(phone, "grace@example.com", "a lantern under the bridge");
        await phone.page.waitForURL(`${portal.url}/_local/inbox`);
        assert.equal(await me(phone, portal), "grace@example.com");
        await phone.done();
        await grace.done();
      });

      test("a user sees and ends another session, and changes the password, on the account page", async () => {
        const [lee, phone] = [await openBrowser(js), await openBrowser(js)];
        const before = await portal.emailCount();
        await lee.context.request.post(`${portal.url}/auth/sign-up`, { data: { email: "lee@example.com", name: "Lee" } });
        await lee.page.goto((await portal.email(before)).links[0]);
        await lee.page.getByLabel("Password", { exact: true }).fill("three quiet otters paint");
        await lee.page.getByRole("button", { name: "Set password and sign in" }).click();
        await lee.page.waitForURL(`${portal.url}/auth/account`);
        await phone.page.goto(`${portal.url}/auth/sign-in`);
        await signIn(phone, "lee@example.com", "three quiet otters paint");
        await phone.page.waitForURL(`${portal.url}/auth/account`);

        await lee.page.reload();
        await lee.page.getByText("This browser").waitFor();
        await lee.page.getByRole("button", { name: "End session: " }).click();
        await lee.page.getByRole("status").getByText("The session has ended.").waitFor();
        assert.equal(await me(phone, portal), 401);

        const change = async (current) => {
          await lee.page.getByLabel("Current password").fill(current);
          await lee.page.getByLabel("New password").fill("a lantern under the bridge");
          await lee.page.getByRole("button", { name: "Change password" }).click();
        };
        await change("three quiet otters pant");
        await lee.page.getByRole("alert").getByText("Wrong password.").waitFor();
        assert.ok(await lee.page.getByLabel("Current password").evaluate((field) => field === document.activeElement));
        await change("three quiet otters paint");
        await lee.page.getByRole("status").getByText("Your password was changed").waitFor();
        assert.equal(await me(lee, portal), "lee@example.com");
        await phone.page.goto(`${portal.url}/auth/sign-in`);
        await signIn(phone, "lee@example.com", "a lantern under the bridge");
        await phone.page.waitForURL(`${portal.url}/auth/account`);
        await phone.done();
        await lee.done();
      });

      // Without JavaScript, a page that waits notices nothing.
      if (js) test("a tab that waits for the email goes on when the link is opened in another tab", async () => {
        const ada = await openBrowser(js);
        const before = await portal.emailCount();
        await requestLink(ada, portal, "ada@example.com");
        const tab = await ada.context.newPage();
        await tab.goto((await portal.email(before)).links[0], { waitUntil: "commit" });
        await tab.waitForURL(`${portal.url}/auth/account`);
        await ada.page.waitForURL(`${portal.url}/auth/account`);
        await ada.done();
      });

      test("a double click on a slow network requests one email and gives one session", async () => {
        const rose = await openBrowser(js);
        const { page } = rose;
        await slowDown(rose);
        const before = await portal.emailCount();
        await page.goto(`${portal.url}/auth/sign-up`);
        await page.getByLabel("Name").fill("Rose");
        await page.getByLabel("Email address").fill("rose@example.com");
        await page.getByRole("button", { name: "Sign up" }).dblclick();
        await arriveTwice(page, `${portal.url}/auth/check-email?for=sign-up`);
        await page.goto((await portal.email(before)).links[0]);
        await page.getByLabel("Password", { exact: true }).fill("three quiet otters paint");
        await page.getByRole("button", { name: "Set password and sign in" }).dblclick();
        await arriveTwice(page, `${portal.url}/auth/account`);
        await page.getByRole("button", { name: "Sign out" }).click();

        await page.goto(`${portal.url}/auth/sign-in`);
        await typeAddress(page, "rose@example.com");
        await page.getByRole("button", { name: "Email me a link and a code" }).dblclick();
        await arriveTwice(page, `${portal.url}/auth/check-email`);
        await enterCode(rose, (await portal.email(before + 1)).code);
        await page.waitForURL(`${portal.url}/auth/account`);
        await page.getByRole("button", { name: "Sign out" }).click();

        await page.goto(`${portal.url}/auth/sign-in`);
        await typeAddress(page, "rose@example.com");
        await page.getByLabel("Password", { exact: true }).fill("three quiet otters paint");
        await page.getByRole("button", { name: "Sign in", exact: true }).dblclick();
        await arriveTwice(page, `${portal.url}/auth/account`);
        const sessions = await (await rose.context.request.get(`${portal.url}/auth/sessions`)).json();
        assert.equal(sessions.length, 1);
        assert.equal(await portal.emailCount(), before + 2);
        await rose.done();
      });

      test("a new user signs up, and is signed in after setting a password", async () => {
        const joan = await openBrowser(js);
        const before = await portal.emailCount();
        await joan.page.goto(`${portal.url}/auth/sign-in?next=/_local/inbox`);
        await joan.page.getByRole("link", { name: "Sign up" }).click();
        await joan.page.getByLabel("Name").fill("Joan");
        await joan.page.getByLabel("Email address").fill("joan@example.com");
        await joan.page.getByRole("button", { name: "Sign up" }).click();
        await joan.page.getByText("We’ve sent an email to joan@example.com.").waitFor();
        await enterCode(joan, "00000000");
        await joan.page.getByRole("alert").waitFor();
        await joan.page.getByText("We’ve sent an email to joan@example.com.").waitFor();
        const again = await joan.page.getByRole("link", { name: "Use another address" }).getAttribute("href");
        assert.ok(again.startsWith("/auth/sign-up?next="), again);
        await joan.page.goto((await portal.email(before)).links[0]);
        await joan.page.getByLabel("Password", { exact: true }).fill("three quiet otters paint");
        await joan.page.getByRole("button", { name: "Set password and sign in" }).click();
        await joan.page.waitForURL(`${portal.url}/_local/inbox`);
        assert.equal(await me(joan, portal), "joan@example.com");
        await joan.done();
      });
    });
  });
}
