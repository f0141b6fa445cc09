"""The way to the server over a broker that loses, doubles, reorders and forgets. The server is the real ingest."""

import base64
import random
from typing import Any

import pytest

from casegateway.events import Publish
from casegateway.keyring import Keyring
from casegateway.limits import (
    BATCH_BYTES_MAX,
    BATCH_LEAVES_MAX,
    BATCHES_IN_FLIGHT_MAX,
    PROBE_AFTER_MS,
    RESEND_AFTER_MS,
)
from casegateway.outbox import Outbox
from casegateway.time_sources import ServerWord
from caselog import canonical
from caselog import checkpoint as checkpoints
from caselog.checkpoint import Checkpoint
from caselog.disk import MemoryDisk
from caselog.keys import SoftKey
from caselog.log import Log
from caseserver.ingest import Ingest
from tests.gateway.bench import GATEWAY_KEY, ORIGIN, SERVER_KEY

SECOND_US = 1_000_000


def entry(number: int, bytes_more: int = 0) -> dict[str, Any]:
    time = {"earliest_us": number, "latest_us": number}
    return {
        "class": "fact", "type": "door.opened/1", "id": f"x-{number}",
        "recorded": {"boot": 1, "boottime_us": number, **time}, "occurred": {**time, "by": "node"},
        "source": {"name": "n1", "boot": 1, "seq": number}, "stay": None, "body": {"door": "d" * (1 + bytes_more)},
    }  # fmt: skip


class Way:
    """Log and outbox on one side, the real ingest on the other."""

    def __init__(self, leaves: int = 0, server_public: bytes | None = SERVER_KEY.public) -> None:
        self.log, _ = Log.open(MemoryDisk())
        self.now_us = SECOND_US
        self.outbox = Outbox(self.log, Keyring(ORIGIN, GATEWAY_KEY), server_public, 0, self.now_us)
        self.ingest = Ingest("t1", "gw-t1", GATEWAY_KEY.public, SERVER_KEY.named("caseward.local/server"))
        self.held: list[bytes] = []
        self.grow(leaves)

    def grow(self, leaves: int, bytes_more: int = 0) -> None:
        for _ in range(leaves):
            self.log.append(entry(self.log.size, bytes_more))
        self.log.commit()

    def due(self) -> list[Publish]:
        return self.outbox.due(self.now_us)

    def serve(self, publish: Publish) -> list[tuple[str, bytes]]:
        outcome = self.ingest.take(publish.payload, 1_000)
        assert outcome.refused is None, outcome.refused
        self.ingest.settle(outcome)
        self.held += [record.data for record in outcome.records]
        words = [("ack", outcome.ack)] if outcome.ack is not None else []
        if outcome.request is not None:
            first, count = outcome.request
            words.append(("req", canonical.dumps({"v": 1, "first": first, "count": count})))
        return words

    def hear(self, word: tuple[str, bytes]) -> bool:
        take = self.outbox.take_ack if word[0] == "ack" else self.outbox.take_request
        return take(word[1], self.now_us)

    def ack(self, size: int, *, root: bytes | None = None, key: SoftKey = SERVER_KEY) -> bytes:
        note = checkpoints.sign(Checkpoint(ORIGIN, size, self.log.root(size)), GATEWAY_KEY.named(ORIGIN))
        cosigned = checkpoints.cosign(note, key.named("caseward.local/server"), 5).decode()
        root = self.log.root(size) if root is None else root
        return canonical.dumps({"v": 1, "size": size, "root": root.hex(), "cosigned": cosigned})


def changed(payload: bytes, **changes: Any) -> bytes:
    return canonical.dumps(canonical.loads(payload) | changes)


def test_log_reaches_the_server_byte_for_byte() -> None:
    way = Way(300)
    way.outbox.connect(way.now_us)
    while way.outbox.waiting:
        for publish in way.due():
            for word in way.serve(publish):
                way.hear(word)
    assert way.held == way.log.leaves(0, 300, 10**9)
    assert way.outbox.acked == 300


def test_nothing_moves_the_cursor_but_the_servers_ack() -> None:
    way = Way(100)
    way.outbox.connect(way.now_us)
    way.due()  # handed to the broker, which says PUBACK and dies
    assert way.outbox.acked == 0
    assert way.outbox.waiting == 100
    way.now_us += RESEND_AFTER_MS * 1_000
    assert canonical.loads(way.due()[0].payload.split(b"\n")[0])["first"] == 0


def test_batches_have_at_most_so_many_leaves_and_bytes_and_so_many_are_in_flight() -> None:
    way = Way(1_000)
    way.outbox.connect(way.now_us)
    way.outbox.take_ack(way.ack(1), way.now_us)  # the server lives: the window opens
    batches = way.due()
    assert len(batches) == BATCHES_IN_FLIGHT_MAX
    for publish in batches:
        assert canonical.loads(publish.payload.split(b"\n")[0])["count"] <= BATCH_LEAVES_MAX
    assert way.due() == []
    way = Way()
    way.grow(64, bytes_more=20_000)
    way.outbox.connect(way.now_us)
    (batch,) = way.due()
    assert len(batch.payload) < BATCH_BYTES_MAX + 2_000


