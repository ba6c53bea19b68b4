// A minimal Lambda runtime: it costs the peers less than AWS's own. `node runtime.mjs MODULE` serves its `handler`.
import http from "node:http";

const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(":");
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });

/** Calls the runtime API, and returns the id and the body of an invocation. */
function call(method, path, body) {
  const headers = body === undefined
    ? {}
    : { "content-type": "application/json", "content-length": Buffer.byteLength(body) };
  const options = { host, port, method, path: `/2018-06-01/runtime/invocation/${path}`, agent, headers };
  return new Promise((resolve, reject) => {
    const request = http.request(options, (response) => {
      const chunks = [];
      response.on("data", (chunk) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () => {
        resolve({ id: response.headers["lambda-runtime-aws-request-id"], body: Buffer.concat(chunks).toString() });
      });
    });
    request.on("error", reject);
    request.setNoDelay(true);
    request.end(body);
  });
}

const { handler } = await import(process.argv[2]);
for (;;) {
  const { id, body } = await call("GET", "next");
  try {
    const answer = await handler(JSON.parse(body), { awsRequestId: id });
    await call("POST", `${id}/response`, JSON.stringify(answer ?? null));
  } catch (error) {
    await call("POST", `${id}/error`, JSON.stringify({ errorMessage: String(error?.stack ?? error) }));
  }
}
