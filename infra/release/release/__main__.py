"""Builds a folder that is deployed without Rust."""

import argparse
import pathlib
import sys

from . import folder
from .cargo import MACHINE, OPERATORS_COMMAND, TARGETS, compile_binaries
from .workspace import functions


def main():
    """Builds the release that the options describe, and returns the exit status."""
    parser = argparse.ArgumentParser(prog="infra/release/build", description=__doc__)
    parser.add_argument("folder", type=pathlib.Path, help="where to write the release; must not exist")
    parser.add_argument("--architecture", choices=sorted(TARGETS), default=MACHINE,
                        help="the processor of the functions (default: that of this machine)")  # fmt: skip
    parser.add_argument("--functions", metavar="NAMES", type=lambda names: names.split(","),
                        help="build only these binaries, to compare two builds; the folder cannot be deployed")  # fmt: skip
    options = parser.parse_args()
    if options.folder.exists():
        parser.error(f"{options.folder} exists already")
    built = functions()
    names = options.functions or [*built.values(), *OPERATORS_COMMAND]
    binaries = compile_binaries(options.architecture, sorted(names), pathlib.Path(sys.executable).parent)
    folder.write(options.folder, options.architecture, built, binaries)
    print(f"The release is in {options.folder}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
