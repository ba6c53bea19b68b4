"""Builds the functions as a deployment does, and reads the template as the deployment tools do."""

import platform

import yaml

from .places import BUILT, ROOT, TEMPLATE, TOOLS

# What `cargo lambda` and the template call the machine this runs on: the emulator runs the binaries here.
ARCHITECTURE = {"x86_64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}[platform.machine()]


class _Template(yaml.SafeLoader):
    """YAML with CloudFormation's short forms, whose meaning is not needed here."""


_Template.add_multi_constructor("!", lambda loader, tag, node: None)


def functions():
    """Logical id to binary, for every function of the template that SAM builds."""
    resources = yaml.load(TEMPLATE.read_text(), Loader=_Template)["Resources"]
    built = {name: resource.get("Metadata", {}).get("BuildProperties") for name, resource in resources.items()}
    return {name: properties["Binary"] for name, properties in built.items() if properties}


def lint(steps, env):
    """Fails on whatever `sam validate --lint` or `cfn-lint` has to say about the template."""
    sam = [TOOLS / "sam", "validate", "--lint", "--template-file", TEMPLATE, "--region", env["AWS_DEFAULT_REGION"]]
    steps.run("lint.log", sam, env, ROOT)
    steps.run("lint.log", [TOOLS / "cfn-lint", "--template", TEMPLATE], env, ROOT)


def compile_functions(steps, env):
    """One build of all binaries, so that `sam build` finds each of them fresh."""
    command = ["cargo", "lambda", "build", "--release", "--locked"]
    command += ["--arm64"] if ARCHITECTURE == "arm64" else []
    for binary in functions().values():
        command += ["--bin", binary]
    steps.run("build.log", command, env, ROOT)


def package(steps, env):
    """`sam build`, into a directory of its own."""
    command = [TOOLS / "sam", "build", "--template-file", TEMPLATE, "--build-dir", BUILT]
    command += ["--parameter-overrides", f"Architecture={ARCHITECTURE}"]
    steps.run("build.log", command, env, ROOT)
