"""Every item always has one holder: the table of movements row by row, what is refused, late facts, and random ways.

The auditor (server/verify/property.py) reads the same leaves by docs/property.md alone.
"""

import re
from random import Random
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from custody import timeline
from custody.engine import Engine
from custody.ledger.property import balance, chain, entries, holders, of_stay
from custody.movements import MOVES
from tests.custody.property_audit import agree, leaves
from tests.custody.property_chance import random_fact
from tests.custody.property_store import (
    HOUR_US,
    LAWFUL,
    MINUTE_US,
    START_US,
    Store,
    hands,
    plain_book,
    store_area,
)
from tests.custody.property_vectors import rows, told
from tests.tools.tree import ROOT
from tests.verify.auditor import auditor

WAYS: dict[str, tuple[str, ...]] = {
    "destroyed": ("seize", "hand over", "to k2", "k2 stores", "take out", "decide destroy", "destroy"),
    "lent": ("seize", "hand over", "store", "approve", "take out", "lend", "give back", "decide auction", "auction"),
    "tested": ("collect", "send", "arrive", "send back", "arrive back", "decide transfer", "transfer"),
    "sent from the store": ("seize", "hand over", "send", "arrive back?"),
    "tested by the borrower": ("seize", "hand over", "approve", "lend", "send", "arrive", "send back", "arrive back", "decide forfeit",
                               "forfeit"),
    "restored at once": ("seize", "unrelated", "o1 restores"),
    "restored": ("seize", "hand over", "decide restore", "restore"),
    "registered, then seized": ("register", "seize"),
    "registered, kept, then seized": ("register", "hand over", "seize"),
    "effects returned": ("find", "hand over", "store effects", "take out effects", "return"),
    "effects returned at once": ("find", "o1 returns"),
    "effects to the centre": ("find", "hand over", "to the centre", "at the centre"),
    "effects seized": ("find", "seize effects", "hand over", "store"),
    "effects seized from the store": ("find", "hand over", "seize effects"),
    "moved on paper": ("seize", "hand over", "store", "really in P-2"),
    "dossier": ("enter", "shelve", "dossier taken", "dossier back", "dossier taken from the keeper"),
}  # fmt: skip
MORE: dict[str, tuple[str, dict[str, Any]]] = {
    "k2 stores": ("item.stored", {"keeper": "k2", "compartment": "P-1"}),
    "arrive back?": ("item.photographed", {"no_photo": "unsafe"}),
    "o1 restores": ("item.restored", {"giver": "o1"}),
    "o1 returns": ("item.returned", {"giver": "o1", "receiver": "family"}),
    "seize effects": ("item.seized", {**LAWFUL["seize"][1], "pieces": 2}),
    "really in P-2": (
        "item.corrected",
        {"reason": "wrong door", "officers": ["k1", "h1"], "compartment": "P-2"},
    ),
    "enter": ("dossier.entered", {"keeper": "k1"}),
    "shelve": ("item.stored", {"keeper": "k1", "compartment": "F-1"}),
    "dossier taken": ("dossier.taken", {"officer": "o2", "return_by_at_us": 0}),
    "dossier taken from the keeper": ("dossier.taken", {"officer": "o1", "return_by_at_us": 0}),
    "dossier back": ("dossier.returned", {}),
}


def walked(store: Store, ref: str, *steps: str) -> None:
    """The steps of one way, each of which stands."""
    store.way(ref, *steps, names=LAWFUL | MORE)


def test_every_row_of_the_table_is_walked_and_debits_and_credits() -> None:
    store = Store()
    for number, steps in enumerate(WAYS.values()):
        walked(store, f"i{number}", *steps)
    report = agree(store)
    said = {(fact.type, fact.body.get("item", fact.body.get("dossier"))) for fact in store.facts}
    moved = {name for name, ref in said if ref}
    assert {move.fact for move in MOVES} <= moved
    told = entries(leaves(store), store_area(), plain_book())
    sides = {(e.fact, e.pieces > 0) for e in told}
    assert {(fact, True) for fact, _ in sides} | {(fact, False) for fact, _ in sides} == sides
    assert report.total == 0
    assert balance(told)["treasury"] == 5


