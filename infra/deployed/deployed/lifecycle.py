"""What happens to people and their data when the stack changes around them."""

import base64
import json
import secrets
import time

from . import gateway, journey
from .checks import expect, require
from .tables import NAMES, Tables
from .web import Browser

QUARTER_HOUR = 900


def update(stack, mailbox, address, signed_in):
    """A stack update changes what it says and signs nobody out; a link that is on its way still works."""
    asking = Browser(stack.api)
    count = len(mailbox.to(address))
    journey.asks(asking, address)
    mail = mailbox.wait(address, count + 1)
    before = stack.key_ring()
    stack.deploy(PortalName="Partners and friends", AccentColor="#7a1fa2", SelfSignUp="on")
    gateway.import_body(stack)
    expect("The key ring after the update", stack.key_ring(), before)
    page = Browser(stack.api).get("/auth/sign-in").must_be(200).body
    require("Partners and friends" in page and "#7a1fa2" in page, "The pages do not show the updated name and color.")
    signed_in.get("/auth/me").must_be(200)
    journey.follows(stack, asking, mail)
    asking.get("/auth/me").must_be(200)
    return asking


def rotation(stack, mailbox, address, signed_in):
    """An appended key signs what comes next; sessions and links of the key before still work.

    The key is dated a quarter of an hour back, because one signs only when every instance must have seen it; and the
    functions are started afresh, because each keeps its copy for five minutes.
    """
    asking = Browser(stack.api)
    count = len(mailbox.to(address))
    journey.asks(asking, address)
    mail = mailbox.wait(address, count + 1)
    ring = stack.key_ring()
    key = {"kid": "2", "secret": secrets.token_urlsafe(48), "added_at": int(time.time()) - QUARTER_HOUR}
    stack.write_key_ring(ring | {"keys": ring["keys"] + [key]})
    stack.deploy(AccentColor="#0b5cad")
    gateway.import_body(stack)
    signed_in.get("/auth/me").must_be(200)
    journey.follows(stack, asking, mail)
    asking.get("/auth/me").must_be(200)
    later = journey.signs_in(stack, mailbox, address)
    expect("The keys of an old and a new session", (kid(signed_in), kid(later)), ("1", "2"))
    return later


def kid(browser):
    """Which key signed the browser's session."""
    [token] = [value for name, value in browser.cookies.items() if name.endswith(".sid")]
    header = token.split(".")[0]
    return json.loads(base64.urlsafe_b64decode(header + "=" * (-len(header) % 4)))["kid"]


def strangers(ours, theirs, our_browser, their_browser, mail):
    """Nothing of one portal is accepted by the other."""
    for stack, other, browser in ((ours, theirs, our_browser), (theirs, ours, their_browser)):
        [token] = [value for name, value in browser.cookies.items() if name.endswith(".sid")]
        for name in (f"__Host-{stack.parameters['Portal']}.sid", f"__Host-{other.parameters['Portal']}.sid"):
            other.api.call("GET", "/auth/me", {"cookie": f"{name}={token}"}).must_be(401)
        other.api.call("GET", "/auth/me", {"authorization": f"Bearer {token}"}).must_be(401)
    Browser(theirs.api).send("/auth/verify", {"token": mail.token}).must_refuse(400, "invalid-token")


def deletion(stack):
    """Deleting the stack keeps every table, row by row, and the key ring, and nothing that runs."""
    tables = Tables(stack)
    rows = {name: sorted(map(repr, tables.rows(name))) for name in NAMES}
    secret = stack.physical("KeyRing")
    ring = stack.key_ring()
    functions = stack.function_names().values()
    roles = [name for kind, name in stack.resources().values() if kind == "AWS::IAM::Role"]
    api = stack.api
    stack.delete()
    expect("The deleted stack in CloudFormation", stack.describe(), None)
    kept = {name: sorted(map(repr, tables.rows(name))) for name in NAMES}
    expect("The tables that changed", [name for name in NAMES if kept[name] != rows[name]], [])
    expect("The key ring is unchanged", stack.key_ring(secret) == ring, True)
    emulator, deployer = stack.emulator, stack.deployer
    left = {each["FunctionName"] for each in emulator.client("lambda", deployer).list_functions()["Functions"]}
    left |= {each["RoleName"] for each in emulator.client("iam", deployer).list_roles()["Roles"]}
    expect("The functions and roles that remain", sorted(left & {*functions, *roles}), [])
    require(api.call("GET", "/auth/sign-in").status in (403, 404), "The API of the deleted stack still responds.")
