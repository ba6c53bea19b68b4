"""The walk through a deployed portal, step by step."""

from . import accounts, admin, administration, gateway, journey, lifecycle, records, sessions, sign_up
from .checks import expect
from .mailbox import Mailbox
from .stack import BUCKET, Stack
from .steps import say

ADA, EVE, NOBODY = "ada@example.com", "eve@example.com", "nobody@example.com"
GRACE, ZOE, BOB, ROBERT, CAROL = (f"{name}@example.com" for name in ("grace", "zoe", "bob", "robert", "carol"))
EVERYTHING = "arn:aws:iam::aws:policy/AdministratorAccess"
PARTNER = {
    "Portal": "partner",
    "PortalName": "Partner portal",
    "EmailFrom": "sign-in@example.com",
    "FrontendUrl": journey.FRONTEND,
    "DashboardPath": "/partner/dashboard",
    # Everybody here asks from one address of the loopback network.
    "RequestsPerMinute": "60",
    "RequestsPerHour": "1000",
}
STAFF = PARTNER | {"Portal": "staff", "PortalName": "Staff", "DashboardPath": "/"}


def through(steps, emulator, keep):
    """Deploys a portal and walks through it; returns its stack, which `keep` keeps from being deleted at the end."""
    with steps.step("Creating a deployer, an admin back end and a bucket"):
        deployer = emulator.principal("deployer", EVERYTHING)
        emulator.client("s3", deployer).create_bucket(Bucket=BUCKET)
        emulator.client("sesv2", deployer).create_email_identity(EmailIdentity=PARTNER["EmailFrom"])
    stack = Stack("partner-portal", dict(PARTNER), steps, emulator, deployer)
    mailbox = Mailbox(emulator)
    _deploy(steps, stack)
    back_end, user = _user(steps, stack, ADA, "Ada Lovelace")
    phone = _journey(steps, stack, mailbox, user)
    grace = _accounts(steps, stack, mailbox, back_end)
    _administration(steps, stack, mailbox, back_end)

    with steps.step("Updating the stack with sign-up on, without signing anyone out"):
        lifecycle.update(stack, mailbox, ADA, phone)
    with steps.step("Signing up in a browser where someone else is signed in"):
        sign_up.is_on(stack, mailbox, grace, admin.person(ZOE, "Zoe"), GRACE)
    with steps.step("Rotating the key without signing anyone out"):
        laptop = lifecycle.rotation(stack, mailbox, ADA, phone)
    staff = Stack("staff-portal", dict(STAFF), steps, emulator, deployer)
    _deploy(steps, staff)
    _user(steps, staff, EVE, "Eve")
    with steps.step("Checking that the two portals are separate"):
        eve = journey.signs_in(staff, mailbox, EVE)
        lifecycle.strangers(stack, staff, laptop, eve, mailbox.to(ADA)[-1])
    with steps.step("Retrying an email that a crash left unfinished"):
        records.sweep(stack, mailbox, ADA)
    with steps.step("Checking the logs for errors"):
        records.hold_no_failure(stack)
    with steps.step("Checking tables and logs for live credentials"):
        for each in (stack, staff):
            records.hold_no_credential(each, mailbox.all())
    with steps.step("Deleting the second stack, keeping its tables and key ring"):
        lifecycle.deletion(staff)
        laptop.get("/auth/me").must_be(200)
    if not keep:
        with steps.step("Deleting the first stack, keeping its tables and key ring"):
            lifecycle.deletion(stack)
    return stack


def _deploy(steps, stack):
    with steps.step(f"Deploying {stack.name}"):
        stack.deploy()
    if stack.left_out:
        say(f"    without {', '.join(stack.left_out)}, which the emulator does not support")
    with steps.step("Importing the API definition"):
        gateway.import_body(stack)


def _user(steps, stack, address, name):
    who = admin.person(address, name)
    back_end = admin.BackEnd(stack)
    with steps.step("Checking that only the admin back end can call the admin API"):
        admin.refuses_others(stack, back_end, who)
    with steps.step("Creating a user with a signed call"):
        return back_end, back_end.creates(who)


def _journey(steps, stack, mailbox, user):
    with steps.step("Checking that only the frontend's pages may call the API"):
        journey.browser_rules(stack)
    with steps.step("Requesting emails for a known and an unknown address"):
        ada = journey.asks_for_both(stack, ADA, NOBODY)
        mail = mailbox.wait(ADA, 1)
    with steps.step("Following the link"):
        expect("The signed-in user", journey.link(stack, ada, mail, admin.person(ADA, "Ada Lovelace")), user)
    with steps.step("Signing in with the code in a second browser"):
        phone = journey.code(stack, mailbox, ADA)
    with steps.step("Signing out"):
        journey.leaves(ada, phone)
    with steps.step("Reading the delivery log and the audit log"):
        records.tell(stack, user)
    return phone


def _accounts(steps, stack, mailbox, back_end):
    with steps.step("Inviting a user, who chooses a first password"):
        grace = accounts.invitation(stack, mailbox, back_end, admin.person(GRACE, "Grace Hopper", "invited"))
    with steps.step("Signing in with the password"):
        accounts.password(grace, GRACE, NOBODY)
    with steps.step("Resetting the password by email, which ends the session"):
        laptop = accounts.reset(stack, mailbox, grace, GRACE, NOBODY)
    with steps.step("Listing sessions, ending one, and ending all others"):
        sessions.ends(stack, laptop, GRACE, accounts.SECOND)
    with steps.step("Signing in again, which replaces the browser's session"):
        sessions.replaces(stack, mailbox, laptop, GRACE, accounts.SECOND)
        sessions.seen(stack, laptop)
    with steps.step("Checking that sign-up is refused while it is off"):
        sign_up.is_off(stack, ZOE, "Zoe")
    return laptop


def _administration(steps, stack, mailbox, back_end):
    with steps.step("Resending an invitation, which voids the first one"):
        user, bob = administration.resends(stack, mailbox, back_end, admin.person(BOB, "Bob", "invited"))
    with steps.step("Importing a user with a password"):
        imported, carol = administration.imports(stack, back_end, CAROL, "Carol")
    with steps.step("Listing users and showing one"):
        administration.lists(stack, back_end)
        administration.looks(stack, back_end, user)
    with steps.step("Changing a name and an address"):
        administration.renames(back_end, user, bob, "Robert")
        administration.moves(stack, mailbox, back_end, user, bob, (BOB, ROBERT))
    with steps.step("Suspending and reactivating a user"):
        administration.suspends(back_end, user, bob, ROBERT)
    with steps.step("Ending all sessions of a user"):
        administration.ends_sessions(back_end, imported, carol, CAROL)
    with steps.step("Erasing a user"):
        administration.erases(stack, back_end, user, bob, (BOB, ROBERT))
