"""The texts of emails: an override is previewed, saved, sent and reverted."""

from . import journey
from .checks import expect, require
from .tables import Tables
from .web import Browser

PATH = "/admin/templates"
TEXTS = {
    "subject": "Welcome to {{portal}}",
    "text": "Hello\n\n{{link}}\n\n{{code}}\n",
    "html": '<h1>Hello</h1><a class="button" href="{{link}}">Go</a><p class="code">{{code}}</p>',
}


def check_override(stack, mailbox, back_end, who):
    """The emails to a new user have the saved texts while they are saved, and the shipped ones before and after."""
    address = who["email"]
    back_end.create(who)
    browser = Browser(stack.api)
    path = f"{PATH}/sign-in/en"
    listed = _call(stack, back_end, "GET", PATH).expect_status(200).json()["templates"]
    require(not any(each["overridden"] for each in listed), f"A text is saved already: {listed}")
    shipped = _send(mailbox, browser, address)

    wrong = TEXTS | {"html": "<script>"}
    _call(stack, back_end, "PUT", path, wrong).expect_problem(422, "invalid-template")
    preview = _call(stack, back_end, "POST", f"{path}/preview", TEXTS).expect_status(200).json()
    name = stack.parameters.get("PortalName", "")
    require(name in preview["subject"] and "<h1" in preview["html"], f"The preview is {preview}")
    saved = _call(stack, back_end, "PUT", path, TEXTS).expect_status(200).json()
    require(saved["overridden"], f"The text is not saved: {saved}")

    sent = _send(mailbox, browser, address)
    expect("The subject of the saved text", sent.subject, preview["subject"])
    require(sent.text.startswith("Hello\n") and sent.link and sent.code, f"The email is {sent.text}")

    _call(stack, back_end, "DELETE", path).expect_status(204)
    expect("The subject after the return", _send(mailbox, browser, address).subject, shipped.subject)
    expect("The saved texts", Tables(stack).rows("templates"), [])
    portal = stack.parameters["Portal"]
    actions = [each["action"] for each in Tables(stack).rows("audit") if each["resource_type"] == "template"]
    expect("The records of the texts", sorted(actions), [f"{portal}.template.reverted", f"{portal}.template.saved"])


def _call(stack, back_end, method, path, body=None):
    """Sends a request that the back end has signed."""
    return stack.api.signed(back_end.principal, method, path, body)


def _send(mailbox, browser, address):
    """Requests an email and returns it."""
    return journey.wait_for_email(mailbox, browser, address)
