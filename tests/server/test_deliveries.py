"""What is on its way: tried again ever more seldom, never lost, never sent where nobody needs it any more."""

from __future__ import annotations

import itertools

from caseserver.notify.deliveries import (
    ACCEPTED,
    AFTER_FAILURE,
    DROPPED,
    FIRST,
    UNKNOWN,
    WAITING,
    Deliveries,
    Delivery,
    Outcome,
    delivery_id,
)


def one(alarm: str = "x", receiver: str = "hook", severity: str = "S2", at_us: int = 0) -> Delivery:
    return Delivery(delivery_id("a1", alarm, 1, 1, receiver), "a1", alarm, 1, 1, receiver, severity, at_us)


def test_a_failure_is_tried_again_ever_more_seldom_and_says_so() -> None:
    post = Deliveries(2, 60)
    post.add(one())
    now_s, waits = 0.0, []
    for _ in range(8):
        while not post.due(now_s, ()):
            now_s += 1
        waits.append(now_s)
        (delivery,) = post.due(now_s, ())
        post.begin(delivery.id, 1)
        assert post.due(now_s + 1e6, ()) == [], "what is under way is not sent a second time"
        post.end(delivery.id, Outcome(False, "refused"), 2, now_s)
    gaps = [later - earlier for earlier, later in itertools.pairwise(waits)]
    assert gaps == [2, 4, 8, 16, 32, 60, 60]
    found = post.unsettled()[0]
    assert (found.attempts, found.because, found.problem) == (8, AFTER_FAILURE, "refused")


def test_a_receiver_has_one_at_a_time_and_the_most_urgent_first() -> None:
    post = Deliveries(1, 1)
    for delivery in (
        one("late", at_us=9),
        one("calm", severity="S3"),
        one("fire", severity="S1", at_us=9),
        one("m", "mail"),
    ):
        post.add(delivery)
    assert [d.alarm for d in post.due(0, ())] == ["fire", "m"]
    assert [d.alarm for d in post.due(0, {"hook"})] == ["m"]


def test_what_was_under_way_when_the_process_died_goes_out_again_and_says_that_nobody_knows() -> None:
    before = Deliveries(1, 1)
    before.add(one())
    before.begin(one().id, 5)
    stored = before.take_changes()
    after = Deliveries(1, 1, stored)
    (delivery,) = after.due(0, ())
    assert (delivery.id, delivery.state, delivery.attempts, delivery.because) == (
        one().id,
        WAITING,
        1,
        UNKNOWN,
    )
    assert before.unsettled()[0].because == FIRST


def test_an_answer_keeps_back_what_has_not_left_and_ends_what_is_under_way_with_this_try() -> None:
    post = Deliveries(1, 1)
    post.add(one())
    post.add(one(receiver="mail"))
    post.add(one("other"))
    post.begin(one().id, 1)
    post.stop("a1", "x", 1)
    assert post.end(one().id, Outcome(False, "slow"), 2, 0).state == DROPPED
    changed = {d.id: d.state for d in post.take_changes()}
    assert changed[one(receiver="mail").id] == DROPPED
    assert changed[one("other").id] == WAITING
    post.begin(one("other").id, 1)
    post.stop("a1", "other", 1)
    assert post.end(one("other").id, Outcome(True), 3, 0).state == ACCEPTED


def test_an_id_is_the_same_for_ever_and_another_for_each_step_run_and_receiver() -> None:
    assert one().id == "d9995456399f8c711197fe66c543b1a9"
    others = [
        ("a1", "x", 2, 1, "hook"),
        ("a1", "x", 1, 2, "hook"),
        ("a1", "x", 1, 1, "mail"),
        ("a1", "y", 1, 1, "hook"),
    ]
    assert len({delivery_id(*o) for o in others} | {one().id}) == 5
