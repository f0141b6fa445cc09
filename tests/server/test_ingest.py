"""Taking in a log: what is acknowledged is held, what is held is what the gateway signed."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caselog import canonical, checkpoint, note
from caselog.checkpoint import Checkpoint
from caselog.keys import SoftKey, Verifier
from caselog.note import SIGNATURES_MAX
from caseserver.ingest import FORK, MALFORMED, SIGNATURE, Ingest, Outcome
from caseserver.payload import LEAVES_MAX, build, parse
from tests.server.station_kit import START_US, GatewayLog, morning, standard_area

SERVER = SoftKey.from_seed(b"s" * 32).named("caseward.local/server")
NOW_S = START_US // 1_000_000


def ingest_for(gateway: GatewayLog) -> Ingest:
    return Ingest(gateway.area.id, gateway.area.gateway, gateway.key.public, SERVER)


def taken(ingest: Ingest, payload: bytes) -> Outcome:
    outcome = ingest.take(payload, NOW_S)
    if outcome.records:
        ingest.settle(outcome)
    return outcome


def reason(outcome: Outcome) -> str | None:
    return outcome.refused.reason if outcome.refused else None


@pytest.fixture(scope="module")
def day() -> GatewayLog:
    gateway = GatewayLog(*standard_area())
    morning(gateway)
    return gateway


def test_a_whole_log_is_taken_and_acknowledged_with_a_valid_cosignature(day: GatewayLog) -> None:
    ingest = ingest_for(day)
    outcome = taken(ingest, day.batch())
    assert outcome.ack is not None
    ack = canonical.loads(outcome.ack)
    assert ack["size"] == day.log.size == ingest.size
    assert ack["root"] == day.log.root().hex()
    proof = checkpoint.verify_cosignature(ack["cosigned"].encode(), SERVER.verifier)
    assert proof.checkpoint == Checkpoint(day.signer.name, day.log.size, day.log.root())
    assert proof.timestamp_s == NOW_S
    checkpoint.verify(ack["cosigned"].encode(), Verifier(day.signer.name, day.key.public))


def test_batches_of_any_size_give_the_same_root(day: GatewayLog) -> None:
    for step in (1, 2, 3, 7):
        ingest = ingest_for(day)
        for first in range(0, day.log.size, step):
            assert reason(taken(ingest, day.batch(first, min(first + step, day.log.size)))) is None
        assert ingest.root == day.log.root()


def test_judging_changes_nothing_until_it_is_settled(day: GatewayLog) -> None:
    ingest = ingest_for(day)
    ingest.take(day.batch(), NOW_S)
    assert ingest.size == 0
    again = ingest.take(day.batch(), NOW_S)
    assert len(again.records) == day.log.size


def test_the_same_batch_again_is_acknowledged_and_adds_nothing(day: GatewayLog) -> None:
    ingest = ingest_for(day)
    taken(ingest, day.batch())
    outcome = ingest.take(day.batch(2, 5), NOW_S + 100)
    assert outcome.records == ()
    assert outcome.ack is not None
    ack = canonical.loads(outcome.ack)
    assert ack["size"] == day.log.size
    # gateways read the time from it, so it is cosigned anew
    assert checkpoint.verify_cosignature(ack["cosigned"].encode(), SERVER.verifier).timestamp_s == NOW_S + 100
    assert ingest.counters["duplicate_batches"] == 1


def test_a_batch_that_overlaps_adds_only_what_is_new(day: GatewayLog) -> None:
    ingest = ingest_for(day)
    taken(ingest, day.batch(0, 6))
    outcome = taken(ingest, day.batch(4, 9))
    assert [record.index for record in outcome.records] == [6, 7, 8]


def test_a_gap_is_asked_for_and_nothing_is_acknowledged(day: GatewayLog) -> None:
    ingest = ingest_for(day)
    taken(ingest, day.batch(0, 3))
    outcome = taken(ingest, day.batch(7, 9))
    assert outcome.request == (3, 4)
    assert outcome.ack is None
    assert ingest.size == 3


def test_batches_in_the_wrong_order_end_in_the_same_log(day: GatewayLog) -> None:
    ingest = ingest_for(day)
    for first, end in ((6, 9), (3, 6), (0, 3), (3, 6), (6, 9), (0, 9)):
        taken(ingest, day.batch(first, end))
    assert ingest.size == 9
    assert ingest.root == day.log.root(9)


def test_another_leaf_at_a_held_index_is_a_fork(day: GatewayLog) -> None:
    other = GatewayLog(day.area, day.rulebook)
    morning(other, START_US + 1)
    ingest = ingest_for(day)
    taken(ingest, day.batch())
    outcome = taken(ingest, other.batch(0, 4))
    assert reason(outcome) == FORK
    assert ingest.root == day.log.root()
    assert ingest.fork is not None
    assert ingest.fork.index == 0


def test_leaves_that_follow_another_history_are_a_fork(day: GatewayLog) -> None:
    other = GatewayLog(day.area, day.rulebook)
    morning(other, START_US + 1)
    ingest = ingest_for(day)
    taken(ingest, day.batch(0, 5))
    assert reason(taken(ingest, other.batch(5, 8))) == FORK
    assert ingest.size == 5


def test_a_signed_root_that_is_not_the_sum_of_the_leaves_is_a_fork(day: GatewayLog) -> None:
    ingest = ingest_for(day)
    lie = checkpoint.sign(Checkpoint(day.signer.name, 4, bytes(32)), day.signer)
    leaves = day.log.leaves(0, 4, 10**6)
    assert reason(taken(ingest, build(0, leaves, lie))) == FORK
    taken(ingest, day.batch())
    assert reason(taken(ingest, build(0, leaves, lie))) == FORK
    assert ingest.root == day.log.root()


def test_a_log_of_another_epoch_is_a_fork(day: GatewayLog) -> None:
    ingest = ingest_for(day)
    taken(ingest, day.batch(0, 3))
    other = GatewayLog(day.area, day.rulebook, epoch="2")
    morning(other)
    assert reason(taken(ingest, other.batch(3, 6))) == FORK


def test_a_signature_of_another_key_is_refused_and_is_no_fork(day: GatewayLog) -> None:
    stranger = GatewayLog(day.area, day.rulebook, key=SoftKey.from_seed(b"x" * 32))
    morning(stranger)
    ingest = ingest_for(day)
    assert reason(taken(ingest, stranger.batch())) == SIGNATURE
    assert ingest.fork is None


def test_a_signature_for_another_gateway_of_the_same_key_is_refused(day: GatewayLog) -> None:
    annex = GatewayLog(*standard_area("annex"), key=day.key)
    annex.fact("gateway.booted", START_US, reason="power_on")
    assert reason(taken(ingest_for(day), annex.batch())) == SIGNATURE


@pytest.mark.parametrize("position", ["first", "middle", "last"])
def test_one_changed_byte_in_a_leaf_is_refused(day: GatewayLog, position: str) -> None:
    leaves = day.log.leaves(0, day.log.size, 10**6)
    at = {"first": 0, "middle": len(leaves) // 2, "last": len(leaves) - 1}[position]
    assert b'"boot":1' in leaves[at]
    leaves[at] = leaves[at].replace(b'"boot":1', b'"boot":2', 1)
    outcome = taken(ingest_for(day), build(0, leaves, day.note()))
    assert reason(outcome) in (MALFORMED, FORK)
    assert not outcome.records


def test_a_tampered_signature_is_refused(day: GatewayLog) -> None:
    text, _, line = day.note().rstrip(b"\n").rpartition(b" ")
    raw = bytearray(base64.b64decode(line))
    raw[-1] ^= 1
    note = text + b" " + base64.b64encode(bytes(raw)) + b"\n"
    payload = build(0, day.log.leaves(0, day.log.size, 10**6), note)
    assert reason(taken(ingest_for(day), payload)) == SIGNATURE


@pytest.mark.parametrize("strangers", [1, SIGNATURES_MAX - 1])
def test_lines_that_a_gateway_adds_in_other_names_are_not_kept_in_the_note(
    day: GatewayLog, strangers: int
) -> None:
    """They would be in every bundle: a cosignature of yesterday by a witness that never saw this log."""
    ingest = ingest_for(day)
    own = note.parse(day.note(20))
    invented = [
        note.Signature("caseward.local/witness/bureau", bytes([n] * 4), (NOW_S - 86_400).to_bytes(8, "big") + bytes(64))
        for n in range(strangers)
    ]  # fmt: skip
    crowded = note.Note(own.text, (*own.signatures, *invented)).encode()
    outcome = taken(ingest, build(0, day.log.leaves(0, 20, 10**9), crowded))
    assert outcome.note is not None
    assert [line.name for line in note.parse(outcome.note).signatures] == [day.signer.name, SERVER.name]
    assert taken(ingest, day.batch(0, 20)).ack is not None, "the kept note can be cosigned anew"


def test_a_checkpoint_over_another_size_is_refused(day: GatewayLog) -> None:
    payload = build(0, day.log.leaves(0, 3, 10**6), day.note(4))
    assert reason(taken(ingest_for(day), payload)) == MALFORMED


def test_a_payload_over_its_limit_is_refused_unread(day: GatewayLog) -> None:
    ingest = Ingest(day.area.id, day.area.gateway, day.key.public, SERVER, payload_bytes_max=100)
    assert reason(ingest.take(day.batch(), NOW_S)) == MALFORMED


def test_what_is_built_is_parsed_to_the_same(day: GatewayLog) -> None:
    batch = parse(day.batch(2, 6))
    assert (batch.first, batch.end) == (2, 6)
    assert build(batch.first, list(batch.leaves), batch.note) == day.batch(2, 6)


def test_a_count_over_the_limit_is_refused() -> None:
    payload = canonical.dumps({"count": LEAVES_MAX + 1, "first": 0, "v": 1}) + b"\n" * (LEAVES_MAX + 3)
    gateway = GatewayLog(*standard_area())
    assert reason(ingest_for(gateway).take(payload, NOW_S)) == MALFORMED


@given(st.binary(max_size=400))
def test_any_bytes_are_judged_without_an_exception(payload: bytes) -> None:
    gateway = GatewayLog(*standard_area())
    outcome = ingest_for(gateway).take(payload, NOW_S)
    assert reason(outcome) in (MALFORMED, SIGNATURE)


@settings(max_examples=300)
@given(data=st.data())
def test_any_mutation_of_a_good_batch_is_refused_or_is_the_batch(
    day: GatewayLog, data: st.DataObject
) -> None:
    good = day.batch(0, 6)
    at = data.draw(st.integers(0, len(good) - 1))
    cut = data.draw(st.integers(0, 3))
    put = data.draw(st.binary(max_size=3))
    bad = good[:at] + put + good[at + cut :]
    ingest = ingest_for(day)
    outcome = taken(ingest, bad)
    if bad == good:
        assert outcome.ack is not None
    elif outcome.refused is None and outcome.request is None:
        # a further signature line of somebody else, say: the leaves must be the very same
        assert [record.data for record in outcome.records] == day.log.leaves(0, len(outcome.records), 10**6)
    else:
        assert ingest.size == 0


@settings(max_examples=60)
@given(data=st.data())
def test_however_batches_come_the_held_log_is_a_beginning_of_the_gateways_and_acks_never_say_more(
    day: GatewayLog, data: st.DataObject
) -> None:
    ingest = ingest_for(day)
    size = day.log.size
    for _ in range(data.draw(st.integers(1, 25))):
        first = data.draw(st.integers(0, size - 1))
        end = data.draw(st.integers(first + 1, size))
        outcome = taken(ingest, day.batch(first, end))
        assert outcome.refused is None
        assert ingest.root == day.log.root(ingest.size)
        if outcome.ack is not None:
            assert canonical.loads(outcome.ack)["size"] == ingest.size
        if outcome.request is not None:
            assert outcome.request[0] == ingest.size < first
            taken(ingest, day.batch(ingest.size, ingest.size + outcome.request[1]))
    taken(ingest, day.batch(ingest.size - 1 if ingest.size else 0))
    assert ingest.root == day.log.root()
