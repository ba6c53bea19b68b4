"""A REST API behind the authorizer, whose events and answers have other forms than those of an HTTP API."""

from . import journey, protected_api
from .paths import REGION
from .web import Api

STAGE = "v1"
URI = "arn:aws:apigateway:{region}:lambda:path/2015-03-31/functions/{function}/invocations"


def check_access(portal, mailbox, address):
    """Both types of authorizers let in a live session only, and it ends here on the next request too."""
    api = _create(portal)
    browser = journey.sign_in(portal, mailbox, address)
    cookie, bearer = protected_api.headers_of(browser)
    allowed = [("request", cookie), ("request", bearer), ("token", bearer)]

    def call(kind, headers, method="GET"):
        return api.call(method, f"/{STAGE}/{kind}", headers)

    for kind, headers in allowed:
        call(kind, headers).expect_status(200)
    for kind, headers in (("request", {}), ("token", {}), ("token", cookie), ("request", cookie | bearer)):
        call(kind, headers).expect_status(401)
    call("request", cookie | {"origin": journey.OTHER_ORIGIN}, "POST").expect_status(403)
    browser.send("/auth/logout").expect_status(200)
    for kind, headers in allowed:
        call(kind, headers).expect_status(401)


def _create(portal):
    """Creates an API with one resource for each type of authorizer, which responds without a function."""
    client = portal.emulator.client("apigateway", portal.deployer)
    api = client.create_rest_api(name="rest")["id"]
    [root] = client.get_resources(restApiId=api)["items"]
    uri = URI.format(region=REGION, function=portal.outputs["AuthorizerArn"])
    for kind, source in (("REQUEST", {}), ("TOKEN", {"identitySource": "method.request.header.Authorization"})):
        authorizer = client.create_authorizer(
            restApiId=api, name=kind, type=kind, authorizerUri=uri, authorizerResultTtlInSeconds=0,
            **source)["id"]  # fmt: skip
        resource = client.create_resource(restApiId=api, parentId=root["id"], pathPart=kind.lower())["id"]
        method = {"restApiId": api, "resourceId": resource, "httpMethod": "ANY"}
        client.put_method(**method, authorizationType="CUSTOM", authorizerId=authorizer)
        client.put_integration(**method, type="MOCK", requestTemplates={"application/json": '{"statusCode": 200}'})
        client.put_method_response(**method, statusCode="200")
        client.put_integration_response(**method, statusCode="200")
    client.create_deployment(restApiId=api, stageName=STAGE)
    return Api(f"https://{api}.execute-api.{REGION}.amazonaws.com", portal.emulator.port)
