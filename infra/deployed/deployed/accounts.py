"""An account with a password: the invitation, the first password, signing in with it, another password."""

from . import journey
from .checks import expect
from .web import Browser

FIRST, SECOND, WRONG = "the heron waits below the weir", "eleven plums in a wicker basket", "a lantern for nobody at all"
WEAK = "password password password"


def is_subject(stack, mail, words):
    """The mail is about this, and of this portal."""
    expect("The subject of the email", mail.subject, words.format(stack.parameters["PortalName"]))


def activates(stack, browser, mail, password):
    """Opens an invitation's link and chooses a password, a weak one first: the browser is signed in."""
    is_subject(stack, mail, "Set your {} password")
    page = journey.fields_of(journey.opens(stack, browser, mail))
    weak = {"token": page["token"], "password": WEAK}
    browser.send("/auth/activate", weak, journey.FRONTEND).must_refuse(422, "weak-password")
    browser.secrets.add(password)
    journey.lands(stack, browser, "/auth/activate", page | {"password": password})


def signs_in(browser, address, password):
    """Gives address and password on the frontend; returns the answer."""
    browser.secrets.add(password)
    return browser.send("/auth/sign-in", {"email": address, "password": password}, journey.FRONTEND)


def invitation(stack, mailbox, back_end, who):
    """An invited user is mailed a link, which sets her first password and signs her in; returns her browser."""
    user = back_end.creates(who)
    browser = Browser(stack.api)
    activates(stack, browser, mailbox.wait(who["email"], 1), FIRST)
    expect("The invited user", journey.is_signed_in(browser, who), user)
    return browser


def password(browser, address, unknown):
    """After signing out, the password signs in; a wrong one gets the answer that an unknown address gets."""
    browser.send("/auth/logout").must_be(200)
    browser.get("/auth/me").must_refuse(401, "not-authenticated")
    wrong = signs_in(browser, address, WRONG).must_refuse(401, "invalid-credentials")
    nobody = signs_in(browser, unknown, WRONG)
    expect("The answer for an unknown address", (nobody.status, nobody.body), (wrong.status, wrong.body))
    signed_in = signs_in(browser, address, FIRST).must_be(200).json()
    expect("The user signed in by the password", signed_in["user"]["email"], address)
    browser.get("/auth/me").must_be(200)


def reset(stack, mailbox, signed_in, address, unknown):
    """Another password, by a mailed link: it ends the session there was, and only it signs in. Returns a browser that is."""
    browser = Browser(stack.api)
    asked = [browser.send("/auth/forgot-password", {"email": each}, journey.FRONTEND) for each in (address, unknown)]
    expect("The answer for an unknown address", asked[1].body, asked[0].must_be(200).body)
    mail = mailbox.wait(address, 2)
    is_subject(stack, mail, "Reset your {} password")
    page = journey.fields_of(journey.opens(stack, browser, mail))
    signed_in.get("/auth/me").must_be(200)

    browser.secrets.add(SECOND)
    landed = browser.submit("/auth/reset-password", page | {"password": SECOND}).must_be(303).header("location")
    expect("The redirect after a password reset", landed, f"{stack.api.url}/auth/sign-in?notice=password_changed")
    signed_in.get("/auth/me").must_refuse(401, "not-authenticated")
    signs_in(browser, address, FIRST).must_refuse(401, "invalid-credentials")
    signs_in(browser, address, SECOND).must_be(200)
    browser.get("/auth/me").must_be(200)

    again = {"token": page["token"], "password": FIRST}
    Browser(stack.api).send("/auth/reset-password", again).must_refuse(410, "used-token")
    notice = mailbox.wait(address, 3)
    is_subject(stack, notice, "Your {} password was changed")
    expect("The link and code in a notice", (notice.link, notice.code), (None, None))
    return browser