def test_the_auditor_has_the_tables_of_the_page_and_of_nothing_else() -> None:
    page = (ROOT / "docs" / "property.md").read_text(encoding="utf-8")
    moves, told = re.findall(r"<!-- generated: (?:moves|told) -->\n(.*?)<!-- end -->", page, re.DOTALL)
    rows = [[cell.strip(" `") for cell in line.strip("|").split("|")] for line in moves.splitlines()[2:]]
    plain = str.maketrans("", "", "{},–")
    of_page = [[cell.translate(plain).split("→")[0].split() for cell in row] for row in rows]
    assert of_page == auditor.ROWS
    lines = [
        [cell.strip(" `").replace(",", "").split() for cell in line.strip("|").split("|")]
        for line in told.splitlines()[2:]
    ]
    assert {name[0]: (kinds, states) for name, kinds, states in lines} == auditor.TELL


REFUSED: list[tuple[str, tuple[str, ...], str, dict[str, Any]]] = [
    ("unknown_item", (), "item.stored", {"keeper": "k1", "compartment": "P-1"}),
    ("item_known", ("seize",), "item.collected", {**LAWFUL["collect"][1]}),
    ("item_known", ("seize",), "item.seized", {**LAWFUL["seize"][1]}),
    ("other_pieces", ("register",), "item.seized", {**LAWFUL["seize"][1], "pieces": 4}),
    ("stay_of_item", ("find", "hand over"), "item.stored", {"keeper": "k1", "compartment": "E-1", "stay": "s2"}),
    ("illegal_move", ("seize",), "item.stored", {"keeper": "k1", "compartment": "P-1"}),
    ("illegal_move", ("find", "hand over"), "item.lent", {**LAWFUL["lend"][1], "return_by_at_us": 9}),
    ("other_holder", ("seize",), "item.handed_over", {"giver": "o2", "keeper": "k1", **hands("o2", "k1")}),
    ("other_holder", ("seize", "hand over", "store"), "item.taken_out", {"keeper": "k1", "compartment": "P-2"}),
    ("unknown_officer", ("seize",), "item.sent", {"destination": "laboratory", "carrier": "x1"}),
    ("no_keeper", ("seize",), "item.handed_over", {"giver": "o1", "keeper": "h1", **hands("o1", "h1")}),
    ("no_keeper", ("seize", "send", "arrive", "send back"), "item.received", {"destination": "keeper", "carrier": "o2"}),
    ("keeper_is_handler", ("o3 seizes",), "item.handed_over", {"giver": "o1", "keeper": "o3", **hands("o1", "o3")}),
    ("one_hand", ("seize", "hand over"), "item.handed_over", {"giver": "k1", "keeper": "k1", **hands("k1", "k2")}),
    ("one_signature", ("seize",), "item.handed_over", {"giver": "o1", "keeper": "k1", **hands("o1", "o1")}),
    ("two_officers", ("seize", "hand over", "decide destroy"), "item.destroyed", {"keeper": "k1", "officers": ["k1", "k1"]}),
    ("not_decided", ("seize", "hand over", "decide destroy"), "item.restored", {"giver": "k1"}),
    ("other_case", ("seize",), "disposal.decided", {"case": "c2", "disposal": "destroy", "approver": "h1"}),
    ("own_approval", ("seize", "hand over"), "item.borrow_approved", {**LAWFUL["approve"][1], "approver": "o2", "return_by_at_us": 9}),
    ("not_approved", ("seize", "hand over"), "item.lent", {**LAWFUL["lend"][1], "return_by_at_us": 9}),
    ("other_borrower", ("seize", "hand over", "approve"), "item.lent", {**LAWFUL["lend"][1], "borrower": "o1", "return_by_at_us": 9, **hands("k1", "o1")}),
    ("beyond_approval", ("seize", "hand over", "approve"), "item.lent", {**LAWFUL["lend"][1], "return_by_at_us": 2**52}),
    ("not_later", ("seize", "hand over", "approve", "lend"), "loan.extended", {"approver": "h1", "return_by_at_us": 9}),
    ("wrong_cabinet", ("seize", "hand over"), "item.stored", {"keeper": "k1", "compartment": "E-1"}),
    ("unknown_place", ("seize", "hand over"), "item.stored", {"keeper": "k1", "compartment": "P-9"}),
    ("other_destination", ("seize", "send"), "item.received", {"destination": "court", "carrier": "o2"}),
    ("photo_or_reason", ("seize",), "item.photographed", {}),
    ("too_many_pieces", ("seize",), "item.split", {"part": "p", "pieces": 5, "officers": ["o1", "o2"]}),
    ("nothing_corrected", ("seize",), "item.corrected", {"reason": "none", "officers": ["o1", "o2"]}),
    ("illegal_move", ("seize", "hand over", "decide destroy", "destroy"), "item.photographed", {"no_photo": "unsafe"}),
]  # fmt: skip
MORE["restore at once"] = ("item.restored", {"giver": "o1"})
MORE["o3 finds"] = ("item.found", {**LAWFUL["find"][1], "taken_by": "o3"})
MORE["o3 seizes"] = ("item.seized", {**LAWFUL["seize"][1], "officers": ["o1", "o3"]})


