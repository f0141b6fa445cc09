"""Things that leave the house and come back, go to their owner, or are only looked at: at the desk, over the real core."""

from pathlib import Path

import pytest

from casekiosk.screens import Choosing, Counting, Done, Listing, Looking, Menu, Opening, Signing, View
from tests.gateway import bench as gateway_bench
from tests.gateway.locker_bench import LOCKER_AREA
from tests.kiosk.desk_bench import KioskBench


class Store(KioskBench):
    """Two exhibits of one case lie in `p1`, the phone of `s1` in `e2`."""

    kept = {"x1": {"in": "p1"}, "x2": {"in": "p1"}, "phone": {"stay": "s1", "in": "e2"}}

    def item(self, ref: str) -> tuple[str, str]:
        found = self.core.book.engine.world.items.get(ref)
        assert found is not None
        return found.holder, found.state

    def bodies(self, name: str) -> list[dict]:
        return [fact["body"] for fact in self.facts(name)]

    def start(self, task: str, *who: str) -> View:
        """At the exhibits, with keeper `k1` and whoever comes."""
        if isinstance(self.view, Done):
            self.touch("go")
        self.touch("start", task=task)
        if who:
            self.tap_here(*who)
        return self.view

    def choose(self, *refs: str) -> View:
        for ref in refs:
            self.touch("toggle", item=ref)
        return self.touch("go")


@pytest.fixture
def kiosk(monkeypatch, tmp_path: Path) -> Store:
    monkeypatch.setattr(gateway_bench, "AREA", LOCKER_AREA)
    bench = Store(tmp_path)
    bench.begin()
    bench.at = "p"
    bench.touch("open")
    bench.tap_here("k1")
    assert isinstance(bench.view, Menu)
    return bench


def test_a_thing_goes_to_the_laboratory_with_its_carrier_and_comes_back_damaged(kiosk: Store) -> None:
    kiosk.start("send", "c1")
    view = kiosk.choose("x1")
    assert isinstance(view, Choosing)
    assert "keeper" not in view.destinations
    assert isinstance(kiosk.touch("to", destination="the moon"), Choosing)
    assert kiosk.facts("compartment.requested") == []
    assert isinstance(kiosk.touch("to", destination="laboratory"), Opening)
    kiosk.open_and_shut("p1", "k1")
    assert isinstance(kiosk.view, Done), kiosk.note
    assert kiosk.item("x1") == ("in_transit:c1", "sent")
    assert kiosk.item("x2") == ("compartment:p1", "stored")
    assert kiosk.facts("item.signed") == [], "who carries it does not sign for the place"
    view = kiosk.start("receive", "c1")
    assert isinstance(view, Choosing)
    assert view.lines == (), "nobody has said that it arrived"
    kiosk.touch("back")
    kiosk.say("item.received", item="x1", destination="laboratory", carrier="c1")
    view = kiosk.start("receive", "c2")
    assert isinstance(view, Choosing)
    assert [(line.ref, line.away, line.chosen) for line in view.lines] == [("x1", "laboratory", False)]
    kiosk.touch("toggle", item="x1")
    kiosk.touch("condition", item="x1", state="damaged")
    assert isinstance(kiosk.touch("go"), Signing)
    kiosk.sign("giver")
    kiosk.sign("taker")
    assert isinstance(kiosk.touch("go"), Opening), kiosk.note
    kiosk.run(31_000, step_ms=100)
    kiosk.open_and_shut("p1", "k1")
    assert isinstance(kiosk.view, Done), kiosk.note
    assert kiosk.item("x1") == ("compartment:p1", "stored")
    assert [(b["destination"], b["carrier"]) for b in kiosk.bodies("item.sent")] == [
        ("laboratory", "c1"),
        ("keeper", "c2"),
    ]
    assert kiosk.bodies("item.received")[-1]["state"] == "damaged"
    assert {b["signed_by"] for b in kiosk.bodies("item.signed")} == {"officer", "receiver"}
    assert {told["case"] for told, _ in kiosk.enclosures().values()} == {"case-1"}
    assert kiosk.refusals() == []


def test_a_thing_goes_to_its_owner_only_when_that_was_decided(kiosk: Store) -> None:
    view = kiosk.start("restore")
    assert isinstance(view, Choosing)
    assert view.lines == ()
    kiosk.touch("back")
    kiosk.say("officer.registered", officer="h1", service="sworn", roles=["case_department_head"])
    kiosk.say("disposal.decided", item="x2", case="case-1", disposal="restore", approver="h1")
    kiosk.start("restore")
    assert isinstance(kiosk.choose("x2"), Opening)
    kiosk.open_and_shut("p1", "k1")
    assert isinstance(kiosk.view, Signing)
    assert isinstance(kiosk.touch("refuse"), Signing)
    kiosk.sign("witness")
    assert kiosk.note == "", "an owner who does not sign gets nothing"
    kiosk.sign("owner")
    kiosk.sign("officer")
    assert isinstance(kiosk.touch("go"), Done), kiosk.note
    assert kiosk.item("x2") == ("owner", "ended")
    assert [(b["of"], b["signed_by"]) for b in kiosk.bodies("item.signed")] == [
        ("returning", "owner"),
        ("returning", "officer"),
    ]
    assert kiosk.refusals() == []


