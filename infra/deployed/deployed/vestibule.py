"""`vestibule`, the operator's command, against the emulator."""

import json
import subprocess

from .altered import Altered
from .altered_states import DOMAIN, GOOD
from .checks import Failure, expect, require
from .faults import Faults
from .paths import REGION, ROOT, tools_environment

FAILED, REFUSED = 1, 3


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
        said = f"{done.stdout}{done.stderr}"
        expect(f"The exit code of vestibule {' '.join(arguments)}: {said}", done.returncode, status)
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


def check_doctor(stack):
    """Nothing is wrong with the stack. Then each fault is planted by itself, and doctor names it and nothing else.
    Returns the number of faults."""
    stack.emulator.client("sesv2", stack.deployer).create_email_identity(EmailIdentity=DOMAIN)
    vestibule = Vestibule(stack)
    vestibule.build()
    count = 0
    with Altered(stack.emulator, *GOOD).serve() as altered:
        vestibule.env["AWS_ENDPOINT_URL"] = altered.url
        faults = Faults(stack, altered)
        faults.apply_table_settings()
        vestibule.run("doctor")
        for fault, expected in faults.all():
            with fault:
                printed = vestibule.run("doctor", "--json", status=FAILED)
                _check_findings(json.loads(printed)["findings"], expected)
            count += 1
        vestibule.run("doctor")
    return count


def check_other_site(stack):
    """A portal without a domain name of its own is on another site than its frontend, and doctor says so."""
    printed = Vestibule(stack).run("doctor", "--json", status=FAILED)
    problems = [each["problem"] for each in json.loads(printed)["findings"]]
    found = any("The API has no domain name of its own" in each for each in problems)
    require(found, f"doctor does not tell that cookies cannot work: {problems}")


def _check_findings(findings, expected):
    """Each finding is one sentence with the expected text, and says what fixes it."""
    problems = [each["problem"] for each in findings]
    if len(problems) != len(expected) or any(text not in problem for text, problem in zip(expected, problems)):
        raise Failure(f"doctor found {problems}, and the fault is {expected}.")
    for each in findings:
        is_sentence = each["problem"].endswith(".") and "\n" not in each["problem"]
        require(is_sentence and each["fix"], f"This is no finding: {each}")
