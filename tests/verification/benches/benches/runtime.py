"""Hosts the Lambda runtime API for one process, and measures the process."""

import collections
import glob
import json
import os
import queue
import signal
import socket
import threading
import time

ANSWER_TIMEOUT = 60
REQUEST_ID = "8476a536-e9f4-11e8-9739-%012d"
TRACE_ID = "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=0"
ACCEPTED = b"HTTP/1.1 202 Accepted\r\nContent-Type: application/json\r\nContent-Length: 15\r\n\r\n" b'{"status":"OK"}'
# The variables that Lambda sets for every function.
LAMBDA = {
    "AWS_ACCESS_KEY_ID": "local",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
    "AWS_LAMBDA_FUNCTION_NAME": "benchmark",
    "AWS_LAMBDA_FUNCTION_VERSION": "1",
    "AWS_LAMBDA_LOG_GROUP_NAME": "benchmark",
    "AWS_LAMBDA_LOG_STREAM_NAME": "benchmark",
    "AWS_REGION": "us-east-1",
    "AWS_SECRET_ACCESS_KEY": "local",
    "AWS_SESSION_TOKEN": "local",
}

Answer = collections.namedtuple("Answer", "milliseconds response")


class FunctionError(Exception):
    """The function did not start, or an invocation of it failed."""


class FunctionProcess:
    """A process that serves invocations, and the runtime API that it asks for them."""

    def __init__(self, command, environment, log):
        self.log = log
        self.invocations = 0
        self.waiting = queue.Queue()
        self.answers = queue.Queue()
        self.idle = None
        self.listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._accept, daemon=True).start()
        variables = {"PATH": os.environ["PATH"]} | LAMBDA | environment
        variables["AWS_LAMBDA_RUNTIME_API"] = f"127.0.0.1:{self.listener.getsockname()[1]}"
        files = [
            (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
            (os.POSIX_SPAWN_OPEN, 2, log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600),
        ]
        # Not subprocess, whose work between fork and exec would count as the function's.
        self.spawned_at = time.perf_counter()
        self.pid = os.posix_spawnp(command[0], command, variables, file_actions=files)

    def wait_until_idle(self):
        """Returns once the process asks for an invocation, with the time since it was spawned in milliseconds."""
        if self.idle is None:
            try:
                self.idle = self.waiting.get(timeout=ANSWER_TIMEOUT)
            except queue.Empty:
                with open(self.log, errors="replace") as log:
                    raise FunctionError(f"The function does not ask for an invocation: {log.read()[-800:]}") from None
        return (self.idle[0] - self.spawned_at) * 1e3

    def invoke(self, event):
        """Invokes the function and returns its answer, with the time until it arrived."""
        self.wait_until_idle()
        body = json.dumps(event).encode()
        self.invocations += 1
        head = (
            "HTTP/1.1 200 OK\r\n"
            f"Lambda-Runtime-Aws-Request-Id: {REQUEST_ID % self.invocations}\r\n"
            f"Lambda-Runtime-Deadline-Ms: {int((time.time() + ANSWER_TIMEOUT) * 1e3)}\r\n"
            "Lambda-Runtime-Invoked-Function-Arn: arn:aws:lambda:us-east-1:123456789012:function:benchmark\r\n"
            f"Lambda-Runtime-Trace-Id: {TRACE_ID}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        (_, connection), self.idle = self.idle, None
        sent_at = time.perf_counter()
        connection.sendall(head.encode() + body)
        try:
            received_at, path, answer = self.answers.get(timeout=ANSWER_TIMEOUT)
        except queue.Empty:
            raise FunctionError("The function does not answer.") from None
        if not path.endswith(b"/response"):
            raise FunctionError(f"The invocation failed: {answer[:800].decode(errors='replace')}")
        return Answer((received_at - sent_at) * 1e3, json.loads(answer))

    def cpu(self):
        """Returns the processor time of all threads so far in milliseconds, once the process is idle."""
        self.wait_until_idle()
        # It asked for an invocation a moment ago, and may still be on its way to sleep.
        time.sleep(0.003)
        nanoseconds = 0
        for path in glob.glob(f"/proc/{self.pid}/task/*/schedstat"):
            with open(path) as file:
                nanoseconds += int(file.read().split()[0])
        return nanoseconds / 1e6

    def peak_memory(self):
        """Returns the largest resident size so far in megabytes (10^6 bytes)."""
        with open(f"/proc/{self.pid}/status") as file:
            peak = next(line for line in file if line.startswith("VmHWM:"))
        return int(peak.split()[1]) * 1024 / 1e6

    def close(self, how=signal.SIGKILL):
        """Ends the process."""
        os.kill(self.pid, how)
        os.waitpid(self.pid, 0)
        self.listener.close()

    def _accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        requests = connection.makefile("rb")
        try:
            while line := requests.readline():
                path, body = line.split()[1], read_body(requests)
                now = time.perf_counter()
                if path.endswith(b"/invocation/next"):
                    self.waiting.put((now, connection))
                    continue
                connection.sendall(ACCEPTED)
                self.answers.put((now, path, body))
        except OSError:
            return


def read_body(requests):
    """Reads the headers and the body of an HTTP/1.1 request, and returns the body."""
    length, chunked = 0, False
    while (line := requests.readline().strip().lower()) != b"":
        name, _, value = line.partition(b":")
        if name == b"content-length":
            length = int(value)
        chunked = chunked or (name == b"transfer-encoding" and b"chunked" in value)
    if not chunked:
        return requests.read(length)
    body = b""
    while size := int(requests.readline().split(b";")[0], 16):
        body += requests.read(size)
        requests.readline()
    requests.readline()
    return body
