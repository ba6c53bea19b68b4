"""The AWS emulator: a process of ours on a free port of the loopback interface, with IAM enforced."""

import contextlib
import json
import os
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
from .places import REGION
from .steps import tail

PATIENCE = 60
NO_PROXY = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Principal:
    """Somebody with an access key."""

    def __init__(self, name, key, secret):
        self.name, self.key, self.secret = name, key, secret


class Emulator:
    """A running emulator. `url` is where AWS's endpoints are; function URLs and API host names are told apart by `Host`."""

    def __init__(self, directory):
        self.log = directory / "emulator.log"
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.root = Principal("root", "ROOT" + secrets.token_hex(8).upper(), secrets.token_urlsafe(30))
        scratch = directory / "emulator"
        scratch.mkdir()
        # Functions inherit what is in here, so it holds nothing that Lambda itself would not set.
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
            # API host names are then those of AWS: <id>.execute-api.us-east-1.amazonaws.com.
            "MINISTACK_HOST": f"{REGION}.amazonaws.com",
            "MINISTACK_REGION": REGION,
            # Listeners on fixed ports that nothing here uses.
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
        }
        with self.log.open("wb") as output:
            # A session of its own: an interrupt reaches us, and we stop it and the functions it started.
            self.process = subprocess.Popen(
                [sys.executable, "-m", "ministack"], env=env, cwd=scratch, stdin=subprocess.DEVNULL, stdout=output,
                stderr=output, start_new_session=True)  # fmt: skip

    def wait(self):
        """Returns once it answers."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise Failure(f"The emulator exited with status {self.process.returncode}:\n{tail(self.log)}")
            with contextlib.suppress(OSError):
                if self.peek("/_ministack/ready")["status"] == "completed":
                    return
            time.sleep(0.1)
        raise Failure(f"The emulator was not ready after {PATIENCE} s:\n{tail(self.log)}")

    def peek(self, path):
        """What the emulator's own window on itself shows."""
        with NO_PROXY.open(self.url + path, timeout=10) as answer:
            return json.load(answer)

    def client(self, service, principal):
        """A client of one AWS service, signing as `principal`."""
        return boto3.client(
            service, endpoint_url=self.url, region_name=REGION, aws_access_key_id=principal.key,
            aws_secret_access_key=principal.secret, config=Config(proxies={}, retries={"total_max_attempts": 2}))  # fmt: skip

    def principal(self, name, managed_policy=None):
        """A new IAM user with an access key, who may do what the managed policy allows and nothing without one."""
        iam = self.client("iam", self.root)
        iam.create_user(UserName=name)
        if managed_policy:
            iam.attach_user_policy(UserName=name, PolicyArn=managed_policy)
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return Principal(name, key["AccessKeyId"], key["SecretAccessKey"])

    def logs(self):
        """Log group to everything that was logged there."""
        logs = self.client("logs", self.root)
        found = {}
        for group in [each["logGroupName"] for each in logs.describe_log_groups()["logGroups"]]:
            pages = logs.get_paginator("filter_log_events").paginate(logGroupName=group)
            found[group] = "\n".join(each["message"] for page in pages for each in page["events"])
        return found

    def save_function_logs(self, path):
        """Writes what the functions have logged to `path`, as far as the emulator still can tell."""
        with contextlib.suppress(Exception):
            lines = [f"{group}: {line}" for group, text in self.logs().items() for line in text.splitlines()]
            path.write_text("\n".join(lines))

    def stop(self):
        """Ends it and every function it started."""
        for how in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, how)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(timeout=10)
        self.process.wait()


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