def test_silent_server_is_offered_one_batch_every_three_seconds() -> None:
    way = Way(1_000)
    way.outbox.connect(way.now_us)
    sent = []
    for _ in range(300):
        way.now_us += 100_000
        sent += way.due()
    assert 9 <= len(sent) <= 11
    assert {canonical.loads(p.payload.split(b"\n")[0])["first"] for p in sent} == {0}


def test_server_that_falls_silent_is_offered_one_batch_until_it_answers() -> None:
    way = Way(2_000)
    way.outbox.connect(way.now_us)
    way.outbox.take_ack(way.ack(1), way.now_us)
    assert len(way.due()) == BATCHES_IN_FLIGHT_MAX
    for _ in range(3):
        way.now_us += RESEND_AFTER_MS * 1_000
        assert len(way.due()) == 1
    way.outbox.take_ack(way.ack(65), way.now_us)
    assert len(way.due()) == BATCHES_IN_FLIGHT_MAX


@pytest.mark.parametrize("seed", range(12))
def test_loss_doubles_reordering_and_amnesia_end_in_the_same_log(seed: int) -> None:
    draw = random.Random(seed)
    way = Way(400)
    way.outbox.connect(way.now_us)
    up: list[Publish] = []
    down: list[tuple[str, bytes]] = []
    acked = 0
    for turn in range(4_000):
        way.now_us += 20_000
        if turn < 1_500 and draw.random() < 0.1:
            way.grow(draw.randrange(5))
        up += way.due()
        if draw.random() < 0.02:
            up.clear()  # the broker forgot everything
            way.outbox.disconnect()
            way.outbox.connect(way.now_us)
        if up and draw.random() < 0.6:
            publish = up.pop(draw.randrange(len(up)))
            if draw.random() > 0.2:
                down += way.serve(publish) * draw.choice([1, 1, 2])
        if down and draw.random() < 0.6:
            word = down.pop(draw.randrange(len(down)))
            if draw.random() > 0.2:
                way.hear(word)
        assert way.outbox.acked <= way.ingest.size
        acked = max(acked, way.outbox.acked)
    for _ in range(200):  # the line heals
        way.now_us += 100_000
        for publish in way.due():
            for word in way.serve(publish):
                way.hear(word)
    assert way.held == way.log.leaves(0, way.log.size, 10**9)
    assert way.outbox.waiting == 0


def forged_acks(way: Way) -> dict[str, bytes]:
    thief = SoftKey.from_seed(bytes(32))
    other = checkpoints.sign(
        Checkpoint("caseward.local/t1/gw-t1/e2", 5, way.log.root(5)),
        GATEWAY_KEY.named("caseward.local/t1/gw-t1/e2"),
    )
    other = checkpoints.cosign(other, SERVER_KEY.named("caseward.local/server"), 5)
    return {
        "another root": way.ack(5, root=bytes(32)),
        "another key": way.ack(5, key=thief),
        "no cosignature": changed(way.ack(5), cosigned=""),
        "a cosignature of another size": changed(way.ack(5), size=6, root=way.log.root(6).hex()),
        "a cosignature of another log": changed(way.ack(5), cosigned=other.decode()),
        "no JSON": b"\xff\x00",
        "a list": b"[]",
        "a number": b"7",
        "size as text": changed(way.ack(5), size="5"),
        "size as truth": changed(way.ack(5), size=True),
        "negative size": changed(way.ack(5), size=-1),
        "another version": changed(way.ack(5), v=2),
        "root no hex": changed(way.ack(5), root="zz"),
        "cosigned no text": changed(way.ack(5), cosigned=5),
    }


@pytest.mark.parametrize("name", list(forged_acks(Way(10))))
def test_ack_that_is_not_the_servers_changes_nothing(name: str) -> None:
    way = Way(10)
    way.outbox.connect(way.now_us)
    heard_us = way.outbox.last_ack_us
    way.now_us += SECOND_US
    assert way.outbox.take_ack(forged_acks(way)[name], way.now_us) is False
    assert way.outbox.acked == 0
    assert way.outbox.last_ack_us == heard_us
    assert way.outbox.counters["bad_acks"] == 1
    assert way.outbox.take_ack(way.ack(5), way.now_us) is True
    assert way.outbox.acked == 5


def test_without_the_servers_key_the_root_alone_is_believed() -> None:
    way = Way(10, server_public=None)
    assert way.outbox.take_ack(changed(way.ack(5), cosigned=""), way.now_us)
    assert not way.outbox.take_ack(way.ack(6, root=bytes(32)), way.now_us)
    assert way.outbox.acked == 5


def test_ack_beyond_our_log_is_told_and_not_followed() -> None:
    way, longer = Way(10), Way(20)
    assert way.outbox.take_ack(longer.ack(20), way.now_us) is False
    assert way.outbox.acked == 0
    assert way.outbox.is_server_ahead


