"""The contents of a stack's tables."""

import time

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

from .checks import Failure

NAMES = ("users", "links", "sessions", "emails", "audit", "rate-limits", "templates")
TIMEOUT = 30
_deserialize = TypeDeserializer().deserialize
_serialize = TypeSerializer().serialize


class Tables:
    """The tables of one stack, accessed as its deployer."""

    def __init__(self, stack):
        self.prefix = stack.name
        self.client = stack.emulator.client("dynamodb", stack.deployer)

    def rows(self, table):
        """Returns all rows of a table."""
        name = f"{self.prefix}-{table}"
        try:
            pages = list(self.client.get_paginator("scan").paginate(TableName=name, ConsistentRead=True))
        except self.client.exceptions.ResourceNotFoundException:
            raise Failure(f"The table {name} does not exist.") from None
        items = [item for page in pages for item in page["Items"]]
        return [{name: _deserialize(value) for name, value in item.items()} for item in items]

    def write(self, table, row, values, without=()):
        """Sets attributes of a row and removes those in `without`, to simulate events that the walk cannot cause."""
        names = {f"#{name}": name for name in (*values, *without)}
        removed = f" REMOVE {', '.join(f'#{name}' for name in without)}" if without else ""
        self.client.update_item(
            TableName=f"{self.prefix}-{table}", Key={name: _serialize(row[name]) for name in ("pk", "sk")},
            UpdateExpression="SET " + ", ".join(f"#{name} = :{name}" for name in values) + removed,
            ConditionExpression="attribute_exists(pk)", ExpressionAttributeNames=names,
            ExpressionAttributeValues={f":{name}": _serialize(value) for name, value in values.items()})  # fmt: skip

    def wait(self, table, sentence, condition):
        """Waits until `condition` is true of the rows of a table, and returns them. `sentence` says what is wrong until
        then."""
        deadline = time.monotonic() + TIMEOUT
        while time.monotonic() < deadline:
            if condition(rows := self.rows(table)):
                return rows
            time.sleep(0.1)
        raise Failure(f"{sentence} after {TIMEOUT} s.")
