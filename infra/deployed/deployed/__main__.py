"""One command: builds the stack, deploys it to an emulated AWS on this machine, walks through it, and cleans up."""

import argparse
import contextlib
import shutil
import signal
import sys
import tempfile
import traceback

from . import build, walk
from .checks import Failure
from .emulator import Emulator
from .places import TARGET, tools_environment
from .steps import Steps, complain, say, tail


def main():
    """Runs, and returns the exit status."""
    parser = argparse.ArgumentParser(prog="infra/deployed/run", description=__doc__)
    parser.add_argument("--keep", action="store_true", help="leave the emulator running at the end, until interrupted")
    parser.add_argument("--skip-build", action="store_true", help="deploy what was built last time")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)

    TARGET.mkdir(parents=True, exist_ok=True)
    logs = TARGET / tempfile.mkdtemp(prefix="run-", dir=TARGET)
    steps = Steps(logs)
    try:
        with contextlib.ExitStack() as cleanup:
            _run(options, steps, cleanup)
    except KeyboardInterrupt:
        complain("\nStopped.")
        status = 130
    except Exception as error:  # whatever it is, whoever reads this needs the logs
        complain(f"\n{error}" if isinstance(error, Failure) else f"\n{traceback.format_exc()}")
        complain(f"\nThe end of the emulator's log:\n{tail(logs / 'emulator.log')}")
        complain(f"\nThe end of the functions' logs:\n{tail(logs / 'functions.log')}\n\nAll logs: {logs}")
        return 1
    else:
        say(f"All of it in {steps.total():.0f} s.")
        status = 0
    shutil.rmtree(logs)
    return status


def _run(options, steps, cleanup):
    env = tools_environment(steps.logs)
    with steps.step("reads the template as SAM and CloudFormation do"):
        build.lint(steps, env)
    if not options.skip_build:
        with steps.step("compiles the functions"):
            build.compile_functions(steps, env)
        with steps.step("sam build"):
            build.package(steps, env)
    with steps.step("starts the emulator"):
        emulator = Emulator(steps.logs)
        cleanup.callback(emulator.stop)
        cleanup.callback(lambda: emulator.save_function_logs(steps.logs / "functions.log"))
        emulator.wait()
    stack = walk.through(steps, emulator, options.keep)
    if options.keep:
        where = f"{stack.api.host}:80:127.0.0.1:{emulator.port}"
        say(f"\nThe stack stays at {stack.api.url} until you interrupt this; AWS's endpoints are at {emulator.url}.")
        say(f"  curl -i --connect-to {where} http://{stack.api.host}/auth/me")
        say(f"  curl {emulator.url}/_ministack/ses/messages")
        with contextlib.suppress(KeyboardInterrupt):
            signal.pause()


if __name__ == "__main__":
    sys.exit(main())
