"""Authentication for schemathesis: a session as a bearer token, and AWS signatures for /admin."""

import copy
import datetime
import hashlib
import hmac
import os
import threading
import urllib.parse

import requests
import schemathesis
from schemathesis.generation.meta import CoverageScenario
from schemathesis.specs.openapi.checks import negative_data_rejection

PORTAL = os.environ["PORTAL"]
PASSWORD = "correct horse battery staple 42"
# The only access key of the local portal, and its secret.
KEY = "local"


class SigV4(requests.auth.AuthBase):
    """Signs a request with Signature Version 4 for execute-api."""

    def __call__(self, request):
        date = datetime.datetime.now(datetime.UTC).strftime("%Y%m%dT%H%M%SZ")
        url = urllib.parse.urlsplit(request.url)
        query = sorted(
            f"{quote(name)}={quote(value)}"
            for name, value in urllib.parse.parse_qsl(url.query, keep_blank_values=True)
        )
        body = request.body or b""
        body = body.encode() if isinstance(body, str) else body
        canonical = [
            request.method,
            urllib.parse.quote(url.path or "/", safe="/-_.~"),
            "&".join(query),
            f"host:{url.netloc}",
            f"x-amz-date:{date}",
            "",
            "host;x-amz-date",
            hashlib.sha256(body).hexdigest(),
        ]
        digest = hashlib.sha256("\n".join(canonical).encode()).hexdigest()
        scope = f"{date[:8]}/us-east-1/execute-api/aws4_request"
        key = f"AWS4{KEY}".encode()
        for part in [*scope.split("/"), f"AWS4-HMAC-SHA256\n{date}\n{scope}\n{digest}"]:
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        request.headers["x-amz-date"] = date
        request.headers["authorization"] = (
            f"AWS4-HMAC-SHA256 Credential={KEY}/{scope}, "
            f"SignedHeaders=host;x-amz-date, Signature={key.hex()}"
        )
        return request


def quote(text):
    return urllib.parse.quote(text, safe="-_.~")


class Session:
    """A session of a user with a password. It is replaced once a request has ended it."""

    def __init__(self):
        self.lock = threading.Lock()
        self.users = 0
        self.email = None
        self.token = None

    def current(self):
        with self.lock:
            if not self.is_live():
                self.token = self.sign_in() or self.activate()
            return self.token

    def fresh(self):
        """Returns a session that a request may end."""
        with self.lock:
            return self.sign_in() or self.activate()

    def is_live(self):
        headers = {"authorization": f"Bearer {self.token}"}
        return self.token and requests.get(f"{PORTAL}/auth/me", headers=headers).ok

    def sign_in(self):
        return self.email and self.token_of("sign-in", {"email": self.email, "password": PASSWORD})

    def activate(self):
        """Creates another user and accepts their invitation."""
        self.users += 1
        self.email = f"user-{self.users}@example.com"
        user = {"email": self.email, "name": "Ada Lovelace"}
        requests.post(f"{PORTAL}/admin/users", json=user, auth=SigV4()).raise_for_status()
        while not (emails := [one for one in inbox() if one["to"] == self.email]):
            pass
        token = emails[-1]["links"][0].rsplit("/", 1)[1]
        return self.token_of("activate", {"token": token, "password": PASSWORD})

    @staticmethod
    def token_of(route, body):
        response = requests.post(f"{PORTAL}/auth/{route}", json={**body, "transport": "bearer"})
        return response.json()["session"]["token"] if response.ok else None


def inbox():
    return requests.get(f"{PORTAL}/_local/inbox").json()


SESSION = Session()
schemathesis.auth.set_from_requests(SigV4()).apply_to(path_regex="^/admin/")


@(
    schemathesis.auth(refresh_interval=None)
    .apply_to(tag=["session", "tokens"])
    .apply_to(operation_id=["accountPage", "confirmPage"])
)
class Bearer:
    def get(self, case, context):
        return SESSION.current()

    def set(self, case, data, context):
        case.headers["Authorization"] = f"Bearer {data}"


@schemathesis.hook
def before_call(context, case, kwargs):
    """Sends everything as a page of the portal does. Logging out ends a session of its own."""
    case.headers["Sec-Fetch-Site"] = "same-origin"
    if case.operation.path == "/auth/logout":
        case.headers["Authorization"] = f"Bearer {SESSION.fresh()}"


@schemathesis.deserializer("text/*", "image/svg+xml")
def text(context, response):
    return response.content.decode()


@schemathesis.check
def rejected_form(ctx, response, case):
    """A form with invalid data goes back to a page with the problem in its query, or to the page
    that signs in or confirms."""
    location = response.headers.get("location", [""])[0]
    needs_session = "session" in case.operation.tags and location.endswith(("/sign-in", "/confirm"))
    if response.status_code == 303 and "error=" not in location and not needs_session:
        accepted = copy.copy(response)
        accepted.status_code = 200
        negative_data_rejection(ctx, accepted, case)


@schemathesis.hook
def filter_path_parameters(ctx, path_parameters):
    """An HTTP API cuts a path off at a question mark, encoded or not: the request is for another route."""
    return not any("?" in urllib.parse.unquote(str(value)) for value in (path_parameters or {}).values())


@schemathesis.check
def undeclared_method(ctx, response, case):
    """A method that a path does not have is answered with 404."""
    data = case.meta.phase.data if case.meta else None
    if getattr(data, "scenario", None) == CoverageScenario.UNSPECIFIED_HTTP_METHOD:
        assert response.status_code == 404, "a method that is not documented"
