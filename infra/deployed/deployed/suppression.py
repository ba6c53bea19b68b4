"""A suppressed address, as an administrator sees it, lifts it, and sends its email again."""

import json
import time
import urllib.parse

from . import journey, records
from .checks import expect
from .tables import Tables
from .web import Browser


def check_lift(stack, mailbox, back_end, address):
    """The address is suppressed, and its newest email was held back. Once the suppression is lifted, that email is sent
    with the next sweep, and a new one at once."""

    def call(method, path="", body=None):
        return stack.api.signed(back_end.principal, method, f"/admin/emails{path}", body)

    query = f"?address={urllib.parse.quote(address, safe='-_.~')}"
    shown = call("GET", query).expect_status(200).json()
    expect("The reason of the suppression", shown["suppression"]["reason"], "hard-bounce")
    events = [[each["event"] for each in email["story"]] for email in shown["emails"]]
    expect("The story of the held email", events[0], ["requested", "suppressed"])
    expect("The events of the email that bounced", set(events[1]),
           {"requested", "claimed", "sent", "delivered", "bounced"})  # fmt: skip
    listed = call("GET", "?status=held").expect_status(200).json()["emails"]
    held = [each["id"] for each in listed if each["address"] == address]
    expect("The held emails to the address", held, [shown["emails"][0]["id"]])

    count = len(mailbox.to(address))
    redrive = {"email": address, "id": held[0]}
    call("POST", "/redrive", redrive).expect_problem(409, "conflict")
    for lifted in (True, False):
        response = call("POST", "/lift", {"email": address}).expect_status(200).json()
        expect("The response to a lift", response, {"success": True, "lifted": lifted})
    expect("The suppression", call("GET", query).expect_status(200).json()["suppression"], None)
    call("POST", "/redrive", redrive).expect_status(202)
    call("POST", "/redrive", redrive).expect_problem(409, "conflict")
    _sweep(stack)
    again = mailbox.wait(address, count + 1)
    browser = Browser(stack.api)
    next_email = journey.wait_for_email(mailbox, browser, address)
    expect("The emails have different links", again.link != next_email.link, True)
    browser.send("/auth/verify", {"token": next_email.token}, journey.FRONTEND).expect_status(200)
    newest = call("GET", query).expect_status(200).json()["emails"][0]
    expect("The end of the story", newest["story"][-1]["event"], "link-used")
    records.wait_for_outbox(Tables(stack))


def _sweep(stack):
    """Invokes the mailer as the schedule does, which the emulator does not."""
    # An email is due once its time has passed.
    time.sleep(0.01)
    client = stack.emulator.client("lambda", stack.deployer)
    output = client.invoke(FunctionName=stack.physical("Mailer"), Payload=b'{"Sweep": {}}')
    expect("The response of the sweep", json.load(output["Payload"]), {"batchItemFailures": []})
