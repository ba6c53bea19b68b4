// Starts the embedded portal with `cargo run`, on a free port.
import { spawn } from "node:child_process";
import { createServer } from "node:net";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Returns a port of 127.0.0.1 that nobody listens on. */
export function freePort() {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

// All notices but those of new browsers, which would follow most sign-ins of a test.
const NOTICES = "Notices=password-changed,address-changed,sessions-ended";

/** Starts a portal with these options of `local`, and returns it once it responds. Without `--port`, on a free one. */
export async function startPortal(...options) {
  const given = options.indexOf("--port");
  const port = given < 0 ? await freePort() : Number(options[given + 1]);
  if (given >= 0) options.splice(given, 2);
  const url = `http://localhost:${port}`;
  const command = ["run", "--quiet", "--locked", "-p", "local", "--", "--port", String(port), "--set", NOTICES, ...options];
  const child = spawn("cargo", command, { cwd: root, stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  child.stdout.on("data", (text) => { output += text; });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  for (;;) {
    const isUp = await fetch(`${url}/_local/inbox`).then((response) => response.ok, () => false);
    if (isUp) break;
    if (child.exitCode !== null) throw new Error(`The portal exited with ${child.exitCode}:\n${output}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return {
    url,
    /** Returns the number of emails sent so far. */
    async emailCount() {
      return (await (await fetch(`${url}/_local/inbox`)).json()).length;
    },
    /** Waits until more than `index` emails were sent, and returns the one at this index, from 0. */
    async email(index) {
      for (let waited = 0; waited < 10_000; waited += 25) {
        const emails = await (await fetch(`${url}/_local/inbox`)).json();
        if (emails.length > index) return emails[index];
        await new Promise((resolve) => setTimeout(resolve, 25));
      }
      throw new Error(`Email ${index} was not sent within 10 seconds.`);
    },
    async stop() {
      child.kill("SIGINT");
      await ended;
    },
  };
}