def test_what_the_table_or_a_guard_stands_against_is_refused_with_its_reason_and_changes_nothing() -> None:
    store = Store()
    for number, (reason, before, name, body) in enumerate(REFUSED):
        ref = f"i{number}"
        walked(store, ref, *before)
        known = store.engine.world.items.get(ref)
        stay = {"stay": known.stay} if known is not None and known.stay is not None else {}
        assert store.refused(name, item=ref, **(stay | body)) == reason, (reason, name)
        assert store.engine.world.items.get(ref) == known
        assert store.last is not None
        assert store.last.rule == RULES.get(reason, store.last.rule)
        assert "" not in (store.last.expected, store.last.found)
        if reason not in ("unknown_place", "unknown_item"):
            assert store.last.subject == f"item:{ref}"
    agree(store)


RULES = {
    "keeper_is_handler": "P2", "own_approval": "P4", "not_approved": "P4", "other_borrower": "P4", "beyond_approval": "P4", "not_later": "P4",
    "not_decided": "P11", "other_case": "P11", "wrong_cabinet": "P14", "photo_or_reason": "P7", "unknown_item": "P3", "item_known": "P3",
    "one_hand": "P3", "two_officers": "P3",
}  # fmt: skip


def test_a_refusal_is_by_the_rule_for_the_kind_of_thing() -> None:
    store, photo = Store(), "item.photographed"
    walked(store, "e", "find", "hand over")
    walked(store, "x", "collect")
    walked(store, "d", "enter")
    for ref, name, body, by in (
        ("e", "item.returned", {"giver": "k2", "receiver": "person", "stay": "s1"}, "P19"),
        ("e", "item.sent", {"destination": "court", "carrier": "o2", "stay": "s1"}, "P22"),
        ("x", "item.sent", {"destination": "keeper", "carrier": "o2"}, "P23"),
        ("d", "item.stored", {"keeper": "k2", "compartment": "F-1"}, "D10"),
        ("e", photo, {"stay": "s1"}, "P7"),
    ):
        assert store.refused(name, item=ref, **body)
        assert store.last is not None
        assert store.last.rule == by
    walked(store, "z", "find")
    assert (
        store.refused("item.handed_over", item="z", stay="s1", giver="o1", keeper="o3", **hands("o1", "o3"))
        == ""
    )
    walked(store, "w", "o3 finds")
    assert store.refused(
        "item.handed_over", item="w", stay="s1", giver="o3", keeper="o3", **hands("o3", "k1")
    )
    assert store.last is not None
    assert (store.last.rule, store.last.reason, store.last.found) == ("P18", "keeper_is_handler", "o3")


