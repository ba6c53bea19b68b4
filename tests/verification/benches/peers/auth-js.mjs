// Auth.js: sign-in links by email, and sessions in a database that is a Map.
import { Auth } from "@auth/core";
import { email, fromResponse, toRequest, withToken } from "./event.mjs";

const users = new Map();
const usersByEmail = new Map();
const accounts = new Map();
const sessions = new Map();
const tokens = new Map();
const accountKey = ({ provider, providerAccountId }) => `${provider}|${providerAccountId}`;
const tokenKey = ({ identifier, token }) => `${identifier}|${token}`;

const adapter = {
  async createUser(user) {
    users.set(user.id, user);
    usersByEmail.set(user.email, user);
    return user;
  },
  getUser: async (id) => users.get(id) ?? null,
  getUserByEmail: async (address) => usersByEmail.get(address) ?? null,
  getUserByAccount: async (account) => users.get(accounts.get(accountKey(account))) ?? null,
  updateUser: async (user) => Object.assign(users.get(user.id), user),
  async linkAccount(account) {
    accounts.set(accountKey(account), account.userId);
    return account;
  },
  async createSession(session) {
    sessions.set(session.sessionToken, session);
    return session;
  },
  async getSessionAndUser(token) {
    const session = sessions.get(token);
    return session ? { session, user: users.get(session.userId) } : null;
  },
  updateSession: async (session) => Object.assign(sessions.get(session.sessionToken) ?? {}, session),
  async deleteSession(token) {
    sessions.delete(token);
  },
  async createVerificationToken(token) {
    tokens.set(tokenKey(token), token);
    return token;
  },
  async useVerificationToken(token) {
    const found = tokens.get(tokenKey(token)) ?? null;
    tokens.delete(tokenKey(token));
    return found;
  },
};

const provider = {
  id: "email",
  type: "email",
  name: "Email",
  from: "no-reply@example.com",
  maxAge: 900,
  options: {},
  sendVerificationRequest: async ({ token }) => email(token),
};

const config = {
  adapter,
  secret: process.env.AUTH_SECRET,
  trustHost: true,
  basePath: "/auth",
  session: { strategy: "database" },
  providers: [provider],
};

export const handler = async (event) => withToken(await fromResponse(await Auth(toRequest(event), config)));
