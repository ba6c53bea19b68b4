"""The endpoints of the admin API, and their effects on users."""

import secrets

from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from . import accounts, journey, records
from .admin import new_user
from .checks import expect, require
from .tables import Tables
from .web import Browser

IMPORTED = "a password of another system"


def check_resend(stack, mailbox, back_end, who):
    """Resending an invitation voids the one before. Returns the user's id, and a browser that is signed in."""
    user = back_end.create(who)
    old = mailbox.wait(who["email"], 1)
    again = back_end.call("POST", f"/{user}/resend").expect_status(202)
    expect("The response to a resent invitation", again.json(), {"success": True})
    browser = Browser(stack.api)
    body = {"token": old.token, "password": accounts.FIRST}
    browser.send("/auth/activate", body, journey.FRONTEND).expect_problem(400, "invalid-token")
    accounts.activate(stack, browser, mailbox.wait(who["email"], 2), accounts.FIRST)
    expect("The invited user", journey.check_me(browser, who), user)
    back_end.call("POST", f"/{user}/resend").expect_problem(409, "conflict")
    return user, browser


def check_import(stack, back_end, address, name):
    """An imported user signs in with the password of the other system. Returns the user's id and the browser."""
    who = new_user(address, name)
    # Hashed by another implementation, as the hashes of another system are.
    argon2 = Argon2id(salt=secrets.token_bytes(16), length=32, iterations=2, lanes=1, memory_cost=19456)
    users = {"users": [who | {"password": argon2.derive_phc_encoded(IMPORTED.encode())}]}
    [created] = back_end.call("POST", "/import", users).expect_status(200).json()["results"]
    expect("The imported user", created["email"], address)
    [again] = back_end.call("POST", "/import", users).expect_status(200).json()["results"]
    expect("The problem when importing the user again", again["problem"], "already-exists")
    browser = Browser(stack.api)
    accounts.sign_in(browser, address, accounts.WRONG).expect_problem(401, "invalid-credentials")
    accounts.sign_in(browser, address, IMPORTED).expect_status(200)
    expect("The imported user", journey.check_me(browser, who), created["id"])
    return created["id"], browser


def check_list(stack, back_end):
    """All users are listed once, by address, page by page. A prefix narrows down the list."""
    listed, after = [], ""
    while after is not None:
        page = back_end.call("GET", f"?limit=2{after}").expect_status(200).json()
        listed += [each["email"] for each in page["users"]]
        after = f"&after={page['next']}" if "next" in page else None
    addresses = sorted(each["address"] for each in Tables(stack).rows("users") if "address" in each)
    require(len(addresses) > 2, "The test needs more users for a second page.")
    expect("The listed users", listed, addresses)
    prefix = addresses[1][:3]
    narrowed = back_end.call("GET", f"?prefix={prefix}").expect_status(200).json()["users"]
    expect("The users with a prefix", [each["email"] for each in narrowed],
           [each for each in addresses if each.startswith(prefix)])  # fmt: skip


def check_details(stack, back_end, user):
    """A user is shown with their emails and their history, and with the administrator who invited them."""
    records.wait_for_outbox(Tables(stack))
    shown = back_end.call("GET", f"/{user}").expect_status(200).json()
    require(shown["status"] == "active" and "last_sign_in_at" in shown, f"The user is not shown as signed in: {shown}")
    emails = [(each["kind"], each["template"], each["status"]) for each in shown["emails"]]
    expect("The emails to the user", emails, [("invitation", "activation", "sent")] * 2)
    portal = stack.parameters["Portal"]
    actions = ("activated", "invitation.emailed", "invitation.emailed", "invitation.resent", "invited")
    expect("The user's history", sorted(each["action"] for each in shown["audit"]),
           [f"{portal}.{action}" for action in actions])  # fmt: skip
    actors = {each["metadata"]["actor"].split(":", 5)[5] for each in shown["audit"] if "actor" in each["metadata"]}
    expect("The actor of the invitation", actors, {f"user/{back_end.principal.name}"})


def check_rename(back_end, user, browser, name):
    """A new name is shown at once, and the session continues."""
    changed = back_end.call("PATCH", f"/{user}", {"name": name}).expect_status(200).json()
    expect("The changed name", changed["name"], name)
    expect("The name shown to the user", browser.get("/auth/me").expect_status(200).json()["name"], name)


