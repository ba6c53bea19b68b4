"""An admin back end, which signs its calls with its own key and may call nothing but the admin API."""

import json

from botocore.exceptions import ClientError

from .checks import Failure, expect
from .emulator import Principal
from .web import JSON

SHOWN = ("email", "name", "role", "resources")
RESOURCES = [{"type": "status-page", "id": "sp_1", "name": "Main site", "slug": "main-site"}]


class BackEnd:
    """The admin back end of one stack."""

    def __init__(self, stack):
        self.stack = stack
        self.principal = stack.emulator.principal(f"{stack.name}-back-end", policy=stack.outputs["AdminPolicy"])

    def call(self, method, path, body=None):
        """Sends a signed request to a path below `/admin/users`."""
        return self.stack.api.signed(self.principal, method, f"/admin/users{path}", body)

    def create(self, who):
        """Creates a user. Returns the user's id."""
        created = self.call("POST", "", who).expect_status(201).json()
        for name, value in who.items():
            expect(f"The new user's {name}", created[name], value)
        return created["id"]


def new_user(address, name, status="active"):
    """Returns the body of a request to create a user who may see one resource."""
    return {"email": address, "name": name, "role": "member", "resources": RESOURCES, "status": status}


def check_access(stack, back_end, who):
    """Calls that are unsigned, wrongly signed, or signed without the policy are refused. The policy allows nothing
    else."""
    other = stack.emulator.principal(f"{stack.name}-nobody")
    known = back_end.principal
    wrong = Principal(known.name, known.key, known.secret[::-1])
    responses = {
        "an unsigned": stack.api.call("POST", "/admin/users", JSON, json.dumps(who)),
        "a wrongly signed": stack.api.signed(wrong, "POST", "/admin/users", who),
        "another user's": stack.api.signed(other, "POST", "/admin/users", who),
    }
    for kind, response in responses.items():
        expect(f"The status of {kind} admin call", response.status, 403)
    try:
        stack.emulator.client("dynamodb", known).scan(TableName=f"{stack.name}-users")
    except ClientError as error:
        expect("The error when the back end reads a table", error.response["Error"]["Code"], "AccessDeniedException")
    else:
        raise Failure("The admin back end can read the users table, but must not.")
