"""An identity number where none belongs: what a fact says in clear the log keeps for ever. Pure."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from custody.facts import BodyValue

_NUMBER: Final = re.compile(
    r"(?<!\d)([1-9]\d{5}(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3})([\dX])(?![\dA-Za-z])"
)
_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS: Final = "10X98765432"


def has_identity_number(value: BodyValue) -> bool:
    """Whether a text, or one of a list, holds a citizen identity number: 18 places, a date of birth, the right check
    digit (GB 11643-1999, ISO 7064 MOD 11-2).
    """
    texts = value if isinstance(value, list) else [value]
    return any(isinstance(text, str) and _holds(text) for text in texts)


def _holds(text: str) -> bool:
    plain = unicodedata.normalize("NFKC", text).upper()
    return any(_check(digits) == check for digits, check in _NUMBER.findall(plain))


def _check(digits: str) -> str:
    return _CHECKS[sum(int(digit) * weight for digit, weight in zip(digits, _WEIGHTS, strict=True)) % 11]
