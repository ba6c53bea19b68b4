// The client of Vestibule for browsers. Its types, with what they mean, are in vestibule.d.ts.

const TOKEN_ERRORS = ["invalid-token", "expired-token", "used-token"];
const GATEWAY_ERRORS = { 404: "not-found", 413: "payload-too-large", 429: "too-many-attempts" };
const RETRY_AFTER = 5; // seconds, where API Gateway does not say
const LONGEST_TIMER = 2 ** 31 - 1;

const sleep = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));
const randomKey = () => crypto.getRandomValues(new Uint32Array(8)).join("-");

export class VestibuleError extends Error {
  constructor(type, status, { detail = type, cause, ...more } = {}) {
    super(detail, { cause });
    this.name = "VestibuleError";
    this.type = type;
    this.status = status;
    this.detail = detail;
    this.field = more.field;
    this.reason = more.reason;
    this.retryAfter = more.retry_after;
    this.attemptsLeft = more.attempts_left;
    this.maxAge = more.max_age;
  }
}

/** Creates the error of a response: a problem document, or a message of API Gateway. */
function errorOf(response, body) {
  const { status } = response;
  const type = /^urn:vestibule:problem:(.+)/.exec(body?.type)?.[1];
  if (type) return new VestibuleError(type, status, body);
  const known = GATEWAY_ERRORS[status] ?? (status >= 500 ? "unavailable" : "unexpected");
  const wait = Number(response.headers.get("retry-after")) || RETRY_AFTER;
  const retry_after = status === 429 ? wait : undefined;
  return new VestibuleError(known, status, { detail: body?.message, retry_after });
}

function memory() {
  const items = new Map();
  return {
    getItem: (key) => items.get(key) ?? null,
    setItem: (key, value) => void items.set(key, value),
    removeItem: (key) => void items.delete(key),
  };
}

/** Returns one of the browser's storages, or one in memory where there is none. */
function storageNamed(name) {
  try {
    return globalThis[name] ?? memory();
  } catch {
    return memory();
  }
}

