"""Photos, signatures and words of items that a kiosk sent: opened once, checked against their commitment, sealed again under the
key of the stay (or case) that they belong to. With that key they are gone.

A file of its own, `enclosures.db`: pictures are large, and the file is written anew when one person is erased.
"""

from __future__ import annotations

import hmac
import json
import secrets
import sqlite3
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from caselog.box import BoxKey
from caselog.errors import FormatError
from caseserver.people.sealed import NONCE_BYTES, SALT_BYTES
from caseserver.people.side_store import KeyRow
from custody.fields import HASH, Field, check_value, is_ref

FILE: Final = "enclosures.db"
FIELDS: Final = ("photo", "signature", "title", "features", "serial", "remark")
VALUE_BYTES_MAX: Final = 1_048_576
_COMMITMENT: Final = b"caseward/commitment/v1\n"
_BOUND_TO: Final = b"caseward/enclosure/v1\n"
_TABLE: Final = """
CREATE TABLE IF NOT EXISTS enclosure (
    area TEXT NOT NULL, commitment TEXT NOT NULL, key TEXT NOT NULL, owner TEXT NOT NULL, field TEXT NOT NULL,
    item TEXT NOT NULL, sealed BLOB NOT NULL, at_us INTEGER NOT NULL, PRIMARY KEY (area, commitment)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS enclosure_by_key ON enclosure (key);
"""
KeyOf = Callable[[str, str], tuple[KeyRow, bytes]]
OpenKey = Callable[[str], bytes | None]


class EnclosureError(ValueError):
    """A message is no enclosure of ours. The text never holds a value."""


@dataclass(frozen=True, slots=True)
class Header:
    """What an enclosure says of itself. `owner`: the stay, or `case:<ref>` of what belongs to no stay."""

    field: str
    commitment: str
    stay: str
    owner: str
    item: str
    line: bytes


@dataclass(frozen=True, slots=True)
class Enclosed:
    """One that is kept, without its value."""

    commitment: str
    field: str
    item: str
    at_us: int


def header_of(message: bytes) -> tuple[Header, bytes]:
    """The header of an enclosure, and its box. Raises `EnclosureError`."""
    line, newline, box = message.partition(b"\n")
    try:
        value: Any = json.loads(line)
    except ValueError:
        value = None
    if not newline or not isinstance(value, dict) or value.get("v") != 1:
        raise EnclosureError("expected a header of version 1 on the first line, found another")
    field, commitment = value.get("field"), value.get("commitment")
    refs = [value.get(key) or "" for key in ("stay", "case", "item")]
    if field not in FIELDS or check_value("commitment", Field(HASH, ""), commitment):
        raise EnclosureError(f"expected one of {', '.join(FIELDS)} and a commitment, found another")
    if not all(ref == "" or is_ref(ref) for ref in refs):
        raise EnclosureError("expected references in stay, case and item, found another value")
    stay, case, item = map(str, refs)
    return Header(field, str(commitment), stay, stay or f"case:{case}", item, line), box


