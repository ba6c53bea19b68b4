"""The records that a stack keeps of its users, and the credentials that it must not keep."""

import json
import time

from .checks import expect, require
from .tables import NAMES, Tables
from .web import Browser

# The sweep leaves emails alone that were requested less than 30 seconds ago.
SWEPT_AFTER = 31
ACTIONS = ["login", "login", "login.requested", "login.requested", "logout"]


def check_logs(stack, user):
    """The delivery log has the status of each email, and the audit log has what the user did."""
    tables = Tables(stack)
    emails = wait_for_outbox(tables)
    expect("The delivery statuses", sorted(each["status"] for each in emails), ["dropped", "sent", "sent"])
    sent = [each for each in emails if each["status"] == "sent"]
    require(all(each.get("message_id") for each in sent), "A sent email has no message id.")
    actions = [f"{stack.parameters['Portal']}.{action}" for action in ACTIONS]
    rows = [each for each in tables.rows("audit") if each["action"] in actions]
    expect("The actions in the audit log", sorted(each["action"] for each in rows), actions)
    expect("The subjects in the audit log", {each["pk"] for each in rows}, {user})
    has_client = all(each["ip"] and each["user_agent"] for each in rows)
    require(has_client, "The audit log lacks an IP address or a user agent.")


def wait_for_outbox(tables):
    """Waits until all emails are finished, which their rows say a moment after SES has them. Returns the rows."""
    return tables.wait("emails", "Some emails are still unfinished",
                       lambda rows: not any(row.get("unfinished", "").startswith("email") for row in rows))  # fmt: skip


def check_sweep(stack, mailbox, address):
    """A sweep resends an email that a crashed mailer left unfinished, with the same link. To simulate the crash, the
    row of the first email is changed."""
    tables = Tables(stack)
    emails = mailbox.to(address)
    rows = [each for each in wait_for_outbox(tables) if each.get("address") == address]
    row = min(rows, key=lambda each: each["sk"])
    time.sleep(max(0, float(row["requested_at"]) / 1000 + SWEPT_AFTER - time.time()))
    crashed = {"status": "sending", "unfinished": "email", "lost_claims": 1, "lease_until": 0}
    # The mailer crashed before it knew that SES had accepted the email.
    tables.write("emails", row, crashed, without=("message_id",))
    client = stack.emulator.client("lambda", stack.deployer)
    output = client.invoke(FunctionName=stack.physical("Mailer"), Payload=b'{"Sweep": {}}')
    expect("The response of the sweep", json.load(output["Payload"]), {"batchItemFailures": []})
    again = mailbox.wait(address, len(emails) + 1)
    expect("The retried email has the same link", again.link == emails[0].link, True)
    wait_for_outbox(tables)


def check_errors(stack):
    """No function has logged an error. Actions that a role does not allow are logged as errors, for example."""
    lines = [line for text in stack.emulator.logs().values() for line in text.splitlines()]
    require(any('"level":"INFO"' in line for line in lines), "No function has logged anything.")
    expect("The errors in the logs", [line for line in lines if '"level":"ERROR"' in line], [])
    lines = stack.emulator.logs()[f"/vestibule/{stack.name}"].splitlines()
    answered = [json.loads(line) for line in lines if '"message":"answered"' in line]
    names = {each["function"] for each in answered}
    require(names and names <= set(stack.function_names().values()), "A line does not name the function that wrote it.")
    require(all(each["version"] and each["timestamp"] and each["id"] for each in answered), "A line is incomplete.")
    cold = [each for each in answered if each.get("cold_start")]
    require(0 < len(cold) < len(answered), "The lines do not tell which requests met a cold start.")


def check_credentials(stack, emails):
    """No link, code, nonce, session or password that was ever used is in a table or in the log of a function."""
    credentials = Browser.secrets | {email.token for email in emails if email.token}
    codes = [email.code for email in emails if email.code]
    credentials |= {f'"{digits}"' for code in codes for digits in (code, code.replace(" ", ""))}
    logs = stack.emulator.logs()
    require(any(logs.values()), "No function has logged anything.")
    places = {f"the table {name}": json.dumps(Tables(stack).rows(name), default=str) for name in NAMES}
    places |= {f"the log {name}": text for name, text in logs.items()}
    for place, text in places.items():
        require(not any(credential in text for credential in credentials), f"Found a live credential in {place}.")
