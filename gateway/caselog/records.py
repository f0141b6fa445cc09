"""What the log says of itself: the bodies of leaves of class `log` (docs/evidence.md section 7), made and checked."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from caselog.clock import Instant
from caselog.errors import LeafError, LogDamaged, NoteError
from caselog.keys import PUBLIC_BYTES, SIGNATURE_BYTES, SigningKey, Verifier, check_name
from caselog.suite import NUMBERS, SHA256, Suite

BEGUN: Final = "log.begun/1"
KEY_CHANGED: Final = "log.key_changed/1"
STAY_COUNTED: Final = "log.stay_counted/1"
DAMAGED: Final = "log.damaged/1"
SCRUBBED: Final = "log.scrubbed/1"
SYNC_FAILED: Final = "log.sync_failed/1"
SPACE: Final = "log.space/1"

COPIES: Final = ("server", "witness", "none")
"""Whose leaves a `log.damaged/1` put back; `none`: there were none to put back, and the log goes on at its place."""
TEXT_CHARS_MAX: Final = 500
LEFT_OUT_MAX: Final = 64
"""Kinds of things that a full disk kept out, in one leaf."""

_KEY_CHANGE: Final = "caseward/key-change/v1"
_HASH: Final = re.compile(r"[0-9a-f]{64}")

Check = Callable[[Any], bool]


@dataclass(frozen=True, slots=True)
class Predecessor:
    """The log that a new one goes on from: its newest cosigned size and root (32 bytes), or 0 and the empty root."""

    origin: str
    reason: str
    size: int
    root: bytes


def entry(
    type_: str, index: int, body: Mapping[str, Any], now: Instant, *, stay: str | None = None, id_: str = ""
) -> dict[str, Any]:  # fmt: skip
    """The entry of such a leaf, recorded and occurred `now`. `index`: its place, and its id where none is given.

    Raises `LeafError` when the body is none.
    """
    check(type_, body)
    return {
        "class": "log",
        "type": type_,
        "id": id_ or f"{type_.partition('/')[0]}.{index}",
        "recorded": now.as_dict(),
        "occurred": {"earliest_us": now.earliest_us, "latest_us": now.latest_us, "by": "gateway"},
        "source": {"name": "", "boot": 0, "seq": 0},
        "stay": stay,
        "body": dict(body),
    }


def begun(origin: str, key: SigningKey, after: Predecessor | None, suite: Suite = SHA256) -> dict[str, Any]:
    """Body of leaf 0 of a log signed by `key`."""
    before = None
    if after is not None:
        before = {
            "origin": after.origin,
            "reason": after.reason,
            "root": after.root.hex(),
            "size": after.size,
        }
    return {"origin": origin, "suite": suite.number, "key": key_value(key), "after": before}


def key_changed(origin: str, index: int, old: SigningKey, new: SigningKey) -> dict[str, Any]:
    """Body of the leaf at `index` by which `old` hands the log over to `new`."""
    signature = old.sign(key_change_bytes(origin, index, new.public))
    return {"key": key_value(new), "signature": base64.b64encode(signature).decode()}


def key_change_bytes(origin: str, index: int, public: bytes) -> bytes:
    """What the old key signs."""
    return f"{_KEY_CHANGE}\n{origin}\n{index}\n{base64.b64encode(public).decode()}\n".encode()


def changed_key(origin: str, index: int, old: bytes, body: Mapping[str, Any]) -> bytes:
    """The key (32 bytes) that a `log.key_changed/1` at `index` hands over to, if the key `old` signed it.

    Raises `LeafError` when the body is none, `NoteError` when the signature does not verify.
    """
    check(KEY_CHANGED, body)
    public = base64.b64decode(body["key"]["public"])
    signature = base64.b64decode(body["signature"])
    if not Verifier(origin, old).valid(key_change_bytes(origin, index, public), signature):
        held = base64.b64encode(old).decode()
        raise NoteError(f"a key change at leaf {index} signed by {held}", "a signature that does not verify")
    return public


def begun_key(body: Mapping[str, Any]) -> bytes:
    """The key (32 bytes) a log began with. Raises `LeafError` when `body` is not that of a `log.begun/1`."""
    check(BEGUN, body)
    return base64.b64decode(body["key"]["public"])


def damaged(damage: LogDamaged, kept: str, first: int, count: int, copy: str) -> dict[str, Any]:
    """Body of a `log.damaged/1`. `kept`: the file with the bad bytes; `copy`: server, witness or none."""
    return {
        "file": damage.segment,
        "byte": damage.offset,
        "expected": damage.expected[:TEXT_CHARS_MAX],
        "found": damage.found[:TEXT_CHARS_MAX] or "nothing",
        "kept": kept,
        "first": first,
        "count": count,
        "from": copy,
    }


def key_value(key: SigningKey) -> dict[str, str]:
    """KEY of the page: what holds the key, and its public half."""
    return {"kind": key.kind, "public": base64.b64encode(key.public).decode()}


def check(type_: str, body: Mapping[str, Any]) -> None:
    """Raise `LeafError` unless `body` is one of a leaf of class `log` and this type."""
    fields = _FIELDS.get(type_)
    if fields is None:
        raise LeafError(f"a type of what a log says of itself, {', '.join(_FIELDS)}", type_[:80])
    if not isinstance(body, Mapping) or body.keys() != fields.keys():
        found = sorted(map(str, body)) if isinstance(body, Mapping) else type(body).__name__
        raise LeafError(f"body of {type_} with {sorted(fields)}", f"{found}"[:200])
    for name, is_good in fields.items():
        if not is_good(body[name]):
            raise LeafError(f"{type_} with a {name} as docs/evidence.md says", repr(body[name])[:120])


def _is_count(value: Any) -> bool:
    return type(value) is int and value >= 0


def _is_positive(value: Any) -> bool:
    return _is_count(value) and value > 0


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= TEXT_CHARS_MAX


def _is_hash(value: Any) -> bool:
    return isinstance(value, str) and _HASH.fullmatch(value) is not None


def _is_name(value: Any) -> bool:
    if not _is_text(value):
        return False
    try:
        check_name(value)
    except NoteError:
        return False
    return True


def _is_base64(value: Any, count: int) -> bool:
    """The one base64 text of `count` bytes."""
    try:
        data = base64.b64decode(value, validate=True)
    except (binascii.Error, TypeError, ValueError):
        return False
    return len(data) == count and base64.b64encode(data).decode() == value


def _is_key(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and value.keys() == {"kind", "public"}
        and _is_text(value["kind"])
        and _is_base64(value["public"], PUBLIC_BYTES)
    )


def _is_predecessor(value: Any) -> bool:
    return value is None or (
        isinstance(value, dict)
        and value.keys() == {"origin", "reason", "root", "size"}
        and _is_name(value["origin"])
        and _is_text(value["reason"])
        and _is_hash(value["root"])
        and _is_count(value["size"])
    )


def _is_left_out(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and len(value) <= LEFT_OUT_MAX
        and all(_is_text(name) and _is_count(count) for name, count in value.items())
    )


_FIELDS: Final[dict[str, dict[str, Check]]] = {
    BEGUN: {
        "origin": _is_name,
        "suite": lambda value: type(value) is int and value in NUMBERS,
        "key": _is_key,
        "after": _is_predecessor,
    },
    KEY_CHANGED: {"key": _is_key, "signature": lambda value: _is_base64(value, SIGNATURE_BYTES)},
    STAY_COUNTED: {"leaves": _is_positive},
    DAMAGED: {
        "file": _is_text, "byte": _is_count, "expected": _is_text, "found": _is_text, "kept": _is_text,
        "first": _is_count, "count": _is_count, "from": lambda value: value in COPIES,
    },
    SCRUBBED: {"leaves": _is_count, "bytes": _is_count, "seconds": _is_count},
    SYNC_FAILED: {"detail": _is_text, "second_path": _is_text},
    SPACE: {
        "state": lambda value: value in ("low", "full", "ok"),
        "free_bytes": _is_count,
        "left_out": _is_left_out,
    },
}  # fmt: skip