class Enclosures:
    """What kiosks sent. Any thread may call it."""

    def __init__(self, data: Path, box_key: BoxKey, key_of: KeyOf, open_key: OpenKey) -> None:
        """`key_of`: the key of (area, owner), made when there is none; `open_key`: a key by its id, None when destroyed."""
        self._box_key, self._key_of, self._open_key = box_key, key_of, open_key
        self._lock = threading.RLock()
        self._file = sqlite3.connect(data / FILE, check_same_thread=False, isolation_level=None)
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON"):
            self._file.execute(f"PRAGMA {pragma}")
        self._file.executescript(_TABLE)

    @property
    def public(self) -> bytes:
        """For which kiosks seal: 32 bytes."""
        return self._box_key.public

    def close(self) -> None:
        """No use after that."""
        with self._lock:
            self._file.close()

    def keep(self, area: str, header: Header, box: bytes, at_us: int) -> None:
        """Open, check, seal anew, on the disk when this returns; one that is kept already is no fault. Raises `EnclosureError`."""
        try:
            plain = self._box_key.open(box, header.line)
        except FormatError as error:
            raise EnclosureError(str(error)) from None
        salt, value = plain[:SALT_BYTES], plain[SALT_BYTES:]
        found = commitment_to(header.field, salt, value)
        if not hmac.compare_digest(found, header.commitment) or len(value) > VALUE_BYTES_MAX:
            raise EnclosureError("expected the value that the commitment is to, found another")
        self._put(area, header, plain, at_us)

    def enter(self, area: str, owner: str, item: str, field: str, value: bytes, at_us: int) -> str:
        """Seal a value that was entered at the server, on the disk when this returns; gives the commitment to be stated."""
        if field not in FIELDS or not 0 < len(value) <= VALUE_BYTES_MAX:
            raise EnclosureError(
                f"expected one of {', '.join(FIELDS)} of 1 to {VALUE_BYTES_MAX} bytes, found another"
            )
        salt = secrets.token_bytes(SALT_BYTES)
        commitment = commitment_to(field, salt, value)
        stay = "" if owner.startswith("case:") else owner
        self._put(area, Header(field, commitment, stay, owner, item, b""), salt + value, at_us)
        return commitment

    def _put(self, area: str, header: Header, plain: bytes, at_us: int) -> None:
        with self._lock:
            row, key = self._key_of(area, header.owner)
            nonce = secrets.token_bytes(NONCE_BYTES)
            sealed = nonce + AESGCM(key).encrypt(nonce, plain, _bound_to(area, header.commitment))
            self._file.execute(
                "INSERT OR IGNORE INTO enclosure VALUES (?,?,?,?,?,?,?,?)",
                (area, header.commitment, row.id, header.owner, header.field, header.item, sealed, at_us),
            )

    def take_back(self, area: str, commitments: Iterable[str]) -> None:
        """What was entered for a fact that was refused before it went out: it never was."""
        with self._lock:
            self._file.executemany(
                "DELETE FROM enclosure WHERE area=? AND commitment=?", [(area, one) for one in commitments]
            )

    def of_owner(self, area: str, owner: str) -> list[Enclosed]:
        """What is kept of a stay, or of `case:<ref>`, oldest first."""
        query = "SELECT commitment, field, item, at_us FROM enclosure WHERE area=? AND owner=? ORDER BY at_us, commitment"
        with self._lock:
            return [Enclosed(*row) for row in self._file.execute(query, (area, owner))]

    def count(self, key: str) -> int:
        """How many are sealed under a key."""
        with self._lock:
            return int(self._file.execute("SELECT count(*) FROM enclosure WHERE key=?", (key,)).fetchone()[0])

    def read(self, area: str, commitment: str) -> tuple[str, bytes] | None:
        """(field, value) of one; None when it is not kept or its key is gone. Who calls it writes down first who reads."""
        query = "SELECT key, field, sealed FROM enclosure WHERE area=? AND commitment=?"
        with self._lock:
            row = self._file.execute(query, (area, commitment)).fetchone()
        key = None if row is None else self._open_key(row[0])
        if row is None or key is None:
            return None
        try:
            plain = AESGCM(key).decrypt(
                row[2][:NONCE_BYTES], row[2][NONCE_BYTES:], _bound_to(area, commitment)
            )
        except InvalidTag:
            raise EnclosureError("expected bytes sealed for this place and key, found others") from None
        return row[1], plain[SALT_BYTES:]

    def erase(self, key: str) -> None:
        """Everything under a key that is destroyed: overwritten, and the file written anew."""
        with self._lock:
            gone = self._file.execute("DELETE FROM enclosure WHERE key=?", (key,)).rowcount
            if gone:
                self._file.execute("VACUUM")
                self._file.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def commitment_to(field: str, salt: bytes, value: bytes) -> str:
    """What the log holds of a value (docs/evidence.md section 8)."""
    return sha256(_COMMITMENT + field.encode() + b"\n" + salt + value).hexdigest()


def _bound_to(area: str, commitment: str) -> bytes:
    return _BOUND_TO + f"{area}\n{commitment}".encode()
