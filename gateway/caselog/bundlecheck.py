"""Reading a bundle back, for our own use: before one is handed out, and in tests.

The proof for a court is the work of the separate verifiers in server/verify, which share no code with this.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from caselog import bundle, canonical, checkpoint, cover, records
from caselog import leaf as leaves
from caselog.bundle import Disclosure, Head, Report, Text
from caselog.errors import BundleError, FormatError
from caselog.keychain import KeyChain
from caselog.keys import Verifier
from caselog.leaf import LeafRecord
from caselog.suite import Suite, suite_of

CONFIG = "config.loaded/1"
_OF_ALL = (records.BEGUN, records.KEY_CHANGED, CONFIG)
_ORDER = ("proof", "checkpoint", "text", "disclosed", "statement", "report", "manifest", "signature")
_KEYS = {
    "proof": {"hashes"}, "checkpoint": {"note"}, "text": {"name", "sha256", "text"},
    "disclosed": {"leaf", "field", "salt", "value"}, "statement": {"name", "body"},
    "report": {"name", "sha256", "data"},
    "manifest": {"made_us", "maker", "public", "sha256", "cosigned_s", "unproved"}, "signature": {"signature"},
}  # fmt: skip


@dataclass(slots=True)
class Bundle:
    """What was read and found sound in itself. `keys`: the chain from the key of leaf 0."""

    head: Head
    keys: KeyChain
    records: list[LeafRecord] = field(default_factory=list)
    is_counted: bool = False
    root: bytes = b""
    note: bytes = b""
    texts: list[Text] = field(default_factory=list)
    disclosures: list[Disclosure] = field(default_factory=list)
    statements: dict[str, dict[str, Any]] = field(default_factory=dict)
    report: Report = field(default=Report("", b""))
    manifest: dict[str, Any] = field(default_factory=dict)
    signed: bytes = b""  # the line of the manifest


def read(lines: Iterable[bytes]) -> Bundle:
    """Check every line, each with its newline. Raises `BundleError` at the first wrong one, with its number."""
    number = 0
    digest = sha256()
    found: list[str] = []

    def values() -> Iterator[tuple[bytes, Any]]:
        nonlocal number
        for line in lines:
            number += 1
            if not line.endswith(b"\n") or len(line) > bundle.LINE_BYTES_MAX:
                raise BundleError("a line with its newline", f"{len(line)} bytes")
            value = canonical.loads(line[:-1])
            yield line, value
            digest.update(line)

    try:
        rows = values()
        head = _head(_next(rows)[1])
        suite = suite_of(head.suite)
        result = _leaves(head, suite, rows)
        place = 0
        for line, value in rows:
            name = _part(value)
            if _ORDER.index(name) < place or (
                found and _ORDER.index(name) == place and not _may_repeat(name)
            ):
                raise BundleError(f"a part from {_ORDER[place]} on", name)
            place = _ORDER.index(name)
            found.append(name)
            _TAKE[name](result, value, line, digest.hexdigest(), suite)
        missing = [name for name in _ORDER if name not in found and not _may_repeat(name)]
        if missing:
            raise BundleError(f"a part {missing[0]}", "the end")
        _check_configuration(result)
    except (FormatError, ValueError, KeyError, TypeError, AttributeError) as error:
        expected, what = getattr(error, "expected", "a bundle of docs/evidence.md section 9"), str(error)
        raise BundleError(expected, f"line {number}: {getattr(error, 'found', what)}") from None
    return result


def _next(rows: Iterator[tuple[bytes, Any]]) -> tuple[bytes, Any]:
    row = next(rows, None)
    if row is None:
        raise BundleError("another line", "the end")
    return row


def _may_repeat(name: str) -> bool:
    return name in ("text", "disclosed", "statement")


def _head(value: Any) -> Head:
    if (
        not isinstance(value, dict)
        or value.get("bundle") != bundle.VERSION
        or type(value["bundle"]) is not int
    ):
        raise BundleError(f"the head of a bundle {bundle.VERSION}", repr(value)[:120])
    return Head(**{key: item for key, item in value.items() if key != "bundle"})


def _leaves(head: Head, suite: Suite, rows: Iterator[tuple[bytes, Any]]) -> Bundle:
    result: Bundle | None = None
    stay_n = 0
    for _ in range(head.leaves):
        line, _ = _next(rows)
        record = leaves.parse(line[:-1], suite)
        if result is None:
            result = Bundle(head, KeyChain.begun(record))
            if result.keys.origin != head.origin or record.body["suite"] != head.suite:
                raise BundleError(f"the beginning of {head.origin}", repr(record.body)[:200])
        else:
            before = result.records[-1]
            if record.index <= before.index:
                raise BundleError(f"a leaf after {before.index}", f"{record.index}")
            if record.index == before.index + 1 and record.prev != before.hash:
                raise BundleError(f"prev {before.hash.hex()}", record.prev.hex())
            result.keys.take(record)
        if record.stay is not None:
            stay_n += 1
            if (record.stay, record.stay_n) != (head.stay, stay_n):
                raise BundleError(f"leaf {stay_n} of {head.stay}", f"{record.stay_n} of {record.stay}")
            result.is_counted = record.type == records.STAY_COUNTED
            if result.is_counted and record.body != {"leaves": stay_n}:
                raise BundleError(f"a count of {stay_n} leaves", repr(record.body)[:80])
        elif record.type not in _OF_ALL:
            raise BundleError("a leaf of the stay, of the log's keys or of its configuration", record.type)
        result.records.append(record)
    if result is None or not stay_n:
        raise BundleError(f"leaves of {head.stay}", "none")
    return result


def _part(value: Any) -> str:
    name = value.get("part") if isinstance(value, dict) else None
    if not isinstance(name, str) or name not in _KEYS or value.keys() != {"part", *_KEYS[name]}:
        raise BundleError("a part of a bundle", repr(value)[:120])
    return name


def _proof(result: Bundle, value: Any, line: bytes, digest: str, suite: Suite) -> None:
    hashes = [_decode(text, 32) for text in value["hashes"]]
    known = {record.index: record.hash for record in result.records}
    result.root = cover.root(known, result.head.size, hashes, suite)


def _checkpoint(result: Bundle, value: Any, line: bytes, digest: str, suite: Suite) -> None:
    result.note = value["note"].encode()
    key = Verifier(result.head.origin, result.keys.at(result.head.size))
    signed = checkpoint.verify(result.note, key)
    if (signed.size, signed.root) != (result.head.size, result.root):
        expected = f"a checkpoint of {result.head.size} leaves with root {result.root.hex()}"
        raise BundleError(expected, f"{signed.size} leaves with root {signed.root.hex()}")


def _text(result: Bundle, value: Any, line: bytes, digest: str, suite: Suite) -> None:
    text = Text(value["name"], value["text"])
    if text.hash != value["sha256"] or (
        result.texts and result.texts[-1].name.encode() >= text.name.encode()
    ):
        raise BundleError(f"the next text by name, of hash {text.hash}", f"{text.name} {value['sha256']}")
    result.texts.append(text)


def _disclosed(result: Bundle, value: Any, line: bytes, digest: str, suite: Suite) -> None:
    item = Disclosure(value["leaf"], value["field"], bytes.fromhex(value["salt"]), value["value"])
    bodies = {record.index: record.body for record in result.records}
    if bodies.get(item.leaf, {}).get(item.field) != item.commitment:
        raise BundleError(f"the value that {item.field} of leaf {item.leaf} is committed to", "another")
    result.disclosures.append(item)


def _statement(result: Bundle, value: Any, line: bytes, digest: str, suite: Suite) -> None:
    if value["name"] not in bundle.STATEMENTS or not isinstance(value["body"], dict):
        raise BundleError(f"one of the statements {', '.join(bundle.STATEMENTS)}", repr(value)[:120])
    result.statements[value["name"]] = value["body"]


def _report(result: Bundle, value: Any, line: bytes, digest: str, suite: Suite) -> None:
    data = _decode(value["data"])
    if sha256(data).hexdigest() != value["sha256"]:
        raise BundleError(f"a report of hash {value['sha256']}", sha256(data).hexdigest())
    result.report = Report(value["name"], data)


def _manifest(result: Bundle, value: Any, line: bytes, digest: str, suite: Suite) -> None:
    if value["sha256"] != digest or value["cosigned_s"] != bundle.cosigned_s(result.note):
        raise BundleError(f"a manifest over {digest}", f"one over {value['sha256']}")
    result.manifest, result.signed = value, line


def _signature(result: Bundle, value: Any, line: bytes, digest: str, suite: Suite) -> None:
    maker = Verifier(result.manifest["maker"], _decode(result.manifest["public"], 32))
    if not maker.valid(bundle.SIGNED_PREFIX + result.signed, _decode(value["signature"], 64)):
        raise BundleError("a manifest signed by its maker", "a signature that does not verify")


def _check_configuration(result: Bundle) -> None:
    """The configuration in force when the stay began, and each after it, can be read in the bundle."""
    hashes = {text.hash for text in result.texts}
    for record in configurations(result.records):
        for name in ("config_hash", "rulebook_hash"):
            if record.body.get(name) not in hashes:
                raise BundleError(f"the text that {name} of leaf {record.index} names", "none")


def configurations(selected: Iterable[LeafRecord]) -> list[LeafRecord]:
    """Of the leaves of a bundle: the last `config.loaded/1` before the stay's first leaf, and each after it."""
    found: list[LeafRecord] = []
    has_begun = False
    for record in selected:
        has_begun = has_begun or record.stay is not None
        if record.type == CONFIG:
            found = [*(found if has_begun else []), record]
    return found


def _decode(text: Any, count: int | None = None) -> bytes:
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, TypeError, ValueError):
        raise BundleError("base64", repr(text)[:80]) from None
    if (count is not None and len(data) != count) or bundle.encode(data) != text:
        raise BundleError(f"the one base64 text of {count or 'some'} bytes", repr(text)[:80])
    return data


_TAKE = {
    "proof": _proof, "checkpoint": _checkpoint, "text": _text, "disclosed": _disclosed,
    "statement": _statement, "report": _report, "manifest": _manifest, "signature": _signature,
}  # fmt: skip
