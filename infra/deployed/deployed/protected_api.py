"""A team's own API behind the authorizer: the template of `examples/protected-api`, deployed beside a portal."""

import json

from . import accounts, journey
from .checks import expect, require
from .paths import PROTECTED_API
from .stack import Stack
from .web import Browser

PATH = "/api/orders"


class ProtectedApi(Stack):
    """The stack of an API beside a portal. It imports the portal's outputs, so it must be deleted first."""

    def __init__(self, portal):
        parameters = {"PortalStack": portal.name, "FrontendUrl": portal.parameters["FrontendUrl"]}
        if domain := portal.parameters.get("ApiDomainName"):
            parameters["ApiDomainName"] = domain
        super().__init__(f"{portal.name}-api", parameters, portal.steps, portal.emulator, portal.deployer)
        self.portal = portal

    def deploy(self):
        """Creates the stack. The authorizer must allow every API of the account to invoke it, which the emulator does
        not check."""
        self._deploy(PROTECTED_API, self.parameters)
        client = self.emulator.client("lambda", self.deployer)
        policy = json.loads(client.get_policy(FunctionName=self.portal.physical("Authorizer"))["Policy"])
        account = self.describe()["StackId"].split(":")[4]
        grants = [(each["Principal"], each["Action"], each["Condition"]) for each in policy["Statement"]]
        expect("Who may invoke the authorizer", grants, [(
            {"Service": "apigateway.amazonaws.com"}, "lambda:InvokeFunction",
            {"StringEquals": {"AWS:SourceAccount": account}})])  # fmt: skip

    def call(self, headers, method="GET"):
        """Calls the API with these headers. Returns the response."""
        return self.api.call(method, PATH, headers)


def check_access(protected, mailbox, back_end, who):
    """A cookie and a bearer token of a live session reach the API, with who the user is. Nothing else does.
    Returns the user's id."""
    user = back_end.create(who)
    browser = journey.sign_in(protected.portal, mailbox, who["email"])
    cookie, bearer = headers_of(browser)
    for headers in ({}, {"cookie": "a=b"}, {"cookie": f"{cookie['cookie']}x"}, cookie | bearer):
        expect("The response without a session", protected.call(headers).expect_status(401).json(),
               {"message": "Unauthorized"})  # fmt: skip
    me = browser.get("/auth/me").expect_status(200).json()
    for headers in (cookie, bearer):
        _check_context(protected.call(headers).expect_status(200).json(), user, me)
    for origin, status in ((journey.OTHER_ORIGIN, 403), (journey.FRONTEND, 200)):
        protected.call(cookie | {"origin": origin}, "POST").expect_status(status)
        protected.call(cookie | {"origin": origin}).expect_status(200)
    return user


def check_ends(protected, mailbox, back_end, user, address):
    """Whatever ends a session, the next request to the API is refused, and a new session works."""

    def end(act):
        browser = journey.sign_in(protected.portal, mailbox, address)
        for headers in headers_of(browser):
            protected.call(headers).expect_status(200)
        headers = headers_of(browser)
        act(browser)
        for each in headers:
            protected.call(each).expect_status(401)

    def set_status(status):
        back_end.call("PATCH", f"/{user}", {"status": status}).expect_status(200)

    end(lambda browser: browser.send("/auth/logout").expect_status(200))
    end(lambda _: back_end.call("DELETE", f"/{user}/sessions").expect_status(204))
    end(lambda _: set_status("suspended"))
    set_status("active")
    end(lambda _: _reset_password(protected.portal, mailbox, address))
    end(lambda _: back_end.call("DELETE", f"/{user}").expect_status(204))


def check_separation(protected, other):
    """A session of another portal is refused, by whatever name its cookie goes."""
    cookie, bearer = headers_of(other)
    name = f"__Host-{protected.portal.parameters['Portal']}.sid"
    renamed = {"cookie": f"{name}={_token(other)}"}
    for headers in (cookie, bearer, renamed):
        protected.call(headers).expect_status(401)


def check_one_host(protected, browser):
    """The API has the portal's own host, so a browser sends it the session cookie by itself. Signing out there ends
    the session here."""
    expect("The API's host", protected.api.host, browser.api.host)
    me = browser.get("/auth/me").expect_status(200).json()
    _check_context(browser.get(PATH).expect_status(200).json(), me["id"], me)
    require(browser.send(PATH, {}, journey.OTHER_ORIGIN).status == 403, "A foreign page could use the cookie.")
    left = browser.copy()
    browser.send("/auth/logout").expect_status(200)
    for each in (browser, left, Browser(browser.api)):
        each.get(PATH).expect_status(401)


def headers_of(browser):
    """Returns the headers that present the browser's session: as a cookie, and as a bearer token."""
    [pair] = [f"{name}={value}" for name, value in browser.cookies.items() if name.endswith(".sid")]
    return {"cookie": f"theme=dark; {pair}"}, {"authorization": f"Bearer {_token(browser)}"}


def _check_context(context, user, me):
    shown = {"user_id": user, "email": me["email"], "role": me["role"], "session_id": me["session"]["id"]}
    expect("Who the API sees", {name: context[name] for name in shown}, shown)
    expect("The resources", json.loads(context["resources"]), me["resources"])
    expect("How the user signed in", [context["amr"]], me["session"]["amr"])
    require(0 <= context["session_age"] < 600, f"The session's age is wrong: {context}")
    require(context["auth_time"] > 1_700_000_000, f"The time of the sign-in is wrong: {context}")


def _reset_password(portal, mailbox, address):
    browser, count = Browser(portal.api), len(mailbox.to(address))
    browser.send("/auth/forgot-password", {"email": address}, journey.FRONTEND).expect_status(200)
    token = mailbox.wait(address, count + 1).token
    browser.secrets.add(accounts.FIRST)
    body = {"token": token, "password": accounts.FIRST}
    browser.send("/auth/reset-password", body, journey.FRONTEND).expect_status(200)
    # The notice that the password was changed.
    mailbox.wait(address, count + 2)


def _token(browser):
    [token] = [value for name, value in browser.cookies.items() if name.endswith(".sid")]
    return token
