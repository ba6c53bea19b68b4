"""Builds the stack, deploys it to an AWS emulator on this machine, tests it end to end, and cleans up."""

import argparse
import contextlib
import os
import pathlib
import shutil
import signal
import sys
import tempfile
import traceback

from . import build, upgrade, walk
from .checks import Failure
from .emulator import Emulator
from .paths import TARGET, TOOLS, tools_environment
from .release_folder import ReleaseFolder, path_without_compilers
from .steps import Steps, announce, report_error, tail


def main():
    """Runs all steps and returns the exit status."""
    parser = argparse.ArgumentParser(prog="infra/deployed/run", description=__doc__)
    keep = "keep the emulator running afterwards, until you press Ctrl-C"
    parser.add_argument("--keep", action="store_true", help=keep)
    parser.add_argument("--skip-build", action="store_true", help="deploy the previous build")
    parser.add_argument("--release", metavar="FOLDER", type=pathlib.Path,
                        help="deploy what infra/release/build made, without any compiler in PATH")  # fmt: skip
    parser.add_argument("--upgrade-from", metavar="FOLDER", type=pathlib.Path,
                        help="only deploy this release, then that of --release, and check that nothing is lost; the same "
                        "folder stands for an older version with the same binaries")  # fmt: skip
    options = parser.parse_args()
    if options.upgrade_from and not options.release:
        parser.error("--upgrade-from needs --release")
    signal.signal(signal.SIGTERM, signal.default_int_handler)

    TARGET.mkdir(parents=True, exist_ok=True)
    logs = TARGET / tempfile.mkdtemp(prefix="run-", dir=TARGET)
    steps = Steps(logs)
    try:
        with contextlib.ExitStack() as cleanup:
            _run(options, steps, cleanup)
    except KeyboardInterrupt:
        report_error("\nStopped.")
        status = 130
    except Exception as error:  # any error needs the logs
        report_error(f"\n{error}" if isinstance(error, Failure) else f"\n{traceback.format_exc()}")
        report_error(f"\nLast lines of the emulator's log:\n{tail(logs / 'emulator.log')}")
        report_error(f"\nLast lines of the functions' logs:\n{tail(logs / 'functions.log')}\n\nComplete logs: {logs}")
        return 1
    else:
        announce(f"Finished in {steps.total():.0f} s.")
        status = 0
    shutil.rmtree(logs)
    return status


def _run(options, steps, cleanup):
    folders = [str(TOOLS), *os.environ["PATH"].split(os.pathsep)]
    release = options.release and ReleaseFolder(options.release)
    if release:
        release.check()
        folders = [path_without_compilers(steps.logs / "bin", folders)]
    os.environ["PATH"] = os.pathsep.join(folders)
    env = tools_environment(steps.logs)
    if not release:
        with steps.step("Validating the template with SAM and cfn-lint"):
            build.lint(steps, env)
    if not options.skip_build and not release:
        with steps.step("Compiling the functions"):
            build.compile_functions(steps, env)
        with steps.step("Packaging the functions with sam build"):
            build.package(steps, env)
    with steps.step("Starting the emulator"):
        emulator = Emulator(steps.logs)
        cleanup.callback(emulator.stop)
        cleanup.callback(lambda: emulator.save_function_logs(steps.logs / "functions.log"))
        emulator.wait()
    if options.upgrade_from:
        before = ReleaseFolder(options.upgrade_from)
        if before.path == release.path:
            before = release.as_previous(steps.logs / "previous")
        stack = upgrade.run(steps, emulator, before, release)
    else:
        stack = walk.run(steps, emulator, options.keep, release)
    if options.keep:
        connect = f"{stack.api.host}:80:127.0.0.1:{emulator.port}"
        announce(f"\nThe stack is at {stack.api.url}. The AWS endpoints are at {emulator.url}.")
        announce("Press Ctrl-C to stop them.")
        announce(f"  curl -i --connect-to {connect} http://{stack.api.host}/auth/me")
        announce(f"  curl {emulator.url}/_ministack/ses/messages")
        with contextlib.suppress(KeyboardInterrupt):
            signal.pause()


if __name__ == "__main__":
    sys.exit(main())
