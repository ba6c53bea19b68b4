"""Progress: each step with its duration, and the logs of the programs that it runs."""

import contextlib
import subprocess
import sys
import time

from .checks import Failure

TAIL = 40


class Steps:
    """Prints each step and its duration. `logs` is the directory for the output of programs."""

    def __init__(self, logs):
        self.logs = logs
        self.started = time.monotonic()

    @contextlib.contextmanager
    def step(self, title):
        """Prints `title` when the block starts, and the duration when it ends."""
        started = time.monotonic()
        print(f"  {title} ...", end="", flush=True)
        try:
            yield
        except BaseException:
            print(f" failed after {time.monotonic() - started:.1f} s", flush=True)
            raise
        print(f" {time.monotonic() - started:.1f} s", flush=True)

    def run(self, log, command, env, cwd):
        """Runs a program and appends its output to `log`. Fails with the last lines of it if the program fails."""
        path = self.logs / log
        with path.open("ab") as output:
            done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=env, cwd=cwd)
        if done.returncode != 0:
            start = " ".join(map(str, command[:3]))
            raise Failure(f"`{start} ...` exited with status {done.returncode}:\n{tail(path)}")

    def total(self):
        """Returns the seconds since the run started."""
        return time.monotonic() - self.started


def tail(path):
    """Returns the last lines of a log file, or an empty string if there is none."""
    lines = path.read_text(errors="replace").splitlines() if path.exists() else []
    return "\n".join(lines[-TAIL:])


def announce(text):
    """Prints a line that belongs to no step."""
    print(text, flush=True)


def report_error(text):
    """Prints a line about an error to standard error."""
    print(text, file=sys.stderr, flush=True)
