"""What a user sees of her sessions, and how they end."""

from . import accounts, journey
from .checks import expect, require
from .tables import Tables
from .web import Browser

TEN_MINUTES = 600_000


def ends(stack, laptop, address, password):
    """Three browsers are listed; one is ended, then all but this one, each at once."""
    phone, tablet = Browser(stack.api), Browser(stack.api)
    for each in (phone, tablet):
        accounts.signs_in(each, address, password).must_be(200)
    ids = [_id(each) for each in (laptop, phone, tablet)]
    expect("The listed sessions", sorted(_listed(laptop)), sorted(ids))

    one = f"/auth/sessions/{ids[1]}"
    laptop.delete(one, journey.STRANGER).must_refuse(403, "origin-not-allowed")
    phone.get("/auth/me").must_be(200)
    laptop.delete(one, journey.FRONTEND).must_be(204)
    phone.get("/auth/me").must_refuse(401, "not-authenticated")
    laptop.delete(one, journey.FRONTEND).must_refuse(404, "not-found")
    expect("The sessions after one was ended", sorted(_listed(tablet)), sorted([ids[0], ids[2]]))

    laptop.delete("/auth/sessions", journey.FRONTEND).must_be(204)
    tablet.get("/auth/me").must_refuse(401, "not-authenticated")
    expect("The sessions after the others were ended", _listed(laptop), [ids[0]])


def replaces(stack, mailbox, browser, address, password):
    """Whoever signs in again, by password or by link, ends the session that the browser had."""
    before = browser.copy()
    accounts.signs_in(browser, address, password).must_be(200)
    before.get("/auth/me").must_refuse(401, "not-authenticated")
    before, count = browser.copy(), len(mailbox.to(address))
    journey.asks(browser, address)
    journey.follows(stack, browser, mailbox.wait(address, count + 1))
    before.get("/auth/me").must_refuse(401, "not-authenticated")
    expect("The sessions after signing in again", _listed(browser), [_id(browser)])


def seen(stack, browser):
    """A session that was last seen ten minutes ago, as its row is made to say, is noted as seen now."""
    tables = Tables(stack)
    me = browser.get("/auth/me").must_be(200).json()

    def row():
        [found] = [each for each in tables.rows("sessions") if each["sk"] == me["session"]["id"]]
        return found

    before = row()
    tables.write("sessions", before, {"last_seen_at": before["last_seen_at"] - TEN_MINUTES})
    browser.get("/auth/me").must_be(200)
    require(row()["last_seen_at"] >= before["last_seen_at"], "The session's last use was not recorded.")


def _listed(browser):
    listed = browser.get("/auth/sessions").must_be(200).json()
    expect("The current session", [each["id"] for each in listed if each["current"]], [_id(browser)])
    expect("The browsers of the sessions", {each["client"] for each in listed}, {"Firefox on Linux"})
    return [each["id"] for each in listed]


def _id(browser):
    return browser.get("/auth/me").must_be(200).json()["session"]["id"]
