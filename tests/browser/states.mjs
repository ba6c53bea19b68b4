// Every page of the portal in every state: each entry opens one, in a browser of its own.
import { startPortal } from "./portal.mjs";

const PASSWORD = "three quiet otters paint";

/** Starts the portals that the states need. Their limits are high, because all states share them. */
export async function startPortals() {
  const generous = ["RequestsPerMinute=60", "RequestsPerHour=1000", "RequestsPerNetworkHour=100000", "EmailsPerHour=1000",
    "EmailsPerDay=10000", "PasswordAttempts=1000", "PasswordPerNetworkHour=1000", "PasswordFailures=10000"];
  const set = (...settings) => settings.flatMap((setting) => ["--set", setting]);
  const common = set(...generous, "SelfSignUp=on", "SupportContact=help@example.com");
  const [password, code, link] = await Promise.all([
    startPortal(...common, ...set("OtherBrowser=code", "ConfirmMinutes=1")),
    startPortal(...common, ...set("OtherBrowser=off")),
    startPortal(...common, ...set("Activation=link")),
  ]);
  return { password, off: code, link, stop: () => Promise.all([password, code, link].map((portal) => portal.stop())) };
}

const post = (page, portal, path, data) => page.request.post(portal.url + path, { data });

/** Requests an email for the page's browser, and returns it. */
async function email(page, portal, path, data) {
  const before = await portal.emailCount();
  await post(page, portal, path, data);
  return portal.email(before);
}
const loginEmail = (page, portal, address = "ada@example.com") => email(page, portal, "/auth/request-login", { email: address });

/** Creates a user with a password, and signs the page's browser in. */
async function signIn(page, portal) {
  const address = `u${crypto.randomUUID().slice(0, 8)}@example.com`;
  const sent = await email(page, portal, "/auth/sign-up", { email: address, name: "Ada Lovelace" });
  await post(page, portal, "/auth/activate", { token: sent.links[0].split("/").at(-1), password: PASSWORD });
  return address;
}

/** Creates a user, changes their password, and returns the link of the notice. */
async function noticeLink(page, portal) {
  await signIn(page, portal);
  const sent = await email(page, portal, "/auth/change-password", { current: PASSWORD, password: `another ${PASSWORD}` });
  return sent.links[0];
}

/** Types an address on the sign-in page, and goes on. */
async function typeAddress(page, portal, query = "") {
  await page.goto(`${portal.url}/auth/sign-in${query}`);
  await page.locator("#email").fill("ada@example.com");
  await page.locator("main button").click();
  await page.waitForURL(/continue|check-email/);
}

const open = (path) => async (page, { password }) => { await page.goto(password.url + path); };

