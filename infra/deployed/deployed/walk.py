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
    with steps.step("makes a deployer, an admin back end and a bucket"):
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

    with steps.step("updates the stack, with sign-up on, and signs nobody out"):
        lifecycle.update(stack, mailbox, ADA, phone)
    with steps.step("signs up in a browser where somebody else is signed in"):
        sign_up.is_on(stack, mailbox, grace, admin.person(ZOE, "Zoe"), GRACE)
    with steps.step("rotates the key and signs nobody out"):
        laptop = lifecycle.rotation(stack, mailbox, ADA, phone)
    staff = Stack("staff-portal", dict(STAFF), steps, emulator, deployer)
    _deploy(steps, staff)
    _user(steps, staff, EVE, "Eve")
    with steps.step("keeps the two portals apart"):
        eve = journey.signs_in(staff, mailbox, EVE)
        lifecycle.strangers(stack, staff, laptop, eve, mailbox.to(ADA)[-1])
    with steps.step("sends again what a crash has left"):
        records.sweep(stack, mailbox, ADA)
    with steps.step("finds no failure in any log"):
        records.hold_no_failure(stack)
    with steps.step("finds no live credential in any table or log"):
        for each in (stack, staff):
            records.hold_no_credential(each, mailbox.all())
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
    back_end = admin.BackEnd(stack)
    with steps.step("refuses admin calls that are not signed, or not by the admin back end"):
        admin.refuses_others(stack, back_end, who)
    with steps.step("creates a user through the signed call"):
        return back_end, back_end.creates(who)


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
    return phone


def _accounts(steps, stack, mailbox, back_end):
    with steps.step("invites a user, who chooses her first password"):
        grace = accounts.invitation(stack, mailbox, back_end, admin.person(GRACE, "Grace Hopper", "invited"))
    with steps.step("signs in with the password"):
        accounts.password(grace, GRACE, NOBODY)
    with steps.step("sets another password by mail, which ends the session"):
        laptop = accounts.reset(stack, mailbox, grace, GRACE, NOBODY)
    with steps.step("lists the sessions and ends them, one and all others"):
        sessions.ends(stack, laptop, GRACE, accounts.SECOND)
    with steps.step("signs in again, which ends the browser's session, and is seen"):
        sessions.replaces(stack, mailbox, laptop, GRACE, accounts.SECOND)
        sessions.seen(stack, laptop)
    with steps.step("refuses sign-ups, which are off"):
        sign_up.is_off(stack, ZOE, "Zoe")
    return laptop


def _administration(steps, stack, mailbox, back_end):
    with steps.step("invites again, which voids the first invitation"):
        user, bob = administration.resends(stack, mailbox, back_end, admin.person(BOB, "Bob", "invited"))
    with steps.step("imports a user with her password"):
        imported, carol = administration.imports(stack, back_end, CAROL, "Carol")
    with steps.step("lists the users, and looks at one"):
        administration.lists(stack, back_end)
        administration.looks(stack, back_end, user)
    with steps.step("changes a name and an address"):
        administration.renames(back_end, user, bob, "Robert")
        administration.moves(stack, mailbox, back_end, user, bob, (BOB, ROBERT))
    with steps.step("suspends a user and takes her back"):
        administration.suspends(back_end, user, bob, ROBERT)
    with steps.step("ends all sessions of a user"):
        administration.ends_sessions(back_end, imported, carol, CAROL)
    with steps.step("erases a user"):
        administration.erases(stack, back_end, user, bob, (BOB, ROBERT))
