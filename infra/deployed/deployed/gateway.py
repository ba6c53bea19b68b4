"""Imports the OpenAPI body of an HTTP API, which the emulator does not do.

Routes, integrations, authorization and CORS are created from the body in the processed template, without additions.
Anything in the body that is not supported stops the run.
"""

import fnmatch
import json

from botocore.exceptions import ClientError

from .checks import Failure, require
from .intrinsics import Intrinsics
from .paths import REGION

METHODS = ("get", "post", "put", "patch", "delete", "head", "options", "x-amazon-apigateway-any-method")


def import_body(stack):
    """Imports the body of the stack's API. Returns the authorization of each route, by route key."""
    gateway = stack.emulator.client("apigatewayv2", stack.deployer)
    logical, body = _body(stack)
    api = stack.physical(logical)
    _clear(gateway, api)
    routes = {}
    integrations = {}
    for path, operations in body["paths"].items():
        for method, operation in operations.items():
            require(method in METHODS, f"The API definition has an unknown method {method!r} at {path}.")
            key = f"{'ANY' if method.startswith('x-') else method.upper()} {path}"
            target = _integration(gateway, api, key, operation["x-amazon-apigateway-integration"], integrations)
            routes[key] = _authorization(key, operation, body)
            gateway.create_route(ApiId=api, RouteKey=key, Target=target, AuthorizationType=routes[key])
            _require_permission(stack, api, key, operation["x-amazon-apigateway-integration"]["uri"])
    if cors := body.get("x-amazon-apigateway-cors"):
        configuration = {name[0].upper() + name[1:]: each for name, each in cors.items()}
        gateway.update_api(ApiId=api, CorsConfiguration=configuration)
    return routes


def _body(stack):
    """Returns the logical id of the stack's API, and its evaluated OpenAPI body."""
    template = stack.processed_template()
    bodies = {name: each for name, each in template["Resources"].items() if each["Type"] == "AWS::ApiGatewayV2::Api"}
    require(len(bodies) == 1, f"The template has {len(bodies)} HTTP APIs, but it must have exactly one.")
    [(logical, resource)] = bodies.items()
    described = stack.describe()
    resources = stack.resources()
    arn = described["StackId"].split(":")
    pseudo = {
        "AWS::Partition": arn[1],
        "AWS::Region": arn[3],
        "AWS::AccountId": arn[4],
        "AWS::StackId": described["StackId"],
        "AWS::StackName": stack.name,
        "AWS::URLSuffix": "amazonaws.com",
    }
    parameters = {name: str(each.get("Default")) for name, each in template.get("Parameters", {}).items()}
    parameters |= {each["ParameterKey"]: each["ParameterValue"] for each in described.get("Parameters", [])}
    physical = {name: each for name, (_, each) in resources.items()}

    def get_attribute(resource, attribute):
        kind, physical_id = resources[resource]
        if (kind, attribute) != ("AWS::Lambda::Function", "Arn"):
            raise Failure(f"The API definition needs {resource}.{attribute}, which is not supported here.")
        return f"arn:{arn[1]}:lambda:{arn[3]}:{arn[4]}:function:{physical_id}"

    intrinsics = Intrinsics(template, parameters | pseudo | physical, get_attribute)
    return logical, intrinsics.evaluate(resource["Properties"]["Body"])


def _clear(gateway, api):
    """Removes all routes and integrations of the API."""
    for route in gateway.get_routes(ApiId=api)["Items"]:
        gateway.delete_route(ApiId=api, RouteId=route["RouteId"])
    for integration in gateway.get_integrations(ApiId=api)["Items"]:
        gateway.delete_integration(ApiId=api, IntegrationId=integration["IntegrationId"])


def _integration(gateway, api, key, declared, integrations):
    """Returns the target of a route. Routes of the same function share an integration."""
    kind, version = declared["type"].upper(), declared.get("payloadFormatVersion")
    is_supported = (kind, version) == ("AWS_PROXY", "2.0")
    require(is_supported, f"{key} must have an AWS_PROXY 2.0 integration, not {kind} {version}.")
    uri = declared["uri"]
    if uri not in integrations:
        integrations[uri] = gateway.create_integration(
            ApiId=api, IntegrationType=kind, IntegrationUri=uri, PayloadFormatVersion=version,
            IntegrationMethod=declared["httpMethod"])["IntegrationId"]  # fmt: skip
    return f"integrations/{integrations[uri]}"


def _authorization(key, operation, body):
    """Returns `NONE`, or `AWS_IAM` if the body's security scheme is SigV4."""
    schemes = [name for each in operation.get("security", body.get("security", [])) for name in each]
    if not schemes:
        return "NONE"
    declared = body.get("components", {}).get("securitySchemes", {})
    kinds = {declared.get(name, {}).get("x-amazon-apigateway-authtype") for name in schemes}
    require(kinds == {"awsSigv4"}, f"{key} must be authorized by IAM, not by {schemes}.")
    return "AWS_IAM"


def _require_permission(stack, api, key, uri):
    """Fails unless the function allows API Gateway to invoke it for this route, which the emulator does not check."""
    function = uri.split("/functions/")[1].removesuffix("/invocations")
    method, path = key.split(" ")
    source = f"arn:aws:execute-api:{REGION}:{function.split(':')[4]}:{api}/$default/{method}{path}"
    try:
        policy = json.loads(stack.emulator.client("lambda", stack.deployer).get_policy(FunctionName=function)["Policy"])
    except ClientError:
        policy = {"Statement": []}
    for statement in policy["Statement"]:
        pattern = statement.get("Condition", {}).get("ArnLike", {}).get("AWS:SourceArn", "")
        if statement["Principal"] == {"Service": "apigateway.amazonaws.com"} and fnmatch.fnmatchcase(source, pattern):
            return
    raise Failure(f"API Gateway has no permission to invoke {function} for {key}.")
