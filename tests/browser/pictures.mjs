// Takes pictures of every page in every state, width, color scheme and language, to look at: node pictures.mjs FOLDER [STATE...]
import { mkdir } from "node:fs/promises";
import { launch } from "./chromium.mjs";
import { STATES, startPortals } from "./states.mjs";

const combine = (lists) => lists.reduce((all, list) => all.flatMap((one) => list.map((item) => [...one, item])), [[]]);
const VARIANTS = combine([[390, 1280], ["light", "dark"], ["en-GB", "de-DE"]]);

const [folder, ...wanted] = process.argv.slice(2);
if (!folder) throw new Error("Name the folder for the pictures.");
await mkdir(folder, { recursive: true });
const chrome = await launch();
const portals = await startPortals();
try {
  for (const [name, open] of Object.entries(STATES)) {
    if (wanted.length && !wanted.includes(name)) continue;
    for (const [width, colorScheme, locale] of VARIANTS) {
      const options = { locale, colorScheme, viewport: { width, height: 800 } };
      const [context, elsewhere] = [await chrome.newContext(options), await chrome.newContext(options)];
      const page = await context.newPage();
      await open(page, portals, await elsewhere.newPage());
      const path = `${folder}/${name}-${width}-${colorScheme}-${locale.slice(0, 2)}.png`;
      await page.screenshot({ path, fullPage: true });
      await context.close();
      await elsewhere.close();
    }
    console.log(name);
  }
} finally {
  await portals.stop();
  await chrome.close();
}
