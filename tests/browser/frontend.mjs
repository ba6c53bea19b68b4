// A frontend as a customer would write it: static pages on another origin of the same site, with a login page and a
// dashboard.
import { createServer } from "node:http";

const page = (title, body) => `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>${title}</title>${body}</html>`;

const login = (api) => page("Login", `
<h1>Frontend login</h1>
<form method="post" action="${api}/auth/request-login">
<input name="email" aria-label="plain"><button>Plain form</button>
</form>
<form id="scripted"><input name="email" aria-label="scripted"><button>Scripted</button></form><p id="message"></p>
<script>
document.getElementById("scripted").addEventListener("submit", async (event) => {
  event.preventDefault();
  const body = JSON.stringify({ email: event.target.email.value });
  const headers = { "content-type": "application/json" };
  const response = await fetch("${api}/auth/request-login", { method: "POST", credentials: "include", headers, body });
  document.getElementById("message").textContent = (await response.json()).message;
});
</script>`);

const dashboard = (api) => page("Dashboard", `
<h1>Frontend dashboard</h1><p id="user"></p>
<form method="post" action="${api}/auth/logout"><button>Sign out</button></form>
<script>
fetch("${api}/auth/me", { credentials: "include" }).then((response) => response.json())
  .then((me) => { document.getElementById("user").textContent = me.email ?? me.title; });
</script>`);

/** Starts the frontend and returns its server. `api` returns the API's origin, which is not known at the start. */
export function serveFrontend(api) {
  const server = createServer((request, response) => {
    const pages = { "/login": login, "/": dashboard };
    const render = pages[new URL(request.url, "http://localhost").pathname];
    response.writeHead(render ? 200 : 404, { "content-type": "text/html; charset=utf-8" });
    response.end(render ? render(api()) : "");
  });
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server)));
}
