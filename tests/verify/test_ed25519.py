"""Ed25519 of the verifiers against the vectors of RFC 8032 and against OpenSSL, edge cases included."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from playwright.sync_api import Page

from tests.verify.chromium import opened
from tests.verify.judge import verify

P, L = verify.P, verify.L

# RFC 8032 section 7.1: tests 1, 2, 3 and SHA(abc). Public key, message, signature.
VECTORS = [
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        (
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b"
            "d25bf5f0595bbe24655141438e7a100b"
        ),
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        (
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c"
            "387b2eaeb4302aeeb00d291612bb0c00"
        ),
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        (
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc659"
            "4a7c15e9716ed28dc027beceea1ec40a"
        ),
    ),
    (
        "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
        (
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd"
            "454d4423643ce80e2a9ac94fa54ca49f"
        ),
        (
            "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e030"
            "3dca179c138ac17ad9bef1177331a704"
        ),
    ),
]

Case = tuple[bytes, bytes, bytes]


def openssl(public: bytes, message: bytes, signature: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def small_order() -> list[bytes]:
    """Every spelling of the eight points of small order: canonical or not, with either sign."""
    ys = [0, 1, P - 1, P, P + 1]
    ys += [0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD83D3D706A17C7]
    ys += [P - ys[-1]]
    return [(y | sign << 255).to_bytes(32, "little") for y in ys for sign in (0, 1)]


def edge_cases() -> Iterator[Case]:
    """Points of small order as key and as R, keys spelt otherwise, s at and above L, bits of every part changed."""
    chance = random.Random(8032)
    for public in small_order():
        for r in small_order():
            for s in (0, 1, L, L - 1):
                yield public, b"message", r + s.to_bytes(32, "little")
    for _n in range(60):
        key = Ed25519PrivateKey.from_private_bytes(chance.randbytes(32))
        public, message = key.public_key().public_bytes_raw(), chance.randbytes(chance.randrange(80))
        signature = key.sign(message)
        s = int.from_bytes(signature[32:], "little")
        yield public, message, signature
        yield public, message, signature[:32] + (s + L).to_bytes(32, "little")
        yield public, message, signature[:32] + (L - s).to_bytes(32, "little")
        for part in range(3):
            changed = [bytearray(public), bytearray(message or b"m"), bytearray(signature)]
            changed[part][chance.randrange(len(changed[part]))] ^= 1 << chance.randrange(8)
            yield bytes(changed[0]), bytes(changed[1]) if part == 1 else message, bytes(changed[2])
        yield chance.randbytes(32), message, signature


CASES = list(edge_cases())


@pytest.mark.parametrize(("public", "message", "signature"), VECTORS)
def test_the_vectors_of_the_standard_verify_and_a_changed_message_does_not(
    public: str, message: str, signature: str
) -> None:
    key, text, signed = bytes.fromhex(public), bytes.fromhex(message), bytes.fromhex(signature)
    assert verify.verifies(key, text, signed)
    assert not verify.verifies(key, text + b"x", signed)


def test_every_edge_case_is_judged_as_openssl_does() -> None:
    verdicts = [openssl(*case) for case in CASES]
    assert 60 < sum(verdicts) < len(CASES)
    assert [verify.verifies(*case) for case in CASES] == verdicts


@pytest.mark.parametrize("length", [0, 31, 63, 65])
def test_a_signature_or_key_of_another_length_is_refused(length: int) -> None:
    key, text, signed = (bytes.fromhex(each) for each in VECTORS[1])
    assert not verify.verifies(key, text, (signed * 2)[:length])
    assert not verify.verifies((key * 3)[:length], text, signed)


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    with opened() as (found, _):
        yield found


@pytest.mark.browser
@pytest.mark.parametrize("way", ["verifiesByHand", "verifiesByBrowser"])
def test_the_page_judges_every_edge_case_as_openssl_does(page: Page, way: str) -> None:
    """By its own arithmetic, for browsers without Ed25519, and by that of this browser."""
    hexed = [[part.hex() for part in case] for case in CASES]
    found = page.evaluate(f"async (all) => Promise.all(all.map((each) => {way}(...each.map(unhex))))", hexed)
    assert found == [openssl(*case) for case in CASES]


@pytest.mark.browser
def test_the_page_hashes_as_the_standard_library_does(page: Page) -> None:
    chance = random.Random(180)
    texts = [chance.randbytes(n) for n in [*range(0, 260, 7), 55, 56, 63, 64, 111, 112, 127, 128, 5000]]
    asked = "(all) => all.map(unhex).map((each) => [hex(sha256(each)), hex(sha512(each))])"
    found = page.evaluate(asked, [each.hex() for each in texts])
    assert found == [[verify.sha256(each).hexdigest(), verify.sha512(each).hexdigest()] for each in texts]
