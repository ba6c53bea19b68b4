// The page of the local portal under `/_local/`: it shows emails as they arrive, copies codes and links, and keeps
// what emails and names contain from becoming markup or running.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { chromium } from "playwright-core";
import { startPortal } from "./portal.mjs";

const hostileName = `<img src=x onerror="document.title='owned'">"</pre>`;
let chrome;
let portal;

before(async () => {
  const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
  chrome = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });
  portal = await startPortal(
    "--set", "RequestsPerMinute=60", "--set", "RequestsPerHour=1000", "--set", `PortalName=${hostileName}`,
  );
});
after(async () => {
  await chrome.close();
  await portal.stop();
});

/** Opens the page with an empty inbox. `done` fails if anything was blocked, if a script threw, or if one ran that is
 * not the page's. */
async function openPage(options = {}, prepare = async () => {}) {
  await fetch(`${portal.url}/_local/inbox`, { method: "DELETE" });
  const context = await chrome.newContext({ permissions: ["clipboard-read", "clipboard-write"], ...options });
  const page = await context.newPage();
  const errors = [];
  page.on("console", (message) => { if (message.type() === "error") errors.push(message.text()); });
  page.on("pageerror", (error) => errors.push(String(error)));
  await prepare(page);
  await page.goto(`${portal.url}/_local/`);
  const done = async () => {
    assert.deepEqual(errors, []);
    assert.equal(await page.title(), `${hostileName} on this machine`);
    await context.close();
  };
  return { page, done };
}

async function requestEmail(email) {
  const headers = { "content-type": "application/json" };
  const body = JSON.stringify({ email });
  const response = await fetch(`${portal.url}/auth/request-login`, { method: "POST", headers, body });
  assert.equal(response.status, 200);
}

const emails = (page) => page.locator(".email");
const isOpen = (email) => email.evaluate((details) => details.open);
const selection = (page) => page.evaluate(() => getSelection().toString());

/** Requests an email for Ada, waits until the page shows it first, and returns it as in the inbox. */
async function receive(page) {
  const count = await emails(page).count();
  await requestEmail("ada@example.com");
  await emails(page).nth(count).waitFor({ state: "attached" });
  return portal.email(count);
}

test("an email appears by itself, rendered as high as it is, and its code and link are copied", async () => {
  const { page, done } = await openPage({ viewport: { width: 390, height: 800 } });
  await page.getByText("No emails yet").waitFor();
  const email = await receive(page);
  const newest = emails(page).first();
  assert.ok(await isOpen(newest));
  assert.equal(await page.getByText("No emails yet").count(), 0);
  const frame = newest.locator("iframe");
  await frame.contentFrame().getByText(email.code).waitFor();
  const html = frame.contentFrame().locator("html");
  await html.evaluate((root) => new Promise((resolve) => {
    const wait = () => (innerHeight >= root.scrollHeight ? resolve() : requestAnimationFrame(wait));
    wait();
  }));
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 390);

  await newest.getByRole("button", { name: "Copy the code" }).click();
  await newest.getByRole("button", { name: "Copied" }).waitFor();
  assert.equal(await page.getByRole("status").textContent(), "Copied");
  const clipboard = () => page.evaluate(() => navigator.clipboard.readText());
  assert.equal(await clipboard(), email.code);
  await newest.getByRole("button", { name: "Copy the link" }).click();
  await page.waitForFunction((link) => navigator.clipboard.readText().then((text) => text === link), email.links[0]);
  await newest.getByRole("button", { name: "Copy the code" }).waitFor();
  await done();
});

test("without a clipboard, the code is selected", async () => {
  const { page, done } = await openPage({}, (page) => page.addInitScript(() => delete Navigator.prototype.clipboard));
  const email = await receive(page);
  await page.getByRole("button", { name: "Copy the code" }).click();
  await page.getByRole("button", { name: "Selected, now copy" }).waitFor();
  assert.equal(await selection(page), email.code);
  await done();
});

