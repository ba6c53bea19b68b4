// The quickstart of docs/frontends.md, copied as it is.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { test } from "node:test";
import { freePort, startPortal } from "../browser/portal.mjs";
import { launch, openPage } from "./chromium.mjs";
import { text } from "./types.mjs";

test("the quickstart signs in and out, with the commands of the page", async () => {
  const [, section] = text("docs/frontends.md").split("\n## Quickstart\n");
  const block = (language) => section.split(`\`\`\`${language}\n`)[1].split("```")[0];
  const [html, commands] = [block("html"), block("sh")];
  assert.ok(html.trim().split("\n").length <= 20);

  const port = await freePort();
  let server;
  const origin = await new Promise((resolve) => {
    server = createServer((request, response) => {
      response.writeHead(200, { "content-type": "text/html; charset=utf-8" });
      response.end(html.replaceAll("localhost:8787", `localhost:${port}`));
    }).listen(0, "127.0.0.1", () => resolve(`http://localhost:${server.address().port}`));
  });
  const options = /^cargo run -p local -- (.+)$/m.exec(commands)[1].replaceAll("http://localhost:5173", origin);
  const portal = await startPortal("--port", String(port), ...options.split(" "));
  const browser = await launch();
  try {
    const page = await openPage(browser);
    await page.goto(origin);
    await page.getByText("You are not signed in.").waitFor();
    await page.getByLabel("Email").fill("ada@example.com");
    await page.getByRole("button", { name: "Email me a code" }).click();
    await page.getByRole("status").getByText(/./).waitFor();
    const { code } = await portal.email(0);
    await page.getByLabel("Code").fill("0");
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("status").getByText("8 digits").waitFor();
    await page.getByLabel("Code").fill(code);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByText("Hello, Ada").waitFor();
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByText("You are not signed in.").waitFor();
  } finally {
    await browser.close();
    await portal.stop();
    server.close();
  }
});
