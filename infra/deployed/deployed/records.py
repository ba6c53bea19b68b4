"""What a stack wrote down about a journey, and what it must not have."""

import json

from .checks import expect, require
from .tables import NAMES, Tables

JOURNEY = ["login", "login", "login.requested", "login.requested", "logout"]


def tell(stack, user):
    """The delivery log says how each mail ended, the audit what the user did."""
    tables = Tables(stack)
    mails = tables.wait("mail", "The mails are not over", lambda rows: all("unfinished" not in each for each in rows))
    expect("How the mails ended", sorted(each["status"] for each in mails), ["dropped", "sent", "sent"])
    sent = [each for each in mails if each["status"] == "sent"]
    require(all(each.get("message_id") for each in sent), "A mail that was sent has no message id.")
    wanted = [f"{stack.parameters['Portal']}.{act}" for act in JOURNEY]
    rows = [each for each in tables.rows("audit") if each["action"] in wanted]
    expect("What the audit says", sorted(each["action"] for each in rows), wanted)
    expect("Whose audit it is", {each["pk"] for each in rows}, {user})
    require(all(each["ip"] and each["user_agent"] for each in rows), "The audit lacks an IP address or a user agent.")


def hold_no_credential(stack, browsers, mails):
    """No link, code, nonce or session that was ever handed out stands in a table or in a function's log."""
    live = {secret for browser in browsers for secret in browser.secrets}
    live |= {mail.link.rsplit("/", 1)[1] for mail in mails}
    live |= {f'"{digits}"' for mail in mails for digits in (mail.code, mail.code.replace(" ", ""))}
    places = {f"the table {name}": json.dumps(Tables(stack).rows(name), default=str) for name in NAMES}
    places |= {f"the log {name}": text for name, text in stack.emulator.logs().items()}
    require(any(place.startswith("the log") and text for place, text in places.items()), "No function has logged.")
    for place, text in places.items():
        require(not any(secret in text for secret in live), f"A live credential stands in {place}.")
