"""The list of a user's sessions, and the ways in which sessions end."""

from . import accounts, journey
from .checks import expect, require
from .tables import Tables
from .web import Browser

TEN_MINUTES = 600_000


def check_revocation(stack, laptop, address, password):
    """Three sessions are listed. One is revoked, then all others but the current one, each at once."""
    phone, tablet = Browser(stack.api), Browser(stack.api)
    for browser in (phone, tablet):
        accounts.sign_in(browser, address, password).expect_status(200)
    ids = [_id(browser) for browser in (laptop, phone, tablet)]
    expect("The listed sessions", sorted(_list(laptop)), sorted(ids))

    one = f"/auth/sessions/{ids[1]}"
    laptop.delete(one, journey.OTHER_ORIGIN).expect_problem(403, "origin-not-allowed")
    phone.get("/auth/me").expect_status(200)
    laptop.delete(one, journey.FRONTEND).expect_status(204)
    phone.get("/auth/me").expect_problem(401, "not-authenticated")
    laptop.delete(one, journey.FRONTEND).expect_problem(404, "not-found")
    expect("The sessions after one was revoked", sorted(_list(tablet)), sorted([ids[0], ids[2]]))

    laptop.delete("/auth/sessions", journey.FRONTEND).expect_status(204)
    tablet.get("/auth/me").expect_problem(401, "not-authenticated")
    expect("The sessions after the others were revoked", _list(laptop), [ids[0]])


def check_confirmation(browser, password):
    """A password confirms the session, which stays the same and ends when it would have."""
    before = browser.get("/auth/me").expect_status(200).json()["session"]
    body = {"password": accounts.WRONG}
    browser.send("/auth/confirm", body, journey.FRONTEND).expect_problem(401, "invalid-credentials")
    body = {"password": password}
    browser.send("/auth/confirm", body, journey.FRONTEND).expect_status(200)
    after = browser.get("/auth/me").expect_status(200).json()["session"]
    require(after["auth_time"] > before["auth_time"], "The session was not confirmed.")
    expect("The confirmed session", after | {"auth_time": 0, "amr": []}, before | {"auth_time": 0, "amr": []})


def check_change_of_password(stack, mailbox, browser, address, password):
    """Changing the password keeps the session of the browser, ends the others and sends a notice. A second change
    restores the password."""
    other, count = Browser(stack.api), len(mailbox.to(address))
    accounts.sign_in(other, address, password).expect_status(200)
    for current, new, status in [(accounts.WRONG, accounts.FIRST, 401), (password, accounts.FIRST, 200)]:
        body = {"current": current, "password": new}
        browser.send("/auth/change-password", body, journey.FRONTEND).expect_status(status)
    expect("The sessions after a change of the password", _list(browser), [_id(browser)])
    other.get("/auth/me").expect_problem(401, "not-authenticated")
    accounts.sign_in(other, address, password).expect_problem(401, "invalid-credentials")
    body = {"current": accounts.FIRST, "password": password}
    browser.send("/auth/change-password", body, journey.FRONTEND).expect_status(200)
    accounts.check_notice(stack, mailbox.wait(address, count + 2), "Your {} password was changed")


def check_replacement(stack, mailbox, browser, address, password):
    """Signing in again, with the password or with a link, ends the session that the browser had."""
    before = browser.copy()
    accounts.sign_in(browser, address, password).expect_status(200)
    before.get("/auth/me").expect_problem(401, "not-authenticated")
    before = browser.copy()
    journey.follow_link(stack, browser, journey.wait_for_email(mailbox, browser, address))
    before.get("/auth/me").expect_problem(401, "not-authenticated")
    expect("The sessions after signing in again", _list(browser), [_id(browser)])


def check_last_use(stack, browser):
    """A request records the use of a session. Its row is changed to say that the last use was ten minutes ago."""
    tables = Tables(stack)
    me = browser.get("/auth/me").expect_status(200).json()

    def row():
        [found] = [each for each in tables.rows("sessions") if each["sk"] == me["session"]["id"]]
        return found

    before = row()
    tables.write("sessions", before, {"last_seen_at": before["last_seen_at"] - TEN_MINUTES})
    browser.get("/auth/me").expect_status(200)
    require(row()["last_seen_at"] >= before["last_seen_at"], "The session's last use was not recorded.")


def _list(browser):
    listed = browser.get("/auth/sessions").expect_status(200).json()
    expect("The current session", [each["id"] for each in listed if each["current"]], [_id(browser)])
    expect("The browsers of the sessions", {each["client"] for each in listed}, {"Firefox on Linux"})
    return [each["id"] for each in listed]


def _id(browser):
    return browser.get("/auth/me").expect_status(200).json()["session"]["id"]