def test_effects_of_one_person_lie_by_themselves_and_dangerous_goods_in_their_store() -> None:
    store = Store()
    walked(store, "i1", "find", "hand over", "store effects")
    walked(store, "i2", "find", "hand over", "store effects")
    store.way("i3", "find", stay="s2")
    store.way("i3", "hand over")
    assert (
        store.refused("item.stored", item="i3", stay="s2", keeper="k1", compartment="E-1")
        == "compartment_of_another"
    )
    store.way("i4", "seize", dangerous=True)
    store.way("i4", "hand over")
    assert store.refused("item.stored", item="i4", keeper="k1", compartment="P-1") == "wrong_cabinet"
    assert store.refused("item.stored", item="i4", keeper="k1", compartment="D-1") == ""


def test_a_split_leaves_nothing_over_and_a_correction_stands_against_the_outside() -> None:
    store = Store()
    store.way("i1", "seize", "hand over")
    assert not store.refused("item.split", item="i1", part="i2", pieces=2, officers=["k1", "h1"])
    assert not store.refused(
        "item.corrected", item="i1", reason="counted anew", officers=["k1", "h1"], pieces=4
    )
    told = entries(leaves(store), store_area(), plain_book())
    assert balance(told) == {"keeper:k1": 6, "outside": -6}
    assert holders(told) == {"i1": "keeper:k1", "i2": "keeper:k1"}
    assert store.refused("item.split", item="i1", part="i2", pieces=1, officers=["k1", "h1"]) == "item_known"
    agree(store)


def test_what_was_counted_anew_and_then_destroyed_is_outside() -> None:
    """Found by 10^7 random operations: corrections left less than nothing outside, so that nobody seemed to have the thing."""
    store = Store()
    walked(store, "i1", "seize", "hand over")
    store.refused("item.corrected", item="i1", reason="counted anew", officers=["k1", "h1"], pieces=40)
    store.refused("item.split", item="i1", part="i2", pieces=38, officers=["k1", "h1"])
    walked(store, "i1", "decide destroy", "destroy")
    told = entries(leaves(store), store_area(), plain_book())
    assert holders(told) == {"i1": "outside", "i2": "keeper:k1"}
    agree(store)


def test_a_dossier_that_left_before_anybody_entered_it_moves_nothing_when_it_is_entered() -> None:
    """Found by 10^7 random operations: a form that names no officer met a dossier that was entered late, and the engine fell."""
    store = Store()
    at_us = store.now_us
    assert not store.refused("dossier.taken", at_us + 2, dossier="d1", return_by_at_us=at_us + HOUR_US)
    assert not store.refused("dossier.entered", at_us + 1, dossier="d1", keeper="k1")
    assert store.item("d1").holder == "keeper:k1"
    assert not store.refused("item.tagged", item="d1", tag="t1")
    agree(store)


def test_nothing_told_later_undoes_a_movement_or_lets_one_in() -> None:
    store = Store()
    walked(store, "i1", "seize")
    at_us = store.now_us
    assert store.refused("item.stored", item="i1", keeper="k1", compartment="P-1") == "illegal_move"
    assert not store.refused("item.handed_over", at_us + 1, item="i1", **LAWFUL["hand over"][1])
    assert store.item("i1").holder == "keeper:k1"  # what was refused meanwhile is to be entered again
    dated_back = {"destination": "laboratory", "carrier": "o1", "item": "i1"}
    assert store.refused("item.sent", at_us, **dated_back) == "superseded"
    assert store.refused("item.seized", at_us - MINUTE_US, item="i1", **LAWFUL["seize"][1]) == "superseded"
    assert not store.refused("officer.withdrawn", at_us, officer="k1")
    assert store.item("i1").holder == "keeper:k1"
    told = entries(leaves(store), store_area(), plain_book())
    assert holders(told, at_us + 1) == {"i1": "keeper:k1"}
    assert holders(told, at_us) == {"i1": "officer:o1"}
    agree(store)


