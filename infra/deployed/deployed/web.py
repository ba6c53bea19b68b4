"""Browsers and programs that speak to the API at its own name, through the emulator's port."""

import http.client
import json
import urllib.parse

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from .checks import Failure, expect, require
from .places import REGION

JSON = {"content-type": "application/json"}
FORM = {"content-type": "application/x-www-form-urlencoded"}
PROBLEM = "urn:vestibule:problem:"


class Answer:
    """What came back."""

    def __init__(self, what, status, headers, body):
        self.what, self.status, self.headers, self.body = what, status, headers, body

    def must_be(self, status):
        """Itself, if it has this status."""
        require(self.status == status, f"{self.what} returned {self.status}, not {status}: {self.body[:400]}")
        return self

    def must_refuse(self, status, problem):
        """Itself, if it is a problem document with this status and type."""
        self.must_be(status)
        expect(f"The problem type of {self.what}", self.json()["type"], f"{PROBLEM}{problem}")
        return self

    def header(self, name):
        """The value of the header, or None."""
        return next((value for each, value in self.headers if each == name), None)

    def json(self):
        """The body as JSON."""
        return json.loads(self.body)


class Api:
    """An API at `url`, whose name leads to the emulator's port, as curl's --connect-to does. TLS is left out."""

    def __init__(self, url, port):
        self.url, self.port = url, port
        self.host = urllib.parse.urlsplit(url).hostname

    def call(self, method, path, headers=None, body=None):
        """One request, as it is."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, body=body, headers={"host": self.host} | (headers or {}))
            response = connection.getresponse()
            text = response.read().decode()
        finally:
            connection.close()
        headers = [(name.lower(), value) for name, value in response.getheaders()]
        return Answer(f"{method} {path.split('?')[0][:60]} at {self.host}", response.status, headers, text)

    def signed(self, principal, method, path, body=None):
        """One request signed with SigV4 by `principal`."""
        content = json.dumps(body) if body is not None else None
        request = AWSRequest(method=method, url=self.url + path, data=content, headers=JSON if content else {})
        credentials = Credentials(principal.key, principal.secret)
        SigV4Auth(credentials, "execute-api", REGION).add_auth(request)
        return self.call(method, path, dict(request.headers.items()), content)


class Browser:
    """Somebody's browser: keeps cookies as RFC 6265bis says, follows nothing by itself."""

    # Everything that any browser was ever given, or was told by its user, that could sign somebody in.
    secrets = set()

    def __init__(self, api, cookies=None):
        self.api = api
        self.cookies = dict(cookies or {})

    def copy(self):
        """Whoever has kept this browser's cookies as they are now."""
        return Browser(self.api, self.cookies)

    def get(self, path):
        """Opens a page."""
        return self._call("GET", path, {})

    def send(self, path, body=None, origin=None):
        """Posts JSON, as a page of `origin` does; without one as a program does."""
        content = None if body is None else json.dumps(body)
        return self._call("POST", path, JSON | ({"origin": origin} if origin else {}), content)

    def delete(self, path, origin):
        """Asks for a deletion, as a script of `origin` does."""
        return self._call("DELETE", path, JSON | {"origin": origin})

    def submit(self, path, fields):
        """Posts a form of one of the API's own pages."""
        headers = FORM | {"origin": self.api.url, "sec-fetch-site": "same-origin"}
        return self._call("POST", path, headers, urllib.parse.urlencode(fields))

    def _call(self, method, path, headers, body=None):
        headers = headers | {"user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}
        if self.cookies:
            headers |= {"cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        answer = self.api.call(method, path, headers, body)
        for name, value in answer.headers:
            if name == "set-cookie":
                self._keep(value)
        return answer

    def _keep(self, header):
        pair, *rest = [part.strip() for part in header.split(";")]
        name, _, value = pair.partition("=")
        attributes = {key.lower(): content for key, _, content in (part.partition("=") for part in rest)}
        kept_to_host = name.startswith("__Host-") and "secure" in attributes and attributes.get("path") == "/"
        if not kept_to_host or "domain" in attributes:
            raise Failure(f"The cookie {name} is not bound to its host, as `__Host-` requires: {'; '.join(rest)}.")
        hidden = "httponly" in attributes and attributes.get("samesite") == "Lax"
        require(hidden, f"The cookie {name} must be HttpOnly and SameSite=Lax.")
        if int(attributes.get("max-age", 1)) <= 0:
            self.cookies.pop(name, None)
        else:
            self.cookies[name] = value
            self.secrets.update(value.split(".") if name.endswith(".ask") else [value])
