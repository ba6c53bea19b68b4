// Takes pictures of every email in every width, color scheme and language, to look at: node emails.mjs FOLDER [MESSAGE...]
// Says how many lines the copyable link takes, and fails if it is more than three in a window of 600 px.
import { mkdir, writeFile } from "node:fs/promises";
import { launch } from "./chromium.mjs";
import { startPortal } from "./portal.mjs";
import { signed } from "./sigv4.mjs";

const WIDTHS = [390, 600];
const SCHEMES = ["light", "dark"];
// A link of the greatest length, on a host of 25 characters for an address of 20.
const LINK_LENGTH = 280;

const [folder, ...wanted] = process.argv.slice(2);
if (!folder) throw new Error("Name the folder for the pictures.");
await mkdir(folder, { recursive: true });
const portals = await Promise.all([
  startPortal("--set", "SupportContact=help@example.com", "--set", "PublicUrl=https://portal.example.com"),
  startPortal("--set", "OtherBrowser=code", "--set", "Activation=link", "--set", "PublicUrl=https://portal.example.com"),
]);
const chrome = await launch();
let tooLong = 0;

async function admin(portal, method, path, body) {
  const response = await signed(portal.url, method, path, body);
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  return response.json();
}

/** Returns the number of lines of the link that is shown as text. */
const linesOfLink = (page) => page.evaluate(() => {
  const link = [...document.querySelectorAll("a")].find((a) => a.textContent === a.href && a.href.length > 200);
  return link ? Math.round(link.offsetHeight / parseFloat(getComputedStyle(link).lineHeight)) : 0;
});

try {
  const { templates } = await admin(portals[0], "GET", "/admin/templates");
  for (const { message, language } of templates) {
    if (wanted.length && !wanted.includes(message)) continue;
    const portal = portals[Number(message === "invitation")];
    const email = await admin(portal, "POST", `/admin/templates/${message}/${language}/preview`, {});
    await writeFile(`${folder}/${message}-${language}.txt`, `${email.subject}\n\n${email.text}`);
    for (const width of WIDTHS) {
      for (const colorScheme of SCHEMES) {
        const page = await chrome.newPage({ colorScheme, viewport: { width, height: 600 } });
        await page.setContent(email.html);
        const lines = await linesOfLink(page);
        const length = email.text.match(/https:\/\/\S{200,}/)?.[0].length;
        if (length && length !== LINK_LENGTH) throw new Error(`The sample link has ${length} characters.`);
        if (width === 600 && lines > 3) tooLong += 1;
        if (lines && colorScheme === "light") console.log(`${message} ${language}: ${lines} lines at ${width} px`);
        await page.screenshot({ path: `${folder}/${message}-${width}-${colorScheme}-${language}.png`, fullPage: true });
        await page.close();
      }
    }
  }
} finally {
  await chrome.close();
  await Promise.all(portals.map((portal) => portal.stop()));
}
if (tooLong) throw new Error(`The copyable link takes more than three lines in ${tooLong} pictures.`);
