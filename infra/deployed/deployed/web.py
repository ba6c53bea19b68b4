"""Browsers and programs that call the API by its host name, through the emulator's port."""

import http.client
import json
import urllib.parse

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from .checks import Failure, expect, require
from .paths import REGION

JSON = {"content-type": "application/json"}
FORM = {"content-type": "application/x-www-form-urlencoded"}
PROBLEM = "urn:vestibule:problem:"


class Response:
    """The response to a request. `request` describes the request in failures."""

    def __init__(self, request, status, headers, body):
        self.request, self.status, self.headers, self.body = request, status, headers, body

    def expect_status(self, status):
        """Fails unless the response has this status. Returns the response."""
        require(self.status == status, f"{self.request} returned {self.status}, not {status}: {self.body[:400]}")
        return self

    def expect_problem(self, status, problem):
        """Fails unless the response is a problem document with this status and type. Returns the response."""
        self.expect_status(status)
        expect(f"The problem type of {self.request}", self.json()["type"], f"{PROBLEM}{problem}")
        return self

    def header(self, name):
        """Returns the value of a header, or None."""
        return next((value for each, value in self.headers if each == name), None)

    def json(self):
        """Returns the body as JSON."""
        return json.loads(self.body)


class Api:
    """The API at `url`. Requests go to the emulator's port without TLS, as with curl's --connect-to."""

    def __init__(self, url, port):
        self.url, self.port = url, port
        self.host = urllib.parse.urlsplit(url).hostname

    def call(self, method, path, headers=None, body=None):
        """Sends a request and returns the response."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, body=body, headers={"host": self.host} | (headers or {}))
            response = connection.getresponse()
            text = response.read().decode()
        finally:
            connection.close()
        headers = [(name.lower(), value) for name, value in response.getheaders()]
        return Response(f"{method} {path.split('?')[0][:60]} at {self.host}", response.status, headers, text)

    def signed(self, principal, method, path, body=None):
        """Sends a request that `principal` has signed with SigV4, and returns the response."""
        content = json.dumps(body) if body is not None else None
        request = AWSRequest(method=method, url=self.url + path, data=content, headers=JSON if content else {})
        credentials = Credentials(principal.key, principal.secret)
        SigV4Auth(credentials, "execute-api", REGION).add_auth(request)
        return self.call(method, path, dict(request.headers.items()), content)


class Browser:
    """A browser that stores cookies as RFC 6265bis says, and does not follow redirects by itself."""

    # All cookies that any browser was given, and all passwords that its user entered.
    secrets = set()

    def __init__(self, api, cookies=None):
        self.api = api
        self.cookies = dict(cookies or {})

    def copy(self):
        """Returns another browser with the cookies that this one has now."""
        return Browser(self.api, self.cookies)

    def get(self, path):
        """Opens a page."""
        return self._call("GET", path, {})

    def send(self, path, body=None, origin=None):
        """Posts JSON, as a page of `origin` does, or as a program does if there is none."""
        content = None if body is None else json.dumps(body)
        return self._call("POST", path, JSON | ({"origin": origin} if origin else {}), content)

    def delete(self, path, origin):
        """Sends a DELETE request, as a page of `origin` does."""
        return self._call("DELETE", path, JSON | {"origin": origin})

    def submit(self, path, fields):
        """Submits a form of one of the API's own pages."""
        headers = FORM | {"origin": self.api.url, "sec-fetch-site": "same-origin"}
        return self._call("POST", path, headers, urllib.parse.urlencode(fields))

    def _call(self, method, path, headers, body=None):
        headers = headers | {"user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}
        if self.cookies:
            headers |= {"cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        response = self.api.call(method, path, headers, body)
        for name, value in response.headers:
            if name == "set-cookie":
                self._store(value)
        return response

    def _store(self, header):
        pair, *rest = [part.strip() for part in header.split(";")]
        name, _, value = pair.partition("=")
        attributes = {key.lower(): content for key, _, content in (part.partition("=") for part in rest)}
        is_bound = name.startswith("__Host-") and "secure" in attributes and attributes.get("path") == "/"
        if not is_bound or "domain" in attributes:
            raise Failure(f"The cookie {name} is not bound to its host, as `__Host-` requires: {'; '.join(rest)}.")
        is_hidden = "httponly" in attributes and attributes.get("samesite") == "Lax"
        require(is_hidden, f"The cookie {name} must be HttpOnly and SameSite=Lax.")
        if int(attributes.get("max-age", 1)) <= 0:
            self.cookies.pop(name, None)
        else:
            self.cookies[name] = value
            self.secrets.update(value.split(".") if name.endswith(".requests") else [value])
