"""The events of SES. The emulator's SES publishes none, so the walk publishes them to the stack's topic."""

import json
import time
import urllib.parse

from . import journey
from .checks import Failure, expect, require
from .tables import Tables
from .web import Browser

TIMEOUT = 30
SENT = "2026-11-26T12:00:00.000Z"
BOUNCED = "2026-11-26T12:00:01.000Z"


def check_events(stack, mailbox, back_end, who):
    """A delivery and a bounce reach the email, as the administrator sees it. The bounce suppresses the address: the
    next email is not sent, and the one who requests it cannot tell. Returns the email that was not sent."""
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
    return suppressed


def check_lift(stack, mailbox, back_end, address, suppressed):
    """An administrator finds the email that was not sent, lifts the suppression, and sends it again. The next email
    leaves by itself."""

    def call(method, path, body=None):
        return stack.api.signed(back_end.principal, method, f"/admin/emails{path}", body)

    of_address = f"?address={urllib.parse.quote(address)}"
    expect("The reason of the suppression", call("GET", of_address).json()["suppression"]["reason"], "hard-bounce")
    held = call("GET", "?status=held").expect_status(200).json()["emails"]
    require((suppressed["id"], address) in [(each["id"], each["address"]) for each in held], f"It is not held: {held}.")
    again = {"email": address, "id": suppressed["id"]}
    call("POST", "/redrive", again).expect_problem(409, "conflict")
    lifted = call("POST", "/lift", {"email": address}).expect_status(200).json()
    expect("The response to lifting a suppression", lifted, {"success": True, "lifted": True})
    expect("The lifted suppression", call("GET", of_address).json()["suppression"], None)
    count = len(mailbox.to(address))
    call("POST", "/redrive", again).expect_status(202)
    # An email is due once its time is over.
    time.sleep(0.01)
    client = stack.emulator.client("lambda", stack.deployer)
    client.invoke(FunctionName=stack.physical("Mailer"), Payload=b'{"Sweep": {}}')
    email = mailbox.wait(address, count + 1)
    browser = Browser(stack.api)
    journey.open_link(stack, browser, email)
    journey.wait_for_email(mailbox, browser, address)


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
