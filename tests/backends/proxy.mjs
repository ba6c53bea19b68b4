// An HTTP proxy that finds the subdomains of localhost on this machine, for programs whose resolver does not.
import { createServer, request as send } from "node:http";
import { connect } from "node:net";

/** Starts the proxy and returns its server. */
export function serveProxy() {
  const server = createServer((request, response) => {
    const { port, pathname } = new URL(request.url);
    const { method, headers } = request;
    const upstream = send({ host: "127.0.0.1", port, path: pathname, method, headers }, (answer) => {
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
    });
    upstream.on("error", () => response.writeHead(502).end());
    request.pipe(upstream);
  });
  server.on("connect", (request, client) => {
    const upstream = connect(Number(request.url.split(":")[1]), "127.0.0.1", () => {
      client.write("HTTP/1.1 200 OK\r\n\r\n");
      client.pipe(upstream).pipe(client);
    });
    upstream.on("error", () => client.destroy());
    client.on("error", () => upstream.destroy());
  });
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server)));
}
