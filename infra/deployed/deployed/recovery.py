"""Re-creating a deleted stack with the tables and the key ring that it left behind."""

import json
import subprocess

from samtranslator.yaml_helper import yaml_parse

from . import gateway
from .checks import expect
from .paths import ROOT
from .tables import NAMES, Tables
from .web import Browser

TABLES = {f"{''.join(part.capitalize() for part in name.split('-'))}Table": name for name in NAMES}


def check_recreation(stack, signed_in, key_ring):
    """Imports the tables and the key ring with this ARN into a stack of the same name, as docs/recovery.md says, and
    deploys the rest. Nothing is lost, and `signed_in` still is."""
    tables = Tables(stack)
    rows = {name: len(tables.rows(name)) for name in NAMES}
    ring = stack.key_ring(key_ring)
    _import(stack, key_ring)
    stack.deploy()
    gateway.import_body(stack)
    expect("The rows after the import", {name: len(tables.rows(name)) for name in NAMES}, rows)
    expect("The key ring is unchanged", stack.key_ring() == ring, True)
    Browser(stack.api, signed_in.cookies).get("/auth/me").expect_status(200)


def _import(stack, key_ring):
    text = subprocess.run([ROOT / "infra/recovery/retained"], capture_output=True, text=True, check=True).stdout
    resources = [
        {"ResourceType": "AWS::DynamoDB::Table", "LogicalResourceId": logical,
         "ResourceIdentifier": {"TableName": f"{stack.name}-{name}"}}
        for logical, name in TABLES.items()]  # fmt: skip
    resources.append({"ResourceType": "AWS::SecretsManager::Secret", "LogicalResourceId": "KeyRing",
                      "ResourceIdentifier": {"Id": key_ring}})  # fmt: skip
    parameters = [{"ParameterKey": name, "ParameterValue": value} for name, value in stack.parameters.items()]
    client, names = stack.cloudformation, {"StackName": stack.name, "ChangeSetName": "import"}
    client.create_change_set(
        **names, ChangeSetType="IMPORT", TemplateBody=json.dumps(yaml_parse(text)), ResourcesToImport=resources,
        Parameters=parameters)  # fmt: skip
    client.get_waiter("change_set_create_complete").wait(**names, WaiterConfig={"Delay": 1})
    client.execute_change_set(**names)
    client.get_waiter("stack_import_complete").wait(StackName=stack.name, WaiterConfig={"Delay": 1})