def test_older_ack_changes_nothing_but_shows_that_the_server_lives() -> None:
    way = Way(10)
    way.outbox.take_ack(way.ack(8), way.now_us)
    way.now_us += SECOND_US
    assert way.outbox.take_ack(way.ack(3), way.now_us)
    assert way.outbox.acked == 8
    assert way.outbox.last_ack_us == way.now_us


def test_server_that_lost_its_store_is_filled_again() -> None:
    way = Way(2_000)  # more than the batches in flight hold
    way.outbox.connect(way.now_us)
    way.outbox.take_ack(way.ack(2_000), way.now_us)
    way.hear(("req", canonical.dumps({"v": 1, "first": 0, "count": 0})))  # its word at its start
    for _ in range(100):
        way.now_us += 100_000
        for publish in way.due():
            for word in way.serve(publish):
                way.hear(word)
    assert len(way.held) == 2_000


@pytest.mark.parametrize(
    "payload", [b"", b"[]", b'{"v":1}', b'{"count":1,"first":-1,"v":1}', b'{"count":1,"first":"0"}']
)
def test_request_that_is_none_changes_nothing(payload: bytes) -> None:
    way = Way(10)
    way.outbox.connect(way.now_us)
    way.outbox.take_ack(way.ack(8), way.now_us)
    assert way.outbox.take_request(payload, way.now_us) is False
    assert way.outbox.acked == 8


def test_quiet_way_asks_the_server_for_a_sign_with_the_last_leaf() -> None:
    way = Way(10)
    way.outbox.connect(way.now_us)
    way.outbox.take_ack(way.ack(10), way.now_us)
    way.now_us += PROBE_AFTER_MS * 1_000
    (probe,) = way.due()
    assert canonical.loads(probe.payload.split(b"\n")[0]) == {"count": 1, "first": 9, "v": 1}
    assert way.due() == []


def test_only_durable_leaves_leave_the_house() -> None:
    way = Way(3)
    way.log.append(entry(3))
    way.outbox.connect(way.now_us)
    (publish,) = way.due()
    assert publish.size == 3


def test_cursor_from_a_file_beyond_the_log_is_cut_to_it() -> None:
    way = Way(3)
    outbox = Outbox(way.log, Keyring(ORIGIN, GATEWAY_KEY), None, 99, 0)
    assert outbox.acked == 3


def test_second_of_the_servers_signature_is_kept_with_the_way_there_and_back() -> None:
    way = Way()
    way.outbox.connect(way.now_us)
    way.grow(3)
    assert len(way.due()) == 1
    way.now_us += 2 * SECOND_US
    way.outbox.take_ack(way.ack(3), way.now_us)
    assert way.outbox.server_word == ServerWord(5, SECOND_US, 3 * SECOND_US)


def test_signature_that_an_earlier_run_may_have_asked_for_says_no_time() -> None:
    way = Way()
    way.grow(3)
    outbox = Outbox(way.log, Keyring(ORIGIN, GATEWAY_KEY), SERVER_KEY.public, 0, way.now_us)
    outbox.connect(way.now_us)
    assert len(outbox.due(way.now_us)) == 1
    assert outbox.take_ack(way.ack(3), way.now_us)
    assert outbox.server_word is None


def test_ack_said_again_says_no_later_time_and_an_older_one_none() -> None:
    way = Way()
    way.outbox.connect(way.now_us)
    for size in (2, 4):
        way.grow(2)
        way.due()
        way.now_us += SECOND_US
        way.outbox.take_ack(way.ack(size), way.now_us)
    way.now_us += 60 * SECOND_US
    way.outbox.server_word = None
    way.outbox.take_ack(way.ack(2), way.now_us)
    assert way.outbox.server_word is None
    way.outbox.take_ack(way.ack(4), way.now_us)  # kept back by somebody: wide, and still true
    assert way.outbox.server_word == ServerWord(5, 2 * SECOND_US, 63 * SECOND_US)


def test_what_is_sent_again_counts_from_when_it_was_first_sent() -> None:
    way = Way()
    way.outbox.connect(way.now_us)
    way.grow(2)
    way.due()
    way.now_us += RESEND_AFTER_MS * 1_000
    assert len(way.due()) == 1
    way.outbox.take_ack(way.ack(2), way.now_us)
    assert way.outbox.server_word == ServerWord(5, SECOND_US, SECOND_US + RESEND_AFTER_MS * 1_000)


def test_note_ends_the_payload_and_vouches_for_the_batch() -> None:
    way = Way(3)
    way.outbox.connect(way.now_us)
    (publish,) = way.due()
    head, _, note = publish.payload.partition(b"\n\n")
    assert len(head.split(b"\n")) == 4
    origin, size, root = note.split(b"\n")[:3]
    assert (origin.decode(), int(size)) == (ORIGIN, 3)
    assert base64.b64decode(root) == way.log.root(3)
