"""The walk through a deployed portal, step by step."""

from . import admin, gateway, journey, lifecycle, records
from .checks import expect
from .mailbox import Mailbox
from .stack import BUCKET, Stack
from .steps import say

ADA, EVE, NOBODY = "ada@example.com", "eve@example.com", "nobody@example.com"
EVERYTHING = "arn:aws:iam::aws:policy/AdministratorAccess"
PARTNER = {
    "Portal": "partner",
    "PortalName": "Partner portal",
    "MailFrom": "sign-in@example.com",
    "FrontendUrl": journey.FRONTEND,
    "DashboardPath": "/partner/dashboard",
    # Everybody here asks from one address of the loopback network.
    "AskPerMinute": "60",
    "AskPerHour": "1000",
}
STAFF = PARTNER | {"Portal": "staff", "PortalName": "Staff", "DashboardPath": "/"}


def through(steps, emulator, keep):
    """Deploys a portal and walks through it; returns its stack, which `keep` keeps from being deleted at the end."""
    with steps.step("makes a deployer, an admin back end and a bucket"):
        deployer = emulator.principal("deployer", EVERYTHING)
        emulator.client("s3", deployer).create_bucket(Bucket=BUCKET)
        emulator.client("sesv2", deployer).create_email_identity(EmailIdentity=PARTNER["MailFrom"])
    stack = Stack("partner-portal", dict(PARTNER), steps, emulator, deployer)
    mailbox = Mailbox(emulator)
    _deploy(steps, stack)
    user = _user(steps, stack, ADA, "Ada Lovelace")
    ada, phone = _journey(steps, stack, mailbox, user)

    with steps.step("updates the stack and signs nobody out"):
        tablet = lifecycle.update(stack, mailbox, ADA, phone)
    with steps.step("rotates the key and signs nobody out"):
        laptop = lifecycle.rotation(stack, mailbox, ADA, phone)
    staff = Stack("staff-portal", dict(STAFF), steps, emulator, deployer)
    _deploy(steps, staff)
    _user(steps, staff, EVE, "Eve")
    with steps.step("keeps the two portals apart"):
        eve = journey.signs_in(staff, mailbox, EVE)
        lifecycle.strangers(stack, staff, laptop, eve, mailbox.to(ADA)[-1])
    with steps.step("finds no live credential in any table or log"):
        records.hold_no_credential(stack, [ada, phone, tablet, laptop], mailbox.to(ADA))
        records.hold_no_credential(staff, [eve], mailbox.to(EVE))
    with steps.step("deletes the second stack: tables and key ring stay"):
        lifecycle.deletion(staff)
        laptop.get("/auth/me").must_be(200)
    if not keep:
        with steps.step("deletes the first stack: tables and key ring stay"):
            lifecycle.deletion(stack)
    return stack


def _deploy(steps, stack):
    with steps.step(f"deploys {stack.name}"):
        stack.deploy()
    if stack.left_out:
        say(f"    without {', '.join(stack.left_out)}, which the emulator cannot have")
    with steps.step("imports the API's body"):
        gateway.import_body(stack)


def _user(steps, stack, address, name):
    who = admin.person(address, name)
    back_end = stack.emulator.principal(f"{stack.name}-back-end", stack.outputs["AdminPolicy"])
    with steps.step("refuses admin calls that are not signed, or not by the admin back end"):
        admin.refuses_others(stack, back_end, who)
    with steps.step("creates a user through the signed call"):
        return admin.create_user(stack.api, back_end, who)


def _journey(steps, stack, mailbox, user):
    with steps.step("lets only the frontend's pages in"):
        journey.browser_rules(stack)
    with steps.step("asks for a known and an unknown address, and waits for the mail"):
        ada = journey.asks_for_both(stack, ADA, NOBODY)
        mail = mailbox.wait(ADA, 1)
    with steps.step("follows the link"):
        expect("Who is signed in", journey.link(stack, ada, mail, admin.person(ADA, "Ada Lovelace")), user)
    with steps.step("signs in with the code in a second browser"):
        phone = journey.code(stack, mailbox, ADA)
    with steps.step("signs out"):
        journey.leaves(ada, phone)
    with steps.step("reads the delivery log and the audit"):
        records.tell(stack, user)
    return ada, phone
