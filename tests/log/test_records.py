import base64

import pytest

from caselog import checkpoint, records
from caselog.checkpoint import Checkpoint
from caselog.clock import Instant
from caselog.disk import MemoryDisk
from caselog.errors import LeafError, NoteError
from caselog.keys import SoftKey
from caselog.leaf import parse
from caselog.log import Log
from caselog.records import Predecessor
from caselog.suite import suite_of

ORIGIN = "caseward.local/area-1/gw-1/00000000"
OLD, NEW = SoftKey.from_seed(b"o" * 32), SoftKey.from_seed(b"n" * 32)
NOW = Instant(3, 5_000_000, 1_700_000_000_000_000, 1_700_000_000_050_000)
TEXT64 = base64.b64encode(NEW.public).decode()

GOOD = {
    records.BEGUN: records.begun(ORIGIN, OLD, None),
    records.KEY_CHANGED: records.key_changed(ORIGIN, 7, OLD, NEW),
    records.STAY_COUNTED: {"leaves": 12},
    records.DAMAGED: {
        "file": "0000000000000000.seg", "byte": 17, "expected": "a CRC", "found": "another", "kept": "x.bad-1",
        "first": 4, "count": 2, "from": "server",
    },
    records.SCRUBBED: {"leaves": 10, "bytes": 4_000, "seconds": 0},
    records.SYNC_FAILED: {"detail": "EIO", "second_path": "/mnt/second"},
    records.SPACE: {"state": "low", "free_bytes": 1_000, "left_out": {"samples": 4}},
}  # fmt: skip


@pytest.mark.parametrize("type_", sorted(GOOD))
def test_each_record_is_a_leaf_of_class_log(type_):
    log, _ = Log.open(MemoryDisk())
    data = log.append(records.entry(type_, log.size, GOOD[type_], NOW)).data
    record = parse(data)
    assert (record.leaf_class, record.type, record.body) == ("log", type_, GOOD[type_])
    assert record.id == type_.removesuffix("/1") + ".0"
    assert (record.recorded, record.occurred.by) == (NOW, "gateway")


@pytest.mark.parametrize("type_", sorted(GOOD))
def test_a_body_with_a_key_more_or_less_or_of_another_kind_is_refused(type_):
    body = GOOD[type_]
    with pytest.raises(LeafError, match=f"expected body of {type_}"):
        records.check(type_, {**body, "more": 1})
    with pytest.raises(LeafError, match=f"expected body of {type_}"):
        records.check(type_, [])
    for name in body:
        with pytest.raises(LeafError, match=f"expected body of {type_}"):
            records.check(type_, {key: value for key, value in body.items() if key != name})
        for wrong in (-1, True, 1.5, [], "x" * 501, "", {"": 1}, {"a": -1}):
            with pytest.raises(LeafError, match=f"{type_} with a {name}"):
                records.check(type_, {**body, name: wrong})


def test_a_type_that_no_log_says_of_itself_is_refused():
    with pytest.raises(LeafError, match=r"expected a type of what a log says of itself, log.begun/1"):
        records.check("log.begun/2", GOOD[records.BEGUN])


def test_leaf_0_names_origin_suite_key_and_the_log_before():
    before = Predecessor("caseward.local/area-1/gw-1/ffffffff", "the key was lost", 40, b"r" * 32)
    body = records.begun(ORIGIN, OLD, before, suite_of(3))
    assert body == {
        "origin": ORIGIN,
        "suite": 3,
        "key": {"kind": "soft-key", "public": base64.b64encode(OLD.public).decode()},
        "after": {
            "origin": before.origin,
            "reason": "the key was lost",
            "root": (b"r" * 32).hex(),
            "size": 40,
        },
    }
    records.check(records.BEGUN, body)
    assert records.begun_key(body) == OLD.public
    for wrong in ({"root": "00"}, {"size": -1}, {"reason": ""}, {"origin": "a b"}, {"origin": None}):
        with pytest.raises(LeafError, match="with a after"):
            records.check(records.BEGUN, {**body, "after": {**body["after"], **wrong}})


@pytest.mark.parametrize(
    "key",
    [{"kind": "", "public": TEXT64}, {"kind": "soft-key", "public": TEXT64[:-4]}, {"kind": "soft-key"},
     {"kind": "soft-key", "public": TEXT64[:-2] + "+="}, {"kind": "soft-key", "public": " " + TEXT64},
     {"kind": "soft-key", "public": 5}],
)  # fmt: skip
def test_a_key_is_one_kind_and_the_one_base64_of_32_bytes(key):
    with pytest.raises(LeafError, match="with a key"):
        records.check(records.BEGUN, {**GOOD[records.BEGUN], "key": key})


def test_a_key_hands_the_log_over_by_signing_the_new_one_at_its_place():
    body = records.key_changed(ORIGIN, 7, OLD, NEW)
    assert records.key_change_bytes(ORIGIN, 7, NEW.public) == (
        b"caseward/key-change/v1\ncaseward.local/area-1/gw-1/00000000\n7\n" + TEXT64.encode() + b"\n"
    )
    assert records.changed_key(ORIGIN, 7, OLD.public, body) == NEW.public
    for origin, index, old in ((ORIGIN + "0", 7, OLD), (ORIGIN, 8, OLD), (ORIGIN, 7, NEW)):
        with pytest.raises(NoteError, match="expected a key change at leaf"):
            records.changed_key(origin, index, old.public, body)


def test_a_checkpoint_of_both_keys_verifies_by_each():
    tree = Checkpoint(ORIGIN, 8, b"r" * 32)
    note = checkpoint.sign(tree, OLD.named(ORIGIN), NEW.named(ORIGIN))
    for key in (OLD, NEW):
        assert checkpoint.verify(note, key.named(ORIGIN).verifier) == tree
    with pytest.raises(NoteError, match="expected a signature of"):
        checkpoint.verify(note, SoftKey.from_seed(b"x" * 32).named(ORIGIN).verifier)