test("a new email leaves open what was opened, and what was selected", async () => {
  const { page, done } = await openPage();
  await receive(page);
  await receive(page);
  const [second, first] = [emails(page).nth(0), emails(page).nth(1)];
  assert.ok(await isOpen(second) && !(await isOpen(first)));
  await first.locator("summary").first().click();
  await first.getByText("Plain text and headers").click();
  await first.locator(".digits").selectText();
  const selected = await selection(page);
  assert.match(selected, /^\d{4} \d{4}$/);
  await receive(page);
  assert.ok(await isOpen(emails(page).first()));
  assert.ok(await isOpen(emails(page).nth(2)));
  assert.ok(await emails(page).nth(2).locator("pre").isVisible());
  assert.ok(!(await isOpen(emails(page).nth(1))));
  assert.equal(await selection(page), selected);

  await requestEmail("nobody@example.com");
  await page.getByText("nobody@example.com at").waitFor();
  assert.match(await page.locator("#unsent").textContent(), /dropped, no-account/);
  assert.equal(await selection(page), selected);
  await done();
});

test("markup in a name stays text, and an email with scripts cannot run them or leave its frame", async () => {
  const hostile = `<title>x</title><script>top.document.title = "owned"</script>
    <img src="x" onerror="top.document.title = 'owned'"><meta http-equiv="refresh" content="0;url=/auth/sign-in">
    <a href="javascript:opener.document.title = 'owned'" target="_blank" rel="opener">blank</a>
    <a href="javascript:top.document.title = 'owned'">self</a> <a href="/auth/sign-in" target="_top">top</a>
    <form action="/auth/logout" method="post" target="_top"><button>form</button></form>`;
  const { page } = await openPage({}, (page) => page.route("**/_local/emails/*", async (route) => {
    await route.fulfill({ response: await route.fetch(), body: hostile });
  }));
  await receive(page);
  assert.equal(await page.locator("h1").textContent(), `${hostileName} on this machine`);
  assert.equal(await page.locator("img").count(), 0);
  assert.equal(await emails(page).locator("summary strong").first().textContent(), `Sign in to ${hostileName}`);
  const frame = page.locator("iframe").contentFrame();
  for (const name of ["blank", "self", "top"]) await frame.getByRole("link", { name }).click();
  await frame.getByRole("button").click();
  await page.waitForTimeout(500);
  assert.equal(page.url(), `${portal.url}/_local/`);
  assert.equal(await page.title(), `${hostileName} on this machine`);
  assert.equal(await frame.getByRole("link").count(), 3);

  // Nor where it is opened outside of its frame.
  const source = await page.locator("iframe").getAttribute("src");
  await page.goto(`${portal.url}${source}`);
  await page.getByRole("link", { name: "self" }).click();
  assert.equal(await page.title(), "x");
  await page.context().close();
});

test("without JavaScript the page reloads itself and shows the emails", async () => {
  const { page, done } = await openPage({ javaScriptEnabled: false });
  assert.equal(await page.locator("meta[http-equiv=refresh]").getAttribute("content"), "10");
  await requestEmail("ada@example.com");
  const { code } = await portal.email(0);
  await page.locator("iframe").contentFrame().getByText(code).waitFor({ timeout: 15_000 });
  assert.ok(await page.locator(".copy").first().isHidden());
  await done();
});

// The last test: nothing is sent to Ada after it.
test("what becomes of an email is shown in place, and the words of a mail server stay text", async () => {
  const { page, done } = await openPage();
  const email = await receive(page);
  const state = emails(page).first().locator(".state");
  await state.getByText("delivered").waitFor();
  await emails(page).first().getByText("Plain text and headers").click();
  const words = `smtp; 550 <img src=x onerror="document.title='owned'">`;
  const now = new Date().toISOString();
  const tags = Object.fromEntries(Object.entries(email.tags).map(([name, value]) => [name, [value]]));
  const document = {
    eventType: "Bounce",
    mail: { timestamp: now, messageId: email.message_id, tags },
    bounce: {
      timestamp: now,
      bounceType: "Permanent",
      bounceSubType: "General",
      bouncedRecipients: [{ emailAddress: email.to, diagnosticCode: words }],
    },
  };
  const body = JSON.stringify(document);
  const taken = await fetch(`${portal.url}/_local/email-events`, { method: "POST", body });
  assert.equal(taken.status, 204);
  await state.getByText("bounced").waitFor();
  assert.equal(await state.textContent(), `, bounced: ${words}`);
  assert.equal(await page.locator("img").count(), 0);
  assert.ok(await emails(page).first().locator("pre").isVisible());

  await requestEmail("ada@example.com");
  await page.locator("#unsent").getByText("address-suppressed").waitFor();
  await done();
});
