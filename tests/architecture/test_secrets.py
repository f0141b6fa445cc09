"""Nothing secret in the tree: no private key in any file, no literal in the product that has the length of a key."""

import base64
import re
from pathlib import Path

import pytest

from caselog.keys import SoftKey
from tests.hardware.draw import stamp_of
from tests.tools.tree import ROOT, files

PRIVATE_KEY = re.compile(rb"-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----")
KEY_SUFFIXES = {".key", ".pem", ".p12", ".pfx", ".der", ".jks", ".kdbx", ".env"}
# 32 bytes in hex or base64 (either alphabet), not a part of something longer.
LITERAL = re.compile(
    rb"(?<![0-9A-Za-z])[0-9A-Fa-f]{64}(?![0-9A-Za-z])|(?<![0-9A-Za-z+/_-])[0-9A-Za-z+/_-]{43}=(?!=)"
)
PRODUCT = ("firmware", "gateway", "server", "hardware")
ALLOWED = {
    # RFC 8032 section 7.1, test 2 (public key and the two halves of its signature): the page tries its own
    # arithmetic on it before it judges anything.
    "server/verify/verify.js": {
        b"3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        b"92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da",
        b"085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    },
}
"""File -> what may stand there, and why it is no secret."""


def key_literals(data: bytes) -> set[bytes]:
    return set(LITERAL.findall(data))


def drawn_from(path: Path) -> set[bytes]:
    """The hash of its source, which a drawing of hardware/ names."""
    source = ROOT / "hardware" / "wiring" / f"{path.stem}.yml"
    if path.parent.as_posix() != "hardware/drawings" or not source.exists():
        return set()
    return key_literals(stamp_of(source.read_text(encoding="utf-8")).encode())


def test_no_file_holds_a_private_key() -> None:
    found = [path for path in files() if PRIVATE_KEY.search((ROOT / path).read_bytes())]
    assert found == []


def test_no_file_is_named_like_a_key() -> None:
    assert [path for path in files() if path.suffix in KEY_SUFFIXES or ".key." in path.name] == []


def test_no_literal_of_the_product_could_be_a_key() -> None:
    found = {}
    for path in files():
        if path.parts[0] in PRODUCT:
            literals = key_literals((ROOT / path).read_bytes()) - drawn_from(path)
            if literals:
                found[path.as_posix()] = literals
    assert found == ALLOWED


@pytest.mark.parametrize("line", ['KEY = "{}"', "n1={}\n", "{{{}}}"])
def test_a_key_in_the_usual_forms_would_be_found(tmp_path: Path, line: str) -> None:
    seed = SoftKey.generate().public  # as random as a seed
    for text in (
        seed.hex(),
        seed.hex().upper(),
        *(f(seed).decode() for f in (base64.b64encode, base64.urlsafe_b64encode)),
    ):
        assert key_literals(line.format(text).encode()) == {text.encode()}
    SoftKey.generate().save(tmp_path / "file")
    assert PRIVATE_KEY.search((tmp_path / "file").read_bytes())
