"""Progress: each step with how long it took, and where its programs' output goes."""

import contextlib
import subprocess
import sys
import time

from .checks import Failure

TAIL = 40


class Steps:
    """Shows steps as they happen, and remembers how long each took."""

    def __init__(self, logs):
        self.logs = logs
        self.started = time.monotonic()

    @contextlib.contextmanager
    def step(self, title):
        """Shows `title` while the block runs, and then how long that was."""
        begun = time.monotonic()
        print(f"  {title} ...", end="", flush=True)
        try:
            yield
        except BaseException:
            print(f" failed after {time.monotonic() - begun:.1f} s", flush=True)
            raise
        print(f" {time.monotonic() - begun:.1f} s", flush=True)

    def run(self, log, command, env, cwd):
        """Runs a program to its end. Its output goes to `log`, whose tail is shown if the program fails."""
        path = self.logs / log
        with path.open("ab") as output:
            done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=env, cwd=cwd)
        if done.returncode != 0:
            raise Failure(f"`{' '.join(map(str, command[:3]))} ...` exited with status {done.returncode}:\n{tail(path)}")

    def total(self):
        """Seconds since the beginning."""
        return time.monotonic() - self.started


def tail(path):
    """The last lines of a log, as they are."""
    lines = path.read_text(errors="replace").splitlines() if path.exists() else []
    return "\n".join(lines[-TAIL:])


def say(text):
    """A line that belongs to no step."""
    print(text, flush=True)


def complain(text):
    """A line for whoever has to find out what went wrong."""
    print(text, file=sys.stderr, flush=True)