def test_an_approval_dated_back_makes_no_loan_lawful() -> None:
    store = Store()
    walked(store, "i1", "seize", "hand over")
    at_us, due_us = store.now_us, store.now_us + HOUR_US
    lending = {**LAWFUL["lend"][1], "return_by_at_us": due_us}
    assert store.refused("item.lent", item="i1", **lending) == "not_approved"
    assert not store.refused(
        "item.borrow_approved", at_us, item="i1", **{**LAWFUL["approve"][1], "return_by_at_us": due_us}
    )
    assert store.item("i1").state == "kept"
    assert not store.refused("item.lent", item="i1", **lending)
    agree(store)


def test_an_approval_runs_out_and_a_loan_is_due_when_it_was_put_off_to() -> None:
    store = Store()
    store.way("i1", "seize", "hand over")
    due_us = store.now_us + 3 * MINUTE_US
    assert not store.refused(
        "item.borrow_approved", item="i1", **{**LAWFUL["approve"][1], "return_by_at_us": due_us}
    )
    lending = {**LAWFUL["lend"][1], "return_by_at_us": due_us}
    assert store.refused("item.lent", due_us, item="i1", **lending) == "in_the_future"
    store.now_us = due_us - MINUTE_US
    assert store.refused("item.lent", item="i1", **lending) == "not_approved"
    assert store.last is not None
    assert store.last.found == "run out"
    store.way("i1", "approve", "lend")
    later_us = store.now_us + 90 * HOUR_US
    assert not store.refused("loan.extended", item="i1", approver="h1", return_by_at_us=later_us)
    loan = store.item("i1").loan
    assert loan is not None
    assert (loan.borrower, loan.due_us) == ("o2", later_us)
    before_us = store.now_us
    store.way("i1", "give back")
    assert not store.refused("item.tagged", item="i1", tag="T1")
    assert store.refused("item.tagged", item="i1", tag="T1") == ""
    assert (
        store.refused("loan.extended", before_us, item="i1", approver="h1", return_by_at_us=later_us + 1)
        == ""
    )
    assert store.item("i1").loan is None  # told late of a loan that is over
    agree(store)


def test_what_is_stated_of_a_thing_is_kept_and_told_of_those_that_are_here() -> None:
    store = Store()
    what = {"valuable": True, "cash": True, "seal": "Z1", "pieces": 3}
    store.way("i1", "seize", **what)
    entered_us = store.now_us
    item = store.item("i1")
    assert (item.valuable, item.cash, item.dangerous, item.seal, item.pieces) == (True, True, False, "Z1", 3)
    assert (item.entered_us, item.entered_fact, item.handlers) == (entered_us, store.index, ("o1", "o2"))
    store.way("i2", "seize")
    assert [i.ref for i in store.engine.world.items.of_case("c1")] == ["i1", "i2"]
    store.way("i1", "send", "arrive", "send back")
    assert not store.refused(
        "item.received", item="i1", destination="keeper", carrier="o2", keeper="k1", state="damaged"
    )
    assert store.item("i1").condition == "damaged"
    told = entries(leaves(store), store_area(), plain_book())
    assert balance(told, entered_us) == {"officer:o1": 3, "outside": -3}
    assert balance(told, entered_us - 1) == {}
    walked(store, "i2", "unrelated", "restore at once")
    assert [i.ref for i in store.engine.world.items.of_case("c1")] == ["i1"]
    assert store.engine.world.items.of_case("c2") == []
    assert store.engine.world.items.here == 1


def test_a_count_asks_for_a_registered_officer_and_for_what_lies_in_the_cabinet() -> None:
    store = Store()
    store.way("i1", "seize", "hand over")
    assert (
        store.refused("count.started", stocktaking="n1", cabinet="P", counter="nobody") == "unknown_officer"
    )
    assert not store.refused("count.started", stocktaking="n1", cabinet="P", counter="h1")
    assert store.refused("count.started", stocktaking="n1", cabinet="E", counter="h1") == "count_known"
    counting = {"stocktaking": "n1", "found": True}
    assert store.refused("item.counted", item="none", **counting) == "unknown_item"
    assert store.refused("item.counted", item="i1", **counting) == "illegal_move"
    store.way("e1", "find", "hand over", "store effects")
    assert store.refused("item.counted", item="e1", stay="s1", **counting) == "wrong_cabinet"
    assert not store.refused("count.ended", stocktaking="n1", missing=0)


