"""Accounts with a password: the invitation, the first password, signing in, and the reset."""

from . import journey
from .checks import expect
from .web import Browser

FIRST = "the heron waits below the weir"
SECOND = "eleven plums in a wicker basket"
WRONG = "a lantern for nobody at all"
WEAK = "password password password"


def check_subject(stack, email, subject):
    """The email has this subject, with the portal's name in place of `{}`."""
    expect("The subject of the email", email.subject, subject.format(stack.parameters["PortalName"]))


def activate(stack, browser, email, password):
    """Opens the link of an invitation and sets a password, after a weak one was refused. The browser is signed in
    then."""
    check_subject(stack, email, "Choose your {} password")
    page = journey.fields_of(journey.open_link(stack, browser, email))
    weak = {"token": page["token"], "password": WEAK}
    browser.send("/auth/activate", weak, journey.FRONTEND).expect_problem(422, "weak-password")
    browser.secrets.add(password)
    journey.submit_twice(stack, browser, "/auth/activate", page | {"password": password})


def sign_in(browser, address, password):
    """Sends an address and a password on the frontend. Returns the response."""
    browser.secrets.add(password)
    return browser.send("/auth/sign-in", {"email": address, "password": password}, journey.FRONTEND)


def check_invitation(stack, mailbox, back_end, who):
    """An invited user is emailed a link, which sets the first password and signs in. Returns the browser."""
    user = back_end.create(who)
    browser = Browser(stack.api)
    activate(stack, browser, mailbox.wait(who["email"], 1), FIRST)
    expect("The invited user", journey.check_me(browser, who), user)
    return browser


def check_password(browser, address, unknown):
    """After signing out, the password signs in. A wrong one gets the same response as an unknown address."""
    browser.send("/auth/logout").expect_status(200)
    browser.get("/auth/me").expect_problem(401, "not-authenticated")
    wrong = sign_in(browser, address, WRONG).expect_problem(401, "invalid-credentials")
    other = sign_in(browser, unknown, WRONG)
    expect("The response for an unknown address", (other.status, other.body), (wrong.status, wrong.body))
    signed_in = sign_in(browser, address, FIRST).expect_status(200).json()
    expect("The user signed in by the password", signed_in["user"]["email"], address)
    browser.get("/auth/me").expect_status(200)


def check_reset(stack, mailbox, signed_in, address, unknown):
    """An emailed link sets a new password. That ends the current session, and only the new password signs in then.
    Returns a browser that is signed in."""
    browser = Browser(stack.api)

    def request_reset(email):
        return browser.send("/auth/forgot-password", {"email": email}, journey.FRONTEND).expect_status(200)

    known, other = request_reset(address), request_reset(unknown)
    expect("The response for an unknown address", other.body, known.body)
    email = mailbox.wait(address, 2)
    check_subject(stack, email, "Reset your {} password")
    page = journey.fields_of(journey.open_link(stack, browser, email))
    signed_in.get("/auth/me").expect_status(200)

    browser.secrets.add(SECOND)
    submitted = browser.submit("/auth/reset-password", page | {"password": SECOND}).expect_status(303)
    expect("The redirect after a password reset", submitted.header("location"),
           f"{stack.api.url}/auth/sign-in?notice=password-changed")  # fmt: skip
    signed_in.get("/auth/me").expect_problem(401, "not-authenticated")
    sign_in(browser, address, FIRST).expect_problem(401, "invalid-credentials")
    sign_in(browser, address, SECOND).expect_status(200)
    browser.get("/auth/me").expect_status(200)

    again = {"token": page["token"], "password": FIRST}
    Browser(stack.api).send("/auth/reset-password", again).expect_problem(410, "used-token")
    check_notice(stack, mailbox.wait(address, 3), "Your {} password was changed")
    return browser


def check_notice(stack, notice, subject):
    """A notice has this subject, a link that reports it, and no code."""
    check_subject(stack, notice, subject)
    expect("The page of the link in a notice", notice.link, f"{stack.api.url}/auth/report/{notice.token}")
    expect("The code in a notice", notice.code, None)
