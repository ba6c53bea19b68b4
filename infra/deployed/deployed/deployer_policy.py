"""The policy of a deployer, compared with what the handlers of CloudFormation need for the template's resources."""

import fnmatch
import json
import pathlib

import cfnlint

from . import roles
from .checks import expect, require
from .paths import ROOT, TEMPLATE

POLICY = ROOT / "docs" / "deployer-policy.json"
SCHEMAS = pathlib.Path(cfnlint.__file__).parent / "data" / "schemas" / "resources"
HANDLERS = ("create", "read", "update", "delete")
# Features of the resource types that the template does not use, and rows and secrets, which a deployer has no need of.
UNUSED = """
    dynamodb:*Item dynamodb:Query dynamodb:Scan dynamodb:*Import* dynamodb:*TableReplica dynamodb:EnableKinesis*
    dynamodb:DisableKinesis* dynamodb:UpdateKinesis* dynamodb:PutResourcePolicy dynamodb:DeleteResourcePolicy
    iam:*GroupPolicy iam:*UserPolicy lambda:GetLayerVersion lambda:*CapacityProvider lambda:GetCodeSigningConfig
    lambda:PutFunctionCodeSigningConfig lambda:DeleteFunctionCodeSigningConfig lambda:PutFunctionRecursionConfig
    lambda:PutFunctionScalingConfig logs:PutDataProtectionPolicy logs:DeleteDataProtectionPolicy logs:*IndexPolicy
    logs:DeleteResourcePolicy logs:PutBearerTokenAuthentication logs:PutLogGroupDeletionProtection
    secretsmanager:*Replicat* secretsmanager:GetSecretValue ses:PutConfigurationSetArchivingOptions
    ses:PutConfigurationSetSendingOptions ses:PutConfigurationSetTrackingOptions ses:PutConfigurationSetVdmOptions
    ses:PutEmailIdentityConfigurationSetAttributes ses:PutEmailIdentityDkimSigningAttributes sns:PutDataProtectionPolicy
""".split()


def of_stack(name):
    """Returns the policy of a deployer of one stack, as docs/deploy.md makes it."""
    return POLICY.read_text().replace("STACK", name)


def check():
    """Fails if the policy lacks a permission for a resource of the template, or allows to read rows or secrets."""
    resources = roles.transform(TEMPLATE.read_text())["Resources"]
    needed = set(_needed({each["Type"] for each in resources.values()}))
    statements = json.loads(POLICY.read_text())["Statement"]
    # A role takes 10,240 characters of inline policies, without white space.
    require(len(json.dumps(statements, separators=(",", ":"))) < 9000, "The deployer's policy is too long for a role.")
    allowed = {action for each in statements for action in _list(each["Action"])}
    require(not any("*" in action for action in allowed), "The deployer's policy has a wildcard in an action.")
    expect("What the deployer's policy lacks", sorted(needed - allowed), [])
    expect("What a deployer may read", [action for action in allowed if _matches(action, UNUSED)], [])


def _needed(types):
    """Yields what the handlers of these types call in their own service. Those of Route 53 and Budgets are not known."""
    for file in SCHEMAS.glob("*.json"):
        schema = json.loads(file.read_text())
        if schema.get("typeName") in types:
            handlers = schema.get("handlers", {})
            permissions = {each for name in HANDLERS for each in handlers.get(name, {}).get("permissions", [])}
            own = schema["typeName"].split("::")[1].lower().removesuffix("v2")
            yield from (each for each in permissions if each.split(":")[0] == own and not _matches(each, UNUSED))


def _matches(action, patterns):
    return any(fnmatch.fnmatchcase(action, pattern) for pattern in patterns)


def _list(value):
    return value if isinstance(value, list) else [value]
