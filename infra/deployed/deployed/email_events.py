"""The events of SES. The emulator's SES publishes none, so the walk publishes them to the stack's topic."""

import json
import time

from . import journey
from .checks import Failure, expect
from .tables import Tables
from .web import Browser

TIMEOUT = 30
SENT = "2026-11-26T12:00:00.000Z"
BOUNCED = "2026-11-26T12:00:01.000Z"


def check_events(stack, mailbox, back_end, who):
    """A delivery and a bounce reach the email, as the administrator sees it. The bounce suppresses the address: the next
    email is not sent, and the one who requests it cannot tell. Returns the email that was not sent."""
    address, user = who["email"], back_end.create(who)
    browser = Browser(stack.api)
    journey.wait_for_email(mailbox, browser, address)
    email = _wait_for_status(back_end, user, 1, "sent")
    delivery = {"timestamp": BOUNCED, "smtpResponse": "250 ok", "recipients": [address]}
    _publish(stack, address, email, {"eventType": "Delivery", "delivery": delivery})
    _wait_for_status(back_end, user, 1, "delivered")
    recipient = {"emailAddress": address, "diagnosticCode": "smtp; 550 5.1.1 no such user"}
    bounce = {"timestamp": BOUNCED, "bounceType": "Permanent", "bounceSubType": "General"}
    bounce |= {"bouncedRecipients": [recipient]}
    for _ in range(2):
        _publish(stack, address, email, {"eventType": "Bounce", "bounce": bounce})
        bounced = _wait_for_status(back_end, user, 1, "bounced")
    expect("The reason of the bounce", bounced["reason"], "smtp; 550 5.1.1 no such user")
    _wait_for_suppression(stack)
    # The ids of emails sort by their milliseconds.
    time.sleep(0.01)
    count = len(mailbox.to(address))
    journey.request_email(browser, address)
    suppressed = _wait_for_status(back_end, user, 2, "suppressed")
    expect("The reason of the suppressed email", suppressed["reason"], "address-suppressed")
    expect("The emails to a suppressed address", len(mailbox.to(address)), count)


def _publish(stack, address, email, event):
    """Publishes an event about an email, which the tag names: the keyed hash of the address and the email's id."""
    tables = Tables(stack)
    [row] = [each for each in tables.rows("emails") if each["sk"] == email["id"]]
    tags = {"vestibule-email": [f"{row['pk']}_{row['sk']}"]}
    mail = {"timestamp": SENT, "messageId": email["message_id"], "destination": [address], "tags": tags}
    client = stack.emulator.client("sns", stack.deployer)
    client.publish(TopicArn=stack.physical("EmailEventTopic"), Message=json.dumps(event | {"mail": mail}))


def _wait_for_status(back_end, user, count, status):
    """Waits until the user has `count` emails and the newest has this status. Returns it."""
    deadline = time.monotonic() + TIMEOUT
    while time.monotonic() < deadline:
        emails = back_end.call("GET", f"/{user}/emails").expect_status(200).json()["emails"]
        if len(emails) == count and emails[0]["status"] == status:
            return emails[0]
        time.sleep(0.1)
    raise Failure(f"The user's newest email is not {status} after {TIMEOUT} s: {emails}.")


def _wait_for_suppression(stack):
    """Waits until the address is suppressed, with one record in the audit log."""
    tables = Tables(stack)
    tables.wait("emails", "No address is suppressed", lambda rows: any("suppressed_at" in row for row in rows))
    action = f"{stack.parameters['Portal']}.email.suppressed"
    records = [each for each in tables.rows("audit") if each["action"] == action]
    expect("The records of the suppression", [each["severity"] for each in records], ["warning"])
