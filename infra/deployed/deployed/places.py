"""Paths, and the environment that programs of this run get."""

import os
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[3]
TEMPLATE = ROOT / "template.yaml"
TARGET = ROOT / "target" / "deployed"
TOOLS = pathlib.Path(sys.executable).parent
BUILT = TARGET / "build"
REGION = "us-east-1"


def tools_environment(home, extra=None):
    """The caller's environment with the pinned tools first and without any trace of a real AWS account.

    `home` takes what the tools would write into the caller's home directory about themselves.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "SAM_"))}
    return kept | {
        "PATH": f"{TOOLS}{os.pathsep}{os.environ['PATH']}",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_DEFAULT_REGION": REGION,
        "NO_PROXY": "127.0.0.1,localhost",
        "SAM_CLI_TELEMETRY": "0",
        "__SAM_CLI_APP_DIR": str(home),
    } | (extra or {})
