"""One record of the log: its fields, its hash and its place in the chain.

A leaf is one canonical JSON object with exactly the keys of docs/evidence.md section 2. What the `body` of
each `type` holds is not this package's business.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from caselog import canonical
from caselog.clock import Instant
from caselog.errors import ChainError, EntryError, FormatError, LeafError
from caselog.suite import SHA256, Suite

VERSION: Final = 1
LEAF_BYTES_MAX: Final = 65_536
"""One line an expert can still read; larger things (pictures, rulebooks) enter the log as hashes."""
ID_CHARS_MAX: Final = 256
NAME_CHARS_MAX: Final = 64
ZERO_HASH: Final = bytes(32)
"""`prev` of leaf 0."""

CLASSES: Final = frozenset({"fact", "output", "log"})
"""`fact`: what the engine reads. `output`: what it derived; replay makes it again and never reads it.
`log`: what the log says of itself (`records`); no rule reads it and no replay derives it."""
WITNESSES: Final = frozenset({"node", "gateway", "server", "kiosk", "paper"})
"""By whose word a thing is held to have occurred."""

_KEYS: Final = frozenset(
    ("v", "index", "prev", "class", "type", "id", "recorded", "occurred", "source", "stay", "stay_n", "body")
)
_GIVEN_BY_LOG: Final = frozenset({"v", "index", "prev", "stay_n"})
_TYPE: Final = re.compile(r"[a-z][a-z0-9_-]*(\.[a-z][a-z0-9_-]*)+/[1-9][0-9]{0,3}")
_HASH: Final = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Occurred:
    """When a thing happened, as an interval in microseconds UTC (None: no upper bound), and by whose word."""

    earliest_us: int
    latest_us: int | None
    by: str


@dataclass(frozen=True, slots=True)
class Source:
    """Which input said it: node name, that node's boot number and frame sequence; zeros when not a node."""

    name: str
    boot: int
    seq: int


@dataclass(frozen=True, slots=True)
class LeafRecord:
    """A parsed leaf. `prev` and `hash` are 32 bytes; `leaf_class` is the key `class`; `data` the exact bytes."""

    index: int
    prev: bytes
    leaf_class: str
    type: str
    id: str
    recorded: Instant
    occurred: Occurred
    source: Source
    stay: str | None
    stay_n: int | None
    body: dict[str, Any]
    data: bytes
    hash: bytes


def build(entry: Mapping[str, Any], index: int, prev: bytes, stay_n: int | None) -> bytes:
    """The bytes of leaf `index` after the leaf with hash `prev`; `entry` has every other key. Raises `EntryError`."""
    given = _GIVEN_BY_LOG & entry.keys()
    if given:
        raise EntryError(f"expected an entry without {sorted(_GIVEN_BY_LOG)}, found {sorted(given)}")
    value = {**entry, "v": VERSION, "index": index, "prev": prev.hex(), "stay_n": stay_n}
    try:
        check(value)
        data = canonical.dumps(value)
    except FormatError as error:
        raise EntryError(f"entry {entry.get('id')!r}: {error}") from error
    if len(data) > LEAF_BYTES_MAX:
        raise EntryError(f"expected a leaf of at most {LEAF_BYTES_MAX} bytes, found {len(data)}")
    return data


def parse(data: bytes, suite: Suite = SHA256) -> LeafRecord:
    """The record in `data` (one leaf, no newline). Raises `CanonicalError` or `LeafError`."""
    if len(data) > LEAF_BYTES_MAX:
        raise LeafError(f"at most {LEAF_BYTES_MAX} bytes", f"{len(data)}")
    value = canonical.loads(data)
    check(value)
    recorded, occurred, source = value["recorded"], value["occurred"], value["source"]
    return LeafRecord(
        index=value["index"],
        prev=bytes.fromhex(value["prev"]),
        leaf_class=value["class"],
        type=value["type"],
        id=value["id"],
        recorded=Instant(**recorded),
        occurred=Occurred(**occurred),
        source=Source(**source),
        stay=value["stay"],
        stay_n=value["stay_n"],
        body=value["body"],
        data=data,
        hash=suite.leaf_hash(data),
    )


