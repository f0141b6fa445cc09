import pytest

from caselog import canonical
from caselog.errors import CanonicalError, ChainError, LeafError
from caselog.leaf import ID_CHARS_MAX, LEAF_BYTES_MAX, NAME_CHARS_MAX, ZERO_HASH, check_chain, parse
from caselog.tree import leaf_hash
from tests.log.entries import entry


def value(**changes):
    return {**entry(0, "s-1"), "v": 1, "index": 0, "prev": "00" * 32, "stay_n": 1, **changes}


def test_a_leaf_comes_apart_into_typed_fields():
    data = canonical.dumps(value())
    record = parse(data)
    assert (record.index, record.prev, record.leaf_class, record.type) == (
        0,
        ZERO_HASH,
        "fact",
        "door.opened/1",
    )
    assert (record.stay, record.stay_n, record.id, record.source.seq) == ("s-1", 1, "n1/1/0", 0)
    assert record.recorded.as_dict() == entry(0)["recorded"]
    assert (record.occurred.by, record.occurred.latest_us) == ("node", None)
    assert (record.body, record.data, record.hash) == (entry(0)["body"], data, leaf_hash(data))


def test_a_leaf_must_follow_the_one_before_it():
    first = canonical.dumps(value())
    second = canonical.dumps(value(index=1, prev=leaf_hash(first).hex()))
    assert check_chain(leaf_hash(first), 1, second).index == 1
    with pytest.raises(ChainError, match="expected index 2, found index 1"):
        check_chain(leaf_hash(first), 2, second)
    with pytest.raises(ChainError, match="expected prev 0000"):
        check_chain(ZERO_HASH, 1, second)


RECORDED, OCCURRED, SOURCE = entry(0)["recorded"], entry(0)["occurred"], entry(0)["source"]


@pytest.mark.parametrize(
    "changes",
    [
        {"v": 2}, {"v": True}, {"v": "1"}, {"index": -1}, {"index": True}, {"index": None}, {"prev": "00" * 31},
        {"prev": "AA" * 32}, {"prev": None}, {"class": "event"}, {"class": ["fact"]}, {"type": "door.opened"},
        {"type": "door/1"}, {"type": "door.opened/0"}, {"type": "Door.opened/1"}, {"type": "door.opened/1\n"},
        {"id": ""}, {"id": 5}, {"id": "x" * (ID_CHARS_MAX + 1)}, {"extra": 1}, {"body": []}, {"body": None},
        {"stay": None}, {"stay": ""}, {"stay": 4}, {"stay_n": 0}, {"stay_n": None}, {"stay_n": True},
        {"recorded": None}, {"recorded": {**RECORDED, "more": 1}}, {"recorded": {**RECORDED, "boot": -1}},
        {"recorded": {**RECORDED, "boottime_us": "1"}}, {"recorded": {**RECORDED, "latest_us": 1}},
        {"recorded": {**RECORDED, "earliest_us": None}}, {"occurred": {}}, {"occurred": {**OCCURRED, "by": "me"}},
        {"occurred": {**OCCURRED, "latest_us": OCCURRED["earliest_us"] - 1}}, {"source": {}},
        {"source": {**SOURCE, "name": None}}, {"source": {**SOURCE, "name": "x" * (NAME_CHARS_MAX + 1)}},
        {"source": {**SOURCE, "seq": -1}},
    ],
)  # fmt: skip
def test_anything_that_is_not_a_leaf_is_refused(changes):
    with pytest.raises(LeafError):
        parse(canonical.dumps(value(**changes)))


@pytest.mark.parametrize("key", sorted(value()))
def test_every_key_is_required(key):
    without = {name: inner for name, inner in value().items() if name != key}
    with pytest.raises(LeafError, match=f"missing \\['{key}'\\]"):
        parse(canonical.dumps(without))


@pytest.mark.parametrize("data", [b"[]", b"null", b"7"])
def test_a_leaf_is_an_object(data):
    with pytest.raises(LeafError):
        parse(data)


def test_a_leaf_is_canonical_and_not_too_long():
    with pytest.raises(CanonicalError):
        parse(canonical.dumps(value()) + b" ")
    with pytest.raises(LeafError, match=f"at most {LEAF_BYTES_MAX} bytes"):
        parse(canonical.dumps(value(body={"text": "x" * LEAF_BYTES_MAX})))
