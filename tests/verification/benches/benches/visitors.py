"""Users of the peers, and the requests that they make."""

import json
from urllib.parse import urlencode

from .events import event
from .portal import HOST, PASSWORD, USER

LANDING = f"https://{HOST}/in"


class Visitor:
    """A user of a function that always gives the same answer."""

    def __init__(self, process):
        self.process = process

    def prepare(self, request, count):
        """Gets what this many requests need."""

    def event(self, _request):
        """Returns the event of one more request."""
        return event("GET", "/auth/me", HOST)

    def check(self, answer):
        """Returns the answer.

        Raises ValueError if it is not that of a successful request.
        """
        if answer.response["statusCode"] not in (200, 302):
            raise ValueError(f"A peer answers with {str(answer.response)[:500]}")
        return answer


class LibraryVisitor(Visitor):
    """A user who signs in."""

    def __init__(self, process):
        super().__init__(process)
        self.tokens, self.cookies = [], []

    def prepare(self, request, count):
        if request == "verify":
            self.tokens = [self._token() for _ in range(count)]
        elif request == "me":
            self.cookies = cookies(self._send(self.verify(self._token())))
        elif request == "sign-in":
            self._send(self.register())

    def event(self, request):
        if request == "verify":
            return self.verify(self.tokens.pop())
        return getattr(self, request.replace("-", "_"))()

    def _token(self):
        return self._send(self.request_login()).response["headers"]["x-peer-token"]

    def _send(self, made):
        return self.check(self.process.invoke(made))


class AuthJs(LibraryVisitor):
    """A user of Auth.js, whose forms carry a token against cross-site requests."""

    def __init__(self, process):
        super().__init__(process)
        answer = self._send(event("GET", "/auth/csrf", HOST))
        self.csrf, self.csrf_cookies = json.loads(answer.response["body"])["csrfToken"], cookies(answer)

    def request_login(self):
        form = urlencode({"csrfToken": self.csrf, "email": USER, "callbackUrl": LANDING})
        headers = {"x-auth-return-redirect": "1"}
        return event("POST", "/auth/signin/email", HOST, form, self.csrf_cookies, headers=headers)

    def verify(self, token):
        query = urlencode({"callbackUrl": LANDING, "token": token, "email": USER})
        return event("GET", "/auth/callback/email", HOST, cookies=self.csrf_cookies, query=query)

    def me(self):
        return event("GET", "/auth/session", HOST, cookies=self.cookies)


class BetterAuth(LibraryVisitor):
    """A user of Better Auth."""

    def register(self):
        return event("POST", "/auth/sign-up/email", HOST, {"email": USER, "password": PASSWORD, "name": "Ada"})

    def request_login(self):
        return event("POST", "/auth/sign-in/magic-link", HOST, {"email": USER, "callbackURL": LANDING})

    def verify(self, token):
        query = urlencode({"token": token, "callbackURL": LANDING})
        return event("GET", "/auth/magic-link/verify", HOST, query=query)

    def me(self):
        return event("GET", "/auth/get-session", HOST, cookies=self.cookies)

    def sign_in(self):
        return event("POST", "/auth/sign-in/email", HOST, {"email": USER, "password": PASSWORD})


class Express(LibraryVisitor):
    """A user of Express with express-session."""

    def register(self):
        return event("POST", "/auth/register", HOST, {"email": USER, "password": PASSWORD})

    def request_login(self):
        return event("POST", "/auth/request-login", HOST, {"email": USER})

    def verify(self, token):
        return event("GET", "/auth/verify", HOST, query=f"token={token}")

    def me(self):
        return event("GET", "/auth/me", HOST, cookies=self.cookies)

    def sign_in(self):
        return event("POST", "/auth/sign-in", HOST, {"email": USER, "password": PASSWORD})


def cookies(answer):
    """Returns the cookies that an answer sets, as `name=value`."""
    response = answer.response
    lines = response.get("cookies") or response.get("multiValueHeaders", {}).get("set-cookie", [])
    return [line.split(";", 1)[0] for line in lines]
