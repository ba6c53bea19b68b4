"""Changes of the stack, and their effects on users and data."""

import base64
import json

from . import gateway, journey
from .checks import expect, require
from .tables import NAMES, Tables
from .vestibule import REFUSED, Vestibule
from .web import Browser

HALF_AN_HOUR = 1800


def check_update(stack, mailbox, address, signed_in):
    """A stack update changes the pages and signs nobody out. A link that was sent before still works. Returns the
    browser that used it."""
    browser = Browser(stack.api)
    email = journey.wait_for_email(mailbox, browser, address)
    before = stack.key_ring()
    stack.deploy(PortalName="Partners and friends", AccentColor="#7a1fa2", SelfSignUp="on", AccessTokens="on")
    gateway.import_body(stack)
    expect("The key ring after the update", stack.key_ring(), before)
    page = Browser(stack.api).get("/auth/sign-in").expect_status(200).body
    require("Partners and friends" in page and "#7a1fa2" in page, "The pages do not show the updated name and color.")
    signed_in.get("/auth/me").expect_status(200)
    journey.follow_link(stack, browser, email)
    browser.get("/auth/me").expect_status(200)
    return browser


def check_rotation(stack, mailbox, address, signed_in):
    """A key that `vestibule` has added signs new tokens, and sessions and links of the previous key still work. The
    command refuses to add another one, or to retire anything. Returns a browser with a session of the new key.

    The key is dated back by half an hour, because a key signs only once all instances must have read it. The
    functions are restarted, because each keeps its copy of the key ring for five minutes.
    """
    browser = Browser(stack.api)
    email = journey.wait_for_email(mailbox, browser, address)
    command = Vestibule(stack)
    printed = command.run("keys", "rotate", "--ring")
    command.run("keys", "rotate", "--ring", status=REFUSED)
    command.run("keys", "retire", "--ring", status=REFUSED)
    ring = stack.key_ring()
    require(ring["keys"][0]["secret"] not in printed, "The command prints the secret of the new key.")
    command.run("keys", "revert")
    expect("The keys of the reverted ring", stack.key_ring()["keys"], [])
    command.run("keys", "revert")
    ring["keys"][0]["added_at"] -= HALF_AN_HOUR
    stack.write_key_ring(ring)
    stack.deploy(AccentColor="#0b5cad")
    gateway.import_body(stack)
    signed_in.get("/auth/me").expect_status(200)
    journey.follow_link(stack, browser, email)
    browser.get("/auth/me").expect_status(200)
    later = journey.sign_in(stack, mailbox, address)
    expect("The keys of an old and a new session", (_key_id(signed_in), _key_id(later)),
           ("1", ring["keys"][0]["kid"]))  # fmt: skip
    return later


def check_separation(ours, theirs, our_browser, their_browser, email):
    """Neither portal accepts sessions or links of the other. `email` is one of ours."""
    for stack, other, browser in ((ours, theirs, our_browser), (theirs, ours, their_browser)):
        token = _session_token(browser)
        for name in (f"__Host-{stack.parameters['Portal']}.sid", f"__Host-{other.parameters['Portal']}.sid"):
            other.api.call("GET", "/auth/me", {"cookie": f"{name}={token}"}).expect_status(401)
        other.api.call("GET", "/auth/me", {"authorization": f"Bearer {token}"}).expect_status(401)
    Browser(theirs.api).send("/auth/verify", {"token": email.token}).expect_problem(400, "invalid-token")


def check_deletion(stack):
    """Deleting the stack retains all rows of all tables and the key ring, but no function and no role."""
    tables = Tables(stack)
    rows = {name: sorted(map(repr, tables.rows(name))) for name in NAMES}
    secret = stack.physical("KeyRing")
    ring = stack.key_ring()
    functions = stack.function_names().values()
    roles = [name for kind, name in stack.resources().values() if kind == "AWS::IAM::Role"]
    api = stack.api
    stack.delete()
    expect("The deleted stack in CloudFormation", stack.describe(), None)
    retained = {name: sorted(map(repr, tables.rows(name))) for name in NAMES}
    expect("The tables that changed", [name for name in NAMES if retained[name] != rows[name]], [])
    expect("The key ring is unchanged", stack.key_ring(secret) == ring, True)
    emulator, deployer = stack.emulator, stack.deployer
    left = {each["FunctionName"] for each in emulator.client("lambda", deployer).list_functions()["Functions"]}
    left |= {each["RoleName"] for each in emulator.client("iam", deployer).list_roles()["Roles"]}
    expect("The functions and roles that remain", sorted(left & {*functions, *roles}), [])
    require(api.call("GET", "/auth/sign-in").status in (403, 404), "The API of the deleted stack still responds.")


def _session_token(browser):
    [token] = [value for name, value in browser.cookies.items() if name.endswith(".sid")]
    return token


def _key_id(browser):
    """Returns the id of the key that signed the browser's session."""
    header = _session_token(browser).split(".")[0]
    return json.loads(base64.urlsafe_b64decode(header + "=" * (-len(header) % 4)))["kid"]
