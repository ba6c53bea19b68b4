"""The roles after SAM's transform: SAM gives managed policies of AWS to the roles that it makes itself."""

import boto3
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from samtranslator.yaml_helper import yaml_parse

from .checks import expect, require
from .paths import REGION, TEMPLATE


def transform(text):
    """Returns the template in `text` as CloudFormation sees it. Required parameters get any value."""
    template = yaml_parse(text)
    template["Globals"]["Function"]["CodeUri"] = "s3://bucket/key"
    values = {name: each.get("Default", "x@example.com") for name, each in template["Parameters"].items()}
    return Translator({}, Parser(), boto_session=boto3.Session(region_name=REGION)).translate(template, values)


def check(text=None):
    """Fails if a function's role is not exactly one that the template declares, or has a policy from elsewhere.

    What the tests of the workspace say about the roles in the template then holds for the deployed ones."""
    text = text or TEMPLATE.read_text()
    source, transformed = (template["Resources"] for template in (yaml_parse(text), transform(text)))
    functions = {name: each for name, each in transformed.items() if each["Type"] == "AWS::Lambda::Function"}
    require(functions, "The transformed template has no functions.")
    named = {each["Properties"]["Role"]["Fn::GetAtt"][0] for each in functions.values()}
    expect("The roles of the functions", named, {name for name, each in transformed.items() if _is_role(each)})
    for name in named:
        expect(f"The role {name} after SAM's transform", transformed[name], source.get(name))
        for policy in transformed[name]["Properties"]["ManagedPolicyArns"]:
            require("Ref" in policy and policy["Ref"] in source, f"{name} has the policy {policy} from elsewhere.")


def _is_role(resource):
    return resource["Type"] == "AWS::IAM::Role"
