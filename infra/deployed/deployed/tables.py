"""What stands in a stack's tables."""

import time

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

from .checks import Failure

NAMES = ("users", "tokens", "sessions", "mail", "audit", "throttles")
PATIENCE = 30
_plain = TypeDeserializer().deserialize
_typed = TypeSerializer().serialize


class Tables:
    """The tables of one stack, as its deployer has them."""

    def __init__(self, stack):
        self.prefix = stack.name
        self.client = stack.emulator.client("dynamodb", stack.deployer)

    def rows(self, table):
        """All rows of a table."""
        name = f"{self.prefix}-{table}"
        try:
            pages = list(self.client.get_paginator("scan").paginate(TableName=name, ConsistentRead=True))
        except self.client.exceptions.ResourceNotFoundException:
            raise Failure(f"The table {name} does not exist.") from None
        items = [item for page in pages for item in page["Items"]]
        return [{name: _plain(value) for name, value in item.items()} for item in items]

    def write(self, table, row, values):
        """Gives attributes of a row other values, as if something else had happened to it."""
        names = {f"#{name}": name for name in values}
        self.client.update_item(
            TableName=f"{self.prefix}-{table}", Key={name: _typed(row[name]) for name in ("pk", "sk")},
            UpdateExpression="SET " + ", ".join(f"{mark} = :{name}" for mark, name in names.items()),
            ConditionExpression="attribute_exists(pk)", ExpressionAttributeNames=names,
            ExpressionAttributeValues={f":{name}": _typed(value) for name, value in values.items()})  # fmt: skip

    def wait(self, table, sentence, holds):
        """The rows of a table, once `holds` is true of them."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if holds(rows := self.rows(table)):
                return rows
            time.sleep(0.1)
        raise Failure(f"{sentence} after {PATIENCE} s.")
