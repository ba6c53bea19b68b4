// The types of vestibule.js. They follow docs/openapi.yaml, which describes the API itself.

/** The user who is signed in. */
export interface User {
  id: string;
  email: string;
  name: string;
  /** Whatever an administrator set. Vestibule does not interpret it. */
  role: string;
  /** Whatever an administrator set. Vestibule does not interpret them. */
  resources: Resource[];
  session: SessionInfo;
}

export interface Resource {
  type: string;
  id: string;
  name: string;
  slug: string;
}

/** This browser's session. Times are RFC 3339, in UTC. */
export interface SessionInfo {
  id: string;
  created_at: string;
  expires_at: string;
  /** When the user last signed in, or confirmed that it is them. */
  auth_time: string;
  /** How they did: `pwd` with a password, `otp` with an emailed link or code. */
  amr: ("pwd" | "otp")[];
}

/** One of the user's sessions, as `sessions.list` returns them. */
export interface Session {
  id: string;
  created_at: string;
  last_seen_at: string;
  expires_at: string;
  /** The browser, such as "Firefox on Windows". */
  client: string;
  ip: string;
  auth_method: "link" | "code" | "password" | "activation";
  /** True for the session that asks. */
  current: boolean;
}

/** What the portal offers. */
export interface Config {
  name: string;
  /** A color such as `#0b5cad`. */
  accent: string;
  /** The URL of an image. */
  logo: string | null;
  logo_dark: string | null;
  /** The email address or https URL where users get help. */
  support: string | null;
  /** Null on a portal without passwords. `minimum` is a length in characters. */
  password: { minimum: number } | null;
  sign_up: boolean;
  code: { digits: number; minutes: number; attempts: number };
  link_minutes: number;
  /** The language for users who prefer none of `languages`, such as `en`. */
  language: string;
  /** The languages of the pages, of emails, and of the sentences in responses. */
  languages: string[];
}

export interface SignedIn {
  user: User;
  /** The absolute URL that the sign-in was requested with, checked by the portal. */
  next: string | null;
}

/** A sentence in the user's language. It is the same for every address. */
export interface Requested {
  message: string;
}

/** Why a password was not accepted. */
export type WeakPassword =
  | "too-short" | "too-long" | "personal" | "common" | "repeats" | "sequence" | "keyboard" | "dates"
  | "names" | "guessable";

export type ProblemType =
  | "invalid-request" | "invalid-credentials" | "invalid-token" | "expired-token" | "used-token"
  | "not-authenticated" | "reauthentication-required" | "origin-not-allowed" | "not-found"
  | "payload-too-large" | "unsupported-media-type" | "weak-password" | "too-many-attempts"
  | "unavailable"
  /** The API cannot be reached, or does not allow this page's origin. */
  | "network"
  /** The browser does not keep the API's cookies, so signing in had no effect. */
  | "cookies-blocked"
  /** A response that is not one of the API. */
  | "unexpected";

/** What every call fails with. */
export class VestibuleError extends Error {
  private constructor();
  readonly type: ProblemType;
  /** The HTTP status, or 0 without a response. */
  readonly status: number;
  /** A sentence for people, in the user's language. It may change. */
  readonly detail: string;
  /** The field of the request that is wrong, such as `email`. */
  readonly field?: string;
  /** With `weak-password`. */
  readonly reason?: WeakPassword;
  /** With `too-many-attempts`: the seconds to wait. */
  readonly retryAfter?: number;
  /** With `invalid-token` of a code: how many more may be tried. */
  readonly attemptsLeft?: number;
  /** With `reauthentication-required`: the seconds within which the user must have confirmed. */
  readonly maxAge?: number;
}

/** The user, or null without a session, or undefined until that is known. */
export type CurrentUser = User | null | undefined;

/** Follows who is signed in: across tabs, when the page gets the focus, and when a session expires.
 * Works as a Svelte store, and with React's useSyncExternalStore. */
export interface CurrentUserStore {
  get(): CurrentUser;
  /** Calls `listener` now and after each change. Returns the function that ends this. */
  subscribe(listener: (user: CurrentUser) => void): () => void;
  /** Asks the API, even if nobody has subscribed. */
  refresh(): Promise<User | null>;
}

/** The part of the browser's `Storage` that a client without cookies needs. It may be async. */
export interface TokenStorage {
  getItem(key: string): string | null | Promise<string | null>;
  setItem(key: string, value: string): void | Promise<void>;
}

export interface Options {
  /** `cookie` (the default) needs an API on the page's own site. `bearer` works everywhere, and
   * keeps the session where scripts can read it. */
  transport?: "cookie" | "bearer";
  /** Where `bearer` keeps the session: `localStorage` by default. */
  storage?: TokenStorage;
}

/** Every call fails with a `VestibuleError`. Calls that can be repeated safely are, once, if their
 * response is lost. */
export interface Client {
  readonly user: CurrentUserStore;

  config(): Promise<Config>;

  /** Requests an email with a link and a code. `next` is the page to open after signing in. */
  request(input: { email: string; next?: string }): Promise<Requested>;
  /** Signs in with the code of the email that this browser requested, or with a link's token. */
  verify(input: { code: string } | { token: string; code?: string }): Promise<SignedIn>;
  signIn(input: { email: string; password: string; next?: string }): Promise<SignedIn>;
  signUp(input: { email: string; name: string; next?: string }): Promise<Requested>;
  /** Requests an email with a reset link. */
  forgot(input: { email: string; next?: string }): Promise<Requested>;

  /** Takes the token of an emailed link out of the address bar. It survives a reload, until the
   * token has been used. Null if the page was opened without one. */
  takeToken(): string | null;
  /** Sets an invited user's password and signs in. `token` is that of `takeToken` by default. */
  activate(input: { password: string; token?: string }): Promise<SignedIn>;
  /** Sets a new password. Signs nobody in. `token` is that of `takeToken` by default. */
  reset(input: { password: string; token?: string }): Promise<{ next: string | null }>;

  /** Proves that it is still the user: with the password, or with the code of a new `request`. */
  confirm(input: { password: string } | { code: string }): Promise<void>;
  /** Ends all other sessions; this one stays. */
  changePassword(input: { current: string; password: string }): Promise<void>;
  logout(): Promise<void>;
  readonly sessions: {
    /** Returns the newest first. */
    list(): Promise<Session[]>;
    end(id: string): Promise<void>;
    /** Ends all but this one. */
    endOthers(): Promise<void>;
  };

  /** Returns a token for your own API, which is valid for a few minutes. Call it before each
   * request: it asks for another one only when necessary. Fails where `AccessTokens` is off. */
  accessToken(): Promise<string>;
}

/** Creates the client of the portal at this origin. Keep one for each page. */
export function createClient(apiUrl: string, options?: Options): Client;
