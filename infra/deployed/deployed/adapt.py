"""Where the emulator's CloudFormation is not AWS's: the template it gets means there what ours means on AWS.

Nothing else is changed, and each point names the difference. A point that the emulator has closed can go.
"""

from samtranslator.yaml_helper import yaml_parse


def for_emulator(text, parameters):
    """The template in `text`, as `sam build` made it, for a stack that is given `parameters`; and what had to be left out."""
    template = yaml_parse(text)
    _defaults(template, parameters)
    resources = template["Resources"]
    secrets = {name for name, each in resources.items() if each["Type"] == "AWS::SecretsManager::Secret"}
    resources = template["Resources"] = _arns(resources, secrets)
    for each in resources.values():
        if each["Type"] == "AWS::Serverless::Function":
            _senders(each["Properties"].get("Policies", []))
    left_out = [name for name, each in resources.items() if _is_metric_math(each)]
    for name in left_out:
        del resources[name]
    return template, left_out


def _defaults(template, parameters):
    """AWS hands a stack's parameters to the SAM transform, which writes them in place of references. The emulator hands over
    none, and functions would be configured with the defaults: so the defaults are what is given."""
    for name, value in parameters.items():
        template["Parameters"][name]["Default"] = value


def _arns(value, secrets):
    """`Ref` of a secret is its ARN on AWS and its name here. Its attribute `Id` is the ARN on both."""
    if isinstance(value, list):
        return [_arns(each, secrets) for each in value]
    if not isinstance(value, dict):
        return value
    if set(value) == {"Ref"} and value["Ref"] in secrets:
        return {"Fn::GetAtt": [value["Ref"], "Id"]}
    return {name: _arns(each, secrets) for name, each in value.items()}


def _senders(policies):
    """The emulator authorises sending a mail on no resource and without SES's condition keys, so a statement that names
    identities or the sender never matches. That they are named is not tested here; that sending must be allowed, is."""
    for statement in [each for policy in policies for each in policy.get("Statement", [])]:
        if statement["Action"] in ("ses:SendEmail", ["ses:SendEmail"]):
            statement["Resource"] = "*"
            statement.pop("Condition", None)


def _is_metric_math(resource):
    """The emulator refuses a stack with an alarm over an expression of several metrics."""
    return resource["Type"] == "AWS::CloudWatch::Alarm" and "Metrics" in resource["Properties"]
