"""The emails that the emulator's SES accepted."""

import re
import time

from .checks import Failure

TIMEOUT = 30


class Email:
    """An email, with the link and the code in its text, if there are any."""

    def __init__(self, record):
        self.to, self.sender, self.subject = record["To"], record["Source"], record["Subject"]
        self.text, self.html = record["BodyText"], record["BodyHtml"]
        link = re.search(r"https?://\S+/auth/(?:verify|activate|reset-password|report)/(\S+)", self.text)
        self.link, self.token = (link[0], link[1]) if link else (None, None)
        code = re.search(r"\b\d{4} \d{4}\b", self.text)
        self.code = code[0] if code else None


class Mailbox:
    """The emails to all addresses, in the order in which they were sent."""

    def __init__(self, emulator):
        self.emulator = emulator

    def all(self):
        """Returns all emails so far."""
        messages = self.emulator.inspect("/_ministack/ses/messages")["messages"]
        return [Email(record) for records in messages.values() for record in records]

    def to(self, address):
        """Returns the emails to one address so far."""
        return [email for email in self.all() if email.to == [address]]

    def wait(self, address, count):
        """Waits until an address has received `count` emails, and returns the last of them."""
        deadline = time.monotonic() + TIMEOUT
        while time.monotonic() < deadline:
            if len(emails := self.to(address)) >= count:
                return emails[count - 1]
            time.sleep(0.05)
        raise Failure(f"Email number {count} to {address} did not arrive within {TIMEOUT} s.")
