// Starts the embedded portal as a person does, on a free port, and stops it.
import { spawn } from "node:child_process";
import { createServer } from "node:net";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));

function freePort() {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

/** The portal's address and what the tests need of it. */
export async function startPortal(...options) {
  const port = await freePort();
  const url = `http://localhost:${port}`;
  const command = ["run", "--quiet", "--locked", "-p", "local", "--", "--port", String(port), ...options];
  const child = spawn("cargo", command, { cwd: root, stdio: ["ignore", "pipe", "inherit"] });
  let said = "";
  child.stdout.on("data", (text) => { said += text; });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  for (;;) {
    const up = await fetch(`${url}/_local/inbox`).then((answer) => answer.ok, () => false);
    if (up) break;
    if (child.exitCode !== null) throw new Error(`the portal ended with ${child.exitCode}:\n${said}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return {
    url,
    said: () => said,
    /** The next mail after `count` others. */
    async mail(count) {
      for (let waited = 0; waited < 10_000; waited += 25) {
        const mails = await (await fetch(`${url}/_local/inbox`)).json();
        if (mails.length > count) return mails[count];
        await new Promise((resolve) => setTimeout(resolve, 25));
      }
      throw new Error("no mail came");
    },
    mails: async () => (await (await fetch(`${url}/_local/inbox`)).json()).length,
    async stop() {
      child.kill("SIGINT");
      await ended;
    },
  };
}
