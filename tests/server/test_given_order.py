"""Officers' facts reach a gateway's log in the order in which they were given, whatever the broker does to them."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casegateway.drafts import Draft
from casegateway.events import Moment
from casegateway.memory import Memory
from casegateway.orders import OfficerFacts
from caselog.clock import Instant
from caselog.keys import SoftKey
from caseserver.given_order import LETTERS_AT_ONCE, UNANSWERED_S_MAX, GivenOrder, letter
from caseserver.signed import signed_fact
from caseserver.store.facts import PendingFact

KEY, STRANGER = (SoftKey.from_seed(seed * 32) for seed in (b"s", b"x"))
NOW = Moment(Instant(1, 0, 1_000_000_000, 1_000_000_000), 0)
OCCURRED = {"earliest_us": 5, "latest_us": 5, "by": "server"}


def act(number: int, key: SoftKey = KEY, type_: str = "person.arrived") -> PendingFact:
    body = (
        {"door": "d1", "officer": "1001", "reason": "exit"}
        if type_ == "door.release_ordered"
        else {"stay": f"S-{number}"}
    )
    fact = {
        "type": type_, "id": f"s-{number}", "stay": body.get("stay"), "body": body, "occurred": OCCURRED,
    }  # fmt: skip
    return PendingFact(f"s-{number}", "gw-a1", type_, "1001", signed_fact(key.named("server"), fact), 0)


class Line:
    """The server's line, a gateway's real judge, and between them a broker with a mind of its own."""

    def __init__(self, seed: int = 0) -> None:
        self.now_s = 0.0
        self.given: list[PendingFact] = []
        self.taken: list[str] = []
        self.on_the_way: list[bytes] = []
        self.order = GivenOrder(1.0, 30.0)
        self.memory = Memory()
        self.judge = OfficerFacts(KEY.public, self.memory)
        self._random = random.Random(seed)

    @property
    def waiting(self) -> list[PendingFact]:
        return [fact for fact in self.given if fact.id not in self.taken]

    def give(self, fact: PendingFact) -> None:
        self.on_the_way.append(letter(fact.payload, self.order.after(fact, self.waiting)))
        self.given.append(fact)
        self.order.more()

    def sent(self, *, is_answering: bool = True) -> list[bytes]:
        return self.order.letters(self.waiting, self.now_s, is_answering=is_answering)

    def wait(self, seconds: float) -> None:
        for _ in range(int(seconds * 4)):
            self.now_s += 0.25
            if self.order.is_due(self.now_s):
                self.on_the_way += self.sent()

    def lose(self, share: float) -> None:
        self.on_the_way = [payload for payload in self.on_the_way if self._random.random() >= share]

    def shuffle(self) -> None:
        self.on_the_way += self._random.sample(self.on_the_way, len(self.on_the_way) // 2)
        self._random.shuffle(self.on_the_way)

    def deliver(self) -> None:
        for payload in self.on_the_way:
            draft = self.judge.judge(payload, NOW)
            if isinstance(draft, Draft):
                self.memory.keep_id(draft.id)
                self.taken.append(draft.id)
        self.on_the_way.clear()

    def restart_server(self) -> None:
        self.order = GivenOrder(1.0, 30.0)


DEEDS = st.sampled_from(["give", "give", "lose", "shuffle", "deliver", "wait", "restart"])


@settings(max_examples=60, derandomize=True, deadline=None)
@given(st.lists(DEEDS, max_size=40), st.integers(0, 2**32))
def test_what_a_broker_loses_doubles_and_turns_round_is_taken_in_the_order_given(
    deeds: list[str], seed: int
) -> None:
    line = Line(seed)
    for deed in deeds:
        match deed:
            case "give":
                line.give(act(len(line.given)))
            case "lose":
                line.lose(0.5)
            case "wait":
                line.wait(2)
            case "restart":
                line.restart_server()
            case _:
                getattr(line, deed)()
    line.wait(31)
    line.deliver()
    assert line.taken == [fact.id for fact in line.given]


def test_one_given_right_after_an_outage_does_not_overtake_what_waited_through_it() -> None:
    line = Line()
    line.give(act(0))
    line.lose(1.0)
    line.give(act(1))
    line.deliver()
    assert line.taken == []
    assert line.judge.counters == {"early": 1}
    line.wait(1.25)
    line.deliver()
    assert line.taken == ["s-0", "s-1"]


def test_one_that_is_never_answered_holds_the_others_up_for_its_time_only() -> None:
    line = Line()
    line.give(act(0, STRANGER))
    for number in (1, 2):
        line.give(act(number))
    line.deliver()
    while not line.taken:
        line.wait(0.25)
        line.deliver()
        assert line.now_s < 2 * UNANSWERED_S_MAX + 1
    assert line.taken == ["s-1", "s-2"]
    assert line.now_s >= UNANSWERED_S_MAX
    assert line.order.passed == {"s-0"}
    line.give(act(3))
    line.deliver()
    assert line.taken[-1] == "s-3"
    line.wait(31)
    assert set(line.on_the_way) == {line.given[0].payload}  # it is not forgotten


@pytest.mark.parametrize("is_answering", [True, False])
def test_a_gateway_that_is_away_passes_nobody_over(is_answering: bool) -> None:
    line = Line()
    line.give(act(0))
    line.give(act(1))
    for _ in range(9):
        line.now_s += UNANSWERED_S_MAX
        line.sent(is_answering=is_answering)
    assert bool(line.order.passed) is is_answering


def test_a_release_of_a_door_waits_for_nobody_and_nobody_for_it() -> None:
    line = Line()
    line.give(act(0))
    line.lose(1.0)
    line.give(act(1, type_="door.release_ordered"))
    line.deliver()
    assert line.taken == ["s-1"]
    line.give(act(2))
    line.give(act(3, type_="door.release_ordered"))
    line.give(act(4))
    line.wait(1.25)
    line.deliver()
    assert [fact_id for fact_id in line.taken if fact_id in ("s-0", "s-2", "s-4")] == ["s-0", "s-2", "s-4"]


def test_a_long_line_goes_in_pieces_and_each_answered_piece_brings_the_next_within_a_second() -> None:
    line = Line()
    for number in range(2 * LETTERS_AT_ONCE + 1):
        line.given.append(act(number))
    sizes = []
    while line.waiting:
        line.on_the_way += line.sent()
        sizes.append(len(line.on_the_way))
        line.deliver()
        line.now_s += 1.0
        assert line.order.is_due(line.now_s)
    assert sizes == [LETTERS_AT_ONCE, LETTERS_AT_ONCE, 1]
    assert line.taken == [fact.id for fact in line.given]
