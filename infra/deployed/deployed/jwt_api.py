"""An HTTP API behind API Gateway's own JWT authorizer, which checks access tokens without asking the portal."""

from .paths import REGION
from .web import Api

PATH = "/whoami"


class JwtApi:
    """An API that lets in access tokens of one portal. It guards an address where nothing is: whoever is let in gets
    404."""

    def __init__(self, portal):
        client = portal.emulator.client("apigatewayv2", portal.deployer)
        issuer = portal.outputs["ApiUrl"]
        api = client.create_api(Name="jwt", ProtocolType="HTTP")["ApiId"]
        guarded = client.create_integration(
            ApiId=api, IntegrationType="HTTP_PROXY", IntegrationMethod="GET",
            IntegrationUri=f"{portal.emulator.url}/nothing",
            PayloadFormatVersion="1.0")["IntegrationId"]  # fmt: skip
        authorizer = client.create_authorizer(
            ApiId=api, Name="access-token", AuthorizerType="JWT",
            IdentitySource=["$request.header.Authorization"],
            JwtConfiguration={"Issuer": issuer, "Audience": [issuer]})["AuthorizerId"]  # fmt: skip
        client.create_route(
            ApiId=api, RouteKey=f"GET {PATH}", AuthorizationType="JWT", AuthorizerId=authorizer,
            Target=f"integrations/{guarded}")  # fmt: skip
        client.create_stage(ApiId=api, StageName="$default", AutoDeploy=True)
        self.api = Api(f"https://{api}.execute-api.{REGION}.amazonaws.com", portal.emulator.port)

    def check(self, browser, token):
        """The access token is let in. Nothing else is: no token, the session's, or a changed one."""
        self._call({}).expect_status(401)
        self._call(_bearer(token)).expect_status(404)
        session = next(value for name, value in browser.cookies.items() if name.endswith(".sid"))
        start, middle, signature = token.split(".")
        changed = "A" if signature[0] != "A" else "B"
        for other in (session, f"{start}.{middle}.", f"{start}.{middle}.{changed}{signature[1:]}"):
            self.refuse(other)

    def refuse(self, token):
        """This token is not let in."""
        self._call(_bearer(token)).expect_status(401)

    def _call(self, headers):
        return self.api.call("GET", PATH, headers)


def _bearer(token):
    return {"authorization": f"Bearer {token}"}
