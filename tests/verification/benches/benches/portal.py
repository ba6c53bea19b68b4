"""The local portal, whose AWS stub the functions call, and what users of it do."""

import http.client
import json
import queue
import re
import signal
import socket
import subprocess
import threading
import time
import urllib.request

HOST = "login.example.com"
USER = "ada@example.com"
PASSWORD = "correct horse battery staple"
EMAIL_TIMEOUT = 30
# `GET /auth/me` records every five minutes that a session was seen. Younger ones stay unchanged.
SESSION_SECONDS = 200
# Every limit at its maximum, and no emails but the requested ones.
PARAMETERS = {
    "PublicUrl": f"https://{HOST}",
    "Notices": "password-changed",
    "LinkMinutes": "1440",
    "PasswordAttempts": "1000",
    "PasswordFailures": "10000",
    "PasswordPerNetworkHour": "1000",
    "RequestsPerMinute": "60",
    "RequestsPerHour": "1000",
    "RequestsPerNetworkHour": "100000",
    "EmailsPerHour": "1000",
    "EmailsPerDay": "10000",
    "EmailsPerDayPortal": "1000000",
}


class PortalError(Exception):
    """The portal did not start, or refused a request."""


class Portal:
    """A running local portal. It prints the links of emails as they arrive."""

    def __init__(self, binary, parameters=()):
        self.links = queue.Queue()
        self.connection = None
        self.sessions = []
        port = free_port()
        command = [str(binary), "--port", str(port), "--aws-port", "0"]
        for name, value in (PARAMETERS | dict(parameters)).items():
            command += ["--set", f"{name}={value}"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        lines = (re.search(r"AWS +(\S+)", line) for line in self.process.stdout)
        self.aws_url = next((match[1] for match in lines if match), None)
        if self.aws_url is None:
            raise PortalError("The local portal did not start.")
        threading.Thread(target=self._read_links, daemon=True).start()
        self.connection = http.client.HTTPConnection("127.0.0.1", port)

    def stop(self):
        """Stops the portal."""
        self.process.send_signal(signal.SIGINT)
        self.process.wait()

    def environment(self, function):
        """Returns the environment variables of a function that uses this portal's AWS stub."""
        with urllib.request.urlopen(f"{self.aws_url}/environment/{function}") as response:
            lines = response.read().decode().splitlines()
        return dict(line.split("=", 1) for line in lines)

    def post(self, path, body):
        """Sends a request of an API client and returns the cookies that its response sets, as `name=value`."""
        headers = {"content-type": "application/json", "host": HOST}
        self.connection.request("POST", path, json.dumps(body), headers)
        response = self.connection.getresponse()
        text = response.read().decode()
        if response.status != 200:
            raise PortalError(f"{path}: {response.status} {text}")
        return [cookie.split(";")[0] for cookie in response.headers.get_all("set-cookie") or []]

    def receive_token(self):
        """Returns the token of the next link that arrives by email."""
        try:
            return self.links.get(timeout=EMAIL_TIMEOUT).rsplit("/", 1)[1]
        except queue.Empty:
            raise PortalError(f"No email arrived within {EMAIL_TIMEOUT} s.") from None

    def session(self):
        """Returns the cookie of a session that was seen just now."""
        if not self.sessions or time.monotonic() - self.sessions[-1][0] > SESSION_SECONDS:
            self.post("/auth/request-login", {"email": USER})
            cookies = self.post("/auth/verify", {"token": self.receive_token()})
            cookie = next(cookie for cookie in cookies if ".sid=" in cookie)
            self.sessions.append((time.monotonic(), cookie))
        return self.sessions[-1][1]

    def set_password(self):
        """Gives the user the password, which ends their sessions."""
        self.post("/auth/forgot-password", {"email": USER})
        self.post("/auth/reset-password", {"token": self.receive_token(), "password": PASSWORD})

    def _read_links(self):
        for line in self.process.stdout:
            if match := re.match(r"email to \S+: (\S+)", line):
                if "/auth/report/" not in match[1]:
                    self.links.put(match[1])


def free_port():
    """Returns a port of 127.0.0.1 that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]
