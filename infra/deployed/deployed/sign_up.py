"""Becoming a user without an invitation, where the portal allows it."""

from . import accounts, journey
from .checks import expect
from .tables import Tables
from .web import Browser


def is_off(stack, address, name):
    """By default there is no sign-up, and nothing is kept of who tries."""
    tables, browser = Tables(stack), Browser(stack.api)
    before = {each["sk"] for each in tables.rows("mail")}
    browser.send("/auth/sign-up", {"email": address, "name": name}, journey.FRONTEND).must_refuse(404, "not-found")
    browser.get("/auth/sign-up").must_be(404)
    expect("The outbox after a refused sign-up", {each["sk"] for each in tables.rows("mail")}, before)


def is_on(stack, mailbox, browser, who, known):
    """Whoever signs up is mailed a link, chooses a password and is signed in, as herself and nobody else, although somebody
    is signed in there; a known address gets the same answer, and a mail to sign in."""
    browser.get("/auth/sign-up").must_be(200)
    address, count = who["email"], len(mailbox.to(known))
    asked = [browser.send("/auth/sign-up", {"email": each, "name": who["name"]}, journey.FRONTEND)
             for each in (address, known)]  # fmt: skip
    expect("The answer for a known address", asked[1].body, asked[0].must_be(200).body)
    before = browser.copy()
    before.get("/auth/me").must_be(200)
    accounts.activates(stack, browser, mailbox.wait(address, 1), accounts.FIRST)
    journey.is_signed_in(browser, who | {"role": "", "resources": []})
    before.get("/auth/me").must_refuse(401, "not-authenticated")
    accounts.is_subject(stack, mailbox.wait(known, count + 1), "Sign in to {}")
