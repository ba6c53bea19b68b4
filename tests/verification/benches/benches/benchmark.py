"""A run: every subject and every request, in turns."""

import contextlib
import io
import shutil
import sys
import zipfile

from . import measure, peers
from .vestibule import FUNCTIONS, Vestibule

STEPS = (30, 300, 3000)
# A sign-in computes a hash and a link needs an email, so that 3,000 of them would take too long.
SLOW_REQUESTS, SLOW_STEPS = ("verify", "sign-in"), (30, 300)
# The parameters of the hash for what a sign-in costs without it.
HASHES = {
    "default": {},
    "small": {"Argon2MemoryKib": "7168", "Argon2Passes": "1"},
    "double": {"Argon2MemoryKib": "14336", "Argon2Passes": "1"},
}
HASH_STEPS = (30,)


class Benchmark:
    """One run of the benchmark."""

    def __init__(self, options, portal):
        self.options, self.portal = options, portal
        self.results = measure.Results()
        self.steps = STEPS[:1] if options.quick else STEPS
        self.block = 30 if options.quick else 100
        self.peers = [peer for peer in peers.all_peers() if self.is_wanted(peer.name)]
        self.requests = [name for name in FUNCTIONS if self.is_wanted(name)] or list(FUNCTIONS)

    def is_wanted(self, name):
        """Returns whether `--only` leaves a request or a peer."""
        kind = FUNCTIONS if name in FUNCTIONS else peers.LABELS
        chosen = [only for only in self.options.only if only in kind]
        return not chosen or name in chosen

    def run(self):
        """Measures everything."""
        for number in range(1, self.options.rounds + 1):
            with Vestibule(self.portal, self.options.built) as ours:
                for subject in [ours, *self.peers] if self.is_wanted(ours.name) else self.peers:
                    for request in self.requests:
                        if request in subject.requests:
                            self.measure(number, subject, request)
            if "sign-in" in self.requests and self.is_wanted("vestibule"):
                self.measure_hash(number)

    def measure(self, number, subject, request):
        """Measures the cold starts and the warm requests of one subject."""
        starts = self.options.starts
        progress(f"round {number} of {self.options.rounds}: {subject.name}, {request}")
        with running(subject, request) as process:
            visitor = subject.visitor(process)
            visitor.prepare(request, starts)
            events = [visitor.event(request) for _ in range(starts)]
        is_cold_like_ours = subject.name == Vestibule.name or request in ("me", "request-login")
        for made in events if is_cold_like_ours else []:
            is_quiet = measure.wait_until_quiet(self.options.wait)
            with running(subject, request) as process:
                self.results.add(number, subject.name, request, measure.cold(process, made), is_quiet)
        steps = self.steps_of(request)
        is_quiet = measure.wait_until_quiet(self.options.wait)
        with running(subject, request) as process:
            values = measure.warm(process, subject.visitor(process), request, steps, self.block)
        self.results.add(number, subject.name, request, values, is_quiet)

    def measure_hash(self, number):
        """Measures the processor time of a sign-in without its hash, of its hash, and of the hash in C.

        The work of a hash is proportional to its memory: twice a sign-in with 7 MiB less one with 14 MiB leaves the
        rest. Both have one pass, to leave less of the hash to subtract.
        """
        progress(f"round {number} of {self.options.rounds}: the hash of sign-in")
        cpu = {}
        is_quiet = True
        for size, parameters in HASHES.items():
            with Vestibule(self.portal, self.options.built, parameters) as ours:
                is_quiet &= measure.wait_until_quiet(self.options.wait)
                with running(ours, "sign-in") as process:
                    cpu[size] = measure.warm(process, ours, "sign-in", HASH_STEPS, self.block)[f"cpu_{HASH_STEPS[0]}"]
        rest = 2 * cpu["small"] - cpu["double"]
        values = {"cpu_without_hash": rest, "hash": cpu["default"] - rest}
        if shutil.which("argon2"):
            values["hash_in_c"] = measure.reference_hash()
        self.results.add(number, Vestibule.name, "sign-in", values, is_quiet)

    def steps_of(self, request):
        """Returns the numbers of requests after which warm ones are measured."""
        return tuple(step for step in self.steps if request not in SLOW_REQUESTS or step in SLOW_STEPS)

    def packages(self):
        """Returns the size of each package in MB, by subject and request."""
        files = {(peer.name, request): peer.package for peer in self.peers for request in peer.requests}
        for request in self.requests:
            files[Vestibule.name, request] = self.options.built / FUNCTIONS[request] / "bootstrap"
        return {key: zipped_mb(file) for key, file in files.items() if file.is_file()}


@contextlib.contextmanager
def running(subject, request):
    """Starts a function, and ends it at the end."""
    process = subject.start(request)
    try:
        yield process
    finally:
        process.close()


def zipped_mb(file):
    """Returns the size of a file as it is uploaded, in megabytes."""
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(file, file.name)
    return package.tell() / 1e6


def progress(text):
    """Prints a line of progress."""
    print(text, file=sys.stderr, flush=True)
