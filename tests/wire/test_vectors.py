"""The frames of tests/vectors/wire, against casewire and against others' COBS, HMAC and CRC."""

import hmac
import json
import struct
import zlib
from pathlib import Path

import pytest
from cobs import cobs as foreign_cobs

import casewire
from casewire.messages import GATEWAY_KINDS, NODE_KINDS
from tests.wire import vectors_on_device

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "wire" / "v1.json").read_text())


def test_casewire_writes_and_reads_every_vector_as_the_file_says() -> None:
    assert vectors_on_device.check(VECTORS) == []


def test_no_spoiled_byte_makes_another_frame_or_costs_the_next() -> None:
    spoiled, wrong = vectors_on_device.damage(VECTORS)
    assert wrong == []
    assert spoiled == sum(len(vector["wire"]) // 2 - 1 for vector in VECTORS["valid"])


def test_the_check_itself_finds_a_wrong_vector() -> None:
    vector = dict(VECTORS["valid"][7], seq=42)
    spoiled = dict(VECTORS, valid=[vector], invalid=[dict(VECTORS["invalid"][0], counter="bad_mac")])
    assert len(vectors_on_device.check(spoiled)) == 3


@pytest.mark.parametrize("vector", VECTORS["valid"], ids=lambda vector: vector["name"])
def test_others_libraries_make_the_same_bytes(vector) -> None:
    body = struct.pack(
        ">BBHIIQ", 1, vector["kind"], vector["node"], vector["boot"], vector["seq"], vector["uptime_ms"]
    ) + bytes.fromhex(vector["payload"])
    body += hmac.new(bytes.fromhex(VECTORS["key"]), vector["direction"].encode() + body, "sha256").digest()[
        :8
    ]
    body += struct.pack(">I", zlib.crc32(body))
    assert foreign_cobs.encode(body) + b"\0" == bytes.fromhex(vector["wire"])


def test_every_kind_and_every_way_to_be_refused_has_a_vector() -> None:
    kinds = {(vector["direction"], vector["kind"]) for vector in VECTORS["valid"]}
    assert kinds == {("N", kind) for kind in NODE_KINDS} | {("G", kind) for kind in GATEWAY_KINDS}
    refusals = {vector["counter"] for vector in VECTORS["invalid"]}
    assert refusals == set(casewire.COUNTERS) - {"frames", "bytes_dropped"}


def test_the_longest_vector_is_the_longest_frame() -> None:
    longest = max(len(vector["wire"]) // 2 for vector in VECTORS["valid"])
    assert longest == casewire.STUFFED_MAX_BYTES + 1