def check_chain(prev_hash: bytes, index: int, data: bytes, suite: Suite = SHA256) -> LeafRecord:
    """Parse `data` and check that it is leaf `index` after the leaf with hash `prev_hash`.

    Raises `CanonicalError`, `LeafError`, or `ChainError` when it is a leaf but belongs elsewhere.
    """
    record = parse(data, suite)
    if record.index != index:
        raise ChainError(f"index {index}", f"index {record.index}")
    if record.prev != prev_hash:
        raise ChainError(f"prev {prev_hash.hex()}", f"prev {record.prev.hex()}")
    return record


def check(value: Any) -> None:
    """Raise `LeafError` unless `value` has the keys, types and ranges of a leaf. Does not look into `body`."""
    if not isinstance(value, dict) or value.keys() != _KEYS:
        raise LeafError(f"an object with keys {sorted(_KEYS)}", _keys_found(value))
    _require(type(value["v"]) is int and value["v"] == VERSION, f"v {VERSION}", value["v"])
    _require(_is_count(value["index"]), "index, an integer from 0", value["index"])
    _require(_matches(_HASH, value["prev"]), "prev, 64 lower-case hex digits", value["prev"])
    _require(_is_one_of(CLASSES, value["class"]), f"class, one of {sorted(CLASSES)}", value["class"])
    _require(_matches(_TYPE, value["type"]), "type like door.opened/1", value["type"])
    _require(_is_text(value["id"], ID_CHARS_MAX), f"id, 1 to {ID_CHARS_MAX} characters", value["id"])
    _check_recorded(value["recorded"])
    _check_occurred(value["occurred"])
    _check_source(value["source"])
    _check_stay(value["stay"], value["stay_n"])
    _require(isinstance(value["body"], dict), "body, an object", value["body"])


def _check_recorded(value: Any) -> None:
    fields = isinstance(value, dict) and value.keys() == {"boot", "boottime_us", "earliest_us", "latest_us"}
    _require(fields, "recorded {boot, boottime_us, earliest_us, latest_us}", value)
    _require(_is_count(value["boot"]) and _is_count(value["boottime_us"]), "recorded counts from 0", value)
    _require(
        _is_interval(value["earliest_us"], value["latest_us"]), "recorded interval, earliest <= latest", value
    )


def _check_occurred(value: Any) -> None:
    fields = isinstance(value, dict) and value.keys() == {"earliest_us", "latest_us", "by"}
    _require(fields, "occurred {earliest_us, latest_us, by}", value)
    _require(_is_one_of(WITNESSES, value["by"]), f"occurred.by, one of {sorted(WITNESSES)}", value["by"])
    _require(
        _is_interval(value["earliest_us"], value["latest_us"]), "occurred interval, earliest <= latest", value
    )


def _check_source(value: Any) -> None:
    fields = isinstance(value, dict) and value.keys() == {"name", "boot", "seq"}
    _require(fields, "source {name, boot, seq}", value)
    named = isinstance(value["name"], str) and len(value["name"]) <= NAME_CHARS_MAX
    _require(named, f"source.name, at most {NAME_CHARS_MAX} characters", value["name"])
    _require(_is_count(value["boot"]) and _is_count(value["seq"]), "source.boot and source.seq from 0", value)


def _check_stay(stay: Any, stay_n: Any) -> None:
    if stay is None:
        _require(stay_n is None, "stay_n null where stay is null", stay_n)
        return
    _require(_is_text(stay, NAME_CHARS_MAX), f"stay, null or 1 to {NAME_CHARS_MAX} characters", stay)
    _require(_is_count(stay_n) and stay_n > 0, "stay_n, an integer from 1", stay_n)


def _require(condition: bool, expected: str, found: Any) -> None:
    if not condition:
        raise LeafError(expected, repr(found)[:120])


def _is_count(value: Any) -> bool:
    return type(value) is int and value >= 0


def _is_text(value: Any, chars_max: int) -> bool:
    return isinstance(value, str) and 0 < len(value) <= chars_max


def _is_one_of(choices: frozenset[str], value: Any) -> bool:
    return isinstance(value, str) and value in choices


def _is_interval(earliest: Any, latest: Any) -> bool:
    return _is_count(earliest) and (latest is None or (_is_count(latest) and earliest <= latest))


def _matches(pattern: re.Pattern[str], value: Any) -> bool:
    return isinstance(value, str) and pattern.fullmatch(value) is not None


def _keys_found(value: Any) -> str:
    if not isinstance(value, dict):
        return type(value).__name__
    missing, extra = sorted(_KEYS - value.keys()), sorted(map(str, value.keys() - _KEYS))
    return f"missing {missing}, unknown {extra}"
