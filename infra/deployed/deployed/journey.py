"""The whole journey of one person, through the API's address and with the real binaries."""

import re
import urllib.parse

from . import admin
from .checks import expect, require
from .tables import Tables
from .web import Browser

FRONTEND = "https://portal.example.com"
STRANGER = "https://elsewhere.example.net"


def browser_rules(stack):
    """CORS for the frontend and for nobody else; no post from elsewhere; nothing without a session."""
    asked = {"access-control-request-method": "POST", "access-control-request-headers": "content-type"}
    allowed = stack.api.call("OPTIONS", "/auth/request-login", asked | {"origin": FRONTEND}).must_be(204)
    expect("The allowed origin", allowed.header("access-control-allow-origin"), FRONTEND)
    expect("Access-Control-Allow-Credentials", allowed.header("access-control-allow-credentials"), "true")
    refused = stack.api.call("OPTIONS", "/auth/request-login", asked | {"origin": STRANGER})
    expect("The allowed origin for a stranger", refused.header("access-control-allow-origin"), None)
    elsewhere = Browser(stack.api).send("/auth/request-login", {"email": "x@example.com"}, STRANGER)
    elsewhere.must_refuse(403, "origin-not-allowed")
    stack.api.call("GET", "/auth/me").must_refuse(401, "not-authenticated")


def asks(browser, address):
    """Asks for a mail on the frontend; returns the answer."""
    return browser.send("/auth/request-login", {"email": address}, FRONTEND).must_be(200)


def asks_for_both(stack, address, unknown):
    """A known and an unknown address get the same answer; returns the browser that asked for the known one."""
    ada, nobody = Browser(stack.api), Browser(stack.api)
    answers = [asks(ada, address), asks(nobody, unknown)]
    shapes = [(each.status, each.body, sorted(name for name, _ in each.headers)) for each in answers]
    expect("The answer for an unknown address", shapes[1], shapes[0])
    expect("The frontend's allowed origin", answers[0].header("access-control-allow-origin"), FRONTEND)
    return ada


def path_of(stack, mail):
    """The path of the mailed link, which must lead to the stack's own address."""
    require(mail.link is not None, f"The email has no link: {mail.subject}")
    url = urllib.parse.urlsplit(mail.link)
    expect("The origin of the emailed link", f"{url.scheme}://{url.netloc}", stack.api.url)
    return url.path


def fields_of(page):
    """The hidden fields of the page behind a link."""
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]+)"', page.body))


def opens(stack, browser, mail):
    """Opens the link, which changes nothing; returns its page."""
    tables = Tables(stack)
    before = tables.rows("tokens")
    page = browser.get(path_of(stack, mail)).must_be(200)
    require(page.header("content-type").startswith("text/html"), "The page behind the link is not HTML.")
    require(page.header("set-cookie") is None, "Opening a link sets a cookie, but must not.")
    after = tables.rows("tokens")
    expect("The rows changed by opening a link", [each for each in before if each not in after], [])
    return page


def follows(stack, browser, mail):
    """Opens the link and submits its page; returns the answer."""
    require(mail.code is not None and mail.code not in mail.subject, "The email has no code, or the code is in its subject.")
    return browser.submit("/auth/verify", fields_of(opens(stack, browser, mail))).must_be(303)


def signs_in(stack, mailbox, address):
    """A new browser asks, follows the next mail's link and is signed in."""
    browser = Browser(stack.api)
    count = len(mailbox.to(address))
    asks(browser, address)
    follows(stack, browser, mailbox.wait(address, count + 1))
    browser.get("/auth/me").must_be(200)
    return browser


def link(stack, ada, mail, who):
    """Opening the link spends nothing, following it signs in, once, and `me` says who is there."""
    elsewhere = Browser(stack.api)
    opened = opens(stack, elsewhere, mail)
    page = fields_of(opens(stack, ada, mail))
    lands(stack, ada, "/auth/verify", page)
    again = elsewhere.submit("/auth/verify", fields_of(opened)).must_be(303)
    expect("The redirect of a used link", again.header("location"), f"{FRONTEND}/login?error=invalid_token&reason=used")
    return is_signed_in(ada, who)


def lands(stack, browser, path, fields):
    """Submitting the page leads to the dashboard; doing it again, as if the answer was lost, gives the same session."""
    sessions = []
    for _ in range(2):
        landed = browser.submit(path, fields).must_be(303).header("location")
        expect("The redirect after signing in", landed, f"{FRONTEND}{stack.parameters['DashboardPath']}")
        sessions.append(browser.get("/auth/me").must_be(200).json()["session"])
    expect("The session after a repeat", sessions[1], sessions[0])


def is_signed_in(browser, who):
    """`me` says who is there; returns the id."""
    me = browser.get("/auth/me").must_be(200).json()
    expect("The signed-in user", {name: me[name] for name in admin.SHOWN}, {name: who[name] for name in admin.SHOWN})
    return me["id"]


def code(stack, mailbox, address):
    """A second browser signs in with the code, after a wrong one; returns that browser."""
    browser = Browser(stack.api)
    count = len(mailbox.to(address))
    asks(browser, address)
    mail = mailbox.wait(address, count + 1)
    wrong = "0000 0000" if mail.code != "0000 0000" else "1111 1111"
    browser.send("/auth/verify", {"code": wrong}).must_refuse(400, "invalid-token")
    signed_in = browser.send("/auth/verify", {"code": mail.code}).must_be(200).json()
    expect("The user signed in by the code", signed_in["user"]["email"], address)
    browser.get("/auth/me").must_be(200)
    return browser


def leaves(browser, other):
    """Signing out ends this session at once, even for a kept cookie, and no other session."""
    kept = dict(browser.cookies)
    browser.send("/auth/logout").must_be(200)
    expect("The session cookies after signing out", [name for name in browser.cookies if name.endswith(".sid")], [])
    browser.cookies = kept
    browser.get("/auth/me").must_be(401)
    other.get("/auth/me").must_be(200)