def test_a_thing_given_back_before_its_loan_was_put_off_has_no_loan_and_nothing_falls() -> None:
    store = Store()
    store.way("i1", "seize", "hand over", "approve", "lend")
    at_us = store.now_us + 1
    assert not store.refused("loan.extended", item="i1", approver="h1", return_by_at_us=at_us + 90 * HOUR_US)
    assert not store.refused("item.given_back", at_us, item="i1", **LAWFUL["give back"][1])
    assert (store.item("i1").state, store.item("i1").loan) == ("kept", None)
    agree(store)


def test_a_part_bears_no_tag_and_no_loan_of_the_whole_and_a_tag_that_was_read_is_no_stray_any_more() -> None:
    store = Store()
    store.say("tag.read", tag="T1", room="property")
    assert "T1" in store.engine.world.strays
    store.way("i1", "seize", "hand over", "approve")
    assert not store.refused("item.tagged", item="i1", tag="T1")
    assert "T1" not in store.engine.world.strays
    store.say("tag.read", tag="T1", room="property")
    assert "T1" not in store.engine.world.strays
    assert not store.refused("item.split", item="i1", part="i2", pieces=2, officers=["k1", "h1"])
    part, whole = store.item("i2"), store.item("i1")
    assert (part.tag, part.loan, part.pieces, part.since_us) == ("", None, 2, store.now_us)
    assert (whole.tag, whole.pieces) == ("T1", 3)
    assert whole.loan is not None
    walked(store, "r", "register")
    assert store.item("r").is_registered
    walked(store, "r", "seize")
    assert not store.item("r").is_registered
    store.way("x", "seize", "send", "arrive", "send back")
    coming = {"destination": "keeper", "carrier": "o2"}
    assert store.refused("item.received", item="x", **coming, keeper="h1") == "no_keeper"
    assert store.refused("item.received", item="x", **coming, keeper="k1") == ""
    agree(store)


def test_a_count_ends_only_when_each_item_was_told_and_with_the_sum_of_what_was_told() -> None:
    store = Store()
    for ref in ("i1", "i2"):
        walked(store, ref, "seize", "hand over", "store")
    assert not store.refused("count.started", stocktaking="n1", cabinet="P", counter="h1")
    assert store.refused("count.started", stocktaking="n2", cabinet="P", counter="h1") == "count_running"
    assert not store.refused("item.counted", item="i1", stocktaking="n1", found=True, pieces=5)
    assert store.refused("count.ended", stocktaking="n1", missing=0) == "not_all_counted"
    assert not store.refused("item.counted", item="i2", stocktaking="n1", found=True, pieces=4)
    assert store.refused("count.ended", stocktaking="n1", missing=0) == "other_sum"
    assert not store.refused("count.ended", stocktaking="n1", missing=1)
    assert store.refused("item.counted", item="i2", stocktaking="n1", found=True) == "no_count"
    assert not store.refused("count.started", stocktaking="n3", cabinet="P", counter="o2")
    assert store.refused("item.counted", item="i1", stocktaking="n3", found=True) == "keeper_is_handler"


def test_what_a_count_finds_where_the_ledger_has_it_not_does_not_match_and_moves_nothing() -> None:
    store = Store()
    walked(store, "i1", "seize", "hand over", "store")
    store.way("i2", "seize", "hand over", "approve", "lend")
    walked(store, "i3", "seize", "unrelated", "o1 restores")
    assert not store.refused("count.started", stocktaking="n1", cabinet="P", counter="h1")
    found, lost = {"stocktaking": "n1", "found": True}, {"stocktaking": "n1", "found": False}
    assert store.refused("item.counted", item="none", **found, compartment="P-1") == "unknown_item"
    assert store.refused("item.counted", item="i2", **found, compartment="E-1") == "wrong_cabinet"
    assert store.refused("item.counted", item="i2", **lost, compartment="P-1") == "illegal_move"
    for ref, place in (("i1", "P-2"), ("i2", "P-1"), ("i3", "P-1")):
        assert not store.refused("item.counted", item=ref, **found, compartment=place)
    assert [store.item(ref).holder for ref in ("i1", "i2", "i3")] == [
        "compartment:P-1",
        "officer:o2",
        "owner",
    ]
    assert store.refused("count.ended", stocktaking="n1", missing=2) == "other_sum"
    assert not store.refused("item.counted", item="i1", **found, compartment="P-1")
    assert not store.refused("count.ended", stocktaking="n1", missing=2)
    count = store.engine.world.counts.get("n1")
    assert count is not None
    assert count.found == (("i1", True, None),)
    assert count.astray == (("i2", "P-1", "officer:o2"), ("i3", "P-1", "owner"))
    agree(store)