/** Name of a state, and how a page gets there. `other` is the page of another browser. */
export const STATES = {
  "sign-in": open("/auth/sign-in"),
  "sign-in-invalid-address": open("/auth/sign-in?error=invalid-request&field=email"),
  "sign-in-expired-link": open("/auth/sign-in?error=expired-token"),
  "sign-in-used-link": open("/auth/sign-in?error=used-token"),
  "sign-in-invalid-link": open("/auth/sign-in?error=invalid-token"),
  "sign-in-too-many": open("/auth/sign-in?error=too-many-attempts&retry_after=97"),
  "sign-in-unavailable": open("/auth/sign-in?error=unavailable"),
  "sign-in-password-changed": open("/auth/sign-in?notice=password-changed"),
  "sign-in-session-ended": open("/auth/sign-in?notice=session-ended"),
  "sign-in-by-email": async (page, { link }) => { await page.goto(`${link.url}/auth/sign-in`); },
  "sign-in-while-signed-in": async (page, { password }) => {
    await signIn(page, password);
    await page.goto(`${password.url}/auth/sign-in`);
  },
  "continue": (page, { password }) => typeAddress(page, password),
  "continue-without-cookie": open("/auth/continue"),
  "continue-wrong-password": async (page, { password }) => {
    await typeAddress(page, password);
    await page.locator("#password").fill("wrong");
    await page.locator("main button").first().click();
    await page.waitForURL(/error=invalid-credentials/);
  },
  "continue-too-many": async (page, { password }) => {
    await typeAddress(page, password);
    await page.goto(`${password.url}/auth/continue?error=too-many-attempts&retry_after=900`);
  },
  "check-email": async (page, { link }) => typeAddress(page, link),
  "check-email-wrong-code": async (page, { link }) => {
    await typeAddress(page, link);
    await page.locator("#code").fill("00000000");
    await page.waitForURL(/error=invalid-token/);
  },
  "check-email-used-code": open("/auth/check-email?error=used-token"),
  "check-email-no-cookies": open("/auth/check-email"),
  "check-email-reset": async (page, { password }) => {
    await page.goto(`${password.url}/auth/forgot-password`);
    await page.locator("#email").fill("ada@example.com");
    await page.locator("main button").click();
    await page.waitForURL(/for=reset/);
  },
  "check-email-sign-up": async (page, { password }) => {
    await page.goto(`${password.url}/auth/sign-up`);
    await page.locator("#name").fill("Joan");
    await page.locator("#email").fill(`j${crypto.randomUUID().slice(0, 8)}@example.com`);
    await page.locator("main button").click();
    await page.waitForURL(/for=sign-up/);
  },
  "forgot-password": open("/auth/forgot-password"),
  "forgot-password-used-link": async (page, { password }) => {
    const address = await signIn(page, password);
    const { links } = await email(page, password, "/auth/forgot-password", { email: address });
    await post(page, password, "/auth/reset-password", { token: links[0].split("/").at(-1), password: `${PASSWORD} twice` });
    await page.goto(links[0]);
  },
  "sign-up": open("/auth/sign-up"),
  "sign-up-invalid-name": open("/auth/sign-up?error=invalid-request&field=name"),
  "link-other-browser-code": async (page, { password }, other) => {
    const { links } = await loginEmail(other, password);
    await page.goto(links[0]);
  },
  "link-other-browser": async (page, { link }, other) => {
    const { links } = await loginEmail(other, link);
    await page.goto(links[0]);
  },
  "link-of-other-browser-off": async (page, { off }, other) => {
    const { links } = await loginEmail(other, off);
    await page.goto(links[0]);
  },
  "link-while-signed-in": async (page, { link }, other) => {
    const mine = await loginEmail(page, link);
    await post(page, link, "/auth/verify", { token: mine.links[0].split("/").at(-1) });
    const sent = await email(other, link, "/auth/sign-up", { email: `k${crypto.randomUUID().slice(0, 8)}@example.com`, name: "Kim" });
    await page.goto(sent.links[0]);
  },
  "link-used": async (page, { link }, other) => {
    const { links } = await loginEmail(other, link);
    await post(other, link, "/auth/verify", { token: links[0].split("/").at(-1) });
    await page.goto(`${links[0]}?error=used-token`);
  },
  "link-unsupported": open("/auth/verify?token=old"),
  "invitation": async (page, { password }) => {
    const { links } = await loginEmail(page, password, "grace@example.com");
    await page.goto(links[0]);
  },
  "invitation-weak-password": async (page, { password }) => {
    const { links } = await loginEmail(page, password, "grace@example.com");
    await page.goto(`${links[0]}?error=weak-password&reason=common`);
  },
  "invitation-used": async (page, { password }, other) => {
    const sent = await email(other, password, "/auth/sign-up", { email: `l${crypto.randomUUID().slice(0, 8)}@example.com`, name: "Lee" });
    await post(other, password, "/auth/activate", { token: sent.links[0].split("/").at(-1), password: PASSWORD });
    await page.goto(sent.links[0]);
  },
  "invitation-expired": async (page, { password }) => {
    const { links } = await loginEmail(page, password, "grace@example.com");
    await page.goto(`${links[0]}?error=expired-token`);
  },
  "reset": async (page, { password }) => {
    const address = await signIn(page, password);
    const { links } = await email(page, password, "/auth/forgot-password", { email: address });
    await page.goto(links[0]);
  },
  "report": async (page, { password }) => { await page.goto(await noticeLink(page, password)); },
  "report-done": async (page, { password }) => { await page.goto(`${await noticeLink(page, password)}?notice=reported`); },
  "report-used": async (page, { password }) => { await page.goto(`${await noticeLink(page, password)}?error=used-token`); },
  "report-expired": async (page, { password }) => {
    await page.goto(`${await noticeLink(page, password)}?error=expired-token`);
  },
  "report-invalid": open("/auth/report/x"),
  "account": async (page, { password }, other) => {
    const address = await signIn(page, password);
    await post(other, password, "/auth/sign-in", { email: address, password: PASSWORD });
    await page.goto(`${password.url}/auth/account`);
  },
  "account-wrong-password": async (page, { password }) => {
    await signIn(page, password);
    await page.goto(`${password.url}/auth/account?error=invalid-credentials`);
  },
  "account-password-changed": async (page, { password }) => {
    await signIn(page, password);
    await page.goto(`${password.url}/auth/account?notice=password-changed`);
  },
  "account-without-passwords": async (page, { link }) => {
    const { links } = await loginEmail(page, link);
    await post(page, link, "/auth/verify", { token: links[0].split("/").at(-1) });
    await page.goto(`${link.url}/auth/account`);
  },
  "confirm": async (page, { password }) => {
    await signIn(page, password);
    await page.goto(`${password.url}/auth/confirm`);
  },
  "confirm-wrong-password": async (page, { password }) => {
    await signIn(page, password);
    await page.goto(`${password.url}/auth/confirm?error=invalid-credentials`);
  },
  "not-signed-in": async (page, { password }) => {
    await page.goto(`${password.url}/auth/sign-in`);
    await page.evaluate(() => { location.href = "/auth/account"; }).catch(() => {});
    await page.waitForURL(/account/);
  },
  "not-found": async (page, { link }) => { await page.goto(`${link.url}/auth/forgot-password`); },
};