export function createClient(apiUrl, { transport = "cookie", storage } = {}) {
  const api = new URL(apiUrl).origin;
  const isBearer = transport === "bearer";
  const storageKey = `vestibule:${api}`;
  const store = storage ?? storageNamed("localStorage");
  const tokens = storageNamed("sessionStorage");
  const listeners = new Set();
  const isBrowser = typeof document !== "undefined";
  const channel = isBrowser ? new BroadcastChannel(storageKey) : undefined;
  let timer, loading, accessToken;
  let user; // undefined: not known yet, null: signed out
  let requestedAt = -Infinity; // when this page last requested a code

  // What a client without cookies keeps: { token, request, email, known: { [email]: value } }.
  const kept = async () => JSON.parse((isBearer && await store.getItem(storageKey)) || "{}");
  const keep = async (change) => {
    if (isBearer) await store.setItem(storageKey, JSON.stringify({ ...await kept(), ...change }));
  };
  const knownOf = async (email = "") => (await kept()).known?.[email.trim().toLowerCase()];
  const keepKnown = async (email, value) =>
    value && keep({ known: { ...(await kept()).known, [email.toLowerCase()]: value } });

  async function send(method, path, body) {
    const { token } = await kept();
    const headers = {};
    if (body) headers["content-type"] = "application/json";
    if (token) headers.authorization = `Bearer ${token}`;
    const credentials = isBearer ? "omit" : "include";
    const options = { method, headers, credentials, body: body && JSON.stringify(body) };
    const response = await fetch(api + path, options).catch((cause) => {
      const detail = "The server can’t be reached. Check your connection.";
      throw new VestibuleError("network", 0, { detail, cause });
    });
    const json = await response.json().catch(() => undefined);
    if (response.status === 204 || (response.ok && json !== undefined)) return json;
    throw errorOf(response, json);
  }

  /** Sends a request, and once more if its response was lost and a repeat does no harm. */
  async function call(method, path, body) {
    try {
      return await send(method, path, body).catch(async (error) => {
        const isLost = error.type === "network" || error.status >= 500;
        if (!isLost || !(method === "GET" || body?.idempotency_key)) throw error;
        await sleep(1);
        return send(method, path, body);
      });
    } catch (error) {
      if (error.type === "not-authenticated" && user) signedOut();
      throw error;
    }
  }

  const post = (path, body = {}) => call("POST", path, body);
  const postOnce = (path, body) => post(path, { ...body, idempotency_key: randomKey() });

  function setUser(value) {
    if (JSON.stringify(value) === JSON.stringify(user)) return;
    user = value;
    accessToken = undefined;
    for (const listener of [...listeners]) listener(user);
  }

  /** Asks who is signed in. A later call makes the answers of earlier ones void. */
  function refresh() {
    const mine = (async () => {
      const isAnonymous = isBearer && !(await kept()).token;
      return isAnonymous ? null : call("GET", "/auth/session");
    })();
    loading = mine;
    return mine.then((answer) => {
      if (loading === mine) setUser(answer);
      if (user) refreshIn((Date.parse(user.session.expires_at) - Date.now()) / 1000 + 1);
      return answer;
    }, (error) => {
      refreshIn(error.retryAfter ?? 30);
      throw error;
    }).finally(() => { if (loading === mine) loading = undefined; });
  }

  function refreshIn(seconds) {
    clearTimeout(timer);
    timer = setTimeout(refreshIfUsed, Math.min(Math.max(seconds, 5) * 1000, LONGEST_TIMER));
  }

  function refreshIfUsed() {
    if (listeners.size && !loading) refresh().catch(() => {});
  }

  const tellOtherTabs = () => channel?.postMessage("changed");

  async function reload() {
    const answer = await refresh();
    tellOtherTabs();
    return answer;
  }

  function signedOut() {
    loading = undefined;
    setUser(null);
    tellOtherTabs();
  }

  const cookiesBlocked = () => new VestibuleError("cookies-blocked", 0, {
    detail: `This browser did not keep the cookies of ${api}. It blocks cookies, or that is another `
      + "site than this page: give the API a name on the page's domain, or use bearer transport.",
  });

  /** Posts what signs in, and returns the user and the page to open. */
  async function begin(path, body, email) {
    const isCode = !body.token && "code" in body;
    const sent = isBearer ? { ...body, transport, known: await knownOf(email) } : body;
    const answer = await (isCode ? post : postOnce)(path, sent).catch(async (error) => {
      throw isCode && await hasLostRequest(error) ? cookiesBlocked() : error;
    });
    await keepKnown(answer.user.email, answer.known);
    await keep({ token: answer.session.token, request: undefined, email: undefined });
    requestedAt = -Infinity;
    const found = await reload();
    if (!found) throw cookiesBlocked();
    return { user: found, next: answer.next ?? null };
  }

  /** Returns whether the cookie of a request that this page has sent lately is missing. */
  async function hasLostRequest(error) {
    if (error.type !== "invalid-token" || error.attemptsLeft !== undefined) return false;
    const { link_minutes } = await client.config();
    const isRecent = Date.now() - requestedAt < link_minutes * 60_000;
    return !isBearer && isRecent && !(await refresh());
  }

  const tokenKey = () => `vestibule:token:${location.pathname}`;

  function takeToken() {
    const token = /[#&]token=([^&]+)/.exec(location.hash)?.[1];
    if (token) {
      tokens.setItem(tokenKey(), token);
      history.replaceState(history.state, "", location.href.split("#")[0]);
    }
    return tokens.getItem(tokenKey());
  }

  /** Runs `act` with the token of this page's link, which is dropped once it cannot work again. */
  async function withToken(token, act) {
    const drop = () => tokens.removeItem(tokenKey());
    const result = await act(token ?? takeToken() ?? "").catch((error) => {
      if (TOKEN_ERRORS.includes(error.type)) drop();
      throw error;
    });
    drop();
    return result;
  }

  const client = {
    user: {
      get: () => user,
      subscribe(listener) {
        // Each subscription is its own, even of the same function.
        const own = (value) => listener(value);
        listeners.add(own);
        listener(user);
        if (user === undefined) refreshIfUsed();
        return () => void listeners.delete(own);
      },
      refresh,
    },

    config: () => call("GET", "/auth/config"),

    async request({ email, next }) {
      const more = isBearer ? { transport, known: await knownOf(email) } : {};
      const { message, request } = await postOnce("/auth/request-login", { email, next, ...more });
      await keep({ request, email });
      requestedAt = Date.now();
      return { message };
    },
    async verify({ code, token }) {
      if (token) return begin("/auth/verify", { token, code });
      const { request, email } = await kept();
      const digits = code.normalize("NFKC").replace(/\D/g, "");
      return begin("/auth/verify", { code: digits, request }, email);
    },
    signIn: ({ email, password, next }) => begin("/auth/sign-in", { email, password, next }, email),
    async signUp({ email, name, next }) {
      const { message } = await postOnce("/auth/sign-up", { email, name, next });
      return { message };
    },
    async forgot({ email, next }) {
      const body = { email, next, known: await knownOf(email) };
      const { message } = await postOnce("/auth/forgot-password", body);
      return { message };
    },

    takeToken,
    activate: ({ token, password }) =>
      withToken(token, (taken) => begin("/auth/activate", { token: taken, password })),
    async reset({ token, password }) {
      const act = (taken) => postOnce("/auth/reset-password", { token: taken, password });
      const { next = null } = await withToken(token, act);
      if (user) await reload();
      return { next };
    },

    async confirm({ password, code }) {
      const { request } = code ? await kept() : {};
      const known = await knownOf(user?.email);
      const answer = await post("/auth/confirm", { password, code, request, known });
      if (user) await keepKnown(user.email, answer.known);
      await reload();
    },
    async changePassword({ current, password }) {
      const known = await knownOf(user?.email);
      await postOnce("/auth/change-password", { current, password, known });
      await reload();
    },
    async logout() {
      await post("/auth/logout");
      await keep({ token: undefined });
      signedOut();
    },
    sessions: {
      list: () => call("GET", "/auth/sessions"),
      async end(id) {
        await call("DELETE", `/auth/sessions/${encodeURIComponent(id)}`);
        await reload();
      },
      endOthers: () => call("DELETE", "/auth/sessions"),
    },

    async accessToken() {
      if (!accessToken || accessToken.until < Date.now()) {
        const answer = await post("/auth/token");
        accessToken = { text: answer.access_token, until: Date.now() + answer.expires_in * 900 };
      }
      return accessToken.text;
    },
  };

  if (isBrowser) {
    const refreshIfVisible = () => document.visibilityState === "visible" && refreshIfUsed();
    // An answer on its way is old now.
    channel.onmessage = () => { loading = accessToken = undefined; refreshIfUsed(); };
    addEventListener("focus", refreshIfUsed);
    addEventListener("online", refreshIfUsed);
    document.addEventListener("visibilitychange", refreshIfVisible);
  }
  return client;
}
