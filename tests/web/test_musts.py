"""A page says one number of one thing: the shares in the head of a stay are the seconds of its bars."""

from __future__ import annotations

from caseserver.web.present.musts import shares_of
from caseserver.web.views import MustShare
from caseserver.web.views_ledger import FourMusts, MustBar

SECOND_US = 1_000_000


def test_the_shares_of_the_head_are_the_seconds_of_the_bars() -> None:
    guard = MustBar(
        "guard", (),
        (("before", "out", 70 * SECOND_US), ("kept", "kept", 100 * SECOND_US), ("short", "short", 3_900_000),
         ("blind", "blind", 2 * SECOND_US)),
    )  # fmt: skip
    musts = FourMusts(0, 1, (guard,))
    before = (
        MustShare("in", seconds=70),
        MustShare("guard", whole_s=1, short_s=9),
        MustShare("record", whole_s=5),
    )
    straight, guarded, recorded = shares_of(musts, before)
    assert straight == before[0]
    assert (guarded.whole_s, guarded.short_s, guarded.blind_s) == (105, 3, 2)
    assert recorded == before[2]


def test_without_a_ledger_or_a_way_the_shares_stay_as_they_are() -> None:
    before = (MustShare("guard"), MustShare("record", whole_s=5))
    assert shares_of(None, before) == before
    guard = MustBar("guard", (), (("kept", "kept", SECOND_US),))
    assert shares_of(FourMusts(0, 1, (guard,)), before[:1]) == before[:1]
