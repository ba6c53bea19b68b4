"""Builds the functions and validates the template with the tools of a real deployment."""

import platform

import yaml

from . import deployer_policy, roles
from .paths import BUILT, EXAMPLES, ROOT, TEMPLATE, TOOLS

# The name of this machine's architecture in `cargo lambda` and the template: the emulator runs the binaries here.
ARCHITECTURE = {"x86_64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}[platform.machine()]


class _Template(yaml.SafeLoader):
    """YAML that reads CloudFormation's short forms as nothing, as they are not needed here."""


_Template.add_multi_constructor("!", lambda loader, tag, node: None)


def functions():
    """Returns the binary of each function that SAM builds, by logical id."""
    resources = yaml.load(TEMPLATE.read_text(), Loader=_Template)["Resources"]
    built = {name: resource.get("Metadata", {}).get("BuildProperties") for name, resource in resources.items()}
    return {name: properties["Binary"] for name, properties in built.items() if properties}


def lint(steps, env):
    """Fails on any finding of `sam validate --lint` or `cfn-lint` in the template, or of `cfn-lint` in the examples, and
    if SAM would widen a role or the deployer's policy lacks a permission."""
    roles.check()
    deployer_policy.check()
    sam = [TOOLS / "sam", "validate", "--lint", "--template-file", TEMPLATE, "--region", env["AWS_DEFAULT_REGION"]]
    steps.run("lint.log", sam, env, ROOT)
    steps.run("lint.log", [TOOLS / "cfn-lint", "--template", TEMPLATE, *sorted(EXAMPLES.glob("**/*.yaml"))], env, ROOT)


def compile_functions(steps, env):
    """Builds all binaries at once, so that `sam build` finds each of them up to date."""
    command = ["cargo", "lambda", "build", "--release", "--locked"]
    command += ["--arm64"] if ARCHITECTURE == "arm64" else []
    for binary in functions().values():
        command += ["--bin", binary]
    steps.run("build.log", command, env, ROOT)


def package(steps, env):
    """Runs `sam build` into a directory of its own."""
    command = [TOOLS / "sam", "build", "--template-file", TEMPLATE, "--build-dir", BUILT]
    command += ["--parameter-overrides", f"Architecture={ARCHITECTURE}"]
    steps.run("build.log", command, env, ROOT)
