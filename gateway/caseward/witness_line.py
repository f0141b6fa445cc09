"""The ways between a second witness and the station: the server's calls by HTTP, or files on a stick."""

from __future__ import annotations

import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from caselog import checkpoint
from caselog.errors import FormatError
from caselog.keys import Verifier
from caselog.note import NOTE_BYTES_MAX
from caselog.witness import REQUEST_BYTES_MAX, Request, parse

if TYPE_CHECKING:
    from caseward.witness_memory import Memory, Said

TIMEOUT_S: Final = 30
OLD_ROOT: Final = "caseward-old-root"
STICK_FOLDER: Final = "caseward-witness"


class Unreachable(Exception):
    """The server does not answer, or not as a server of ours."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A request, and the root that the station has at its old size: where that is not ours, it is half of a proof."""

    request: Request
    old_root: bytes | None


class Line:
    """The calls of docs/server.md, "Second witnesses"."""

    def __init__(self, url: str, token: str) -> None:
        """`url`: of the server, without path."""
        if urllib.parse.urlsplit(url).scheme not in ("http", "https"):
            raise Unreachable(f"expected an address http:// or https://, found {url[:80]}")
        self._url = url.rstrip("/")
        self._token = token

    def origins(self) -> list[str]:
        """Every log of the station."""
        _, body, _ = self._call("/api/witness/logs")
        try:
            return sorted({Verifier.from_vkey(log["key"]).name for log in json.loads(body)})
        except (ValueError, TypeError, KeyError, FormatError) as error:
            raise Unreachable(f"expected a list of logs, found {body[:80]!r} ({error})") from None

    def offer(self, origin: str, old: int) -> Offer | str:
        """What the station offers to who cosigned `old` leaves last; or why it offers nothing."""
        query = urllib.parse.urlencode({"origin": origin, "old": old})
        status, body, headers = self._call(f"/api/witness/checkpoint?{query}")
        if status != 200:
            return f"{status} {body.decode('utf-8', 'replace').strip()[:200]}"
        try:
            root = bytes.fromhex(headers.get(OLD_ROOT, ""))
            return Offer(parse(body), root if len(root) == 32 else None)
        except (ValueError, FormatError) as error:
            return str(error)

    def hand_back(self, note: bytes) -> str:
        """Give a cosigned note; "" when it was taken, else why not."""
        status, body, _ = self._call("/api/witness/cosigned", note)
        return "" if status == 200 else f"{status} {body.decode('utf-8', 'replace').strip()[:200]}"

    def _call(self, path: str, data: bytes | None = None) -> tuple[int, bytes, Any]:
        headers = {"authorization": f"Bearer {self._token}", "content-type": "text/plain"}
        request = urllib.request.Request(self._url + path, data, headers)  # noqa: S310 - the scheme is checked
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:  # noqa: S310
                return answer.status, answer.read(REQUEST_BYTES_MAX + 1), answer.headers
        except urllib.error.HTTPError as error:
            if error.code == 401:
                raise Unreachable(f"expected {self._url} to know our token, found 401") from None
            return error.code, error.read(1_000), error.headers
        except (OSError, ValueError) as error:
            raise Unreachable(f"expected {self._url} to answer, found {error}") from None


class Stick:
    """DIR/caseward-witness: `<id>.request` and `<id>.root` out, `<id>.cosigned` and `<id>.size` back."""

    def __init__(self, folder: Path) -> None:
        """`folder` must exist: a stick that is not there is not made."""
        if not folder.is_dir():
            raise Unreachable(f"expected a stick at {folder}, found none")
        self._folder = folder / STICK_FOLDER
        self._folder.mkdir(exist_ok=True)

    def put(self, offer: Offer) -> None:
        """For the witness."""
        name = _id(checkpoint.parse(offer.request.note).origin)
        (self._folder / f"{name}.request").write_bytes(offer.request.encode())
        (self._folder / f"{name}.root").write_text(offer.old_root.hex() if offer.old_root else "")

    def offers(self) -> list[Offer]:
        """For the witness to judge; a file that is none is passed over, and not answered."""
        found: list[Offer] = []
        for path in sorted(self._folder.glob("*.request")):
            data = _read(path, REQUEST_BYTES_MAX)
            root = _read(path.with_suffix(".root"), 64)
            try:
                found.append(Offer(parse(data), bytes.fromhex(root.decode("ascii", "replace")) or None))
            except (FormatError, ValueError):
                continue
        return found

    def answer(self, said: Iterable[Said], memory: Memory) -> None:
        """What the witness made of them; the size it holds, so that the next proof begins there."""
        for one in said:
            held = memory.note(one.origin)
            if held is not None:
                (self._folder / f"{_id(one.origin)}.cosigned").write_bytes(held)
                (self._folder / f"{_id(one.origin)}.size").write_text(f"{memory.size(one.origin)}\n")

    def cosigned(self) -> list[bytes]:
        """Notes to hand back; a file that is none is passed over."""
        notes = [_read(path, NOTE_BYTES_MAX) for path in sorted(self._folder.glob("*.cosigned"))]
        return [note for note in notes if _is_checkpoint(note)]

    def size(self, origin: str) -> int:
        """What the witness said it holds; 0 when it has said nothing."""
        text = _read(self._folder / f"{_id(origin)}.size", 32).decode("ascii", "replace").strip()
        return int(text) if text.isdecimal() else 0


def _read(path: Path, bytes_max: int) -> bytes:
    """A file of the stick, b"" when there is none; what is longer than it may be is cut, and then no request."""
    if not path.is_file():
        return b""
    with path.open("rb") as file:
        return file.read(bytes_max)


def _is_checkpoint(note: bytes) -> bool:
    try:
        checkpoint.parse(note)
    except FormatError:
        return False
    return True


def _id(origin: str) -> str:
    return sha256(origin.encode()).hexdigest()[:16]
