// Chromium, and pages that record which functions of the client they have called.
import { chromium } from "playwright-core";

const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
const args = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"];

export const launch = () => chromium.launch({ executablePath, args });

/** Opens a browser with cookies of its own, and returns its first page. `called` collects what pages report. */
export async function openPage(browser, called = new Set()) {
  const context = await browser.newContext();
  await context.exposeFunction("reportCall", (name) => void called.add(name));
  context.setDefaultTimeout(8000);
  return context.newPage();
}
