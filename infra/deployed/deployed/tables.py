"""What stands in a stack's tables."""

import time

from boto3.dynamodb.types import TypeDeserializer

from .checks import Failure

NAMES = ("users", "tokens", "sessions", "mail", "audit", "throttles")
PATIENCE = 30
_plain = TypeDeserializer().deserialize


class Tables:
    """The tables of one stack, read as its deployer."""

    def __init__(self, stack):
        self.prefix = stack.name
        self.client = stack.emulator.client("dynamodb", stack.deployer)

    def rows(self, table):
        """All rows of a table."""
        name = f"{self.prefix}-{table}"
        try:
            pages = list(self.client.get_paginator("scan").paginate(TableName=name, ConsistentRead=True))
        except self.client.exceptions.ResourceNotFoundException:
            raise Failure(f"There is no table {name}.") from None
        items = [item for page in pages for item in page["Items"]]
        return [{name: _plain(value) for name, value in item.items()} for item in items]

    def wait(self, table, sentence, holds):
        """The rows of a table, once `holds` is true of them."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if holds(rows := self.rows(table)):
                return rows
            time.sleep(0.1)
        raise Failure(f"{sentence}, not even after {PATIENCE} s.")
