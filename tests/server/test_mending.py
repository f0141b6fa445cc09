"""Leaves given back to a gateway whose disk has lost them, and nothing given to whoever asks nonsense."""

from __future__ import annotations

import pytest

from casegateway.mending import Mender
from caselog import canonical
from caselog.disk import MemoryDisk
from caselog.log import Log
from caselog.repair import Filling, rebuild
from caselog.survey import survey
from caselog.torn import Held
from caselog.tree import EMPTY_ROOT
from caseserver import mending
from caseserver.inbox import Inbox
from tests.server.station_kit import Kit, morning


def ask(kit: Kit, payload: bytes) -> list[bytes]:
    """What the server says to an up/mend, through the worker."""
    before = len(kit.sent)
    kit.inbox.put_mend("gw-a1", payload)
    kit.worker.turn()
    return [m.payload for m in kit.sent[before:] if m.topic == "mend"]


NONCE = "5e" * 16


def request(
    first: object, count: object, log: object = "caseward.local/a1/gw-a1/1", nonce: object = NONCE
) -> bytes:
    return canonical.dumps({"v": 1, "first": first, "count": count, "log": log, "nonce": nonce})


def mender(kit: Kit, origin: str = "", nonce: str = NONCE) -> Mender:
    gateway = kit.gateway
    return Mender(origin or gateway.signer.name, [gateway.key.public], kit.key.public, nonce)


def test_a_gateway_that_has_lost_its_disk_gets_every_leaf_back_and_checks_each(kit: Kit) -> None:
    morning(kit.gateway)
    kit.take(kit.gateway.batch())
    size = kit.gateway.log.size
    disk = MemoryDisk()
    filling = Filling(survey(disk, size))
    asking = mender(kit)
    while (wanted := filling.wanted()) is not None:
        question = asking.due(wanted, 0)
        assert [message.topic for message in question] == ["mend"]
        answer = asking.read(ask(kit, question[0].payload)[0])
        assert answer is not None
        filling.take(answer.first, answer.leaves, answer.anchor)
    rebuild(disk, filling)
    log, _ = Log.open(disk, held_size=size)
    assert (log.size, log.root()) == (size, kit.gateway.log.root())


def test_an_answer_without_our_own_word_or_the_servers_is_not_read(kit: Kit) -> None:
    morning(kit.gateway)
    kit.take(kit.gateway.batch())
    reply = ask(kit, request(0, 3))[0]
    assert mender(kit).read(reply) is not None
    gateway = kit.gateway
    strangers = [
        mender(kit, "caseward.local/a1/gw-a1/2"),
        Mender(gateway.signer.name, [kit.key.public], kit.key.public, NONCE),
        Mender(gateway.signer.name, [gateway.key.public], gateway.key.public, NONCE),
    ]
    for stranger in strangers:
        assert stranger.read(reply) is None
        assert stranger.counters["bad_answers"] == 1
    alone = Mender(gateway.signer.name, [b"\x01" * 32, gateway.key.public], None, NONCE)  # no server key yet
    answer = alone.read(reply)
    assert answer is not None
    assert (len(answer.leaves), answer.held) == (3, None)


def test_nothing_is_said_to_nonsense_or_of_another_log(kit: Kit) -> None:
    morning(kit.gateway)
    kit.take(kit.gateway.batch())
    good = request(0, 1)
    bad = [b"", b"{}", b"\xff", good + b" ", request(-1, 1), request(0, 0), request("0", 1), request(0, True)]
    bad += [request(0, 1, "caseward.local/a1/gw-a1/2"), request(0, 1, None), request(0, 1, nonce="0" * 31)]
    for payload in bad:
        assert ask(kit, payload) == [], payload
    assert len(ask(kit, good)) == 1


def test_an_answer_past_the_end_has_no_leaf_and_says_how_far_the_copy_goes(kit: Kit) -> None:
    morning(kit.gateway)
    kit.take(kit.gateway.batch())
    size = kit.gateway.log.size
    answer = mender(kit).read(ask(kit, request(size, 5))[0])
    assert answer is not None
    assert answer.anchor is not None
    assert (answer.leaves, answer.anchor.size) == ([], size)
    assert answer.held == Held(size, kit.gateway.log.root())


def test_a_server_that_never_heard_the_log_signs_that_it_holds_nothing(kit: Kit) -> None:
    answer = mender(kit).read(ask(kit, request(7, 5))[0])
    assert answer is not None
    assert (answer.first, answer.leaves, answer.anchor, answer.held) == (7, [], None, Held(0, EMPTY_ROOT))


def test_how_much_is_held_is_believed_only_as_signed_for_this_question(kit: Kit) -> None:
    old = ask(kit, request(0, 3))[0]
    assert mender(kit).read(old) is not None
    morning(kit.gateway)
    kit.take(kit.gateway.batch())
    size = kit.gateway.log.size
    asking = mender(kit, nonce="a7" * 16)
    question = asking.due((size, 5), 0)[0]
    late = asking.read(old)  # somebody kept it: it says that nothing is held
    assert late is not None
    assert (late.held, asking.counters["unproved_answers"]) == (None, 1)
    reply = ask(kit, question.payload)[0]
    header, _, rest = reply.partition(b"\n")
    value = canonical.loads(header)
    value["held"]["size"] -= 1
    forged = asking.read(canonical.dumps(value) + b"\n" + rest)
    assert forged is not None
    assert forged.held is None
    answer = asking.read(reply)
    assert answer is not None
    assert answer.held == Held(size, kit.gateway.log.root())


def test_what_came_before_the_question_counts_as_held(kit: Kit) -> None:
    morning(kit.gateway)
    kit.inbox.put_log("gw-a1", kit.gateway.batch())
    answer = mender(kit).read(ask(kit, request(0, 1))[0])
    assert answer is not None
    assert answer.held == Held(kit.gateway.log.size, kit.gateway.log.root())


@pytest.mark.parametrize(("size_bytes", "count"), [(1_000, 64), (100_000, 2), (300_000, 1)])
def test_an_answer_is_bounded_in_leaves_and_bytes_but_never_empty(size_bytes: int, count: int) -> None:
    def read(_first: int, number: int) -> list[bytes]:
        return [b"x" * size_bytes] * number

    reply = mending.answer(request(0, 5_000), read, b"note", lambda _log, _nonce: {"v": 1})
    assert reply is not None
    assert canonical.loads(reply.partition(b"\n")[0])["count"] == count


def test_of_several_questions_of_a_gateway_only_the_newest_waits() -> None:
    inbox = Inbox(8)
    for number in range(1_000):
        inbox.put_mend("gw-a1", b"%d" % number)
    assert inbox.take(0, 1).mends == {"gw-a1": b"999"}
    assert inbox.take(0, 1).mends == {}


def test_a_question_is_asked_again_only_when_nobody_answers(kit: Kit) -> None:
    asking = mender(kit)
    assert asking.wake_us() is None
    assert len(asking.due((0, 64), 0)) == 1
    assert asking.due((0, 64), 2_999_999) == []
    assert asking.wake_us() == 3_000_000
    assert len(asking.due((0, 64), 3_000_000)) == 1
    assert len(asking.due((64, 64), 3_000_001)) == 1
    assert asking.due(None, 9_000_000) == []
