"""An admin back end: signs its calls with its own key, and may do nothing but call the admin API."""

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
        self.principal = stack.emulator.principal(f"{stack.name}-back-end", stack.outputs["AdminPolicy"])

    def call(self, method, path, body=None):
        """One signed call below `/admin/users`."""
        return self.stack.api.signed(self.principal, method, f"/admin/users{path}", body)

    def creates(self, who):
        """Creates a user; returns the id."""
        made = self.call("POST", "", who).must_be(201).json()
        for name, value in who.items():
            expect(f"The new user's {name}", made[name], value)
        return made["id"]


def person(address, name, status="active"):
    """What to ask the admin API for: a user who may see one resource."""
    return {"email": address, "name": name, "role": "member", "resources": RESOURCES, "status": status}


def refuses_others(stack, back_end, who):
    """Nobody else gets in: not unsigned, not with a wrong secret, not without the policy; and it opens nothing else."""
    nobody = stack.emulator.principal(f"{stack.name}-nobody")
    known = back_end.principal
    wrong = Principal(known.name, known.key, known.secret[::-1])
    answers = {
        "an unsigned": stack.api.call("POST", "/admin/users", JSON, json.dumps(who)),
        "a wrongly signed": stack.api.signed(wrong, "POST", "/admin/users", who),
        "a stranger's": stack.api.signed(nobody, "POST", "/admin/users", who),
    }
    for how, answer in answers.items():
        expect(f"The status of {how} admin call", answer.status, 403)
    try:
        stack.emulator.client("dynamodb", known).scan(TableName=f"{stack.name}-users")
    except ClientError as error:
        expect("The error when the back end reads a table", error.response["Error"]["Code"], "AccessDeniedException")
    else:
        raise Failure("The admin back end can read the users table, but must not.")
