"""The facts of the workspace that a release is built from."""

import os
import pathlib
import subprocess
import tomllib

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[3]
TEMPLATE = ROOT / "template.yaml"


class _Template(yaml.SafeLoader):
    """YAML that reads CloudFormation's short forms as nothing, as they are not needed here."""


_Template.add_multi_constructor("!", lambda loader, tag, node: None)


def functions():
    """Returns the binary of each function that SAM builds, by logical id."""
    resources = yaml.load(TEMPLATE.read_text(), Loader=_Template)["Resources"]
    built = {name: resource.get("Metadata", {}).get("BuildProperties") for name, resource in resources.items()}
    return {name: properties["Binary"] for name, properties in built.items() if properties}


def version():
    """Returns the version of the workspace."""
    return tomllib.loads((ROOT / "Cargo.toml").read_text())["workspace"]["package"]["version"]


def committed_at():
    """Returns the time of the commit in seconds, or SOURCE_DATE_EPOCH for sources without a repository."""
    if given := os.environ.get("SOURCE_DATE_EPOCH"):
        return int(given)
    # A container often runs as another user than the owner of the repository, which git refuses.
    command = ["git", "-c", "safe.directory=*", "log", "-1", "--format=%ct"]
    return int(subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout)
