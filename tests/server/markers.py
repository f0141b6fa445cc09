"""A search for traces of a person in files: names and numbers in every form in which bytes may hold them."""

from __future__ import annotations

import base64
import json
import urllib.parse
from collections.abc import Iterable
from pathlib import Path


def forms(marker: str | bytes) -> set[bytes]:
    """A marker as it might stand in a file: its bytes, UTF-16, hexadecimal, base64 at any offset, escapes, as an URL."""
    raws = {marker} if isinstance(marker, bytes) else {marker.encode(), marker.upper().encode()}
    if isinstance(marker, str):
        raws |= {marker.encode("utf-16-le"), marker.encode("utf-16-be"), marker.encode("gb18030")}
    found = set(raws)
    for raw in raws:
        found |= {raw.hex().encode(), raw.hex().upper().encode()}
        found |= _base64(raw)
    if isinstance(marker, str):
        found |= {json.dumps(marker)[1:-1].encode(), urllib.parse.quote(marker).encode()}
        found |= {marker.encode("unicode_escape"), "".join(f"&#{ord(c)};" for c in marker).encode()}
    return {form for form in found if len(form) > 5}


def _base64(raw: bytes) -> set[bytes]:
    """What does not depend on the bytes around it, for each of the three offsets and both alphabets."""
    found = set()
    for offset in range(3):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            text = encode(bytes(offset) + raw).rstrip(b"=")
            found.add(text[(offset * 8 + 5) // 6 : (offset + len(raw)) * 8 // 6])
    return found


def traces(markers: Iterable[str | bytes], data: bytes) -> list[bytes]:
    """The forms of the markers that occur in these bytes."""
    return [form for marker in markers for form in forms(marker) if form in data]


def traces_of(markers: Iterable[str | bytes], *folders: Path) -> list[tuple[str, bytes]]:
    """(file, form) for each trace in any file of the folders: its name or its bytes."""
    wanted = [form for marker in markers for form in forms(marker)]
    found = []
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            data = path.name.encode() + b"\n" + (path.read_bytes() if path.is_file() else b"")
            found += [(path.name, form) for form in wanted if form in data]
    return found
