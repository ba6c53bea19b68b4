"""Runs the emulator with one answer and one address corrected, and one import added.

An authorizer of an HTTP API that returns `{"errorMessage": "Unauthorized"}` makes API Gateway answer 401. The emulator
answers 500, as for any other answer that it cannot read. A JWT authorizer reads the issuer's keys at the issuer's own
address, which only the emulator itself serves here. CloudFormation imports secrets, and the emulator's does not.
"""

import os
import urllib.parse
import urllib.request

from ministack.app import main
from ministack.services import apigateway, secretsmanager
from ministack.services.cloudformation import provisioners

UNAUTHORIZED = (401, {"Content-Type": "application/json"}, b'{"message":"Unauthorized"}'), None
authorize, invoke = apigateway._authorize_request_v2, apigateway._invoke_request_authorizer_lambda
urlopen = apigateway._urlopen_async


class Unauthorized(Exception):
    """The authorizer says that nobody is signed in."""


async def _invoke(*arguments):
    payload = await invoke(*arguments)
    if payload == {"errorMessage": "Unauthorized"}:
        raise Unauthorized
    return payload


async def _authorize(*arguments, **named):
    try:
        return await authorize(*arguments, **named)
    except Unauthorized:
        return UNAUTHORIZED


async def _urlopen(url, timeout):
    if isinstance(url, str) and url.startswith("https:"):
        parts = urllib.parse.urlsplit(url)
        here = f"http://127.0.0.1:{os.environ['GATEWAY_PORT']}{parts.path}"
        url = urllib.request.Request(here, headers={"Host": parts.hostname})
    return await urlopen(url, timeout)


def _import_secret(identifier):
    arn = identifier["Id"]
    [name] = [name for name, secret in secretsmanager._secrets.items() if secret["ARN"] == arn]
    return name, {"Id": arn, "Arn": arn}


if __name__ == "__main__":
    provisioners._RESOURCE_HANDLERS["AWS::SecretsManager::Secret"]["import"] = _import_secret
    apigateway._urlopen_async = _urlopen
    apigateway._invoke_request_authorizer_lambda = _invoke
    apigateway._authorize_request_v2 = _authorize
    main()
