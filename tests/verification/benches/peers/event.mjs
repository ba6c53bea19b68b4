// The events of API Gateway (payload format 2.0) as requests of the Fetch API, and its responses as answers.

/** Returns the request that an event describes. */
export function toRequest(event) {
  const headers = new Headers(event.headers);
  if (event.cookies?.length) headers.set("cookie", event.cookies.join("; "));
  const { domainName, http: { method } } = event.requestContext;
  const query = event.rawQueryString ? `?${event.rawQueryString}` : "";
  const hasBody = method !== "GET" && method !== "HEAD" && event.body != null;
  const body = event.isBase64Encoded && hasBody ? Buffer.from(event.body, "base64") : event.body;
  return new Request(`https://${domainName}${event.rawPath}${query}`, { method, headers, body: hasBody ? body : undefined });
}

/** Returns the answer that a response is for API Gateway. */
export async function fromResponse(response) {
  const headers = {};
  response.headers.forEach((value, name) => { if (name !== "set-cookie") headers[name] = value; });
  const cookies = response.headers.getSetCookie();
  const body = await response.text();
  return { statusCode: response.status, headers, cookies: cookies.length ? cookies : undefined, body, isBase64Encoded: false };
}

let emailed;

/** Takes the place of an email with a link: the next answer carries its token in a header. */
export function email(token) {
  emailed = token;
}

/** Adds the token that was emailed, if any, to an answer. */
export function withToken(answer) {
  if (emailed) (answer.headers ??= {})["x-peer-token"] = emailed;
  emailed = undefined;
  return answer;
}
