"""A release folder, deployed with its own script on a machine without compilers."""

import json
import pathlib
import re
import shutil
import subprocess
import zipfile

from . import adapt
from .checks import Failure, require
from .paths import BUCKET, REGION
from .steps import tail

COMPILERS = re.compile(r"cargo.*|rust.*|.*zig|cc|c\+\+|ld(\..*)?|(.*-)?(gcc|g\+\+|clang|clang\+\+)(-.*)?")
# What the script asks for after the name and the region, if there is a domain and if there is none.
ASKED = ("PortalName", "EmailFrom", "AlarmEmail", "ApiDomainName")
ASKED_FOR_DOMAIN = ("CertificateArn", "FrontendUrl")
PREVIOUS = "0.0.0"
# The bucket that SAM would create refuses connections without TLS, which the emulator has not.
SETTINGS = ("--s3-bucket", BUCKET, "--no-confirm-changeset", "--no-progressbar")


class ReleaseFolder:
    """A folder that `infra/release/build` made."""

    def __init__(self, path):
        self.path = path.resolve()
        self.version = (path / "VERSION").read_text().strip()
        self.command = self.path / "vestibule"

    def check(self):
        """Compares all files with their checksums."""
        done = subprocess.run(["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=self.path, capture_output=True)
        require(done.returncode == 0, f"A file of {self.path} does not have its checksum:\n{done.stdout.decode()}")

    def deploy(self, stack, changed, env):
        """Runs the script `deploy`. For a new stack, its questions are answered. There are eight at most: with another
        one, the answers would end, and so would the script. An existing stack gets the `changed` parameters only."""
        copy = self._adapted(stack, stack.parameters)
        asked, options = [], ["--stack", stack.name, "--region", REGION]
        if stack.describe() is None:
            names = ASKED + (ASKED_FOR_DOMAIN if stack.parameters.get("ApiDomainName") else ())
            asked, options = [stack.name, REGION, *(stack.parameters.get(name, "") for name in names)], []
            changed = {name: value for name, value in stack.parameters.items() if name not in names}
        for name, value in changed.items():
            options += ["--set", f"{name}={value}"]
        env = {name: value for name, value in env.items() if name != "AWS_DEFAULT_REGION"}
        log = stack.steps.logs / "deploy.log"
        with log.open("ab") as output:
            done = subprocess.run(
                [copy / "deploy", *options, "--", *SETTINGS, *stack.tag_options()], env=env,
                input="".join(f"{answer}\n" for answer in asked).encode(), stdout=output, stderr=output)  # fmt: skip
        if done.returncode != 0:
            raise Failure(f"The script deploy exited with status {done.returncode}:\n{tail(log)}")

    def as_previous(self, directory):
        """Returns a copy with another version and other zips of the same binaries, so that an upgrade to this release
        replaces the code of all functions."""
        shutil.copytree(self.path, directory)
        for package in directory.glob("functions/*.zip"):
            with zipfile.ZipFile(package, "a") as archive:
                archive.writestr("previous", "")
        (directory / "VERSION").write_text(PREVIOUS)
        template = directory / "template.yaml"
        template.write_text(template.read_text().replace(f'Value: "{self.version}"', f'Value: "{PREVIOUS}"'))
        return ReleaseFolder(directory)

    def _adapted(self, stack, parameters):
        """Returns a copy of the folder with the template as the emulator needs it."""
        copy = stack.steps.logs / f"release-{stack.name}"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(self.path, copy)
        template, stack.left_out = adapt.for_emulator((copy / "template.yaml").read_text(), parameters)
        (copy / "template.yaml").write_text(json.dumps(template))
        return copy


def path_without_compilers(directory, folders):
    """Fills a directory with links to the programs of `folders`, apart from compilers, linkers and their drivers, and
    returns its path."""
    directory.mkdir()
    for program in [each for folder in folders if pathlib.Path(folder).is_dir() for each in pathlib.Path(folder).iterdir()]:
        link = directory / program.name
        if not COMPILERS.fullmatch(program.name) and not link.is_symlink():
            link.symlink_to(program)
    left = [name for name in ("cargo", "rustc", "cc", "zig") if shutil.which(name, path=directory)]
    require(not left, f"{left} are still there.")
    return str(directory)
