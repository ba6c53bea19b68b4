"""The walk through a deployed portal, step by step."""

from . import (
    access_tokens, accounts, admin, administration, deployer_policy, email_events, gateway, journey, lifecycle,
    organization, protected_api, records, recovery, rest_api, sessions, sign_up, suppression, templates, vestibule)  # fmt: skip
from .checks import expect
from .jwt_api import JwtApi
from .mailbox import Mailbox
from .paths import BUCKET
from .protected_api import ProtectedApi
from .stack import Stack
from .steps import announce

ADA, EVE, NOBODY = "ada@example.com", "eve@example.com", "nobody@example.com"
GRACE, ZOE, BOB, ROBERT = (f"{name}@example.com" for name in ("grace", "zoe", "bob", "robert"))
CAROL, HEIDI, IVAN, JUDY = (f"{name}@example.com" for name in ("carol", "heidi", "ivan", "judy"))
ADMINISTRATOR_ACCESS = "arn:aws:iam::aws:policy/AdministratorAccess"
PARTNER = {
    "Portal": "partner",
    "PortalName": "Partner portal",
    "EmailFrom": "sign-in@example.com",
    "FrontendUrl": journey.FRONTEND,
    "DashboardPath": "/partner/dashboard",
    # Those that the steps expect in the mailboxes.
    "Notices": "password-changed,address-changed",
    # All requests come from one address of the loopback network.
    "RequestsPerMinute": "60",
    "RequestsPerHour": "1000",
}
STAFF = PARTNER | {
    "Portal": "staff",
    "AccessTokens": "on",
    "PortalName": "Staff",
    "DashboardPath": "/",
    "AlarmEmail": "operator@example.com",
    "ApiDomainName": "login.example.com",
    "CertificateArn": "arn:aws:acm:us-east-1:000000000000:certificate/00000000-0000-0000-0000-000000000000",
}


def create_deployer(steps, emulator):
    """Returns a principal that may deploy, with a bucket and a verified sender."""
    with steps.step("Creating a deployer and a bucket"):
        deployer = emulator.principal("deployer", ADMINISTRATOR_ACCESS)
        emulator.client("s3", deployer).create_bucket(Bucket=BUCKET)
        emulator.client("sesv2", deployer).create_email_identity(EmailIdentity=PARTNER["EmailFrom"])
    return deployer


def run(steps, emulator, keep, release):
    """Deploys a portal and tests it. Returns its stack, which is deleted at the end unless `keep` is set."""
    deployer = create_deployer(steps, emulator)
    stack = create_portal("partner-portal", PARTNER, steps, emulator, deployer, release)
    mailbox = Mailbox(emulator)
    deploy(steps, stack)
    back_end, user = _create_user(steps, stack, ADA, "Ada Lovelace")
    phone = _journey(steps, stack, mailbox, user)
    grace = _accounts(steps, stack, mailbox, back_end)
    _administration(steps, stack, mailbox, back_end)
    with steps.step("Publishing events of SES, which suppress an address"):
        email_events.check_events(stack, mailbox, back_end, admin.new_user(IVAN, "Ivan"))
    with steps.step("Lifting the suppression, and sending the held email again"):
        suppression.check_lift(stack, mailbox, back_end, IVAN)
    with steps.step("Saving, sending and reverting the texts of an email"):
        templates.check_override(stack, mailbox, back_end, admin.new_user(JUDY, "Judy"))
    protected = _protect_api(steps, stack, mailbox, back_end)

    access_tokens.check_off(phone)
    with steps.step("Updating the stack with sign-up and access tokens on, without signing anyone out"):
        lifecycle.check_update(stack, mailbox, ADA, phone)
    with steps.step("Exchanging a session for an access token"):
        jwt_api = JwtApi(stack)
        access_tokens.check_on(stack, phone, jwt_api)
    with steps.step("Rotating the key of access tokens with vestibule"):
        keys = vestibule.check_keys(stack)
    with steps.step("Signing up in a browser where someone else is signed in"):
        sign_up.check_on(stack, mailbox, grace, admin.new_user(ZOE, "Zoe"), GRACE)
    with steps.step("Rotating the key ring with vestibule, without signing anyone out"):
        laptop = lifecycle.check_rotation(stack, mailbox, ADA, phone)
        access_tokens.check_keys(stack, laptop, jwt_api, keys)
    required = organization.parameters(emulator, deployer)
    staff = create_portal("staff-portal", STAFF | required, steps, emulator, deployer, release)
    staff.tags = organization.TAGS
    deploy(steps, staff)
    with steps.step("Checking its key and its tags"):
        organization.check(staff)
    staff_back_end, eve_id = _create_user(steps, staff, EVE, "Eve")
    with steps.step("Checking that the two portals are separate"):
        eve = journey.sign_in(staff, mailbox, EVE)
        lifecycle.check_separation(stack, staff, laptop, eve, mailbox.to(ADA)[-1])
        protected_api.check_separation(protected, eve)
    with steps.step("Rotating the second portal's key of access tokens to the end"):
        access_tokens.check_rotated(staff, eve, vestibule.check_keys(staff), laptop)
    with steps.step("Finding each of many planted faults with vestibule doctor"):
        count = vestibule.check_doctor(staff)
        vestibule.check_other_site(stack)
    announce(f"    {count} faults, and nothing where there is none")
    with steps.step("Calling an API under the second portal's own host"):
        staff_api = ProtectedApi(staff)
        staff_api.deploy()
        protected_api.check_separation(staff_api, laptop)
        protected_api.check_one_host(staff_api, eve)
    with steps.step("Retrying an email that a crash left unfinished"):
        records.check_sweep(stack, mailbox, ADA)
    with steps.step("Checking the logs for errors"):
        records.check_errors(stack)
    with steps.step("Checking tables and logs for live credentials"):
        for each in (stack, staff):
            records.check_credentials(each, mailbox.all())
    with steps.step("Restoring the users of the second stack with vestibule"):
        recovery.check_restore(staff, mailbox, EVE, staff_back_end, eve_id)
    with steps.step("Deleting the second stack, keeping its tables and key ring"):
        staff_api.delete()
        lifecycle.check_deletion(staff)
        laptop.get("/auth/me").expect_status(200)
    if not keep:
        with steps.step("Deleting the first stack, keeping its tables and key ring"):
            protected.delete()
            key_ring = stack.physical("KeyRing")
            lifecycle.check_deletion(stack)
        with steps.step("Creating it again with its tables and key ring"):
            recovery.check_recreation(stack, laptop, key_ring)
    return stack


