"""Responses of AWS about states that the emulator does not have, good ones and faults."""

DOMAIN = "example.com"
IDENTITY = f"GET /v2/email/identities/{DOMAIN}"


def rule_for(operation, change):
    """Returns a rule that merges `change` into the document of an operation, or replaces it by the result."""

    def rule(found, document):
        if not found.startswith(operation):
            return None
        return change(document) if callable(change) else merge(document, change)

    return rule


def merge(document, change):
    """Returns the document with the fields of `change`, at every depth."""
    if not (isinstance(document, dict) and isinstance(change, dict)):
        return change
    return document | {name: merge(document.get(name), value) for name, value in change.items()}


# A sender as it is once its DNS records are found.
GOOD_IDENTITY = {
    "VerifiedForSendingStatus": True,
    "DkimAttributes": {"SigningEnabled": True, "Status": "SUCCESS"},
    "MailFromAttributes": {"MailFromDomain": f"mail.{DOMAIN}", "MailFromDomainStatus": "SUCCESS"},
}
# What the emulator has no state for, as it is when nothing is wrong.
GOOD = [
    rule_for(IDENTITY, GOOD_IDENTITY),
    rule_for("GET /v2/apis/", {"disableExecuteApiEndpoint": True}),
]


def _pending(text):
    """SNS says that one subscription waits for a confirmation."""
    for name, value in (("Confirmed", 0), ("Pending", 1)):
        head, _, rest = text.partition(f"<key>Subscriptions{name}</key>")
        text = f"{head}<key>Subscriptions{name}</key><value>{value}</value>{rest.partition('</value>')[2]}"
    return text


TOPIC = "POST / Action=GetTopicAttributes"
ACCOUNT, SETTINGS = "GET /v2/email/account", "GET /2016-08-19/account-settings"
# Operations, what their responses have, and what doctor says.
ALTERED = [
    (IDENTITY, {"VerifiedForSendingStatus": False}, f"SES has not verified {DOMAIN}"),
    (IDENTITY, {"DkimAttributes": {"SigningEnabled": False}}, "DKIM is off"),
    (IDENTITY, {"DkimAttributes": {"Status": "PENDING"}}, "The DKIM records of"),
    (IDENTITY, {"MailFromAttributes": {"MailFromDomain": ""}}, "has no MAIL FROM domain"),
    (IDENTITY, {"MailFromAttributes": {"MailFromDomainStatus": "FAILED"}}, "The records of the MAIL FROM domain"),
    (ACCOUNT, {"SendingEnabled": False}, "sending is paused for the account"),
    (ACCOUNT, {"EnforcementStatus": "PROBATION"}, "SES reviews the account"),
    (ACCOUNT, {"SendQuota": {"Max24HourSend": 200.0}}, "SES sends at most 200 emails a day"),
    (ACCOUNT, {"SendQuota": {"MaxSendRate": 1.0}}, "SES sends at most one email a second"),
    (SETTINGS, {"AccountLimit": {"UnreservedConcurrentExecutions": 10}}, "Only 10 functions may run at a time"),
    (TOPIC, _pending, "the subscription is not confirmed yet", "No function is told what becomes of emails"),
    ("GET /v2/apis/", {"disableExecuteApiEndpoint": False}, "The API can also be called at its default endpoint"),
]  # fmt: skip
