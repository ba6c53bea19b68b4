// Every page in every state, in two languages and color schemes: accessible, small, in the right language, and with a
// strict content security policy.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { CspEvaluator } from "csp_evaluator/dist/evaluator.js";
import { Severity } from "csp_evaluator/dist/finding.js";
import { CspParser } from "csp_evaluator/dist/parser.js";
import { launch } from "./chromium.mjs";
import { STATES, startPortals } from "./states.mjs";

const MAX_BYTES = 30_000;
const VARIANTS = [
  { locale: "en-GB", colorScheme: "light", viewport: { width: 390, height: 800 } },
  { locale: "de-DE", colorScheme: "dark", viewport: { width: 1280, height: 800 } },
];
const axe = await readFile(fileURLToPath(import.meta.resolve("axe-core/axe.min.js")), "utf8");
let chrome, portals;

before(async () => { [chrome, portals] = await Promise.all([launch(), startPortals()]); });
after(async () => { await portals.stop(); await chrome.close(); });

/** Opens a state in a browser of its own, hands its page to `check`, and closes the browser. */
async function inState(open, variant, check) {
  const [context, elsewhere] = [await chrome.newContext(variant), await chrome.newContext(variant)];
  const page = await context.newPage();
  let response;
  page.on("response", (one) => { if (one.request().isNavigationRequest() && one.status() !== 303) response = one; });
  await open(page, portals, await elsewhere.newPage());
  await check(page, response);
  await Promise.all([context.close(), elsewhere.close()]);
}

/** Fails for each finding of axe-core, of any level. It is not the page's script, so it bypasses the page's policy. */
async function assertAccessible(page) {
  const session = await page.context().newCDPSession(page);
  await session.send("Runtime.evaluate", { expression: axe });
  const run = "axe.run(document, { resultTypes: ['violations'] }).then((result) => JSON.stringify(result.violations))";
  const { result } = await session.send("Runtime.evaluate", { expression: run, awaitPromise: true });
  const findings = JSON.parse(result.value).map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
  assert.deepEqual(findings, []);
}

function assertStrictPolicy(policy) {
  const findings = new CspEvaluator(new CspParser(policy).csp).evaluate();
  const severe = findings.filter(({ severity }) => severity <= Severity.HIGH_MAYBE);
  assert.deepEqual(severe.map(({ directive, description }) => `${directive}: ${description}`), []);
}

for (const variant of VARIANTS) {
  describe(`${variant.locale}, ${variant.colorScheme}, ${variant.viewport.width} px`, () => {
    for (const [name, open] of Object.entries(STATES)) {
      test(name, () => inState(open, variant, async (page, response) => {
        await assertAccessible(page);
        const headers = response.headers();
        assertStrictPolicy(headers["content-security-policy"]);
        assert.ok((await response.body()).length <= MAX_BYTES);
        assert.equal(await page.getAttribute("html", "lang"), variant.locale.slice(0, 2));
        const isError = await page.locator(".error").count() > 0;
        assert.equal(/^(Error|Fehler): /.test(await page.title()), isError, "the title says that there is an error");
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        assert.ok(overflow <= 0, "nothing is wider than the page");
        const invalid = page.locator("[aria-invalid]");
        for (const field of await invalid.all()) {
          assert.ok(await field.evaluate((one) => one === document.activeElement), "the field to correct has the focus");
          assert.match(await field.getAttribute("aria-describedby"), /notice/);
        }
      }));
    }
  });
}
