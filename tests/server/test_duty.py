"""Turns of duty by themselves, and over a restart."""

from __future__ import annotations

import pytest

from caseserver.notify.duty import EXPIRED, HANDED, RELIEVED, DutyBook, DutyRefused
from caseserver.notify.duty_desk import DutyDesk
from tests.server.station_kit import Kit

POSTS = {"duty_officer": ["duty_officer"], "shift_leader": ["area_administrator"]}
ROLES = {"duty_officer"}
HOUR = 3_600_000_000


def test_a_turn_is_offered_accepted_relieved_and_ends_by_itself() -> None:
    book = DutyBook(POSTS)
    assert book.empty() == {"duty_officer", "shift_leader"}
    book.take("duty_officer", "1001", ROLES, ["a", "b"], 1)
    book.offer("duty_officer", "1001", "1002", 2)
    second = book.take("duty_officer", "1002", ROLES, [f"x{n}" for n in range(99)], 3)
    assert (second.taken_from, len(second.stood_open)) == ("1001", 50)
    book.take("duty_officer", "1003", ROLES, [], 4)  # 1002 went home without a word
    assert book.expire(4, 5) == []
    (over,) = book.expire(5, 6)
    assert (over.number, over.ended) == ("1003", EXPIRED)
    ended = {turn.number: turn.ended for turn in book.take_changes()}
    assert ended == {"1001": HANDED, "1002": RELIEVED, "1003": EXPIRED}
    assert "duty_officer" in book.empty()


def test_an_offer_that_was_taken_back_is_none() -> None:
    book = DutyBook(POSTS)
    book.take("duty_officer", "1001", ROLES, [], 1)
    book.offer("duty_officer", "1001", "1002", 2)
    book.offer("duty_officer", "1001", "", 3)
    assert book.take("duty_officer", "1002", ROLES, [], 4)
    assert {t.number: t.ended for t in book.take_changes()}["1001"] == RELIEVED


def test_only_whose_turn_it_is_hears_the_sounds_and_only_posts_that_must_be_held_are_asked() -> None:
    book = DutyBook(POSTS)
    book.take("duty_officer", "1001", ROLES, [], 1)
    book.take("shift_leader", "0901", {"area_administrator"}, [], 1)
    with pytest.raises(DutyRefused, match="expected 1001, who is on duty, found 1002"):
        book.hear("duty_officer", "1002", 5)
    asked = {"duty_officer"}
    assert [t.number for t in book.unheard(1, asked)] == ["1001"]
    assert book.unheard(0, asked) == []
    book.hear("duty_officer", "1001", 0)
    assert [t.number for t in book.unheard(0, asked)] == ["1001"], "played and not heard"
    book.hear("duty_officer", "1001", 7)
    assert book.unheard(99, asked) == []


def test_who_is_on_duty_outlives_a_restart_and_each_hand_is_in_the_log(kit: Kit) -> None:
    kit.station.duty.take("duty_officer", "1001", ROLES, ["a1/x"], 5 * HOUR)
    kit.station.duty.offer("duty_officer", "1001", "1002", 6 * HOUR)
    before = kit.station.duty.running()
    kit.restart()
    assert kit.station.duty.running() == before
    desk: DutyDesk = kit.station.duty
    desk.take("duty_officer", "1002", ROLES, [], 7 * HOUR)
    desk.turn(7 * HOUR + 25 * HOUR)
    assert desk.unmanned() == ["duty_officer"]
    assert [(t.number, t.ended) for t in desk.ended()] == [("1002", EXPIRED), ("1001", HANDED)]
    said = [data.decode() for data in kit.own_log.leaves(0, 100) if b"duty." in data]
    assert len(said) == 4
