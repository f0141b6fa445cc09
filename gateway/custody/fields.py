"""Kinds of field a fact may have, and what each accepts."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Final

from custody.times import TimeFormatError, parse_limit

TEXT: Final = "text"  # 1..200 characters
REF: Final = "ref"  # [A-Za-z0-9._-]{1,64}: an id from area.toml or a random reference
REFS: Final = "refs"  # list of ref
BOOL: Final = "bool"
INT: Final = "int"  # |n| <= 2^53-1
INSTANT: Final = "instant_us"  # microseconds UTC; ISO 8601 text in a scenario
DURATION: Final = "duration"  # text such as "24h", "7d", "2mo"
HASH: Final = "hash"  # 64 hexadecimal digits, lower case

REF_LENGTH_MAX: Final = 64
TEXT_LENGTH_MAX: Final = 200
INT_MAX: Final = 2**53 - 1
HASH_DIGITS: Final = 64
_HEX: Final = frozenset("0123456789abcdef")
_REF_CHARACTERS: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-")


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a fact's body: its kind, whether it must be there, what it means."""

    kind: str
    doc: str
    required: bool = True
    choices: Collection[str] = ()
    span: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a body: the field, what was expected, what was found."""

    key: str
    expected: str
    found: str


def is_ref(value: object) -> bool:
    """Whether a value may serve as a reference: 1 to 64 of A-Z a-z 0-9 . _ -"""
    return isinstance(value, str) and 0 < len(value) <= REF_LENGTH_MAX and _REF_CHARACTERS.issuperset(value)


def _is_text(value: object) -> bool:
    """Half a character (a lone surrogate, which JSON can spell) is none: no log could hold it."""
    if not isinstance(value, str) or not 0 < len(value) <= TEXT_LENGTH_MAX:
        return False
    return value.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in value)


def _is_hash(value: object) -> bool:
    return isinstance(value, str) and len(value) == HASH_DIGITS and _HEX.issuperset(value)


def _is_int(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) <= INT_MAX


def _is_duration(value: object) -> bool:
    try:
        return parse_limit(value).is_positive
    except TimeFormatError:
        return False


_CHECKS: Final[Mapping[str, tuple[Callable[[object], bool], str]]] = {
    TEXT: (
        _is_text,
        f"text of 1 to {TEXT_LENGTH_MAX} characters",
    ),
    REF: (is_ref, f"a reference of 1 to {REF_LENGTH_MAX} characters A-Z a-z 0-9 . _ -"),
    REFS: (lambda v: isinstance(v, list) and all(map(is_ref, v)), "a list of references"),
    BOOL: (lambda v: isinstance(v, bool), "true or false"),
    INT: (_is_int, "a whole number"),
    INSTANT: (_is_int, "microseconds since 1970 UTC, a whole number"),
    DURATION: (_is_duration, "a duration such as '24h', '7d', '2mo'"),
    HASH: (_is_hash, f"{HASH_DIGITS} hexadecimal digits, lower case"),
}


def check_value(key: str, spec: Field, value: object) -> list[Problem]:
    """What is wrong with one value; empty when it may stand."""
    accepts, expected = _CHECKS[spec.kind]
    if not accepts(value):
        return [Problem(key, expected, repr(value)[:TEXT_LENGTH_MAX])]
    if spec.span is not None and isinstance(value, int) and not spec.span[0] <= value <= spec.span[1]:
        return [Problem(key, f"a whole number {spec.span[0]} to {spec.span[1]}", repr(value))]
    values = value if isinstance(value, list) else [value]
    if spec.choices and any(item not in spec.choices for item in values):
        return [Problem(key, f"one of {', '.join(spec.choices)}", repr(value))]
    return []
