"""Compiles the functions so that one commit gives the same bytes in every directory."""

import os
import pathlib
import platform
import subprocess

from .workspace import ROOT

TARGETS = {"arm64": "aarch64-unknown-linux-gnu", "x86_64": "x86_64-unknown-linux-gnu"}
# The operator's command, by the package that it is the binary of.
OPERATORS_COMMAND = {"vestibule": "cli"}
# The name of this machine's architecture.
MACHINE = {"x86_64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}[platform.machine()]


def environment(inherited, architecture=MACHINE):
    """Returns the environment in which all builds run, so that none repeats the work of another.

    Panics name source files, so the paths of this machine are replaced. The variable adds to the flags of cargo-lambda;
    RUSTFLAGS would replace them. The date for C compilers is a constant, as another one would compile everything again.
    `sam build` cannot choose the target, so a configuration file of cargo-lambda does.
    """
    remaps = f"--remap-path-prefix={ROOT}=/vestibule --remap-path-prefix={_cargo_home(inherited)}=/cargo"
    kept = {name: value for name, value in inherited.items() if not name.endswith("RUSTFLAGS")}
    target = ROOT / "infra" / "release" / "targets" / f"{architecture}.toml"
    return kept | {"CARGO_BUILD_RUSTFLAGS": remaps, "CARGO_LAMBDA_GLOBAL": str(target), "SOURCE_DATE_EPOCH": "0"}


def command(binaries, package=None):
    """Returns the command that compiles functions, all at once, or the binaries of another package."""
    selected = [part for binary in binaries for part in ("--bin", binary)]
    return ["cargo", "lambda", "build", "--release", "--locked", *(["-p", package] if package else []), *selected]


def compile_binaries(architecture, binaries, tools):
    """Compiles binaries with the cargo-lambda in `tools`. Returns the path of each, by name.

    The operator's command is compiled by itself: what it needs of its dependencies would become part of the functions.
    """
    env = environment(dict(os.environ) | {"PATH": f"{tools}{os.pathsep}{os.environ['PATH']}"}, architecture)
    commands = [command([binary for binary in binaries if binary not in OPERATORS_COMMAND])]
    commands += [command([binary], package) for binary, package in OPERATORS_COMMAND.items() if binary in binaries]
    for each in commands:
        subprocess.run(each, cwd=ROOT, env=env, check=True)
    compiled = {binary: ROOT / "target" / "lambda" / binary / "bootstrap" for binary in binaries}
    for binary, path in compiled.items():
        if os.fsencode(f"{_cargo_home(env)}/registry") in path.read_bytes():
            raise SystemExit(f"{binary} names paths of this machine, so it would differ elsewhere.")
    return compiled


def _cargo_home(env):
    return env.get("CARGO_HOME", str(pathlib.Path.home() / ".cargo"))
