"""What the codec refuses, and why.

Both errors stay inside the codec on the receiving side: ``Decoder.feed`` turns
them into counters. A caller meets them only when it builds a message or a frame
itself, and then the fault is the caller's.
"""


class WireError(ValueError):
    """Something that may not stand on the wire; the text says expected and found."""


class FieldError(WireError):
    """A field of a message or a frame is outside what the wire can carry."""


class FrameError(WireError):
    """Bytes that are not what an encoder would have written."""


def check_range(name: str, value: int, least: int, most: int) -> int:
    """Return ``value`` if it is a whole number in least..most, else raise FieldError.

    MicroPython's struct.pack cuts a number that is too large without a word, so
    nothing may reach it unchecked.
    """
    if not isinstance(value, int) or not least <= value <= most:
        raise FieldError("%s: expected %d..%d, found %r" % (name, least, most, value))
    return int(value)
