"""What went wrong, in a sentence."""


class Failure(Exception):
    """Something is not as it must be. The message is for whoever reads the end of the output."""


def expect(what, actual, wanted):
    """Fails unless `actual` is `wanted`; `what` says what it is."""
    if actual != wanted:
        raise Failure(f"{what}: expected {wanted!r}, got {actual!r}.")


def require(holds, sentence):
    """Fails with `sentence` unless `holds`."""
    if not holds:
        raise Failure(sentence)
