"""An upgrade from one release to the next, while a user is signed in, a link is unused and an email is queued."""

import time

from . import admin, gateway, journey, records
from .checks import expect
from .mailbox import Mailbox
from .tables import Tables
from .walk import ADA, PARTNER, create_deployer, create_portal, deploy
from .web import Browser

GRACE = "grace@example.com"


def run(steps, emulator, before, after):
    """Deploys `before`, then `after`, and checks that the session, the link and the email survive. Returns the stack."""
    stack = create_portal("partner-portal", PARTNER, steps, emulator, create_deployer(steps, emulator), before)
    mailbox = Mailbox(emulator)
    deploy(steps, stack)
    with steps.step(f"Signing in, requesting a link, and queueing an email with version {before.version}"):
        back_end = admin.BackEnd(stack)
        for address, name in ((ADA, "Ada Lovelace"), (GRACE, "Grace Hopper")):
            back_end.create(admin.new_user(address, name))
        signed_in = journey.sign_in(stack, mailbox, ADA)
        browser = Browser(stack.api)
        link = journey.wait_for_email(mailbox, browser, ADA)
        _queue_email(stack, GRACE)
    stack.release = after
    with steps.step(f"Upgrading to version {after.version}, with no parameter but those that are set"):
        stack.deploy()
        gateway.import_body(stack)
    with steps.step("Using the session and the link, and receiving the email"):
        expect("The version in the outputs", stack.outputs["Version"], after.version)
        signed_in.get("/auth/me").expect_status(200)
        journey.follow_link(stack, browser, link)
        browser.get("/auth/me").expect_status(200)
        _receive_email(stack, mailbox, GRACE)
    with steps.step("Checking the logs for errors"):
        records.check_errors(stack)
    return stack


def _queue_email(stack, address):
    """Requests an email after the mailer's stream was disabled, so that it stays queued."""
    client = stack.emulator.client("lambda", stack.deployer)
    [stream] = client.list_event_source_mappings(FunctionName=stack.physical("Mailer"))["EventSourceMappings"]
    client.update_event_source_mapping(UUID=stream["UUID"], Enabled=False)
    journey.request_email(Browser(stack.api), address)
    expect("The status of the queued email", _row(stack, address)["status"], "queued")


def _receive_email(stack, mailbox, address):
    """The next sweep of the new mailer sends the email, and its link works."""
    row = _row(stack, address)
    expect("The status of the queued email", row["status"], "queued")
    time.sleep(max(0, float(row["requested_at"]) / 1000 + records.SWEPT_AFTER - time.time()))
    client = stack.emulator.client("lambda", stack.deployer)
    client.invoke(FunctionName=stack.physical("Mailer"), Payload=b'{"Sweep": {}}')
    browser = Browser(stack.api)
    journey.follow_link(stack, browser, mailbox.wait(address, 1))
    browser.get("/auth/me").expect_status(200)


def _row(stack, address):
    [row] = [each for each in Tables(stack).rows("emails") if each.get("address") == address]
    return row
