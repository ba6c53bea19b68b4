"""Counts the instructions of a function with valgrind's callgrind."""

import collections
import pathlib
import re
import signal
import subprocess
import tempfile

# The requests before the warm ones, and the warm ones. Each `verify` needs an email, and each `sign-in` a hash, which
# takes a second here.
WARM_UP = {"me": 300, "request-login": 300, "verify": 30, "sign-in": 8}
WARM = {"me": 100, "request-login": 100, "verify": 50, "sign-in": 8}


class Callgrind:
    """A function that runs under callgrind."""

    def __init__(self, vestibule, name):
        self.vestibule, self.name = vestibule, name
        self.directory = tempfile.TemporaryDirectory(prefix="callgrind-")
        self.profiles = 0
        options = ["--tool=callgrind", f"--callgrind-out-file={self.directory.name}/out"]
        self.process = vestibule.start(name, ["valgrind", "-q", *options])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.close(signal.SIGKILL)
        self.directory.cleanup()

    def send(self, requests):
        """Sends requests one after the other."""
        for _ in range(requests):
            self.vestibule.check(self.process.invoke(self.vestibule.event(self.name)))
        self.process.wait_until_idle()

    def take_profile(self):
        """Returns the file with what the function has done since the start or the last profile."""
        self.profiles += 1
        command = ["callgrind_control", "--dump", str(self.process.pid)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return pathlib.Path(f"{self.directory.name}/out.{self.profiles}")


def count(vestibule, name):
    """Returns the instructions from the start to the first answer, and those of a warm request."""
    warm_up, warm = WARM_UP[name], WARM[name]
    vestibule.prepare(name, warm_up + warm)
    with Callgrind(vestibule, name) as function:
        function.send(1)
        first_answer = total(function.take_profile())
        function.send(warm_up - 1)
        function.take_profile()
        function.send(warm)
        return {"first_answer": first_answer, "warm": total(function.take_profile()) // warm}


def total(profile):
    """Returns the number of instructions in a profile."""
    return int(re.search(r"^totals: (\d+)$", profile.read_text(), re.MULTILINE)[1])


def breakdown(vestibule, name, is_first):
    """Returns the instructions of the first answer, or of a warm request, by function: its own, and with its calls."""
    warm_up, warm = (0, 1) if is_first else (WARM_UP[name], WARM[name])
    vestibule.prepare(name, warm_up + warm)
    with Callgrind(vestibule, name) as function:
        if not is_first:
            function.send(warm_up)
            function.take_profile()
        function.send(warm)
        profile = function.take_profile().read_text()
    return [{name: number / warm for name, number in counts.items()} for counts in read_functions(profile)]


def read_functions(profile):
    """Returns the instructions of each function in a profile: its own, and with those of the functions it calls."""
    own, inclusive, names = collections.Counter(), collections.Counter(), {}
    current = callee = None
    for line in profile.splitlines():
        # fn=(id) name, where the name follows only once; cfn= is the function that the next calls= is about.
        if match := re.match(r"(c?)fn=\((\d+)\)(?: (.*))?$", line):
            if match[3]:
                names[match[2]] = match[3]
            if match[1]:
                callee = names[match[2]]
            else:
                current = names[match[2]]
        elif match := re.match(r"[\d+*-]\S* (\d+)$", line):
            # A cost of the function itself, or after calls= that of the call.
            if callee is None:
                own[current] += int(match[1])
            elif callee != current:
                inclusive[callee] += int(match[1])
            callee = None
    return own, inclusive


def crate_of(function):
    """Returns the crate of a function: that of its path, or that of the type whose trait it implements."""
    path = re.sub(r"^(<|&|mut |dyn |\*const |\*mut |\[|\()+", "", function)
    crate = re.match(r"(\w+)::", path)
    return crate[1] if crate else "C library and the like"