def check_new_address(stack, mailbox, back_end, user, browser, addresses):
    """A new address ends the session, both addresses receive a notice, and only the new one signs in then. Reporting the
    notice at the old address ends that session too."""
    old, new = addresses
    count = len(mailbox.to(old))
    changed = back_end.call("PATCH", f"/{user}", {"email": new}).expect_status(200).json()
    expect("The changed address", changed["email"], new)
    browser.get("/auth/me").expect_problem(401, "not-authenticated")
    _check_last_end(back_end, user, "address-changed")
    for notice in (mailbox.wait(old, count + 1), mailbox.wait(new, 1)):
        accounts.check_notice(stack, notice, "Your {} email address was changed")
    accounts.sign_in(browser, old, accounts.FIRST).expect_problem(401, "invalid-credentials")
    accounts.sign_in(browser, new, accounts.FIRST).expect_status(200)
    report = {"token": mailbox.wait(old, count + 1).token}
    Browser(stack.api).send("/auth/report", report).expect_status(200)
    browser.get("/auth/me").expect_problem(401, "not-authenticated")
    Browser(stack.api).send("/auth/report", report).expect_problem(410, "used-token")
    accounts.sign_in(browser, new, accounts.FIRST).expect_status(200)


def _check_last_end(back_end, user, how):
    """The session that ended last is shown with the way in which it ended, and with the administrator."""
    shown = back_end.call("GET", f"/{user}").expect_status(200).json()
    last = next(each for each in shown["sessions"] if "ended_at" in each)
    actor = last.get("actor", "").rpartition(":")[2]
    expect("The end of the session", (last["how"], last["by"], actor),
           (how, "administrator", f"user/{back_end.principal.name}"))  # fmt: skip


def check_suspension(back_end, user, browser, address):
    """A suspended user is signed out at once and cannot sign in. A reactivated one has to sign in again."""

    def set_status(status):
        changed = back_end.call("PATCH", f"/{user}", {"status": status}).expect_status(200).json()
        expect("The changed status", changed["status"], status)

    browser.get("/auth/me").expect_status(200)
    set_status("suspended")
    browser.get("/auth/me").expect_problem(401, "not-authenticated")
    accounts.sign_in(browser, address, accounts.FIRST).expect_problem(401, "invalid-credentials")
    _check_last_end(back_end, user, "suspended")
    set_status("active")
    browser.get("/auth/me").expect_problem(401, "not-authenticated")
    accounts.sign_in(browser, address, accounts.FIRST).expect_status(200)
    browser.get("/auth/me").expect_status(200)


def check_revoked_sessions(back_end, user, browser, address):
    """All sessions of a user end, and the password still signs in."""
    back_end.call("DELETE", f"/{user}/sessions").expect_status(204)
    browser.get("/auth/me").expect_problem(401, "not-authenticated")
    _check_last_end(back_end, user, "revoked")
    accounts.sign_in(browser, address, IMPORTED).expect_status(200)
    browser.get("/auth/me").expect_status(200)


def check_erasure(stack, back_end, user, browser, addresses):
    """Nothing is left of an erased user and of the emails to all of their addresses, except for the audit log, which
    has no address. Erasing them again succeeds."""
    tables, current = Tables(stack), addresses[-1]
    identifiers = {
        "users": {user, f"user#{user}", current, f"email#{current}"},
        "sessions": {user},
        "emails": {*addresses},
    }

    def tables_with_user():
        return [table for table, values in identifiers.items()
                if any(values & set(map(str, row.values())) for row in tables.rows(table))]  # fmt: skip

    expect("The tables with the user before erasure", tables_with_user(), ["users", "sessions", "emails"])
    for _ in range(2):
        back_end.call("DELETE", f"/{user}").expect_status(204)
    browser.get("/auth/me").expect_problem(401, "not-authenticated")
    accounts.sign_in(browser, current, accounts.FIRST).expect_problem(401, "invalid-credentials")
    back_end.call("GET", f"/{user}").expect_problem(404, "not-found")
    # A tombstone keeps the id from being used again.
    expect("The tables with the user after erasure", tables_with_user(), ["users"])
    tombstone = [row for row in tables.rows("users") if user in row["pk"]]
    expect("What is left of the user", [sorted(row) for row in tombstone], [["erased_at", "pk"]])
    audit = [each for each in tables.rows("audit") if each["pk"] == user]
    erased = f"{stack.parameters['Portal']}.erased"
    require(erased in {each["action"] for each in audit}, "The erasure is not in the audit log.")
    has_address = any(address in str(audit) for address in addresses)
    require(not has_address, "The audit log contains an address of the erased user.")
