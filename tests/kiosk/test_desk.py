"""The desk of a cabinet over the real core: five items in, all out, lent, counted; what is refused; what a restart keeps."""

from pathlib import Path

import pytest

from casekiosk.screens import Choosing, Done, Listing, Menu, Opening, Sheet, Signing, Start
from tests.gateway import bench as gateway_bench
from tests.gateway.locker_bench import LOCKER_AREA
from tests.kiosk.desk_bench import BAND, KioskBench

FIVE = ("phone", "wallet", "cash", "keys", "belt")


@pytest.fixture
def kiosk(monkeypatch, tmp_path: Path) -> KioskBench:
    monkeypatch.setattr(gateway_bench, "AREA", LOCKER_AREA)
    bench = KioskBench(tmp_path)
    bench.begin()
    return bench


def list_five(kiosk: KioskBench) -> None:
    """From the start to two signatures that are given."""
    kiosk.tap_here("k1")
    kiosk.touch("start", task="put_in")
    kiosk.tap_here(BAND, "c1")
    for title in FIVE:
        kiosk.touch("add", title=title)
    kiosk.photo()
    view = kiosk.touch("go", reason="refuses")
    assert isinstance(view, Signing)
    assert view.kept_because == "refuses"
    for part in ("person", "giver", "taker"):
        kiosk.sign(part)


def test_five_items_go_in_and_come_out_again(kiosk: KioskBench) -> None:
    assert isinstance(kiosk.view, Start)
    list_five(kiosk)
    assert kiosk.facts("item.found") == []
    kiosk.run(30_000, step_ms=100)
    view = kiosk.touch("go")
    assert isinstance(view, Opening), kiosk.note
    assert kiosk.note == ""
    assert view.stage == "waiting"
    assert view.missing == ("officer", "band")
    assert len(kiosk.facts("item.found")) == len(kiosk.facts("item.handed_over")) == 5
    kiosk.open_and_shut("e1", "k1", BAND)
    view = kiosk.view
    assert isinstance(view, Done)
    assert (view.items, view.is_shut) == (5, True)
    assert set(kiosk.items().values()) == {"compartment:e1"}
    assert len(kiosk.facts("effects.listed")) == 1
    assert [fact["body"]["kept_because"] for fact in kiosk.facts("item.found")] == ["refuses"] * 5
    assert [leaf for leaf in kiosk.leaves() if leaf["body"].get("rule") == "P17"] == []
    sheet = kiosk.touch("sheet", language="en")
    assert isinstance(sheet, Sheet)
    assert [line.title for line in sheet.lines] == list(FIVE)
    assert sheet.kept_because == "refuses"
    (photo,) = sheet.photos
    assert {fact["body"]["photo"] for fact in kiosk.facts("item.photographed")} == {photo}
    given = {fact["body"]["signature"] for fact in kiosk.facts("item.signed")}
    given |= {
        str(fact["body"][f"{hand}_signature"])
        for fact in kiosk.facts("item.handed_over")
        for hand in ("giver", "taker")
    }
    assert {digest for *_, digest in sheet.signed} == given
    assert isinstance(kiosk.touch("back"), Done)
    assert isinstance(kiosk.touch("go"), Menu)
    kiosk.touch("start", task="hand_back")
    kiosk.tap_here(BAND)
    view = kiosk.view
    assert isinstance(view, Choosing)
    assert sorted(line.title for line in view.lines) == sorted(FIVE)
    assert isinstance(kiosk.touch("go"), Opening)
    kiosk.open_and_shut("e1", "k1", BAND)
    assert isinstance(kiosk.view, Signing)
    for part in ("person", "officer"):
        kiosk.sign(part)
    view = kiosk.touch("go")
    assert isinstance(view, Done), kiosk.note
    assert set(kiosk.items().values()) == {"person:s1"}
    assert [fact["body"] for fact in kiosk.facts("effects.returned")] == [{"stay": "s1", "officer": "k1"}]
    assert kiosk.refusals() == []
    assert {fact["occurred"]["by"] for fact in kiosk.facts("item.found")} == {"kiosk"}


def test_one_is_lent_and_comes_back_damaged_and_the_store_is_counted(kiosk: KioskBench) -> None:
    kiosk.at = "p"
    kiosk.touch("open")
    due_us = kiosk.station_us + 3_600_000_000
    body = {
        "case": "case-1",
        "procedure": "criminal",
        "seized_from": "place",
        "officers": ["c1", "k2"],
        "pieces": 1,
        "copies": 3,
    }
    kiosk.say("item.seized", item="x1", taken_by="c1", **body)
    kiosk.say("officer.registered", officer="h1", service="sworn", roles=["case_department_head"])
    kiosk.tap_here("k1")
    kiosk.touch("start", task="hand_over")
    kiosk.tap_here("c1")
    assert isinstance(kiosk.touch("go"), Listing)
    kiosk.photo()
    kiosk.touch("go")
    kiosk.sign("giver")
    kiosk.sign("taker")
    kiosk.touch("go")
    kiosk.open_and_shut("p1", "k1")
    assert isinstance(kiosk.view, Done), kiosk.note
    kiosk.touch("go")
    kiosk.say(
        "item.borrow_approved",
        item="x1",
        approver="h1",
        borrower="c1",
        purpose="appraisal",
        return_by_at_us=due_us,
    )
    kiosk.touch("start", task="lend")
    kiosk.tap_here("c1")
    kiosk.touch("toggle", item="x1")
    kiosk.touch("go")
    kiosk.open_and_shut("p1", "k1")
    kiosk.sign("giver")
    kiosk.sign("taker")
    kiosk.touch("go")
    item = kiosk.core.book.engine.world.items.get("x1")
    assert item is not None
    assert (item.holder, item.state) == ("officer:c1", "lent"), kiosk.refusals()
    kiosk.touch("go")
    kiosk.touch("start", task="give_back")
    kiosk.tap_here("c1")
    kiosk.touch("condition", item="x1", state="damaged")
    kiosk.touch("go")
    kiosk.sign("giver")
    kiosk.sign("taker")
    kiosk.touch("go")
    kiosk.open_and_shut("p1", "k1")
    assert isinstance(kiosk.view, Done), kiosk.note
    kiosk.touch("go")
    item = kiosk.core.book.engine.world.items.get("x1")
    assert item is not None
    assert (item.holder, item.condition) == ("compartment:p1", "damaged")
    kiosk.touch("start", task="count")
    kiosk.open_and_shut("p1", "k1", "k2")
    kiosk.touch("missing", item="x1")
    view = kiosk.touch("go")
    assert isinstance(view, Done), kiosk.note
    assert view.missing == 1
    assert [fact["body"]["missing"] for fact in kiosk.facts("count.ended")] == [1]
    assert kiosk.refusals() == []