def test_a_thing_is_looked_at_by_two_and_stays_where_it_is(kiosk: Store) -> None:
    kiosk.start("inspect")
    view = kiosk.choose("x1", "x2")
    assert isinstance(view, Opening)
    assert view.missing == ("second",)
    kiosk.tap_here("k1")
    kiosk.run(2_000)
    assert kiosk.pulses() == 0, "one alone looks at nothing"
    kiosk.open_and_shut("p1", "k1", "k2")
    assert isinstance(kiosk.view, Looking)
    kiosk.touch("condition", item="x1", state="whole")
    assert isinstance(kiosk.touch("go"), Looking), "of one nobody has said how it was found"
    assert kiosk.bodies("item.inspected") == []
    kiosk.touch("condition", item="x2", state="short")
    assert isinstance(kiosk.touch("go"), Done), kiosk.note
    told = [(b["item"], b["state"], b["inspector"]) for b in kiosk.bodies("item.inspected")]
    assert told == [("x1", "whole", "k1"), ("x2", "short", "k1")]
    assert {kiosk.item(ref) for ref in ("x1", "x2")} == {("compartment:p1", "stored")}
    assert kiosk.refusals() == []


def test_effects_follow_their_person_and_go_nowhere_else(kiosk: Store) -> None:
    kiosk.touch("leave")
    kiosk.at = "e"
    kiosk.touch("open")
    kiosk.tap_here("k1")
    kiosk.start("send", "c2")
    view = kiosk.choose("phone")
    assert isinstance(view, Choosing)
    assert view.destinations == ("detention_centre", "outside")
    view = kiosk.touch("to", destination="detention_centre")
    assert isinstance(view, Opening)
    assert view.missing == (), "keeper and carrier are there: the person may have gone"
    kiosk.open_and_shut("e2")
    assert isinstance(kiosk.view, Done), kiosk.note
    assert kiosk.item("phone") == ("in_transit:c2", "sent")
    assert kiosk.refusals() == []


def test_things_of_two_cases_are_neither_signed_for_nor_put_together(kiosk: Store) -> None:
    for ref, case in (("y1", "case-1"), ("y2", "case-2")):
        kiosk.say(
            "item.seized", item=ref, case=case, taken_by="c1", officers=["c1", "k2"], pieces=1, copies=3,
            procedure="criminal", seized_from="place",
        )  # fmt: skip
    kiosk.start("hand_over", "c1")
    assert isinstance(kiosk.touch("go"), Choosing)
    kiosk.touch("toggle", item="y1")
    assert isinstance(kiosk.touch("go"), Listing)
    kiosk.photo()
    kiosk.touch("go")
    kiosk.sign("giver")
    kiosk.sign("taker")
    view = kiosk.touch("go")
    assert isinstance(view, Opening)
    assert (view.stage, view.compartment) == ("full", ""), "what lies there is of another case"
    assert isinstance(kiosk.touch("again"), Opening)
    assert kiosk.facts("compartment.requested") == []
    kiosk.touch("back")
    assert isinstance(kiosk.touch("dropped"), Menu)
    assert kiosk.item("y2") == ("keeper:k1", "kept")


def test_a_count_tells_what_it_finds_here_and_the_ledger_has_with_somebody_else(kiosk: Store) -> None:
    kiosk.say("item.taken_out", item="x2", keeper="k1", compartment="p1")
    kiosk.start("count")
    kiosk.open_and_shut("p1", "k1", "k2")
    kiosk.touch("elsewhere", item="x9")
    kiosk.touch("elsewhere", item="x1")
    view = kiosk.touch("elsewhere", item="x2")
    assert isinstance(view, Counting)
    assert [(line.ref, line.by_ledger) for line in view.lines] == [("x1", ""), ("x2", "keeper:k1")]
    kiosk.touch("missing", item="x2")
    kiosk.touch("elsewhere", item="x2")
    view = kiosk.touch("go")
    assert isinstance(view, Done), kiosk.note
    assert (view.missing, view.elsewhere) == (0, 1)
    (ended,) = kiosk.bodies("count.ended")
    assert ended["missing"] == 1
    assert [(b["item"], b.get("compartment")) for b in kiosk.bodies("item.counted")] == [
        ("x1", None),
        ("x2", "p1"),
    ]
    assert kiosk.item("x2") == ("keeper:k1", "kept"), "a count moves nothing"
    assert kiosk.refusals() == []
    raised = [leaf["body"] for leaf in kiosk.leaves() if leaf["type"] == "alarm.raised/1"]
    assert ("P13", "match") in [(alarm["rule"], alarm["variant"]) for alarm in raised]
