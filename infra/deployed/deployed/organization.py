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
    """All tables, the key ring and the queues are encrypted with the key, all roles have the boundary, and the stack
    has the tags."""
    emulator, deployer = stack.emulator, stack.deployer
    key, boundary = stack.parameters["KmsKeyArn"], stack.parameters["PermissionsBoundary"]
    resources = stack.resources().values()
    named = {kind: [name for each, name in resources if each == kind] for kind, _ in resources}
    dynamodb, iam, sqs = (emulator.client(name, deployer) for name in ("dynamodb", "iam", "sqs"))
    for table in named["AWS::DynamoDB::Table"]:
        found = dynamodb.describe_table(TableName=table)["Table"]
        expect(f"The key of the table {table}", found.get("SSEDescription", {}).get("KMSMasterKeyArn"), key)
    for role in named["AWS::IAM::Role"]:
        found = iam.get_role(RoleName=role)["Role"]
        expect(f"The boundary of {role}", found.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn"), boundary)
    for queue in named["AWS::SQS::Queue"]:
        found = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["KmsMasterKeyId"])["Attributes"]
        expect(f"The key of the queue {queue}", found.get("KmsMasterKeyId"), key)
    secret = emulator.client("secretsmanager", deployer).describe_secret(SecretId=stack.physical("KeyRing"))
    expect("The key of the key ring", secret.get("KmsKeyId"), key)
    tags = {each["Key"]: each["Value"] for each in stack.describe().get("Tags", [])}
    expect("The tags of the stack", {name: tags.get(name) for name in TAGS}, TAGS)