def test_the_chain_of_an_item_and_of_a_stay_tell_each_step_and_who_held_it() -> None:
    store = Store()
    walked(store, "i1", "find", "hand over", "store effects", "take out effects", "return")
    links = of_stay(leaves(store), store_area(), plain_book(), "s1")["i1"]
    assert [(link.holder, link.moved) for link in links] == [
        ("officer:o1", True), ("keeper:k1", True), ("compartment:E-1", True), ("keeper:k1", True), ("person:s1", True),
    ]  # fmt: skip
    assert chain(leaves(store), store_area(), plain_book(), "i1") == links


def test_what_is_disposed_of_is_forgotten_and_its_reference_names_nothing_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(timeline, "TRIM_STEP", 20)
    monkeypatch.setattr(timeline, "LATE_WINDOW_US", HOUR_US)
    store = Store()
    walked(store, "gone", "seize", "unrelated", "o1 restores")
    walked(store, "here", "seize", "hand over", "store")
    for _ in range(120):
        store.say("item.photographed", item="here", no_photo="unsafe")
    assert store.engine.world.items.get("gone") is None
    assert store.item("here").state == "stored"
    assert store.refused("item.seized", item="gone", **LAWFUL["seize"][1]) == "item_known"
    assert store.engine.world.steps.get("item:gone") is None
    too_old = {"destination": "laboratory", "carrier": "o2"}
    store.way("new", "seize")
    assert store.refused("item.sent", START_US, item="new", **too_old) == "too_late_to_place"
    assert store.item("new").state == "taken"


def test_the_ledger_tells_of_earlier_property_what_it_told() -> None:
    known = rows()
    assert len(known) >= 4
    for row in known:
        assert told(row["facts"]) == {"refused": row["refused"], "items": row["items"]}, row["seed"]


class Ways(RuleBasedStateMachine):
    """Random facts, late ones among them, and restarts; at the end the auditor reads it all."""

    def __init__(self) -> None:
        super().__init__()
        self.store = Store()
        self.refs = [f"i{n}" for n in range(8)]

    @rule(seed=st.integers(0, 2**32), late=st.sampled_from((0, 0, 0, 0, 3, 17)))
    def act(self, seed: int, late: int) -> None:
        rng = Random(seed)
        for _ in range(4):
            name, body = random_fact(rng, self.store.engine.world, self.store.now_us, self.refs)
            self.store.say(name, self.store.now_us - late * MINUTE_US if late else None, **body)

    @rule()
    def restart(self) -> None:
        again = Engine(self.store.engine.area, self.store.engine.rulebook)
        for fact in self.store.facts:
            again.step(fact)
        assert again.world.items.items() == self.store.engine.world.items.items()
        self.store.engine = again

    @invariant()
    def everything_that_is_kept_is_with_one_holder(self) -> None:
        world = self.store.engine.world
        lying = [item.ref for place in world.items.by_compartment.values() for item in place.values()]
        assert len(lying) == len(set(lying))
        assert sorted(lying) == sorted(item.ref for item in world.items.values() if item.state == "stored")

    def teardown(self) -> None:
        agree(self.store)


TestWays = Ways.TestCase
TestWays.settings = settings(max_examples=12, stateful_step_count=25, deadline=None, derandomize=True)
