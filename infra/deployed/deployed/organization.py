"""What an organization may require of a stack: a key of its own, a boundary for all roles, and tags."""

import json

from .checks import expect

TAGS = {"team": "identity", "cost-center": "42"}
EVERYTHING = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}


def parameters(emulator, deployer):
    """Creates the key and the boundary, and returns the parameters that require them."""
    key = emulator.client("kms", deployer).create_key()["KeyMetadata"]["Arn"]
    iam = emulator.client("iam", deployer)
    boundary = iam.create_policy(PolicyName="boundary", PolicyDocument=json.dumps(EVERYTHING))["Policy"]["Arn"]
    return {"KmsKeyArn": key, "PermissionsBoundary": boundary}


def check(stack):
    """The queues are encrypted with the key, and the stack has the tags. The emulator's CloudFormation does not pass on
    the key of tables and secrets, nor the boundary of roles."""
    sqs = stack.emulator.client("sqs", stack.deployer)
    for queue in [name for kind, name in stack.resources().values() if kind == "AWS::SQS::Queue"]:
        found = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["KmsMasterKeyId"])["Attributes"]
        expect(f"The key of the queue {queue}", found.get("KmsMasterKeyId"), stack.parameters["KmsKeyArn"])
    tags = {each["Key"]: each["Value"] for each in stack.describe().get("Tags", [])}
    expect("The tags of the stack", {name: tags.get(name) for name in TAGS}, TAGS)
