"""Our functions as they were built, and the requests that are measured."""

import pathlib
import subprocess
import tempfile

from .events import event
from .portal import HOST, PASSWORD, USER, Portal
from .runtime import FunctionError, FunctionProcess

ROOT = pathlib.Path(__file__).resolve().parents[4]
BUILT = ROOT / "target" / "deployed" / "build"
# Each request by the function's package, and the function's name in the template.
FUNCTIONS = {"me": "Me", "request-login": "RequestLogin", "verify": "Verify", "sign-in": "SignIn"}


def build_portal(profile="debug"):
    """Builds the local portal and returns its binary. A release build leaves more of the caches to who calls it."""
    release = ["--release"] if profile == "release" else []
    subprocess.run(["cargo", "build", "--locked", "--quiet", "-p", "local", *release], cwd=ROOT, check=True)
    return ROOT / "target" / profile / "local"


class Vestibule:
    """Functions that use the AWS stub of a portal, and a user of it."""

    name = "vestibule"
    requests = tuple(FUNCTIONS)

    def __init__(self, portal, built=BUILT, parameters=()):
        self.built = pathlib.Path(built)
        self.logs = tempfile.TemporaryDirectory(prefix="vestibule-")
        self.portal = Portal(portal, parameters)
        self.tokens = []
        self.requester = None

    def __enter__(self):
        try:
            self.portal.set_password()
        except BaseException:
            self.portal.stop()
            raise
        return self

    def __exit__(self, *_):
        if self.requester:
            self.requester.close()
        self.portal.stop()
        self.logs.cleanup()

    def binary(self, name):
        """Returns the path of a function in the output of `sam build`, or of `cargo build`."""
        paths = [self.built / FUNCTIONS[name] / "bootstrap", self.built / name]
        found = next((path for path in paths if path.is_file()), None)
        if found is None:
            raise FunctionError(f"{paths[0]} is missing. infra/deployed/run builds it.")
        return found

    def start(self, name, wrapper=()):
        """Starts a function, as the last argument of the command `wrapper` if there is one."""
        log = f"{self.logs.name}/{name}.log"
        return FunctionProcess([*wrapper, str(self.binary(name))], self.portal.environment(name), log)

    def prepare(self, name, count):
        """Gets what this many requests need: for `verify`, as many sign-in links."""
        if name != "verify":
            return
        self.requester = self.requester or self.start("request-login")
        missing = max(0, count - len(self.tokens))
        for _ in range(missing):
            self.requester.invoke(login_request(USER))
        self.tokens += [self.portal.receive_token() for _ in range(missing)]

    def event(self, name):
        """Returns the event of one more request, which must be answered with 200."""
        if name == "me":
            return event("GET", "/auth/me", HOST, cookies=[self.portal.session()])
        if name == "request-login":
            # The function does not look the address up, and the mailer sends nothing to this one.
            return login_request("eve@example.com")
        if name == "verify":
            return event("POST", "/auth/verify", HOST, {"token": self.tokens.pop()})
        return event("POST", "/auth/sign-in", HOST, {"email": USER, "password": PASSWORD})

    def visitor(self, _process):
        """Returns the user."""
        return self

    def check(self, answer):
        """Returns the answer.

        Raises FunctionError unless the response is 200.
        """
        if answer.response["statusCode"] != 200:
            raise FunctionError(f"A function answers with {answer.response}")
        return answer


def login_request(email):
    """Returns the event of a request for a sign-in link."""
    return event("POST", "/auth/request-login", HOST, {"email": email})
