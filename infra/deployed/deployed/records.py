"""What a stack wrote down about a journey, and what it must not have."""

import json
import time

from .checks import expect, require
from .tables import NAMES, Tables
from .web import Browser

SWEPT_FROM = 31
JOURNEY = ["login", "login", "login.requested", "login.requested", "logout"]


def tell(stack, user):
    """The delivery log says how each mail ended, the audit what the user did."""
    tables = Tables(stack)
    mails = over(tables)
    expect("The delivery statuses", sorted(each["status"] for each in mails), ["dropped", "sent", "sent"])
    sent = [each for each in mails if each["status"] == "sent"]
    require(all(each.get("message_id") for each in sent), "A sent email has no message id.")
    wanted = [f"{stack.parameters['Portal']}.{act}" for act in JOURNEY]
    rows = [each for each in tables.rows("audit") if each["action"] in wanted]
    expect("The actions in the audit log", sorted(each["action"] for each in rows), wanted)
    expect("The subjects in the audit log", {each["pk"] for each in rows}, {user})
    require(all(each["ip"] and each["user_agent"] for each in rows), "The audit log lacks an IP address or a user agent.")


def over(tables):
    """The mails, once each is over: SES has one a moment before its row says so."""
    return tables.wait("mail", "Some emails are still unfinished", lambda rows: all("unfinished" not in each for each in rows))


def sweep(stack, mailbox, address):
    """A sweep, as the schedule has it done once a minute, sends again what a crashed mailer has left, with the same link.
    None has crashed: the row of the first mail is made to say so."""
    tables = Tables(stack)
    mails = mailbox.to(address)
    row = min((each for each in over(tables) if each.get("address") == address), key=lambda each: each["sk"])
    # A sweep leaves alone what is younger.
    time.sleep(max(0, float(row["asked_at"]) / 1000 + SWEPT_FROM - time.time()))
    tables.write("mail", row, {"status": "sending", "unfinished": "mail", "unanswered": 1, "lease_until": 0})
    client = stack.emulator.client("lambda", stack.deployer)
    answer = client.invoke(FunctionName=stack.physical("Mailer"), Payload=b'{"Sweep": {}}')
    expect("The response of the sweep", json.load(answer["Payload"]), {"batchItemFailures": []})
    again = mailbox.wait(address, len(mails) + 1)
    expect("The retried email has the same link", again.link == mails[0].link, True)
    over(tables)


def hold_no_failure(stack):
    """No function has logged an error: what a role refuses, or the store does not answer, is one, even where nobody waits
    for the answer."""
    lines = [line for text in stack.emulator.logs().values() for line in text.splitlines()]
    require(any('"level":"INFO"' in line for line in lines), "No function has logged anything.")
    expect("The errors in the logs", [line for line in lines if '"level":"ERROR"' in line], [])


def hold_no_credential(stack, mails):
    """No link, code, nonce, session or password that was ever used stands in a table or in a function's log."""
    live = Browser.secrets | {mail.token for mail in mails if mail.token}
    codes = [mail.code for mail in mails if mail.code]
    live |= {f'"{digits}"' for code in codes for digits in (code, code.replace(" ", ""))}
    places = {f"the table {name}": json.dumps(Tables(stack).rows(name), default=str) for name in NAMES}
    places |= {f"the log {name}": text for name, text in stack.emulator.logs().items()}
    require(any(place.startswith("the log") and text for place, text in places.items()), "No function has logged anything.")
    for place, text in places.items():
        require(not any(secret in text for secret in live), f"Found a live credential in {place}.")
