import { portal } from "./portal.js";

const sentences = {
  "invalid-token": "That link or code doesn’t work. Request a new email.",
  "expired-token": "That link has expired. Request a new email.",
  "used-token": "That link has already been used. Request a new email.",
  "reauthentication-required": "First confirm that it’s you.",
};
const calls = { ...portal, ...portal.sessions, end: ({ id }) => portal.sessions.end(id) };
const $ = (selector) => document.querySelector(selector);
const $$ = (selector) => document.querySelectorAll(selector);
const { next, error } = Object.fromEntries(new URLSearchParams(location.search));

/** Returns a sentence for an error of the client, or for one in the query of a redirect. */
function sentenceOf({ type, detail, attemptsLeft, retryAfter }) {
  if (attemptsLeft) return `That code is wrong. Attempts left: ${attemptsLeft}.`;
  if (retryAfter) return `Too many attempts. Try again in ${retryAfter} seconds.`;
  return sentences[type] ?? detail ?? "Something went wrong. Try again.";
}

function showError(form, error) {
  form.querySelector("[role=alert]").textContent = sentenceOf(error);
  const input = form.elements[error.field] ?? form.querySelector("input:not([type=hidden])");
  input?.setAttribute("aria-invalid", "true");
  input?.focus();
}

async function showAccount(user) {
  $("#name").textContent = `${user.name} (${user.email})`;
  const items = (await portal.sessions.list()).map(({ id, client, current }) => {
    const item = $("#session").content.cloneNode(true);
    item.querySelector("span").textContent = current ? `${client} (this one)` : client;
    item.querySelector("[name=id]").value = id;
    return item;
  });
  $("#sessions").replaceChildren(...items);
}

async function submit(form) {
  for (const text of form.querySelectorAll("[role]")) text.textContent = "";
  for (const input of form.elements) input.removeAttribute("aria-invalid");
  const fields = Object.fromEntries(new FormData(form));
  const answer = await calls[form.dataset.call]({ ...fields, next });
  form.querySelector("[role=status]").textContent = answer?.message ?? form.dataset.done ?? "";
  form.reset();
  const [page, user] = [answer?.next ?? form.dataset.page, portal.user.get()];
  if (page) location.assign(page);
  else if (user) await showAccount(user);
}

addEventListener("submit", async (event) => {
  event.preventDefault();
  event.submitter.disabled = true;
  await submit(event.target).catch((error) => showError(event.target, error));
  event.submitter.disabled = false;
});

if (error) showError($("form"), { type: error });
if ($(".link") && !portal.takeToken()) showError($("form"), { type: "invalid-token" });
portal.user.subscribe((user) => {
  document.body.dataset.user = user ? "in" : user === null ? "out" : "unknown";
  if (user && $("#name")) showAccount(user);
});
const { name, password, sign_up } = await portal.config();
document.title = name;
for (const form of $$(".passwords")) form.hidden = !password;
for (const form of $$(".sign-up")) form.hidden = !sign_up;
for (const input of $$("[autocomplete=new-password]")) input.minLength = password?.minimum ?? 0;
