"""The AWS emulator: a child process on a free port of the loopback interface, with IAM enforced."""

import contextlib
import json
import os
import pathlib
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.request

import boto3
from botocore.config import Config

from .checks import Failure
from .paths import REGION
from .steps import tail

TIMEOUT = 60
MAIN = pathlib.Path(__file__).with_name("ministack_main.py")
NO_PROXY = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Principal:
    """An IAM user with an access key."""

    def __init__(self, name, key, secret):
        self.name, self.key, self.secret = name, key, secret


class Emulator:
    """A running emulator. `url` serves all endpoints of AWS, and the APIs by their host names."""

    def __init__(self, directory):
        self.log = directory / "emulator.log"
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.root = Principal("root", "ROOT" + secrets.token_hex(8).upper(), secrets.token_urlsafe(30))
        scratch = directory / "emulator"
        scratch.mkdir()
        # Functions inherit this environment, so it must not contain more than Lambda itself would set.
        env = {
            "PATH": os.environ["PATH"],
            "HOME": str(scratch),
            "TMPDIR": str(scratch),
            "AUTH": "true",
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": self.root.key,
            "AWS_SECRET_ACCESS_KEY": self.root.secret,
            "BIND_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(self.port),
            # Makes API host names those of AWS: <id>.execute-api.us-east-1.amazonaws.com.
            "MINISTACK_HOST": f"{REGION}.amazonaws.com",
            "MINISTACK_REGION": REGION,
            # These would listen on fixed ports, and nothing here uses them.
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
        }
        with self.log.open("wb") as output:
            # In a session of its own, so that an interrupt reaches only the walk, which then calls `stop`.
            self.process = subprocess.Popen(
                [sys.executable, MAIN], env=env, cwd=scratch, stdin=subprocess.DEVNULL, stdout=output,
                stderr=output, start_new_session=True)  # fmt: skip

    def wait(self):
        """Waits until the emulator responds."""
        deadline = time.monotonic() + TIMEOUT
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise Failure(f"The emulator exited with status {self.process.returncode}:\n{tail(self.log)}")
            with contextlib.suppress(OSError):
                if self.inspect("/_ministack/ready")["status"] == "completed":
                    return
            time.sleep(0.1)
        raise Failure(f"The emulator was not ready after {TIMEOUT} s:\n{tail(self.log)}")

    def inspect(self, path):
        """Returns the JSON at one of the emulator's own paths."""
        with NO_PROXY.open(self.url + path, timeout=10) as response:
            return json.load(response)

    def client(self, service, principal):
        """Returns a client of one AWS service that signs as `principal`."""
        config = Config(proxies={}, retries={"total_max_attempts": 2})
        return boto3.client(
            service, endpoint_url=self.url, region_name=REGION, config=config,
            aws_access_key_id=principal.key, aws_secret_access_key=principal.secret)  # fmt: skip

    def principal(self, name, managed_policy=None, policy=None):
        """Creates an IAM user with an access key and with the permissions of a managed policy, of the document `policy`,
        or without any."""
        iam = self.client("iam", self.root)
        iam.create_user(UserName=name)
        if managed_policy:
            iam.attach_user_policy(UserName=name, PolicyArn=managed_policy)
        if policy:
            iam.put_user_policy(UserName=name, PolicyName=name, PolicyDocument=policy)
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return Principal(name, key["AccessKeyId"], key["SecretAccessKey"])

    def logs(self):
        """Returns the text of each log group, by its name."""
        logs = self.client("logs", self.root)
        found = {}
        for group in [each["logGroupName"] for each in logs.describe_log_groups()["logGroups"]]:
            pages = logs.get_paginator("filter_log_events").paginate(logGroupName=group)
            found[group] = "\n".join(each["message"] for page in pages for each in page["events"])
        return found

    def save_function_logs(self, path):
        """Writes the functions' logs to `path`, if the emulator still runs."""
        with contextlib.suppress(Exception):
            lines = [f"{group}: {line}" for group, text in self.logs().items() for line in text.splitlines()]
            path.write_text("\n".join(lines))

    def stop(self):
        """Stops the emulator and all functions that it started."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(timeout=10)
        self.process.wait()


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
