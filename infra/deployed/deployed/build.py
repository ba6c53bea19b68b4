"""Builds the functions and validates the template with the tools of a real deployment."""

from release import cargo
from release.cargo import MACHINE as ARCHITECTURE  # the emulator runs the binaries here
from release.workspace import functions

from . import deployer_policy, roles
from .paths import BUILT, EXAMPLES, ROOT, TEMPLATE, TOOLS


def lint(steps, env):
    """Fails on any finding of `sam validate --lint` or `cfn-lint` in the template, or of `cfn-lint` in the examples, and
    if SAM would widen a role or the deployer's policy lacks a permission."""
    roles.check()
    deployer_policy.check()
    sam = [TOOLS / "sam", "validate", "--lint", "--template-file", TEMPLATE, "--region", env["AWS_DEFAULT_REGION"]]
    steps.run("lint.log", sam, env, ROOT)
    examples = [each for each in sorted(EXAMPLES.glob("**/*.yaml")) if "node_modules" not in each.parts]
    steps.run("lint.log", [TOOLS / "cfn-lint", "--template", TEMPLATE, *examples], env, ROOT)


def compile_functions(steps, env):
    """Builds all functions at once, as a release does, so that `sam build` and a release find each of them up to date."""
    command = cargo.command(functions().values())
    steps.run("build.log", command, cargo.environment(env), ROOT)


def package(steps, env):
    """Runs `sam build` into a directory of its own."""
    command = [TOOLS / "sam", "build", "--template-file", TEMPLATE, "--build-dir", BUILT]
    command += ["--parameter-overrides", f"Architecture={ARCHITECTURE}"]
    steps.run("build.log", command, cargo.environment(env), ROOT)
