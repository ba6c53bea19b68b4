"""Signing in with links and codes, through the API's host name and with the real binaries."""

import re
import urllib.parse

from . import admin
from .checks import expect, require
from .tables import Tables
from .web import Browser

FRONTEND = "https://portal.example.com"
OTHER_ORIGIN = "https://elsewhere.example.net"


def check_origins(stack):
    """Only the frontend gets CORS headers and may post, and nothing is shown without a session."""
    preflight = {"access-control-request-method": "POST", "access-control-request-headers": "content-type"}
    allowed = stack.api.call("OPTIONS", "/auth/request-login", preflight | {"origin": FRONTEND}).expect_status(204)
    expect("The allowed origin", allowed.header("access-control-allow-origin"), FRONTEND)
    expect("Access-Control-Allow-Credentials", allowed.header("access-control-allow-credentials"), "true")
    refused = stack.api.call("OPTIONS", "/auth/request-login", preflight | {"origin": OTHER_ORIGIN})
    expect("The allowed origin for another origin", refused.header("access-control-allow-origin"), None)
    posted = Browser(stack.api).send("/auth/request-login", {"email": "x@example.com"}, OTHER_ORIGIN)
    posted.expect_problem(403, "origin-not-allowed")
    stack.api.call("GET", "/auth/me").expect_problem(401, "not-authenticated")


def check_unrouted(stack):
    """HEAD is answered as GET, a slash at the end redirected, and what does not exist a problem or a page."""
    head = stack.api.call("HEAD", "/auth/sign-in").expect_status(200)
    expect("The page for HEAD", (head.header("content-type"), head.body), ("text/html; charset=utf-8", ""))
    moved = stack.api.call("GET", "/auth/sign-in/?next=%2F").expect_status(308)
    expect("The path without a slash", moved.header("location"), f"{stack.api.url}/auth/sign-in?next=%2F")
    stack.api.call("GET", "/nothing").expect_problem(404, "not-found")
    page = stack.api.call("GET", "/nothing", {"accept": "text/html"}).expect_status(404)
    require("<h1>Page not found</h1>" in page.body, "A browser gets no page for a path that does not exist.")


def request_email(browser, address):
    """Requests a sign-in email on the frontend. Returns the response."""
    return browser.send("/auth/request-login", {"email": address}, FRONTEND).expect_status(200)


def request_emails(stack, address, unknown):
    """A known and an unknown address get the same response. Returns the browser that requested the known one."""
    browser = Browser(stack.api)
    known, other = request_email(browser, address), request_email(Browser(stack.api), unknown)

    def visible(response):
        return response.status, response.body, sorted(name for name, _ in response.headers)

    expect("The response for an unknown address", visible(other), visible(known))
    expect("The frontend's allowed origin", known.header("access-control-allow-origin"), FRONTEND)
    return browser


def wait_for_email(mailbox, browser, address):
    """Requests a sign-in email and returns it."""
    count = len(mailbox.to(address))
    request_email(browser, address)
    return mailbox.wait(address, count + 1)


def path_of(stack, email):
    """Returns the path of the link in an email. The link must have the stack's own origin."""
    require(email.link is not None, f"The email has no link: {email.subject}")
    url = urllib.parse.urlsplit(email.link)
    expect("The origin of the emailed link", f"{url.scheme}://{url.netloc}", stack.api.url)
    return url.path


def fields_of(page):
    """Returns the hidden fields of a link's page."""
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]+)"', page.body))


def open_link(stack, browser, email):
    """Opens the link in an email, which must change nothing. Returns the page."""
    tables = Tables(stack)
    before = tables.rows("links")
    page = browser.get(path_of(stack, email)).expect_status(200)
    require(page.header("content-type").startswith("text/html"), "The page behind the link is not HTML.")
    require(page.header("set-cookie") is None, "Opening a link sets a cookie, but must not.")
    after = tables.rows("links")
    expect("The rows changed by opening a link", [each for each in before if each not in after], [])
    return page


def follow_link(stack, browser, email):
    """Opens the link in an email and submits its page. Returns the response."""
    require(email.code is not None, "The email has no code.")
    require(email.code not in email.subject, "The code is in the subject of its email.")
    return browser.submit("/auth/verify", fields_of(open_link(stack, browser, email))).expect_status(303)


def sign_in(stack, mailbox, address):
    """Signs in with a link. Returns the browser."""
    browser = Browser(stack.api)
    follow_link(stack, browser, wait_for_email(mailbox, browser, address))
    browser.get("/auth/me").expect_status(200)
    return browser


def check_link(stack, browser, email, who):
    """A link that was only opened still works, signs in once, and `me` returns the user. Returns the user's id."""
    other = Browser(stack.api)
    opened = open_link(stack, other, email)
    page = fields_of(open_link(stack, browser, email))
    submit_twice(stack, browser, "/auth/verify", page)
    again = other.submit("/auth/verify", fields_of(opened)).expect_status(303)
    used = f"{stack.api.url}{path_of(stack, email)}?error=used-token"
    expect("The redirect of a used link", again.header("location"), used)
    return check_me(browser, who)


def submit_twice(stack, browser, path, fields):
    """A page that signs in redirects to the dashboard. Submitting it again, as if the response was lost, returns the
    same session."""
    sessions = []
    for _ in range(2):
        location = browser.submit(path, fields).expect_status(303).header("location")
        expect("The redirect after signing in", location, f"{FRONTEND}{stack.parameters['DashboardPath']}")
        sessions.append(browser.get("/auth/me").expect_status(200).json()["session"])
    expect("The session after a repeat", sessions[1], sessions[0])


def check_me(browser, who):
    """`me` returns this user. Returns the user's id."""
    me = browser.get("/auth/me").expect_status(200).json()
    expect("The signed-in user", {name: me[name] for name in admin.SHOWN}, {name: who[name] for name in admin.SHOWN})
    return me["id"]


def check_code(stack, mailbox, address):
    """A second browser signs in with the code, after a wrong one. Returns that browser."""
    browser = Browser(stack.api)
    email = wait_for_email(mailbox, browser, address)
    wrong = "0000 0000" if email.code != "0000 0000" else "1111 1111"
    browser.send("/auth/verify", {"code": wrong}).expect_problem(400, "invalid-token")
    signed_in = browser.send("/auth/verify", {"code": email.code}).expect_status(200).json()
    expect("The user signed in by the code", signed_in["user"]["email"], address)
    browser.get("/auth/me").expect_status(200)
    return browser


def check_sign_out(browser, other):
    """Signing out ends this session at once, even for a copied cookie, and no other session."""
    copied = dict(browser.cookies)
    browser.send("/auth/logout").expect_status(200)
    expect("The session cookies after signing out", [name for name in browser.cookies if name.endswith(".sid")], [])
    browser.cookies = copied
    browser.get("/auth/me").expect_status(401)
    other.get("/auth/me").expect_status(200)