def create_portal(name, parameters, steps, emulator, deployer, release):
    """Returns the stack of a portal, for which SAM has the documented permissions of a deployer only."""
    stack = Stack(name, dict(parameters), steps, emulator, deployer, release)
    stack.sam_user = emulator.principal(f"{name}-deployer", policy=deployer_policy.of_stack(name))
    return stack


def deploy(steps, stack):
    """Creates or updates a portal's stack, with its API."""
    with steps.step(f"Deploying {stack.name}"):
        stack.deploy()
    if stack.left_out:
        announce(f"    without {', '.join(stack.left_out)}, which the emulator does not support")
    with steps.step("Importing the API definition"):
        gateway.import_body(stack)


def _create_user(steps, stack, address, name):
    who = admin.new_user(address, name)
    back_end = admin.BackEnd(stack)
    with steps.step("Checking that only the admin back end can call the admin API"):
        admin.check_access(stack, back_end, who)
    with steps.step("Creating a user with a signed call"):
        return back_end, back_end.create(who)


def _journey(steps, stack, mailbox, user):
    with steps.step("Checking that only the frontend's pages may call the API"):
        journey.check_origins(stack)
        journey.check_unrouted(stack)
    with steps.step("Requesting emails for a known and an unknown address"):
        laptop = journey.request_emails(stack, ADA, NOBODY)
        email = mailbox.wait(ADA, 1)
    with steps.step("Following the link"):
        ada = admin.new_user(ADA, "Ada Lovelace")
        expect("The signed-in user", journey.check_link(stack, laptop, email, ada), user)
    with steps.step("Signing in with the code in a second browser"):
        phone = journey.check_code(stack, mailbox, ADA)
    with steps.step("Signing out"):
        journey.check_sign_out(laptop, phone)
    with steps.step("Reading the delivery log and the audit log"):
        records.check_logs(stack, user)
    return phone


def _accounts(steps, stack, mailbox, back_end):
    with steps.step("Inviting a user, who chooses a first password"):
        grace = admin.new_user(GRACE, "Grace Hopper", "invited")
        browser = accounts.check_invitation(stack, mailbox, back_end, grace)
    with steps.step("Signing in with the password"):
        accounts.check_password(browser, GRACE, NOBODY)
    with steps.step("Resetting the password by email, which ends the session"):
        laptop = accounts.check_reset(stack, mailbox, browser, GRACE, NOBODY)
    with steps.step("Listing sessions, ending one, and ending all others"):
        sessions.check_revocation(stack, laptop, GRACE, accounts.SECOND)
    with steps.step("Confirming a session with the password"):
        sessions.check_confirmation(laptop, accounts.SECOND)
    with steps.step("Changing the password, which ends all other sessions"):
        sessions.check_change_of_password(stack, mailbox, laptop, GRACE, accounts.SECOND)
    with steps.step("Signing in again, which replaces the browser's session"):
        sessions.check_replacement(stack, mailbox, laptop, GRACE, accounts.SECOND)
        sessions.check_last_use(stack, laptop)
    with steps.step("Checking that sign-up is refused while it is off"):
        sign_up.check_off(stack, ZOE, "Zoe")
    return laptop


def _administration(steps, stack, mailbox, back_end):
    with steps.step("Resending an invitation, which voids the first one"):
        bob = admin.new_user(BOB, "Bob", "invited")
        user, browser = administration.check_resend(stack, mailbox, back_end, bob)
    with steps.step("Importing a user with a password"):
        imported, carol = administration.check_import(stack, back_end, CAROL, "Carol")
    with steps.step("Listing users and showing one"):
        administration.check_list(stack, back_end)
        administration.check_details(stack, back_end, user)
    with steps.step("Changing a name and an address"):
        administration.check_rename(back_end, user, browser, "Robert")
        administration.check_new_address(stack, mailbox, back_end, user, browser, (BOB, ROBERT))
    with steps.step("Suspending and reactivating a user"):
        administration.check_suspension(back_end, user, browser, ROBERT)
    with steps.step("Ending all sessions of a user"):
        administration.check_revoked_sessions(back_end, imported, carol, CAROL)
    with steps.step("Erasing a user"):
        administration.check_erasure(stack, back_end, user, browser, (BOB, ROBERT))


def _protect_api(steps, stack, mailbox, back_end):
    protected = ProtectedApi(stack)
    heidi = admin.new_user(HEIDI, "Heidi")
    with steps.step("Deploying a team's own API beside the portal"):
        protected.deploy()
    with steps.step("Calling it with a cookie, with a bearer token, and without"):
        user = protected_api.check_access(protected, mailbox, back_end, heidi)
    with steps.step("Calling a REST API that asks the authorizer"):
        rest_api.check_access(stack, mailbox, ADA)
    with steps.step("Ending sessions, which end there on the next request"):
        protected_api.check_ends(protected, mailbox, back_end, user, HEIDI)
    return protected
