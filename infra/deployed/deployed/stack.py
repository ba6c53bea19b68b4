"""One deployed stack: `sam deploy`, what it made, `sam delete`."""

import functools
import json

from botocore.exceptions import ClientError

from . import adapt, build
from .checks import Failure
from .places import BUILT, REGION, ROOT, TOOLS, tools_environment
from .web import Api

BUCKET = "deployments"


class Stack:
    """A portal's stack. `parameters` are the template's; what is not given has its default."""

    def __init__(self, name, parameters, steps, emulator, deployer):
        self.name, self.parameters, self.steps, self.emulator, self.deployer = name, parameters, steps, emulator, deployer
        self.cloudformation = emulator.client("cloudformation", deployer)

    def deploy(self, **changed):
        """Creates the stack, or updates it with what `changed` says."""
        self.parameters |= changed
        given = {"Architecture": build.ARCHITECTURE} | self.parameters
        self._sam(
            "deploy", "--template-file", self._template(given), "--s3-bucket", BUCKET, "--s3-prefix", self.name,
            "--capabilities", "CAPABILITY_IAM", "--no-confirm-changeset", "--no-progressbar",
            "--parameter-overrides", *(f"{name}={_quoted(value)}" for name, value in given.items()))  # fmt: skip
        self.__dict__.pop("outputs", None)

    def _template(self, given):
        template, self.left_out = adapt.for_emulator((BUILT / "template.yaml").read_text(), given)
        path = BUILT / f"{self.name}.json"
        path.write_text(json.dumps(template))
        return path

    def delete(self):
        """Deletes the stack, with what the template does not retain."""
        self._sam("delete", "--no-prompts", "--s3-bucket", BUCKET, "--s3-prefix", self.name)

    def _sam(self, command, *arguments):
        who = {"AWS_ACCESS_KEY_ID": self.deployer.key, "AWS_SECRET_ACCESS_KEY": self.deployer.secret}
        env = tools_environment(self.steps.logs, who | {"AWS_ENDPOINT_URL": self.emulator.url})
        whole = [TOOLS / "sam", command, "--stack-name", self.name, "--region", REGION, *arguments]
        self.steps.run("deploy.log", whole, env, ROOT)

    def describe(self):
        """What CloudFormation says of the stack, or None if there is none."""
        try:
            return self.cloudformation.describe_stacks(StackName=self.name)["Stacks"][0]
        except ClientError as error:
            if "does not exist" in str(error):
                return None
            raise

    @functools.cached_property
    def outputs(self):
        """The stack's outputs by name."""
        return {each["OutputKey"]: each["OutputValue"] for each in self.describe().get("Outputs", [])}

    def resources(self):
        """Logical id to (type, physical id)."""
        found = self.cloudformation.describe_stack_resources(StackName=self.name)["StackResources"]
        return {each["LogicalResourceId"]: (each["ResourceType"], each["PhysicalResourceId"]) for each in found}

    def physical(self, logical):
        """The physical id of a resource."""
        resources = self.resources()
        if logical not in resources:
            raise Failure(f"The stack {self.name} has no resource named {logical}.")
        return resources[logical][1]

    def processed_template(self):
        """The template as the SAM transform left it."""
        found = self.cloudformation.get_template(StackName=self.name, TemplateStage="Processed")
        return found["TemplateBody"]

    def function_names(self):
        """Logical id to name, of every Lambda function."""
        return {name: each for name, (kind, each) in self.resources().items() if kind == "AWS::Lambda::Function"}

    def key_ring(self, secret=None):
        """The value of the stack's secret."""
        client = self.emulator.client("secretsmanager", self.deployer)
        return json.loads(client.get_secret_value(SecretId=secret or self.physical("KeyRing"))["SecretString"])

    def write_key_ring(self, ring):
        """Replaces the value of the stack's secret, as whoever rotates a key does."""
        client = self.emulator.client("secretsmanager", self.deployer)
        client.put_secret_value(SecretId=self.physical("KeyRing"), SecretString=json.dumps(ring))

    @property
    def api(self):
        """The API at the address that the stack tells."""
        return Api(self.outputs["ApiUrl"], self.emulator.port)


def _quoted(value):
    return f'"{value}"' if " " in value else value
