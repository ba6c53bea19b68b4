"""Runs the emulator with one answer corrected.

An authorizer of an HTTP API that returns `{"errorMessage": "Unauthorized"}` makes API Gateway answer 401. The emulator
answers 500, as for any other answer that it cannot read.
"""

from ministack.app import main
from ministack.services import apigateway

UNAUTHORIZED = (401, {"Content-Type": "application/json"}, b'{"message":"Unauthorized"}'), None
authorize, invoke = apigateway._authorize_request_v2, apigateway._invoke_request_authorizer_lambda


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


if __name__ == "__main__":
    apigateway._invoke_request_authorizer_lambda = _invoke
    apigateway._authorize_request_v2 = _authorize
    main()
