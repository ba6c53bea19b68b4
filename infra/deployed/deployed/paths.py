"""Paths, and the environment of the programs that a run starts."""

import os
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[3]
TEMPLATE = ROOT / "template.yaml"
EXAMPLES = ROOT / "examples"
PROTECTED_API = EXAMPLES / "protected-api" / "template.yaml"
TARGET = ROOT / "target" / "deployed"
TOOLS = pathlib.Path(sys.executable).parent
BUILT = TARGET / "build"
REGION = "us-east-1"
BUCKET = "aws-sam-cli-managed-default-bucket"


def tools_environment(home, extra=None):
    """Returns the caller's environment without any settings of a real AWS account.

    Files that the tools would write to the caller's home directory go to `home` instead.
    """
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "SAM_"))}
    return inherited | {
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_DEFAULT_REGION": REGION,
        "NO_PROXY": "127.0.0.1,localhost",
        "SAM_CLI_TELEMETRY": "0",
        "__SAM_CLI_APP_DIR": str(home),
    } | (extra or {})
