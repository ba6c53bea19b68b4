"""Restoring the users, and re-creating a deleted stack with the tables and the key ring that it left behind."""

import datetime
import json
import subprocess

from samtranslator.yaml_helper import yaml_parse

from . import gateway, journey
from .checks import expect
from .paths import ROOT
from .tables import NAMES, Tables
from .vestibule import Vestibule
from .web import Browser

TABLES = {f"{''.join(part.capitalize() for part in name.split('-'))}Table": name for name in NAMES}


def check_restore(stack, mailbox, address, back_end, user):
    """A session that ended after the time of a restore stays ended. The user signs in again, and the table has its
    settings.

    The emulator keeps no backups: a copy that was made in time stands for the table that DynamoDB would restore.
    """
    browser = journey.sign_in(stack, mailbox, address)
    client = stack.emulator.client("dynamodb", stack.deployer)
    users, kept = f"{stack.name}-users", f"{stack.name}-kept"
    at = datetime.datetime.now(datetime.UTC).isoformat()
    before = client.describe_table(TableName=users)["Table"]
    _copy(client, before, kept)
    back_end.call("DELETE", f"/{user}/sessions").expect_status(204)
    arguments = ["restore", "--at", at, "--from", kept]
    command = Vestibule(stack)
    command.run(*arguments)
    expect("The users after the plan", client.describe_table(TableName=users)["Table"], before)
    expect("The users in the report", json.loads(command.run(*arguments, "--yes", "--json"))["users"], 1)
    browser.get("/auth/me").expect_problem(401, "not-authenticated")
    journey.sign_in(stack, mailbox, address)
    after = client.describe_table(TableName=users)["Table"]
    for setting in ("KeySchema", "AttributeDefinitions", "DeletionProtectionEnabled"):
        expect(f"The restored {setting}", after.get(setting), before.get(setting))
    recovery = client.describe_continuous_backups(TableName=users)["ContinuousBackupsDescription"]
    status = recovery["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"]
    expect("Point-in-time recovery", status, "ENABLED")


def _copy(client, table, name):
    indexes = [
        {part: index[part] for part in ("IndexName", "KeySchema", "Projection")}
        for index in table["GlobalSecondaryIndexes"]]  # fmt: skip
    client.create_table(
        TableName=name, BillingMode="PAY_PER_REQUEST", GlobalSecondaryIndexes=indexes,
        KeySchema=table["KeySchema"], AttributeDefinitions=table["AttributeDefinitions"])  # fmt: skip
    for row in client.scan(TableName=table["TableName"])["Items"]:
        client.put_item(TableName=name, Item=row)


def check_recreation(stack, signed_in, key_ring):
    """Imports the tables and the key ring with this name into a stack of the same name, as docs/recovery.md says, and
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
    secrets = stack.emulator.client("secretsmanager", stack.deployer)
    arn = secrets.describe_secret(SecretId=key_ring)["ARN"]
    resources = [
        {"ResourceType": "AWS::DynamoDB::Table", "LogicalResourceId": logical,
         "ResourceIdentifier": {"TableName": f"{stack.name}-{name}"}}
        for logical, name in TABLES.items()]  # fmt: skip
    resources.append({"ResourceType": "AWS::SecretsManager::Secret", "LogicalResourceId": "KeyRing",
                      "ResourceIdentifier": {"Id": arn}})  # fmt: skip
    parameters = [{"ParameterKey": name, "ParameterValue": value} for name, value in stack.parameters.items()]
    client, names = stack.cloudformation, {"StackName": stack.name, "ChangeSetName": "import"}
    client.create_change_set(
        **names, ChangeSetType="IMPORT", TemplateBody=json.dumps(yaml_parse(text)), ResourcesToImport=resources,
        Parameters=parameters)  # fmt: skip
    client.get_waiter("change_set_create_complete").wait(**names, WaiterConfig={"Delay": 1})
    client.execute_change_set(**names)
    client.get_waiter("stack_import_complete").wait(StackName=stack.name, WaiterConfig={"Delay": 1})
