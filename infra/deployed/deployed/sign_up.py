"""Signing up without an invitation, where the portal allows it."""

from . import accounts, journey
from .checks import expect
from .tables import Tables
from .web import Browser


def check_off(stack, address, name):
    """By default, sign-up is refused, and nothing is stored."""
    tables, browser = Tables(stack), Browser(stack.api)
    before = {each["sk"] for each in tables.rows("emails")}
    browser.send("/auth/sign-up", {"email": address, "name": name}, journey.FRONTEND).expect_problem(404, "not-found")
    browser.get("/auth/sign-up").expect_status(404)
    expect("The outbox after a refused sign-up", {each["sk"] for each in tables.rows("emails")}, before)


def check_on(stack, mailbox, browser, who, known):
    """A new user is emailed a link, sets a password and is signed in, in place of the user who was signed in there. A
    known address gets the same response, and a sign-in email."""
    browser.get("/auth/sign-up").expect_status(200)
    address, count = who["email"], len(mailbox.to(known))

    def request(email):
        body = {"email": email, "name": who["name"]}
        return browser.send("/auth/sign-up", body, journey.FRONTEND).expect_status(200)

    new, existing = request(address), request(known)
    expect("The response for a known address", existing.body, new.body)
    before = browser.copy()
    before.get("/auth/me").expect_status(200)
    accounts.activate(stack, browser, mailbox.wait(address, 1), accounts.FIRST)
    journey.check_me(browser, who | {"role": "", "resources": []})
    before.get("/auth/me").expect_problem(401, "not-authenticated")
    accounts.check_subject(stack, mailbox.wait(known, count + 1), "Sign in to {}")
