// Starts the back ends of examples/backends, each on a free port of api.example.localhost.
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { freePort } from "../browser/portal.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const folder = (name) => `${root}examples/backends/${name}`;
const hosts = new URL("hosts.mjs", import.meta.url).pathname;
const uvicorn = `${root}target/backends/venv/bin/uvicorn`;

const commands = {
  session: () => [process.execPath, "server.mjs"],
  express: () => [process.execPath, "server.mjs"],
  fastapi: (port) => [uvicorn, "main:app", "--port", String(port), "--log-level", "warning"],
  axum: () => [`${root}target/debug/vestibule-axum`],
};

/** Starts an example that trusts the portal at this URL. Returns `call`, which sends a request, and `stop`. */
export async function startExample(name, portal, environment = {}) {
  const port = await freePort();
  const [command, ...parameters] = commands[name](port);
  const env = {
    ...process.env, PORTAL: portal, PORT: String(port), NODE_OPTIONS: `--import=${hosts}`,
    PYTHONDONTWRITEBYTECODE: "1", ...environment,
  };
  const child = spawn(command, parameters, { cwd: folder(name), env, stdio: ["ignore", "inherit", "inherit"] });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const origin = `http://api.example.localhost:${port}`;
  const call = (path, token, method = "GET") => {
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    return fetch(origin + path, { method, headers });
  };
  for (;;) {
    if (await call("/whoami").then(() => true, () => false)) break;
    if (child.exitCode !== null) throw new Error(`The example ${name} exited with ${child.exitCode}.`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return { origin, call, async stop() { child.kill(); await ended; } };
}

/** Starts several examples that trust the portal at this URL, as `startExample` does. */
export function startExamples(names, portal, environment) {
  return Promise.all(names.map(async (name) => ({ name, ...await startExample(name, portal, environment) })));
}

/** Returns the status of a response, and the type and `max_age` of its problem. */
export async function outcome(response) {
  const text = await response.text();
  if (response.status !== 401) return String(response.status);
  const { type, max_age: maxAge } = JSON.parse(text);
  const kind = type.replace("urn:vestibule:problem:", "");
  return `401 ${kind}${maxAge === undefined ? "" : ` ${maxAge}`}`;
}
