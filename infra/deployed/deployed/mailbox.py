"""The mails that the emulator's SES took."""

import re
import time

from .checks import Failure

PATIENCE = 30


class Mail:
    """A mail with the link and the code that stand in it."""

    def __init__(self, record):
        self.to, self.sender, self.subject = record["To"], record["Source"], record["Subject"]
        self.text, self.html = record["BodyText"], record["BodyHtml"]
        codes = re.findall(r"\b\d{4} \d{4}\b", self.text)
        self.link = re.search(r"https?://\S+/auth/(?:verify|activate|reset-password)/(\S+)", self.text)
        self.link, self.token = (self.link[0], self.link[1]) if self.link else (None, None)
        self.code = codes[0] if codes else None


class Mailbox:
    """Reads mails in the order they were sent."""

    def __init__(self, emulator):
        self.emulator = emulator

    def all(self):
        """All mails so far."""
        records = [each for some in self.emulator.peek("/_ministack/ses/messages")["messages"].values() for each in some]
        return [Mail(each) for each in records]

    def to(self, address):
        """The mails to one address so far."""
        return [mail for mail in self.all() if mail.to == [address]]

    def wait(self, address, count):
        """The `count`-th mail to the address, once it is there."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if len(mails := self.to(address)) >= count:
                return mails[count - 1]
            time.sleep(0.05)
        raise Failure(f"Email number {count} to {address} did not arrive within {PATIENCE} s.")
