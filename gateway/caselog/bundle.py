"""Writing a bundle: one stay as a text of canonical lines for a court (docs/evidence.md section 9).

What goes in is chosen by the caller; this puts it in order, hashes it as it goes, and signs the end of it.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from caselog import canonical
from caselog.errors import BundleError
from caselog.keys import Signer
from caselog.note import parse as parse_note

VERSION: Final = 1
SIGNED_PREFIX: Final = b"caseward/bundle/v1\n"
COMMITMENT_PREFIX: Final = b"caseward/commitment/v1\n"
LINE_BYTES_MAX: Final = 64 * 1024 * 1024
"""The report is one line."""
STATEMENTS: Final = ("blindness", "coverage", "deadlines")
LANGUAGES: Final = ("en", "zh")


@dataclass(frozen=True, slots=True)
class Head:
    """First line: of which log and stay, how large the tree is and how many leaves follow."""

    suite: int
    origin: str
    stay: str
    size: int
    leaves: int


@dataclass(frozen=True, slots=True)
class Text:
    """A configuration or rulebook that a leaf names by its hash."""

    name: str
    text: str

    @property
    def hash(self) -> str:
        """SHA-256 of the text, hex."""
        return sha256(self.text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Disclosure:
    """What a commitment in a leaf stands for; `salt` 32 bytes."""

    leaf: int
    field: str
    salt: bytes
    value: str

    @property
    def commitment(self) -> str:
        """The value of `field` in the leaf's body, hex."""
        field = self.field.encode() + b"\n"
        return sha256(COMMITMENT_PREFIX + field + self.salt + self.value.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Report:
    """The readable file. `data`: its bytes."""

    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Contents:
    """Everything between the head and the manifest. `leaves` are read once; `proof` and `note` belong to them."""

    head: Head
    leaves: Iterable[bytes]
    proof: Sequence[bytes]
    note: bytes
    texts: Sequence[Text]
    disclosures: Sequence[Disclosure]
    statements: Mapping[str, Mapping[str, Any]]
    report: Report


@dataclass(frozen=True, slots=True)
class Manifest:
    """Who made it and when (microseconds UTC); `unproved`: language to sentences on what it cannot show."""

    made_us: int
    unproved: Mapping[str, Sequence[str]]


def lines(contents: Contents, manifest: Manifest, maker: Signer) -> Iterator[bytes]:
    """The lines, each with its newline. Raises `BundleError` when there are not as many leaves as the head says."""
    digest = sha256()

    def line(value: Mapping[str, Any]) -> bytes:
        data = canonical.dumps(dict(value)) + b"\n"
        digest.update(data)
        return data

    yield line(_head(contents.head))
    count = 0
    for data in contents.leaves:
        digest.update(data + b"\n")
        count += 1
        yield data + b"\n"
    if count != contents.head.leaves:
        raise BundleError(f"{contents.head.leaves} leaves", f"{count}")
    for value in _parts(contents):
        yield line(value)
    signed = canonical.dumps(_manifest(manifest, maker, digest.hexdigest(), contents.note)) + b"\n"
    yield signed
    signature = maker.key.sign(SIGNED_PREFIX + signed)
    yield line({"part": "signature", "signature": encode(signature)})


def encode(data: bytes) -> str:
    """Base64 as the page wants it."""
    return base64.b64encode(data).decode()


def cosigned_s(note: bytes) -> dict[str, int]:
    """The times of the cosignatures of a note, by name; of a name twice, the later line."""
    parsed = parse_note(note)
    origin = parsed.text.partition(b"\n")[0].decode()
    lines_ = [s for s in parsed.signatures if s.name != origin and len(s.payload) == 8 + 64]
    return {s.name: int.from_bytes(s.payload[:8], "big") for s in lines_}


def _head(head: Head) -> dict[str, Any]:
    return {
        "bundle": VERSION, "suite": head.suite, "origin": head.origin, "stay": head.stay, "size": head.size,
        "leaves": head.leaves,
    }  # fmt: skip


def _parts(contents: Contents) -> Iterator[dict[str, Any]]:
    """From the proof to the report, in the order of the page."""
    yield {"part": "proof", "hashes": [encode(hash_) for hash_ in contents.proof]}
    yield {"part": "checkpoint", "note": contents.note.decode()}
    for text in sorted(contents.texts, key=lambda t: t.name.encode()):
        yield {"part": "text", "name": text.name, "sha256": text.hash, "text": text.text}
    for item in sorted(contents.disclosures, key=lambda d: (d.leaf, d.field)):
        yield {
            "part": "disclosed", "leaf": item.leaf, "field": item.field, "salt": item.salt.hex(),
            "value": item.value,
        }  # fmt: skip
    for name in sorted(contents.statements):
        yield {"part": "statement", "name": name, "body": dict(contents.statements[name])}
    report = contents.report
    yield {
        "part": "report", "name": report.name, "sha256": sha256(report.data).hexdigest(),
        "data": encode(report.data),
    }  # fmt: skip


def _manifest(manifest: Manifest, maker: Signer, digest: str, note: bytes) -> dict[str, Any]:
    return {
        "part": "manifest",
        "made_us": manifest.made_us,
        "maker": maker.name,
        "public": encode(maker.key.public),
        "sha256": digest,
        "cosigned_s": cosigned_s(note),
        "unproved": {language: list(manifest.unproved[language]) for language in LANGUAGES},
    }
