"""`vestibule`, the operator's command, against the emulator."""

import json
import subprocess

from .checks import expect
from .paths import REGION, ROOT, tools_environment

REFUSED = 3


class Vestibule:
    """The command for one stack: that of its release, or one built from the workspace so that nothing is compiled
    twice."""

    def __init__(self, stack):
        self.stack = stack
        self.command = stack.release.command if stack.release else ROOT / "target" / "debug" / "vestibule"
        credentials = {"AWS_ACCESS_KEY_ID": stack.deployer.key, "AWS_SECRET_ACCESS_KEY": stack.deployer.secret}
        endpoint = {"AWS_ENDPOINT_URL": stack.emulator.url, "AWS_REGION": REGION}
        self.env = tools_environment(stack.steps.logs, credentials | endpoint)

    def build(self):
        """Compiles the command, unless it is that of a release."""
        if self.stack.release:
            return
        command = ["cargo", "build", "--workspace", "--locked", "--bin", "vestibule"]
        self.stack.steps.run("build.log", command, self.env, ROOT)

    def run(self, *arguments, status=0):
        """Runs the command, which must exit with this status. Returns what it printed."""
        command = [self.command, *arguments, "--stack", self.stack.name]
        done = subprocess.run(command, env=self.env, cwd=ROOT, capture_output=True, text=True)
        expect(f"The exit code of vestibule {' '.join(arguments)}: {done.stderr}", done.returncode, status)
        return done.stdout


def check_keys(stack):
    """A rotation adds a key, and a second one is refused, as is retiring a key that is still needed. Returns the ids of
    the keys."""
    vestibule = Vestibule(stack)
    vestibule.build()
    ring = stack.key_ring()
    vestibule.run("keys", "rotate")
    vestibule.run("keys", "rotate", status=REFUSED)
    vestibule.run("keys", "retire", status=REFUSED)
    keys = json.loads(vestibule.run("keys", "status", "--json"))["keys"]
    after = stack.key_ring()
    expect("The rest of the key ring", after | {"access_token_keys": None}, ring | {"access_token_keys": None})
    return [key["kid"] for key in keys]
