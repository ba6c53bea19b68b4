// Signs calls of the admin API with the key of local portals (Signature Version 4).
import { createHash, createHmac } from "node:crypto";

const KEY = "local";
const hash = (text) => createHash("sha256").update(text).digest("hex");
const mac = (key, text) => createHmac("sha256", key).update(text).digest();

/** Sends a signed request without a query, and returns the response. */
export function signed(origin, method, path, body) {
  const text = body === undefined ? "" : JSON.stringify(body);
  const date = new Date().toISOString().replace(/[-:]|\.\d+/g, "");
  const names = "host;x-amz-date";
  const canonical = [method, path, "", `host:${new URL(origin).host}`, `x-amz-date:${date}`, "", names, hash(text)].join("\n");
  const scope = `${date.slice(0, 8)}/us-east-1/execute-api/aws4_request`;
  const key = scope.split("/").reduce(mac, `AWS4${KEY}`);
  const signature = mac(key, ["AWS4-HMAC-SHA256", date, scope, hash(canonical)].join("\n")).toString("hex");
  const authorization = `AWS4-HMAC-SHA256 Credential=${KEY}/${scope}, SignedHeaders=${names}, Signature=${signature}`;
  const headers = { "x-amz-date": date, authorization, ...(text && { "content-type": "application/json" }) };
  return fetch(origin + path, { method, headers, body: text || undefined });
}
