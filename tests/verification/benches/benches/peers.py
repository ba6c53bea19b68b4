"""What our functions are measured beside: libraries for Node with their data in Maps, and the floors of Node and Rust."""

import json
import pathlib
import subprocess
import tempfile
from urllib.parse import urlencode

from .events import event
from .portal import HOST, PASSWORD, USER
from .runtime import FunctionProcess
from .vestibule import ROOT

SOURCES = pathlib.Path(__file__).resolve().parents[1] / "peers"
BUNDLES = ROOT / "target" / "benches" / "peers"
ORIGIN = f"https://{HOST}"
LANDING = f"{ORIGIN}/in"
ESBUILD = """--bundle --minify --tree-shaking=true --platform=node --target=node20 --format=esm --legal-comments=none
    --main-fields=module,main --define:process.env.NODE_ENV="production" --log-level=error
    --banner:js=import{createRequire}from'node:module';const/**/require=createRequire(import.meta.url);""".split()
# The limits that Lambda gives to Node in a function of 256 MB.
NODE = ["node", "--max-semi-space-size=12", "--max-old-space-size=231"]
ENVIRONMENT = {"NODE_ENV": "production", "AUTH_SECRET": "kD0c8r2Qm5vXw9Tz7Lh4Bn6Yp1Se3Gu-aJfRiOqWtK"}


def build_echo():
    """Builds the floor of Rust, with the profile of our functions."""
    subprocess.run(["cargo", "build", "--locked", "--quiet", "--release", "-p", "echo"], cwd=ROOT, check=True)


def build_bundles():
    """Installs the libraries for Node, and bundles each peer to a module."""
    subprocess.run(["npm", "ci", "--silent", "--no-audit", "--no-fund"], cwd=SOURCES, check=True)
    for name in ("auth-js", "better-auth", "express", "bare", "runtime"):
        command = ["node_modules/.bin/esbuild", f"{name}.mjs", *ESBUILD, f"--outfile={BUNDLES}/{name}/index.mjs"]
        subprocess.run(command, cwd=SOURCES, check=True)


class Peer:
    """A function to compare with, and the requests that it can answer."""

    requests = ("me",)
    build = staticmethod(build_bundles)

    def __init__(self, name):
        self.name = name
        self.logs = tempfile.TemporaryDirectory(prefix="peer-")

    @property
    def package(self):
        """The file that is uploaded."""
        return BUNDLES / self.name / "index.mjs"

    def command(self):
        """Returns the command that starts the function."""
        return [*NODE, str(BUNDLES / "runtime" / "index.mjs"), str(self.package)]

    def start(self, _request):
        """Starts the function, which answers all requests."""
        return FunctionProcess(self.command(), ENVIRONMENT, f"{self.logs.name}/log")

    def visitor(self, process):
        """Returns a user of the process."""
        return Visitor(process)


class Echo(Peer):
    """The floor of a function in Rust."""

    package = ROOT / "target" / "release" / "echo"
    build = staticmethod(build_echo)

    def command(self):
        return [str(self.package)]


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


class Library(Peer):
    """A library for Node."""

    def __init__(self, name, visitor, requests):
        super().__init__(name)
        self.visitor, self.requests = visitor, requests


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


ECHO = "echo"
AUTH_JS = "auth-js"
LABELS = {
    "vestibule": "Vestibule",
    ECHO: "echo (Rust)",
    AUTH_JS: "Auth.js",
    "better-auth": "Better Auth",
    "express": "Express",
    "bare": "bare Node",
}


def all_peers():
    """Returns all peers."""
    links, passwords = ("me", "request-login", "verify"), ("me", "request-login", "verify", "sign-in")
    return [
        Echo(ECHO),
        Library(AUTH_JS, AuthJs, links),
        Library("better-auth", BetterAuth, passwords),
        Library("express", Express, passwords),
        Peer("bare"),
    ]
