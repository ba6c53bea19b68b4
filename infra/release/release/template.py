"""The template of a release: the same as that of the repository, with zips in place of builds."""

import re

from .workspace import TEMPLATE

BUILD = re.compile(
    r"    Metadata: \{ BuildMethod: rust-cargolambda, BuildProperties: \{ Binary: ([a-z-]+) \} \}\n    Properties:\n")
ARCHITECTURES = "    Default: arm64\n    AllowedValues: [arm64, x86_64]\n"


def packaged(architecture, functions):
    """Returns the template for the zips of these functions, which allows no other architecture than theirs."""
    text = TEMPLATE.read_text()
    found = BUILD.findall(text)
    if sorted(found) != sorted(functions.values()):
        raise SystemExit(f"template.yaml must say how each function is built in one line, not only {found}.")
    text = BUILD.sub(r"    Properties:\n      CodeUri: functions/\1.zip\n", text)
    text = _replace_once(text, "    CodeUri: .\n", "")
    return _replace_once(
        text, ARCHITECTURES, f"    Default: {architecture}\n    AllowedValues: [{architecture}]\n")


def _replace_once(text, old, new):
    if text.count(old) != 1:
        raise SystemExit(f"template.yaml must contain this once:\n{old}")
    return text.replace(old, new)
