"""Consistent Overhead Byte Stuffing: any bytes, written without a zero byte.

Source: S. Cheshire, M. Baker, "Consistent Overhead Byte Stuffing", IEEE/ACM
Transactions on Networking 7(2), 1999. A zero byte on the line can then only be
the end of a frame, so a receiver that lost its place finds it at the next zero.
"""

from casewire.errors import FrameError

GROUP_MAX = 254  # bytes of data one length byte can announce


def encode(data: bytes) -> bytes:
    """Return ``data`` stuffed: no zero byte inside, one byte longer per started 254."""
    out = bytearray(1)
    start = 0  # where the length byte of the open group stands
    for byte in data:
        if byte:
            if len(out) - start > GROUP_MAX:
                # A full group is opened anew only when more data follows: a
                # trailing empty group would be a second spelling of one frame.
                out[start] = GROUP_MAX + 1
                start = len(out)
                out.append(0)
            out.append(byte)
        else:
            if len(out) - start > GROUP_MAX:
                out[start] = GROUP_MAX + 1
                start = len(out)
                out.append(0)
            out[start] = len(out) - start
            start = len(out)
            out.append(0)
    out[start] = len(out) - start
    return bytes(out)


def decode(stuffed: bytes) -> bytes:
    """Return the data in ``stuffed`` (delimiter already taken off), or raise FrameError."""
    if not stuffed:
        raise FrameError("stuffed frame: expected at least 1 byte, found none")
    out = bytearray()
    at = 0
    end = len(stuffed)
    while at < end:
        code = stuffed[at]
        if code == 0:
            raise FrameError("stuffed frame: expected no zero byte, found one at %d" % at)
        stop = at + code
        if stop > end:
            raise FrameError(
                "stuffed frame: expected %d bytes in the group at %d, found %d" % (code - 1, at, end - at - 1)
            )
        group = stuffed[at + 1 : stop]
        if 0 in group:
            raise FrameError("stuffed frame: expected no zero byte, found one after %d" % at)
        out += group
        at = stop
        if code <= GROUP_MAX and at < end:
            out.append(0)
    return bytes(out)
