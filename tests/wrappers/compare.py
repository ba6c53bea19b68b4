"""Compares the synthesized stack with the template that it includes: `compare.py RELEASE CDK_OUT`."""

import json
import pathlib
import sys

from samtranslator.yaml_helper import yaml_parse

# What the CDK adds to every stack.
OWN = {"BootstrapVersion", "CheckBootstrapVersion"}
# The parameters that the app sets.
SET = {"Parameters/EmailFrom/Default", "Parameters/PortalName/Default"}
SECTIONS = ("Globals", "Parameters", "Conditions", "Resources", "Outputs", "Rules")


def normal(value):
    """Returns a value without the spellings in which two templates may differ, and without the code's place."""
    if isinstance(value, list):
        return [normal(each) for each in value]
    if not isinstance(value, dict):
        return str(value).lower() if isinstance(value, bool | int) else value
    if set(value) == {"Fn::GetAtt"} and isinstance(value["Fn::GetAtt"], str):
        return {"Fn::GetAtt": value["Fn::GetAtt"].split(".", 1)}
    spelled = {name: [each] if name == "DependsOn" and isinstance(each, str) else each for name, each in value.items()}
    return {name: normal(each) for name, each in spelled.items() if name not in ("CodeUri", *OWN)}


def differences(ours, theirs, path=""):
    """Yields the path of each value that differs."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for name in sorted(set(ours) | set(theirs)):
            yield from differences(ours.get(name), theirs.get(name), f"{path}/{name}")
    elif ours != theirs and path not in SET:
        yield f"{path}: {json.dumps(ours)[:200]} became {json.dumps(theirs)[:200]}"


def main(release, out):
    """Prints the differences, and returns the exit status."""
    template = yaml_parse((pathlib.Path(release) / "template.yaml").read_text())
    synthesized = json.loads((pathlib.Path(out) / "partner-portal.template.json").read_text())
    found = [each for name in SECTIONS
             for each in differences(normal(template.get(name, {})), normal(synthesized.get(name, {})), name)]  # fmt: skip
    print("\n".join(found) or "The stack of the CDK is that of the template.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
