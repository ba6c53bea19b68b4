// Serves examples/spa against a portal. Its client reports each call of its functions.
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";

const folder = fileURLToPath(new URL("../../examples/spa/", import.meta.url));
const WRITTEN = "http://login.example.localhost:8787";
const EMPTY = '<!doctype html><html lang="en"><title>Empty</title><link rel="icon" href="data:,"></html>';
const types = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css" };

/** Returns `portal.js` of the example for this portal, with a client that calls `reportCall`. */
async function portalModule(url, options) {
  const source = await readFile(`${folder}portal.js`, "utf8");
  return `${source.replaceAll(WRITTEN, url).replace(/createClient\(("\S+?")\)/, `report(createClient($1, ${options}))`)}
function report(part, path = "") {
  return Object.fromEntries(Object.entries(part).map(([name, value]) => {
    if (typeof value !== "function") return [name, report(value, name + ".")];
    return [name, (...input) => { window.reportCall?.(path + name); return value(...input); }];
  }));
}`;
}

/** Starts the app and returns its server. `portal` returns the portal's URL, which is not known at the start. Other
 * paths are empty pages. A host that begins with `bearer.` gets a client without cookies. */
export function serveApp(portal) {
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url, "http://localhost");
    const name = pathname === "/" ? "index.html" : pathname.slice(1);
    const options = request.headers.host.startsWith("bearer.") ? '{ transport: "bearer" }' : "{}";
    const body = name === "portal.js" ? portalModule(portal(), options) : readFile(folder + name);
    const found = await body.catch(() => EMPTY);
    response.writeHead(200, { "content-type": `${types[extname(name)] ?? "text/html"}; charset=utf-8` });
    response.end(found);
  });
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server)));
}
