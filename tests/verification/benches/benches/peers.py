"""What our functions are measured beside: libraries for Node with their data in Maps, and the floors."""

import pathlib
import subprocess
import tempfile

from .runtime import FunctionProcess
from .vestibule import ROOT
from .visitors import AuthJs, BetterAuth, Express, Visitor

SOURCES = pathlib.Path(__file__).resolve().parents[1] / "peers"
BUNDLES = ROOT / "target" / "benches" / "peers"
ESBUILD = """--bundle --minify --tree-shaking=true --platform=node --target=node20 --format=esm --legal-comments=none
    --main-fields=module,main --define:process.env.NODE_ENV="production" --log-level=error
    --banner:js=import{createRequire}from'node:module';const/**/require=createRequire(import.meta.url);""".split()
# The limits that Lambda gives to Node in a function of 256 MB.
NODE = ["node", "--max-semi-space-size=12", "--max-old-space-size=231"]
ENVIRONMENT = {"NODE_ENV": "production", "AUTH_SECRET": "kD0c8r2Qm5vXw9Tz7Lh4Bn6Yp1Se3Gu-aJfRiOqWtK"}


def build_echo():
    """Builds the floor of Rust, with the profile of our functions."""
    subprocess.run(["cargo", "build", "--locked", "--quiet", "--release", "-p", "echo"], cwd=ROOT, check=True)


def build_bundles():
    """Installs the libraries for Node, and bundles each peer to a module."""
    subprocess.run(["npm", "ci", "--silent", "--no-audit", "--no-fund"], cwd=SOURCES, check=True)
    for name in ("auth-js", "better-auth", "express", "bare", "runtime"):
        command = ["node_modules/.bin/esbuild", f"{name}.mjs", *ESBUILD, f"--outfile={BUNDLES}/{name}/index.mjs"]
        subprocess.run(command, cwd=SOURCES, check=True)


class Peer:
    """A function to compare with, and the requests that it can answer."""

    requests = ("me",)
    build = staticmethod(build_bundles)

    def __init__(self, name):
        self.name = name
        self.logs = tempfile.TemporaryDirectory(prefix="peer-")

    @property
    def package(self):
        """The file that is uploaded."""
        return BUNDLES / self.name / "index.mjs"

    def command(self):
        """Returns the command that starts the function."""
        return [*NODE, str(BUNDLES / "runtime" / "index.mjs"), str(self.package)]

    def start(self, _request):
        """Starts the function, which answers all requests."""
        return FunctionProcess(self.command(), ENVIRONMENT, f"{self.logs.name}/log")

    def visitor(self, process):
        """Returns a user of the process."""
        return Visitor(process)


class Echo(Peer):
    """The floor of a function in Rust."""

    package = ROOT / "target" / "release" / "echo"
    build = staticmethod(build_echo)

    def command(self):
        return [str(self.package)]


class Library(Peer):
    """A library for Node."""

    def __init__(self, name, visitor, requests):
        super().__init__(name)
        self.visitor, self.requests = visitor, requests


ECHO = "echo"
AUTH_JS = "auth-js"
LABELS = {
    "vestibule": "Vestibule",
    ECHO: "echo (Rust)",
    AUTH_JS: "Auth.js",
    "better-auth": "Better Auth",
    "express": "Express",
    "bare": "bare Node",
}


def all_peers():
    """Returns all peers."""
    links, passwords = ("me", "request-login", "verify"), ("me", "request-login", "verify", "sign-in")
    return [
        Echo(ECHO),
        Library(AUTH_JS, AuthJs, links),
        Library("better-auth", BetterAuth, passwords),
        Library("express", Express, passwords),
        Peer("bare"),
    ]
