"""Adapts the template where the emulator's CloudFormation differs from the one of AWS.

Each function here names one difference and can be removed once the emulator behaves like AWS. Nothing else is changed.
"""

from samtranslator.yaml_helper import yaml_parse

# The emulator refuses a stack with a resource of a type that it does not know.
UNKNOWN_TYPES = {"AWS::Budgets::Budget", "AWS::Logs::QueryDefinition"}


def for_emulator(text, parameters):
    """Returns the template in `text`, as `sam build` wrote it, for a stack with these `parameters`, and the logical
    ids of the resources that had to be left out."""
    template = yaml_parse(text)
    _set_defaults(template, parameters)
    resources = template["Resources"]
    secrets = {name for name, each in resources.items() if each["Type"] == "AWS::SecretsManager::Secret"}
    resources = template["Resources"] = _replace_secret_refs(resources, secrets)
    for each in resources.values():
        if each["Type"] == "AWS::IAM::Role":
            _allow_sending([policy["PolicyDocument"] for policy in each["Properties"]["Policies"]])
    left_out = [name for name, each in resources.items() if _is_metric_math(each) or each["Type"] in UNKNOWN_TYPES]
    for name in left_out:
        del resources[name]
    return template, left_out


def _set_defaults(template, parameters):
    """AWS passes a stack's parameters to the SAM transform, which replaces references by their values. The emulator
    passes none, so functions would be configured with the defaults. Therefore the values become the defaults."""
    for name, value in parameters.items():
        template["Parameters"][name]["Default"] = value


def _replace_secret_refs(value, secrets):
    """`Ref` of a secret is its ARN on AWS, but its name here. Its attribute `Id` is the ARN on both."""
    if isinstance(value, list):
        return [_replace_secret_refs(each, secrets) for each in value]
    if not isinstance(value, dict):
        return value
    if set(value) == {"Ref"} and value["Ref"] in secrets:
        return {"Fn::GetAtt": [value["Ref"], "Id"]}
    return {name: _replace_secret_refs(each, secrets) for name, each in value.items()}


def _allow_sending(documents):
    """The emulator authorizes the sending of email without a resource and without SES's condition keys, so a
    statement that names identities or the sender never matches. Only the action of such statements is tested here."""
    for statement in [each for document in documents for each in document["Statement"]]:
        if statement["Action"] in ("ses:SendEmail", ["ses:SendEmail"]):
            statement["Resource"] = "*"
            statement.pop("Condition", None)


def _is_metric_math(resource):
    """The emulator refuses a stack with an alarm on an expression of several metrics."""
    return resource["Type"] == "AWS::CloudWatch::Alarm" and "Metrics" in resource["Properties"]
