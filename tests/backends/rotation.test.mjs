// A rotation of the key that signs access tokens, as the back ends that verify them see it. What takes hours is brought
// about by dating the new key back.
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { freePort } from "../browser/portal.mjs";
import { outcome, startExamples } from "./examples.mjs";
import { bearerToken, post, startLastingPortal } from "./portal.mjs";
import { serveProxy } from "./proxy.mjs";

const NAMES = ["express", "fastapi", "axum"];
/** Seconds after which a new key signs: every cache knows it then. */
const PUBLISHED_BEFORE = (2 * 60 + 15) * 60;
const arn = (id) => `arn:aws:kms:us-east-1:000000000000:key/${id}`;
const kid = (token) => JSON.parse(Buffer.from(token.split(".")[0], "base64url")).kid;
const now = () => Math.floor(Date.now() / 1000);
let data, port, portal, proxy, session, environment, apis = [];

before(async () => {
  data = await mkdtemp(join(tmpdir(), "rotation-"));
  port = await freePort();
  proxy = await serveProxy();
  const url = `http://127.0.0.1:${proxy.address().port}`;
  environment = { http_proxy: url, HTTP_PROXY: url };
  portal = await startLastingPortal(port, data);
  session = await bearerToken(portal);
});
after(async () => {
  await Promise.all([...apis, portal].map((each) => each.stop()));
  proxy.close();
  await rm(data, { recursive: true });
});

/** Replaces the list of keys, and restarts the portal, which would otherwise read it within five minutes. */
async function setKeys(keys) {
  await portal.stop();
  const file = join(data, "key-ring.json");
  const ring = JSON.parse(await readFile(file, "utf8"));
  await writeFile(file, JSON.stringify({ ...ring, access_token_keys: keys }));
  portal = await startLastingPortal(port, data);
}

async function accessToken() {
  const response = await post(portal, "/auth/token", {}, { authorization: `Bearer ${session}` });
  assert.equal(response.status, 200);
  return (await response.json()).access_token;
}

/** Starts the back ends anew, with empty caches, as after hours. */
async function startApis() {
  await Promise.all(apis.map((api) => api.stop()));
  apis = await startExamples(NAMES, portal.url, environment);
}

async function expectOutcomes(expected, ...tokens) {
  for (const { name, call } of apis) {
    for (const token of tokens) {
      assert.equal(await outcome(await call("/whoami", token)), expected, `${name}, key ${kid(token)}`);
    }
  }
}

test("tokens are accepted before, during and after a rotation, and not once their key is retired", async () => {
  await startApis();
  const before = await accessToken();
  await expectOutcomes("200", before);

  const first = { arn: arn(kid(before)), added_at: 0 };
  await setKeys([first, { arn: arn("second"), added_at: now() }]);
  const published = await accessToken();
  assert.equal(kid(published), kid(before));
  await expectOutcomes("200", before, published);
  await startApis();
  await expectOutcomes("200", before, published);

  // These back ends have known both keys since the second was published.
  const second = { arn: arn("second"), added_at: now() - PUBLISHED_BEFORE };
  await setKeys([first, second]);
  const superseded = await accessToken();
  assert.equal(kid(superseded), "second");
  await expectOutcomes("200", before, published, superseded);
  await startApis();
  await expectOutcomes("200", before, published, superseded);

  await setKeys([second]);
  const after = await accessToken();
  await startApis();
  await expectOutcomes("200", superseded, after);
  await expectOutcomes("401 not-authenticated", before, published);
});
