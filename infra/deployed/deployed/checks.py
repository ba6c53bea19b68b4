"""Checks that stop the run with a sentence when they fail."""


class Failure(Exception):
    """Stops the run. Its message is the last thing that the user of the walk reads."""


def expect(description, actual, expected):
    """Fails unless both values are equal. `description` says what the actual value is."""
    if actual != expected:
        raise Failure(f"{description}: expected {expected!r}, got {actual!r}.")


def require(condition, sentence):
    """Fails with `sentence` unless the condition is true."""
    if not condition:
        raise Failure(sentence)
