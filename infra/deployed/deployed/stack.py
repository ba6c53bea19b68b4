"""A deployed stack: `sam deploy`, the resources, and `sam delete`."""

import functools
import json

from botocore.exceptions import ClientError

from . import adapt, build
from .checks import Failure
from .paths import BUCKET, BUILT, REGION, ROOT, TOOLS, tools_environment
from .web import Api


class Stack:
    """The stack of one portal. Parameters that are not in `parameters` have their defaults. It is deployed from the
    release folder `release`, or from what `sam build` made."""

    def __init__(self, name, parameters, steps, emulator, deployer, release=None):
        self.name, self.parameters, self.steps = name, parameters, steps
        self.emulator, self.deployer, self.release = emulator, deployer, release
        self.sam_user, self.tags = deployer, {}
        self.cloudformation = emulator.client("cloudformation", deployer)

    def deploy(self, **changed):
        """Creates the stack, or updates it with the parameters in `changed`."""
        self.parameters |= changed
        if self.release:
            self.release.deploy(self, changed, self._environment())
            self.__dict__.pop("outputs", None)
            return
        parameters = {"Architecture": build.ARCHITECTURE} | self.parameters
        self._deploy(self._template(parameters), parameters)

    def _deploy(self, template, parameters):
        self._sam(
            "deploy", "--template-file", template, "--s3-bucket", BUCKET, "--s3-prefix", self.name,
            "--capabilities", "CAPABILITY_IAM", "--no-confirm-changeset", "--no-progressbar", *self.tag_options(),
            "--parameter-overrides", *(f"{name}={_quoted(value)}" for name, value in parameters.items()))  # fmt: skip
        self.__dict__.pop("outputs", None)

    def _template(self, parameters):
        template, self.left_out = adapt.for_emulator((BUILT / "template.yaml").read_text(), parameters)
        path = BUILT / f"{self.name}.json"
        path.write_text(json.dumps(template))
        return path

    def tag_options(self):
        """Returns the options of `sam deploy` that set the stack's tags."""
        return ["--tags", *(f"{name}={value}" for name, value in self.tags.items())] if self.tags else []

    def delete(self):
        """Deletes the stack, except for the resources that the template retains."""
        self._sam("delete", "--no-prompts", "--s3-bucket", BUCKET, "--s3-prefix", self.name)

    def _sam(self, command, *arguments):
        sam = [TOOLS / "sam", command, "--stack-name", self.name, "--region", REGION, *arguments]
        self.steps.run("deploy.log", sam, self._environment(), ROOT)

    def _environment(self):
        credentials = {"AWS_ACCESS_KEY_ID": self.sam_user.key, "AWS_SECRET_ACCESS_KEY": self.sam_user.secret}
        return tools_environment(self.steps.logs, credentials | {"AWS_ENDPOINT_URL": self.emulator.url})

    def describe(self):
        """Returns CloudFormation's description of the stack, or None if there is no such stack."""
        try:
            return self.cloudformation.describe_stacks(StackName=self.name)["Stacks"][0]
        except ClientError as error:
            if "does not exist" in str(error):
                return None
            raise

    @functools.cached_property
    def outputs(self):
        """Returns the stack's outputs by name."""
        return {each["OutputKey"]: each["OutputValue"] for each in self.describe().get("Outputs", [])}

    def resources(self):
        """Returns the type and the physical id of each resource, by logical id."""
        found = self.cloudformation.describe_stack_resources(StackName=self.name)["StackResources"]
        return {each["LogicalResourceId"]: (each["ResourceType"], each["PhysicalResourceId"]) for each in found}

    def physical(self, logical):
        """Returns the physical id of a resource."""
        resources = self.resources()
        if logical not in resources:
            raise Failure(f"The stack {self.name} has no resource named {logical}.")
        return resources[logical][1]

    def processed_template(self):
        """Returns the template after the SAM transform."""
        found = self.cloudformation.get_template(StackName=self.name, TemplateStage="Processed")
        return found["TemplateBody"]

    def function_names(self):
        """Returns the name of each Lambda function, by logical id."""
        return {name: each for name, (kind, each) in self.resources().items() if kind == "AWS::Lambda::Function"}

    def key_ring(self, secret=None):
        """Returns the key ring in the stack's secret, or in another one."""
        client = self.emulator.client("secretsmanager", self.deployer)
        return json.loads(client.get_secret_value(SecretId=secret or self.physical("KeyRing"))["SecretString"])

    def write_key_ring(self, ring):
        """Replaces the key ring in the stack's secret, as an operator does to rotate a key."""
        client = self.emulator.client("secretsmanager", self.deployer)
        client.put_secret_value(SecretId=self.physical("KeyRing"), SecretString=json.dumps(ring))

    @property
    def api(self):
        """Returns the API at the URL in the stack's outputs."""
        return Api(self.outputs["ApiUrl"], self.emulator.port)


def _quoted(value):
    return f'"{value}"' if " " in value else value
