"""The one JSON text of a value: a subset of RFC 8785 (JSON Canonicalization Scheme).

Taken: objects, arrays, strings, integers with magnitude up to 2^53 - 1, true, false, null. Left out:
every number with a fraction or exponent, larger integers, and object keys outside ASCII (so that sorting
by byte, by code point and by UTF-16 unit, as RFC 8785 section 3.2.3 asks, are the same thing).
"""

from __future__ import annotations

import json
from typing import Any, Final

from caselog.errors import CanonicalError

INTEGER_MAX: Final = 2**53 - 1
"""Largest magnitude every JSON reader holds exactly (RFC 7493 section 2.2)."""

DEPTH_MAX: Final = 32
"""Arrays and objects inside each other; far above any fact, far below any parser's stack."""

_encoder = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), check_circular=False)


def dumps(value: Any) -> bytes:
    """Canonical UTF-8 text of `value` (dict, list or tuple, str, int, bool, None), without a newline.

    Raises `CanonicalError` for anything else, at any depth.
    """
    _check(value, DEPTH_MAX)
    try:
        return _encoder.encode(value).encode("utf-8")
    except UnicodeEncodeError as error:
        raise CanonicalError(
            "Unicode scalar values", f"lone surrogate U+{ord(error.object[error.start]):04X}"
        ) from None


def loads(data: bytes) -> Any:
    """The value whose canonical text is exactly `data`.

    Raises `CanonicalError` for bad UTF-8, bad JSON and for any other text of the same value: white space,
    key order, doubled keys, other escapes, -0, fractions and exponents.
    """
    try:
        value = json.loads(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise CanonicalError("UTF-8", f"byte 0x{data[error.start]:02x} at byte {error.start}") from None
    except RecursionError:
        raise CanonicalError(f"at most {DEPTH_MAX} levels", "deeper nesting") from None
    except ValueError as error:  # JSONDecodeError, or an integer of thousands of digits
        raise CanonicalError("JSON", str(error)) from None
    canonical = dumps(value)
    if canonical != data:
        raise CanonicalError(*_first_difference(canonical, data))
    return value


def _check(value: Any, depth: int) -> None:
    """Refuse what the subset leaves out; `depth` is how many more levels may open."""
    kind = type(value)
    if kind is str or value is None or kind is bool:
        return
    if isinstance(value, int):
        if not -INTEGER_MAX <= value <= INTEGER_MAX:
            raise CanonicalError(
                "an integer of magnitude up to 2^53 - 1", f"one of {value.bit_length()} bits"
            )
    elif isinstance(value, dict):
        if not depth:
            raise CanonicalError(f"at most {DEPTH_MAX} levels", "deeper nesting")
        for key, inner in value.items():
            if not isinstance(key, str) or not key.isascii():
                raise CanonicalError("an ASCII string as key", repr(key)[:40])
            if type(inner) is not str:  # most are: half of the calls
                _check(inner, depth - 1)
    elif isinstance(value, (list, tuple)):
        if not depth:
            raise CanonicalError(f"at most {DEPTH_MAX} levels", "deeper nesting")
        for inner in value:
            _check(inner, depth - 1)
    elif not isinstance(value, str):
        raise CanonicalError(
            "object, array, string, integer, true, false or null", f"{kind.__name__} {value!r}"[:60]
        )


def _first_difference(canonical: bytes, data: bytes) -> tuple[str, str]:
    """(expected, found) texts around the first byte in which the two differ."""
    shorter = min(len(canonical), len(data))
    at = next((i for i in range(shorter) if canonical[i] != data[i]), shorter)
    return f"{canonical[at : at + 16]!r} at byte {at}", repr(data[at : at + 16])
