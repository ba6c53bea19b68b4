"""What an admin back end does with users, and what they notice of it."""

import secrets

from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from . import accounts, journey, records
from .admin import person
from .checks import expect, require
from .tables import Tables
from .web import Browser

OLD = "her password of another system"


def resends(stack, mailbox, back_end, who):
    """An invitation that is sent again voids the one before. Returns the user's id and her browser, signed in."""
    user = back_end.creates(who)
    old = mailbox.wait(who["email"], 1)
    again = back_end.call("POST", f"/{user}/resend").must_be(202)
    expect("The response to a resent invitation", again.json(), {"success": True})
    browser = Browser(stack.api)
    chosen = {"token": old.token, "password": accounts.FIRST}
    browser.send("/auth/activate", chosen, journey.FRONTEND).must_refuse(400, "invalid-token")
    accounts.activates(stack, browser, mailbox.wait(who["email"], 2), accounts.FIRST)
    expect("The invited user", journey.is_signed_in(browser, who), user)
    back_end.call("POST", f"/{user}/resend").must_refuse(409, "conflict")
    return user, browser


def lists(stack, back_end):
    """Every user is listed once, by address, page by page; a prefix narrows it down."""
    listed, after = [], ""
    while after is not None:
        page = back_end.call("GET", f"?limit=2{after}").must_be(200).json()
        listed += [each["email"] for each in page["users"]]
        after = f"&after={page['next']}" if "next" in page else None
    addresses = sorted(each["address"] for each in Tables(stack).rows("users") if "address" in each)
    require(len(addresses) > 2, "The test needs more users for a second page.")
    expect("The listed users", listed, addresses)
    some = back_end.call("GET", f"?prefix={addresses[1][:3]}").must_be(200).json()["users"]
    expect("The users with a prefix", [each["email"] for each in some],
           [each for each in addresses if each.startswith(addresses[1][:3])])  # fmt: skip


def looks(stack, back_end, user):
    """A user is shown with her mail and with what has happened, and who of the administration did it."""
    records.over(Tables(stack))
    shown = back_end.call("GET", f"/{user}").must_be(200).json()
    require(shown["status"] == "active" and "last_sign_in_at" in shown, f"The user is not shown as signed in: {shown}")
    mail = [(each["kind"], each["letter"], each["status"]) for each in shown["mail"]]
    expect("The emails to the user", mail, [("invitation", "activation", "sent")] * 2)
    portal = stack.parameters["Portal"]
    acts = ("activated", "invitation.mailed", "invitation.mailed", "invitation.resent", "invited")
    expect("The user's history", sorted(each["action"] for each in shown["audit"]), [f"{portal}.{act}" for act in acts])
    actors = {each["metadata"]["actor"].split(":", 5)[5] for each in shown["audit"] if "actor" in each["metadata"]}
    expect("The actor of the invitation", actors, {f"user/{back_end.principal.name}"})


def renames(back_end, user, browser, name):
    """Another name is there at once, and her session goes on."""
    expect("The changed name", back_end.call("PATCH", f"/{user}", {"name": name}).must_be(200).json()["name"], name)
    expect("The name shown to the user", browser.get("/auth/me").must_be(200).json()["name"], name)


def moves(stack, mailbox, back_end, user, browser, addresses):
    """Another address is told to both, ends her session, and is the one that signs in from then on."""
    old, new = addresses
    count = len(mailbox.to(old))
    changed = back_end.call("PATCH", f"/{user}", {"email": new}).must_be(200).json()
    expect("The changed address", changed["email"], new)
    browser.get("/auth/me").must_refuse(401, "not-authenticated")
    for notice in (mailbox.wait(old, count + 1), mailbox.wait(new, 1)):
        accounts.is_subject(stack, notice, "Your {} email address was changed")
        expect("The link and code in a notice", (notice.link, notice.code), (None, None))
    accounts.signs_in(browser, old, accounts.FIRST).must_refuse(401, "invalid-credentials")
    accounts.signs_in(browser, new, accounts.FIRST).must_be(200)


def suspends(back_end, user, browser, address):
    """Whoever is suspended is out at once and stays out; active again, she signs in anew."""
    def becomes(status):
        changed = back_end.call("PATCH", f"/{user}", {"status": status}).must_be(200).json()
        expect("The changed status", changed["status"], status)

    browser.get("/auth/me").must_be(200)
    becomes("suspended")
    browser.get("/auth/me").must_refuse(401, "not-authenticated")
    accounts.signs_in(browser, address, accounts.FIRST).must_refuse(401, "invalid-credentials")
    becomes("active")
    browser.get("/auth/me").must_refuse(401, "not-authenticated")
    accounts.signs_in(browser, address, accounts.FIRST).must_be(200)
    browser.get("/auth/me").must_be(200)


def imports(stack, back_end, address, name):
    """A user of another system signs in with the password she had there. Returns her id and her browser."""
    who = person(address, name)
    # Not our own Argon2: what another system has stored was not hashed by us.
    theirs = Argon2id(salt=secrets.token_bytes(16), length=32, iterations=2, lanes=1, memory_cost=19456)
    users = {"users": [who | {"password": theirs.derive_phc_encoded(OLD.encode())}]}
    [made] = back_end.call("POST", "/import", users).must_be(200).json()["results"]
    expect("The imported user", made["email"], address)
    [again] = back_end.call("POST", "/import", users).must_be(200).json()["results"]
    expect("The problem when importing the user again", again["problem"], "already-exists")
    browser = Browser(stack.api)
    accounts.signs_in(browser, address, accounts.WRONG).must_refuse(401, "invalid-credentials")
    accounts.signs_in(browser, address, OLD).must_be(200)
    expect("The imported user", journey.is_signed_in(browser, who), made["id"])
    return made["id"], browser


def ends_sessions(back_end, user, browser, address):
    """All her sessions end, and the password still signs in."""
    back_end.call("DELETE", f"/{user}/sessions").must_be(204)
    browser.get("/auth/me").must_refuse(401, "not-authenticated")
    accounts.signs_in(browser, address, OLD).must_be(200)
    browser.get("/auth/me").must_be(200)


def erases(stack, back_end, user, browser, addresses):
    """Of her and of the mail to every address she had nothing is left but the audit, which knows no address; erasing her
    again is no mistake."""
    tables, current = Tables(stack), addresses[-1]

    def left():
        hers = {"users": {user, f"user#{user}", current, f"email#{current}"}, "sessions": {user}, "mail": {*addresses}}
        return [name for name, marks in hers.items() if any(marks & set(map(str, each.values())) for each in tables.rows(name))]

    expect("The tables with the user before erasure", left(), ["users", "sessions", "mail"])
    for _ in range(2):
        back_end.call("DELETE", f"/{user}").must_be(204)
    browser.get("/auth/me").must_refuse(401, "not-authenticated")
    accounts.signs_in(browser, current, accounts.FIRST).must_refuse(401, "invalid-credentials")
    back_end.call("GET", f"/{user}").must_refuse(404, "not-found")
    expect("The tables with the user after erasure", left(), [])
    audit = [each for each in tables.rows("audit") if each["pk"] == user]
    require(f"{stack.parameters['Portal']}.erased" in {each["action"] for each in audit}, "The erasure is not in the audit log.")
    require(not any(address in str(audit) for address in addresses), "The audit log contains an address of the erased user.")
